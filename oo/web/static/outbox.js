// What this browser keeps of oO, for pages and worker alike: reactions that oO has not answered for
// yet, by person, and a few notes. It lives in IndexedDB; where the browser stores nothing (turned
// off, full), in memory. A classic script, as not every browser runs a worker of modules.

"use strict";

self.outbox = (() => {
  const TIMEOUT_MS = 15_000;
  const LONGEST_PAUSE_S = 60;
  // what no repetition changes, when oO itself says it; a proxy may say the same while oO starts
  const FINAL = [400, 404, 409, 410, 413, 422];
  const SYNC = "oo.deliver";
  const memory = { reactions: new Map(), notes: new Map() };
  let opening = null;

  /** The server cannot be reached. */
  class Offline extends Error {}

  /** Something answered that is not oO: a proxy before it, or a network that wants a sign-in. */
  class Unanswered extends Error {
    constructor(retryAfter) {
      super("oO did not answer");
      this.retryAfter = retryAfter;
    }
  }

  /** oO answered with a problem; `code` says which. */
  class Refused extends Error {
    constructor(status, code, retryAfter) {
      super(`refused: ${code}`);
      this.status = status;
      this.code = code;
      this.retryAfter = retryAfter;
    }
  }

  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = request.onblocked = () => reject(request.error);
    });

  function open() {
    const request = indexedDB.open("oo", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("reactions", { keyPath: "key" });
      request.result.createObjectStore("notes");
    };
    return settled(request).then((database) => {
      // a newer page or worker is never held up by this one
      database.onversionchange = () => database.close();
      database.onclose = () => (opening = null);
      return database;
    });
  }

  // what `use` asks of the store; null where the browser stores nothing
  async function stored(name, mode, use) {
    try {
      opening ??= open();
      const transaction = (await opening).transaction(name, mode);
      const done = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
      const [result] = await Promise.all([settled(use(transaction.objectStore(name))), done]);
      return { result };
    } catch {
      opening = null;
      return null;
    }
  }

  /** Keep `body` of the person under `key`; the first under a key stays. */
  async function add(person, key, body) {
    const entry = { key, person, body, at: Date.now() };
    const kept = await stored("reactions", "readwrite", (store) => store.add(entry));
    if (kept === null && !(await all(person)).some((it) => it.key === key)) {
      memory.reactions.set(key, entry);
    }
  }

  /** All that is kept of the person, or of everybody, the oldest first. */
  async function all(person = null) {
    const kept = await stored("reactions", "readonly", (store) => store.getAll());
    return [...(kept?.result ?? []), ...memory.reactions.values()]
      .filter((it) => person === null || it.person === person)
      .sort((a, b) => a.at - b.at);
  }

  /** Forget what was kept under `key`. */
  async function drop(key) {
    memory.reactions.delete(key);
    await stored("reactions", "readwrite", (store) => store.delete(key));
  }

  /** The note of that name, or undefined. */
  async function note(name) {
    const kept = await stored("notes", "readonly", (store) => store.get(name));
    return kept?.result ?? memory.notes.get(name);
  }

  /** Write a note; undefined removes it. */
  async function write(name, value) {
    const change = (store) => (value === undefined ? store.delete(name) : store.put(value, name));
    const kept = await stored("notes", "readwrite", change);
    if (value === undefined) memory.notes.delete(name);
    else if (kept === null) memory.notes.set(name, value);
  }

  /** The answer to a call of the API as that person. */
  async function post(path, body, person, headers = {}, method = "POST") {
    let answer;
    try {
      answer = await fetch(path, {
        method,
        headers: { "Content-Type": "application/json", "X-Person": person, ...headers },
        body: body === null ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new Offline("the server cannot be reached");
    }
    const retryAfter = Math.min(Number(answer.headers.get("Retry-After")) || 0, LONGEST_PAUSE_S);
    if (answer.status === 204) return null;
    const type = (answer.headers.get("Content-Type") ?? "").split(";")[0];
    const content = await answer.json().catch(() => null);
    if (answer.ok && type === "application/json" && content) return content;
    if (!answer.ok && type === "application/problem+json" && content?.code) {
      throw new Refused(answer.status, content.code, retryAfter);
    }
    throw new Unanswered(retryAfter);
  }

  /** Bring the person's reactions, the oldest first; throws what keeps one from being answered. */
  async function deliver(person) {
    for (const { key, body } of await all(person)) {
      try {
        const answer = await post("/feedback", body, person, { "Idempotency-Key": key });
        if (answer?.tip_id !== body.tip_id) throw new Unanswered(0);
      } catch (error) {
        if (!(error instanceof Refused && FINAL.includes(error.status))) throw error;
      }
      await drop(key);
    }
  }

  /** Drop all reactions, as nobody is signed in here; the next sign-in page has a word about it. */
  async function abandon() {
    const left = await all();
    for (const { key } of left) await drop(key);
    await write("last", undefined);
    if (left.length) await write("dropped", ((await note("dropped")) ?? 0) + left.length);
  }

  return { Offline, Unanswered, Refused, SYNC, add, all, drop, note, write, post, deliver, abandon };
})();
