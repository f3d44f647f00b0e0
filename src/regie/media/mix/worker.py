"""The mixer worker: one production's programme, on air until it is told to stop."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

from regie.domain.errors import Invalid, Unavailable
from regie.domain.production import (
    MAX_INPUTS,
    Production,
    strip_from_wire,
    strip_to_wire,
    transition_from_wire,
    transition_to_wire,
)
from regie.domain.scenes import Scene
from regie.domain.transitions import Transition
from regie.domain.workers import Json, Report, WorkerState
from regie.link.server import Handler
from regie.link.worker import Voice, WorkerContext, run_worker
from regie.media.encoders import best_encoder, share_verdicts
from regie.media.mix.memory import Memory, keep, recall
from regie.media.mix.mixer import Mixer, MixerEvents

log = logging.getLogger(__name__)

SPARE_INPUTS = 4  # how many sources may come without a new pipeline
LEAST_INPUTS = 8
EXIT_FAILED = 75  # the engine starts a worker that ended so as it does any other
MAX_FADE_MS = 10_000


async def run(context: WorkerContext, spec: Json) -> None:
    share_verdicts(context.run_dir)
    await run_worker(context, spec, lambda voice: MixerBody(context, voice))


class MixerBody:
    """Holds the mixer, makes a new one where the old one cannot become what is wanted, remembers the desk."""

    def __init__(self, context: WorkerContext, voice: Voice) -> None:
        self._context = context
        self._voice = voice
        self._mixer: Mixer | None = None
        self._slots = LEAST_INPUTS
        self._stills = Path()
        self._at_ns = 0
        self._lock = asyncio.Lock()

    async def start(self, spec: Json) -> None:
        production = Production.from_wire(spec["production"])
        self._stills = Path(str(spec.get("stills", "")))
        await self._make(production, recall(self._context.directory, production))

    async def apply(self, spec: Json) -> None:
        production = Production.from_wire(spec["production"])
        async with self._lock:
            mixer = self._running
            if production == mixer.production:
                return
            if production.format == mixer.production.format and len(production.inputs) <= self._slots:
                await mixer.apply(production)
            else:
                self._voice(Report(WorkerState.STARTING, "the programme begins anew in its new format"))
                self._mixer = None
                await mixer.close()
                await self._make(production, mixer.memory)

    async def stats(self) -> Json:
        return self._mixer.stats() if self._mixer else {"paths": {}, "mixer": None}

    def calls(self) -> Mapping[str, Handler]:
        return {
            "desk": self._desk,
            "preview": self._preview,
            "cut": self._cut,
            "auto": self._auto,
            "t_bar": self._t_bar,
            "fade_to_black": self._fade_to_black,
            "strip": self._strip,
            "overlay": self._overlay,
            "solo": self._solo,
            "reset_loudness": self._reset_loudness,
            "graph": self._graph,
        }

    async def close(self) -> None:
        if self._mixer is not None:
            mixer, self._mixer = self._mixer, None
            with contextlib.suppress(Unavailable):  # the process ends next, hanging or not
                await mixer.close()

    # --- the mixer -----------------------------------------------------------------------------------------

    async def _make(self, production: Production, memory: Memory) -> None:
        wanted = max(LEAST_INPUTS, len(production.inputs) + SPARE_INPUTS)
        self._slots = min(wanted, max(MAX_INPUTS, len(production.inputs)))
        events = MixerEvents(self._on_changed, self._on_measured, self._on_warned, self._on_failed)
        mixer = Mixer(self._context.run_dir, production, self._slots, memory, events, stills=self._stills)
        await mixer.start()
        self._mixer = mixer
        self._voice(Report(WorkerState.LIVE))
        mixer.restore(memory)

    @property
    def _running(self) -> Mixer:
        if self._mixer is None:
            raise Unavailable("the mixer is being made anew", "try again in a second")
        return self._mixer

    def _on_changed(self, at_ns: int) -> None:
        self._at_ns = at_ns
        if self._mixer is not None:
            keep(self._context.directory, self._mixer.memory)
            self._voice.publish("desk", self._state())

    def _on_measured(self, levels: Json) -> None:
        self._voice.publish("levels", levels)

    def _on_warned(self, warning: Json) -> None:
        self._voice.publish("warning", warning)

    def _on_failed(self, why: str) -> None:
        """A pipeline that failed does not heal: a new process has the programme back within a second."""
        log.critical("%s: ending this worker, the engine starts a new one", why)
        os._exit(EXIT_FAILED)

    # --- commands ------------------------------------------------------------------------------------------

    async def _desk(self, _: Json) -> Json:
        return {**self._answer(self._at_ns), "warnings": self._running.warnings}

    async def _preview(self, args: Json) -> Json:
        scene = self._scene(args)
        if scene is None:
            raise Invalid("which scene shall be prepared?")
        return self._answer(self._running.preview(scene))

    async def _cut(self, args: Json) -> Json:
        return self._answer(self._running.cut(self._scene(args)))

    async def _auto(self, args: Json) -> Json:
        return self._answer(self._running.auto(self._transition(args), self._scene(args)))

    async def _t_bar(self, args: Json) -> Json:
        return self._answer(self._running.t_bar(self._transition(args), _number(args, "way", 0, 1)))

    async def _fade_to_black(self, args: Json) -> Json:
        duration_ms = round(_number({"duration_ms": 1000, **args}, "duration_ms", 0, MAX_FADE_MS))
        return self._answer(
            self._running.fade_to_black(on=bool(args.get("on")), duration_ms=max(duration_ms, 1))
        )

    async def _strip(self, args: Json) -> Json:
        source = self._input(args.get("source"))
        return self._answer(self._running.set_strip(source, strip_from_wire(args["strip"])))

    async def _overlay(self, args: Json) -> Json:
        overlay = self._running.production.overlay(str(args.get("overlay")))
        return self._answer(await self._running.take_overlay(overlay, on=bool(args.get("on"))))

    async def _solo(self, args: Json) -> Json:
        sources = args.get("sources")
        if not isinstance(sources, list):
            raise Invalid("which inputs shall be heard? sources is a list of their ids")
        return self._answer(self._running.solo(tuple(dict.fromkeys(map(self._input, sources)))))

    async def _reset_loudness(self, _: Json) -> Json:
        return self._answer(self._running.reset_loudness())

    async def _graph(self, _: Json) -> Json:
        return {"dot": self._running.graph()}

    def _input(self, source: object) -> str:
        if source not in {item.id for item in self._running.production.inputs}:
            raise Invalid(f"{str(source)[:60]!r} is no input of this production")
        return str(source)

    def _scene(self, args: Json) -> Scene | None:
        scene_id = args.get("scene")
        return None if scene_id is None else self._running.production.scene(str(scene_id))

    def _transition(self, args: Json) -> Transition:
        wire = args.get("transition")
        return self._running.production.transition if wire is None else transition_from_wire(wire)

    def _answer(self, at_ns: int) -> Json:
        self._at_ns = at_ns
        return {"at_ns": at_ns, "desk": self._state()}

    # --- the desk, told and remembered ---------------------------------------------------------------------

    def _state(self) -> Json:
        mixer = self._running
        state = mixer.desk.state
        running = state.running
        return {
            "at_ns": self._at_ns,
            "programme": state.programme.id,
            "preview": state.preview.id,
            "programme_sources": sorted(mixer.on_air),
            "preview_sources": sorted(set(state.preview.sources)),
            "air": state.air.value,
            "transition": None
            if running is None
            else {
                **transition_to_wire(running.transition),
                "started_ns": running.start_ns,
                "ends_ns": running.end_ns,
                "way": running.way,
            },
            "black": mixer.is_black,
            "solo": list(mixer.soloed),
            "overlays": mixer.overlays.on,
            "inputs": mixer.inputs(),
            "strips": {
                item.id: strip_to_wire(mixer.production.strip(item.id)) for item in mixer.production.inputs
            },
            "encoder": best_encoder().title,
        }


def _number(args: Json, name: str, least: float, most: float) -> float:
    value = args.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise Invalid(f"{name} is a number from {least:g} to {most:g}, not {value!r}")
    return float(value)
