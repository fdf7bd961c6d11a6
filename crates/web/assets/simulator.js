// The simulator answers while a control moves. Without this file the form has a button.
"use strict";
(() => {
  const form = document.getElementById("scenario");
  const results = document.getElementById("results");
  if (!form || !results) return;
  // Only what is moved stands in the address. A slider shows the step next to what was adopted.
  const adopted = new Map();
  for (const it of form.querySelectorAll("[data-adopted]")) {
    const shown = it.type === "range" ? it.cloneNode() : null;
    if (shown) shown.value = it.dataset.adopted;
    adopted.set(it.name, shown ? shown.value : it.dataset.adopted);
  }
  const query = () => {
    const moved = new URLSearchParams();
    new FormData(form).forEach((value, name) => {
      if (String(value) !== adopted.get(name)) moved.append(name, value);
    });
    const year = new URLSearchParams(location.search).get("year");
    if (year) moved.append("year", year);
    return moved.toString();
  };
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 2 });
  let timer = 0;
  let running = null;
  const ask = async () => {
    const text = query();
    if (running) running.abort();
    running = new AbortController();
    const slow = setTimeout(() => results.setAttribute("aria-busy", "true"), 300);
    try {
      const answer = await fetch(`${form.action}/results?${text}`, { signal: running.signal });
      if (answer.status === 503) {
        // Many ask just now: a moment later again.
        timer = setTimeout(ask, 1000);
        return;
      }
      results.innerHTML = await answer.text();
      history.replaceState(null, "", text ? `?${text}` : location.pathname);
    } catch (why) {
      if (why.name !== "AbortError") form.submit();
    } finally {
      clearTimeout(slow);
      results.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("input", (event) => {
    const it = event.target;
    if (it.type === "range") {
      const output = form.querySelector(`output[for="${CSS.escape(it.id)}"]`);
      const unit = output.dataset.unit;
      const sign = it.min < 0 && it.value > 0 ? "+" : "";
      output.textContent = sign + number.format(it.value) + (unit ? ` ${unit}` : "");
    }
    clearTimeout(timer);
    timer = setTimeout(ask, 60);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
})();
