/** What the page knows of titles. Pure. */

import type { Overlay } from "../desk";
import { idFrom } from "../scene/edits";
import type { Template, TemplateField } from "./templates.svelte";

export const MAX_OVERLAYS = 8;

export const ANIMATIONS: Record<string, string> = {
  cut: "At once",
  fade: "Fade",
  "slide-left": "Slide to the left",
  "slide-right": "Slide to the right",
  "slide-up": "Slide up",
  "slide-down": "Slide down",
};

/** What is typed during a show stands in the list; colours, pictures and places are chosen before it. */
export function typedFields({ kind, fields }: Template): TemplateField[] {
  const typed = ["text", "multiline", "time", ...(kind === "score" ? ["number"] : [])];
  return fields.filter((field) => typed.includes(field.kind));
}

const NUMBER = /^-?\d{1,4}([.]\d{1,2})?$/;
const TIME = /^(([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?)?$/;

/** What is typed, without what is not typed to its end: "20:" is no time yet. */
export function finished(template: Template, typed: Record<string, string>): Record<string, string> {
  const kinds = new Map(template.fields.map(({ name, kind }) => [name, kind]));
  return Object.fromEntries(
    Object.entries(typed).filter(([name, value]) => {
      const kind = kinds.get(name);
      return kind === "number" ? NUMBER.test(value) : kind === "time" ? TIME.test(value) : kind !== undefined;
    }),
  );
}

export function newOverlay(template: Template, others: Overlay[]): Overlay {
  const names = others.map(({ name }) => name);
  return {
    id: idFrom(
      template.name,
      others.map(({ id }) => id),
    ),
    name: names.includes(template.name) ? numbered(template.name, names) : template.name,
    template: template.id,
    fields: Object.fromEntries(template.fields.map((field) => [field.name, field.default])),
    animation: "fade",
    duration_ms: 400,
  };
}

function numbered(name: string, taken: string[]): string {
  for (let number = 2; ; number += 1) if (!taken.includes(`${name} ${number}`)) return `${name} ${number}`;
}

/** Where its picture is; another address when it looks different, so that no old picture is shown. */
export function pictureOf(production: string, overlay: Overlay): string {
  const look = JSON.stringify([overlay.template, overlay.fields]);
  let hash = 5381;
  for (let index = 0; index < look.length; index += 1) hash = (hash * 33 + look.charCodeAt(index)) | 0;
  return `/api/v1/productions/${production}/overlays/${overlay.id}/picture.png?look=${hash >>> 0}`;
}
