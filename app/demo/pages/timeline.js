// Shows each request of this session with its answer, its token in three colours, and the verdict.
const list = /** @type {HTMLElement} */ (document.querySelector("#steps"));
const PARTS = ["header", "claims", "signature"];
const POLL_MS = 1000;
/** @type {Map<number, string>} */
const shown = new Map();

/** @typedef {{asked: string, status: number, state: string, words: string, objections: string[]}} Visit */
/** @typedef {{status: number, location: string, token: string, code: string}} Answer */
/** @typedef {{number: number, asked: string, identity: Record<string, string>, answer: Answer, visits: Visit[]}} Step */

/** @param {string} tag @param {string} kind @param {(Node | string)[]} inside */
function element(tag, kind, ...inside) {
  const made = document.createElement(tag);
  made.className = kind;
  made.append(...inside);
  return made;
}

/** @param {string} token */
function coloured(token) {
  const parts = token.split(".").map((part, at) => element("span", PARTS[at] ?? "", part));
  return parts.flatMap((part, at) => (at ? [".", part] : [part]));
}

/** An address or a code, with the token in it in colours. @param {string} text @param {string} token */
function withToken(text, token) {
  if (!token || !text.includes(token)) return [text];
  const [before = "", after = ""] = text.split(token);
  return [before, ...coloured(token), after];
}

/** @param {string} part */
function decoded(part) {
  const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  return JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2);
}

/** @param {string} token */
function inside(token) {
  const [header = "", claims = ""] = token.split(".");
  const details = element("details", "token", element("summary", "", "The token, decoded"));
  details.append(
    element("pre", "header", decoded(header)),
    element("pre", "claims", decoded(claims)),
    element("p", "signature", "The signature over both, made with a key that only you and the vendor have."),
  );
  return details;
}

/** @param {Visit} visit */
function verdict({ asked, status, state, words, objections }) {
  const line = element("p", `verdict ${state}`, element("b", "", `${status}`), ` ${words} ${objections.join("; ")}`);
  return [element("p", "asked", "then ", element("b", "", asked), " at the marketplace"), line];
}

/** @param {Step} step */
function card({ asked, identity, answer, visits }) {
  const { status, location, token, code } = answer;
  const item = element("li", "card", element("p", "asked", element("b", "", asked)));
  if (!location && !token) {
    item.firstElementChild?.append(" ", element("b", "", `${status}`), ` ${code}`);
    return item;
  }
  const said = Object.entries(identity).map(([name, value]) => `${name}: ${value}`);
  if (said.length) item.append(element("p", "quiet added", `The login proxy adds ${said.join(", ")}`));
  const words = location ? ["Location: ", ...withToken(location, token)] : withToken(token, token);
  item.append(element("p", "answer", element("b", "", `${status}`), " ", ...words));
  if (token) item.append(inside(token));
  item.append(...visits.flatMap(verdict));
  return item;
}

/** @param {HTMLDetailsElement} details */
function openOnly(details) {
  for (const other of list.querySelectorAll("details")) other.open = false;
  details.open = true;
}

/** @param {Step[]} steps */
function show(steps) {
  const latest = steps.findLast(({ answer }) => answer.token)?.number;
  for (const step of steps) {
    const told = JSON.stringify(step);
    if (shown.get(step.number) === told) continue;
    const item = card(step);
    item.dataset.number = String(step.number);
    const former = list.querySelector(`[data-number="${step.number}"]`);
    const details = item.querySelector("details");
    if (former) {
      if (details) details.open = former.querySelector("details")?.open ?? false;
      former.replaceWith(item);
    } else {
      if (details && step.number === latest) openOnly(details);
      list.prepend(item);
    }
    shown.set(step.number, told);
  }
  for (const item of [...list.children].slice(steps.length)) item.remove();
}

async function refresh() {
  try {
    show((await (await fetch("/timeline")).json()).steps);
  } catch {
    // The demo has ended; what was shown stays.
  }
  setTimeout(refresh, POLL_MS);
}

refresh();
