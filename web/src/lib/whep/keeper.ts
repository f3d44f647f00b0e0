/** Decides when a picture's session is opened anew. Pure: time comes in, what to do comes out. */

import { backoffMs } from "../backoff";

const CONNECT_TIMEOUT_MS = 4_000;
const STALL_MS = 1_200;
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
  #progress = -1;
  #progressAt = 0;
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
  source(live: boolean, fps: number | undefined, now: number): void {
    if (live && !this.#live) this.#progressAt = now;
    this.#live = live;
    this.#frameMs = fps ? 1000 / fps : 0;
  }

  opened(now: number): void {
    if (this.phase !== "connecting") return;
    this.phase = "open";
    this.#since = this.#progressAt = now;
    this.#progress = -1;
  }

  /** The offer was refused or got lost, or the connection broke. */
  failed(now: number, retryAfterMs: number | null = null): Action {
    if (!this.#wanted) return null;
    if (this.flowing) return this.again(now);
    return this.#waitFor(retryAfterMs ?? backoffMs(this.#attempt, FIRST_RETRY_MS, LONGEST_RETRY_MS), now);
  }

  /** Something says that the session is gone for sure: do not wait to find out. */
  again(now: number): Action {
    if (!this.#wanted) return null;
    this.#attempt = 0;
    return this.#connect(now);
  }

  /** Frames or packets counted so far in this session. */
  received(count: number, now: number): void {
    if (this.phase !== "open" || count === this.#progress) return;
    const first = this.#progress < 0;
    this.#progress = count;
    if (first && count === 0) return;
    this.#progressAt = now;
    this.#attempt = 0;
    this.flowing = this.everFlowed = true;
  }

  tick(now: number): Action {
    if (!this.#wanted) return null;
    if (this.phase === "waiting") return now >= this.#retryAt ? this.#connect(now) : null;
    if (this.phase === "connecting") return now - this.#since > CONNECT_TIMEOUT_MS ? this.failed(now) : null;
    if (now - this.#progressAt <= Math.max(STALL_MS, STALL_FRAMES * this.#frameMs)) return null;
    const flowed = this.flowing;
    this.flowing = false;
    if (!this.#live) return null; // the source is to blame, and says so: the session may stay
    return flowed ? this.again(now) : this.failed(now);
  }

  #connect(now: number): Action {
    this.phase = "connecting";
    this.flowing = false;
    this.#since = now;
    this.#progress = -1;
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
