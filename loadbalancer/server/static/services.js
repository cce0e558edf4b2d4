"use strict";

const SECONDS = 2;
const MOST_ROWS = 1000;
const MOST_BACKENDS = 50;
const byId = (id) => document.getElementById(id);

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function address(of) {
  const host = of.ip.includes(":") ? `[${of.ip}]` : of.ip;
  return `${host}:${of.port || 0}`;
}

function frontendText(frontend) {
  const protocol = frontend.protocol ? `/${frontend.protocol.toUpperCase()}` : "";
  return address(frontend) + protocol + (frontend.scope === "internal" ? "/i" : "");
}

function policies(flags) {
  const told = [];
  if (flags.extTrafficPolicy) told.push(`external ${flags.extTrafficPolicy}`);
  if (flags.intTrafficPolicy) told.push(`internal ${flags.intTrafficPolicy}`);
  if (flags.natPolicy) told.push(flags.natPolicy);
  if (flags.healthCheckNodePort) told.push(`health check ${flags.healthCheckNodePort}`);
  return told.join(", ");
}

function backendList(backends) {
  const list = element("ul", undefined, "backends");
  for (const backend of backends.slice(0, MOST_BACKENDS)) {
    const item = element("li", undefined, backend.state || "");
    item.append(element("span", `${address(backend)} `, "mono"), element("b", backend.state || "?"));
    const more = [`weight ${backend.weight}`];
    if (backend.preferred) more.push("preferred");
    if (backend.nodeName) more.push(backend.nodeName);
    item.append(element("span", ` ${more.join(", ")}`, "faint"));
    list.append(item);
  }
  if (backends.length > MOST_BACKENDS) {
    list.append(element("li", `and ${backends.length - MOST_BACKENDS} more`, "faint"));
  }
  return list;
}

function row(service) {
  const spec = (service.status && service.status.realized) || service.spec;
  const flags = spec.flags || {};
  const name = [flags.namespace, flags.name].filter(Boolean).join("/");
  const made = element("tr");
  made.append(
    element("td", String(spec.id)),
    element("td", frontendText(spec["frontend-address"]), "mono"),
    element("td", flags.type || ""),
    element("td", name),
    element("td", policies(flags), "faint"),
  );
  const cell = element("td");
  cell.append(backendList(spec["backend-addresses"] || []));
  made.append(cell);
  return made;
}

let shown = null;

function show(text) {
  // Nothing is touched as long as nothing changes: a selection stays where it is.
  if (text === shown) return;
  const services = JSON.parse(text);
  const rows = services.slice(0, MOST_ROWS).map(row);
  if (services.length > MOST_ROWS) {
    const more = element("td", `and ${services.length - MOST_ROWS} more`, "faint");
    more.colSpan = 6;
    const last = element("tr");
    last.append(more);
    rows.push(last);
  }
  byId("services").replaceChildren(...rows);
  byId("count").textContent = `(${services.length})`;
  byId("empty").hidden = services.length > 0;
  shown = text;
}

async function refresh() {
  if (!document.hidden) {
    const status = byId("updated");
    try {
      const answer = await fetch("v1/service", { cache: "no-store" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show(await answer.text());
      status.textContent = `updated ${new Date().toLocaleTimeString()}`;
      status.className = "right";
    } catch (error) {
      status.textContent = `no answer: ${error.message}`;
      status.className = "right bad";
    }
  }
  setTimeout(refresh, SECONDS * 1000);
}

function verdict(found) {
  const box = byId("verdict");
  const list = element("ul", undefined, "problems");
  for (const problem of found.problems) {
    const item = element("li");
    if (problem.pointer) item.append(element("code", problem.pointer), " ");
    if (problem.severity === "warning") item.append("warning: ");
    item.append(problem.message);
    if (problem.meant) item.append("; did you mean ", element("code", problem.meant), "?");
    if (problem.line) item.append(element("span", ` line ${problem.line}, column ${problem.column}`, "faint"));
    list.append(item);
  }
  const refused = Object.entries(found.invalid_values || {}).map(([kind, number]) => `${kind}: ${number}`);
  const told = found.valid
    ? `Valid: ${found.contents || "nothing in it"}.`
    : ["Invalid", ...refused, found.errors === 1 ? "1 error" : `${found.errors} errors`].join(", ") + ".";
  box.replaceChildren(element("p", told, found.valid ? "good" : "bad"), list);
}

async function check() {
  try {
    const body = byId("payload").value;
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("check", { method: "POST", headers, body });
    const found = await answer.json();
    verdict(answer.ok ? found : { valid: false, errors: 1, problems: [found] });
  } catch (error) {
    byId("verdict").replaceChildren(element("p", `no answer: ${error.message}`, "bad"));
  }
}

byId("check").addEventListener("click", check);
refresh();
