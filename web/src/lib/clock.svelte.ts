/** One clock for all that counts seconds on the page: it goes by the server's, whose times are shown. */

import { correctedOffset } from "./offset";

class Clock {
  now = $state(Date.now());
  #offsetMs = 0;

  constructor() {
    setInterval(() => this.#tick(), 1000);
  }

  /** What time it is at the server, as it has just said. */
  heard(serverMs: number): void {
    const offsetMs = correctedOffset(this.#offsetMs, serverMs - Date.now());
    if (offsetMs === this.#offsetMs) return;
    this.#offsetMs = offsetMs;
    this.#tick();
  }

  #tick(): void {
    this.now = Date.now() + this.#offsetMs;
  }
}

export const clock = new Clock();
