// The frame: light or dark, the palette, columns, and words for what failed.
(() => {
  const root = document.documentElement;
  const said = document.getElementById("said");

  function say(text) {
    said.textContent = text;
    setTimeout(() => {
      if (said.textContent === text) said.textContent = "";
    }, 8000);
  }

  document.querySelector("[data-theme-switch]").addEventListener("click", () => {
    const isDark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    localStorage.setItem("console-theme", root.dataset.theme);
    document.dispatchEvent(new Event("themed"));
  });

  // a form says which columns are ticked in one field, and leaves empty fields out of the address
  for (const form of document.querySelectorAll("form.columns")) {
    form.addEventListener("submit", () => {
      const ticked = [...form.querySelectorAll("[data-column]:checked")].map((box) => box.value);
      form.elements.columns.value = ticked.join(",");
    });
  }
  for (const form of document.querySelectorAll("form.filters")) {
    form.addEventListener("submit", () => {
      for (const field of form.querySelectorAll("input[name]")) {
        if (!field.value) field.disabled = true;
      }
    });
  }

  // a form is sent once
  for (const form of document.querySelectorAll("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      if (form.action.includes("/do/export-")) say("The archive comes as a download.");
    });
  }
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload(); // a page out of the cache holds keys that were used
  });

  async function failed(response) {
    try {
      const problem = await response.json();
      say(problem.detail || "That did not work.");
    } catch {
      say("That did not work. Reload the page.");
    }
  }

  window.consoleParts = { say, failed };
})();
