/** One live picture that keeps itself alive: the session, its keeper and its figures. */

import { Keeper, type Action } from "./keeper";
import { iceServers, WhepRefusal, WhepSession } from "./session";
import { figuresFrom, type Figures } from "./stats";

const TICK_MS = 250;
const SHOWN_EVERY_MS = 900;

/**
 * idle: not wanted · connecting: not seen yet · playing: it is live · waiting: connected, but nothing to show comes ·
 * reconnecting: the session was lost and another one is under way
 */
export type Look = "idle" | "connecting" | "playing" | "waiting" | "reconnecting";

const pictures = new Set<Picture>();
let ticker: ReturnType<typeof setInterval> | undefined;

/** End all sessions while one may: before the log-in goes. A page that stays opens them again by itself. */
export async function hangUpAll(): Promise<void> {
  await Promise.all([...pictures].map((picture) => picture.hangUp()));
}

export class Picture {
  look = $state<Look>("idle");
  stream = $state.raw<MediaStream | null>(null);
  figures = $state.raw<Figures | null>(null);
  /** Why the last attempt was refused, in the server's words. */
  refusal = $state.raw<{ status: number; message: string; hint: string } | null>(null);

  readonly path: string;
  #keeper = new Keeper();
  #session: WhepSession | null = null;
  #asking = false;
  #hasVideo = true;

  /** Sound alone is asked for where there are never pictures. */
  constructor(
    path: string,
    readonly asksForVideo = true,
  ) {
    this.path = path;
    pictures.add(this);
    ticker ??= setInterval(() => pictures.forEach((picture) => void picture.#tick()), TICK_MS);
  }

  want(wanted: boolean): void {
    this.#do(this.#keeper.want(wanted, performance.now()));
  }

  /** What the server says of it: is it live, does it have video, and how many frames a second. */
  source(live: boolean, hasVideo: boolean, fps?: number | null): void {
    this.#hasVideo = hasVideo;
    this.#keeper.source(live, fps ?? 0, performance.now());
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
    void this.#drop();
  }

  /** Ends when the server knows; the keeper misses the packets soon. */
  hangUp(): Promise<void> {
    return this.#drop();
  }

  #do(action: Action): void {
    if (action !== null) void this.#drop();
    if (action === "connect") void this.#connect();
    this.#show();
  }

  async #drop(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    await session?.close();
  }

  async #connect(): Promise<void> {
    const servers = await iceServers(this.path);
    if (this.#keeper.phase !== "connecting" || this.#session !== null) return;
    const session = new WhepSession(this.path, servers, this.asksForVideo);
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
    if (refused) this.refusal = { status: refused.status, message: refused.message, hint: refused.hint };
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
    const figures = figuresFrom(report, before);
    this.#keeper.received(
      figures.packets,
      this.#hasVideo ? figures.frames : figures.audioPackets,
      performance.now(),
    );
    // What is shown changes once a second: figures that flicker cannot be read.
    if (before === null || figures.at - before.at > SHOWN_EVERY_MS) this.figures = figures;
  }

  #show(): void {
    const { phase, flowing, everFlowed } = this.#keeper;
    if (phase === "idle") this.look = "idle";
    else if (flowing && phase === "open") this.look = "playing";
    else if (!everFlowed) this.look = "connecting";
    else this.look = phase === "open" ? "waiting" : "reconnecting";
  }
}
