"""A path is one live thing one can watch; this is where its sockets are."""

import re
from enum import StrEnum
from pathlib import Path

from regie.domain.errors import Invalid

_PATH = re.compile(r"(?:src|pgm|pvw|mon|clean|mv|ret|probe)(?:/[a-z0-9][a-z0-9-]{0,39}){1,2}")


class Stream(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"


def checked_path(name: str) -> str:
    """The name, if it is one a hub path may have: no dots, no upper case, nothing to climb out with."""
    if not _PATH.fullmatch(name):
        raise Invalid(f"{name[:80]!r} is not a path", "paths look like src/cam1 or pgm/main")
    return name


def streams_of(path: str) -> tuple[Stream, ...]:
    """What it carries: one listens to a monitor, and sees nothing there."""
    return (Stream.AUDIO,) if path.startswith("mon/") else tuple(Stream)


def socket_file(run_dir: Path, path: str, stream: Stream) -> Path:
    return run_dir / "hub" / checked_path(path) / f"{stream}.sock"
