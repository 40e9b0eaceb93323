// Tries every way into the service that a page on another site has, and counts what was minted.
const { host = "" } = document.body.dataset;
const target = `${host}/pandium-sso`;
const stage = /** @type {HTMLElement} */ (document.querySelector("#stage"));
const log = /** @type {HTMLElement} */ (document.querySelector("#log"));
const outcome = /** @type {HTMLElement} */ (document.querySelector("#outcome"));

/** @param {string} words */
function note(words) {
  const item = document.createElement("li");
  item.textContent = words;
  log.append(item);
}

/** @param {HTMLElement} element @returns {Promise<string>} the event that came first */
function shown(element) {
  const came = new Promise((resolve) => {
    element.addEventListener("load", () => resolve("load"));
    element.addEventListener("error", () => resolve("error"));
    setTimeout(() => resolve("nothing"), 3000);
  });
  stage.append(element);
  return came;
}

/** @param {string} name */
function frame(name) {
  return Object.assign(document.createElement("iframe"), { name, title: name });
}

/** @param {string} method @param {string} name @returns {Promise<string>} */
async function form(method, name) {
  const into = frame(name);
  stage.append(into);
  const posted = Object.assign(document.createElement("form"), { method, action: target, target: name });
  const came = new Promise((resolve) => {
    into.addEventListener("load", resolve);
    setTimeout(resolve, 3000);
  });
  stage.append(posted);
  posted.submit();
  await came;
  return `A form with ${method} into a frame: sent, and nothing to read`;
}

/** @param {RequestInit} how @param {string} words @returns {Promise<string>} */
async function ask(how, words) {
  const said = await fetch(target, how).then(
    (answer) => (answer.type === "opaque" ? "sent, and nothing to read" : `status ${answer.status}`),
    () => "the browser lets nothing through",
  );
  return `${words}: ${said}`;
}

const attempts = [
  async () => {
    await shown(Object.assign(frame("frame"), { src: target }));
    return "A frame: the page in it refuses to be shown here";
  },
  async () => `An image: ${await shown(Object.assign(new Image(), { src: target, alt: "" }))}`,
  () => ask({ mode: "no-cors", credentials: "include" }, "A script that sends"),
  () =>
    ask(
      { credentials: "include", headers: { Accept: "application/json" } },
      "A script that wants to read",
    ),
  () => form("post", "posted"),
  () => form("get", "got"),
];

/** What the host has seen: how many tokens, and the last request with its answer. */
async function seen() {
  return (await fetch("/signed-on")).json();
}

document.querySelector("#try")?.addEventListener("click", async () => {
  log.replaceChildren();
  stage.replaceChildren();
  const before = await seen();
  for (const attempt of attempts) {
    const words = await attempt();
    note(`${words}. The host saw ${(await seen()).answered}.`);
  }
  const minted = (await seen()).signed_on - before.signed_on;
  outcome.textContent = `Tokens minted while this page tried: ${minted}`;
});
