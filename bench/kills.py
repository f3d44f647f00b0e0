"""SIGKILL, ten times each, while three pictures are watched: how long their pictures stand still."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Protocol

from bench.browser import watched_page
from bench.harness import Figure
from bench.viewers import Viewer, watching
from regie.domain.workers import Json
from regie.link.client import call
from tests.support.instance import Instance, running_instance
from tests.support.wait import until

KILLS = 10
WATCHED = ("src/cam1", "src/cam2", "src/cam3")
STEADY_S = 3.0  # every picture must have run this long before the next kill, and after it
AFTER_S = 4.0
LIMIT_S = 3.0
MIXER_LIMIT_S = 2.0
STOPPED_S = 0.5  # a picture that stands still for longer has stopped


class Watched(Protocol):
    """A picture somebody watches."""

    def longest_gap_s(self, since: float, until: float) -> float: ...


@dataclass
class Outcome:
    """The longest standstill of each kill, of the pictures it concerns and of all the others, in seconds."""

    back_s: list[float] = field(default_factory=list)
    others_s: list[float] = field(default_factory=list)
    kept: bool = True
    note: str = ""

    def figure(self, what: str, limit_s: float = LIMIT_S) -> Figure:
        worst, others = max(self.back_s), max(self.others_s, default=0.0)
        how = f"worst of {len(self.back_s)} kills of {what} (median {median(self.back_s):.2f} s)"
        if self.others_s:
            how += f"; longest standstill of any other picture {others:.2f} s"
        ok = worst <= limit_s and others <= STOPPED_S and self.kept
        return {"value": round(worst, 3), "unit": "s", "limit": limit_s, "ok": ok, "how": how + self.note}


def source_kill() -> Figure:
    """One source: its picture comes back, no other stops."""
    outcome = Outcome()
    with _watched_instance() as (instance, viewers):
        for _ in range(KILLS):
            gaps = _gaps(viewers, lambda: _kill(instance.worker_pid("src-cam1")))
            outcome.back_s.append(gaps[0])
            outcome.others_s.extend(gaps[1:])
    return outcome.figure("a source: its picture is back")


def edge_kill() -> Figure:
    """The edge: all pictures of a page are back without anyone's help."""
    outcome = Outcome()
    with watched_page(*(path.removeprefix("src/") for path in WATCHED)) as (instance, pictures):
        for _ in range(KILLS):
            outcome.back_s.append(max(_gaps(pictures, lambda: _kill(instance.worker_pid("edge-0")))))
    return outcome.figure(f"the edge: all {len(WATCHED)} pictures of the multiview in Chromium are back")


def mixer_kill() -> Figure:
    """The mixer: the programme is back for its viewer, no source stops."""
    outcome = Outcome()
    with running_instance() as instance, watching(instance, "pgm/main", "src/cam1", "src/cam2") as viewers:
        for _ in range(KILLS):
            gaps = _gaps(viewers, lambda: _kill(instance.worker_pid("mix-main")))
            outcome.back_s.append(gaps[0])
            outcome.others_s.extend(gaps[1:])
    return outcome.figure("the mixer: the programme is back", MIXER_LIMIT_S)


def server_kill() -> Figure:
    """The server: it answers again, no picture stops."""
    outcome = Outcome()
    with _watched_instance() as (instance, viewers):
        for _ in range(KILLS):
            outcome.others_s.extend(_gaps(viewers, lambda: outcome.back_s.append(_server_back_s(instance))))
    return outcome.figure("the server: it answers again")


def engine_kill() -> Figure:
    """The engine: nothing stops, and the next engine takes over what it finds."""
    outcome = Outcome()
    with _watched_instance() as (instance, viewers):
        before = _pids(instance)
        for _ in range(KILLS):
            outcome.others_s.extend(_gaps(viewers, lambda: outcome.back_s.append(_engine_back_s(instance))))
        after = _pids(instance)
        restarted = sorted(worker for worker, pid in before.items() if after.get(worker) != pid)
        outcome.kept = not restarted
        outcome.note = f"; RESTARTED: {', '.join(restarted)}" if restarted else "; every worker was adopted"
    return outcome.figure("the engine: `regie up` again has taken over")


@contextmanager
def _watched_instance() -> Iterator[tuple[Instance, list[Viewer]]]:
    with running_instance() as instance, watching(instance, *WATCHED) as viewers:
        yield instance, viewers


def _gaps(viewers: Sequence[Watched], kill: Callable[[], object]) -> list[float]:
    """Kill when all is steady; the longest standstill of each viewer from then until all is steady again."""
    _wait_steady(viewers)
    killed_at = time.monotonic()
    kill()
    until(lambda: time.monotonic() > killed_at + AFTER_S, AFTER_S + 1)
    _wait_steady(viewers)
    return [viewer.longest_gap_s(killed_at, time.monotonic() - STEADY_S) for viewer in viewers]


def _wait_steady(viewers: Sequence[Watched]) -> None:
    def steady() -> bool:
        now = time.monotonic()
        return all(viewer.longest_gap_s(now - STEADY_S, now) < STOPPED_S for viewer in viewers)

    until(steady, 30, "three steady pictures")


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _server_back_s(instance: Instance) -> float:
    pid = instance.worker_pid("server")
    _kill(pid)
    began = time.monotonic()
    until(lambda: instance.worker_pid("server") != pid, 30)
    instance.wait_serving(30)
    return time.monotonic() - began


def _engine_back_s(instance: Instance) -> float:
    instance.kill_engine()
    began = time.monotonic()
    instance.start(wait=False)
    until(lambda: _status(instance)["pid"] == instance.engine_pid and _all_live(instance), 30, "a new engine")
    return time.monotonic() - began


def _all_live(instance: Instance) -> bool:
    return all(worker["state"] == "live" for worker in _status(instance)["workers"])


def _pids(instance: Instance) -> dict[str, int]:
    until(lambda: _all_live(instance), 30, "all workers live")
    return {worker["id"]: worker["pid"] for worker in _status(instance)["workers"]}


def _status(instance: Instance) -> Json:
    """What the engine itself says: the server may still be telling of the last one."""
    return asyncio.run(call(instance.run_dir / "engine.sock", "status"))
