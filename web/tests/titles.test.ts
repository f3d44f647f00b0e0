import { expect, test } from "vitest";
import type { Template } from "../src/lib/switcher/titles/templates.svelte";
import { finished, newOverlay, pictureOf, typedFields } from "../src/lib/switcher/titles/titles";

const score: Template = {
  id: "bold/score",
  family: "Bold",
  name: "Score",
  kind: "score",
  fields: [
    { name: "home", label: "Home", kind: "text", default: "Home" },
    { name: "points", label: "Points", kind: "number", default: "0" },
    { name: "accent", label: "Colour", kind: "colour", default: "#ff0000" },
  ],
};
const names = (template: Template): string[] => typedFields(template).map(({ name }) => name);

test("what is typed during a show stands in the list: a score's numbers, but no speeds and colours", () => {
  expect(names(score)).toEqual(["home", "points"]);
  expect(names({ ...score, kind: "ticker" })).toEqual(["home"]);
});

test("a second title of a template has a name and an id of its own", () => {
  const first = newOverlay(score, []);
  expect(first).toMatchObject({
    id: "score",
    name: "Score",
    fields: { home: "Home", points: "0", accent: "#ff0000" },
  });
  expect(newOverlay(score, [first])).toMatchObject({ id: "score-2", name: "Score 2" });
});

test("a title that looks different has another address, and one that is only renamed has not", () => {
  const one = newOverlay(score, []);
  expect(pictureOf("main", { ...one, name: "Result" })).toBe(pictureOf("main", one));
  expect(pictureOf("main", { ...one, fields: { home: "Visitors" } })).not.toBe(pictureOf("main", one));
});

test("what is not typed to its end is not sent", () => {
  const timed: Template = {
    ...score,
    fields: [...score.fields, { name: "until", label: "Until", kind: "time", default: "" }],
  };
  const kept = (typed: Record<string, string>): string[] => Object.keys(finished(timed, typed));
  expect(kept({ home: "", points: "-", until: "20:" })).toEqual(["home"]);
  expect(kept({ points: "7.5", until: "20:15" })).toEqual(["points", "until"]);
  expect(kept({ until: "2026-12-24T19:30", gone: "x" })).toEqual(["until"]);
  expect(kept({ until: "" })).toEqual(["until"]);
});
