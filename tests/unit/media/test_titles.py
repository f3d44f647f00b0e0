"""Titles as the painter draws them, and pictures that were made to hurt it."""

import asyncio
import struct
import subprocess
import sys
import zlib
from collections.abc import Coroutine, Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from regie.domain.errors import Invalid, NotFound, NotSupported, RegieError, TooLarge, Unavailable
from regie.domain.overlays import TEMPLATES, Kind, Overlay
from regie.media.titles.studio import Studio, Titled
from tests.support.wait import until

CANVAS = (1280, 720)
SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'


class Painting:
    """One painter for all tests of this file."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.studio = Studio(deadline_s=2.0)

    def do[T](self, job: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(job)

    def paint(self, template: str, values: Mapping[str, str], stills: Path = Path("/")) -> Titled:
        reads = {"time": "10:00:00", **Overlay("a", "A", template, values).values}
        return self.do(self.studio.paint(template, reads, CANVAS, stills))

    def close(self) -> None:
        self.do(self.studio.close())
        self._runner.close()


@pytest.fixture(scope="module")
def painting() -> Iterator[Painting]:
    painting = Painting()
    yield painting
    painting.close()


def pixels(titled: Titled) -> NDArray[np.uint8]:
    box = titled.box
    return np.frombuffer(titled.rgba, np.uint8).reshape(box.height, box.width, 4)


@pytest.mark.parametrize("template", [name for name in TEMPLATES if name != "plain/still"])
def test_every_template_keeps_inside_the_picture_whatever_is_written(
    painting: Painting, template: str
) -> None:
    fields = [field for field in TEMPLATES[template].fields if field.kind in ("text", "multiline")]
    for written in ("", "W" * 200, "🎉" * 100, "שלום עולם " * 10, "a\u0301" * 50, "&<>'\"${accent}"):
        titled = painting.paint(template, {field.name: written for field in fields})
        box = titled.box
        assert box.width * box.height * 4 == len(titled.rgba)
        assert box.x >= 0
        assert 0 <= box.y <= box.y + box.height <= CANVAS[1]
        if not titled.runs:
            assert box.x + box.width <= CANVAS[0]
        assert titled.runs == (TEMPLATES[template].kind is Kind.TICKER and written != "")


def test_a_long_name_is_written_smaller_then_cut_inside_its_panel(painting: Painting) -> None:
    widths = [
        painting.paint("clean/lower-third", {"name": "Wow " * count}).box.width for count in (2, 5, 30, 50)
    ]
    assert widths[0] < widths[1] < widths[2] == widths[3]
    panel = pixels(painting.paint("clean/lower-third", {"name": "Wow " * 50, "role": ""}))
    white = np.argwhere(panel[:, :, :3].min(axis=2) > 200)
    assert white[:, 1].max() < panel.shape[1] - 20  # a margin stays


def test_emoji_have_their_colours(painting: Painting) -> None:
    plain = pixels(painting.paint("bold/lower-third", {"name": "x", "role": "x", "accent": "#000000"}))
    party = pixels(painting.paint("bold/lower-third", {"name": "x", "role": "🍏", "accent": "#000000"}))

    def green(picture: NDArray[np.uint8]) -> int:
        red, green, blue = (picture[:, :, index].astype(int) for index in range(3))
        return int(((green - red > 40) & (green - blue > 40)).sum())

    assert green(plain) == 0
    assert green(party) > 50


def test_right_to_left_text_stands_at_the_right_of_its_panel(painting: Painting) -> None:
    def first_and_last(name: str) -> tuple[int, int]:
        wide = pixels(painting.paint("clean/lower-third", {"name": name, "role": "W" * 30}))
        line = wide[: wide.shape[0] // 2]
        columns = np.argwhere(line[:, :, :3].min(axis=2) > 200)[:, 1]
        return int(columns.min()), int(wide.shape[1] - columns.max())

    left, right = first_and_last("Anna")
    assert left < right
    left, right = first_and_last("שלום")
    assert right < left


def test_a_second_line_makes_the_title_higher_and_keeps_its_middle(painting: Painting) -> None:
    one, two = (painting.paint("clean/title", {"title": title}).box for title in ("One", "One\nTwo"))
    assert two.height > one.height + 40
    assert abs((one.y + one.height / 2) - (two.y + two.height / 2)) <= 1


def test_a_ticker_begins_and_ends_with_an_empty_canvas(painting: Painting) -> None:
    titled = painting.paint("clean/ticker", {"text": "News"})
    bright = np.argwhere(pixels(titled)[10:, :, :3].min(axis=2) > 200)[:, 1]
    assert CANVAS[0] <= bright.min() < CANVAS[0] + 10
    assert 0 <= titled.box.width - CANVAS[0] - bright.max() < 10


def test_a_painter_that_hangs_ends_with_the_process_it_draws_for() -> None:
    waits = "import asyncio, pathlib; from regie.media.titles.studio import Studio; s = Studio()\n"
    waits += (
        "async def main():\n await s.paint('clean/clock', {'label': '', 'time': '1', 'accent': '#000000'}, "
    )
    waits += "(640, 360), pathlib.Path('/'))\n print('drawn', flush=True)\n await asyncio.sleep(60)\n"
    with subprocess.Popen(
        [sys.executable, "-c", waits + "asyncio.run(main())"], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"drawn\n"
        (painter,) = psutil.Process(parent.pid).children()
        painter.suspend()
        parent.kill()
    until(lambda: not painter.is_running() or painter.status() == psutil.STATUS_ZOMBIE, 5)


# --- uploads ------------------------------------------------------------------------------------------------


def png(width: int, height: int, rows: bytes = b"") -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


EVIL: dict[str, tuple[bytes, type[RegieError], str]] = {
    "script": (f"<svg {SVG}><script>alert(1)</script></svg>".encode(), Invalid, "script"),
    "onload": (f'<svg {SVG} onload="alert(1)"/>'.encode(), Invalid, "script"),
    "file": (f'<svg {SVG}><image xlink:href="file:///etc/passwd"/></svg>'.encode(), Invalid, "outside"),
    "web": (f'<svg {SVG}><use href="http://127.0.0.1:1/x.svg#a"/></svg>'.encode(), Invalid, "outside"),
    "style": (f"<svg {SVG}><style>@import url(//x/y.css);</style></svg>".encode(), Invalid, "outside"),
    "fill": (f'<svg {SVG}><rect style="fill:url(http://x/y#z)"/></svg>'.encode(), Invalid, "outside"),
    "svg in svg": (
        f'<svg {SVG}><image href="data:image/svg+xml;base64,AA"/></svg>'.encode(), Invalid, "outside",
    ),
    "billion laughs": (
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><svg><text>&b;</text></svg>',
        Invalid,
        "entities",
    ),
    "outer entity": (
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg><text>&a;</text></svg>',
        Invalid,
        "entities",
    ),
    "deep": (f"<svg {SVG}>".encode() + b"<g>" * 9000 + b"</g>" * 9000 + b"</svg>", Invalid, "drawn"),
    "many": (f"<svg {SVG}>".encode() + b"<g/>" * 30_000 + b"</svg>", TooLarge, "elements"),
    "not closed": (f"<svg {SVG}>".encode(), Invalid, "damaged"),
    "no svg": (b"<html/>", NotSupported, "no picture"),
    "no picture": (b"MZ\x90", NotSupported, "no picture"),
    "huge png": (png(30_000, 30_000), TooLarge, "4096"),
    "damaged png": (png(100, 100, b"x"), Invalid, "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", EVIL)
def test_a_picture_that_could_hurt_is_refused_and_says_why(
    painting: Painting, tmp_path: Path, name: str
) -> None:
    content, error, says = EVIL[name]
    (tmp_path / "in").write_bytes(content)
    with pytest.raises(error, match=says):
        painting.do(painting.studio.make_harmless(tmp_path / "in", tmp_path / "out.png"))
    assert not (tmp_path / "out.png").exists()


def test_a_picture_that_takes_for_ever_is_given_up_and_the_next_one_is_drawn(
    painting: Painting, tmp_path: Path
) -> None:
    levels = "".join(
        f'<g id="g{level}">' + f'<use href="#g{level - 1}"/>' * 10 + "</g>" for level in range(1, 12)
    )
    svg = f'<svg {SVG} width="9" height="9"><g id="g0"><rect width="5" height="5"/></g>{levels}</svg>'
    (tmp_path / "in").write_text(svg)
    with pytest.raises(Unavailable, match="not drawn within"):
        painting.do(painting.studio.make_harmless(tmp_path / "in", tmp_path / "out.png"))
    assert painting.paint("clean/clock", {}).box.width > 100


def test_an_svg_becomes_a_png_of_its_shape_with_a_font_that_is_there(
    painting: Painting, tmp_path: Path
) -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">'
        f'<svg {SVG} viewBox="0 0 200 100"><rect width="200" height="100" fill="#ff0000"/>'
        '<text x="20" y="60" font-family="No Such Font" font-size="40">Hello</text></svg>'
    )
    (tmp_path / "in").write_text(svg)
    size = painting.do(painting.studio.make_harmless(tmp_path / "in", tmp_path / "logo.png"))
    assert size == (1920, 960)
    with av.open(str(tmp_path / "logo.png")) as opened:
        picture = next(opened.decode(video=0)).to_ndarray(format="rgb24")
    assert picture[100, 100].tolist() == [255, 0, 0]
    assert (picture.max(axis=2) < 60).sum() > 1000
    still = painting.paint("plain/still", {"still": "logo", "x": "50", "y": "10", "width": "25"}, tmp_path)
    assert (still.box.x, still.box.y) == (640, 72)
    assert abs(still.box.width - 320) <= 1
    assert abs(still.box.height - 160) <= 1
    outside = painting.paint("plain/still", {"still": "logo", "x": "90", "y": "-10", "width": "25"}, tmp_path)
    assert outside.box.x + outside.box.width == CANVAS[0]
    with pytest.raises(NotFound, match="is gone"):
        painting.paint("plain/still", {"still": "nowhere"}, tmp_path)
