import { expect, test } from "vitest";
import { bitrate, bytes, duration, fps, picture, plural, relative, since, sound } from "../src/lib/format";

test("bit rates and bytes in the unit people think in", () => {
  expect([bitrate(2_048_000), bitrate(12_400_000), bitrate(64_000), bitrate(null)]).toEqual([
    "2.0 Mbit/s",
    "12 Mbit/s",
    "64 kbit/s",
    "–",
  ]);
  expect([bytes(512), bytes(90_000_000), bytes(1_500_000_000), bytes(undefined)]).toEqual([
    "512 B",
    "90 MB",
    "1.5 GB",
    "–",
  ]);
});

test("pictures and sound in a line", () => {
  expect(picture({ width: 1280, height: 720, fps: 29.97 })).toBe("1280\u00a0×\u00a0720 · 30\u00a0fps");
  expect(fps(12.5)).toBe("12.5");
  expect(sound({ codec: "Opus", channels: 2, rate: 48000 })).toBe("Opus · stereo · 48 kHz");
  expect(sound(null)).toBe("no sound");
});

test("durations", () => {
  expect([duration(7), duration(754), duration(3723), duration(90_061)]).toEqual([
    "0:07",
    "12:34",
    "1:02:03",
    "1 d 1:01:01",
  ]);
  expect(since(1_000, 1_007_900)).toBe("0:07");
});

test("times relative to now, from Unix seconds", () => {
  const now = Date.UTC(2026, 0, 1, 12);
  expect(relative(now / 1000 + 86_400, now)).toBe("tomorrow");
  expect(relative(now / 1000 - 7200, now)).toBe("2 hours ago");
  expect(relative(null, now)).toBe("never");
});

test("one and many", () => {
  expect([plural(1, "core"), plural(2, "core")]).toEqual(["1 core", "2 cores"]);
});
