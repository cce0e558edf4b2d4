// Making elements. Text that comes from elsewhere goes through here: it never becomes markup.

export const byId = (id) => document.getElementById(id);

// Characters that cannot be seen or turn the direction of writing, as the command escapes them.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

export function visible(text) {
  return String(text).replace(HIDDEN, (each) => `\\u{${each.codePointAt(0).toString(16)}}`);
}

export function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = visible(text);
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
