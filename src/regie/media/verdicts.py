"""Which encoder works here, found out by one process for all: a driver that hangs takes seconds."""

import contextlib
import fcntl
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

from regie.hub.gst import Gst

log = logging.getLogger(__name__)

FILE = "encoders.json"
DEVICES = ("dri/*", "nvidia*", "mpp_service", "video*")


class Verdicts:
    """Kept in the run directory, which a reboot empties; void with another GStreamer or other hardware."""

    def __init__(self, run_dir: Path, devices: Path = Path("/dev")) -> None:
        self._file = run_dir / FILE
        self._devices = devices

    def works(self, factory: str, settings: str, find_out: Callable[[], bool]) -> bool:
        """The verdict that is known, or what `find_out` says. Whoever asks meanwhile waits for it."""
        key = " ".join((factory, settings, _build_of(factory), *self._hardware()))
        try:
            with self._held() as file:
                known = _read(file)
                if key not in known:
                    known[key] = find_out()
                    _write(file, known)
                return known[key]
        except OSError as error:
            log.warning("%s cannot be used, so every worker tries the encoder: %s", self._file, error)
            return find_out()

    def forget(self) -> None:
        """Who asks next finds out anew."""
        self._file.unlink(missing_ok=True)

    def _hardware(self) -> list[str]:
        return sorted(str(path) for pattern in DEVICES for path in self._devices.glob(pattern))

    @contextlib.contextmanager
    def _held(self) -> Iterator[Path]:
        with self._file.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self._file


def _build_of(factory: str) -> str:
    """GStreamer's version, and the plugin's file as it is: a package that was upgraded counts as new."""
    plugin = Gst.ElementFactory.find(factory).get_plugin()
    file = Path(plugin.get_filename() or "")
    return f"{Gst.version_string()} {plugin.get_version()} {file.stat().st_mtime_ns if file.is_file() else 0}"


def _read(file: Path) -> dict[str, bool]:
    try:
        known = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(file: Path, known: dict[str, bool]) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(known, indent=1))
    fresh.replace(file)
