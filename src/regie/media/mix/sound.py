"""The faders: how loud each input is in the programme, and what the meters say."""

from collections.abc import Set
from typing import Any

from regie.domain.production import Production
from regie.domain.sound import FOLLOW_MS, RAMP_MS, SILENT_DB, gain
from regie.domain.workers import Json
from regie.hub.gst import Pipeline
from regie.media.mix.timeline import Fader

MS = 1_000_000


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
            self._pans[number].ramp(strip.pan, at_ns, ramp_ns)
        for number in set(range(len(self._volumes))) - set(slots.values()):
            self._volumes[number].ramp(0.0, at_ns, RAMP_MS * MS)

    def fade_programme(self, volume: float, at_ns: int, ramp_ns: int) -> None:
        self._programme.ramp(volume, at_ns, ramp_ns)


class Meters:
    """The newest peak and mean levels, by input number and for the programme ("pgm")."""

    def __init__(self) -> None:
        self._levels: dict[str, Json] = {}

    def on_message(self, name: str, structure: Any) -> None:
        self._levels[name.removeprefix("level_")] = {
            "peak": [_floored(value) for value in structure.get_value("peak")],
            "rms": [_floored(value) for value in structure.get_value("rms")],
        }

    def take(self, names: dict[str, str]) -> Json:
        """What came since the last time, under the names given for the numbers."""
        levels, self._levels = self._levels, {}
        return {names[number]: level for number, level in levels.items() if number in names}


def _floored(value: float) -> float:
    """NaN and less than silence are silence."""
    return round(value, 1) if value > SILENT_DB else SILENT_DB
