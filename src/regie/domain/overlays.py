"""Overlays: titles, clocks and pictures that lie over the programme.

A template says which fields an overlay has; how it looks is drawn elsewhere. All values are text, as they are
typed: what kind a field is of decides which text it takes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from regie.domain.errors import Invalid, NotFound

MAX_OVERLAYS = 8
MIN_MS, MAX_MS = 50, 5000
MAX_TEXT, MAX_LONG_TEXT = 200, 1000
PAST_H = 12  # a time of day this long ago is today's; longer ago, it is tomorrow's

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_NUMBER = re.compile(r"-?[0-9]{1,4}([.][0-9]{1,2})?")
_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u2028\u2029\ud800-\udfff\ufffe\uffff]")  # all but the newline


class Kind(StrEnum):
    STILL = "still"
    LOWER_THIRD = "lower-third"
    TITLE = "title"
    CLOCK = "clock"
    COUNTDOWN = "countdown"
    TICKER = "ticker"
    SCORE = "score"


class FieldKind(StrEnum):
    TEXT = "text"
    MULTILINE = "multiline"
    TIME = "time"
    NUMBER = "number"
    COLOUR = "colour"
    STILL = "still"


class Animation(StrEnum):
    """How it comes; it goes the same way back. A slide is named for where it moves to."""

    CUT = "cut"
    FADE = "fade"
    SLIDE_LEFT = "slide-left"
    SLIDE_RIGHT = "slide-right"
    SLIDE_UP = "slide-up"
    SLIDE_DOWN = "slide-down"


@dataclass(frozen=True)
class Field:
    name: str
    label: str
    kind: FieldKind
    default: str = ""


@dataclass(frozen=True)
class Template:
    id: str
    family: str
    name: str
    kind: Kind
    fields: tuple[Field, ...]


_FIELDS: Mapping[Kind, tuple[Field, ...]] = {
    Kind.LOWER_THIRD: (
        Field("name", "Name", FieldKind.TEXT, "Alex Example"),
        Field("role", "Role", FieldKind.TEXT, "What Alex does"),
    ),
    Kind.TITLE: (
        Field("title", "Title", FieldKind.MULTILINE, "Welcome"),
        Field("subtitle", "Subtitle", FieldKind.TEXT, "We are glad that you are here"),
    ),
    Kind.CLOCK: (Field("label", "Label", FieldKind.TEXT),),
    Kind.COUNTDOWN: (
        Field("until", "Until", FieldKind.TIME),
        Field("label", "Label", FieldKind.TEXT, "We begin in"),
        Field("done", "Shown at zero", FieldKind.TEXT, "Now"),
    ),
    Kind.TICKER: (
        Field("text", "Text", FieldKind.MULTILINE, "The news of the day runs here"),
        Field("speed", "Speed, % of the picture's width a second", FieldKind.NUMBER, "10"),
    ),
    Kind.SCORE: (
        Field("home", "Home", FieldKind.TEXT, "Home"),
        Field("home_score", "Home's score", FieldKind.NUMBER, "0"),
        Field("away", "Away", FieldKind.TEXT, "Away"),
        Field("away_score", "Away's score", FieldKind.NUMBER, "0"),
    ),
}
_NAMES: Mapping[Kind, str] = {
    Kind.LOWER_THIRD: "Lower third",
    Kind.TITLE: "Title",
    Kind.CLOCK: "Clock",
    Kind.COUNTDOWN: "Countdown",
    Kind.TICKER: "Ticker",
    Kind.SCORE: "Score",
}
_FAMILIES = {"Clean": "#3b9eff", "Bold": "#e4002b"}  # each with its accent
_STILL = Template(
    "plain/still",
    "Plain",
    "Still",
    Kind.STILL,
    (
        Field("still", "Picture", FieldKind.STILL),
        Field("x", "From the left, %", FieldKind.NUMBER, "80"),
        Field("y", "From the top, %", FieldKind.NUMBER, "6"),
        Field("width", "Width, %", FieldKind.NUMBER, "15"),
    ),
)
TEMPLATES: Mapping[str, Template] = {
    template.id: template
    for template in (
        *(
            Template(
                f"{family.lower()}/{kind}",
                family,
                name,
                kind,
                (*_FIELDS[kind], Field("accent", "Colour", FieldKind.COLOUR, accent)),
            )
            for family, accent in _FAMILIES.items()
            for kind, name in _NAMES.items()
        ),
        _STILL,
    )
}
_LEAST_AND_MOST = {"speed": (1, 100), "x": (-100, 100), "y": (-100, 100), "width": (1, 100)}


@dataclass(frozen=True)
class Overlay:
    """One overlay of a production. A field that is left out has its template's default."""

    id: str
    name: str
    template: str
    fields: Mapping[str, str] = field(default_factory=dict)
    animation: Animation = Animation.FADE
    duration_ms: int = 400

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise Invalid(
                f"{self.id[:60]!r} cannot be an overlay's id", "use a-z, 0-9 and dashes, 60 at most"
            )
        if self.template not in TEMPLATES:
            raise Invalid(
                f"there is no overlay template {self.template[:60]!r}", f"there are {', '.join(TEMPLATES)}"
            )
        known = {item.name: item for item in TEMPLATES[self.template].fields}
        for name, value in self.fields.items():
            if name not in known:
                raise Invalid(
                    f"{self.template} has no field {name[:60]!r}", f"its fields are {', '.join(known)}"
                )
            check_value(known[name], value)
        if not MIN_MS <= self.duration_ms <= MAX_MS:
            raise Invalid(f"an overlay moves for {MIN_MS} to {MAX_MS} ms, not {self.duration_ms}")

    @property
    def kind(self) -> Kind:
        return TEMPLATES[self.template].kind

    @property
    def values(self) -> Mapping[str, str]:
        return {
            item.name: self.fields.get(item.name, item.default) for item in TEMPLATES[self.template].fields
        }

    @property
    def still(self) -> str | None:
        """The id of the picture it shows."""
        return (self.values["still"] or None) if self.kind is Kind.STILL else None

    def drawn_like(self, other: "Overlay") -> bool:
        return (self.template, self.values) == (other.template, other.values)


def check_value(item: Field, value: str) -> None:
    """A value is what its field can show; a number also is in its field's range."""
    most = MAX_LONG_TEXT if item.kind is FieldKind.MULTILINE else MAX_TEXT
    if len(value) > most:
        raise Invalid(f"{item.label} has at most {most} characters, not {len(value)}")
    if _UNSEEN.search(value) or ("\n" in value and item.kind is not FieldKind.MULTILINE):
        raise Invalid(f"{item.label} has characters that cannot be shown", "line breaks, tabs and the like")
    if item.kind is FieldKind.COLOUR and not _COLOUR.fullmatch(value):
        raise Invalid(f"{item.label} is a colour such as #3b9eff, not {value[:20]!r}")
    if item.kind is FieldKind.STILL and value and not _ID.fullmatch(value):
        raise Invalid(f"{value[:60]!r} is no picture's id")
    if item.kind is FieldKind.TIME:
        _check_time(item, value)
    if item.kind is FieldKind.NUMBER:
        _check_number(item, value)


def _check_number(item: Field, value: str) -> None:
    least, most = _LEAST_AND_MOST.get(item.name, (-9999, 9999))
    if not _NUMBER.fullmatch(value) or not least <= float(value) <= most:
        raise Invalid(f"{item.label} is a number from {least} to {most}, not {value[:20]!r}")


def _check_time(item: Field, value: str) -> None:
    if value and not _OF_DAY.fullmatch(value) and _iso_time(value) is None:
        raise Invalid(
            f"{item.label} is a time of day such as 19:30, or a date and time such as 2026-12-24T19:30, "
            f"not {value[:40]!r}"
        )


def _iso_time(value: str) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def checked_overlays(overlays: Sequence[Overlay]) -> None:
    if len(overlays) > MAX_OVERLAYS:
        raise Invalid(f"a production has at most {MAX_OVERLAYS} overlays, not {len(overlays)}")
    if len({overlay.id for overlay in overlays}) != len(overlays):
        raise Invalid("two overlays have the same id")


def found(overlays: Sequence[Overlay], overlay_id: str, where: str) -> Overlay:
    for overlay in overlays:
        if overlay.id == overlay_id:
            return overlay
    raise NotFound(f"there is no overlay {overlay_id[:60]!r} in {where}")


# --- time ---------------------------------------------------------------------------------------------------


def words(overlay: Overlay, now: datetime) -> Mapping[str, str]:
    """What is to be read on it at a local time: its values, and what the time makes of them."""
    values = overlay.values
    if overlay.kind is Kind.CLOCK:
        return {**values, "time": f"{now:%H:%M:%S}"}
    if overlay.kind is Kind.COUNTDOWN:
        return {**values, "time": _time_left(values["until"], values["done"], now)}
    return values


def tells_time(overlay: Overlay) -> bool:
    return overlay.kind in (Kind.CLOCK, Kind.COUNTDOWN)


def _time_left(until: str, done: str, now: datetime) -> str:
    if not until:
        return "–:––"
    left = target_time(until, now) - now
    seconds = -(-left // timedelta(seconds=1))
    if seconds <= 0:
        return done or "0:00"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return (f"{hours}:{minutes:02}" if hours else str(minutes)) + f":{seconds % 60:02}"


def target_time(until: str, now: datetime) -> datetime:
    """The time of day that is meant, or the date and time that is said; without a zone it is local."""
    of_day = _OF_DAY.fullmatch(until)
    if of_day is None:
        said = datetime.fromisoformat(until)
        return said if said.tzinfo is not None else said.replace(tzinfo=now.tzinfo)
    hour, minute, second = (int(part or 0) for part in of_day.groups())
    today = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    return today if today > now - timedelta(hours=PAST_H) else today + timedelta(days=1)


# --- places -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Box:
    """Where a picture lies on the canvas, in pixels."""

    x: int
    y: int
    width: int
    height: int


def way_in(animation: Animation, box: Box, canvas: tuple[int, int]) -> tuple[int, int]:
    """How far from its place it is while nothing of it is seen yet."""
    match animation:
        case Animation.SLIDE_LEFT:
            return canvas[0] - box.x, 0
        case Animation.SLIDE_RIGHT:
            return -(box.x + box.width), 0
        case Animation.SLIDE_UP:
            return 0, canvas[1] - box.y
        case Animation.SLIDE_DOWN:
            return 0, -(box.y + box.height)
        case _:
            return 0, 0


def layered(known: Mapping[str, int], wanted: Sequence[str], layers: int) -> Mapping[str, int]:
    """A layer for each, bottom to top. Those that have one keep it if the others find room around them."""
    kept = [(known[name], name) for name in wanted if name in known]
    if all(below < above for (below, _), (above, _) in pairwise(kept)):
        placed: dict[str, int] = {}
        least = 0
        for index, name in enumerate(wanted):
            placed[name] = known.get(name, least)
            room = _room_above(known, wanted[index:], layers) if name not in known else placed[name]
            if not least <= placed[name] <= room:
                break
            least = placed[name] + 1
        else:
            return placed
    return {name: index for index, name in enumerate(wanted)}


def _room_above(known: Mapping[str, int], names: Sequence[str], layers: int) -> int:
    """The highest layer the first may have, so that those above it keep theirs."""
    for index, name in enumerate(names):
        if name in known:
            return known[name] - index
    return layers - len(names)
