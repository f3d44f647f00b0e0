import { expect, test } from "vitest";
import { decibels, FLOOR_DB, metered, meterPosition, SILENT } from "../src/lib/multiview/meter";

test("full scale is 0 dB, half of it 6 dB less, nothing is the floor", () => {
  expect(decibels(1)).toBe(0);
  expect(decibels(0.5)).toBeCloseTo(-6.02, 2);
  expect(decibels(0)).toBe(FLOOR_DB);
});

test("it jumps up at once and falls slowly", () => {
  const loud = metered(SILENT, 0.5, 1_000);
  expect(loud.levelDb).toBeCloseTo(-6.02, 2);
  const later = metered(loud, 0, 1_500);
  expect(later.levelDb).toBeCloseTo(-6.02 - 13, 1);
});

test("the peak is held for more than a second, then falls", () => {
  const loud = metered(SILENT, 0.5, 1_000);
  const held = metered(loud, 0, 2_100);
  expect(held.peakDb).toBeCloseTo(-6.02, 2);
  expect(metered(held, 0, 2_600).peakDb).toBeLessThan(-20);
});

test("the scale rises from bottom to top and gives its upper part to the range one mixes in", () => {
  const positions = [-60, -45, -30, -20, -12, -6, 0].map(meterPosition);
  expect(positions).toEqual([...positions].sort((a, b) => a - b));
  expect([positions[0], positions.at(-1)]).toEqual([0, 1]);
  expect(meterPosition(-30)).toBeCloseTo(0.3);
});
