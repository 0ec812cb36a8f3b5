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

/** Settled once this browser and oO know the same of each other, or cannot now. */
export const inStep = start().catch(() => {}); // without a worker everything else works
