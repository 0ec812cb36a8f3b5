// Keys: Ctrl-K finds; J and K walk through rows, Enter or a click peeks, Esc closes.
(() => {
  const palette = document.getElementById("palette");
  const peek = document.getElementById("peek");
  const peeked = document.getElementById("peeked");
  const rows = () => [...document.querySelectorAll("main tr[data-peek]")];
  let at = -1;

  function openPalette() {
    palette.showModal();
    const field = palette.querySelector("input");
    field.select();
    if (!document.getElementById("hits").childElementCount) look(field.value);
  }

  async function look(text) {
    const answer = await fetch(`/admin/find?q=${encodeURIComponent(text)}`);
    if (answer.ok) document.getElementById("hits").innerHTML = await answer.text();
  }

  for (const button of document.querySelectorAll("[data-open=palette]")) {
    button.addEventListener("click", openPalette);
  }
  palette.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = palette.querySelector("#hits a");
    if (first) location.href = first.href;
  });
  palette.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const links = [...palette.querySelectorAll("#hits a")];
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = links[links.indexOf(document.activeElement) + step];
    (next || palette.querySelector("input")).focus();
  });

  async function open(index) {
    const all = rows();
    if (index < 0 || index >= all.length) return;
    all[at]?.classList.remove("at");
    at = index;
    const row = all[at];
    row.classList.add("at");
    row.scrollIntoView({ block: "nearest" });
    peeked.innerHTML = '<p class="empty">Looking it up …</p>';
    if (!peek.open) peek.showModal();
    history.replaceState(null, "", `#peek=${encodeURIComponent(row.dataset.peek)}`);
    try {
      const answer = await fetch(row.dataset.peek, { headers: { "HX-Request": "true", Accept: "text/html" } });
      if (rows()[at] !== row) return; // somebody went on meanwhile
      if (answer.ok) peeked.innerHTML = await answer.text();
      else {
        peeked.innerHTML = "";
        await window.consoleParts.failed(answer);
        peek.close();
      }
    } catch {
      peek.close();
      window.consoleParts.say("oO cannot be reached. Is it running?");
    }
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("main tr[data-peek]");
    if (!row || event.target.closest("a, button, input, summary")) return;
    if (String(getSelection())) return; // somebody marks a text
    open(rows().indexOf(row));
  });
  peek.addEventListener("close", () => {
    history.replaceState(null, "", location.pathname + location.search);
    rows()[at]?.querySelector("a")?.focus();
  });
  peek.addEventListener("click", (event) => {
    if (event.target === peek) peek.close();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else openPalette();
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      event.target.closest("form.sql")?.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select") || palette.open) return;
    if (event.key === "j") open(at + 1);
    else if (event.key === "k") open(at < 0 ? 0 : at - 1);
    else if (event.key === "/") {
      event.preventDefault();
      openPalette();
    }
  });

  const asked = /^#peek=(.+)$/.exec(location.hash);
  if (asked) {
    const address = decodeURIComponent(asked[1]);
    open(rows().findIndex((row) => row.dataset.peek === address));
  }
})();
