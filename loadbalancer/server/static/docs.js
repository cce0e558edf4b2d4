"use strict";

const METHODS = ["get", "put", "post", "delete", "patch"];
const byId = (id) => document.getElementById(id);
let api = null;

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// A text with its `code` set as such.
function prose(text, tag, className) {
  const made = element(tag, undefined, className);
  text.split("`").forEach((part, index) => made.append(index % 2 ? element("code", part) : part));
  return made;
}

function resolve(node) {
  if (!node || !node.$ref) return node;
  const found = node.$ref.slice(2).split("/").reduce((at, key) => at[key], api);
  const { $ref, ...rest } = node;
  return { ...found, ...rest };
}

function typeNode(schema) {
  const made = element("span", undefined, "mono");
  const refs = [schema, schema.items, ...(schema.anyOf || [])].filter((each) => each && each.$ref);
  if (refs.length) {
    const name = refs[0].$ref.split("/").pop();
    const link = element("a", name);
    link.href = `#schema-${name}`;
    link.addEventListener("click", () => { byId(`schema-${name}`).open = true; });
    if (schema.type && [].concat(schema.type).includes("array")) made.append("list of ");
    made.append(link);
    const words = resolve(refs[0]).enum;
    if (words) made.append(`: ${words.join(" | ")}`);
    return made;
  }
  const types = [].concat(schema.type || "any").filter((type) => type !== "null");
  made.textContent = schema.enum
    ? schema.enum.filter((value) => value !== null).join(" | ")
    : (schema.title || types.join(" | ")) + (schema.format ? ` (${schema.format})` : "");
  return made;
}

function table(head, rows) {
  const made = element("table");
  const top = element("tr");
  for (const title of head) top.append(element("th", title));
  made.append(top);
  for (const cells of rows) {
    const line = element("tr");
    for (const cell of cells) {
      const box = element("td", undefined, "text");
      box.append(cell);
      line.append(box);
    }
    made.append(line);
  }
  const scroll = element("div", undefined, "scroll");
  scroll.append(made);
  return scroll;
}

function fieldTable(schema) {
  const required = schema.required || [];
  return table(["Key", "Type", "Description"], Object.entries(schema.properties).map(([key, value]) => [
    element("code", key + (required.includes(key) ? " *" : "")),
    typeNode(value),
    prose(value.description || "", "span"),
  ]));
}

function responseRows(operation) {
  return Object.entries(operation.responses).map(([status, given]) => {
    const response = resolve(given);
    const content = (response.content || {})["application/json"];
    const schema = content && content.schema;
    return [element("code", status), prose(response.description, "span"), schema ? typeNode(schema) : ""];
  });
}

function trial(method, path, parameters, hasBody) {
  const box = element("div");
  const inputs = parameters.map((parameter) => {
    const input = element("input");
    input.placeholder = parameter.name;
    input.setAttribute("aria-label", parameter.name);
    box.append(input, " ");
    return [parameter.name, input];
  });
  const body = hasBody ? element("textarea") : null;
  if (body) {
    body.placeholder = "request body";
    body.setAttribute("aria-label", "request body");
    box.append(body);
  }
  const button = element("button", "Send");
  const result = element("pre");
  result.hidden = true;
  button.addEventListener("click", async () => {
    const filled = inputs.reduce(
      (at, [name, input]) => at.replace(`{${name}}`, encodeURIComponent(input.value)), path);
    const options = { method: method.toUpperCase(), cache: "no-store" };
    if (body) Object.assign(options, { body: body.value, headers: { "Content-Type": "application/json" } });
    result.hidden = false;
    try {
      const base = api.servers[0].url.replace(/^\//, "");
      const answer = await fetch(base + filled, options);
      let text = await answer.text();
      try { text = JSON.stringify(JSON.parse(text), null, 2); } catch { /* not JSON */ }
      result.textContent = `${answer.status}\n${text}`;
    } catch (error) {
      result.textContent = `no answer: ${error.message}`;
    }
  });
  box.append(button, result);
  return box;
}

function operationNode(method, path, shared, operation) {
  const made = element("details");
  made.id = operation.operationId;
  const summary = element("summary");
  summary.append(
    element("span", method.toUpperCase(), `method ${method}`),
    element("code", api.servers[0].url + path),
    element("span", operation.summary, "faint"),
  );
  const inside = element("div", undefined, "inside");
  if (operation.description) inside.append(prose(operation.description, "p", "text"));
  const parameters = [...shared, ...(operation.parameters || [])].map(resolve);
  if (parameters.length) {
    inside.append(element("h4", "Parameters"), table(["Name", "In", "Type", "Description"],
      parameters.map((each) => [element("code", each.name), each.in, typeNode(each.schema), each.description || ""])));
  }
  if (operation.requestBody) {
    const request = resolve(operation.requestBody);
    const line = element("p", `${request.description || ""} `);
    line.append(typeNode(request.content["application/json"].schema));
    inside.append(element("h4", "Request body"), line);
  }
  inside.append(element("h4", "Responses"), table(["Status", "Meaning", "Body"], responseRows(operation)));
  inside.append(element("h4", "Try it"), trial(method, path, parameters, Boolean(operation.requestBody)));
  made.append(summary, inside);
  return made;
}

function schemaNode(name, schema) {
  const made = element("details");
  made.id = `schema-${name}`;
  const summary = element("summary");
  summary.append(element("code", name), element("span", schema.description || "", "faint"));
  const inside = element("div", undefined, "inside");
  inside.append(schema.properties ? fieldTable(schema) : typeNode(schema));
  made.append(summary, inside);
  return made;
}

function show() {
  byId("title").textContent = api.info.title;
  byId("version").textContent = `version ${api.info.version}, OpenAPI ${api.openapi}`;
  byId("about").replaceChildren(prose(api.info.description || api.info.summary || "", "span"));
  const sections = new Map((api.tags || []).map((tag) => {
    const section = element("section");
    const title = element("h2", `${tag.name} `);
    title.append(element("span", tag.description || "", "faint"));
    section.append(title);
    return [tag.name, section];
  }));
  for (const [path, item] of Object.entries(api.paths)) {
    for (const method of METHODS.filter((each) => each in item)) {
      const section = sections.get(item[method].tags[0]);
      section.append(operationNode(method, path, item.parameters || [], item[method]));
    }
  }
  byId("operations").replaceChildren(...sections.values());
  byId("schemas").replaceChildren(
    ...Object.entries(api.components.schemas).map(([name, schema]) => schemaNode(name, schema)));
}

async function load() {
  try {
    api = await (await fetch("openapi.json")).json();
    show();
    const wanted = location.hash && byId(location.hash.slice(1));
    if (wanted) { wanted.open = true; wanted.scrollIntoView(); }
  } catch (error) {
    byId("about").textContent = `The OpenAPI document could not be read: ${error.message}`;
  }
}

load();
