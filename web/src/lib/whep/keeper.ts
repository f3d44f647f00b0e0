/** Decides when a picture's session is opened anew. Pure: time comes in, what to do comes out. */

import { backoffMs } from "../backoff";

const CONNECT_TIMEOUT_MS = 4_000;
const STALL_MS = 1_200; // without a packet: the session is gone
const BLIND_MS = 4_000; // packets but no picture: a keyframe is under way, or never will be
const OPENING_MS = 3_000; // from the answer to the first packet, on a slow or busy machine
const STALL_FRAMES = 4; // a slow source may take this many of its frame times
const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;

export type Phase = "idle" | "connecting" | "open" | "waiting";
export type Action = "connect" | "drop" | null;

export class Keeper {
  phase: Phase = "idle";
  /** Media came through the session that is open now, and lately. */
  flowing = false;
  /** Any media came since the picture was wanted: then silence means "again", not "for the first time". */
  everFlowed = false;

  #wanted = false;
  #live = false;
  #frameMs = 0;
  #since = 0;
  #packets = 0;
  #frames = 0;
  #packetsAt = 0;
  #framesAt = 0;
  #attempt = 0;
  #retryAt = 0;

  want(wanted: boolean, now: number): Action {
    if (wanted === this.#wanted) return null;
    this.#wanted = wanted;
    if (wanted) return this.#connect(now);
    this.phase = "idle";
    this.flowing = this.everFlowed = false;
    this.#attempt = 0;
    return "drop";
  }

  /** What the server says of the source: only a live one owes us frames. */
  source(live: boolean, fps: number, now: number): void {
    if (live && !this.#live) this.#packetsAt = this.#framesAt = now;
    this.#live = live;
    this.#frameMs = fps > 0 ? 1000 / fps : 0;
  }

  opened(now: number): void {
    if (this.phase !== "connecting") return;
    this.phase = "open";
    this.#packets = this.#frames = 0;
    this.#packetsAt = this.#framesAt = now;
  }

  /** The offer was refused or got lost, or the connection broke. */
  failed(now: number, retryAfterMs: number | null = null): Action {
    if (!this.#wanted) return null;
    if (this.flowing) return this.again(now);
    // A short "come back later" is for players that know nothing more; a long one is meant.
    const asked = retryAfterMs !== null && retryAfterMs > LONGEST_RETRY_MS ? retryAfterMs : 0;
    return this.#waitFor(asked || backoffMs(this.#attempt, FIRST_RETRY_MS, LONGEST_RETRY_MS), now);
  }

  /** Something says that the session is gone for sure: do not wait to find out. */
  again(now: number): Action {
    if (!this.#wanted) return null;
    this.#attempt = 0;
    return this.#connect(now);
  }

  /** Packets received and frames shown so far in this session; where there is no video, packets are all there is. */
  received(packets: number, frames: number, now: number): void {
    if (this.phase !== "open") return;
    if (packets > this.#packets) this.#packetsAt = now;
    if (frames > this.#frames) {
      this.#framesAt = now;
      this.#attempt = 0;
      this.flowing = this.everFlowed = true;
    }
    [this.#packets, this.#frames] = [packets, frames];
  }

  tick(now: number): Action {
    if (!this.#wanted) return null;
    if (this.phase === "waiting") return now >= this.#retryAt ? this.#connect(now) : null;
    if (this.phase === "connecting") return now - this.#since > CONNECT_TIMEOUT_MS ? this.failed(now) : null;
    return this.#watch(now);
  }

  #watch(now: number): Action {
    const patience = Math.max(STALL_MS, STALL_FRAMES * this.#frameMs);
    const [silent, blind] = [now - this.#packetsAt, now - this.#framesAt];
    const flowed = this.#frames > 0;
    if (blind > patience) this.flowing = false;
    if (!this.#live) return null; // the source is to blame, and says so: the session may stay
    if (silent <= (flowed ? patience : Math.max(OPENING_MS, patience)) && blind <= BLIND_MS + patience)
      return null;
    return flowed && silent > patience ? this.again(now) : this.failed(now);
  }

  #connect(now: number): Action {
    this.phase = "connecting";
    this.flowing = false;
    this.#since = now;
    return "connect";
  }

  #waitFor(ms: number, now: number): Action {
    this.phase = "waiting";
    this.flowing = false;
    this.#attempt += 1;
    this.#retryAt = now + ms;
    return "drop";
  }
}
