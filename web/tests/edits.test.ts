import { expect, test } from "vitest";
import { idFrom, nameOfCopy, newItem, replaced, restacked } from "../src/lib/switcher/scene/edits";
import { History } from "../src/lib/switcher/scene/history.svelte";

const items = ["a", "b", "c"].map((source, index) => newItem(source, index));
const order = (list: { source: string }[]): string => list.map(({ source }) => source).join("");

test("an item goes up and down by one, and not beyond the ends", () => {
  expect(order(restacked(items, "a", 1))).toBe("bac");
  expect(order(restacked(items, "c", -1))).toBe("acb");
  expect(order(restacked(items, "c", 1))).toBe("abc");
  expect(order(restacked(items, "a", -1))).toBe("abc");
});

test("a source that is in the scene already changes places: none is in it twice", () => {
  expect(order(replaced(items, "a", "c"))).toBe("cba");
  expect(order(replaced(items, "a", "d"))).toBe("dbc");
});

test("a scene's id comes from its name, and is nobody else's", () => {
  expect(idFrom("Gäste, groß", [])).toBe("gaste-gro");
  expect(idFrom("Guest, large", ["guest-large"])).toBe("guest-large-2");
  expect(idFrom("Full cam1", [])).toBe("cam1");
  expect(idFrom("客人", ["scene"])).toBe("scene-2");
  expect(idFrom("x".repeat(200), [])).toHaveLength(50);
});

test("a copy has a name of its own", () => {
  expect(nameOfCopy("Quad", ["Quad"])).toBe("Quad 2");
  expect(nameOfCopy("Quad 2", ["Quad", "Quad 2"])).toBe("Quad 3");
});

test("changes are taken back and done again; one drag is one step", () => {
  const history = new History(0);
  history.change(1, "drag");
  history.change(2, "drag");
  history.settle();
  history.change(3, "drag");
  history.undo();
  expect(history.now).toBe(2);
  history.undo();
  expect([history.now, history.canUndo, history.canRedo]).toEqual([0, false, true]);
  history.undo();
  history.redo();
  expect(history.now).toBe(2);
  history.change(9);
  expect(history.canRedo).toBe(false);
  history.redo();
  expect(history.now).toBe(9);
});
