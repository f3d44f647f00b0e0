/** One live picture that keeps itself alive: the session, its keeper and its figures. */

import { Keeper, type Action } from "./keeper";
import { iceServers, WhepRefusal, WhepSession } from "./session";
import { figuresFrom, type Figures } from "./stats";

const TICK_MS = 250;

/** connecting: never seen yet · playing: frames come · reconnecting: they came and ceased · idle: not wanted */
export type Look = "idle" | "connecting" | "playing" | "reconnecting";

const pictures = new Set<Picture>();
let ticker: ReturnType<typeof setInterval> | undefined;

export class Picture {
  look = $state<Look>("idle");
  stream = $state.raw<MediaStream | null>(null);
  figures = $state.raw<Figures | null>(null);
  /** Why the last attempt was refused, in the server's words. */
  refusal = $state.raw<{ message: string; hint: string } | null>(null);

  readonly path: string;
  #keeper = new Keeper();
  #session: WhepSession | null = null;
  #asking = false;

  constructor(path: string) {
    this.path = path;
    pictures.add(this);
    ticker ??= setInterval(() => pictures.forEach((picture) => void picture.#tick()), TICK_MS);
  }

  want(wanted: boolean): void {
    this.#do(this.#keeper.want(wanted, performance.now()));
  }

  source(live: boolean, fps: number | undefined): void {
    this.#keeper.source(live, fps, performance.now());
  }

  /** The process at the other end is a new one. */
  again(): void {
    this.#do(this.#keeper.again(performance.now()));
  }

  close(): void {
    pictures.delete(this);
    if (pictures.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
    }
    this.want(false);
    this.#drop();
  }

  #do(action: Action): void {
    if (action !== null) this.#drop();
    if (action === "connect") void this.#connect();
    this.#show();
  }

  #drop(): void {
    this.#session?.close();
    this.#session = null;
  }

  async #connect(): Promise<void> {
    const servers = await iceServers(this.path).catch(() => []);
    if (this.#keeper.phase !== "connecting" || this.#session !== null) return;
    const session = new WhepSession(this.path, servers);
    this.#session = session;
    session.peer.onconnectionstatechange = () => {
      if (session.peer.connectionState === "failed") this.#failed(session, null);
    };
    try {
      await session.open();
    } catch (error) {
      this.#failed(session, error);
      return;
    }
    if (session !== this.#session) return;
    this.#keeper.opened(performance.now());
    this.refusal = null;
    this.figures = null;
    this.stream = session.stream;
  }

  #failed(session: WhepSession, error: unknown): void {
    if (session !== this.#session) return; // a newer attempt is under way
    const refused = error instanceof WhepRefusal ? error : null;
    if (refused) this.refusal = { message: refused.message, hint: refused.hint };
    this.#do(this.#keeper.failed(performance.now(), refused?.retryAfterMs ?? null));
  }

  async #tick(): Promise<void> {
    if (!this.#asking && this.#keeper.phase === "open" && this.#session !== null) {
      this.#asking = true;
      await this.#count(this.#session).finally(() => (this.#asking = false));
    }
    this.#do(this.#keeper.tick(performance.now()));
  }

  async #count(session: WhepSession): Promise<void> {
    const report = await session.peer.getStats();
    if (session !== this.#session) return;
    const before = this.figures;
    if (before !== null && performance.now() - before.at < 900 && this.look === "playing") {
      const quick = figuresFrom(report, null);
      this.#keeper.received(quick.frames || quick.audioPackets, performance.now());
      return; // what is shown changes once a second: figures that flicker cannot be read
    }
    this.figures = figuresFrom(report, before);
    this.#keeper.received(this.figures.frames || this.figures.audioPackets, performance.now());
  }

  #show(): void {
    const { phase, flowing, everFlowed } = this.#keeper;
    if (phase === "idle") this.look = "idle";
    else if (flowing && phase === "open") this.look = "playing";
    else this.look = everFlowed ? "reconnecting" : "connecting";
  }
}
