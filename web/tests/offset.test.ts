import { expect, test } from "vitest";
import { correctedOffset } from "../src/lib/offset";

test("a clock that is wrong is corrected, and the network's ups and downs do not move it", () => {
  expect(correctedOffset(0, -180_000)).toBe(-180_000);
  expect(correctedOffset(-180_000, -180_120)).toBe(-180_000);
  expect(correctedOffset(0, 60)).toBe(0);
});
