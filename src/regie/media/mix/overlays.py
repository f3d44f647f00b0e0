"""The overlays of a running mixer: which are seen, what they show, and how they come and go.

Each has a layer, an element that blends a picture over the programme and costs nothing while its alpha is 0.
The picture's place is set with the picture; what moves has properties of its own, on timelines.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import gi

from regie.domain.errors import RegieError
from regie.domain.overlays import Animation, Box, Overlay, layered, tells_time, way_in, words
from regie.hub.clock import now_ns
from regie.hub.gst import GLib, Pipeline
from regie.media.mix.graph import OVERLAYS
from regie.media.mix.timeline import Fader
from regie.media.titles.studio import Studio, Titled

gi.require_version("GdkPixbuf", "2.0")
gi.require_version("GstController", "1.0")
from gi.repository import GdkPixbuf, GstController  # noqa: E402

log = logging.getLogger(__name__)

MS = 1_000_000
EDGE_NS = 1_000  # a step is put this long before its frame: times are rounded to whole nanoseconds
STEPS = 12  # a movement slows down: so many straight lines
RETRY_S = 5.0
IN_THE_MAKING_NS = 250_000_000  # so old may the newest programme frame be
NOTHING = Box(0, 0, 0, 0)


class Layer:
    """One element: its picture, its place, its movements."""

    def __init__(self, element: Any, canvas: tuple[int, int]) -> None:
        self._element = element
        self._canvas = canvas
        self.owner = ""
        self.box = NOTHING
        self._alpha = Fader(element, "alpha", 0.0)
        self._away = Fader(element, "offset-x", 0.0), Fader(element, "offset-y", 0.0)
        self._running: Any = None
        self._saw: Any = None
        self._period_ns = 1
        self.hidden_ns = 0  # it is not seen from then on

    def put(self, owner: str, titled: Titled, speed: float, start_ns: int) -> None:
        """Another picture. It is seen with the next frame."""
        self.owner = owner
        box = self.box = titled.box
        if not titled.runs:
            self._stop_running()
        if box.width and box.height:
            pixels = GdkPixbuf.Pixbuf.new_from_bytes(
                GLib.Bytes.new(titled.rgba),
                GdkPixbuf.Colorspace.RGB, True, 8, box.width, box.height, box.width * 4,
            )  # fmt: skip
            self._element.set_property("pixbuf", pixels)
        else:
            self._element.set_property("pixbuf", _clear_pixel())
        # half a pixel more: the element rounds down
        self._element.set_property("coef-x", (box.x + 0.5) / self._canvas[0])
        self._element.set_property("coef-y", (box.y + 0.5) / self._canvas[1])
        if titled.runs:
            self._run(speed, start_ns)

    def show(self, animation: Animation, at_ns: int, duration_ms: int) -> None:
        end_ns = at_ns + duration_ms * MS
        hidden = self._alpha.value_at(at_ns - EDGE_NS) == 0
        if hidden and self._running is not None:
            self._saw.set_property("timeshift", at_ns % self._period_ns)
        if animation in (Animation.CUT, Animation.FADE):
            self._stay(at_ns)
            if animation is Animation.CUT:
                self._alpha.set(1.0, at_ns - EDGE_NS)
            else:
                self._alpha.ramp(1.0, at_ns, duration_ms * MS)
            return
        for fader, far in zip(self._away, way_in(animation, self.box, self._canvas), strict=True):
            start = float(far) if hidden else fader.value_at(at_ns)
            fader.follow(_slowing(at_ns - EDGE_NS, start, end_ns, 0.0))
        self._alpha.set(1.0, at_ns - EDGE_NS)

    def hide(self, animation: Animation, at_ns: int, duration_ms: int) -> None:
        end_ns = self.hidden_ns = at_ns + (0 if animation is Animation.CUT else duration_ms * MS)
        if animation is Animation.CUT:
            self._alpha.set(0.0, at_ns - EDGE_NS)
        elif animation is Animation.FADE:
            self._alpha.ramp(0.0, at_ns, duration_ms * MS)
        elif self._alpha.value_at(at_ns - EDGE_NS) > 0:
            for fader, far in zip(self._away, way_in(animation, self.box, self._canvas), strict=True):
                fader.follow(_hastening(at_ns, fader.value_at(at_ns), end_ns, float(far)))
            self._alpha.set(0.0, end_ns)

    def _stay(self, at_ns: int) -> None:
        for fader in self._away:
            fader.set(0.0, at_ns - EDGE_NS)

    def _run(self, speed: float, start_ns: int) -> None:
        """Through the picture, then again from its start, by an oscillator. It begins and ends with an empty
        canvas."""
        self._stop_running()
        way = self.box.width - self._canvas[0]
        period_s = way / (speed / 100 * self._canvas[0])
        self._period_ns = round(period_s * 1e9)
        self._saw = saw = GstController.LFOControlSource()
        for name, value in (
            ("waveform", GstController.LFOWaveform.SAW),
            ("frequency", 1 / period_s),
            ("timeshift", start_ns % self._period_ns),
            (
                "amplitude",
                way / self.box.width / 4,
            ),  # of the property's range, from -1 to 1, around its middle
            ("offset", 0.5 - way / self.box.width / 4),
        ):
            saw.set_property(name, value)
        self._running = GstController.DirectControlBinding.new(self._element, "relative-x", saw)
        self._element.add_control_binding(self._running)

    def _stop_running(self) -> None:
        if self._running is not None:
            self._element.remove_control_binding(self._running)
            self._running = None
            self._element.set_property("relative-x", 0.0)


@dataclass
class Shown:
    """An overlay of the production, as far as it has been drawn."""

    overlay: Overlay
    on: bool = False
    read: Mapping[str, str] | None = None  # what is written on the picture it has
    titled: Titled | None = None  # that picture
    drawing: asyncio.Task[None] | None = None
    not_before: float = 0.0
    reveal: bool = False  # when it is drawn: it was seen already, elsewhere


@dataclass(frozen=True)
class Stage:
    """What the overlays need of their mixer."""

    canvas: tuple[int, int]
    stills: Path
    next_frame_ns: Callable[[], int]  # the first that a command can change
    blended_ns: Callable[[], int]  # the one that gets its overlays next


class Overlays:
    """All overlays of a mixer."""

    def __init__(self, pipeline: Pipeline, stage: Stage) -> None:
        self._stage = stage
        self._studio = Studio()
        self._layers = [Layer(pipeline[f"overlay_{number}"], stage.canvas) for number in range(OVERLAYS)]
        self._shown: dict[str, Shown] = {}
        self._places: Mapping[str, int] = {}
        self._drawn_count = 0
        self._failed_count = 0

    @property
    def on(self) -> dict[str, bool]:
        return {name: shown.on for name, shown in self._shown.items()}

    @property
    def seen(self) -> list[str]:
        return [name for name, on in self.on.items() if on]

    def set(self, overlays: Iterable[Overlay], at_ns: int) -> None:
        """These there are now. What is seen and stays is seen on, with its new text once that is drawn."""
        wanted = {overlay.id: overlay for overlay in overlays}
        for name in [name for name in self._shown if name not in wanted]:
            self._forget(name, at_ns)
        places = layered(self._places, list(wanted), OVERLAYS)
        moved = [name for name, place in self._places.items() if name in wanted and places[name] != place]
        left = {self._places[name] for name in moved} - {places[name] for name in moved}
        self._places = places
        for name, overlay in wanted.items():
            shown = self._shown.setdefault(name, Shown(overlay))
            if not shown.overlay.drawn_like(overlay):
                shown.read = None
                shown.not_before = 0.0
            shown.overlay = overlay
        self._shown = {name: self._shown[name] for name in wanted}
        if moved:
            self._move(moved, left)

    def _move(self, moved: Iterable[str], left: Iterable[int]) -> None:
        """With the next frame that gets its overlays: pictures cannot be given a time."""
        at_ns = self._stage.blended_ns()
        for place in left:
            self._layers[place].hide(Animation.CUT, at_ns, 0)
        for name in moved:
            shown, layer = self._shown[name], self._layers[self._places[name]]
            if shown.titled is not None:
                layer.put(name, shown.titled, _speed(shown), at_ns)
            if shown.on and shown.titled is not None:
                layer.show(Animation.CUT, at_ns, 0)
            else:
                layer.hide(Animation.CUT, at_ns, 0)
                shown.reveal = shown.on

    async def take(self, overlay_id: str, *, on: bool) -> int:
        """In or out, the way it is animated; already there is well."""
        shown = self._shown[overlay_id]
        if on and not shown.on:
            await self._drawn(shown)
        at_ns = self._stage.next_frame_ns()
        if self._shown.get(overlay_id) is shown and shown.on != on:
            shown.on, shown.reveal = on, False
            overlay = shown.overlay
            layer = self._layers[self._places[overlay_id]]
            move = layer.show if on else layer.hide
            move(overlay.animation, at_ns, overlay.duration_ms)
        return at_ns

    def restore(self, seen: Iterable[str]) -> None:
        """These were seen before this mixer was made: each appears when it is drawn."""
        for name in seen:
            if name in self._shown:
                self._shown[name].on = self._shown[name].reveal = True

    def tick(self, now_s: float) -> None:
        """Draw what is not as it should read: also what is not seen, so that it is there when it is taken."""
        for shown in self._shown.values():
            waits = shown.drawing is not None or now_s < shown.not_before
            if not waits and not self._is_current(shown) and (shown.on or shown.read is None):
                shown.drawing = asyncio.create_task(self._draw_later(shown))

    def stats(self) -> dict[str, int]:
        return {"overlays_drawn": self._drawn_count, "overlays_failed": self._failed_count}

    async def close(self) -> None:
        drawing = [shown.drawing for shown in self._shown.values() if shown.drawing is not None]
        self._shown = {}
        for task in drawing:
            task.cancel()
        await asyncio.gather(*drawing, return_exceptions=True)
        await self._studio.close()

    def _is_current(self, shown: Shown) -> bool:
        return shown.read is not None and shown.read == _reads(shown.overlay)

    async def _draw_later(self, shown: Shown) -> None:
        try:
            await self._draw(shown)
        except RegieError as error:
            self._failed_count += 1
            shown.not_before = asyncio.get_running_loop().time() + RETRY_S
            log.warning("%s: %s", shown.overlay.name, error.message)
        finally:
            shown.drawing = None

    async def _drawn(self, shown: Shown) -> None:
        """Drawn for a command, which fails if the drawing does."""
        if shown.drawing is not None:
            await asyncio.wait({shown.drawing})
        if not self._is_current(shown):
            await self._draw(shown)

    async def _draw(self, shown: Shown) -> None:
        overlay, reads = shown.overlay, _reads(shown.overlay)
        titled = await self._studio.paint(overlay.template, reads, self._stage.canvas, self._stage.stills)
        await self._free(overlay.id)
        if self._shown.get(overlay.id) is not shown or not shown.overlay.drawn_like(overlay):
            return  # it is another by now, which is drawn next
        self._drawn_count += 1
        shown.read, shown.titled = reads, titled
        layer, at_ns = self._layers[self._places[overlay.id]], self._stage.next_frame_ns()
        layer.put(overlay.id, titled, _speed(shown), at_ns)
        if shown.reveal:
            shown.reveal = False
            layer.show(Animation.CUT, at_ns, 0)

    async def _free(self, overlay_id: str) -> None:
        """Until nothing of another overlay is seen on its layer any more."""
        layer = self._layers[self._places.get(overlay_id, 0)]
        if layer.owner != overlay_id:
            await asyncio.sleep(max(layer.hidden_ns + IN_THE_MAKING_NS - now_ns(), 0) / 1e9)

    def _forget(self, name: str, at_ns: int) -> None:
        del self._shown[name]
        self._layers[self._places[name]].hide(Animation.CUT, at_ns, 0)
        self._places = {known: place for known, place in self._places.items() if known != name}


def _speed(shown: Shown) -> float:
    return float(shown.overlay.values.get("speed", "0"))


def _reads(overlay: Overlay) -> Mapping[str, str]:
    return words(overlay, datetime.now().astimezone()) if tells_time(overlay) else overlay.values


def _slowing(start_ns: int, start: float, end_ns: int, end: float) -> list[tuple[int, float]]:
    """Quick at first, then slower."""
    return [
        (
            start_ns + (end_ns - start_ns) * step // STEPS,
            start + (end - start) * (1 - (1 - step / STEPS) ** 3),
        )
        for step in range(STEPS + 1)
    ]


def _hastening(start_ns: int, start: float, end_ns: int, end: float) -> list[tuple[int, float]]:
    return [
        (start_ns + (end_ns - start_ns) * step // STEPS, start + (end - start) * (step / STEPS) ** 3)
        for step in range(STEPS + 1)
    ]


def _clear_pixel() -> Any:
    pixels = GLib.Bytes.new(b"\0\0\0\0")
    return GdkPixbuf.Pixbuf.new_from_bytes(pixels, GdkPixbuf.Colorspace.RGB, True, 8, 1, 1, 4)
