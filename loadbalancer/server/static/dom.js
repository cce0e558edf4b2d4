// Making elements. Text that comes from elsewhere goes through here: it never becomes markup.

export const byId = (id) => document.getElementById(id);

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

export function number(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// What an answer that is not OK says: the API has two shapes for it.
export async function refusal(answer) {
  try {
    const told = await answer.json();
    const reason = typeof told === "string" ? told : told.message || told.reason;
    if (reason) return `status ${answer.status}, ${reason}`;
  } catch {
    // The status has to do.
  }
  return `status ${answer.status}`;
}
