/** Where an item stands, and what a hand that drags it makes of it. Places are fractions of the canvas. Pure. */

import type { Crop, Item } from "../desk";

export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

/** Compass points: a corner is two letters. */
export const HANDLES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"] as const;
export type Handle = (typeof HANDLES)[number];
export type Grip = Handle | "move";

export const SMALLEST = 0.02;
const FARTHEST = 4; // canvases, as the server has it
const MOST_CROPPED = 0.98;
const ASSUMED: Size = { width: 1280, height: 720 }; // the size of a source that has not shown itself yet

// --- what is seen of a picture ------------------------------------------------------------------------------

/** Where the whole source would stand if nothing of it were cut off. */
export function wholeRect(item: Item, source: Size, canvas: Size): Rect {
  const seen = unclippedRect(item, source, canvas);
  const { left, top, right, bottom } = item.crop;
  const width = seen.width / (1 - left - right);
  const height = seen.height / (1 - top - bottom);
  return { x: seen.x - left * width, y: seen.y - top * height, width, height };
}

/** What is seen of it: inside its place, and at most as large. */
export function seenRect(item: Item, source: Size, canvas: Size): Rect {
  return item.fit === "fit" ? unclippedRect(item, source, canvas) : placeOf(item);
}

/** The cropped source, fitted as it shall be; one that fills its place may hang over. */
function unclippedRect(item: Item, source: Size, canvas: Size): Rect {
  const place = placeOf(item);
  if (item.fit === "stretch") return place;
  const { width, height } = source.width > 0 && source.height > 0 ? source : ASSUMED;
  const { left, top, right, bottom } = item.crop;
  const own = {
    width: (width * (1 - left - right)) / canvas.width,
    height: (height * (1 - top - bottom)) / canvas.height,
  };
  const scales = [place.width / own.width, place.height / own.height];
  const scale = item.fit === "fit" ? Math.min(...scales) : Math.max(...scales);
  const size = { width: own.width * scale, height: own.height * scale };
  return {
    x: place.x + (place.width - size.width) / 2,
    y: place.y + (place.height - size.height) / 2,
    ...size,
  };
}

function placeOf({ x, y, width, height }: Item): Rect {
  return { x, y, width, height };
}

// --- dragging -----------------------------------------------------------------------------------------------

/** The rectangle after a grip was moved; with `ratio` (width by height, in fractions) it keeps its shape. */
export function dragged(start: Rect, grip: Grip, dx: number, dy: number, ratio: number | null = null): Rect {
  if (grip === "move") return { ...start, x: start.x + dx, y: start.y + dy };
  let { width, height } = start;
  if (grip.includes("e")) width += dx;
  if (grip.includes("w")) width -= dx;
  if (grip.includes("s")) height += dy;
  if (grip.includes("n")) height -= dy;
  width = Math.max(SMALLEST, width);
  height = Math.max(SMALLEST, height);
  if (ratio !== null) ({ width, height } = inShape(grip, width, height, ratio));
  return anchored(start, grip, width, height);
}

/** A side sets the other one; a corner follows what was pulled further. */
function inShape(grip: Handle, width: number, height: number, ratio: number): Size {
  const byWidth = grip === "e" || grip === "w" || (grip.length === 2 && width >= height * ratio);
  const wide = Math.max(byWidth ? width : height * ratio, SMALLEST, SMALLEST * ratio);
  return { width: wide, height: wide / ratio };
}

/** What is opposite the grip stays; across a side, the middle does. */
function anchored(start: Rect, grip: Handle, width: number, height: number): Rect {
  const share = (low: string, high: string): number =>
    grip.includes(low) ? 1 : grip.includes(high) ? 0 : 0.5;
  return {
    x: start.x + (start.width - width) * share("w", "e"),
    y: start.y + (start.height - height) * share("n", "s"),
    width,
    height,
  };
}

// --- snapping -----------------------------------------------------------------------------------------------

export interface Lines {
  x: number[];
  y: number[];
}

/** What a rectangle snaps to: the canvas's edges, middle and thirds, and the same of others without the thirds. */
export function linesOf(others: Rect[]): Lines {
  const own = [0, 1 / 3, 1 / 2, 2 / 3, 1];
  return {
    x: [...own, ...others.flatMap(({ x, width }) => [x, x + width / 2, x + width])],
    y: [...own, ...others.flatMap(({ y, height }) => [y, y + height / 2, y + height])],
  };
}

export interface Snapped {
  rect: Rect;
  /** The lines it lies on now. */
  guides: Lines;
}

interface Pull {
  by: number;
  line: number;
}

/** The rectangle on the nearest lines within reach; only sides that the grip moves are pulled. */
export function snapped(
  rect: Rect,
  grip: Grip,
  lines: Lines,
  reach: Size,
  ratio: number | null = null,
): Snapped {
  const across = nearest(movedEdges(rect.x, rect.width, grip, "w", "e"), lines.x, reach.width);
  const down = nearest(movedEdges(rect.y, rect.height, grip, "n", "s"), lines.y, reach.height);
  if (grip === "move") {
    const moved = { ...rect, x: rect.x + (across?.by ?? 0), y: rect.y + (down?.by ?? 0) };
    return { rect: moved, guides: guidesOf(across, down) };
  }
  // With a shape to keep, one side alone may be pulled: the nearer one.
  const both = ratio === null;
  const first = across && (!down || Math.abs(across.by) / reach.width <= Math.abs(down.by) / reach.height);
  const x = both || first ? across : null;
  const y = both || !first ? down : null;
  const pulled = dragged(rect, !both ? sideOf(grip, x !== null) : grip, x?.by ?? 0, y?.by ?? 0);
  if (both) return { rect: pulled, guides: guidesOf(x, y) };
  if (x === null && y === null) return { rect, guides: { x: [], y: [] } };
  const width = x ? pulled.width : pulled.height * ratio;
  return { rect: anchored(rect, grip, width, width / ratio), guides: guidesOf(x, y) };
}

function sideOf(grip: Handle, across: boolean): Grip {
  const letter = [...grip].find((each) => (across ? "ew" : "ns").includes(each));
  return (letter as Handle | undefined) ?? grip;
}

function movedEdges(start: number, length: number, grip: Grip, low: string, high: string): number[] {
  if (grip === "move") return [start, start + length / 2, start + length];
  if (grip.includes(low)) return [start];
  return grip.includes(high) ? [start + length] : [];
}

function nearest(edges: number[], lines: number[], reach: number): Pull | null {
  let best: Pull | null = null;
  for (const edge of edges) {
    for (const line of lines) {
      const by = line - edge;
      if (Math.abs(by) <= reach && (best === null || Math.abs(by) < Math.abs(best.by))) best = { by, line };
    }
  }
  return best;
}

function guidesOf(across: Pull | null, down: Pull | null): Lines {
  return { x: across ? [across.line] : [], y: down ? [down.line] : [] };
}

// --- items --------------------------------------------------------------------------------------------------

/** The item at another place, within what the server takes. */
export function placed(item: Item, rect: Partial<Rect>): Item {
  const { x, y, width, height } = { ...placeOf(item), ...rect };
  return {
    ...item,
    x: within(x, -FARTHEST, FARTHEST),
    y: within(y, -FARTHEST, FARTHEST),
    width: within(width, SMALLEST, FARTHEST),
    height: within(height, SMALLEST, FARTHEST),
  };
}

/** The item cropped to a rectangle of the canvas, while its picture stays where it is. */
export function croppedTo(item: Item, wanted: Rect, whole: Rect): Item {
  const left = within(wanted.x, whole.x, whole.x + whole.width);
  const top = within(wanted.y, whole.y, whole.y + whole.height);
  const right = within(wanted.x + wanted.width, left, whole.x + whole.width);
  const bottom = within(wanted.y + wanted.height, top, whole.y + whole.height);
  const crop = {
    left: (left - whole.x) / whole.width,
    top: (top - whole.y) / whole.height,
    right: (whole.x + whole.width - right) / whole.width,
    bottom: (whole.y + whole.height - bottom) / whole.height,
  };
  if (!isCrop(crop)) return item;
  return placed(
    { ...item, crop: rounded(crop) },
    { x: left, y: top, width: right - left, height: bottom - top },
  );
}

/** Whether the server takes it: something of the picture has to be left. */
export function isCrop({ left, top, right, bottom }: Crop): boolean {
  const sides = [left, top, right, bottom];
  return (
    sides.every((side) => side >= 0 && side < 1) &&
    left + right <= MOST_CROPPED &&
    top + bottom <= MOST_CROPPED
  );
}

function rounded({ left, top, right, bottom }: Crop): Crop {
  const round = (side: number): number => Math.round(side * 1e4) / 1e4;
  return { left: round(left), top: round(top), right: round(right), bottom: round(bottom) };
}

export function within(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}

/** Ready places: what is asked for most. */
export const PLACES: Record<string, Rect> = {
  "Full screen": { x: 0, y: 0, width: 1, height: 1 },
  "Left half": { x: 0, y: 0, width: 0.5, height: 1 },
  "Right half": { x: 0.5, y: 0, width: 0.5, height: 1 },
  "Small, top left": { x: 0.03, y: 0.03, width: 0.28, height: 0.28 },
  "Small, top right": { x: 0.69, y: 0.03, width: 0.28, height: 0.28 },
  "Small, bottom left": { x: 0.03, y: 0.69, width: 0.28, height: 0.28 },
  "Small, bottom right": { x: 0.69, y: 0.69, width: 0.28, height: 0.28 },
};
