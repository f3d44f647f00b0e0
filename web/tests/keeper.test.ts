import { beforeEach, expect, test } from "vitest";
import { Keeper } from "../src/lib/whep/keeper";

let keeper: Keeper;

/** A picture that has been playing until the given time. */
function playing(until: number): void {
  keeper.want(true, 0);
  keeper.source(true, 30, 0);
  keeper.opened(100);
  keeper.received(0, 0, 150);
  for (let now = 200, frames = 1; now <= until; now += 100) keeper.received(5 * frames, frames++, now);
}

beforeEach(() => {
  keeper = new Keeper();
});

test("what is wanted is connected, what is not is dropped", () => {
  expect(keeper.want(true, 0)).toBe("connect");
  expect(keeper.want(true, 10)).toBeNull();
  expect(keeper.want(false, 20)).toBe("drop");
  expect(keeper.tick(60_000)).toBeNull();
});

test("frames make it flow", () => {
  playing(2_000);
  expect(keeper.flowing).toBe(true);
  expect(keeper.tick(2_250)).toBeNull();
});

test("a live source without frames for 1.2 s means a new session at once", () => {
  playing(2_000);
  expect(keeper.tick(3_200)).toBeNull();
  expect(keeper.tick(3_201)).toBe("connect");
  expect(keeper.flowing).toBe(false);
  expect(keeper.everFlowed).toBe(true);
});

test("a slow source may take four of its frame times", () => {
  playing(2_000);
  keeper.source(true, 1, 2_000);
  expect(keeper.tick(5_900)).toBeNull();
  expect(keeper.tick(6_001)).toBe("connect");
});

test("a stalled source is not the session's fault", () => {
  playing(2_000);
  keeper.source(false, 30, 2_100);
  expect(keeper.tick(9_000)).toBeNull();
  expect(keeper.flowing).toBe(false);
});

test("a source that comes back is given its time before the session is blamed", () => {
  playing(2_000);
  keeper.source(false, 30, 2_100);
  keeper.tick(9_000);
  keeper.source(true, 30, 10_000);
  expect(keeper.tick(11_000)).toBeNull();
  expect(keeper.tick(11_300)).toBe("connect");
});

test("packets without pictures are given time for a keyframe, but are not shown as live", () => {
  playing(2_000);
  for (let now = 2_100, packets = 1_000; now <= 7_000; now += 100) {
    keeper.received(packets++, 19, now);
    expect(keeper.tick(now)).toBeNull();
    expect(keeper.flowing).toBe(now <= 3_200);
  }
  keeper.received(2_000, 19, 7_300);
  expect(keeper.tick(7_300)).toBe("drop");
});

test("a first picture may take three seconds on a busy machine", () => {
  keeper.want(true, 0);
  keeper.source(true, 30, 0);
  keeper.opened(100);
  expect(keeper.tick(3_100)).toBeNull();
  expect(keeper.tick(3_101)).toBe("drop");
});

test("refusals are retried after a quarter second, then ever later, at most after two", () => {
  keeper.want(true, 0);
  const waits: number[] = [];
  let now = 0;
  for (let i = 0; i < 6; i += 1) {
    expect(keeper.failed(now)).toBe("drop");
    const from = now;
    while (keeper.tick(now) !== "connect") now += 10;
    waits.push(now - from);
  }
  expect(waits[0]).toBeLessThanOrEqual(250);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
});

test("the server's own word on when to come back is taken if it means long", () => {
  keeper.want(true, 0);
  keeper.failed(0, 10_000);
  expect(keeper.tick(9_990)).toBeNull();
  expect(keeper.tick(10_000)).toBe("connect");
  keeper.failed(20_000, 2_000);
  expect(keeper.tick(20_500)).toBe("connect");
});

test("an offer that is never answered is given up after four seconds", () => {
  keeper.want(true, 0);
  expect(keeper.tick(4_000)).toBeNull();
  expect(keeper.tick(4_001)).toBe("drop");
});

test("another edge process means a new session, even in the middle of a wait", () => {
  playing(2_000);
  expect(keeper.again(2_050)).toBe("connect");
  keeper.failed(2_100);
  expect(keeper.again(2_110)).toBe("connect");
});

test("a connection that breaks while frames flow is replaced at once", () => {
  playing(2_000);
  expect(keeper.failed(2_050)).toBe("connect");
});
