"""A running mixer: its pipeline, its inputs and its desk."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from regie.domain.desk import Bus, Desk, DeskState, Effect
from regie.domain.errors import Invalid
from regie.domain.production import Input, Production
from regie.domain.scenes import Scene
from regie.domain.sound import FOLLOW_MS, RAMP_MS, Strip, gain
from regie.domain.transitions import Transition
from regie.domain.workers import Json
from regie.hub.clock import now_ns
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, force_keyframe_at
from regie.media.mix.buses import Picture
from regie.media.mix.graph import mixer_text
from regie.media.mix.slate import SlateMaker
from regie.media.mix.slot import Slot
from regie.media.mix.timeline import Fader

log = logging.getLogger(__name__)

TICK_S = 0.05
SPARE_INPUTS = 4  # how many sources may come without a new mixer
MS = 1_000_000


class Mixer:
    """Made for a format and a number of inputs; everything else changes while it runs."""

    def __init__(
        self,
        run_dir: Path,
        production: Production,
        slots: int,
        state: DeskState,
        on_fault: Callable[[str], None],
    ) -> None:
        self._format = production.format
        self._on_fault = on_fault
        self._start_ns = _next_frame(now_ns(), production.format.fps)
        self._pipeline = Pipeline(mixer_text(production.format, slots, self._start_ns), self._on_message)
        slates = SlateMaker(*production.format.canvas)
        self._slots = [
            Slot(self._pipeline, number, run_dir, slates, production.hold_s) for number in range(slots)
        ]
        self.desk = Desk(state)
        self._picture = Picture(
            self._pipeline,
            slots,
            production.format.canvas,
            self._slot_of,
            lambda number: self._slots[number].size,
        )
        self._volumes = [Fader(self._pipeline[f"volume_{number}"], "volume", 0.0) for number in range(slots)]
        self._pans = [Fader(self._pipeline[f"pan_{number}"], "panorama", 0.0) for number in range(slots)]
        self._sizes: list[tuple[int, int]] = [(0, 0)] * slots
        self.production = production
        self.levels: dict[str, Any] = {}
        path = f"pgm/{production.id}"
        self._publishers = {
            "pgm_video": Publisher(run_dir, path, Stream.VIDEO, "pgm"),
            "pgm_audio": Publisher(run_dir, path, Stream.AUDIO, "pgm"),
            "pvw_video": Publisher(run_dir, f"pvw/{production.id}", Stream.VIDEO, "pvw"),
        }
        self._preview_runs = False

    async def start(self) -> None:
        force = {"pgm_video": "encoder", "pvw_video": "pvw_encoder"}
        for name, publisher in self._publishers.items():
            element = self._pipeline[force[name]] if name in force else None
            publisher.attach(
                self._pipeline, (lambda it: lambda: force_keyframe_at(it))(element) if element else None
            )
        self._assign(self.production.inputs)
        for effect in self.desk.begin(self._start_ns):
            self._picture.do(effect)
        self._set_sound(self._start_ns, RAMP_MS)
        self._pipeline.play()
        for publisher in self._publishers.values():
            publisher.listen()
        self._ticking = asyncio.create_task(self._tick_for_ever())

    async def close(self) -> None:
        self._ticking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticking
        for slot in self._slots:
            await slot.release()
        await self._pipeline.close()
        for publisher in self._publishers.values():
            await publisher.close()

    # --- commands: each returns the running time of the first frame that shows it ---------------------------

    def preview(self, scene: Scene) -> int:
        return self._do(lambda at_ns: self.desk.preview(scene, at_ns))

    def cut(self, scene: Scene | None) -> int:
        return self._do(lambda at_ns: self.desk.cut(at_ns, scene))

    def auto(self, transition: Transition, scene: Scene | None) -> int:
        return self._do(lambda at_ns: self.desk.auto(transition, at_ns, scene))

    def t_bar(self, transition: Transition, way: float) -> int:
        return self._do(lambda at_ns: self.desk.t_bar(transition, way, at_ns))

    def _do(self, command: Callable[[int], list[Effect]]) -> int:
        at_ns = self._next_frame_ns()
        for effect in command(at_ns):
            self._picture.do(effect)
        self._set_sound(at_ns, RAMP_MS)
        return at_ns

    # --- inputs --------------------------------------------------------------------------------------------

    def _slot_of(self, source: str) -> int | None:
        for slot in self._slots:
            if slot.input is not None and slot.input.id == source:
                return slot.number
        return None

    def _assign(self, inputs: tuple[Input, ...]) -> None:
        for wanted in inputs:
            if self._slot_of(wanted.id) is not None:
                continue
            free = next((slot for slot in self._slots if slot.input is None), None)
            if free is None:
                raise Invalid(f"this mixer has {len(self._slots)} inputs and all are used")
            free.assign(wanted)

    async def apply(self, production: Production) -> None:
        """Everything but the format and the number of inputs may change on air."""
        wanted = {item.id for item in production.inputs}
        for slot in self._slots:
            if slot.input is not None and slot.input.id not in wanted:
                await slot.release()
        self._assign(production.inputs)
        self.production = production
        at_ns = self._next_frame_ns()
        for scene in production.all_scenes:
            for effect in self.desk.change(scene, at_ns):
                self._picture.do(effect)
        self._picture.replace_items(at_ns)
        self._set_sound(at_ns, RAMP_MS)

    # --- sound ---------------------------------------------------------------------------------------------

    def _set_sound(self, at_ns: int, ramp_ms: int) -> None:
        state = self.desk.state
        heard = set(state.programme.sources)
        if state.running is not None:
            heard |= set(state.preview.sources)
        for slot in self._slots:
            if slot.input is None:
                continue
            strip = self.production.strip(slot.input.id)
            level = gain(strip, on_air=slot.input.id in heard)
            ramp_ns = (FOLLOW_MS if strip.follows else ramp_ms) * MS
            _ramp(self._volumes[slot.number], level, at_ns, ramp_ns)
            _ramp(self._pans[slot.number], strip.pan, at_ns, ramp_ns)

    # --- time ----------------------------------------------------------------------------------------------

    def _next_frame_ns(self) -> int:
        """The first frame nobody has begun to make."""
        frame_ns = 1e9 / self._format.fps
        positions = []
        for name in ("bus_a", "bus_b"):
            known, position = self._pipeline[name].get_static_pad("src").query_position(Gst.Format.TIME)
            positions.append(position if known else 0)
        number = round((max(*positions, self._start_ns) - self._start_ns) / frame_ns) + 1
        return self._start_ns + round(number * frame_ns)

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            at_ns = self._next_frame_ns()
            effects = self.desk.tick(at_ns)
            for effect in effects:
                self._picture.do(effect)
            sizes = [slot.size for slot in self._slots]
            if sizes != self._sizes:
                self._sizes = sizes
                self._picture.replace_items(at_ns)
            self._run_preview()

    def _run_preview(self) -> None:
        wanted = self._publishers["pvw_video"].readers > 0
        off_air = self.desk.state.air.other
        selector = self._pipeline["pvw"]
        for number, bus in enumerate(Bus):
            self._pipeline[f"pvw_{bus}"].set_property("drop", not (wanted and bus is off_air))
            if bus is off_air:
                selector.set_property("active-pad", selector.get_static_pad(f"sink_{number}"))
        if wanted and not self._preview_runs:
            force_keyframe_at(self._pipeline["pvw_encoder"])
        self._preview_runs = wanted

    def _on_message(self, message: Any) -> None:
        if message.type == Gst.MessageType.ERROR:
            error, debug = message.parse_error()
            log.error("%s: %s (%s)", message.src.get_name(), error.message, debug)
            self._on_fault(f"the mixer's {message.src.get_name()} failed: {error.message}")
        elif message.type == Gst.MessageType.WARNING:
            error, debug = message.parse_warning()
            log.warning("%s: %s (%s)", message.src.get_name(), error.message, debug)
        elif message.type == Gst.MessageType.ELEMENT and message.get_structure().get_name() == "level":
            self._on_level(message.src.get_name(), message.get_structure())

    def _on_level(self, name: str, structure: Any) -> None:
        peaks, means = structure.get_value("peak"), structure.get_value("rms")
        self.levels[name.removeprefix("level_")] = {
            "peak": [round(value, 1) for value in peaks],
            "rms": [round(value, 1) for value in means],
        }

    # --- figures -------------------------------------------------------------------------------------------

    def status(self) -> Json:
        return {slot.input.id: slot.status() for slot in self._slots if slot.input is not None}


def _ramp(fader: Fader, value: float, at_ns: int, ramp_ns: int) -> None:
    now = fader.value_at(at_ns)
    if now != value:
        fader.follow([(at_ns, now), (at_ns + ramp_ns, value)])


def _next_frame(after_ns: int, fps: int) -> int:
    """Frames are counted from whole seconds, as the test sources count theirs."""
    second, into_ns = divmod(after_ns, 1_000_000_000)
    return second * 1_000_000_000 + (into_ns * fps // 1_000_000_000 + 1) * 1_000_000_000 // fps
