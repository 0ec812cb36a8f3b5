// The shell without a network: the last tip, if its person has it kept here, and what they do of it
// is kept until they are back.

import "/static/outbox.js";
import { deliverLater, remember } from "/static/api.js";
import { Dwell } from "/static/dwell.js";
import { listen } from "/static/gestures.js";

const byId = (id) => document.getElementById(id);
const [face, tip, kind, content, aside, gestures] = ["face", "tip", "kind", "content", "aside", "gestures"].map(byId);
const KINDS = { task: "Task", advice: "Advice", insight: "Insight", reminder: "Reminder" };
const LONG = 110;
const dwell = new Dwell();

let last = (await self.outbox.note("last")) ?? null;

function quiet(text, more) {
  document.body.dataset.state = "offline";
  delete document.body.dataset.kind;
  kind.textContent = "";
  content.textContent = text;
  aside.textContent = more;
  aside.hidden = false;
  gestures.inert = true;
}

async function react(action) {
  const { person, tip: reacted } = last;
  last = null;
  await remember(reacted.id, action, dwell.read(), person);
  await self.outbox.write("last", undefined);
  await deliverLater();
  quiet("Kept.", "It is sent when you are back.");
}

if (last) {
  const { tip: shown } = last;
  document.body.dataset.state = "tip";
  document.body.dataset.kind = shown.kind in KINDS ? shown.kind : "advice";
  document.body.classList.toggle("long", shown.content.length > LONG);
  kind.textContent = `${KINDS[document.body.dataset.kind]}: `;
  content.textContent = shown.content;
  aside.textContent = shown.about ?? "";
  aside.hidden = !shown.about;
  gestures.inert = false;
  dwell.start();
} else {
  quiet("You are offline.", "The tip is here when you are back.");
}
listen(face, tip, [...gestures.querySelectorAll("button")], () => last !== null, react);
addEventListener("online", () => location.replace("/"));
