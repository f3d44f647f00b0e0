"""The faders: how loud each input is in the programme, and what the meters say."""

from collections.abc import Mapping, Set
from dataclasses import asdict
from typing import Any

from regie.domain.production import Production
from regie.domain.sound import FOLLOW_MS, PAN_MS, RAMP_MS, SILENT_DB, gain
from regie.domain.workers import Json
from regie.hub.gst import Pipeline
from regie.media.loudness import LoudnessMeter
from regie.media.mix.timeline import Fader

MS = 1_000_000
LOUDNESS_INTERVAL_NS = 250_000_000


class Sound:
    """Volume and pan of every input, and the programme's volume."""

    def __init__(self, pipeline: Pipeline, inputs: int) -> None:
        self._volumes = [Fader(pipeline[f"volume_{number}"], "volume", 0.0) for number in range(inputs)]
        self._pans = [Fader(pipeline[f"pan_{number}"], "panorama", 0.0) for number in range(inputs)]
        self._programme = Fader(pipeline["pgm_volume"], "volume", 1.0)

    def set(self, slots: dict[str, int], production: Production, heard: Set[str], at_ns: int) -> None:
        """Bring every input to where it belongs; nothing is faster than a short ramp, a step would click."""
        for source, number in slots.items():
            strip = production.strip(source)
            ramp_ns = (FOLLOW_MS if strip.follows else RAMP_MS) * MS
            self._volumes[number].ramp(gain(strip, on_air=source in heard), at_ns, ramp_ns)
            self._pans[number].ramp(strip.pan, at_ns, PAN_MS * MS)
        for number in set(range(len(self._volumes))) - set(slots.values()):
            self._volumes[number].ramp(0.0, at_ns, RAMP_MS * MS)

    def fade_programme(self, volume: float, at_ns: int, ramp_ns: int) -> None:
        self._programme.ramp(volume, at_ns, ramp_ns)


SILENCE: Json = {"peak": [SILENT_DB, SILENT_DB], "rms": [SILENT_DB, SILENT_DB]}
STALE_NS = 200_000_000  # a meter that has said nothing for so long measures nothing


class Meters:
    """The newest peak and mean levels, by the name of the level element behind `level_`."""

    def __init__(self) -> None:
        self._levels: dict[str, Json] = {}
        self._heard_ns: dict[str, int] = {}
        self._taken: set[str] = set()

    def on_message(self, name: str, structure: Any, now: int) -> None:
        """Of two between the times they are taken, the higher peak is kept."""
        name = name.removeprefix("level_")
        peak = [_floored(value) for value in structure.get_value("peak")]
        if name not in self._taken and name in self._levels:
            peak = [max(pair) for pair in zip(peak, self._levels[name]["peak"], strict=True)]
        self._levels[name] = {"peak": peak, "rms": [_floored(value) for value in structure.get_value("rms")]}
        self._heard_ns[name] = now
        self._taken.discard(name)

    def take(self, names: Mapping[str, str], now: int) -> Json:
        """All that are named, under the name given to each."""
        self._taken.update(names)
        return {
            called: self._levels[name] if now - self._heard_ns.get(name, 0) < STALE_NS else SILENCE
            for name, called in names.items()
        }


class Loudness:
    """Measures what has left the limiter."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._sink = pipeline["loudness"]
        self._meter = LoudnessMeter()
        self._read_ns = 0
        self._last: Json = asdict(self._meter.read())

    def take(self, now: int) -> Json:
        while (sample := self._sink.emit("try-pull-sample", 0)) is not None:
            buffer = sample.get_buffer()
            self._meter.add(buffer.extract_dup(0, buffer.get_size()))
        if now - self._read_ns >= LOUDNESS_INTERVAL_NS:
            self._read_ns, self._last = now, asdict(self._meter.read())
        return self._last

    def reset(self) -> None:
        self._meter.reset()
        self._read_ns = 0

    def close(self) -> None:
        self._meter.close()


def _floored(value: float) -> float:
    """NaN and less than silence are silence."""
    return round(value, 1) if value > SILENT_DB else SILENT_DB
