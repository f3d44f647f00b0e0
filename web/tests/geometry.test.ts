import { expect, test } from "vitest";
import type { Item } from "../src/lib/switcher/desk";
import {
  croppedTo,
  dragged,
  linesOf,
  placed,
  seenRect,
  snapped,
  wholeRect,
  type Rect,
} from "../src/lib/switcher/scene/geometry";

const HD = { width: 1280, height: 720 };
const REACH = { width: 0.01, height: 0.01 };
const item: Item = {
  source: "cam1",
  x: 0,
  y: 0,
  width: 0.5,
  height: 1,
  fit: "fit",
  crop: { left: 0, top: 0, right: 0, bottom: 0 },
  opacity: 1,
  visible: true,
};

function close(rect: Rect, [x, y, width, height]: number[]): void {
  const found = [rect.x, rect.y, rect.width, rect.height];
  found.forEach((value, index) => expect(value).toBeCloseTo([x, y, width, height][index] ?? NaN, 6));
}

test("a wide picture that is fitted into an upright place stands in its middle", () => {
  close(seenRect(item, HD, HD), [0, 0.25, 0.5, 0.5]);
  close(wholeRect(item, HD, HD), [0, 0.25, 0.5, 0.5]);
});

test("one that fills it hangs over at both sides, and is seen in its place only", () => {
  const filling: Item = { ...item, fit: "fill" };
  close(seenRect(filling, HD, HD), [0, 0, 0.5, 1]);
  close(wholeRect(filling, HD, HD), [-0.25, 0, 1, 1]);
});

test("a stretched one has the place's shape, and an upright one is not taken for wide", () => {
  close(seenRect({ ...item, fit: "stretch" }, HD, HD), [0, 0, 0.5, 1]);
  close(seenRect({ ...item, width: 1 }, { width: 720, height: 1280 }, HD), [0.341796875, 0, 0.31640625, 1]);
});

test("cropping leaves the picture where it is", () => {
  const full: Item = { ...item, width: 1 };
  const whole = wholeRect(full, HD, HD);
  const cropped = croppedTo(full, { x: 0.25, y: 0, width: 0.5, height: 0.75 }, whole);
  expect(cropped.crop).toEqual({ left: 0.25, top: 0, right: 0.25, bottom: 0.25 });
  close(seenRect(cropped, HD, HD), [0.25, 0, 0.5, 0.75]);
  close(wholeRect(cropped, HD, HD), [0, 0, 1, 1]);
});

test("a crop ends at the picture's edge, and leaves something of it", () => {
  const whole = { x: 0.2, y: 0.2, width: 0.5, height: 0.5 };
  const all = croppedTo(item, { x: -1, y: -1, width: 9, height: 9 }, whole);
  expect(all.crop).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
  close(all, [0.2, 0.2, 0.5, 0.5]);
  expect(croppedTo(item, { x: 0.3, y: 0.3, width: 0, height: 0.1 }, whole)).toBe(item);
});

test("a handle moves its side, and what is opposite stays", () => {
  const start = { x: 0.2, y: 0.2, width: 0.4, height: 0.4 };
  close(dragged(start, "move", 0.1, -0.1), [0.3, 0.1, 0.4, 0.4]);
  close(dragged(start, "nw", 0.1, 0.2), [0.3, 0.4, 0.3, 0.2]);
  close(dragged(start, "e", 0.1, 0.5), [0.2, 0.2, 0.5, 0.4]);
  close(dragged(start, "se", -9, -9), [0.2, 0.2, 0.02, 0.02]);
});

test("with its shape kept a corner pulls both sides, and a side both others from the middle", () => {
  const start = { x: 0.2, y: 0.2, width: 0.4, height: 0.4 };
  close(dragged(start, "se", 0.2, 0.1, 1), [0.2, 0.2, 0.6, 0.6]);
  close(dragged(start, "nw", -0.2, 0, 1), [0, 0, 0.6, 0.6]);
  close(dragged(start, "n", 0, 0.2, 1), [0.3, 0.4, 0.2, 0.2]);
});

test("an item snaps to the canvas, its thirds and the others when it is near", () => {
  const lines = linesOf([{ x: 0.6, y: 0.1, width: 0.3, height: 0.2 }]);
  const edge = snapped({ x: 0.005, y: 0.4, width: 0.2, height: 0.15 }, "move", lines, REACH);
  close(edge.rect, [0, 0.4, 0.2, 0.15]);
  expect(edge.guides).toEqual({ x: [0], y: [] });
  const other = snapped({ x: 0.437, y: 0.83, width: 0.16, height: 0.1 }, "move", lines, REACH);
  expect(other.rect.x + other.rect.width).toBeCloseTo(0.6, 6);
  const third = snapped({ x: 0.2, y: 0.2, width: 0.13, height: 0.11 }, "e", lines, REACH);
  expect(third.rect.x + third.rect.width).toBeCloseTo(1 / 3, 6);
  expect(third.rect.y).toBe(0.2);
});

test("a snap does not spoil a kept shape", () => {
  const { rect, guides } = snapped({ x: 0, y: 0, width: 0.495, height: 0.495 }, "se", linesOf([]), REACH, 1);
  close(rect, [0, 0, 0.5, 0.5]);
  expect(guides.x.length + guides.y.length).toBe(1);
});

test("far from everything nothing snaps", () => {
  const free = { x: 0.05, y: 0.1, width: 0.17, height: 0.13 };
  expect(snapped(free, "move", linesOf([]), REACH)).toEqual({ rect: free, guides: { x: [], y: [] } });
});

test("a place is kept within what the server takes", () => {
  close(placed(item, { x: -9, width: 0 }), [-4, 0, 0.02, 1]);
});
