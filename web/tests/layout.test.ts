import { expect, test } from "vitest";
import { bestGrid, grid, neighbour } from "../src/lib/multiview/grid";
import { focusLayout, gridLayout, type Box } from "../src/lib/multiview/layout";

const laptop = { width: 1280, height: 700, gap: 8, caption: 30 };
const phone = { width: 374, height: 700, gap: 8, caption: 30 };
const wall = { width: 3840, height: 1000, gap: 8, caption: 30 };

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

test.each([
  [1, 1],
  [2, 2],
  [4, 2],
  [5, 3],
  [9, 3],
  [16, 4],
])("%i tiles on a laptop stand in %i columns", (count, columns) => {
  expect(bestGrid(count, laptop.width, laptop.height, laptop.gap, laptop.caption).columns).toBe(columns);
});

test("a very wide screen puts them in a row, an upright phone in a column", () => {
  expect(gridLayout(4, wall).columns).toBe(4);
  expect(gridLayout(4, phone).columns).toBe(1);
});

test("tiles never become too small to see: one scrolls instead", () => {
  expect(grid(60, laptop.width, laptop.height, 8, 30).tileWidth).toBeGreaterThanOrEqual(260);
  expect(gridLayout(60, laptop).height).toBeGreaterThan(laptop.height);
});

test.each([1, 2, 3, 4, 7, 12, 25])("%i tiles neither overlap nor leave the screen sideways", (count) => {
  for (const space of [laptop, phone, wall]) {
    for (const { boxes } of [gridLayout(count, space), focusLayout(count, count - 1, space)]) {
      expect(boxes).toHaveLength(count);
      for (const [i, box] of boxes.entries()) {
        expect(box.x).toBeGreaterThanOrEqual(0);
        expect(box.y).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width).toBeLessThanOrEqual(space.width);
        expect(boxes.slice(i + 1).some((other) => overlap(box, other))).toBe(false);
      }
    }
  }
});

test("the enlarged one is the largest by far", () => {
  const { boxes } = focusLayout(4, 2, laptop);
  const widths = boxes.map(({ width }) => width);
  expect(widths[2]).toBeGreaterThan(3 * Math.max(...widths.filter((_, i) => i !== 2)));
});

test("arrows lead to the neighbour and stop at the border", () => {
  expect(neighbour(0, "ArrowRight", 4, 2)).toBe(1);
  expect(neighbour(1, "ArrowDown", 4, 2)).toBe(3);
  expect(neighbour(0, "ArrowUp", 4, 2)).toBe(0);
  expect(neighbour(3, "ArrowRight", 4, 2)).toBe(3);
});
