/** What the browser counts about one picture, in the few figures that are shown. */

export interface Figures {
  frames: number;
  audioPackets: number;
  bytes: number;
  at: number;
  width: number;
  height: number;
  fps: number;
  codec: string;
  bitrate: number | null;
  lost: number;
  packets: number;
  rttMs: number | null;
  bufferMs: number | null;
  bufferedS: number;
  emitted: number;
}

export function figuresFrom(report: RTCStatsReport, before: Figures | null): Figures {
  const figures: Figures = {
    frames: 0,
    audioPackets: 0,
    bytes: 0,
    at: performance.now(),
    width: 0,
    height: 0,
    fps: 0,
    codec: "",
    bitrate: null,
    lost: 0,
    packets: 0,
    rttMs: null,
    bufferMs: null,
    bufferedS: 0,
    emitted: 0,
  };
  report.forEach((entry: Record<string, unknown>) => {
    if (entry["type"] === "inbound-rtp") addInbound(figures, entry, report);
    if (
      entry["type"] === "candidate-pair" &&
      entry["nominated"] === true &&
      "currentRoundTripTime" in entry
    ) {
      figures.rttMs = number(entry["currentRoundTripTime"]) * 1000;
    }
  });
  if (before !== null) addRates(figures, before);
  return figures;
}

function addInbound(figures: Figures, entry: Record<string, unknown>, report: RTCStatsReport): void {
  figures.bytes += number(entry["bytesReceived"]);
  figures.lost += number(entry["packetsLost"]);
  figures.packets += number(entry["packetsReceived"]);
  if (entry["kind"] === "audio") {
    figures.audioPackets = number(entry["packetsReceived"]);
    return;
  }
  figures.frames = number(entry["framesDecoded"]);
  figures.width = number(entry["frameWidth"]);
  figures.height = number(entry["frameHeight"]);
  figures.fps = number(entry["framesPerSecond"]);
  figures.bufferedS = number(entry["jitterBufferDelay"]);
  figures.emitted = number(entry["jitterBufferEmittedCount"]);
  const codec = report.get(String(entry["codecId"])) as { mimeType?: string } | undefined;
  figures.codec = codec?.mimeType?.replace(/^video\//, "").replace("H264", "H.264") ?? "";
}

function addRates(figures: Figures, before: Figures): void {
  const seconds = (figures.at - before.at) / 1000;
  const fresh = figures.bytes - before.bytes;
  if (seconds > 0 && fresh >= 0) figures.bitrate = (8 * fresh) / seconds;
  const emitted = figures.emitted - before.emitted;
  if (emitted > 0) figures.bufferMs = (1000 * (figures.bufferedS - before.bufferedS)) / emitted;
}

function number(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}
