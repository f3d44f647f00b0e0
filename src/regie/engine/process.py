"""Operating system processes: our own children and those an earlier engine started, handled alike."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """What a process has used so far."""

    start_ticks: int
    cpu_s: float
    rss: int


def sample(pid: int) -> Sample | None:
    """The figures of a process; None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces; see proc(5) for the rest
    if fields[0] in "ZX":
        return None
    return Sample(
        start_ticks=int(fields[19]),
        cpu_s=(int(fields[11]) + int(fields[12])) / TICKS_PER_S,
        rss=int(fields[21]) * PAGE_BYTES,
    )


class Process:
    """One process, held by a pidfd: a signal can never hit a stranger that got its number."""

    def __init__(self, pid: int, pidfd: int, start_ticks: int, child: subprocess.Popen[bytes] | None) -> None:
        self.pid = pid
        self.start_ticks = start_ticks
        self._pidfd = pidfd
        self._child = child
        self._usage = (0.0, 0.0)  # when, CPU seconds
        self._loop = asyncio.get_running_loop()

    @classmethod
    def spawn(cls, command: Sequence[str], log: Path, environ: Mapping[str, str]) -> Self:
        """Start a process in a session of its own, so that it outlives this one."""
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(environ),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        try:
            pidfd = os.pidfd_open(child.pid)
        except OSError:
            child.kill()
            child.wait()
            raise
        found = sample(child.pid)
        return cls(child.pid, pidfd, found.start_ticks if found else 0, child)

    @classmethod
    def adopt(cls, pid: int, start_ticks: int) -> Self | None:
        """Take hold of a running process; None when it is gone, even if its number is in use again."""
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            return None
        found = sample(pid)  # read after the pidfd is held: from here on the number cannot change owner
        if found is None or found.start_ticks != start_ticks:
            os.close(pidfd)
            return None
        return cls(pid, pidfd, start_ticks, None)

    def on_exit(self, done: Callable[[str], None]) -> None:
        """Call `done(how it ended)` once, in the loop, when the process has ended."""
        self._loop.add_reader(self._pidfd, self._exited, done)

    def send(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, number)

    def usage(self) -> tuple[float, int]:
        """Cores used since the last question, and resident bytes."""
        found, now = sample(self.pid), self._loop.time()
        if found is None:
            return 0.0, 0
        (then, cpu_s), self._usage = self._usage, (now, found.cpu_s)
        return (found.cpu_s - cpu_s) / (now - then) if then and now > then else 0.0, found.rss

    def release(self) -> None:
        """Let go without ending it."""
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1

    def _exited(self, done: Callable[[str], None]) -> None:
        how = "ended" if self._child is None else _how(self._child.wait())
        self.release()
        done(how)


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit status {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"
