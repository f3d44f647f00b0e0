"""Overlays as a viewer sees them: drawn, taken in and out, changed and moved while the programme runs on."""

import itertools
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from regie.domain.errors import NotFound
from regie.domain.overlays import Animation, Overlay
from regie.hub.clock import now_ns
from tests.media.mix.rig import Frame, Show, running_show
from tests.support.wait import until

FRAME_NS = 1_000_000_000 // 30
GREEN, BLUE = "#00c800", "#0000c8"
IN_PANEL, OUTSIDE = (0.2, 0.15), (0.5, 0.5)


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    """One mixer for all of these tests."""
    directory = Path(tempfile.mkdtemp(prefix="rg", dir="/tmp"))
    with running_show(directory, "red") as running:
        yield running
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(autouse=True)
def undisturbed(show: Show) -> Iterator[None]:
    """Each test begins without an overlay, and not a frame is missing in its end."""
    since = now_ns()
    show.change(overlays=())
    until(lambda: show.viewer.frames[-1].is_colour("red", *IN_PANEL), 5, "the picture is clear")
    yield
    assert show.viewer.missing(since) == []


def still(show: Show, name: str, colour: tuple[int, int, int], width: int = 320, height: int = 80) -> None:
    """A picture of one colour among the stills."""
    show.stills.mkdir(exist_ok=True)
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), colour, np.uint8), "rgb24")
    with av.open(str(show.stills / f"{name}.png"), "w", "image2") as file:
        stream = file.add_stream("png", 1)
        stream.width, stream.height, stream.pix_fmt = width, height, "rgb24"
        file.mux([*stream.encode(frame), *stream.encode(None)])


def panel(overlay_id: str = "logo", animation: Animation = Animation.CUT, **changes: Any) -> Overlay:
    """A green field in the upper left, half of the canvas wide."""
    fields = {"still": "green", "x": "10", "y": "5", "width": "50", **changes}
    return Overlay(overlay_id, "Logo", "plain/still", fields, animation, 400)


def take(show: Show, overlay_id: str, *, on: bool = True) -> int:
    answer = show.do("overlay", overlay=overlay_id, on=on)
    assert answer["desk"]["overlays"][overlay_id] is on
    return int(answer["at_ns"])


def is_green(frame: Frame, x: float = IN_PANEL[0], y: float = IN_PANEL[1]) -> bool:
    red, green, blue = frame.at(x, y)
    return green > 150 and red < 70 and blue < 70


def test_a_lower_third_is_in_its_place_with_the_frame_it_names_and_gone_after_it_is_taken_out(
    show: Show,
) -> None:
    third = Overlay(
        "third", "Third", "bold/lower-third", {"name": "·" * 40, "role": "", "accent": GREEN}, Animation.CUT
    )
    show.change(overlays=(third,))
    at_ns = take(show, "third")
    assert is_green(show.viewer.frame_at(at_ns), 0.2, 0.83)
    assert show.viewer.frame_at(at_ns).is_colour("red", *OUTSIDE)
    assert show.viewer.frame_at(at_ns - FRAME_NS).is_colour("red", 0.2, 0.83)
    at_ns = take(show, "third", on=False)
    assert show.viewer.frame_at(at_ns).is_colour("red", 0.2, 0.83)
    assert is_green(show.viewer.frame_at(at_ns - FRAME_NS), 0.2, 0.83)


def test_half_way_through_its_fade_an_overlay_is_half_seen(show: Show) -> None:
    still(show, "green", (0, 200, 0))
    show.change(overlays=(panel(animation=Animation.FADE),))
    at_ns = take(show, "logo")
    red, green, _ = show.viewer.frame_at(at_ns + 6 * FRAME_NS).at(*IN_PANEL)
    assert 70 < red < 140
    assert 70 < green < 160
    assert is_green(show.viewer.frame_at(at_ns + 13 * FRAME_NS))
    at_ns = take(show, "logo", on=False)
    red, green, _ = show.viewer.frame_at(at_ns + 6 * FRAME_NS).at(*IN_PANEL)
    assert 70 < red < 140
    assert show.viewer.frame_at(at_ns + 13 * FRAME_NS).is_colour("red", *IN_PANEL)


@pytest.mark.parametrize(
    ("animation", "on_its_way"),
    [
        (Animation.SLIDE_LEFT, (0.85, 0.15)),
        (Animation.SLIDE_RIGHT, (0.03, 0.15)),
        (Animation.SLIDE_UP, (0.2, 0.5)),
        (Animation.SLIDE_DOWN, (0.2, 0.02)),
    ],
)
def test_an_overlay_slides_to_its_place_and_back_the_way_it_came(
    show: Show, animation: Animation, on_its_way: tuple[float, float]
) -> None:
    still(show, "green", (0, 200, 0))
    show.change(overlays=(panel(animation=animation),))
    at_ns = take(show, "logo")
    frames = [show.viewer.frame_at(at_ns + count * FRAME_NS) for count in range(14)]
    assert show.viewer.frame_at(at_ns - FRAME_NS).is_colour("red", *on_its_way)
    assert frames[0].is_colour("red", *IN_PANEL)
    assert any(is_green(frame, *on_its_way) for frame in frames[:10])
    assert is_green(frames[13])
    assert frames[13].is_colour("red", *on_its_way)
    at_ns = take(show, "logo", on=False)
    frames = [show.viewer.frame_at(at_ns + count * FRAME_NS) for count in range(14)]
    assert is_green(frames[0])
    assert any(is_green(frame, *on_its_way) for frame in frames)
    assert frames[13].is_colour("red", *IN_PANEL)
    assert frames[13].is_colour("red", *on_its_way)


def test_the_later_overlay_lies_on_top_and_goes_alone(show: Show) -> None:
    still(show, "green", (0, 200, 0))
    still(show, "blue", (0, 0, 200))
    show.change(overlays=(panel("below"), panel("above", still="blue", width="20")))
    take(show, "above")
    at_ns = take(show, "below")
    frame = show.viewer.frame_at(at_ns)
    assert frame.at(0.2, 0.1)[2] > 150
    assert is_green(frame, 0.5, 0.1)
    at_ns = take(show, "above", on=False)
    assert is_green(show.viewer.frame_at(at_ns), 0.2, 0.1)


def test_overlays_change_places_on_air_and_are_seen_all_the_time(show: Show) -> None:
    still(show, "green", (0, 200, 0))
    still(show, "blue", (0, 0, 200))
    wide, narrow = panel("wide"), panel("narrow", still="blue", width="20")
    hidden = panel("hidden", y="60")
    show.change(overlays=(wide, hidden, narrow))
    take(show, "wide")
    at_ns = take(show, "narrow")
    until(lambda: show.viewer.frames[-1].at(0.2, 0.1)[2] > 150, 5)
    show.change(overlays=(narrow, hidden, wide))
    until(lambda: is_green(show.viewer.frames[-1], 0.2, 0.1), 5, "the wide one is above")
    show.change(overlays=(hidden, wide, narrow))
    until(lambda: show.viewer.frames[-1].at(0.2, 0.1)[2] > 150, 5, "the narrow one is above")
    assert is_green(show.viewer.frames[-1], 0.5, 0.1)
    assert show.viewer.frames[-1].is_colour("red", 0.2, 0.7)
    seen = [frame for frame in show.viewer.frames if frame.pts_ns >= at_ns]
    assert [frame for frame in seen if frame.is_colour("red", 0.2, 0.1)] == []
    take(show, "hidden")
    until(lambda: is_green(show.viewer.frames[-1], 0.2, 0.7), 5)


def test_text_changes_on_air_and_a_removed_overlay_is_gone(show: Show) -> None:
    score = Overlay("score", "Score", "bold/score", {"accent": GREEN}, Animation.CUT)
    show.change(overlays=(score,))
    take(show, "score")
    until(lambda: is_green(show.viewer.frames[-1], 0.2, 0.085), 5)
    changed = Overlay("score", "Score", "bold/score", {"accent": BLUE}, Animation.CUT)
    show.change(overlays=(changed,))
    until(lambda: show.viewer.frames[-1].at(0.2, 0.085)[2] > 150, 5, "its new colour is seen")
    assert show.do("desk")["desk"]["overlays"] == {"score": True}
    show.change(overlays=())
    until(lambda: show.viewer.frames[-1].is_colour("red", 0.2, 0.085), 5, "it is gone")
    assert show.do("desk")["desk"]["overlays"] == {}


def changes_of(show: Show, part: Callable[[Frame], NDArray[np.uint8]], since_ns: int) -> list[int]:
    """When a part of the picture changed."""
    frames = [frame for frame in show.viewer.frames if frame.pts_ns >= since_ns]
    return [
        after.pts_ns
        for before, after in itertools.pairwise(frames)
        if np.abs(part(before).astype(int) - part(after)).max() > 25
    ]


def test_a_clock_and_a_countdown_change_once_a_second_while_they_are_seen(show: Show) -> None:
    clock = Overlay("clock", "Clock", "bold/clock", {}, Animation.CUT)
    countdown = Overlay("count", "Countdown", "bold/countdown", {"until": "23:59"}, Animation.CUT)
    show.change(overlays=(clock, countdown))
    take(show, "clock")
    at_ns = take(show, "count")
    until(lambda: show.viewer.frames[-1].pts_ns > at_ns + 3.4e9, 10)
    for part in (lambda frame: frame.rgb[4:13, 127:152], lambda frame: frame.rgb[38:58, 52:108]):
        changes = changes_of(show, part, at_ns + FRAME_NS)
        assert 3 <= len(changes) <= 4, changes
        assert all(0.8e9 < b - a < 1.2e9 for a, b in itertools.pairwise(changes)), changes
    take(show, "clock", on=False)
    take(show, "count", on=False)
    drawn = show.do("stats")["mixer"]["overlays_drawn"]
    later_ns = now_ns() + 1_500_000_000
    until(lambda: show.viewer.frames[-1].pts_ns > later_ns, 5)
    assert show.do("stats")["mixer"]["overlays_drawn"] <= drawn + 1  # the one that was being drawn


def test_a_ticker_enters_at_the_right_and_moves_at_its_speed(show: Show) -> None:
    ticker = Overlay("news", "News", "bold/ticker", {"text": "█" * 6, "speed": "20", "accent": BLUE})
    show.change(overlays=(ticker,))
    at_ns = take(show, "news")

    def left_edge(frame: Frame) -> int:
        line = frame.rgb[85:89].astype(int).mean(axis=0)
        bright = np.argwhere(line.min(axis=1) > 130)
        return int(bright.min()) if bright.size else 160

    assert left_edge(show.viewer.frame_at(at_ns)) >= 158
    places = [left_edge(show.viewer.frame_at(at_ns + count * FRAME_NS)) for count in (30, 60, 90, 120)]
    assert all(29 <= before - after <= 35 for before, after in itertools.pairwise(places)), places
    assert 124 <= places[0] <= 132


def test_a_picture_that_is_gone_or_broken_is_told_to_who_takes_it_and_costs_no_frame(show: Show) -> None:
    show.stills.mkdir(exist_ok=True)
    (show.stills / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5000))
    show.change(overlays=(panel("gone", still="nowhere"), panel("bad", still="broken")))
    for name in ("gone", "bad"):
        with pytest.raises(NotFound, match="is gone"):
            take(show, name)
    with pytest.raises(NotFound, match="no overlay"):
        take(show, "nothing")
    assert show.do("desk")["desk"]["overlays"] == {"gone": False, "bad": False}


def test_a_painter_that_hangs_or_dies_costs_no_frame_and_the_next_one_draws(show: Show) -> None:
    still(show, "green", (0, 200, 0))

    def painter() -> psutil.Process:
        (child,) = psutil.Process(show.mixer.pid).children()
        return child

    clock = Overlay("clock", "Clock", "bold/clock", {}, Animation.CUT)
    show.change(overlays=(panel("first"),))
    take(show, "first")
    failed = show.do("stats")["mixer"]["overlays_failed"]
    painter().send_signal(signal.SIGSTOP)
    show.change(overlays=(panel("first"), clock))
    until(lambda: show.do("stats")["mixer"]["overlays_failed"] == failed + 1, 8, "it is given up")
    take(show, "clock")
    painter().kill()
    drawn = show.do("stats")["mixer"]["overlays_drawn"]
    until(lambda: show.do("stats")["mixer"]["overlays_drawn"] > drawn, 8, "the clock is drawn again")
    assert is_green(show.viewer.frames[-1])
