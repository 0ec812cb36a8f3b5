// The calls of the page. A reaction is kept until oO has answered for it, and is sent again under
// the same key, so that it counts once whatever the network and the proxies on the way do.

import { Kept } from "/static/kept.js";

const TIMEOUT_MS = 15_000;
const LONGEST_PAUSE_S = 60;
// what no repetition changes, when oO itself says it; a proxy may say the same while oO starts
const FINAL = [400, 404, 409, 410, 413, 422];

const person = document.body.dataset.person;
const kept = new Kept(person);
// a page may outlive its session: what it does is done as the person that it was made for, or not
const HEADERS = { "Content-Type": "application/json", "X-Person": person };

/** The server cannot be reached. */
export class Offline extends Error {}

/** Something answered that is not oO: a proxy before it, or a network that wants a sign-in. */
export class Unanswered extends Error {
  constructor(retryAfter) {
    super("oO did not answer");
    this.retryAfter = retryAfter;
  }
}

/** oO answered with a problem; `code` says which. */
export class Refused extends Error {
  constructor(status, code, retryAfter) {
    super(`refused: ${code}`);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

async function post(path, body, headers = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { ...HEADERS, ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    throw new Offline("the server cannot be reached");
  }
  const retryAfter = Math.min(Number(answer.headers.get("Retry-After")) || 0, LONGEST_PAUSE_S);
  const type = (answer.headers.get("Content-Type") ?? "").split(";")[0];
  const content = await answer.json().catch(() => null);
  if (answer.ok && type === "application/json" && content) return content;
  if (!answer.ok && type === "application/problem+json" && content?.code) {
    throw new Refused(answer.status, content.code, retryAfter);
  }
  throw new Unanswered(retryAfter);
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Ask for a tip: `{tip}`, or `{tip: null, reason}`. */
export async function recommend() {
  const answer = await post("/recommend", {});
  if (!("tip" in answer)) throw new Unanswered(0);
  return answer;
}

/** Say that a tip was on a visible page; when that is lost, it merely never counts as missed. */
export async function seen(tipId) {
  const headers = { "X-Person": person };
  await fetch(`/api/tips/${tipId}/seen`, { method: "POST", headers, keepalive: true }).catch(() => {});
}

/** Keep a reaction until `deliver` has brought it to the server. */
export function remember(tipId, action, dwellMs) {
  kept.add(newKey(), { tip_id: tipId, action, dwell_ms: dwellMs });
}

/** Bring all reactions that are kept, the oldest first. */
export async function deliver() {
  for (const entry of kept.all()) await deliverOne(entry);
}

async function deliverOne({ key, body }) {
  try {
    const answer = await post("/feedback", body, { "Idempotency-Key": key });
    if (answer.tip_id !== body.tip_id) throw new Unanswered(0);
  } catch (error) {
    if (!(error instanceof Refused && FINAL.includes(error.status))) throw error;
  }
  kept.drop(key);
}

/** Tell the server the time zone of this browser when it knows another one. */
export async function reportTimezone(known) {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!timezone || timezone === known) return;
  const body = JSON.stringify({ timezone });
  await fetch("/api/me/timezone", { method: "PUT", headers: HEADERS, body }).catch(() => {});
}
