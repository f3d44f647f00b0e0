"""How late a path is, and how far apart its picture and sound are, told by a test source's strip and beep."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

SECOND_NS = 1_000_000_000
LEAST_FRAMES = 10


@dataclass(frozen=True)
class Shown:
    """A frame: when it is to be shown, when it came, when its strip says it was made."""

    pts_ns: int
    came_ns: int
    made_ns: int


@dataclass(frozen=True)
class Timing:
    """In ms. The lip-sync is above zero where the sound comes after its picture."""

    latency_ms: float
    latency_p95_ms: float
    lip_sync_ms: float | None
    frames: int
    beeps: int


def timing(shown: Sequence[Shown], beeps_ns: Sequence[int], settled_ns: int) -> Timing | None:
    """None when too few frames could be read.

    What came before `settled_ns` had been kept for new readers: it is old.
    """
    ages = [frame.came_ns - frame.made_ns for frame in shown if frame.came_ns >= settled_ns]
    if len(ages) < LEAST_FRAMES:
        return None
    return Timing(
        latency_ms=_ms(median(ages)),
        latency_p95_ms=_ms(quantiles(ages, n=20)[-1]),
        lip_sync_ms=_lip_sync_ms(shown, beeps_ns),
        frames=len(ages),
        beeps=len(beeps_ns),
    )


def _lip_sync_ms(shown: Sequence[Shown], beeps_ns: Sequence[int]) -> float | None:
    """A beep is made with each whole second, so it belongs to the frame that shows one."""
    if not beeps_ns:
        return None
    picture_ns = round(median(frame.pts_ns - frame.made_ns for frame in shown))
    half = SECOND_NS // 2
    return _ms(median((beep - picture_ns + half) % SECOND_NS - half for beep in beeps_ns))


def _ms(time_ns: float) -> float:
    return round(time_ns / 1e6, 1)
