// Posts the vendor's messages to the page around this frame; alone in a tab there is nobody to tell.
const { vendor, host = "" } = document.body.dataset;
const framed = window.parent !== window;
const sent = /** @type {HTMLElement} */ (document.querySelector("#sent"));

/** @type {HTMLElement} */ (document.querySelector("#alone")).hidden = framed;

for (const button of document.querySelectorAll("button")) {
  button.disabled = !framed;
  button.addEventListener("click", () => {
    window.parent.postMessage(JSON.parse(button.dataset.message ?? ""), host);
    sent.textContent = `Sent to ${host}: ${button.dataset.message}`;
  });
}

if (framed && vendor === "Pandium") {
  const page = document.documentElement;
  new ResizeObserver(() => {
    const height = Math.ceil(page.getBoundingClientRect().height);
    window.parent.postMessage({ message: "pandium-content-height-change", height }, host);
  }).observe(page);
}
