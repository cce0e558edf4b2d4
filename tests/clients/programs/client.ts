// A typed client: `openapi-typescript` makes schema.d.ts of the document, openapi-fetch asks.
import createClient from "openapi-fetch";
import type { BackendState, Service, ServiceSpec, paths } from "./schema.js";

const agent = createClient<paths>({ baseUrl: process.argv[2] ?? "http://127.0.0.1:9876/v1" });

const spec: ServiceSpec = {
  id: 1,
  "frontend-address": { ip: "10.96.0.10", port: 53, protocol: "udp", scope: "external" },
  "backend-addresses": [
    { ip: "10.0.1.7", port: 5353, state: "active", weight: 10 },
    { ip: "10.0.2.7", port: 5353, state: "quarantined" },
  ],
  flags: { type: "ClusterIP", namespace: "kube-system", name: "kube-dns" },
};

const path = { id: 1 };
const config = await agent.GET("/config");
const created = await agent.PUT("/service/{id}", { params: { path }, body: spec });
const updated = await agent.PUT("/service/{id}", { params: { path }, body: spec });
const refused = await agent.PUT("/service/{id}", { params: { path }, body: { ...spec, id: 2 } });
const listed = await agent.GET("/service");
const got = await agent.GET("/service/{id}", { params: { path } });
const deleted = await agent.DELETE("/service/{id}", { params: { path } });
const absent = await agent.GET("/service/{id}", { params: { path } });

// An error is a text or an object with code and message, depending on the status.
const reason: string = typeof refused.error === "string" ? refused.error : "";

function states(service: Service | undefined): (BackendState | undefined)[] {
  return (service?.status?.realized?.["backend-addresses"] ?? []).map((each) => each.state);
}

console.log(
  JSON.stringify({
    mode: config.data?.status.datapathMode,
    statuses: [created, updated, refused, got, deleted, absent].map((each) => each.response.status),
    reason,
    listed: listed.data?.map((each) => each.spec?.flags?.name),
    states: states(got.data),
    got: got.data?.spec,
  }),
);
