// Passkeys: used on the sign-in pages, where the browser also offers them in the field by itself,
// and made on the page of passkeys.

const RENEW_MS = 4 * 60 * 1000; // before the challenge runs out
const SAID = {
  sign_in_again: "Sign in again to go on.",
  passkey_refused: "That passkey was not accepted.",
  too_many_requests: "That was a lot at once. Try again in a minute.",
};
const FAILED = "That did not work. Try again.";

const form = document.querySelector("[data-passkey]");
const status = form.querySelector("[role=status]");
let waiting; // what the browser offers in the field, until it is aborted

class Refused extends Error {}

async function post(path, body = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const problem = await answer.json().catch(() => ({}));
  if (problem.code === "sign_in_again") {
    location.assign(`/sign-in/again?next=${location.pathname}`);
  }
  throw new Refused(SAID[problem.code] ?? FAILED);
}

async function use(mediation) {
  waiting?.abort();
  const own = new AbortController();
  waiting = own;
  const options = await post("/auth/passkey/options");
  const credential = await navigator.credentials.get({
    publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options),
    mediation,
    signal: own.signal,
  });
  await post("/auth/passkey", { credential: credential.toJSON() });
  location.assign(form.dataset.next);
}

async function add() {
  const options = await post("/passkeys/options");
  const credential = await navigator.credentials.create({
    publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options),
  });
  await post("/passkeys/add", { credential: credential.toJSON(), name: form.elements.name.value });
  location.assign(form.dataset.next);
}

/** Does it and says what went wrong; whether somebody decided otherwise is no news to them. */
async function attempt(work) {
  status.textContent = "";
  try {
    await work();
  } catch (error) {
    if (error.name === "InvalidStateError") status.textContent = "This device has one already.";
    else if (error instanceof Refused) status.textContent = error.message;
    else if (!["AbortError", "NotAllowedError"].includes(error.name)) status.textContent = FAILED;
  }
}

async function offer() {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const again = () => attempt(() => use("conditional"));
  setInterval(again, RENEW_MS);
  again();
}

const isHere = location.origin === form.dataset.origin;
if (isHere && window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  const uses = form.dataset.passkey === "use";
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(uses ? () => use("optional") : add);
  });
  if (uses) offer();
} else {
  const words = document.querySelector("[data-no-passkeys]");
  if (words) words.hidden = false;
}
