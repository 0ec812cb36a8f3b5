// What the tip page asks once, in one line and never at the first visit: whether a tip may find its
// person, and whether oO is to be kept at hand.

import "/static/outbox.js";
import { canNotify, deviceHere, notifyHere } from "/static/push.js";

const { note, write } = self.outbox;
const line = document.getElementById("ask");
const isInstalled = () => matchMedia("(display-mode: standalone)").matches || navigator.standalone === true;
const isApple = /iPhone|iPad|iPod/.test(navigator.userAgent) ||
  (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);

let installing = null;
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // asked once and calmly, by a line of ours
  installing = event;
});

/** After a *done*: the next question that was never asked here, if there is one. */
export async function ask(person) {
  if (!line.hidden) return;
  for (const question of [notifications, install, homeScreen]) {
    const name = `asked.${question.name}.${person}`;
    if ((await note(name)) || !(await question.applies(person))) continue;
    await write(name, Date.now());
    put(question, person);
    return;
  }
}

const notifications = {
  name: "notifications",
  words: "Shall a tip find you when it is worth it?",
  yes: "Notify me",
  applies: async (person) =>
    canNotify() && Notification.permission !== "denied" && !(await deviceHere(person)),
  act: async (person) => ((await notifyHere(person)) ? "A tip will find you." : "As you like."),
};

const install = {
  name: "install",
  words: "Keep oO at hand, as an app of its own.",
  yes: "Install",
  applies: async () => installing !== null && !isInstalled(),
  act: async () => {
    await installing.prompt();
    return "";
  },
};

const homeScreen = {
  name: "home-screen",
  words: "To keep oO at hand: Share, then Add to Home Screen. Tips can only find you from there.",
  yes: null,
  applies: async () => isApple && !isInstalled(),
  act: null,
};

function put(question, person) {
  const words = document.createElement("span");
  words.textContent = question.words;
  const buttons = [button(question.yes ? "Not now" : "Good", close)];
  if (question.yes) buttons.unshift(button(question.yes, () => answer(question, person, words)));
  line.replaceChildren(words, ...buttons);
  line.hidden = false;
}

async function answer(question, person, words) {
  for (const one of line.querySelectorAll("button")) one.remove();
  try {
    words.textContent = await question.act(person);
  } catch {
    words.textContent = "That did not work. It is behind the gear, too.";
  }
  setTimeout(close, words.textContent ? 4_000 : 0);
}

function button(text, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", act);
  return element;
}

function close() {
  line.hidden = true;
  line.replaceChildren();
}
