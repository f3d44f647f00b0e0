/** What the pages work with: the server's own description of its replies (schema.d.ts, generated), by short names. */

import type { components } from "./schema";

type Schemas = components["schemas"];

export type Json = Record<string, unknown>;
export type Role = Schemas["Role"];
export type State = Schemas["WorkerState"];
export type Me = Schemas["WhoAmI"];
export type VideoFigures = Schemas["VideoFigures"];
export type AudioFigures = Schemas["AudioFigures"];
export type Path = Schemas["PathState"];
export type PathTiming = Schemas["PathTiming"];
export type WorkerStatus = Schemas["WorkerStatus"];
export type Viewer = Schemas["Viewer"];
export type Host = Pick<Schemas["SystemState"], "cpu" | "memory" | "disk">;
export type SystemInfo = Schemas["SystemState"];
export type SourceKind = Schemas["KindInfo"];
export type Token = Schemas["TokenInfo"];
export type MadeToken = Schemas["MadeToken"];
export type LoginLink = Schemas["LinkInfo"];
export type MadeLink = Schemas["MadeLink"];
export type LoginSession = Schemas["SessionInfo"];

/** What a source worker says of a stream beyond its figures. */
export interface Handling {
  passthrough?: boolean;
  why?: string;
}

export interface SourceDetail extends Json {
  video?: Handling | null;
  audio?: Handling | null;
  transport?: string | null;
}

export type Source = Omit<Schemas["SourceState"], "detail"> & { detail: SourceDetail };
export type ProbeResult = Omit<Schemas["ProbeResult"], "detail"> & { detail: SourceDetail };

export interface VideoFormat {
  format: string;
  width: number;
  height: number;
  fps: number[];
}

export interface Device {
  kind: string;
  device: string;
  name: string;
  formats: VideoFormat[];
  audio: { device: string; name: string }[];
}

export interface DeviceList {
  devices: Device[];
  note?: string;
}
