// The tail of events: a stream that is asked for again from the last one seen; a pause loses none.
(() => {
  const box = document.querySelector("[data-live]");
  const status = box.querySelector("[role=status]");
  const button = box.querySelector("[data-pause]");
  const MOST = 500;
  const DRAWN_EVERY_MS = 100;
  let after = Number(box.dataset.after);
  let held = [];
  let fresh = []; // not shown yet: drawn together with the next picture
  let isPaused = false;
  let seen = 0;

  const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

  function cell(text, kind) {
    const made = document.createElement("td");
    made.className = `k-${kind}`;
    made.append(text);
    return made;
  }

  function rowOf(event) {
    const row = document.createElement("tr");
    const at = document.createElement("time");
    at.dateTime = at.title = event.at;
    at.textContent = clock.format(new Date(event.at));
    const person = document.createElement("a");
    person.href = `/admin/people/${encodeURIComponent(event.person)}`;
    person.textContent = `…${event.person.slice(-8)}`;
    const what = Object.entries(event.payload)
      .filter(([name]) => name !== "user_id")
      .map(([name, value]) => `${name}: ${value}`)
      .join(", ");
    const number = document.createElement("a");
    number.href = row.dataset.peek = `/admin/live/${Number(event.seq)}`;
    number.textContent = event.seq;
    row.append(cell(at, "instant"), cell(event.subject, "text"), cell(person, "id"), cell(what, "text"), cell(number, "number"));
    row.classList.add("fresh");
    return row;
  }

  function draw() {
    const body = document.querySelector("#events tbody");
    const events = fresh.splice(0);
    if (!events.length) return;
    if (!body) return location.reload(); // the first event of all
    body.prepend(...events.reverse().map(rowOf));
    while (body.childElementCount > MOST) body.lastElementChild.remove();
    say();
  }

  function show(events) {
    if (!fresh.length) setTimeout(draw, DRAWN_EVERY_MS);
    fresh.push(...events);
    // what would be pushed out of the table at once is not drawn
    if (fresh.length > MOST) fresh.splice(0, fresh.length - MOST);
  }

  function take(event) {
    after = event.seq;
    seen += 1;
    if (isPaused) {
      held.push(event);
      if (held.length > MOST) held.shift();
      say();
    } else show([event]);
  }

  function say() {
    status.textContent = isPaused ? `Paused; ${held.length} wait.` : `${seen} since this page was opened.`;
  }

  button.addEventListener("click", () => {
    isPaused = !isPaused;
    button.textContent = isPaused ? "Go on" : "Pause";
    button.setAttribute("aria-pressed", isPaused);
    if (!isPaused) show(held.splice(0));
    say();
  });

  async function follow() {
    const asked = new URLSearchParams({ after });
    for (const name of ["subject", "person", "since", "until"]) if (box.dataset[name]) asked.set(name, box.dataset[name]);
    const answer = await fetch(`/api/admin/events?${asked}`, { headers: { Accept: "text/event-stream" } });
    if (!answer.ok) {
      await window.consoleParts.failed(answer);
      return 5000;
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return 0;
      rest += value.replaceAll("\r", "");
      const parts = rest.split("\n\n");
      rest = parts.pop();
      for (const part of parts) {
        const data = part.split("\n").filter((line) => line.startsWith("data:"));
        if (data.length) take(JSON.parse(data.map((line) => line.slice(5)).join("\n")));
      }
    }
  }

  (async () => {
    for (;;) {
      let wait = 2000;
      try {
        wait = await follow();
      } catch {
        status.textContent = "oO cannot be reached; it is tried again.";
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  })();
})();
