// Shows what the element tells the page, and the cases that are hard to come by.
/** @template {HTMLElement} T @param {string} selector @returns {T} */
const one = (selector) => /** @type {T} */ (document.querySelector(selector));
const log = one("#log");
const did = one("#did");
const stays = /** @type {HTMLInputElement} */ (one("#stays"));
const embed = /** @type {any} */ (one("marketplace-embed"));
const HEIGHT = "pandium-content-height-change"; // comes often: one line is enough
const FORGED = "pandium-save-sync";
let heard = 0; // messages of the vendor that the element passed on
let expected = ""; // what the page says when the frame is ready again

/** @param {string} words */
const say = (words) => (did.textContent = words);

/** @param {string} name @param {any} detail */
function note(name, detail) {
  const item = document.createElement("li");
  item.dataset.name = detail.name ?? name;
  item.textContent = `${name} ${JSON.stringify(detail)}`;
  const last = /** @type {HTMLElement | null} */ (log.lastElementChild);
  if (last?.dataset.name === HEIGHT && item.dataset.name === HEIGHT) last.replaceWith(item);
  else log.append(item);
}

/** @type {Record<string, (event: CustomEvent) => void>} */
const events = {
  "sso-ready": () => {
    if (expected) say(expected);
    expected = "";
  },
  "sso-login-required": (event) => {
    if (!stays.checked) return;
    event.preventDefault();
    say("The session has ended: the frame says so, and leads to the login.");
  },
  "sso-error": ({ detail }) => {
    if (detail.code === "login_failed") {
      say("The loop stopped: the login was tried once, did not help, and is not tried again for a minute.");
    }
  },
  "sso-timeout": () => say("The marketplace does not answer."),
  "vendor-event": ({ detail }) => {
    if (detail.name === HEIGHT) return;
    heard += 1;
    say(`The marketplace said ${detail.name}, and this page got it.`);
  },
};

for (const [name, then] of Object.entries(events)) {
  document.addEventListener(name, (event) => {
    then(/** @type {CustomEvent} */ (event));
    note(name, /** @type {CustomEvent} */ (event).detail);
  });
}

/** Ask for the page anew at once, as if it had just been opened. */
const openAnew = () => embed.setAttribute("src", embed.getAttribute("src"));

/** @param {boolean} broken */
function show(broken) {
  one("[data-case=loop]").hidden = broken;
  one("[data-case=mend]").hidden = !broken;
}

/** @type {Record<string, () => unknown>} */
const cases = {
  reload: () => {
    expected = "Reloaded, with a fresh token.";
    say("Asked for. At most one reload in ten seconds: it may have to wait.");
    embed.reload();
  },
  expire: async () => {
    await fetch("/expire", { method: "POST" });
    say("The session has ended. The frame is opened anew ...");
    openAnew();
  },
  // Not from the frame, so the element passes it on to nobody.
  forge: () => {
    const before = heard;
    const came = (/** @type {MessageEvent} */ { data }) => {
      if (data?.message !== FORGED) return;
      window.removeEventListener("message", came);
      setTimeout(() => {
        const words = `A forged ${FORGED} came, but not from the marketplace's frame`;
        say(heard === before ? `Forged message dropped. ${words}.` : `${words}, and was believed!`);
      });
    };
    window.addEventListener("message", came);
    window.postMessage({ message: FORGED }, window.location.origin);
  },
  loop: async () => {
    await fetch("/break", { method: "POST" });
    stays.checked = false;
    show(true);
    say("The login proxy says nobody's name any more, and the login sends everybody straight back ...");
    openAnew();
  },
  mend: async () => {
    await fetch("/mend", { method: "POST" });
    show(false);
    expected = "Mended: the proxy says who you are.";
    openAnew();
  },
};

show(document.body.dataset.broken === "true");
for (const button of document.querySelectorAll("button")) {
  const run = cases[button.dataset.case ?? ""];
  if (run) button.addEventListener("click", run);
}
