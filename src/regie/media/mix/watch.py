"""Looks and listens for what an operator would want to know, and keeps what is wrong until it is right."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from regie.domain.production import Production
from regie.domain.sound import gain
from regie.domain.watchdog import Alarm, Kind, Limits, PictureWatch, SoundWatch, words
from regie.domain.workers import Json
from regie.hub.gst import Pipeline
from regie.media.mix.parts import SPARE

SECOND_NS = 1_000_000_000
LOOK_NS = SECOND_NS // 2
THUMB = (64, 36)
SAME = 5  # of 255: an encoder and a camera's noise change what stands still by up to 4


def look_text(number: int) -> str:
    """A small copy of the input's picture twice a second, while somebody wants to know whether it moves."""
    width, height = THUMB
    return (
        f"picture_{number}. ! {SPARE} ! valve name=look_valve_{number} drop=true ! "
        "videorate drop-only=true max-rate=2 ! videoscale method=bilinear2 n-threads=1 ! "
        f"video/x-raw,format=I420,width={width},height={height} ! "
        f"appsink name=look_{number} sync=false async=false max-buffers=1 drop=true"
    )


class Looks:
    """Whether the pictures of the inputs move."""

    def __init__(self, pipeline: Pipeline, inputs: int) -> None:
        self._valves = [pipeline[f"look_valve_{number}"] for number in range(inputs)]
        self._sinks = [pipeline[f"look_{number}"] for number in range(inputs)]
        self._still: list[bytes] = [b""] * inputs  # as it was when it was last seen to have moved
        self._is_open = False

    def open(self, *, wanted: bool) -> None:
        if wanted != self._is_open:
            self._is_open = wanted
            for valve in self._valves:
                valve.set_property("drop", not wanted)

    def moved(self, number: int) -> bool:
        """Since it moved last: what changes ever so slowly has moved, too."""
        sample = self._sinks[number].emit("try-pull-sample", 0)
        if sample is None:
            return False
        luma = _luma(sample.get_buffer())
        if _looks_like(luma, self._still[number]):
            return False
        self._still[number] = luma
        return True


@dataclass(frozen=True)
class Studio:
    """What is going on, as far as it matters here."""

    production: Production
    slots: Mapping[str, int]  # by source
    inputs: Json  # by source: how each is
    on_air: Collection[str]
    is_black: bool


class Watch:
    """Tells each warning when it begins and when it is over."""

    def __init__(self, looks: Looks, warn: Callable[[Json], None], limits: Limits) -> None:
        self._looks = looks
        self._warn = warn
        self._limits = limits
        self._sounds: dict[str | None, SoundWatch] = {}
        self._pictures: dict[str, PictureWatch] = {}
        self._looked_ns = 0
        self._on: dict[tuple[str | None, Kind], Json] = {}

    @property
    def warnings(self) -> list[Json]:
        return list(self._on.values())

    def listen(self, studio: Studio, levels: Json, programme: Json, now: int) -> None:
        """Levels of the inputs before their faders, and of the programme before its limiter."""
        sounding = {source for source, status in studio.inputs.items() if status["sound"]}
        self._hear(None, studio, programme, now, expected=bool(sounding) and not studio.is_black)
        for source in studio.slots:
            strip = studio.production.strip(source)
            audible = source in studio.on_air and gain(strip, on_air=True) > 0
            self._hear(source, studio, levels[source], now, expected=audible and source in sounding)

    def _hear(self, source: str | None, studio: Studio, level: Json, now: int, *, expected: bool) -> None:
        watch = self._sounds.setdefault(source, SoundWatch(self._limits))
        left, right = level["peak"]
        for alarm in watch.hear(left, right, now / SECOND_NS, expected=expected):
            after_s = self._limits.silence_s if alarm.kind is Kind.SILENCE else self._limits.one_sided_s
            self._tell(source, studio, alarm, after_s)

    def look(self, studio: Studio, now: int) -> None:
        limit_s = studio.production.frozen_s
        self._looks.open(wanted=limit_s > 0)
        if now - self._looked_ns < LOOK_NS:
            return
        self._looked_ns = now
        for source, number in studio.slots.items():
            is_lost = studio.inputs[source]["picture"] != "live"  # its slate says so
            changed = limit_s > 0 and (self._looks.moved(number) or is_lost)
            watch = self._pictures.setdefault(source, PictureWatch())
            for alarm in watch.see(now / SECOND_NS, changed=changed, limit_s=limit_s):
                self._tell(source, studio, alarm, limit_s)

    def forget_all_but(self, sources: Collection[str]) -> None:
        """What is no input any more needs no warning."""
        for source, kind in list(self._on):
            if source is not None and source not in sources:
                self._call_off(source, kind)
        self._sounds = {key: watch for key, watch in self._sounds.items() if key is None or key in sources}
        self._pictures = {key: watch for key, watch in self._pictures.items() if key in sources}

    def end(self) -> None:
        for source, kind in list(self._on):
            self._call_off(source, kind)

    def _tell(self, source: str | None, studio: Studio, alarm: Alarm, after_s: float) -> None:
        if not alarm.on:
            self._call_off(source, alarm.kind)
            return
        names = {item.id: item.name for item in studio.production.inputs}
        text, hint = words(alarm.kind, names.get(source, source) if source else None, after_s)
        warning = {"source": source, "kind": alarm.kind, "text": text, "hint": hint, "on": True}
        self._on[source, alarm.kind] = warning
        self._warn(warning)

    def _call_off(self, source: str | None, kind: Kind) -> None:
        warning = self._on.pop((source, kind), None)
        if warning is not None:
            self._warn({**warning, "on": False})


def _luma(buffer: Any) -> bytes:
    width, height = THUMB
    return bytes(buffer.extract_dup(0, width * height))


def _looks_like(luma: bytes, before: bytes) -> bool:
    return luma == before or (
        len(before) == len(luma) and all(-SAME <= a - b <= SAME for a, b in zip(luma, before, strict=True))
    )
