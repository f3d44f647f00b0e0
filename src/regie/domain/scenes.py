"""Scenes: which source stands where in the picture.

Places are fractions of the canvas, so that they hold in every format.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from regie.domain.errors import Invalid

MAX_ITEMS = 16
FARTHEST = 4.0  # how far outside the canvas an item may stand, and how large it may be, in canvases
MIN_PIXELS = 2
ASSUMED = (1280, 720)  # the size of a source that has not shown itself yet


class Fit(StrEnum):
    """How a picture of one shape goes into a place of another."""

    FILL = "fill"  # covers the place; what hangs over is cropped
    FIT = "fit"  # all of it is seen; the rest of the place stays empty
    STRETCH = "stretch"


@dataclass(frozen=True)
class Crop:
    """What is cut off each side, as a fraction of the source."""

    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    def __post_init__(self) -> None:
        for side in (self.left, self.top, self.right, self.bottom):
            if not 0 <= side < 1:
                raise Invalid(f"a crop of {side:g} is not between 0 and 1")
        if self.left + self.right > 0.98 or self.top + self.bottom > 0.98:
            raise Invalid("the crop leaves nothing of the picture")


@dataclass(frozen=True)
class Item:
    """A source in a scene. Items of a scene lie over each other, the last on top."""

    source: str
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    fit: Fit = Fit.FIT
    crop: Crop = field(default_factory=Crop)
    opacity: float = 1.0
    visible: bool = True

    def __post_init__(self) -> None:
        for name, value in (("x", self.x), ("y", self.y)):
            if not -FARTHEST <= value <= FARTHEST:  # NaN fails as well
                raise Invalid(f"{name} is {value:g}, not between {-FARTHEST:g} and {FARTHEST:g} canvases")
        for name, value in (("width", self.width), ("height", self.height)):
            if not 0 < value <= FARTHEST:
                raise Invalid(f"{name} is {value:g}, not above 0 and at most {FARTHEST:g} canvases")
        if not 0 <= self.opacity <= 1:
            raise Invalid(f"opacity is {self.opacity:g}, not between 0 and 1")


@dataclass(frozen=True)
class Scene:
    """A named picture made of sources, bottom to top."""

    id: str
    name: str
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        if len(self.items) > MAX_ITEMS:
            raise Invalid(f"a scene has at most {MAX_ITEMS} items, this one {len(self.items)}")
        twice = {item.source for item in self.items if self.uses(item.source) > 1}
        if twice:
            raise Invalid(f"{', '.join(sorted(twice))} is in this scene more than once")

    def uses(self, source: str) -> int:
        return sum(1 for item in self.items if item.source == source)

    @property
    def sources(self) -> tuple[str, ...]:
        """Those that are seen in it."""
        return tuple(item.source for item in self.items if item.visible and item.opacity > 0)


@dataclass(frozen=True)
class Placement:
    """An item in pixels: what is cut off the source, and where the rest of it goes."""

    x: int
    y: int
    width: int
    height: int
    crop_left: int = 0
    crop_top: int = 0
    crop_right: int = 0
    crop_bottom: int = 0
    alpha: float = 1.0


def placement(item: Item, source: tuple[int, int], canvas: tuple[int, int]) -> Placement:
    """Where an item stands on a canvas, for a source of a given size (square pixels)."""
    source_width, source_height = source if min(source) > 0 else ASSUMED
    left, right = _even(item.crop.left * source_width), _even(item.crop.right * source_width)
    top, bottom = _even(item.crop.top * source_height), _even(item.crop.bottom * source_height)
    seen_width = max(source_width - left - right, MIN_PIXELS)
    seen_height = max(source_height - top - bottom, MIN_PIXELS)
    x, y = round(item.x * canvas[0]), round(item.y * canvas[1])
    width = max(round(item.width * canvas[0]), MIN_PIXELS)
    height = max(round(item.height * canvas[1]), MIN_PIXELS)
    if item.fit is Fit.FIT:
        scale = min(width / seen_width, height / seen_height)
        fitted_width = _nearly(seen_width * scale, width)
        fitted_height = _nearly(seen_height * scale, height)
        x, y = x + (width - fitted_width) // 2, y + (height - fitted_height) // 2
        width, height = fitted_width, fitted_height
    elif item.fit is Fit.FILL:
        scale = max(width / seen_width, height / seen_height)
        over_x = _even((seen_width - width / scale) / 2)
        over_y = _even((seen_height - height / scale) / 2)
        left, right, top, bottom = left + over_x, right + over_x, top + over_y, bottom + over_y
    alpha = item.opacity if item.visible else 0.0
    return Placement(x, y, width, height, left, top, right, bottom, alpha)


def _even(pixels: float) -> int:
    """Colour is kept for pairs of pixels: an odd crop would shift it."""
    return max(0, int(pixels) // 2 * 2)


def _nearly(pixels: float, whole: int) -> int:
    """The whole place where only rounding is between: a full picture must cover its background."""
    return whole if abs(pixels - whole) < 2 else max(round(pixels), MIN_PIXELS)


# --- ready-made ---------------------------------------------------------------------------------------------

BLACK = Scene("black", "Black")
PIP_SIZE, PIP_MARGIN = 0.28, 0.03
_CORNERS = {
    "top-left": (PIP_MARGIN, PIP_MARGIN),
    "top-right": (1 - PIP_MARGIN - PIP_SIZE, PIP_MARGIN),
    "bottom-left": (PIP_MARGIN, 1 - PIP_MARGIN - PIP_SIZE),
    "bottom-right": (1 - PIP_MARGIN - PIP_SIZE, 1 - PIP_MARGIN - PIP_SIZE),
}


def full(source: str, name: str) -> Scene:
    return Scene(f"full-{source}", name, (Item(source),))


def ready_made(sources: list[tuple[str, str]]) -> list[Scene]:
    """The scenes a new production has, for sources given as (id, name)."""
    scenes = [full(*source) for source in sources]
    ids = [source_id for source_id, _ in sources]
    if len(ids) >= 2:
        first, second = ids[:2]
        scenes += [
            Scene(
                "two-up",
                "Two-up",
                (
                    Item(first, 0, 0, 0.5, 1, Fit.FILL),
                    Item(second, 0.5, 0, 0.5, 1, Fit.FILL),
                ),
            ),
            Scene(
                "side-by-side",
                "Side by side, with room for a title",
                (Item(first, 0.02, 0.12, 0.47, 0.47), Item(second, 0.51, 0.12, 0.47, 0.47)),
            ),
        ]
        scenes += [
            Scene(f"pip-{corner}", f"Picture in picture, {corner.replace('-', ' ')}", (
                Item(first), Item(second, x, y, PIP_SIZE, PIP_SIZE),
            ))
            for corner, (x, y) in _CORNERS.items()
        ]  # fmt: skip
    if len(ids) >= 3:
        scenes.append(
            Scene(
                "quad",
                "Quad",
                tuple(
                    Item(source, 0.5 * (index % 2), 0.5 * (index // 2), 0.5, 0.5)
                    for index, source in enumerate(ids[:4])
                ),
            )
        )
    return [*scenes, BLACK]
