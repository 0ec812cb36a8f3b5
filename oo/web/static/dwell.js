// How long something was visible, in milliseconds: the time on a hidden page does not count.

export class Dwell {
  #visible = 0;
  #since = null;

  constructor(page = document, clock = () => performance.now()) {
    this.page = page;
    this.clock = clock;
    page.addEventListener("visibilitychange", () => this.#follow());
  }

  /** Begin to count anew. */
  start() {
    this.#visible = 0;
    this.#since = null;
    this.#follow();
  }

  /** Milliseconds visible since `start`. */
  read() {
    const running = this.#since === null ? 0 : this.clock() - this.#since;
    return Math.round(this.#visible + running);
  }

  #follow() {
    if (this.#since !== null) {
      this.#visible += this.clock() - this.#since;
    }
    this.#since = this.page.visibilityState === "visible" ? this.clock() : null;
  }
}
