import { expect, test } from "vitest";
import { errorsByField, fieldsFrom, initialValues, optionsFrom } from "../src/lib/forms/schema";

// As pydantic writes it.
const schema = {
  type: "object",
  required: ["url"],
  $defs: { Pattern: { enum: ["bars", "pink_noise"], title: "Pattern", type: "string" } },
  properties: {
    url: {
      title: "Address",
      type: "string",
      examples: ["rtsp://192.0.2.7/live"],
      description: "Where it is",
    },
    password: {
      title: "Password",
      default: null,
      anyOf: [{ type: "string", format: "password" }, { type: "null" }],
    },
    pattern: { $ref: "#/$defs/Pattern", default: "bars", title: "Picture" },
    latency_ms: {
      title: "Latency",
      type: "integer",
      default: 120,
      minimum: 20,
      maximum: 8000,
      advanced: true,
    },
    loop: { title: "Loop", type: "boolean", default: true },
    device: {
      title: "Camera",
      anyOf: [{ type: "string" }, { type: "null" }],
      device: "video",
      default: null,
    },
    file: { title: "File", type: "string", file: true },
  },
};
const fields = fieldsFrom(schema);
const field = (name: string) => fields.find((item) => item.name === name);

test("each option becomes a field of its type", () => {
  expect(fields.map(({ name, type }) => [name, type])).toEqual([
    ["url", "text"],
    ["password", "secret"],
    ["pattern", "choice"],
    ["latency_ms", "integer"],
    ["loop", "switch"],
    ["device", "device"],
    ["file", "file"],
  ]);
});

test("what the schema says of an option is shown with it", () => {
  expect(field("url")).toMatchObject({ title: "Address", required: true, example: "rtsp://192.0.2.7/live" });
  expect(field("latency_ms")).toMatchObject({ advanced: true, minimum: 20, maximum: 8000 });
  expect(field("pattern")).toMatchObject({ title: "Picture", fallback: "bars" });
  expect(field("pattern")?.choices).toEqual([
    { value: "bars", label: "Bars" },
    { value: "pink_noise", label: "Pink noise" },
  ]);
  expect(field("device")?.device).toBe("video");
});

test("a form starts with what is saved, else with the defaults", () => {
  expect(initialValues(fields, { url: "rtsp://a", password: "•••" })).toEqual({
    url: "rtsp://a",
    password: "•••",
    pattern: "bars",
    latency_ms: 120,
    loop: true,
    device: "",
    file: "",
  });
});

test("empty fields are not sent, a masked secret is sent back as it is", () => {
  const values = { ...initialValues(fields, { password: "•••" }), url: "rtsp://a", latency_ms: "200" };
  expect(optionsFrom(fields, values)).toEqual({
    url: "rtsp://a",
    password: "•••",
    pattern: "bars",
    latency_ms: 200,
    loop: true,
  });
});

test("errors find their fields", () => {
  const errors = [
    { field: "options.url", message: "wrong" },
    { field: "name", message: "empty" },
  ];
  expect(errorsByField(errors)).toEqual({ url: "wrong", name: "empty" });
});
