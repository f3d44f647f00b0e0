/** The control room as the server tells it, over one WebSocket that comes back by itself. */

import { get, Problem } from "../api/client";
import type { Me, Path, Source } from "../api/types";
import { backoffMs } from "../backoff";
import { clock } from "../clock.svelte";
import { Calls, type Reply } from "./calls";
import { EMPTY_ROOM, roomAfter, type Event, type Room, type StatsData } from "./feed";

const SILENCE_MS = 8_000; // statistics come every second: silence means the connection is dead
const FIRST_RETRY_MS = 200;
const LONGEST_RETRY_MS = 2_000;
const CONNECT_TIMEOUT_MS = 4_000;
const LOG_IN_AGAIN = 4401;

export type Connection = "connecting" | "open" | "lost";

class LiveStore {
  room = $state.raw<Room>(EMPTY_ROOM);
  connection = $state<Connection>("connecting");
  me = $state.raw<Me | null>(null);
  /** Counts the new processes of the edge, once they serve: each means that all pictures must be fetched anew. */
  edgeGeneration = $state(0);

  #socket: WebSocket | null = null;
  #attempt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #edgePid: number | null = null;
  #running = false;
  #checking = false;
  #wanted: string[] = [];
  #calls = new Calls();

  readonly ready = $derived(this.room.seq > 0);
  readonly stateKnown = $derived(this.room.engine.answers);
  readonly online = $derived(this.connection === "open");
  readonly canOperate = $derived(this.online && this.me !== null && this.me.role !== "viewer");
  readonly isAdmin = $derived(this.online && this.me?.role === "admin");
  readonly #pathsByName = $derived(new Map(this.room.paths.map((path) => [path.name, path])));

  /** Ask for events that come only to those who want them; again after each new connection. */
  want(names: string[]): void {
    this.#wanted = names;
    this.#tellWanted();
  }

  #tellWanted(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ want: this.#wanted }));
    }
  }

  /** Do it, and come back when it is done: when the mixer has it, where it is one's work. */
  command(name: string, production: string, args: object): Promise<unknown> {
    const socket = this.online ? this.#socket : null;
    return this.#calls.begin({ command: name, production, args }, socket && ((text) => socket.send(text)));
  }

  path(name: string): Path | undefined {
    return this.#pathsByName.get(name);
  }

  source(id: string): Source | undefined {
    return this.room.sources.find((source) => source.id === id);
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  stop(): void {
    this.#running = false;
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    clearTimeout(this.#retry);
    this.#attempt = 0;
    this.#drop();
    this.room = EMPTY_ROOM;
    this.connection = "connecting";
  }

  /** The network is back, or somebody looks again: no reason to sit out the wait. */
  #hurry = (): void => {
    if (document.hidden || this.#socket !== null) return;
    clearTimeout(this.#retry);
    this.#connect();
  };

  #connect(): void {
    this.#drop();
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/v1/events`);
    this.#socket = socket;
    this.#watch(CONNECT_TIMEOUT_MS);
    socket.onmessage = (message) => this.#receive(message.data);
    socket.onopen = () => {
      if (this.#wanted.length > 0) this.#tellWanted();
    };
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      if (code === LOG_IN_AGAIN) void this.#checkLogin();
      this.#lost();
    };
  }

  #receive(data: unknown): void {
    const event = JSON.parse(String(data)) as Event;
    const room = roomAfter(this.room, event);
    if (room === null) return this.#lost();
    if ("reply" in event) this.#calls.ended(event as Reply);
    this.#watch(SILENCE_MS);
    this.#attempt = 0;
    if (event.type === "stats") this.#noticeTime(event.data as StatsData);
    this.room = room;
    this.connection = "open";
    this.#noticeEdge(room);
  }

  #noticeTime({ now }: StatsData): void {
    if (now !== undefined) clock.heard(now * 1000);
  }

  #noticeEdge(room: Room): void {
    const edge = room.workers.find((worker) => worker.kind === "edge" && worker.state === "live");
    const pid = edge?.pid ?? null;
    if (pid === null || pid === this.#edgePid) return;
    if (this.#edgePid !== null) this.edgeGeneration += 1;
    this.#edgePid = pid;
  }

  #lost(): void {
    this.#drop();
    if (!this.#running) return;
    this.connection = "lost";
    if (this.#attempt > 0) void this.#checkLogin(); // whoever logs out meanwhile is told when the server is back
    const wait = backoffMs(this.#attempt, FIRST_RETRY_MS, LONGEST_RETRY_MS, Math.random());
    this.#attempt += 1;
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  /** A closed socket does not say why; if it was the log-in that ended, asking does. */
  async #checkLogin(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      await get<Me>("/session");
    } catch (error) {
      if (error instanceof Problem && error.status === 401) this.onLoggedOut();
    } finally {
      this.#checking = false;
    }
  }

  onLoggedOut: () => void = () => undefined;

  #watch(timeoutMs: number): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#lost(), timeoutMs);
  }

  #drop(): void {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    this.#calls.lost();
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

export const live = new LiveStore();
