"""The desk: two buses that take turns on air, as in a hardware switcher.

It is told what the operator wants and the time of the first frame that can show it, and answers with what the
picture must do. It knows no pipeline and no clock.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from regie.domain.errors import Conflict, Invalid
from regie.domain.scenes import BLACK, Scene
from regie.domain.transitions import Transition

MS = 1_000_000


class Bus(StrEnum):
    A = "a"
    B = "b"

    @property
    def other(self) -> "Bus":
        return Bus.B if self is Bus.A else Bus.A


@dataclass(frozen=True)
class ShowScene:
    """Put a scene on a bus, from a frame on."""

    bus: Bus
    scene: Scene
    at_ns: int


@dataclass(frozen=True)
class TakeToAir:
    """One bus alone is the programme, from a frame on."""

    bus: Bus
    at_ns: int


@dataclass(frozen=True)
class RunTransition:
    """From one bus to the other, between two frames."""

    transition: Transition
    to: Bus
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class HoldTransition:
    """Stand still somewhere between the buses: the T-bar."""

    transition: Transition
    to: Bus
    way: float
    at_ns: int


type Effect = ShowScene | TakeToAir | RunTransition | HoldTransition


@dataclass(frozen=True)
class Running:
    """A transition on its way; with `way` it is the T-bar that holds it."""

    transition: Transition
    start_ns: int
    end_ns: int
    way: float | None = None


@dataclass(frozen=True)
class DeskState:
    """What is on air, what comes next."""

    programme: Scene = BLACK
    preview: Scene = BLACK
    air: Bus = Bus.A
    running: Running | None = None
    waiting: Scene | None = None  # for the preview, once the transition has ended


class Desk:
    """One mix/effects stage."""

    def __init__(self, state: DeskState | None = None) -> None:
        self.state = state or DeskState()

    def begin(self, at_ns: int) -> list[Effect]:
        """Everything anew: after a start, the picture is what the state says."""
        state = self.state = replace(self.state, running=None, waiting=None)
        return [
            ShowScene(state.air, state.programme, at_ns),
            ShowScene(state.air.other, state.preview, at_ns),
            TakeToAir(state.air, at_ns),
        ]

    def preview(self, scene: Scene, at_ns: int) -> list[Effect]:
        """Prepare a scene. While a transition runs it waits: what is being faded in does not change."""
        if self.state.running is not None:
            self.state = replace(self.state, waiting=scene)
            return []
        self.state = replace(self.state, preview=scene)
        return [ShowScene(self.state.air.other, scene, at_ns)]

    def cut(self, at_ns: int, scene: Scene | None = None) -> list[Effect]:
        """Preview to air at once; with a scene, that one. A transition on its way ends here."""
        effects: list[Effect] = []
        if self.state.running is not None:
            effects += self._land(at_ns)
            if scene is None:
                return effects
        if scene is not None:
            effects += self.preview(scene, at_ns)
        return [*effects, *self._flip(at_ns)]

    def auto(self, transition: Transition, at_ns: int, scene: Scene | None = None) -> list[Effect]:
        """Preview to air by a transition."""
        if self.state.running is not None:
            raise Conflict("a transition is running already", "wait until it ends, or cut")
        effects = self.preview(scene, at_ns) if scene is not None else []
        end_ns = at_ns + transition.duration_ms * MS
        self.state = replace(self.state, running=Running(transition, at_ns, end_ns))
        return [*effects, RunTransition(transition, self.state.air.other, at_ns, end_ns)]

    def t_bar(self, transition: Transition, way: float, at_ns: int) -> list[Effect]:
        """The transition by hand: at 1 the preview is on air, and the bar begins anew; at 0 nothing was."""
        if not 0 <= way <= 1:
            raise Invalid(f"the T-bar stands between 0 and 1, not at {way:g}")
        running = self.state.running
        if running is not None and running.way is None:
            raise Conflict("a transition is running already", "wait until it ends, or cut")
        if way == 1:
            return self._land(at_ns) if running is not None else self._flip(at_ns)
        if way == 0:
            self.state = replace(self.state, running=None)
            return [TakeToAir(self.state.air, at_ns), *self._after(at_ns)]
        used = running.transition if running is not None else transition
        self.state = replace(self.state, running=Running(used, at_ns, at_ns, way))
        return [HoldTransition(used, self.state.air.other, way, at_ns)]

    def tick(self, shown_ns: int) -> list[Effect]:
        """The programme has shown all frames before this time: a transition may have ended."""
        running = self.state.running
        if running is None or running.way is not None or shown_ns < running.end_ns:
            return []
        return self._land(running.end_ns, is_seen=True)

    def change(self, scene: Scene, at_ns: int) -> list[Effect]:
        """A scene was edited: wherever it stands, it changes."""
        effects: list[Effect] = []
        state = self.state
        if state.programme.id == scene.id and state.programme != scene:
            state = replace(state, programme=scene)
            effects.append(ShowScene(state.air, scene, at_ns))
        if state.preview.id == scene.id and state.preview != scene:
            state = replace(state, preview=scene)
            effects.append(ShowScene(state.air.other, scene, at_ns))
        if state.waiting is not None and state.waiting.id == scene.id:
            state = replace(state, waiting=scene)
        self.state = state
        return effects

    def _flip(self, at_ns: int) -> list[Effect]:
        state = self.state
        self.state = replace(
            state, programme=state.preview, preview=state.programme, air=state.air.other, running=None
        )
        return [TakeToAir(self.state.air, at_ns), *self._after(at_ns)]

    def _land(self, at_ns: int, *, is_seen: bool = False) -> list[Effect]:
        effects = self._flip(at_ns)
        return effects[1:] if is_seen else effects  # the curves have brought it there

    def _after(self, at_ns: int) -> list[Effect]:
        waiting = self.state.waiting
        if waiting is None:
            return []
        self.state = replace(self.state, waiting=None)
        return self.preview(waiting, at_ns)
