"""A production: what the mixer is made of, and everything an operator can set."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pydantic import TypeAdapter, ValidationError

from regie.domain.errors import Invalid, NotFound
from regie.domain.overlays import Overlay, checked_overlays, found
from regie.domain.scenes import BLACK, Scene, full, ready_made
from regie.domain.sound import Strip
from regie.domain.transitions import Transition
from regie.domain.workers import Json

MAX_INPUTS = 12
SIZES = ((640, 360), (1280, 720), (1920, 1080))
RATES = (25, 30, 50, 60)
MAX_BITRATE = 20_000_000
UNTOUCHED = Strip(follows=True)
MIN_FROZEN_S, MAX_FROZEN_S = 2.0, 3600.0


@dataclass(frozen=True)
class Format:
    """What the programme is made in."""

    width: int = 1280
    height: int = 720
    fps: int = 30
    bitrate: int = 0  # bits a second; 0 is what suits the size
    keyframe_s: float = 2.0

    def __post_init__(self) -> None:
        if (self.width, self.height) not in SIZES:
            raise Invalid(f"a programme is 640x360, 1280x720 or 1920x1080, not {self.width}x{self.height}")
        if self.fps not in RATES:
            raise Invalid(f"a programme has 25, 30, 50 or 60 frames a second, not {self.fps}")
        if self.bitrate != 0 and not 100_000 <= self.bitrate <= MAX_BITRATE:
            raise Invalid(
                f"a bitrate is 100000 to {MAX_BITRATE} bit/s, or 0 for what suits, not {self.bitrate}"
            )
        if not 0.5 <= self.keyframe_s <= 10:
            raise Invalid(f"keyframes come every 0.5 to 10 s, not {self.keyframe_s:g}")

    @property
    def canvas(self) -> tuple[int, int]:
        return self.width, self.height


@dataclass(frozen=True)
class Input:
    """A source the production may use."""

    id: str
    name: str


@dataclass(frozen=True)
class Production:
    """Everything about a production that is kept."""

    id: str
    name: str
    format: Format = field(default_factory=Format)
    inputs: tuple[Input, ...] = ()
    scenes: tuple[Scene, ...] = ()  # the operator's own and the ready-made; full screens come by themselves
    strips: Mapping[str, Strip] = field(default_factory=dict)
    overlays: tuple[Overlay, ...] = ()  # bottom to top
    transition: Transition = field(default_factory=Transition)
    hold_s: float = 0.5  # how long the last picture of a source that stalls stays
    frozen_s: float = 0.0  # a picture that does not change for so long is warned of; 0 never
    programme: str = "black"  # where a mixer begins that has nothing better to go on with
    preview: str = "black"

    def __post_init__(self) -> None:
        if len(self.inputs) > MAX_INPUTS:
            raise Invalid(f"a production has at most {MAX_INPUTS} inputs, not {len(self.inputs)}")
        if not 0.1 <= self.hold_s <= 10:
            raise Invalid(f"a lost picture is held 0.1 to 10 s, not {self.hold_s:g}")
        if self.frozen_s != 0 and not MIN_FROZEN_S <= self.frozen_s <= MAX_FROZEN_S:
            raise Invalid(
                f"a still picture is warned of after {MIN_FROZEN_S:g} to {MAX_FROZEN_S:g} s, "
                f"or, at 0, never; not after {self.frozen_s:g} s"
            )
        ids = [scene.id for scene in self.all_scenes]
        if len(set(ids)) != len(ids):
            raise Invalid("two scenes have the same id")
        checked_overlays(self.overlays)

    @property
    def all_scenes(self) -> tuple[Scene, ...]:
        """Those one can put on air: each input in full, then the others."""
        fulls = {scene.id: scene for scene in (full(item.id, item.name) for item in self.inputs)}
        own = {scene.id for scene in self.scenes}
        last = () if BLACK.id in own else (BLACK,)
        return (*(scene for scene in fulls.values() if scene.id not in own), *self.scenes, *last)

    def scene(self, scene_id: str) -> Scene:
        for scene in self.all_scenes:
            if scene.id == scene_id:
                return scene
        raise NotFound(f"there is no scene {scene_id!r} in {self.name}")

    def overlay(self, overlay_id: str) -> Overlay:
        return found(self.overlays, overlay_id, self.name)

    def strip(self, source: str) -> Strip:
        """As the operator set it; what nobody touched is heard while it is seen."""
        return self.strips.get(source, UNTOUCHED)

    def with_inputs(self, inputs: Iterable[Input]) -> "Production":
        return replace(self, inputs=tuple(inputs)[:MAX_INPUTS])

    def to_wire(self) -> Json:
        wire: Json = _PRODUCTION.dump_python(self, mode="json")
        return wire

    @classmethod
    def from_wire(cls, wire: Json) -> "Production":
        return _parsed(_PRODUCTION, wire)


def new_production(production_id: str, name: str, inputs: Iterable[Input]) -> Production:
    """With scenes ready to be used, the first two inputs on air and in preview."""
    inputs = tuple(inputs)[:MAX_INPUTS]
    fulls = {f"full-{item.id}" for item in inputs}
    made = ready_made([(item.id, item.name) for item in inputs])
    first = [f"full-{item.id}" for item in inputs] + ["black", "black"]
    return Production(
        production_id,
        name,
        inputs=inputs,
        scenes=tuple(scene for scene in made if scene.id not in fulls and scene.id != BLACK.id),
        overlays=(
            Overlay("lower-third", "Lower third", "clean/lower-third"),
            Overlay("title", "Title", "clean/title"),
        ),
        programme=first[0],
        preview=first[1],
    )


def scene_from_wire(wire: Json) -> Scene:
    return _parsed(_SCENE, wire)


def scene_to_wire(scene: Scene) -> Json:
    wire: Json = _SCENE.dump_python(scene, mode="json")
    return wire


def overlay_from_wire(wire: Json) -> Overlay:
    return _parsed(_OVERLAY, wire)


def overlay_to_wire(overlay: Overlay) -> Json:
    wire: Json = _OVERLAY.dump_python(overlay, mode="json")
    return wire


def transition_from_wire(wire: Json) -> Transition:
    return _parsed(_TRANSITION, wire)


def transition_to_wire(transition: Transition) -> Json:
    wire: Json = _TRANSITION.dump_python(transition, mode="json")
    return wire


def strip_from_wire(wire: Json) -> Strip:
    return _parsed(_STRIP, wire)


def strip_to_wire(strip: Strip) -> Json:
    wire: Json = _STRIP.dump_python(strip, mode="json")
    return wire


_PRODUCTION, _SCENE = TypeAdapter(Production), TypeAdapter(Scene)
_TRANSITION, _STRIP, _OVERLAY = TypeAdapter(Transition), TypeAdapter(Strip), TypeAdapter(Overlay)


def _parsed[T](adapter: TypeAdapter[T], wire: Json) -> T:
    try:
        return adapter.validate_python(wire)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{place}: {first['msg']}") from None
