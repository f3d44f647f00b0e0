/** What a production is and how its desk stands, as the server tells it. Pure, so that it can be tested. */

export type Fit = "fill" | "fit" | "stretch";

export interface Crop {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Where a source stands in a scene, in fractions of the canvas. */
export interface Item {
  source: string;
  x: number;
  y: number;
  width: number;
  height: number;
  fit: Fit;
  crop: Crop;
  opacity: number;
  visible: boolean;
}

export interface Scene {
  id: string;
  name: string;
  items: Item[]; // bottom to top
}

export interface Strip {
  level_db: number;
  muted: boolean;
  pan: number;
  delay_ms: number;
  follows: boolean;
}

export interface Transition {
  kind: string;
  duration_ms: number;
  direction: string;
  colour: number;
}

/** A title, a clock, a logo: what lies over the programme while it is taken in. */
export interface Overlay {
  id: string;
  name: string;
  template: string;
  fields: Record<string, string>;
  animation: string;
  duration_ms: number;
}

export interface Production {
  id: string;
  name: string;
  format: { width: number; height: number; fps: number; bitrate: number };
  inputs: { id: string; name: string }[];
  scenes: Scene[];
  overlays: Overlay[]; // bottom to top
  transition: Transition;
  /** How long the last picture of a source that stalls stays. */
  hold_s: number;
  /** After how long a still picture is warned of; 0 is never. */
  frozen_s: number;
}

export interface Desk {
  programme: string;
  preview: string;
  programme_sources: string[];
  preview_sources: string[];
  transition: (Transition & { way: number | null }) | null;
  black: boolean;
  inputs: Record<string, { picture: string; sound: boolean; size?: [number, number] }>;
  strips: Record<string, Strip>;
  overlays: Record<string, boolean>;
  /** The inputs that are heard instead of the programme in the headphones. */
  solo: string[];
  encoder: string;
}

/** What the mixer warns of, until it is over. */
export interface Warning {
  source: string | null;
  kind: string;
  text: string;
  /** What to do. */
  hint: string;
}

/** A desk is null while its mixer does not answer: nothing may then be shown as if it were so. */
export interface ProductionState {
  production: Production;
  desk: Desk | null;
  warnings: Warning[];
}

export interface Level {
  peak: number[];
  rms: number[];
}

/** In LUFS; null while it is not known. */
export interface Loudness {
  momentary: number | null;
  short_term: number | null;
  integrated: number | null;
}

export type Levels = Record<string, Level> & { loudness?: Loudness };
export type Tally = "programme" | "preview" | "";

export const KINDS = ["mix", "dip", "wipe", "slide", "push", "zoom"] as const;
const STRAIGHT = ["left", "right", "up", "down"];
const DIAGONAL = ["up-left", "up-right", "down-left", "down-right"];

export function directionsOf(kind: string): string[] {
  if (kind === "wipe") return [...STRAIGHT, ...DIAGONAL];
  return kind === "slide" || kind === "push" ? STRAIGHT : [];
}

export function tallyOf(source: string, desk: Desk | null): Tally {
  if (desk === null) return "";
  if (desk.programme_sources.includes(source)) return "programme";
  return desk.preview_sources.includes(source) ? "preview" : "";
}

export function fullScene(source: string): string {
  return `full-${source}`;
}

/** The scenes that are no full screen of one source: those have their tiles. */
export function scenesOf(production: Production): Scene[] {
  const fulls = new Set(production.inputs.map(({ id }) => fullScene(id)));
  const own = production.scenes.filter(({ id }) => !fulls.has(id));
  return own.some(({ id }) => id === "black") ? own : [...own, { id: "black", name: "Black", items: [] }];
}

/** How many tiles stand side by side: one row of a few, two of many. */
export function columnsOf(inputs: number): number {
  return inputs <= 6 ? Math.max(4, inputs) : Math.ceil(inputs / 2);
}

const ARROWS: Record<string, string> = {
  left: "←",
  right: "→",
  up: "↑",
  down: "↓",
  "up-left": "↖",
  "up-right": "↗",
  "down-left": "↙",
  "down-right": "↘",
};

export function arrowOf(direction: string): string {
  return ARROWS[direction] ?? "";
}

export function colourText(colour: number): string {
  return `#${colour.toString(16).padStart(6, "0")}`;
}

export function colourFrom(text: string): number {
  return Number.parseInt(text.slice(1), 16);
}

export function sceneName(id: string, production: Production): string {
  const input = production.inputs.find((each) => fullScene(each.id) === id);
  return input?.name ?? scenesOf(production).find((scene) => scene.id === id)?.name ?? id;
}

export interface Command {
  name: "preview" | "cut" | "auto" | "overlay";
  scene?: string;
  overlay?: string;
}

/**
 * What a key means: numbers prepare, with Shift they cut, space cuts, Enter takes, F1 to F8 take titles in and out.
 * Null when it means nothing.
 */
export function commandFromKey(code: string, shift: boolean, production: Production): Command | null {
  if (code === "Space") return { name: "cut" };
  if (code === "Enter" || code === "NumpadEnter") return { name: "auto" };
  const key = /^F([1-8])$/.exec(code)?.[1];
  const overlay = key === undefined || shift ? undefined : production.overlays[Number(key) - 1];
  if (overlay !== undefined) return { name: "overlay", overlay: overlay.id };
  const number = /^(?:Digit|Numpad)([1-9])$/.exec(code)?.[1];
  const input = number === undefined ? undefined : production.inputs[Number(number) - 1];
  return input === undefined ? null : { name: shift ? "cut" : "preview", scene: fullScene(input.id) };
}
