// The calls of the page. A reaction is kept until oO has answered for it, and is sent again under
// the same key, so that it counts once whatever the network and the proxies on the way do.

import "/static/outbox.js";

const person = document.body.dataset.person;
const { add, post } = self.outbox;
export const { Offline, Refused, SYNC, Unanswered } = self.outbox;

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Ask for a tip: `{tip}`, or `{tip: null, reason}`. */
export async function recommend() {
  const answer = await post("/recommend", {}, person);
  if (!answer || !("tip" in answer)) throw new Unanswered(0);
  return answer;
}

/** The tip that a notification led to; null when it is over. */
export async function decided(tipId) {
  const answer = await fetch(`/api/tips/${tipId}`, { headers: { "X-Person": person } });
  return answer.ok ? answer.json() : null;
}

/** Say that a tip was on a visible page; when that is lost, it merely never counts as missed. */
export async function seen(tipId) {
  const headers = { "X-Person": person };
  await fetch(`/api/tips/${tipId}/seen`, { method: "POST", headers, keepalive: true }).catch(() => {});
}

/** Keep a reaction until `deliver` has brought it to the server. */
export async function remember(tipId, action, dwellMs, of = person) {
  await add(of, newKey(), { tip_id: tipId, action, dwell_ms: dwellMs });
}

/** Bring all reactions that are kept, the oldest first. */
export async function deliver() {
  await adopt();
  await self.outbox.deliver(person);
}

// what a page of before kept in another place
async function adopt() {
  const prefix = `oo.pending.${person}.`;
  try {
    for (const [name, text] of Object.entries(localStorage)) {
      if (!name.startsWith(prefix)) continue;
      const entry = JSON.parse(text);
      if (entry?.key && entry.body) await add(person, entry.key, entry.body);
      localStorage.removeItem(name);
    }
  } catch {
    // then there is nothing to take over
  }
}

/** Have the browser bring them when it is online again, page or no page. */
export async function deliverLater() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.sync?.register(SYNC).catch(() => {});
}

/** Tell the server the time zone of this browser when it knows another one. */
export async function reportTimezone(known) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!timezone || timezone === known) return;
  const headers = { "Content-Type": "application/json", "X-Person": person };
  const body = JSON.stringify({ timezone });
  await fetch("/api/me/timezone", { method: "PUT", headers, body }).catch(() => {});
}
