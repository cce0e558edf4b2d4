// The list of services: fetched when it has changed, and searched here.

import { byId, element, number, refusal } from "./dom.js";
import { entry, realized, row } from "./rows.js";

const ROWS = 100;
// A long list is asked for less often.
const MANY_SERVICES = 2000;
const SECONDS = { few: 2, many: 5, failing: 5 };

const services = new Map(); // by id, as text
const rows = new Map(); // the rows that have been made, by id
let order = []; // the ids, in the order of the rows
let found = []; // the ids that match
let page = 0;
let tag = null; // of the list that `services` is

// --- What is asked for

const wanted = { text: "", words: [], state: "", type: "" };

function readAddress() {
  const asked = new URLSearchParams(location.search);
  byId("search").value = asked.get("q") || "";
  for (const name of ["state", "type"]) {
    byId(name).value = asked.get(name) || "";
    if (byId(name).selectedIndex < 0) byId(name).value = "";
  }
  page = Math.max(0, (Number.parseInt(asked.get("page"), 10) || 1) - 1);
}

// A reload, a bookmark and a colleague see the same.
function writeAddress() {
  const asked = new URLSearchParams();
  if (byId("search").value.trim()) asked.set("q", byId("search").value.trim());
  for (const name of ["state", "type"]) if (byId(name).value) asked.set(name, byId(name).value);
  if (page > 0) asked.set("page", page + 1);
  const text = asked.toString();
  history.replaceState(null, "", (text ? `?${text}` : location.pathname) + location.hash);
}

function readForm() {
  const words = byId("search").value.toLowerCase().match(/"[^"]+"|\S+/g) || [];
  wanted.text = words.join(" ");
  wanted.words = words.map(matcher);
  wanted.state = byId("state").value;
  wanted.type = byId("type").value;
}

// A word may be anywhere; in quotes it has to be whole: "10.0.0.1" is not in 10.0.0.10.
function matcher(word) {
  const whole = /^"(.+)"$/.exec(word);
  if (!whole) return (text) => text.includes(word);
  const escaped = whole[1].replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const expression = new RegExp(`(?<![\\w.-])${escaped}(?![\\w.-])`, "u");
  return (text) => expression.test(text);
}

const isFiltered = () => wanted.words.length > 0 || wanted.state !== "" || wanted.type !== "";

function matches(service) {
  return (
    (!wanted.state || service.states.has(wanted.state)) &&
    (!wanted.type || service.type === wanted.type) &&
    wanted.words.every((isIn) => isIn(service.text))
  );
}

// --- What is shown

function show() {
  found = order.filter((id) => matches(services.get(id)));
  const pages = Math.max(1, Math.ceil(found.length / ROWS));
  page = Math.min(page, pages - 1);
  place(found.slice(page * ROWS, (page + 1) * ROWS).map(rowOf));
  const all = number(services.size, "service", "services");
  say(byId("count"), isFiltered() ? `${found.length.toLocaleString("en")} of ${all}` : all);
  byId("empty").hidden = tag === null || services.size > 0;
  byId("no-hit").hidden = tag === null || services.size === 0 || found.length > 0;
  byId("table").hidden = found.length <= page * ROWS;
  byId("clear").hidden = !isFiltered();
  for (const pager of document.querySelectorAll(".pager")) {
    pager.hidden = pages === 1;
    pager.querySelector(".previous").disabled = page === 0;
    pager.querySelector(".next").disabled = page === pages - 1;
    say(pager.querySelector(".where"), `page ${page + 1} of ${pages.toLocaleString("en")}`);
  }
}

// What has not changed is not touched: a selection stays, and nothing is read out again.
function say(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

function rowOf(id) {
  const service = services.get(id);
  const asked = JSON.stringify([wanted.text, wanted.state]);
  const made = rows.get(id);
  if (made && made.service === service && made.asked === asked) return made.node;
  const node = row(id, service, wanted, made ? made.isOpen : false, (isOpen) => {
    rows.get(id).isOpen = isOpen;
  });
  if (made && made.service !== service) node.classList.add("changed");
  rows.set(id, { service, asked, node, isOpen: made ? made.isOpen : false });
  return node;
}

function place(nodes) {
  const body = byId("services");
  const focused = document.activeElement.closest("#services tr");
  const stay = new Set(nodes);
  for (const node of [...body.children]) if (!stay.has(node)) node.remove();
  let at = body.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else body.insertBefore(node, at);
  }
  if (focused && !focused.isConnected) {
    const again = nodes.find((node) => node.dataset.id === focused.dataset.id);
    const button = again && again.querySelector("button");
    if (button) button.focus();
  }
}

// How many services each choice of a filter would leave.
function countChoices() {
  const states = {};
  const types = {};
  for (const service of services.values()) {
    types[service.type] = (types[service.type] || 0) + 1;
    for (const state of service.states) states[state] = (states[state] || 0) + 1;
  }
  for (const [name, counts] of [["state", states], ["type", types]]) {
    for (const option of byId(name).options) {
      const count = (counts[option.value] || 0).toLocaleString("en");
      if (option.value) say(option, `${option.dataset.text} (${count})`);
    }
  }
}

// --- Keeping up to date

async function fetched(path, headers = {}) {
  const answer = await fetch(path, { cache: "no-store", headers }).catch(() => {
    throw new Error("it cannot be reached");
  });
  if (!answer.ok && answer.status !== 304) throw new Error(await refusal(answer));
  return answer;
}

async function update() {
  const answer = await fetched("v1/service", tag ? { "If-None-Match": tag } : {});
  if (answer.status === 304) return;
  const listed = new Map();
  for (const service of await answer.json()) {
    const spec = realized(service);
    listed.set(String(spec.id), service);
  }
  for (const id of [...services.keys()]) if (!listed.has(id)) forget(id);
  for (const [id, service] of listed) {
    const text = JSON.stringify(service);
    if (services.get(id)?.json !== text) services.set(id, entry(id, text, service));
  }
  sort();
  tag = answer.headers.get("ETag");
  countChoices();
  show();
}

// --- The order of rows

const sorting = { column: "id", isDescending: false };
const KEYS = {
  id: (service) => Number(service.id),
  frontend: (service) => service.frontend,
  type: (service) => service.type,
  name: (service) => service.name,
  policies: (service) => service.policies,
  backends: (service) => service.backends.length,
};

function sort() {
  const key = KEYS[sorting.column];
  const collator = new Intl.Collator("en", { numeric: true });
  const sign = sorting.isDescending ? -1 : 1;
  const compared = ([one], [other]) =>
    (typeof one === "number" ? one - other : collator.compare(one, other)) * sign;
  const byNumber = [...services.values()].sort((one, other) => one.id - other.id);
  order = byNumber.map((service) => [key(service), service.id]).sort(compared).map(([, id]) => id);
}

function sortBy(header) {
  const column = header.dataset.column;
  sorting.isDescending = sorting.column === column && !sorting.isDescending;
  sorting.column = column;
  for (const each of document.querySelectorAll("th")) each.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", sorting.isDescending ? "descending" : "ascending");
  page = 0;
  sort();
  show();
}

function forget(id) {
  services.delete(id);
  rows.delete(id);
}

let timer = null;

async function refresh() {
  clearTimeout(timer);
  timer = null;
  let seconds = services.size > MANY_SERVICES ? SECONDS.many : SECONDS.few;
  const status = byId("updated");
  try {
    await update();
    const time = new Date().toLocaleTimeString();
    status.textContent = `updated ${time}`;
    status.dataset.time = time;
    status.className = "right";
    byId("trouble").hidden = true;
    document.body.classList.remove("stale");
  } catch (error) {
    seconds = SECONDS.failing;
    const since = status.dataset.time ? ` What is shown is from ${status.dataset.time}.` : "";
    status.textContent = "no answer, trying again …";
    status.className = "right bad";
    say(byId("trouble"), `The server does not give its services: ${error.message}.${since}`);
    byId("trouble").hidden = false;
    document.body.classList.add("stale");
  }
  if (!document.hidden) timer = setTimeout(refresh, seconds * 1000);
}

// --- What people do

function ask() {
  page = 0;
  readForm();
  writeAddress();
  show();
}

function turn(step) {
  page += step;
  writeAddress();
  show();
  byId("list").scrollIntoView();
}

for (const option of document.querySelectorAll("option[value]")) {
  option.dataset.text = option.textContent;
}
byId("search").addEventListener("input", ask);
byId("state").addEventListener("change", ask);
byId("type").addEventListener("change", ask);
byId("clear").addEventListener("click", () => {
  byId("filters").reset();
  ask();
  byId("search").focus();
});
byId("filters").addEventListener("submit", (event) => event.preventDefault());
for (const button of document.querySelectorAll(".previous")) {
  button.addEventListener("click", () => turn(-1));
}
for (const button of document.querySelectorAll(".next")) {
  button.addEventListener("click", () => turn(1));
}
for (const header of document.querySelectorAll("th")) {
  header.querySelector("button").addEventListener("click", () => sortBy(header));
}
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.matches("input, textarea, select");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  byId("search").select();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && timer === null) refresh();
});

readAddress();
readForm();
refresh();
