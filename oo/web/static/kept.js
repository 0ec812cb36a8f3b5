// One person's reactions that the server has not answered for yet. They outlive the page where the
// browser stores things; where it does not (turned off, full), they live as long as the page.

const PREFIX = "oo.pending."; // one entry per reaction: tabs share the storage

export class Kept {
  #prefix;
  #memory = new Map();

  /** What others left in this browser is neither read nor touched. */
  constructor(person) {
    this.#prefix = `${PREFIX}${person}.`;
  }

  /** Keep `body` under `key`. */
  add(key, body) {
    const name = this.#prefix + key;
    const text = JSON.stringify({ key, body, at: Date.now() });
    try {
      localStorage.setItem(name, text);
    } catch {
      this.#memory.set(name, text);
    }
  }

  /** All that is kept, the oldest first: `{key, body, at}`. */
  all() {
    const entries = new Map([...this.#stored(), ...this.#memory]);
    return [...entries.values()].flatMap(read).sort((a, b) => a.at - b.at);
  }

  /** Forget what was kept under `key`. */
  drop(key) {
    this.#memory.delete(this.#prefix + key);
    try {
      localStorage.removeItem(this.#prefix + key);
    } catch {
      // then it is not there either
    }
  }

  #stored() {
    try {
      return Object.entries(localStorage).filter(([name]) => name.startsWith(this.#prefix));
    } catch {
      return [];
    }
  }
}

// what something else wrote there is left alone
function read(text) {
  try {
    const entry = JSON.parse(text);
    return entry?.key && entry.body ? [entry] : [];
  } catch {
    return [];
  }
}
