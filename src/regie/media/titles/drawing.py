"""Draws overlays, and makes uploaded pictures harmless. Runs in the painter's process only."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cairo
import gi

from regie.domain.errors import Invalid, NotFound
from regie.domain.overlays import TEMPLATES, Box
from regie.media.titles.layout import HEIGHT, WIDTH, laid_out

gi.require_version("GdkPixbuf", "2.0")
gi.require_version("Rsvg", "2.0")
from gi.repository import GdkPixbuf, GLib, Rsvg  # noqa: E402

FOLDER = Path(__file__).parent / "templates"
STILL = "plain/still"


@dataclass(frozen=True)
class Painted:
    """A picture without its empty margins: RGBA, and where it lies. What runs begins with an empty canvas."""

    box: Box
    rgba: bytes
    runs: bool = False


def painted(template: str, values: Mapping[str, str], canvas: tuple[int, int], stills: Path) -> Painted:
    if template not in TEMPLATES:
        raise Invalid(f"there is no overlay template {template[:60]!r}")
    scale = canvas[0] / WIDTH
    surface = cairo.RecordingSurface(cairo.Content.COLOR_ALPHA, None)
    context = cairo.Context(surface)
    if template == STILL:
        _draw_still(context, values, canvas, stills)
        return _trimmed(surface, Box(0, 0, *canvas))
    context.scale(scale, scale)
    drawing = laid_out(_template(template), values, context)
    context.translate(0, -drawing.up)
    shapes = Rsvg.Handle.new_from_data(drawing.shapes)
    shapes.render_document(context, _rectangle(drawing.width, HEIGHT))
    for text in drawing.texts:
        text.draw(context)
    runs = drawing.width > WIDTH
    return _trimmed(surface, Box(0, 0, round(drawing.width * scale), canvas[1]), runs=runs)


def on_canvas(picture: Painted, canvas: tuple[int, int]) -> bytes:
    """How it looks, as PNG of the whole canvas; what runs has just come in."""
    whole = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, True, 8, *canvas)
    whole.fill(0)
    box = picture.box
    if box.width and box.height:
        pixels = pixbuf_from_rgba(picture.rgba, box.width, box.height)
        skipped = min(canvas[0], box.width - 1) if picture.runs else 0
        width, height = min(box.width - skipped, canvas[0] - box.x), min(box.height, canvas[1] - box.y)
        pixels.copy_area(skipped, 0, width, height, whole, box.x, box.y)
    return png_from_pixbuf(whole)


def pixbuf_from_rgba(rgba: bytes, width: int, height: int) -> Any:
    data = GLib.Bytes.new(rgba)
    return GdkPixbuf.Pixbuf.new_from_bytes(data, GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4)


def png_from_pixbuf(pixels: Any) -> bytes:
    written, png = pixels.save_to_bufferv("png", [], [])
    if not written:
        raise Invalid("the picture cannot be written as PNG")
    return bytes(png)


@cache
def _template(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text()


def _draw_still(context: Any, values: Mapping[str, str], canvas: tuple[int, int], stills: Path) -> None:
    name = values["still"]
    if not name:
        return
    file = stills / f"{name}.png"
    try:
        picture = cairo.ImageSurface.create_from_png(str(file))
    except cairo.Error as error:
        raise NotFound(f"the still {name!r} is gone: {error}", "upload it again, or choose another") from None
    scale = float(values["width"]) / 100 * canvas[0] / picture.get_width()
    context.rectangle(0, 0, *canvas)
    context.clip()
    context.translate(float(values["x"]) / 100 * canvas[0], float(values["y"]) / 100 * canvas[1])
    context.scale(scale, scale)
    context.set_source_surface(picture)
    context.get_source().set_filter(cairo.Filter.BEST)
    context.paint()


def _trimmed(surface: Any, whole: Box, *, runs: bool = False) -> Painted:
    left, top, width, height = surface.ink_extents()
    x, y = max(int(left), 0), max(int(top), 0)
    width = min(int(left + width + 1), whole.width) - x
    height = min(int(top + height + 1), whole.height) - y
    if width <= 0 or height <= 0:
        return Painted(Box(0, 0, 0, 0), b"")
    image = cairo.ImageSurface(cairo.FORMAT_ARGB32, width, height)
    context = cairo.Context(image)
    context.set_source_surface(surface, -x, -y)
    context.paint()
    pixels = _pixbuf_from_surface(image)
    inner = Box(0, 0, width, height) if runs else _inked(_rgba(pixels), width, height)
    if not inner.width:
        return Painted(Box(0, 0, 0, 0), b"")
    seen = pixels.new_subpixbuf(inner.x, inner.y, inner.width, inner.height)
    return Painted(Box(x + inner.x, y + inner.y, inner.width, inner.height), _rgba(seen), runs)


def _inked(rgba: bytes, width: int, height: int) -> Box:
    """What is left when the rows and columns without anything are cut off."""
    alpha = rgba[3::4]
    above = len(alpha) - len(alpha.lstrip(b"\0"))
    if above == len(alpha):
        return Box(0, 0, 0, 0)
    top, bottom = above // width, height - (len(alpha) - len(alpha.rstrip(b"\0"))) // width
    rows = [alpha[row * width : (row + 1) * width] for row in range(top, bottom)]
    left = min(width - len(row.lstrip(b"\0")) for row in rows)
    right = max(len(row.rstrip(b"\0")) for row in rows)
    return Box(left, top, right - left, bottom - top)


def _pixbuf_from_surface(surface: Any) -> Any:
    """Cairo's pixels are multiplied by their alpha; PNG's and GdkPixbuf's are not."""
    png = io.BytesIO()
    surface.write_to_png(png)
    loader = GdkPixbuf.PixbufLoader.new_with_type("png")
    loader.write(png.getvalue())
    loader.close()
    pixels = loader.get_pixbuf()
    return pixels if pixels.get_has_alpha() else pixels.add_alpha(False, 0, 0, 0)


def _rgba(pixels: Any) -> bytes:
    """Rows without gaps between them."""
    width, stride = pixels.get_width() * 4, pixels.get_rowstride()
    data = bytes(pixels.read_pixel_bytes().get_data())
    if stride == width:
        return data[: width * pixels.get_height()]
    return b"".join(data[row * stride : row * stride + width] for row in range(pixels.get_height()))


def _rectangle(width: float, height: float) -> Any:
    rectangle = Rsvg.Rectangle()
    rectangle.x = rectangle.y = 0
    rectangle.width, rectangle.height = width, height
    return rectangle
