import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Problem } from "../src/lib/api/client";
import { Calls } from "../src/lib/live/calls";
import { paced } from "../src/lib/switcher/pace";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const fault = (promise: Promise<unknown>): Promise<Problem> =>
  promise.then(
    () => Promise.reject(new Error("it was done")),
    (error: unknown) => error as Problem,
  );

test("each command gets its own reply, in whatever order they come", async () => {
  const calls = new Calls();
  const sent: { id: number; command: string }[] = [];
  const send = (text: string): void => void sent.push(JSON.parse(text));
  const [cut, auto] = [calls.begin({ command: "cut" }, send), calls.begin({ command: "auto" }, send)];
  expect(sent.map(({ command }) => command)).toEqual(["cut", "auto"]);
  calls.ended({
    reply: sent[1]?.id,
    problem: { status: 409, detail: "a transition is running already" },
  });
  calls.ended({ reply: sent[0]?.id, ok: { at_ns: 5 } });
  expect(await cut).toEqual({ at_ns: 5 });
  expect(await fault(auto)).toMatchObject({ status: 409, message: "a transition is running already" });
});

test("without a connection a command fails at once, and is not kept", async () => {
  expect((await fault(new Calls().begin({ command: "cut" }, null))).message).toContain("nothing was done");
});

test("a command whose connection is lost, or that nobody answers, says that nobody knows", async () => {
  const calls = new Calls();
  const lost = fault(calls.begin({ command: "cut" }, () => undefined));
  calls.lost();
  expect((await lost).message).toContain("did not answer");
  const unanswered = fault(calls.begin({ command: "cut" }, () => undefined));
  vi.advanceTimersByTime(60_000);
  expect((await unanswered).message).toContain("did not answer");
});

test("what a hand moves is told now and then, and where it ended in any case", () => {
  const told: number[] = [];
  const tell = paced<number>(50, (value) => told.push(value));
  for (let value = 0; value <= 10; value++) {
    tell(value);
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1000);
  expect(told[0]).toBe(0);
  expect(told.at(-1)).toBe(10);
  expect(told.length).toBeLessThan(6);
});
