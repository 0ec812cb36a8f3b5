// The tip page: fetch one tip, show it, take one reaction, and again.

import {
  Offline,
  decided,
  deliver,
  deliverLater,
  recommend,
  remember,
  reportTimezone,
  seen,
} from "/static/api.js";
import { ask } from "/static/asking.js";
import { Dwell } from "/static/dwell.js";
import { listen } from "/static/gestures.js";

const KINDS = { task: "Task", advice: "Advice", insight: "Insight", reminder: "Reminder" };
const LONG = 110; // characters from which the type is smaller
const PAUSE_MS = 260; // a breath of black between two tips
const RETRY_MS = [2_000, 4_000, 8_000, 15_000, 30_000];
const LOOK_AGAIN_MS = 60_000;
const SEEN_MS = 1_000; // visible for as long as it takes to notice

const body = document.body;
const byId = (id) => document.getElementById(id);
const [face, tip, kind, content, aside, gestures] = ["face", "tip", "kind", "content", "aside", "gestures"].map(byId);
const dwell = new Dwell();

let current = null;
let failures = 0;
let timer = 0;
let busy = false;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function enter(state, text = "", more = null) {
  body.dataset.state = state;
  body.classList.toggle("long", text.length > LONG);
  content.textContent = text;
  aside.replaceChildren(...(more ? [more] : []));
  aside.hidden = more === null;
  for (const name of ["--dx", "--dy", "--fade"]) tip.style.removeProperty(name);
  delete tip.dataset.gone;
  tip.classList.remove("goes", "comes");
  void tip.offsetWidth; // restarts the animation
  tip.classList.add("comes");
}

function showTip(next) {
  current = next;
  body.dataset.kind = next.kind in KINDS ? next.kind : "advice";
  kind.textContent = `${KINDS[body.dataset.kind]}: `;
  enter("tip", next.content, next.about ?? null);
  gestures.inert = false;
  dwell.start();
  tellWhenSeen(next);
  keepLast(next);
}

// the tip that the offline shell has: only where its person allowed that, and on this device
async function keepLast(shown) {
  const { note, write } = self.outbox;
  const person = body.dataset.person;
  const isKept = body.dataset.offlineCopy === "1" && (await note(`keeps.${person}`));
  const { id, kind: of, content: words, about } = shown ?? {};
  await write("last", isKept && shown ? { person, tip: { id, kind: of, content: words, about } } : undefined);
}

function tellWhenSeen(shown) {
  setTimeout(() => {
    if (current !== shown) return;
    if (dwell.read() >= SEEN_MS) seen(shown.id);
    else tellWhenSeen(shown);
  }, SEEN_MS);
}

function showQuiet(state, text, more = null) {
  current = null;
  delete body.dataset.kind;
  kind.textContent = "";
  gestures.inert = true;
  enter(state, text, more);
}

function link(href, text) {
  const element = document.createElement("a");
  element.href = href;
  element.textContent = text;
  return element;
}

function showNothing(reason) {
  if (reason === "nothing_connected") {
    showQuiet("empty", "Nothing to look at yet.", link("/connect", "Connect something"));
  } else {
    showQuiet("empty", "All clear.", document.createTextNode("Nothing needs you right now."));
  }
  later(LOOK_AGAIN_MS);
}

function later(ms) {
  clearTimeout(timer);
  timer = setTimeout(next, ms);
}

function showTrouble(error) {
  if (error.code === "unauthorized") {
    location.assign("/sign-in");
    return;
  }
  if (error.code === "other_person") {
    location.reload();
    return;
  }
  if (error instanceof Offline) deliverLater();
  const isOffline = error instanceof Offline && !navigator.onLine;
  const text = isOffline ? "You are offline." : "One moment.";
  const more = isOffline ? "The tip is here when you are back." : "oO does not answer; it keeps trying.";
  if (body.dataset.state !== (isOffline ? "offline" : "error")) {
    showQuiet(isOffline ? "offline" : "error", text, document.createTextNode(more));
  }
  const pause = RETRY_MS[Math.min(failures, RETRY_MS.length - 1)];
  failures += 1;
  later(Math.max(pause, (error.retryAfter ?? 0) * 1000));
}

async function next() {
  if (busy) return;
  busy = true;
  clearTimeout(timer);
  try {
    await deliver();
    const led = await ledTo();
    const answer = led ? { tip: led } : await recommend();
    failures = 0;
    if (answer.tip) showTip(answer.tip);
    else showNothing(answer.reason);
  } catch (error) {
    showTrouble(error);
  } finally {
    busy = false;
  }
}

// a notification leads to its own tip, once; when that is over, to the next one
async function ledTo() {
  const tipId = new URLSearchParams(location.search).get("tip");
  if (!tipId) return null;
  const found = await decided(tipId);
  history.replaceState(null, "", "/");
  return found;
}

async function react(action) {
  const reacted = current;
  current = null;
  busy = true; // nothing else fetches a tip while this one leaves
  gestures.inert = true;
  const kept = remember(reacted.id, action, dwell.read());
  tip.dataset.gone = action;
  tip.classList.remove("comes");
  tip.classList.add("goes");
  await Promise.all([wait(PAUSE_MS), kept, keepLast(null)]);
  showQuiet("loading", "");
  busy = false;
  await next();
  if (action === "done") await ask(body.dataset.person);
}

listen(face, tip, [...gestures.querySelectorAll("button")], () => current !== null, react);
addEventListener("online", next);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && current === null) next();
});
reportTimezone(body.dataset.timezone);
next();
