import { expect, test } from "vitest";
import { EMPTY_ROOM, roomAfter, type Event, type Room } from "../src/lib/live/feed";

const source = (id: string, state: string) => ({ id, state });
const snapshot: Event = {
  seq: 7,
  type: "snapshot",
  data: { sources: [source("cam1", "live")], workers: [{ id: "edge-0", cpu: 0 }], paths: [], viewers: [] },
};

function after(...events: Event[]): Room | null {
  return events.reduce<Room | null>((room, event) => (room ? roomAfter(room, event) : null), EMPTY_ROOM);
}

test("a snapshot replaces everything and sets the number that counts on", () => {
  const room = after(snapshot, { seq: 8, type: "source", data: source("cam2", "starting") });
  expect(room?.sources.map(({ id }) => id)).toEqual(["cam1", "cam2"]);
  expect(room?.seq).toBe(8);
});

test("a change takes the place of what it changes", () => {
  const room = after(snapshot, { seq: 8, type: "source", data: source("cam1", "stalled") });
  expect(room?.sources).toEqual([source("cam1", "stalled")]);
});

test("a missed number leaves nothing to show: a new snapshot is needed", () => {
  expect(after(snapshot, { seq: 9, type: "source", data: source("cam1", "stalled") })).toBeNull();
});

test("a change before any snapshot is of no use", () => {
  expect(after({ seq: 1, type: "source", data: source("cam1", "live") })).toBeNull();
});

test("what is gone is gone", () => {
  const room = after(
    snapshot,
    { seq: 8, type: "source-deleted", data: { id: "cam1" } },
    { seq: 9, type: "worker-gone", data: { id: "edge-0" } },
  );
  expect(room?.sources).toEqual([]);
  expect(room?.workers).toEqual([]);
});

test("statistics reach the workers they are about", () => {
  const room = after(snapshot, {
    seq: 8,
    type: "stats",
    data: { usage: { "edge-0": { cpu: 0.25, rss: 5 } } },
  });
  expect(room?.workers[0]).toMatchObject({ id: "edge-0", cpu: 0.25, rss: 5 });
});

test("an event of a newer server is counted and otherwise let be", () => {
  expect(after(snapshot, { seq: 8, type: "weather", data: {} })?.seq).toBe(8);
});

test("whether the engine answers is news, and is so where a server does not say", () => {
  expect(after(snapshot)?.engine.answers).toBe(true);
  const lost: Event = { seq: 8, type: "engine", data: { answers: false } };
  expect(after(snapshot, lost)?.engine.answers).toBe(false);
  expect(after(snapshot, lost, { ...snapshot, seq: 9 })?.engine.answers).toBe(true);
  const silent = { ...snapshot, data: { engine: { answers: false } } };
  expect(after(silent)?.engine.answers).toBe(false);
});
