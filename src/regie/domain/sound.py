"""The law of the faders: decibels, pan, and who is heard when."""

import math
from dataclasses import dataclass

from regie.domain.errors import Invalid

SILENT_DB = -60.0  # a fader at its lowest end is silent
LOUDEST_DB = 12.0
RAMP_MS = 30  # no change of a level is faster: a step would click
PAN_MS = 300  # it is set once for each 20 ms of sound: these steps are too small to be heard
FOLLOW_MS = 200  # how long a source takes to come and go with its picture
MIN_DELAY_MS, MAX_DELAY_MS = -500, 2000


@dataclass(frozen=True)
class Strip:
    """How a source sounds in the programme."""

    level_db: float = 0.0
    muted: bool = False
    pan: float = 0.0  # -1 left, 1 right
    delay_ms: int = 0  # below zero its picture is delayed instead
    follows: bool = False  # heard only while its picture is on air

    def __post_init__(self) -> None:
        if not SILENT_DB <= self.level_db <= LOUDEST_DB:
            raise Invalid(f"a level is {SILENT_DB:g} to {LOUDEST_DB:g} dB, not {self.level_db:g}")
        if not -1 <= self.pan <= 1:
            raise Invalid(f"pan is -1 (left) to 1 (right), not {self.pan:g}")
        if not MIN_DELAY_MS <= self.delay_ms <= MAX_DELAY_MS:
            raise Invalid(f"a delay is {MIN_DELAY_MS} to {MAX_DELAY_MS} ms, not {self.delay_ms}")


def gain(strip: Strip, *, on_air: bool) -> float:
    """What the samples are multiplied with."""
    if strip.muted or (strip.follows and not on_air) or strip.level_db <= SILENT_DB:
        return 0.0
    return float(10 ** (strip.level_db / 20))


def decibels(amplitude: float) -> float:
    return max(20 * math.log10(amplitude), SILENT_DB) if amplitude > 0 else SILENT_DB
