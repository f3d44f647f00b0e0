/** What the pages work with. The shapes of replies come from the server's own description where it has one. */

export type Role = "admin" | "operator" | "viewer";
export type State = "starting" | "live" | "stalled" | "retrying" | "failed" | "stopped";
export type Json = Record<string, unknown>;

export interface Me {
  role: Role;
  name: string;
  expires_at?: string | null;
}

export interface VideoInfo {
  codec?: string;
  profile?: string;
  width?: number;
  height?: number;
  fps?: number;
  bitrate?: number;
  passthrough?: boolean;
  why?: string;
}

export interface AudioInfo {
  codec?: string;
  rate?: number;
  channels?: number;
  bitrate?: number;
  passthrough?: boolean;
  why?: string;
}

export interface Source {
  id: string;
  name: string;
  kind: string;
  options: Json;
  enabled: boolean;
  path: string;
  state: State;
  reason: string;
  since: number | string | null;
  detail: { video?: VideoInfo | null; audio?: AudioInfo | null; transport?: string } & Json;
}

export interface Path {
  name: string;
  title: string;
  state: State;
  reason: string;
  readers: number;
  viewers: number;
  video: VideoInfo | null;
  audio: AudioInfo | null;
}

export interface WorkerStatus {
  id: string;
  kind: string;
  pid: number | null;
  state: State;
  reason: string;
  since: number | string | null;
  restarts: number;
  adopted: boolean;
  cpu: number | null;
  rss: number | null;
  detail: Json;
}

export interface Viewer {
  session: string;
  path: string;
  name: string;
  remote: string;
  state: string;
  since: number | string | null;
  bitrate?: number | null;
  rtt_ms?: number | null;
  fraction_lost?: number | null;
  jitter_ms?: number | null;
}

export interface Host {
  cpu: { cores: number; percent: number };
  memory: { total: number; available: number };
  disk: { path?: string; total: number; free: number };
}

export interface SystemInfo extends Host {
  version: string;
  build: string;
  python: string;
  gstreamer: string | null;
  host: string;
  uptime_s: number;
  engine: { answers: boolean; reason?: string };
}

export interface SourceKind {
  kind: string;
  title: string;
  summary: string;
  schemes: string[];
  schema: Json;
}

export interface ProbeResult {
  ok: boolean;
  state: State;
  reason: string;
  hint: string;
  path: string | null;
  video: VideoInfo | null;
  audio: AudioInfo | null;
  detail: Json | null;
}

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

export interface Token {
  id: string;
  name: string;
  role: Role;
  created_at?: string | number | null;
  expires_at?: string | number | null;
  last_used_at?: string | number | null;
  token?: string;
}

export interface LoginLink {
  id: string;
  name: string;
  role: Role;
  created_at: number;
  expires_at: number;
  uses_left: number;
  url?: string;
}

export interface LoginSession {
  id: string;
  name: string;
  role: Role;
  address: string;
  browser: string;
  created_at: number;
  last_seen_at: number;
  expires_at: number;
  current: boolean;
}
