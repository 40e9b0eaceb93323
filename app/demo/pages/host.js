// Shows what the element tells the page, and the cases that are hard to come by.
const log = /** @type {HTMLElement} */ (document.querySelector("#log"));
const HEIGHT = "pandium-content-height-change"; // comes often: one line is enough
const stays = /** @type {HTMLInputElement} */ (document.querySelector("#stays"));

for (const name of ["sso-ready", "sso-login-required", "sso-error", "sso-timeout", "vendor-event"]) {
  document.addEventListener(name, (event) => {
    const { detail } = /** @type {CustomEvent} */ (event);
    const item = document.createElement("li");
    item.dataset.name = detail.name ?? name;
    item.textContent = `${name} ${JSON.stringify(detail)}`;
    const last = /** @type {HTMLElement | null} */ (log.lastElementChild);
    if (last?.dataset.name === HEIGHT && item.dataset.name === HEIGHT) last.replaceWith(item);
    else log.append(item);
    if (name === "sso-login-required" && stays.checked) event.preventDefault();
  });
}

/** @type {Record<string, () => void>} */
const cases = {
  reload: () => /** @type {any} */ (document.querySelector("marketplace-embed")).reload(),
  expire: () => fetch("/expire", { method: "POST" }),
  // Not from the frame, so nobody listens: there is no line for it in the list.
  forge: () => window.postMessage({ message: "pandium-save-sync" }, window.location.origin),
};

for (const button of document.querySelectorAll("button")) {
  const run = cases[button.dataset.case ?? ""];
  if (run) button.addEventListener("click", run);
}
