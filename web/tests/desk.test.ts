import { expect, test } from "vitest";
import { EMPTY_ROOM, roomAfter, type Room } from "../src/lib/live/feed";
import {
  colourFrom,
  colourText,
  commandFromKey,
  scenesOf,
  tallyOf,
  type Desk,
  type Production,
} from "../src/lib/switcher/desk";

const production = {
  id: "main",
  inputs: [
    { id: "cam1", name: "Stage" },
    { id: "cam2", name: "Speaker" },
  ],
  scenes: [{ id: "quad", name: "Quad", items: [] }],
  overlays: [{ id: "lower-third" }],
} as unknown as Production;

const desk = { programme_sources: ["cam1"], preview_sources: ["cam1", "cam2"] } as unknown as Desk;

test("what is on air is red even when it is in preview too", () => {
  expect([tallyOf("cam1", desk), tallyOf("cam2", desk), tallyOf("cam3", desk)]).toEqual([
    "programme",
    "preview",
    "",
  ]);
});

test("without a desk nothing is on air for all we know", () => {
  expect(tallyOf("cam1", null)).toBe("");
});

test("numbers prepare, with shift they cut, space cuts and enter takes", () => {
  expect(commandFromKey("Digit2", false, production)).toEqual({ name: "preview", scene: "full-cam2" });
  expect(commandFromKey("Digit2", true, production)).toEqual({ name: "cut", scene: "full-cam2" });
  expect(commandFromKey("Space", false, production)).toEqual({ name: "cut" });
  expect(commandFromKey("Enter", false, production)).toEqual({ name: "auto" });
  expect(commandFromKey("Digit9", false, production)).toBeNull();
  expect(commandFromKey("KeyA", false, production)).toBeNull();
});

test("black is always to be had", () => {
  expect(scenesOf(production).map(({ id }) => id)).toEqual(["quad", "black"]);
});

test("a desk that is lost is not shown as the last one known", () => {
  const snapshot = {
    seq: 1,
    type: "snapshot",
    data: { productions: { main: { production, desk, warnings: [] } } },
  };
  const room = roomAfter(EMPTY_ROOM, snapshot) as Room;
  const cut = { seq: 2, type: "desk", data: { production: "main", programme: "full-cam2" } };
  const after = roomAfter(room, cut) as Room;
  expect(after.productions["main"]?.desk?.programme).toBe("full-cam2");
  const lost = roomAfter(after, { seq: 3, type: "desk-lost", data: { production: "main" } }) as Room;
  expect(lost.productions["main"]?.desk).toBeNull();
});

test("a warning stands until it is called off", () => {
  const snapshot = {
    seq: 1,
    type: "snapshot",
    data: { productions: { main: { production, desk, warnings: [] } } },
  };
  const warning = { production: "main", source: "cam1", kind: "silence", text: "Stage is silent" };
  const room = roomAfter(EMPTY_ROOM, snapshot) as Room;
  const warned = roomAfter(room, { seq: 2, type: "warning", data: { ...warning, on: true } }) as Room;
  expect(warned.productions["main"]?.warnings.map(({ text }) => text)).toEqual(["Stage is silent"]);
  const over = roomAfter(warned, { seq: 3, type: "warning", data: { ...warning, on: false } }) as Room;
  expect(over.productions["main"]?.warnings).toEqual([]);
});

test("a colour is the same after it was shown", () => {
  expect(colourText(0x00ff07)).toBe("#00ff07");
  expect(colourFrom(colourText(0x00ff07))).toBe(0x00ff07);
});

test("the function keys take the titles there are, and are the browser's own otherwise", () => {
  expect(commandFromKey("F1", false, production)).toEqual({ name: "overlay", overlay: "lower-third" });
  expect(commandFromKey("F5", false, production)).toBeNull();
});
