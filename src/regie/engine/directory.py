"""What stands in a worker's directory, and in the engine's own files."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from regie.domain.errors import RegieError
from regie.domain.workers import Json, WorkerSpec
from regie.link.worker import CONTROL_SOCKET

WORKERS = "workers"
ENGINE_SOCKET = "engine.sock"
LOG_LIMIT_BYTES = 1024 * 1024
LOG_KEEP_BYTES = 256 * 1024
LINE_LIMIT_BYTES = 16 * 1024


@dataclass(frozen=True)
class Identity:
    """Who runs in a directory. The start ticks tell a process from a later one with the same pid."""

    id: str
    kind: str
    pid: int
    start_ticks: int
    build: str


class WorkerDirectory:
    """RUN_DIR/workers/<id>: control socket, spec, identity and log of one worker."""

    def __init__(self, run_dir: Path, worker_id: str) -> None:
        self.run_dir = run_dir
        self.id = worker_id
        self.path = run_dir / WORKERS / worker_id
        self.socket = self.path / CONTROL_SOCKET
        self.log = self.path / "log"
        self._older_log = self.path / "log.1"
        self._spec = self.path / "spec.json"
        self._identity = self.path / "worker.json"
        self._log_begin = 0

    def create(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def write_spec(self, spec: WorkerSpec) -> None:
        write_json(self._spec, spec.spec)

    def read_spec(self) -> Json | None:
        return read_json(self._spec)

    def write_identity(self, identity: Identity) -> None:
        write_json(self._identity, asdict(identity))

    def read_identity(self) -> Identity | None:
        try:
            return Identity(**(read_json(self._identity) or {}))
        except TypeError:
            return None

    def begin_log(self) -> None:
        """From here on, the log is of another process."""
        self._log_begin = self.log.stat().st_size if self.log.exists() else 0

    def bound_log(self) -> None:
        """Keep the end of a log that grew over its limit; its writers append and need not be told."""
        with contextlib.suppress(OSError):  # not there yet, or the disk is full: tried again in a second
            if self.log.stat().st_size <= LOG_LIMIT_BYTES:
                return
            self._older_log.write_bytes(_tail(self.log, LOG_KEEP_BYTES))
            os.truncate(self.log, 0)
            self._log_begin = 0

    def last_line(self) -> str:
        """What was logged last since `begin_log`."""
        with contextlib.suppress(OSError), self.log.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(self._log_begin, end - LINE_LIMIT_BYTES))
            lines = stream.read(LINE_LIMIT_BYTES).decode(errors="replace").splitlines()
            return lines[-1] if lines else ""
        return ""

    def log_lines(self, count: int) -> list[str]:
        """The last lines, oldest first."""
        text = b"".join(_tail(file, LOG_KEEP_BYTES) for file in (self._older_log, self.log))
        return text.decode(errors="replace").splitlines()[-count:] if count > 0 else []


def worker_directories(run_dir: Path) -> Iterator[WorkerDirectory]:
    with contextlib.suppress(FileNotFoundError):
        for path in sorted((run_dir / WORKERS).iterdir()):
            yield WorkerDirectory(run_dir, path.name)


def write_json(file: Path, value: Json) -> None:
    """All or nothing, and readable by nobody else: specs hold passwords. Does not wait for the disk."""
    _write(file, json.dumps(value), 0)


def write_lasting_json(file: Path, value: Json) -> None:
    """The same for what must outlive a power cut."""
    _write(file, json.dumps(value), os.O_SYNC)


def _write(file: Path, text: str, flags: int) -> None:
    fresh = file.with_suffix(f".{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | flags, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(text)
        fresh.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise RegieError(
            f"{file} cannot be written: {error.strerror}", "is the disk full or read-only?"
        ) from error


def read_json(file: Path) -> Json | None:
    """The object in a file; None when it is missing or damaged."""
    try:
        value = json.loads(file.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _tail(file: Path, size: int) -> bytes:
    try:
        with file.open("rb") as stream:
            length = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, length - size))
            data = stream.read(size)
    except OSError:
        return b""
    return data if length <= size else data.partition(b"\n")[2]
