// The newest rows of the record come by themselves. Pages are whole without this file.
"use strict";
(() => {
  // Long work: the page looks again by itself.
  if (document.querySelector("[data-live=wait]")) {
    setTimeout(() => location.reload(), 1000);
  }
  const ticker = document.querySelector("[data-live=ticker]");
  if (!ticker || !window.EventSource) return;
  const pause = document.querySelector("[data-live=pause]");
  let paused = false;
  if (pause) {
    pause.hidden = false;
    pause.addEventListener("click", () => {
      paused = !paused;
      pause.setAttribute("aria-pressed", String(paused));
    });
  }
  const source = new EventSource(ticker.dataset.from);
  source.addEventListener("rows", (event) => {
    if (paused) return;
    ticker.innerHTML = event.data;
  });
  addEventListener("pagehide", () => source.close());
})();
