// The page of devices: this browser becomes one, stops being one, and keeps the last tip or not.

import "/static/outbox.js";
import { inStep } from "/static/pwa.js";
import { canNotify, deviceHere, leaveHere, notifyHere } from "/static/push.js";

const { note, write } = self.outbox;
const person = document.body.dataset.person;
const byId = (id) => document.getElementById(id);
const [status, notify, stop, denied, cannot] = ["here", "notify", "stop", "denied", "cannot"].map(byId);
const SAID = { too_many_devices: "You have ten devices. End one of them first." };

async function show() {
  const device = await deviceHere(person);
  const isDenied = canNotify() && Notification.permission === "denied";
  cannot.hidden = canNotify();
  denied.hidden = !isDenied;
  notify.hidden = !canNotify() || isDenied || device !== null;
  stop.hidden = device === null;
  for (const row of document.querySelectorAll("[data-device]")) {
    row.querySelector("[data-here]").hidden = row.dataset.device !== device?.id;
  }
}

async function attempt(work) {
  status.textContent = "";
  try {
    await work();
    location.reload();
  } catch (error) {
    status.textContent = SAID[error.code] ?? "That did not work. Try again in a moment.";
    await show();
  }
}

notify.addEventListener("click", () =>
  attempt(async () => {
    if (!(await notifyHere(person))) throw new Error("not granted");
  }),
);
stop.addEventListener("click", () => attempt(() => leaveHere(person)));

// the consent is the account's, the copy this browser's: it takes both
const keep = byId("keep");
keep.checked = document.body.dataset.offlineCopy === "1" && Boolean(await note(`keeps.${person}`));
keep.disabled = false;
keep.addEventListener("change", async () => {
  await write(`keeps.${person}`, keep.checked || undefined);
  if (!keep.checked) await write("last", undefined);
  keep.form.elements.on.value = keep.checked ? "1" : "0";
  if (keep.checked && document.body.dataset.offlineCopy !== "1") keep.form.requestSubmit();
});
await show();
inStep.then(show); // a device that was ended elsewhere is none here either
