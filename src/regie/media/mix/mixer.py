"""A running mixer: its pipeline, its inputs and its desk."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gi

from regie.domain.desk import Desk, Effect
from regie.domain.errors import Invalid, Unavailable
from regie.domain.frames import FrameGrid
from regie.domain.overlays import Overlay
from regie.domain.production import Input, Production
from regie.domain.scenes import Scene
from regie.domain.sound import Strip
from regie.domain.transitions import Transition
from regie.domain.watchdog import Limits
from regie.domain.workers import Json
from regie.hub.clock import now_ns
from regie.hub.gst import GLib, Gst, Pipeline
from regie.media.mix.buses import Picture
from regie.media.mix.graph import mixer_text
from regie.media.mix.memory import Memory
from regie.media.mix.monitor import Monitor
from regie.media.mix.outputs import Outputs
from regie.media.mix.overlays import Overlays, Stage
from regie.media.mix.slate import SlateMaker
from regie.media.mix.slot import Slot
from regie.media.mix.sound import Loudness, Meters, Sound
from regie.media.mix.timeline import Fader
from regie.media.mix.watch import Looks, Studio, Watch

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf  # noqa: E402

log = logging.getLogger(__name__)

TICK_S = 0.05
START_TIMEOUT_NS = 3_000_000_000
MS = 1_000_000
STILL_S = 1.5
COMMAND_NS = 6_000_000  # longer than it takes to put all of a command on the timelines


@dataclass(frozen=True)
class MixerEvents:
    """Whom the mixer tells. All are called in the event loop."""

    changed: Callable[[int], None]  # the desk, or how an input does; from which frame on
    measured: Callable[[Json], None]  # levels
    warned: Callable[[Json], None]  # that something is wrong, or right again
    failed: Callable[[str], None]  # it is of no use any more


class Mixer:
    """Made for a format and a number of inputs; everything else changes while it runs."""

    def __init__(
        self,
        run_dir: Path,
        production: Production,
        slots: int,
        memory: Memory,
        tell: MixerEvents,
        *,
        stills: Path,
    ) -> None:
        self.production = production
        self.desk = Desk(memory.desk)
        self.is_black = memory.is_black
        self.soloed: tuple[str, ...] = ()
        self._format = production.format
        self._tell = tell
        self._start_ns = _next_frame(now_ns(), production.format.fps)
        self._busy_until_ns = 0
        self._seen: Json = {}
        self._ticking: asyncio.Task[None] | None = None
        canvas = production.format.canvas
        pipeline = self._pipeline = Pipeline(
            mixer_text(production.format, slots, self._start_ns), self._on_message
        )
        slates = SlateMaker(*canvas)
        grid = FrameGrid(self._start_ns, production.format.fps)
        self._slots = [Slot(pipeline, number, run_dir, slates, grid) for number in range(slots)]
        self._picture = Picture(
            pipeline, slots, canvas, self._slot_of, lambda number: self._slots[number].size
        )
        self._sound = Sound(pipeline, slots)
        self._meters = Meters()
        self._loudness = Loudness(pipeline)
        self._monitor = Monitor(run_dir, production, pipeline, slots)
        self._watch = Watch(Looks(pipeline, slots), tell.warned, Limits())
        self._outputs = Outputs(run_dir, production, pipeline, self._monitor)
        self.overlays = Overlays(pipeline, Stage(canvas, stills, self._next_frame_ns, self._blended_ns))
        pipeline["black"].set_property("pixbuf", _black_pixel())
        self._black = Fader(pipeline["black"], "alpha", float(self.is_black))
        if self.is_black:
            self._sound.fade_programme(0.0, 1, 1)

    async def start(self) -> None:
        self._outputs.attach()
        for effect in self.desk.begin(self._start_ns):
            self._picture.do(effect)
        await self._pipeline.play()
        await self._begun()
        self._outputs.listen()
        self._assign(self.production.inputs)
        at_ns = self._next_frame_ns()
        self.overlays.set(self.production.overlays, at_ns)
        self._picture.replace_items(at_ns)
        self._set_sound(at_ns)
        self._ticking = asyncio.create_task(self._tick_for_ever())

    def restore(self, memory: Memory) -> None:
        """What needs a running pipeline. It tells the desk."""
        self.overlays.restore(memory.overlays)
        inputs = {item.id for item in self.production.inputs}
        self.solo(tuple(source for source in memory.solo if source in inputs))

    @property
    def memory(self) -> Memory:
        return Memory(self.desk.state, tuple(self.overlays.seen), self.soloed, self.is_black)

    async def _begun(self) -> None:
        """Every stage has made its clock's first frame. Inputs come after that: theirs have other times."""
        deadline = now_ns() + START_TIMEOUT_NS
        stages = [self._pipeline[name].get_static_pad("src") for name in ("bus_a", "bus_b", "final", "mix")]
        while not all(pad.query_position(Gst.Format.TIME)[1] > self._start_ns for pad in stages):
            if now_ns() > deadline:
                raise Unavailable("the mixer did not begin to make pictures")
            await asyncio.sleep(0.005)

    async def close(self) -> None:
        """Raises Unavailable when the pipeline hangs: then only the end of the process helps."""
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        for slot in self._slots:
            await slot.release()
        await self.overlays.close()
        self._watch.end()
        await self._pipeline.close()
        await self._outputs.close()
        self._loudness.close()

    # --- commands: each returns the running time of the first frame that shows it ---------------------------

    def preview(self, scene: Scene) -> int:
        return self._do(lambda at_ns: self.desk.preview(scene, at_ns))

    def cut(self, scene: Scene | None) -> int:
        return self._do(lambda at_ns: self.desk.cut(at_ns, scene))

    def auto(self, transition: Transition, scene: Scene | None) -> int:
        return self._do(lambda at_ns: self.desk.auto(transition, at_ns, scene))

    def t_bar(self, transition: Transition, way: float) -> int:
        return self._do(lambda at_ns: self.desk.t_bar(transition, way, at_ns))

    def fade_to_black(self, *, on: bool, duration_ms: int) -> int:
        """Picture and sound, and everything that lies over the picture."""
        at_ns = self._next_frame_ns()
        self.is_black = on
        self._black.ramp(1.0 if on else 0.0, at_ns, duration_ms * MS)
        self._sound.fade_programme(0.0 if on else 1.0, at_ns, duration_ms * MS)
        self._tell.changed(at_ns)
        return at_ns

    async def take_overlay(self, overlay: Overlay, *, on: bool) -> int:
        at_ns = await self.overlays.take(overlay.id, on=on)
        self._tell.changed(at_ns)
        return at_ns

    def set_strip(self, source: str, strip: Strip) -> int:
        self.production = replace(self.production, strips={**self.production.strips, source: strip})
        at_ns = self._next_frame_ns()
        self._set_sound(at_ns)
        self._tell.changed(at_ns)
        return at_ns

    def solo(self, sources: tuple[str, ...]) -> int:
        """Hear these on the monitor, and not the programme."""
        self.soloed = sources
        at_ns = self._next_frame_ns()
        self._set_sound(at_ns)
        self._tell.changed(at_ns)
        return at_ns

    def reset_loudness(self) -> int:
        self._loudness.reset()
        return self._next_frame_ns()

    def _do(self, command: Callable[[int], list[Effect]]) -> int:
        at_ns = self._next_frame_ns()
        for effect in command(at_ns):
            self._picture.do(effect)
        self._set_sound(at_ns)
        running = self.desk.state.running
        self._busy_until_ns = max(at_ns, running.end_ns if running is not None else 0)
        self._tell.changed(at_ns)
        return at_ns

    # --- inputs --------------------------------------------------------------------------------------------

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
        self.overlays.set(production.overlays, at_ns)
        self.soloed = tuple(source for source in self.soloed if source in wanted)
        self._watch.forget_all_but(wanted)
        self._set_sound(at_ns)
        self._tell.changed(at_ns)

    def _assign(self, inputs: tuple[Input, ...]) -> None:
        for wanted in inputs:
            number = self._slot_of(wanted.id)
            if number is not None:
                self._slots[number].rename(wanted)
                continue
            free = next((slot for slot in self._slots if slot.input is None), None)
            if free is None:
                raise Invalid(f"this mixer has {len(self._slots)} inputs and all are used")
            free.assign(wanted, self.production.hold_s)

    def _slot_of(self, source: str) -> int | None:
        return next((slot.number for slot in self._slots if slot.input and slot.input.id == source), None)

    @property
    def _numbers(self) -> dict[str, int]:
        return {slot.input.id: slot.number for slot in self._slots if slot.input is not None}

    def _set_sound(self, at_ns: int) -> None:
        for slot in self._slots:
            if slot.input is not None:
                slot.shift_sound(self.production.strip(slot.input.id).delay_ms)
        self._sound.set(self._numbers, self.production, self.on_air, at_ns)
        self._monitor.set(self._numbers, self.production, self.soloed, at_ns)

    @property
    def on_air(self) -> set[str]:
        """The sources in the programme; during a transition, in both scenes."""
        state = self.desk.state
        return {*state.programme.sources, *(state.preview.sources if state.running is not None else ())}

    # --- time ----------------------------------------------------------------------------------------------

    def _next_frame_ns(self) -> int:
        """The first frame nobody has begun to make: no frame is begun before its time."""
        frame_ns = 1e9 / self._format.fps
        next_ns = max(self._position_ns("bus_a"), self._position_ns("bus_b"))
        begun = next_ns - now_ns() < COMMAND_NS
        number = round((next_ns - self._start_ns) / frame_ns) + begun
        return self._start_ns + round(number * frame_ns)

    def _blended_ns(self) -> int:
        return self._position_ns("final")

    def _position_ns(self, stage: str) -> int:
        """The time of the frame a stage makes next."""
        known, position = self._pipeline[stage].get_static_pad("src").query_position(Gst.Format.TIME)
        return max(int(position), self._start_ns) if known else self._start_ns

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            shown_ns = self._position_ns("final")
            before = self.desk.state
            for effect in self.desk.tick(shown_ns):
                self._picture.do(effect)
            if self.desk.state.running is None and shown_ns > self._busy_until_ns:
                self._picture.rest()
            if self._look_at_inputs() or self.desk.state != before:
                at_ns = self._next_frame_ns()
                self._set_sound(at_ns)
                self._tell.changed(at_ns)
            self.overlays.tick(asyncio.get_running_loop().time())
            self._outputs.tick(self.desk.state.air.other)
            self._monitor.serve()
            self._measure(now_ns())
            if (self._outputs.flow.silent_for_s(now_ns()) or 0) > STILL_S:
                self._tell.failed(f"the programme stands still for {STILL_S:g} s")

    def _measure(self, now: int) -> None:
        numbers = self._numbers
        names = {str(number): source for source, number in numbers.items()}
        levels = self._meters.take({**names, "pgm": "pgm"}, now)
        self._tell.measured({**levels, "loudness": self._loudness.take(now)})
        studio = Studio(self.production, numbers, self._seen, self.on_air, self.is_black)
        self._watch.listen(studio, levels, self._meters.take({"sum": "sum"}, now)["sum"], now)
        self._watch.look(studio, now)

    def _look_at_inputs(self) -> bool:
        """Whether an input has another size or state than before; another size is another place."""
        seen = self.inputs()
        if seen == self._seen:
            return False
        sizes, self._seen = {key: value["size"] for key, value in self._seen.items()}, seen
        if sizes != {key: value["size"] for key, value in seen.items()}:
            self._picture.replace_items(self._next_frame_ns())
        return True

    def _on_message(self, message: Any) -> None:
        if message.type == Gst.MessageType.ERROR:
            error, debug = message.parse_error()
            log.error("%s: %s (%s)", message.src.get_name(), error.message, debug)
            self._tell.failed(f"its part {message.src.get_name()} failed: {error.message}")
        elif message.type == Gst.MessageType.WARNING:
            error, debug = message.parse_warning()
            log.warning("%s: %s (%s)", message.src.get_name(), error.message, debug)
        elif message.type == Gst.MessageType.ELEMENT and message.get_structure().get_name() == "level":
            self._meters.on_message(message.src.get_name(), message.get_structure(), now_ns())

    # --- figures -------------------------------------------------------------------------------------------

    @property
    def warnings(self) -> list[Json]:
        return self._watch.warnings

    def inputs(self) -> Json:
        return {slot.input.id: slot.status() for slot in self._slots if slot.input is not None}

    def stats(self) -> Json:
        flow = self._outputs.flow
        figures = {"frames": flow.units, "late": flow.late, "dropped": flow.dropped, **self.overlays.stats()}
        return {"paths": self._outputs.stats(), "mixer": figures}

    def graph(self) -> str:
        details = Gst.DebugGraphDetails.MEDIA_TYPE | Gst.DebugGraphDetails.STATES
        return str(Gst.debug_bin_to_dot_data(self._pipeline.gst, details))


def _black_pixel() -> Any:
    pixels = GLib.Bytes.new(b"\0\0\0\xff")
    return GdkPixbuf.Pixbuf.new_from_bytes(pixels, GdkPixbuf.Colorspace.RGB, True, 8, 1, 1, 4)


def _next_frame(after_ns: int, fps: int) -> int:
    """Frames are counted from whole seconds, as the test sources count theirs."""
    second, into_ns = divmod(after_ns, 1_000_000_000)
    return second * 1_000_000_000 + (into_ns * fps // 1_000_000_000 + 1) * 1_000_000_000 // fps
