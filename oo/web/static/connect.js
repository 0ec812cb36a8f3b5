// The chosen file's name takes the place of the invitation to choose one; one that is too large is
// not sent at all. Who signs out leaves nothing of theirs in this browser.

import { leaveHere } from "/static/push.js";

const { all, drop, note, write } = self.outbox;
const person = document.body.dataset.person;
const LEAVE_MS = 3_000;

for (const label of document.querySelectorAll("[data-filename]")) {
  const input = label.parentElement.querySelector("input[type=file]");
  const invitation = label.textContent;
  const limit = Number(label.dataset.maxBytes);
  const show = () => {
    const file = input.files[0];
    label.textContent = file?.name ?? invitation;
    if (file && file.size > limit) {
      input.value = "";
      label.textContent = `Too large: ${Math.floor(limit / 1024)} KiB at most`;
    }
  };
  input.addEventListener("change", show);
  show(); // chosen before this came, or kept by the browser when the page was read again
}

for (const form of document.querySelectorAll("[data-sign-out]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await Promise.race([leave(), new Promise((resolve) => setTimeout(resolve, LEAVE_MS))]);
    form.submit();
  });
}

async function leave() {
  try {
    if ((await note("last"))?.person === person) await write("last", undefined);
    for (const { key } of await all(person)) await drop(key);
    await leaveHere(person);
  } catch {
    // signing out is not held up; the device ends with its session
  }
}
