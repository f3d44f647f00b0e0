"""What should run, and how a worker says how it is."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from regie.domain.errors import Invalid

type Json = dict[str, Any]  # what crosses the control link: JSON objects

_WORKER_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,44}")


class WorkerState(StrEnum):
    """The states an operator sees, for a worker and for the path it feeds alike."""

    STARTING = "starting"
    LIVE = "live"
    STALLED = "stalled"
    RETRYING = "retrying"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True)
class WorkerSpec:
    """One worker that should run. `spec` is its kind's own business; it may hold secrets."""

    id: str
    kind: str
    spec: Json = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _WORKER_ID.fullmatch(self.id):
            raise Invalid(f"worker id {self.id!r} is not made of a-z, 0-9 and dashes (45 at most)")

    def to_wire(self) -> Json:
        return {"id": self.id, "kind": self.kind, "spec": self.spec}

    @classmethod
    def from_wire(cls, wire: Json) -> "WorkerSpec":
        return cls(str(wire["id"]), str(wire["kind"]), dict(wire.get("spec") or {}))


@dataclass(frozen=True)
class Show:
    """Everything that should run: the whole of it, always."""

    workers: tuple[WorkerSpec, ...] = ()

    def __post_init__(self) -> None:
        ids = [worker.id for worker in self.workers]
        if len(ids) != len(set(ids)):
            raise Invalid("two workers of a show have the same id")

    def to_wire(self) -> Json:
        return {"workers": [worker.to_wire() for worker in self.workers]}

    @classmethod
    def from_wire(cls, wire: Json) -> "Show":
        workers = wire.get("workers", [])
        if not isinstance(workers, list):
            raise Invalid("a show's workers are a list")
        return cls(tuple(WorkerSpec.from_wire(worker) for worker in workers))


@dataclass(frozen=True)
class Report:
    """A worker's word about itself: its state, the reason a volunteer understands, and details."""

    state: WorkerState
    reason: str = ""
    detail: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def to_wire(self) -> Json:
        return {"state": self.state.value, "reason": self.reason, "detail": dict(self.detail)}

    @classmethod
    def from_wire(cls, wire: Json) -> "Report":
        return cls(
            WorkerState(wire["state"]),
            str(wire.get("reason", "")),
            MappingProxyType(dict(wire.get("detail") or {})),
        )
