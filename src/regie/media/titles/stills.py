"""Makes uploaded pictures harmless: whatever comes in, a PNG made anew goes out. Runs in the painter only."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import cairo
import defusedxml.ElementTree
import gi
from defusedxml import DefusedXmlException

from regie.domain.errors import Invalid, NotSupported, TooLarge
from regie.media.titles.layout import WIDTH

gi.require_version("GdkPixbuf", "2.0")
gi.require_version("Rsvg", "2.0")
from gi.repository import GdkPixbuf, GLib, Rsvg  # noqa: E402

MAX_SIDE = 4096
MAX_ELEMENTS = 20_000
PLAIN = "export it as plain SVG, with its pictures embedded"

_MAGIC = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}
_OUTSIDE = re.compile(r"url\(\s*['\"]?(?!\s*#|data:image/)|@import", re.IGNORECASE)
_INSIDE = re.compile(r"#|data:image/(png|jpeg)[;,]", re.IGNORECASE)


def made_harmless(uploaded: Path, png: Path) -> tuple[int, int]:
    """The size of the PNG it has become."""
    start = uploaded.open("rb").read(512)
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)
    pixels = _bitmap(uploaded, kind) if kind else _drawn(uploaded.read_bytes())
    fresh = png.with_suffix(".new")
    if isinstance(pixels, cairo.ImageSurface):
        pixels.write_to_png(str(fresh))
        size = pixels.get_width(), pixels.get_height()
    else:
        pixels.savev(str(fresh), "png", [], [])
        size = pixels.get_width(), pixels.get_height()
    fresh.rename(png)
    return size


def _bitmap(file: Path, kind: str) -> Any:
    """Its size is read before anything is unpacked."""
    format_, width, height = GdkPixbuf.Pixbuf.get_file_info(str(file))
    if format_ is None or format_.get_name() != kind:
        raise NotSupported("the picture cannot be read", "upload a PNG, a JPEG or an SVG")
    _check_size(width, height)
    try:
        return GdkPixbuf.Pixbuf.new_from_file(str(file)).apply_embedded_orientation()
    except GLib.Error as error:
        raise Invalid(f"the picture is damaged: {error.message}"[:200]) from None


def _drawn(text: bytes) -> Any:
    root = _parsed(text)
    for count, element in enumerate(root.iter()):
        if count > MAX_ELEMENTS:
            raise TooLarge(f"an SVG has at most {MAX_ELEMENTS} elements", "simplify it, or upload it as PNG")
        _check_element(element)
    try:
        handle = Rsvg.Handle.new_from_data(text)
        known, width, height = handle.get_intrinsic_size_in_pixels()
        if not known:
            box = handle.get_intrinsic_dimensions()
            width, height = (box[5].width, box[5].height) if box[4] else (WIDTH, WIDTH)
        if not (width > 0 and height > 0):
            raise Invalid("the SVG has no size", "give it a width and a height")
        scale = WIDTH / max(width, height)
        size = max(round(width * scale), 1), max(round(height * scale), 1)
        surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, *size)
        room = Rsvg.Rectangle()
        room.width, room.height = size
        handle.render_document(cairo.Context(surface), room)
    except GLib.Error as error:
        raise Invalid(f"the SVG cannot be drawn: {error.message.strip()}"[:200], PLAIN) from None
    return surface


def _parsed(text: bytes) -> ET.Element:
    if not text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise NotSupported("this is no picture that can be used", "upload a PNG, a JPEG or an SVG")
    try:
        root: ET.Element = defusedxml.ElementTree.fromstring(text)
    except DefusedXmlException:
        raise Invalid("the SVG defines entities, which are not read", PLAIN) from None
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Invalid(f"the SVG is damaged: {error}"[:200], PLAIN) from None
    if _local(root.tag) != "svg":
        raise NotSupported("this is no picture that can be used", "upload a PNG, a JPEG or an SVG")
    return root


def _check_element(element: ET.Element) -> None:
    if _local(element.tag) == "script" or any(_local(name).startswith("on") for name in element.attrib):
        raise Invalid("the SVG contains a script", PLAIN)
    for name, value in element.attrib.items():
        is_reference = _local(name) in ("href", "src") and _local(element.tag) != "a"
        if (is_reference and not _INSIDE.match(value.strip())) or _OUTSIDE.search(value):
            raise Invalid(f"the SVG refers to something outside of it: {value.strip()[:80]}", PLAIN)
    if _local(element.tag) == "style" and _OUTSIDE.search(element.text or ""):
        raise Invalid("the SVG's style refers to something outside of it", PLAIN)


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise TooLarge(
            f"a picture is at most {MAX_SIDE}x{MAX_SIDE} pixels, not {width}x{height}", "make it smaller"
        )


def _local(name: object) -> str:
    return str(name).rpartition("}")[2].lower()
