"""Transitions as curves: what each layer does on the way from the picture on air to the next one.

Everything is a fraction: of the way, of the canvas, of full opacity. The mixer turns it into times and pixels
and lets native code follow the curves, frame by frame.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum

from regie.domain.errors import Invalid

MIN_MS, MAX_MS = 40, 10_000
EASING_STEPS = 12


class Kind(StrEnum):
    MIX = "mix"
    DIP = "dip"
    SLIDE = "slide"
    PUSH = "push"
    ZOOM = "zoom"
    WIPE = "wipe"


class Direction(StrEnum):
    """Where the new picture moves to."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    UP_LEFT = "up-left"
    UP_RIGHT = "up-right"
    DOWN_LEFT = "down-left"
    DOWN_RIGHT = "down-right"


STRAIGHT = (Direction.LEFT, Direction.RIGHT, Direction.UP, Direction.DOWN)
_STEPS = {
    Direction.LEFT: (-1, 0),
    Direction.RIGHT: (1, 0),
    Direction.UP: (0, -1),
    Direction.DOWN: (0, 1),
    Direction.UP_LEFT: (-1, -1),
    Direction.UP_RIGHT: (1, -1),
    Direction.DOWN_LEFT: (-1, 1),
    Direction.DOWN_RIGHT: (1, 1),
}


class Layer(StrEnum):
    OLD = "old"
    NEW = "new"  # lies over the old one
    WIPE = "wipe"  # how much of the new one the wipe has uncovered


@dataclass(frozen=True)
class Transition:
    """What `auto` does and the T-bar runs through."""

    kind: Kind = Kind.MIX
    duration_ms: int = 600
    direction: Direction = Direction.LEFT
    colour: int = 0x000000  # of a dip

    def __post_init__(self) -> None:
        if not MIN_MS <= self.duration_ms <= MAX_MS:
            raise Invalid(f"a transition takes {MIN_MS} to {MAX_MS} ms, not {self.duration_ms}")
        if not 0 <= self.colour <= 0xFFFFFF:
            raise Invalid(f"{self.colour} is not a colour between 0 and 0xFFFFFF")
        if self.kind in (Kind.SLIDE, Kind.PUSH) and self.direction not in STRAIGHT:
            raise Invalid(f"a {self.kind} goes left, right, up or down, not {self.direction}")


@dataclass(frozen=True)
class Curve:
    """One property of one layer, over the way from 0 to 1; straight between its points."""

    layer: Layer
    what: str  # alpha, x, y, width, height, position
    points: tuple[tuple[float, float], ...]

    def at(self, way: float) -> float:
        ways = [point for point, _ in self.points]
        index = bisect_right(ways, way)
        if index == 0:
            return self.points[0][1]
        if index == len(self.points):
            return self.points[-1][1]
        (start, low), (end, high) = self.points[index - 1], self.points[index]
        return low + (high - low) * (way - start) / (end - start)


def curves(transition: Transition) -> tuple[Curve, ...]:
    """All that moves. What is not named stays as in a picture on air: whole, in its place, opaque."""
    match transition.kind:
        case Kind.MIX:
            return (_line(Layer.NEW, "alpha", 0, 1),)
        case Kind.DIP:
            return (
                Curve(Layer.OLD, "alpha", ((0, 1), (0.5, 0), (1, 0))),
                Curve(Layer.NEW, "alpha", ((0, 0), (0.5, 0), (1, 1))),
            )
        case Kind.SLIDE:
            return _move(Layer.NEW, transition.direction, arrives=True)
        case Kind.PUSH:
            return (
                *_move(Layer.NEW, transition.direction, arrives=True),
                *_move(Layer.OLD, transition.direction, arrives=False),
            )
        case Kind.ZOOM:
            return tuple(
                _eased(Layer.NEW, what, start, end)
                for what, start, end in (("x", 0.5, 0), ("y", 0.5, 0), ("width", 0, 1), ("height", 0, 1))
            )
        case Kind.WIPE:
            return (_line(Layer.WIPE, "position", 0, 1),)


def _move(layer: Layer, direction: Direction, *, arrives: bool) -> tuple[Curve, ...]:
    return tuple(
        _eased(layer, what, -step if arrives else 0, 0 if arrives else step)
        for what, step in zip("xy", _STEPS[direction], strict=True)
        if step
    )


def _line(layer: Layer, what: str, start: float, end: float) -> Curve:
    return Curve(layer, what, ((0, start), (1, end)))


def _eased(layer: Layer, what: str, start: float, end: float) -> Curve:
    """Slow at both ends: what moves has weight."""
    steps = [index / EASING_STEPS for index in range(EASING_STEPS + 1)]
    return Curve(
        layer, what, tuple((step, start + (end - start) * step * step * (3 - 2 * step)) for step in steps)
    )
