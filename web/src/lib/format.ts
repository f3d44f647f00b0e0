/** Figures as people read them. */

import type { AudioFigures, VideoFigures } from "./api/types";

const NONE = "–";
const NBSP = "\u00a0"; // a line may not break in the middle of a size

export function bitrate(bitsPerSecond: number | null | undefined): string {
  if (bitsPerSecond === null || bitsPerSecond === undefined || !Number.isFinite(bitsPerSecond)) return NONE;
  if (bitsPerSecond >= 999_500)
    return `${(bitsPerSecond / 1e6).toFixed(bitsPerSecond < 9.95e6 ? 1 : 0)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return NONE;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 1 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function fps(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  return value >= 20 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}

/** "1280 × 720 · 30 fps" */
export function picture(video: VideoFigures | null | undefined): string {
  if (!video?.width || !video.height) return NONE;
  const size = `${video.width}${NBSP}×${NBSP}${video.height}`;
  return video.fps ? `${size} · ${fps(video.fps)}${NBSP}fps` : size;
}

export function sound(audio: AudioFigures | null | undefined): string {
  if (!audio) return "no sound";
  const channels = audio.channels === 1 ? "mono" : audio.channels === 2 ? "stereo" : "";
  const rate = audio.rate ? `${audio.rate / 1000} kHz` : "";
  return [audio.codec ?? "Sound", channels, rate].filter(Boolean).join(" · ");
}

/** Seconds as 0:07, 12:34 or 1:02:03; days stand in front. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86_400);
  const [h, m, s] = [Math.floor((whole % 86_400) / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value: number): string => String(value).padStart(2, "0");
  const clock = h || days ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
  return days ? `${days} d ${clock}` : clock;
}

/** How long ago; the API's times are Unix seconds. */
export function since(time: number | null | undefined, nowMs: number): string {
  return time === null || time === undefined ? NONE : duration(nowMs / 1000 - time);
}

const SPANS: [number, Intl.RelativeTimeFormatUnit][] = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "in 2 hours", "3 days ago", "never" */
export function relative(time: number | null | undefined, nowMs: number, never = "never"): string {
  if (time === null || time === undefined) return never;
  const seconds = time - nowMs / 1000;
  for (const [length, unit] of SPANS) {
    if (Math.abs(seconds) >= length) return RELATIVE.format(Math.round(seconds / length), unit);
  }
  return Math.abs(seconds) < 10 ? "now" : RELATIVE.format(Math.round(seconds), "second");
}

/** The API writes its messages as parts of sentences; alone, they begin with a capital. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function percent(part: number, whole: number): number {
  return whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
