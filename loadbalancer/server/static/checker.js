// The box that says what is wrong with a payload.

import { byId, element, number, refusal } from "./dom.js";

function verdict(found) {
  const list = element("ul", undefined, "problems");
  for (const problem of found.problems) {
    const item = element("li");
    if (problem.pointer) item.append(element("code", problem.pointer), " ");
    if (problem.severity === "warning") item.append("warning: ");
    item.append(problem.message);
    if (problem.meant) item.append("; did you mean ", element("code", problem.meant), "?");
    if (problem.line) {
      item.append(element("span", ` line ${problem.line}, column ${problem.column}`, "faint"));
    }
    list.append(item);
  }
  const refused = Object.entries(found.invalid_values || {}).map(([kind, count]) => `${kind}: ${count}`);
  const stopped = found.stopped ? ` Not checked to the end: ${found.stopped}.` : "";
  const told = found.valid && !stopped
    ? `Valid: ${found.contents || "nothing in it"}.`
    : `${["Invalid", ...refused, number(found.errors, "error", "errors")].join(", ")}.${stopped}`;
  byId("verdict").replaceChildren(element("p", told, found.valid ? "good" : "bad"), list);
}

async function check() {
  try {
    const body = byId("payload").value;
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("check", { method: "POST", headers, body });
    if (answer.ok) verdict(await answer.json());
    else throw new Error(await refusal(answer));
  } catch (error) {
    byId("verdict").replaceChildren(element("p", `no answer: ${error.message}`, "bad"));
  }
}

byId("check").addEventListener("click", check);
