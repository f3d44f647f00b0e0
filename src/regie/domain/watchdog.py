"""Watches what is measured, and warns: silence, clipping, one side dead, a picture that stands still.

Time is given, never looked up. A warning is on until what it warns of is over.
"""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from regie.domain.sound import SILENT_DB


class Kind(StrEnum):
    SILENCE = "silence"
    CLIPPING = "clipping"
    ONE_SIDED = "one-sided"
    FROZEN = "frozen"


@dataclass(frozen=True)
class Limits:
    """When something is worth a warning."""

    silence_s: float = 10.0
    one_sided_s: float = 10.0
    clip_db: float = -0.1
    clips: int = 3  # so many in the window are no accident
    clip_window_s: float = 3.0
    speaks_db: float = -45.0  # the side that is alive is at least this loud


@dataclass(frozen=True)
class Alarm:
    kind: Kind
    on: bool


class SoundWatch:
    """One sound of two sides: feed it the newest peaks, and tell the alarms it returns."""

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._silent_since: float | None = None
        self._clips: deque[float] = deque(maxlen=limits.clips)
        self._alone_since: list[float | None] = [
            None,
            None,
        ]  # by side: the other one speaks, this one is dead
        self._spoke_at = [float("-inf"), float("-inf")]
        self._on: set[Kind] = set()

    def hear(self, left_db: float, right_db: float, now: float, *, expected: bool = True) -> list[Alarm]:
        """Where no sound is expected, there is nothing to warn of."""
        if not expected:
            self._silent_since, self._alone_since = None, [None, None]
            self._clips.clear()
            return self._settle(set())
        bad = {
            Kind.SILENCE: self._is_silent(max(left_db, right_db), now),
            Kind.CLIPPING: self._is_clipping(max(left_db, right_db), now),
            Kind.ONE_SIDED: self._is_one_sided((left_db, right_db), now),
        }
        return self._settle({kind for kind, is_so in bad.items() if is_so})

    def _is_silent(self, peak_db: float, now: float) -> bool:
        if peak_db > SILENT_DB:
            self._silent_since = None
            return False
        if self._silent_since is None:
            self._silent_since = now
        return now - self._silent_since >= self._limits.silence_s

    def _is_clipping(self, peak_db: float, now: float) -> bool:
        if peak_db >= self._limits.clip_db:
            self._clips.append(now)
        if not self._clips or now - self._clips[-1] >= self._limits.clip_window_s:
            return False
        within = now - self._clips[0] < self._limits.clip_window_s
        return Kind.CLIPPING in self._on or (len(self._clips) == self._limits.clips and within)

    def _is_one_sided(self, sides: tuple[float, float], now: float) -> bool:
        for side in (0, 1):
            if sides[side] > SILENT_DB:
                self._alone_since[side] = None
            if sides[side] >= self._limits.speaks_db:
                self._spoke_at[side] = now
                if sides[1 - side] <= SILENT_DB and self._alone_since[1 - side] is None:
                    self._alone_since[1 - side] = now
        return any(self._is_dead(side, now) for side in (0, 1))

    def _is_dead(self, side: int, now: float) -> bool:
        """Dead for so long, while the other side spoke and made no long pause."""
        limit = self._limits.one_sided_s
        if now - self._spoke_at[1 - side] >= limit / 2:
            self._alone_since[side] = None
        since = self._alone_since[side]
        return since is not None and now - since >= limit

    def _settle(self, bad: set[Kind]) -> list[Alarm]:
        before, self._on = self._on, bad
        return [Alarm(kind, kind in bad) for kind in Kind if (kind in bad) != (kind in before)]


class PictureWatch:
    """One picture: feed it whether it changed since the last look."""

    def __init__(self) -> None:
        self._still_since: float | None = None
        self._is_on = False

    def see(self, now: float, *, changed: bool, limit_s: float) -> list[Alarm]:
        """A limit of 0 watches nothing."""
        if changed or limit_s <= 0:
            self._still_since = None
        elif self._still_since is None:
            self._still_since = now
        frozen = self._still_since is not None and now - self._still_since >= limit_s
        if frozen == self._is_on:
            return []
        self._is_on = frozen
        return [Alarm(Kind.FROZEN, frozen)]


def words(kind: Kind, source: str | None, after_s: float) -> tuple[str, str]:
    """What is wrong, and what to do; of the programme where no source is named."""
    who, whose = (source, f"{source}'s") if source else ("the programme", "the programme's")
    match kind:
        case Kind.SILENCE if source:
            return f"nothing is heard of {who} for {after_s:g} s", "is its microphone on, and plugged in?"
        case Kind.SILENCE:
            return f"{who} is silent for {after_s:g} s", "look for a fader that is down, or muted"
        case Kind.CLIPPING if source:
            return f"{who} is too loud and distorts", "turn it down at the source: a fader comes too late"
        case Kind.CLIPPING:
            return f"{who} is too loud: the limiter holds it back", "pull down the loudest fader"
        case Kind.ONE_SIDED:
            return f"one side of {whose} sound is dead for {after_s:g} s", "check its cable, and its pan"
        case Kind.FROZEN:
            return f"{whose} picture stands still for {after_s:g} s", "look at the camera, or start it anew"
