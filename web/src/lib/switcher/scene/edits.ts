/** What one does to the items of a scene, and how it is taken back. Pure. */

import type { Item, Scene } from "../desk";
import type { Size } from "./geometry";

export const MAX_ITEMS = 16;

export function newItem(source: string, over: number): Item {
  const first = over === 0;
  return {
    source,
    ...(first ? { x: 0, y: 0, width: 1, height: 1 } : { x: 0.3, y: 0.3, width: 0.4, height: 0.4 }),
    fit: "fit",
    crop: { left: 0, top: 0, right: 0, bottom: 0 },
    opacity: 1,
    visible: true,
  };
}

export function changed(items: Item[], source: string, change: (item: Item) => Item): Item[] {
  return items.map((item) => (item.source === source ? change(item) : item));
}

export function without(items: Item[], source: string): Item[] {
  return items.filter((item) => item.source !== source);
}

/** One step up (or down, for -1) in what lies over what. */
export function restacked(items: Item[], source: string, by: 1 | -1): Item[] {
  const from = items.findIndex((item) => item.source === source);
  const item = items[from];
  const to = from + by;
  if (item === undefined || to < 0 || to >= items.length) return items;
  const others = without(items, source);
  return [...others.slice(0, to), item, ...others.slice(to)];
}

/** The same item, showing another source; one that is in the scene already changes places with it. */
export function replaced(items: Item[], source: string, by: string): Item[] {
  return items.map((item) => {
    if (item.source === source) return { ...item, source: by };
    return item.source === by ? { ...item, source } : item;
  });
}

export function same(one: Scene, other: Scene): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** "Guest, large" becomes "guest-large", and "guest-large-2" where there is one. */
export function idFrom(name: string, taken: string[]): string {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const slug = plain
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 50)
    .replace(/^-+|-+$/g, "");
  const base = slug.replace(/^full-/, "") || "scene"; // full-… are the sources' own
  if (!taken.includes(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.includes(`${base}-${number}`)) return `${base}-${number}`;
}

export function nameOfCopy(name: string, taken: string[]): string {
  const base = name.replace(/ \d+$/, "");
  for (let number = 2; ; number += 1) if (!taken.includes(`${base} ${number}`)) return `${base} ${number}`;
}

/** How far an arrow key moves: a pixel, or ten. */
export function nudge(key: string, canvas: Size, big: boolean): [number, number] | null {
  const pixels = big ? 10 : 1;
  const steps: Record<string, [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, -1],
    ArrowDown: [0, 1],
  };
  const step = steps[key];
  return step ? [(step[0] * pixels) / canvas.width, (step[1] * pixels) / canvas.height] : null;
}
