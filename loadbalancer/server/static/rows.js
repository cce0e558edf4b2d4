// A service as an entry to search in, and as a row of the table.

import { element, number } from "./dom.js";

// More backends than these are shown when they are asked for.
const FEW = 8;
const MOST = 1000;
const USUAL_WEIGHT = 100;
// From the worst to the best; what is unknown comes before all.
const STATES = ["quarantined", "terminating", "maintenance", "active"];

export function realized(service) {
  return (service.status && service.status.realized) || service.spec;
}

// What is kept of a service, with the text to search in. `states` are what the filter offers.
export function entry(id, json, service) {
  const spec = realized(service);
  const flags = spec.flags || {};
  const backends = (spec["backend-addresses"] || []).toSorted(
    (one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state),
  );
  const kept = {
    id,
    json,
    frontend: frontendText(spec["frontend-address"]),
    type: flags.type || "",
    name: [flags.namespace, flags.name].filter(Boolean).join("/"),
    policies: policies(flags),
    backends,
    states: new Set(backends.map((backend) => backend.state || "?")),
  };
  if (backends.length === 0) kept.states.add("none");
  else if (!kept.states.has("active")) kept.states.add("no-active");
  const texts = backends.flatMap((backend) => [address(backend), backend.nodeName || ""]);
  kept.text = [id, kept.frontend, kept.name, kept.policies, ...texts].join("\n").toLowerCase();
  return kept;
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
  const external = flags.extTrafficPolicy;
  const internal = flags.intTrafficPolicy;
  if (external && external === internal) told.push(external);
  else {
    if (external) told.push(`external ${external}`);
    if (internal) told.push(`internal ${internal}`);
  }
  if (flags.natPolicy) told.push(flags.natPolicy);
  if (flags.healthCheckNodePort) told.push(`health check ${flags.healthCheckNodePort}`);
  return told.join(", ");
}

function backendItem(backend) {
  const item = element("li", undefined, STATES.includes(backend.state) ? backend.state : "");
  item.append(element("span", `${address(backend)} `, "mono"), element("b", backend.state || "?"));
  const more = [];
  if (backend.weight !== USUAL_WEIGHT) more.push(`weight ${backend.weight}`);
  if (backend.preferred) more.push("preferred");
  if (more.length) item.append(element("span", ` ${more.join(", ")}`, "faint"));
  // Other people's text may change the direction of writing: not of what stands around it.
  if (backend.nodeName) item.append(element("bdi", ` ${backend.nodeName}`, "faint"));
  return item;
}

// The backends that are shown of a collapsed service: those searched for, by state, address or
// node, else those that get no new connections.
function shownOf(backends, wanted) {
  if (STATES.includes(wanted.state)) return backends.filter(({ state }) => state === wanted.state);
  const found = backends.filter((backend) => {
    const text = `${address(backend)}\n${backend.nodeName || ""}`.toLowerCase();
    return wanted.words.some((matches) => matches(text));
  });
  return found.length ? found : backends.filter(({ state }) => state !== "active");
}

function summary(backends) {
  const counts = new Map();
  for (const { state } of backends) counts.set(state || "?", (counts.get(state || "?") || 0) + 1);
  const told = [...counts].flatMap(([state, count], index) => [
    index ? ", " : "",
    element("span", `${count.toLocaleString("en")} ${state}`, state === "active" ? "" : "bad"),
  ]);
  return [`${number(backends.length, "backend", "backends")}: `, ...told];
}

function backendCell(service, wanted, isOpen, whenOpened) {
  const cell = element("td");
  const list = element("ul", undefined, "backends");
  const { backends } = service;
  if (backends.length <= FEW) {
    list.append(...backends.map(backendItem));
    cell.append(backends.length ? list : element("span", "none", "faint"));
    return cell;
  }
  const button = element("button", undefined, "plain");
  button.type = "button";
  const fill = () => {
    const shown = isOpen ? backends.slice(0, MOST) : shownOf(backends, wanted).slice(0, FEW);
    list.replaceChildren(...shown.map(backendItem));
    if (isOpen && backends.length > MOST) {
      list.append(element("li", `and ${backends.length - MOST} more`, "faint"));
    }
    list.hidden = shown.length === 0;
    button.setAttribute("aria-expanded", String(isOpen));
    button.replaceChildren(...summary(backends));
  };
  button.addEventListener("click", () => {
    isOpen = !isOpen;
    whenOpened(isOpen);
    fill();
  });
  fill();
  cell.append(button, list);
  return cell;
}

export function row(id, service, wanted, isOpen, whenOpened) {
  const made = element("tr");
  made.dataset.id = id;
  const name = element("td");
  name.append(element("bdi", service.name));
  made.append(
    element("td", id),
    element("td", service.frontend, "mono"),
    element("td", service.type),
    name,
    element("td", service.policies, "faint"),
    backendCell(service, wanted, isOpen, whenOpened),
  );
  // As cards, these are no table to the browser any longer: that they are is said here.
  made.setAttribute("role", "row");
  const labels = ["ID", "Frontend", "Type", "Name", "Policies", "Backends"];
  [...made.children].forEach((cell, index) => {
    cell.setAttribute("role", "cell");
    cell.dataset.label = labels[index];
    cell.classList.add(labels[index].toLowerCase());
  });
  return made;
}
