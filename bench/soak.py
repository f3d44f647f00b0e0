"""What only time shows of a mixer: memory and lip-sync while it is switched and sources come and go.

REGIE_SOAK_MINUTES makes it shorter; the figure then says so.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import psutil

from bench.harness import Figure, at_most
from regie.domain.production import Input, Production, new_production
from regie.domain.workers import Json
from tests.support.wait import until
from tests.support.worker import Worker, running

MINUTES = float(os.environ.get("REGIE_SOAK_MINUTES", "30"))
WARM_S = 120.0  # until every part was used once
CHANGE_S = 15.0  # between a source's coming and its going
SOURCES = ("cam1", "cam2", "cam3")
TRANSITIONS: tuple[Json, ...] = (
    {"kind": "mix", "duration_ms": 400},
    {"kind": "wipe", "duration_ms": 400, "direction": "left"},
    {"kind": "push", "duration_ms": 400, "direction": "up"},
    {"kind": "dip", "duration_ms": 400, "colour": 0},
)


def mixer_lip_sync() -> Figure:
    """Flash to beep on the programme, by the built-in meter."""
    with _show() as (mixer, tools):
        measured = [_lip_sync_ms(mixer, tools, source) for source in SOURCES]
    how = ", ".join(f"{source} {value:+.1f} ms" for source, value in zip(SOURCES, measured, strict=True))
    return at_most(max(map(abs, measured)), 20, "ms", f"on pgm/main, each source in turn: {how}")


def mixer_memory() -> Figure:
    """The growth of the mixer's memory over half an hour of switching, with the lip-sync meanwhile."""
    with _show() as (mixer, tools):
        process, began = psutil.Process(mixer.pid), time.monotonic()
        sizes: list[tuple[float, float]] = []
        lip_sync: list[float] = []
        production, steps = _production(SOURCES), 0
        while (age_s := time.monotonic() - began) < MINUTES * 60:
            _step(mixer, steps)
            if steps % int(CHANGE_S) == 0:
                names = SOURCES if steps % (2 * CHANGE_S) else (*SOURCES, "cam4")
                changed = replace(_production(names), scenes=production.scenes)
                mixer.call("apply", {"spec": {"production": changed.to_wire()}})
            if steps % 300 == 299:
                lip_sync.append(_lip_sync_ms(mixer, tools, "cam1"))
            steps += 1
            sizes.append((age_s, process.memory_info().rss / 1e6))
            time.sleep(max(0.0, began + steps - time.monotonic()))
    early = median(size for age_s, size in sizes if WARM_S <= age_s < 2 * WARM_S)
    late = median(size for age_s, size in sizes if age_s > sizes[-1][0] - WARM_S)
    how = (
        f"{early:.0f} MB in minutes 2 to 4, {late:.0f} MB at the end of {MINUTES:g} minutes of a cut or "
        f"transition each second and a source added or removed every {CHANGE_S:g} s; lip-sync meanwhile "
        f"{min(lip_sync):+.1f} to {max(lip_sync):+.1f} ms"
    )
    return at_most(100 * (late / early - 1), 5, "%", how)


def _step(mixer: Worker, step: int) -> None:
    scenes = [*(f"full-{source}" for source in SOURCES), "black"]
    scene = scenes[step % len(scenes)]
    if step % 2:
        mixer.call("auto", {"scene": scene, "transition": TRANSITIONS[step // 2 % len(TRANSITIONS)]})
    else:
        mixer.call("cut", {"scene": scene})


def _lip_sync_ms(mixer: Worker, tools: Worker, source: str) -> float:
    until(lambda: mixer.call("desk")["desk"]["transition"] is None, 5)
    mixer.call("cut", {"scene": f"full-{source}"})
    return float(tools.call("timing", {"path": "pgm/main"}, timeout_s=30)["lip_sync_ms"])


def _production(sources: tuple[str, ...]) -> Production:
    return new_production("main", "Main", [Input(source, source) for source in sources])


@contextlib.contextmanager
def _show() -> Iterator[tuple[Worker, Worker]]:
    with tempfile.TemporaryDirectory(prefix="rg", dir="/tmp") as directory, contextlib.ExitStack() as stack:
        run_dir = Path(directory)
        for source in (*SOURCES, "cam4"):
            spec = {"path": f"src/{source}", "kind": "test", "name": source, "options": {}}
            stack.enter_context(running(Worker(f"src-{source}", "source", run_dir), spec))
        mixer, tools = Worker("mix-main", "mixer", run_dir), Worker("tools", "tools", run_dir)
        stack.enter_context(running(mixer, {"production": _production(SOURCES).to_wire()}))
        stack.enter_context(running(tools, {}))
        until(
            lambda: all(each["picture"] == "live" for each in mixer.call("desk")["desk"]["inputs"].values()),
            20,
        )
        yield mixer, tools
