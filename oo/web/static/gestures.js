// Three gestures, by button, key or swipe: dismiss (left), done (up), snooze (right).

const KEYS = {
  d: "done",
  Enter: "done",
  ArrowUp: "done",
  s: "snooze",
  ArrowRight: "snooze",
  x: "dismiss",
  Escape: "dismiss",
  ArrowLeft: "dismiss",
};
const FAR = 84; // pixels after which a swipe counts
const DAMPING = 0.55;

/** Call `react(action)` for each gesture while `isOpen()`. */
export function listen(face, tip, buttons, isOpen, react) {
  for (const button of buttons) {
    button.addEventListener("click", () => isOpen() && react(button.dataset.action));
  }
  addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !isOpen()) return;
    // a focused button or link acts on Enter by itself
    if (event.key === "Enter" && event.target.closest("a, button")) return;
    const action = KEYS[event.key] ?? KEYS[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    react(action);
  });
  swipes(face, tip, buttons, isOpen, react);
}

function directionOf(dx, dy) {
  if (Math.abs(dx) >= Math.abs(dy)) return dx < 0 ? "dismiss" : "snooze";
  return dy < 0 ? "done" : null;
}

function swipes(face, tip, buttons, isOpen, react) {
  let start = null;

  function show(dx, dy) {
    const action = Math.hypot(dx, dy) >= FAR ? directionOf(dx, dy) : null;
    for (const button of buttons) {
      button.classList.toggle("armed", button.dataset.action === action);
    }
    tip.style.setProperty("--dx", `${dx * DAMPING}px`);
    tip.style.setProperty("--dy", `${Math.min(dy, 0) * DAMPING}px`);
    tip.style.setProperty("--fade", String(1 - Math.min(Math.hypot(dx, dy) / 480, 0.6)));
    return action;
  }

  face.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0 || !isOpen()) return;
    start = { id: event.pointerId, x: event.clientX, y: event.clientY };
    face.setPointerCapture(event.pointerId);
  });
  face.addEventListener("pointermove", (event) => {
    if (start?.id === event.pointerId) show(event.clientX - start.x, event.clientY - start.y);
  });
  face.addEventListener("pointerup", (event) => {
    if (start?.id !== event.pointerId) return;
    const action = show(event.clientX - start.x, event.clientY - start.y);
    start = null;
    for (const button of buttons) button.classList.remove("armed");
    if (action && isOpen()) react(action);
    else show(0, 0);
  });
  face.addEventListener("pointercancel", () => {
    start = null;
    show(0, 0);
  });
}
