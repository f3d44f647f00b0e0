"""What the API says. All times are Unix seconds."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from regie.domain.access import Role
from regie.domain.workers import WorkerState

Name = Annotated[str, Field(min_length=1, max_length=80, examples=["Stage left"])]


class Asked(BaseModel):
    """What is sent to the API: an unknown field is an error, it may be a misspelt one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class VideoFigures(BaseModel):
    codec: str | None = None
    profile: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bitrate: float | None = Field(None, description="bits per second")
    keyframe_interval_s: float | None = None
    units: int | None = Field(None, description="encoded pictures since the worker started")
    keyframes: int | None = None
    readers: int | None = None
    silent_s: float | None = Field(None, description="seconds since the last picture")


class AudioFigures(BaseModel):
    codec: str | None = None
    rate: int | None = None
    channels: int | None = None
    bitrate: float | None = Field(None, description="bits per second")
    units: int | None = None
    readers: int | None = None
    silent_s: float | None = Field(None, description="seconds since the last sound packet")


class SourceState(BaseModel):
    """A source, and how it is at this moment."""

    id: str
    name: str
    kind: str
    options: dict[str, Any] = Field(description="secrets are masked; sent back masked, they stay as they are")
    enabled: bool
    max_viewers: int = Field(description="how many may watch it at once; 0: as many as Regie serves in all")
    path: str
    state: WorkerState
    reason: str
    since: float
    detail: dict[str, Any]
    created_at: float
    updated_at: float


class PathState(BaseModel):
    """One live thing that can be watched, at /whep/<name>."""

    name: str
    title: str
    state: WorkerState
    reason: str
    readers: int = Field(description="who reads it inside this machine: the edge, a mixer, a recorder")
    viewers: int
    video: VideoFigures | None = None
    audio: AudioFigures | None = None


class PathTiming(BaseModel):
    """Told by a test source's strip and beep, from its making to its arrival on the hub."""

    latency_ms: float = Field(description="median")
    latency_p95_ms: float
    lip_sync_ms: float | None = Field(description="above zero: the sound is late; null: no beep was heard")
    frames: int = Field(description="how many were read")
    beeps: int


class WorkerStatus(BaseModel):
    id: str
    kind: str
    pid: int | None = None
    state: WorkerState
    reason: str = ""
    since: float
    restarts: int = 0
    adopted: bool = False
    cpu: float = Field(0.0, description="cores")
    rss: int = Field(0, description="bytes")
    detail: dict[str, Any] = {}


class Viewer(BaseModel):
    """One browser or player that watches one path."""

    session: str = Field(description="names this viewer here; it is not the secret session URL of WHEP")
    path: str
    name: str = ""
    remote: str = ""
    state: str = ""
    since: float | None = None
    bytes: int | None = None
    bitrate: float | None = None
    rtt_ms: float | None = None
    lost: int | None = None
    fraction_lost: float | None = None
    jitter_ms: float | None = None
    nacks: int | None = None
    plis: int | None = None
    frames: int | None = None
    dropped: int | None = None


class Cpu(BaseModel):
    cores: int
    percent: float = Field(description="of all cores together")


class Memory(BaseModel):
    total: int
    available: int


class Disk(BaseModel):
    path: str
    total: int
    free: int


class EngineState(BaseModel):
    answers: bool
    reason: str = ""
    pid: int | None = None
    version: str | None = None
    build: str | None = None
    since: float | None = None


class SystemState(BaseModel):
    version: str
    build: str
    python: str
    gstreamer: str | None
    host: str
    uptime_s: float = Field(description="of the server, not of the machine")
    cpu: Cpu
    memory: Memory
    disk: Disk
    engine: EngineState


class WhoAmI(BaseModel):
    role: Role
    name: str
    expires_at: float | None
