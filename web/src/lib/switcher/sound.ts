/** Figures of sound as people at a desk read them. */

import type { Loudness } from "./desk";

export function db(level: number): string {
  return `${level > 0 ? "+" : level < 0 ? "−" : ""}${Math.abs(level).toFixed(1)} dB`;
}

export function panText(pan: number): string {
  const share = Math.round(Math.abs(pan) * 100);
  if (share === 0) return "Centre";
  return `${share} % ${pan < 0 ? "left" : "right"}`;
}

/** The same where there is no room: "C", "L 30". */
export function shortPan(pan: number): string {
  const share = Math.round(Math.abs(pan) * 100);
  return share === 0 ? "C" : `${pan < 0 ? "L" : "R"} ${share}`;
}

/** "M −23.1\nS −22.9\nI −23.0 LUFS"; nothing while nothing is known. */
export function loudnessText(loudness: Loudness | undefined): string {
  if (!loudness) return "";
  const { momentary, short_term, integrated } = loudness;
  const figure = (value: number | null): string =>
    value === null ? "–" : `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(1)}`;
  return `M ${figure(momentary)}\nS ${figure(short_term)}\nI ${figure(integrated)} LUFS`;
}
