// The two calls of the page. A reaction is kept until the server has answered for it, and is sent
// again under the same key, so that it counts once whatever the network does.

const PENDING = "oo.pending."; // one entry per key: tabs share the storage
const TIMEOUT_MS = 15_000;

export class Offline extends Error {}

export class Refused extends Error {
  constructor(status, retryAfter) {
    super(`refused with ${status}`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

async function post(path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Offline("the server cannot be reached");
  }
  if (!answer.ok) {
    throw new Refused(answer.status, Number(answer.headers.get("Retry-After")) || 0);
  }
  return answer.json();
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Ask for a tip: `{tip}`, or `{tip: null, reason}`. */
export function recommend() {
  return post("/recommend", {});
}

/** Say that a tip was on a visible page; when that is lost, it merely never counts as missed. */
export async function seen(tipId) {
  await fetch(`/api/tips/${tipId}/seen`, { method: "POST", keepalive: true }).catch(() => {});
}

/** Keep a reaction until `deliver` has brought it to the server. */
export function remember(tipId, action, dwellMs) {
  const body = { tip_id: tipId, action, dwell_ms: dwellMs };
  const key = newKey();
  localStorage.setItem(PENDING + key, JSON.stringify({ key, body, at: Date.now() }));
}

function allKept() {
  return Object.keys(localStorage)
    .filter((name) => name.startsWith(PENDING))
    .map((name) => JSON.parse(localStorage.getItem(name)))
    .sort((a, b) => a.at - b.at);
}

/** Bring all reactions that are kept, the oldest first. */
export async function deliver() {
  for (const kept of allKept()) await deliverOne(kept);
}

// one that the server rejects for good is dropped
async function deliverOne(kept) {
  try {
    await post("/feedback", kept.body, { "Idempotency-Key": kept.key });
  } catch (error) {
    const isFinal = error instanceof Refused && error.status < 500 && ![401, 403, 408, 429].includes(error.status);
    if (!isFinal) throw error;
  }
  localStorage.removeItem(PENDING + kept.key);
}

/** Tell the server the time zone of this browser when it knows another one. */
export async function reportTimezone(known) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!timezone || timezone === known) return;
  const body = JSON.stringify({ timezone });
  const headers = { "Content-Type": "application/json" };
  await fetch("/api/me/timezone", { method: "PUT", headers, body }).catch(() => {});
}
