/** A kind's JSON schema as the fields of a form. */

import type { Json } from "../api/types";

export type FieldType = "text" | "secret" | "integer" | "number" | "switch" | "choice" | "file" | "device";

export interface Field {
  name: string;
  title: string;
  help: string;
  type: FieldType;
  required: boolean;
  nullable: boolean;
  advanced: boolean;
  example: string;
  fallback: unknown;
  choices: { value: string | number; label: string }[];
  device: "video" | "audio" | null;
  minimum: number | null;
  maximum: number | null;
}

export function fieldsFrom(schema: Json): Field[] {
  const properties = (schema["properties"] ?? {}) as Record<string, Json>;
  const required = new Set((schema["required"] ?? []) as string[]);
  const definitions = (schema["$defs"] ?? {}) as Record<string, Json>;
  return Object.entries(properties)
    .filter(([, property]) => property["const"] === undefined)
    .map(([name, property]) => field(name, resolved(property, definitions), required.has(name)));
}

/** References followed, and "this or nothing" taken as "this, optional". */
function resolved(property: Json, definitions: Record<string, Json>): Json {
  const parts = [...list(property["anyOf"]), ...list(property["allOf"]), ...list(property["oneOf"])];
  const nullable = parts.some((part) => part["type"] === "null");
  const first = parts.find((part) => part["type"] !== "null") ?? {};
  const merged = { ...first, ...property, nullable: nullable || property["nullable"] === true };
  const reference = first["$ref"] ?? property["$ref"];
  const target = typeof reference === "string" ? definitions[reference.split("/").at(-1) ?? ""] : undefined;
  return target === undefined
    ? merged
    : { ...target, ...merged, title: property["title"] ?? target["title"] };
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function field(name: string, property: Json, required: boolean): Field {
  const examples = (property["examples"] ?? []) as unknown[];
  const device = property["device"];
  return {
    name,
    title: String(property["title"] ?? name),
    help: String(property["description"] ?? ""),
    type: fieldType(property),
    required,
    nullable: property["nullable"] === true,
    advanced: property["advanced"] === true,
    example: examples.length > 0 ? String(examples[0]) : "",
    fallback: property["default"],
    choices: list(property["enum"]).map((value) => {
      const plain = value as unknown as string | number;
      return { value: plain, label: label(String(plain)) };
    }),
    device: device === "video" || device === "audio" ? device : null,
    minimum: bound(property, "minimum", "exclusiveMinimum"),
    maximum: bound(property, "maximum", "exclusiveMaximum"),
  };
}

function fieldType(property: Json): FieldType {
  if (property["device"] !== undefined) return "device";
  if (property["file"] === true) return "file";
  if (Array.isArray(property["enum"])) return "choice";
  if (property["format"] === "password") return "secret";
  if (property["type"] === "integer" || property["type"] === "number") return property["type"];
  return property["type"] === "boolean" ? "switch" : "text";
}

function bound(property: Json, ...names: string[]): number | null {
  const value = names.map((name) => property[name]).find((found) => typeof found === "number");
  return typeof value === "number" ? value : null;
}

/** "smpte100" stays, "pink_noise" reads "Pink noise". */
function label(value: string): string {
  const words = value.replaceAll(/[_-]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What the form starts with. */
export function initialValues(fields: Field[], saved: Json = {}): Json {
  return Object.fromEntries(
    fields.map((item) => [
      item.name,
      saved[item.name] ?? item.fallback ?? (item.type === "switch" ? false : ""),
    ]),
  );
}

/** What is sent: numbers as numbers, and what was left empty not at all. */
export function optionsFrom(fields: Field[], values: Json): Json {
  const options: Json = {};
  for (const item of fields) {
    const value = values[item.name];
    if (value === "" || value === null || value === undefined) continue;
    const wantsNumber =
      item.type === "integer" ||
      item.type === "number" ||
      (item.type === "choice" && item.choices.some((choice) => typeof choice.value === "number"));
    options[item.name] = wantsNumber && Number.isFinite(Number(value)) ? Number(value) : value;
  }
  return options;
}

/** The errors of a reply by field name; "options.url" and "url" are the same field to the operator. */
export function errorsByField(errors: { field: string; message: string }[]): Record<string, string> {
  return Object.fromEntries(
    errors.map(({ field: name, message }) => [name.replace(/^(body\.)?(options\.)?/, ""), message]),
  );
}
