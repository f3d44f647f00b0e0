"""One engine per directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from regie.domain.errors import Conflict, Invalid

LOCK_FILE = "engine.lock"


@contextlib.contextmanager
def only_engine(*directories: Path) -> Iterator[None]:
    """Hold these directories for this process alone; they are made if missing, for nobody else's eyes."""
    with contextlib.ExitStack() as stack:
        for directory in dict.fromkeys(directories):  # one lock for one directory, whatever it is called
            stack.callback(os.close, _locked(_private(directory)))
        yield


def _private(directory: Path) -> Path:
    """Sockets in here obey whoever can open them, so the directory must be this user's alone."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if directory.stat().st_uid != os.getuid():
            raise Invalid(
                f"{directory} belongs to another user",
                "choose another one with REGIE_RUN_DIR or REGIE_DATA_DIR",
            )
        if directory.stat().st_mode & 0o077:
            directory.chmod(0o700)
    except OSError as error:
        raise Invalid(
            f"{directory} cannot be used: {error.strerror}", "choose another one in the settings"
        ) from error
    return directory


def _locked(directory: Path) -> int:
    descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise Conflict(
            f"regie is already running with {directory} (process {holder})",
            "stop it first, or give this one its own REGIE_RUN_DIR, REGIE_DATA_DIR and ports",
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
