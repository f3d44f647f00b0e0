"""The desk's effects, done: where inputs stand on the buses, and what the final stage shows of these."""

from collections.abc import Callable
from typing import Any

from regie.domain.desk import Bus, Effect, HoldTransition, RunTransition, ShowScene, TakeToAir
from regie.domain.scenes import Placement, Scene, placement
from regie.domain.transitions import Curve, Direction, Kind, Layer, Transition, curves
from regie.hub.gst import Gst, GstVideo, Pipeline
from regie.media.mix.timeline import Fader

EDGE_NS = 1_000  # a step is put this long before its frame: times are rounded to whole nanoseconds
HAND_NS = 50_000_000  # how long the picture takes to follow the hand on the T-bar
_PLACE = ("xpos", "ypos", "width", "height", "alpha")
_NAMES = {"x": "xpos", "y": "ypos", "width": "width", "height": "height", "alpha": "alpha"}

COVERED, UNCOVERED = 1.0, 0.0  # positions of a mask: nothing and all of its picture is seen
_MASKS = {  # the mask's kind, and whether it goes the other way round
    Direction.RIGHT: (1, True),
    Direction.LEFT: (1, False),
    Direction.DOWN: (2, True),
    Direction.UP: (2, False),
    Direction.DOWN_RIGHT: (41, True),
    Direction.UP_LEFT: (41, False),
    Direction.DOWN_LEFT: (42, True),
    Direction.UP_RIGHT: (42, False),
}

# A third of the CPU of the default, cubic, which nobody tells from it in moving pictures.
SCALING = Gst.Structure.new_empty("GstVideoConverter")
SCALING.set_value("GstVideoConverter.resampler-method", GstVideo.VideoResamplerMethod.LINEAR)

type SizeOf = Callable[[int], tuple[int, int]]
type SlotOf = Callable[[str], int | None]


class _Pad:
    """A pad of a compositor, every property of its place on a timeline."""

    def __init__(self, pad: Any, values: tuple[float, ...]) -> None:
        self.pad = pad
        pad.set_property("converter-config", SCALING)
        self.faders = {name: Fader(pad, name, value) for name, value in zip(_PLACE, values, strict=True)}

    def put(self, values: tuple[float, ...], at_ns: int) -> None:
        for name, value in zip(_PLACE, values, strict=True):
            self.faders[name].set(value, at_ns - EDGE_NS)

    def hide(self, at_ns: int) -> None:
        self.faders["alpha"].set(0.0, at_ns - EDGE_NS)


class SceneBus:
    """One of the two buses: every input has its pad."""

    def __init__(self, pipeline: Pipeline, bus: Bus, inputs: int, canvas: tuple[int, int]) -> None:
        self._canvas = canvas
        self._bus = bus
        self._pipeline = pipeline
        compositor = pipeline[f"bus_{bus}"]
        compositor.get_static_pad("sink_0").set_property("alpha", 0.0)
        self._pads = [
            _Pad(compositor.get_static_pad(f"sink_{number + 1}"), (0, 0, *canvas, 0.0))
            for number in range(inputs)
        ]
        self.scene: Scene | None = None

    def show(self, scene: Scene, at_ns: int, slot_of: SlotOf, size_of: SizeOf) -> None:
        self.scene = scene
        used = set()
        for order, item in enumerate(scene.items):
            number = slot_of(item.source)
            if number is None:
                continue  # a source that is gone: its place stays empty until it is back
            used.add(number)
            place = placement(item, size_of(number), self._canvas)
            self._crop(number, place)
            self._pads[number].pad.set_property("zorder", order + 1)
            self._pads[number].put((place.x, place.y, place.width, place.height, place.alpha), at_ns)
        for number, pad in enumerate(self._pads):
            if number not in used:
                pad.hide(at_ns)

    def _crop(self, number: int, place: Placement) -> None:
        crop = self._pipeline[f"crop_{self._bus}_{number}"]
        for side in ("left", "top", "right", "bottom"):
            value = getattr(place, f"crop_{side}")
            if crop.get_property(side) != value:
                crop.set_property(side, value)


class Wiper:
    """The stage that mixes the buses through a mask. At rest it is fed gaps, which cost next to nothing."""

    def __init__(self, pipeline: Pipeline, pad: Any, canvas: tuple[int, int]) -> None:
        self._pads = {bus: pipeline["wiper"].get_static_pad(f"sink_{n}") for n, bus in enumerate(Bus)}
        self._masks = {bus: pipeline[f"mask_{bus}"] for bus in Bus}
        self._valves = [pipeline[f"wipe_{place}"] for place in (*Bus, "out")]
        self.positions = {bus: Fader(self._masks[bus], "position", COVERED) for bus in Bus}
        self.output = _Pad(pad, (0, 0, *canvas, 0.0))
        pad.set_property("zorder", 4)
        self._runs_as: tuple[Transition, Bus] | None = None

    def start(self, transition: Transition, to: Bus) -> None:
        """Let it run, with all of the old picture and nothing of the new."""
        if self._runs_as == (transition, to):
            return  # the T-bar goes on
        kind, invert = _MASKS[transition.direction]
        self._masks[to].set_property("type", kind)
        self._masks[to].set_property("invert", invert)
        self._pads[to].set_property("zorder", 2)
        self._pads[to.other].set_property("zorder", 1)
        self.positions[to.other].set(UNCOVERED, 1)
        self.positions[to].set(COVERED, 1)
        self._runs_as = transition, to
        self._feed(frames=True)

    def rest(self) -> None:
        if self._runs_as is not None:
            self._runs_as = None
            self._feed(frames=False)

    def _feed(self, *, frames: bool) -> None:
        for valve in self._valves:
            valve.set_property("drop", not frames)


class FinalStage:
    """What of the buses is the programme."""

    def __init__(self, pipeline: Pipeline, canvas: tuple[int, int]) -> None:
        self._canvas = canvas
        self.wiper = Wiper(pipeline, pipeline["final"].get_static_pad("sink_3"), canvas)
        self._colour = pipeline["colour"]
        final = pipeline["final"]
        ground = final.get_static_pad("sink_0")
        for name, value in (("width", canvas[0]), ("height", canvas[1]), ("zorder", 0)):
            ground.set_property(name, value)
        self._buses = {
            bus: _Pad(final.get_static_pad(f"sink_{number}"), (0, 0, *canvas, 0.0))
            for number, bus in enumerate(Bus, 1)
        }

    def take(self, bus: Bus, at_ns: int) -> None:
        self._buses[bus].put((0, 0, *self._canvas, 1.0), at_ns)
        self._buses[bus.other].put((0, 0, *self._canvas, 0.0), at_ns)
        self.wiper.output.hide(at_ns)

    def run(self, transition: Transition, to: Bus, start_ns: int, end_ns: int) -> None:
        self._prepare(transition, to)
        span = end_ns - start_ns
        for curve in curves(transition):
            self._fader(curve, to).follow(
                (start_ns + round(way * span), self._scaled(curve, value)) for way, value in curve.points
            )
        self._new_is_seen(transition, to, start_ns)
        self.take(to, end_ns)

    def hold(self, transition: Transition, to: Bus, way: float, at_ns: int) -> None:
        self._prepare(transition, to)
        for curve in curves(transition):
            fader = self._fader(curve, to)
            now = fader.value_at(at_ns)
            fader.follow([(at_ns, now), (at_ns + HAND_NS, self._scaled(curve, curve.at(way)))])
        self._new_is_seen(transition, to, at_ns)

    def _prepare(self, transition: Transition, to: Bus) -> None:
        """Nothing of this is seen: the new bus is still hidden, the old one covers the ground."""
        if transition.kind is Kind.WIPE:
            self.wiper.start(transition, to)
        self._colour.set_property("foreground-color", 0xFF000000 | transition.colour)
        self._buses[to].pad.set_property("zorder", 3)
        self._buses[to.other].pad.set_property("zorder", 2)

    def _new_is_seen(self, transition: Transition, to: Bus, at_ns: int) -> None:
        if transition.kind is Kind.WIPE:
            self.wiper.output.faders["alpha"].set(1.0, at_ns - EDGE_NS)
        elif not any(curve.layer is Layer.NEW and curve.what == "alpha" for curve in curves(transition)):
            self._buses[to].faders["alpha"].set(1.0, at_ns - EDGE_NS)

    def _fader(self, curve: Curve, to: Bus) -> Fader:
        if curve.layer is Layer.WIPE:
            return self.wiper.positions[to]
        bus = to if curve.layer is Layer.NEW else to.other
        return self._buses[bus].faders[_NAMES[curve.what]]

    def _scaled(self, curve: Curve, value: float) -> float:
        if curve.what in ("x", "width"):
            scaled = value * self._canvas[0]
        elif curve.what in ("y", "height"):
            scaled = value * self._canvas[1]
        elif curve.layer is Layer.WIPE:
            return COVERED + (UNCOVERED - COVERED) * value
        else:
            return value
        return max(scaled, 2.0) if curve.what in ("width", "height") else scaled  # 0 is "as it comes"


class Picture:
    """Both buses and the final stage."""

    def __init__(
        self, pipeline: Pipeline, inputs: int, canvas: tuple[int, int], slot_of: SlotOf, size_of: SizeOf
    ) -> None:
        self._slot_of, self._size_of = slot_of, size_of
        self.buses = {bus: SceneBus(pipeline, bus, inputs, canvas) for bus in Bus}
        self._final = FinalStage(pipeline, canvas)

    def rest(self) -> None:
        """No transition runs: what only transitions need may stop."""
        self._final.wiper.rest()

    def do(self, effect: Effect) -> None:
        match effect:
            case ShowScene(bus, scene, at_ns):
                self.buses[bus].show(scene, at_ns, self._slot_of, self._size_of)
            case TakeToAir(bus, at_ns):
                self._final.take(bus, at_ns)
            case RunTransition(transition, to, start_ns, end_ns):
                self._final.run(transition, to, start_ns, end_ns)
            case HoldTransition(transition, to, way, at_ns):
                self._final.hold(transition, to, way, at_ns)

    def replace_items(self, at_ns: int) -> None:
        """Place everything anew: an input came, went or changed its size."""
        for bus in self.buses.values():
            if bus.scene is not None:
                bus.show(bus.scene, at_ns, self._slot_of, self._size_of)
