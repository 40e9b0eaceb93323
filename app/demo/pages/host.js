// Shows what the marketplace posts to this page, and gives the frame the height it asks for. Runs
// before the frame is there: a quick marketplace posts before a deferred script would listen.
window.addEventListener("message", ({ source, origin, data }) => {
  const frame = document.querySelector("iframe");
  if (source !== frame.contentWindow || origin !== document.body.dataset.marketplace) return;
  const said = typeof data === "string" ? JSON.parse(data) : data; // APIFuse posts JSON, Pandium objects
  if (said.message === "pandium-content-height-change") {
    frame.style.height = `${said.height + 2}px`; // and its two borders
    return;
  }
  const item = document.createElement("li");
  item.textContent = JSON.stringify(said);
  document.querySelector("#log").append(item);
});
