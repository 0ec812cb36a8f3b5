// On every page: the worker is registered, and this browser's part in notifications kept in step.

import { reconcile } from "/static/push.js";

const person = document.body.dataset.person;

async function start() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" });
  if (person) {
    await navigator.clearAppBadge?.();
    await reconcile(person);
  }
}

start().catch(() => {}); // without a worker everything else works
