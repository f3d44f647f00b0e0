/** The numbered events as state: a snapshot, then changes. Pure, so that it can be tested. */

import type { Desk, Levels, Production, ProductionState, Warning } from "../switcher/desk";
import type { Host, Path, Source, Viewer, WorkerStatus } from "../api/types";

export interface ServerInfo {
  version: string;
  build: string;
  started_at: number;
}

export interface Usage {
  cpu: number;
  rss: number;
}

/** Whether the engine answers the server: while it does not, states are the last ones known. */
export interface EngineState {
  answers: boolean;
}

export interface Room {
  seq: number;
  sources: Source[];
  paths: Path[];
  workers: WorkerStatus[];
  viewers: Viewer[];
  server: ServerInfo | null;
  host: Host | null;
  engine: EngineState;
  productions: Record<string, ProductionState>;
  /** Of each production, as they are at this moment; only for pages that want them. */
  levels: Record<string, Levels>;
}

export interface Event {
  seq: number;
  type: string;
  data: unknown;
}

export const EMPTY_ROOM: Room = {
  seq: 0,
  sources: [],
  paths: [],
  workers: [],
  viewers: [],
  server: null,
  host: null,
  engine: { answers: true },
  productions: {},
  levels: {},
};

/** The room after the event, or null when one was missed: then only a new snapshot helps. */
export function roomAfter(room: Room, event: Event): Room | null {
  if (event.type === "snapshot") {
    return { ...EMPTY_ROOM, host: room.host, ...(event.data as Partial<Room>), seq: event.seq };
  }
  if (room.seq === 0 || event.seq !== room.seq + 1) return null;
  return { ...room, ...changes(room, event), seq: event.seq };
}

function changes(room: Room, event: Event): Partial<Room> {
  switch (event.type) {
    case "source":
      return { sources: withItem(room.sources, event.data as Source) };
    case "source-deleted":
      return { sources: without(room.sources, (event.data as { id: string }).id) };
    case "worker":
      return { workers: withItem(room.workers, event.data as WorkerStatus) };
    case "worker-gone":
      return { workers: without(room.workers, (event.data as { id: string }).id) };
    case "engine":
      return { engine: event.data as EngineState };
    case "production":
      return { productions: withProduction(room, event.data as Production) };
    case "desk":
      return { productions: withDesk(room, event.data as Desk & { production: string }) };
    case "desk-lost":
      return { productions: withDesk(room, { ...(event.data as { production: string }), lost: true }) };
    case "warning":
      return { productions: withWarning(room, event.data as Warning & { production: string; on: boolean }) };
    case "levels":
      return { levels: withLevels(room, event.data as Levels & { production: string }) };
    case "stats":
      return withStats(room, event.data as StatsData);
    default:
      return {}; // a newer server may know events this page does not
  }
}

function withProduction(room: Room, production: Production): Room["productions"] {
  const known = room.productions[production.id] ?? { desk: null, warnings: [] };
  return { ...room.productions, [production.id]: { ...known, production } };
}

type DeskNews = (Desk & { production: string }) | { production: string; lost: true };

function withDesk(room: Room, news: DeskNews): Room["productions"] {
  const known = room.productions[news.production];
  if (known === undefined) return room.productions;
  const after = "lost" in news ? { ...known, desk: null, warnings: [] } : { ...known, desk: news };
  return { ...room.productions, [news.production]: after };
}

function withWarning(room: Room, news: Warning & { production: string; on: boolean }): Room["productions"] {
  const known = room.productions[news.production];
  if (known === undefined) return room.productions;
  const others = known.warnings.filter(({ source, kind }) => source !== news.source || kind !== news.kind);
  const warnings = news.on ? [...others, news] : others;
  return { ...room.productions, [news.production]: { ...known, warnings } };
}

function withLevels(room: Room, { production, ...levels }: Levels & { production: string }): Room["levels"] {
  return { ...room.levels, [production]: { ...room.levels[production], ...(levels as Levels) } };
}

export interface StatsData {
  /** The server's clock, in Unix seconds. */
  now?: number;
  paths?: Path[];
  viewers?: Viewer[];
  usage?: Record<string, Usage>;
  system?: Host | null;
}

function withStats(room: Room, stats: StatsData): Partial<Room> {
  const usage = stats.usage ?? {};
  return {
    paths: stats.paths ?? room.paths,
    viewers: stats.viewers ?? room.viewers,
    host: stats.system ?? room.host,
    workers: room.workers.map((worker) => ({ ...worker, ...usage[worker.id] })),
  };
}

function withItem<T extends { id: string }>(items: T[], item: T): T[] {
  return items.some((old) => old.id === item.id)
    ? items.map((old) => (old.id === item.id ? item : old))
    : [...items, item];
}

function without<T extends { id: string }>(items: T[], id: string): T[] {
  return items.filter((item) => item.id !== id);
}
