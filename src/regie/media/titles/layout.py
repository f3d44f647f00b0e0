"""A template and its fields become shapes for librsvg and text for Pango, each text in the room it has.

Templates are SVG, 1920 wide and 1080 high. What is not SVG's own stands in `data-` attributes:

    text   field: what is written; width, least: it shrinks from its font size to the least, then it is cut;
           lines: how many there may be; upper, tabular; runs: as wide as it is, for a ticker
    rect   hugs: as wide as the widest of these fields, and its pad; grows: higher with each line of a field;
           runs: as wide as the ticker
    g      needs, lacks: only with, or without, a text in a field; after: moves down with each line of it
    svg    middle: the height that stays in the middle while lines are added
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any
from xml.etree import ElementTree as ET

import gi

gi.require_version("Pango", "1.0")
gi.require_version("PangoCairo", "1.0")
from gi.repository import Pango, PangoCairo  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
WIDTH, HEIGHT = 1920, 1080
MAX_RUN = 20_000  # how wide a ticker's text may be; what is longer is cut
SMALLER = 0.94  # from one try to the next

ET.register_namespace("", SVG[1:-1])


class Text:
    """A text in its place: its anchor at `x`, its first line's baseline at `y`."""

    def __init__(self, element: ET.Element, family: str, written: str, context: Any, y_shift: float) -> None:
        number = {name: float(element.get(name, "0")) for name in ("x", "y", "font-size")}
        self.x, self.y = number["x"], number["y"] + y_shift
        self.runs = element.get("data-runs") is not None
        self.is_centred = element.get("text-anchor") == "middle"
        self._colour = _rgb(element.get("fill", "#000000"))
        lines = int(element.get("data-lines", "1"))
        self._layout = layout = PangoCairo.create_layout(context)
        layout.set_text(_in_lines(written.upper() if element.get("data-upper") else written, lines), -1)
        layout.set_alignment(Pango.Alignment.CENTER if self.is_centred else Pango.Alignment.LEFT)
        if element.get("data-tabular"):
            attributes = Pango.AttrList()
            attributes.insert(Pango.attr_font_features_new("tnum=1"))
            layout.set_attributes(attributes)
        self._room = float(MAX_RUN) if self.runs else float(element.get("data-width", WIDTH))
        font = Pango.FontDescription.from_string(family)
        font.set_weight(Pango.Weight(int(element.get("font-weight", "400"))))
        self._fit(font, number["font-size"], float(element.get("data-least", number["font-size"])), lines)
        self.width = math.ceil(layout.get_pixel_size()[0]) + 1.0 if written.strip() else 0.0
        self.set_width(self.width if self.runs else self._room)

    @property
    def extra(self) -> float:
        """How much higher it is than one line."""
        first = self._layout.get_line_readonly(0).get_pixel_extents()[1].height
        return float(max(self._layout.get_pixel_size()[1] - first, 0))

    def set_width(self, width: float) -> None:
        """Right-to-left text ends at its right side, centred text has its middle there."""
        self._layout.set_width(round(width * Pango.SCALE))

    def draw(self, context: Any) -> None:
        left = self.x - (self._layout.get_width() / Pango.SCALE / 2 if self.is_centred else 0)
        context.set_source_rgb(*self._colour)
        context.move_to(left, self.y - self._layout.get_baseline() / Pango.SCALE)
        PangoCairo.show_layout(context, self._layout)

    def _fit(self, font: Any, size: float, least: float, lines: int) -> None:
        layout = self._layout
        layout.set_wrap(Pango.WrapMode.WORD_CHAR)
        while True:
            font.set_absolute_size(size * Pango.SCALE)
            layout.set_font_description(font)
            layout.set_width(-1 if lines == 1 else round(self._room * Pango.SCALE))
            fits = layout.get_line_count() <= lines and layout.get_pixel_size()[0] <= self._room
            if fits or size * SMALLER < least:
                break
            size *= SMALLER
        layout.set_height(-lines if "\n" not in layout.get_text() else -1)
        layout.set_ellipsize(Pango.EllipsizeMode.END)
        layout.set_width(round(self._room * Pango.SCALE))


@dataclass(frozen=True)
class Drawing:
    """What is to be drawn. It is wider than the picture when it runs, and moved up when it has grown."""

    shapes: bytes
    texts: list[Text]
    width: float
    up: float


def laid_out(template: str, values: Mapping[str, str], context: Any) -> Drawing:
    coloured = Template(template).substitute(accent=values.get("accent", ""))
    root = ET.fromstring(coloured)  # noqa: S314 (our own file, and a colour that was checked)
    _choose(root, values)
    family = root.get("font-family", "sans-serif")
    texts: dict[str, Text] = {}
    for element, after in _texts(root):
        name = element.get("data-field", "")
        down = texts[after].extra if after else 0.0
        texts[name] = Text(element, family, values.get(name, ""), context, down)
    run = max((text.width for text in texts.values() if text.runs), default=0.0)
    width = WIDTH * 2 + run if run else float(WIDTH)
    _fit_shapes(root, texts, width)
    for text in texts.values():
        if text.runs:
            text.x = WIDTH
    root.set("viewBox", f"0 0 {width:g} {HEIGHT}")
    root.set("width", f"{width:g}")
    root.set("height", str(HEIGHT))
    up = texts["title"].extra / 2 if root.get("data-middle") else 0.0
    return Drawing(ET.tostring(root), list(texts.values()), width, up)


def _choose(root: ET.Element, values: Mapping[str, str]) -> None:
    for parent in list(root.iter()):
        for group in parent.findall(f"{SVG}g"):
            needs, lacks = group.get("data-needs"), group.get("data-lacks")
            if (needs and not values.get(needs, "").strip()) or (lacks and values.get(lacks, "").strip()):
                parent.remove(group)


def _texts(element: ET.Element, after: str = "") -> Iterator[tuple[ET.Element, str]]:
    """Taken out of the shapes, with the field each comes after."""
    for child in list(element):
        if child.tag == f"{SVG}text":
            element.remove(child)
            yield child, after
        else:
            yield from _texts(child, child.get("data-after", after))


def _fit_shapes(root: ET.Element, texts: Mapping[str, Text], width: float) -> None:
    for group in root.iter(f"{SVG}g"):
        if after := group.get("data-after"):
            group.set("transform", f"translate(0 {texts[after].extra:g})")
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("data-runs"):
            rect.set("width", f"{width:g}")
        if hugs := rect.get("data-hugs"):
            _hug(rect, [texts[name] for name in hugs.split() if name in texts])
        if grows := rect.get("data-grows"):
            rect.set("height", f"{float(rect.get('height', '0')) + texts[grows].extra:g}")


def _hug(rect: ET.Element, texts: list[Text]) -> None:
    """As wide as it must be, around the same middle where the texts are centred."""
    inner = max(text.width for text in texts)
    width = inner + float(rect.get("data-pad", "0"))
    left, before = float(rect.get("x", "0")), float(rect.get("width", "0"))
    for text in texts:
        text.set_width(inner)
    if any(text.is_centred for text in texts):
        rect.set("x", f"{left + (before - width) / 2:g}")
    rect.set("width", f"{width:g}")


def _in_lines(text: str, most: int) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "\n".join(filter(None, [*lines[: most - 1], " ".join(lines[most - 1 :])]))


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = bytes.fromhex(colour.lstrip("#"))
    return red / 255, green / 255, blue / 255
