"""The programme as a viewer sees and hears it: sources of known colour and tone, every frame decoded."""

import json
import signal
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from regie.domain.errors import Conflict, Invalid, NotFound
from regie.domain.scenes import Fit, Item, Scene
from regie.domain.sound import Strip
from regie.hub.clock import now_ns
from tests.media.mix.rig import SMALL, Viewer, running_show
from tests.support.wait import until

FRAME_NS = 1_000_000_000 // 30


def test_a_cut_shows_the_other_source_from_the_frame_it_names_and_not_one_is_missing(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        colours = ["red", "green"] * 5
        for before, after in pairwise(colours):
            at_ns = show.do("cut")["at_ns"]
            assert show.viewer.frame_at(at_ns).is_colour(after)
            assert show.viewer.frame_at(at_ns - FRAME_NS).is_colour(before)
        assert show.viewer.missing() == []


def test_a_cut_is_seen_two_frames_after_the_newest_one_that_was_made(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        waits = []
        for _ in range(20):
            newest = show.viewer.frames[-1].pts_ns
            waits.append((show.do("cut")["at_ns"] - newest) / FRAME_NS)
            show.viewer.frame_at(newest + 6 * FRAME_NS)
        assert sorted(waits)[len(waits) // 2] <= 4  # two, and those on their way to the viewer


@pytest.mark.parametrize(
    ("transition", "spots"),
    [
        ({"kind": "mix"}, {(0.5, 0.5): (115, 105, 30)}),
        ({"kind": "dip", "colour": 0x2060FF}, {(0.5, 0.5): (32, 96, 255)}),
        ({"kind": "slide", "direction": "left"}, {(0.25, 0.5): "red", (0.75, 0.5): "green"}),
        ({"kind": "push", "direction": "down"}, {(0.5, 0.25): "green", (0.5, 0.75): "red"}),
        ({"kind": "zoom"}, {(0.5, 0.5): "green", (0.1, 0.1): "red", (0.9, 0.9): "red"}),
        ({"kind": "wipe", "direction": "left"}, {(0.3, 0.5): "red", (0.7, 0.5): "green"}),
        ({"kind": "wipe", "direction": "right"}, {(0.3, 0.5): "green", (0.7, 0.5): "red"}),
        ({"kind": "wipe", "direction": "up"}, {(0.5, 0.3): "red", (0.5, 0.7): "green"}),
        ({"kind": "wipe", "direction": "down"}, {(0.5, 0.3): "green", (0.5, 0.7): "red"}),
        ({"kind": "wipe", "direction": "down-right"}, {(0.1, 0.1): "green", (0.9, 0.9): "red"}),
        ({"kind": "wipe", "direction": "up-left"}, {(0.1, 0.1): "red", (0.9, 0.9): "green"}),
        ({"kind": "wipe", "direction": "down-left"}, {(0.9, 0.1): "green", (0.1, 0.9): "red"}),
        ({"kind": "wipe", "direction": "up-right"}, {(0.9, 0.1): "red", (0.1, 0.9): "green"}),
    ],
    ids=lambda value: "-".join(str(part) for part in value.values()) if "kind" in value else "",
)
def test_half_way_through_a_transition_each_source_is_where_it_should_be(
    run_dir: Path, transition: dict[str, Any], spots: dict[tuple[float, float], Any]
) -> None:
    with running_show(run_dir, "red", "green") as show:
        at_ns = show.do("auto", transition={**transition, "duration_ms": 800})["at_ns"]
        half = show.viewer.frame_at(at_ns + 12 * FRAME_NS)
        for (x, y), wanted in spots.items():
            if isinstance(wanted, str):
                assert half.is_colour(wanted, x, y), (x, y, half.at(x, y))
            else:
                assert all(abs(a - b) < 40 for a, b in zip(half.at(x, y), wanted, strict=True)), half.at(x, y)
        assert show.viewer.frame_at(at_ns - FRAME_NS).is_colour("red")
        assert show.viewer.frame_at(at_ns + 26 * FRAME_NS).is_colour("green")
        assert show.viewer.missing() == []
        desk = until(lambda: show.do("desk")["desk"]["transition"] is None and show.do("desk")["desk"], 5)
        kept = json.loads((show.mixer.directory / "desk.json").read_text())
        assert kept["programme"]["id"] == "full-green"  # told and written down, without another command
        assert (desk["programme"], desk["preview"]) == ("full-green", "full-red")


def test_the_t_bar_goes_back_and_forth_and_takes_at_its_end(run_dir: Path) -> None:
    with running_show(run_dir, "red", "blue") as show:
        wipe = {"kind": "wipe", "direction": "right", "duration_ms": 500}
        at_ns = show.do("t_bar", way=0.6, transition=wipe)["at_ns"]
        held = show.viewer.frame_at(at_ns + 6 * FRAME_NS)
        assert held.is_colour("blue", 0.4)
        assert held.is_colour("red", 0.8)
        at_ns = show.do("t_bar", way=0.2)["at_ns"]
        held = show.viewer.frame_at(at_ns + 6 * FRAME_NS)
        assert held.is_colour("blue", 0.1)
        assert held.is_colour("red", 0.4)
        at_ns = show.do("t_bar", way=0)["at_ns"]
        assert show.viewer.frame_at(at_ns).is_colour("red", 0.1)
        at_ns = show.do("t_bar", way=0.5, transition={"kind": "mix"})["at_ns"]
        show.viewer.frame_at(at_ns + 6 * FRAME_NS)
        answer = show.do("t_bar", way=1)
        assert show.viewer.frame_at(answer["at_ns"]).is_colour("blue")
        assert answer["desk"]["programme"] == "full-blue"
        assert answer["desk"]["transition"] is None
        assert show.viewer.missing() == []


def test_every_item_of_a_scene_stands_in_its_rectangle(run_dir: Path) -> None:
    own = Scene(
        "own",
        "Own",
        (
            Item("red", 0, 0, 1, 1, Fit.STRETCH),
            Item("green", 0.5, 0.5, 0.4, 0.4),
            Item("blue", 0.6, 0.6, 0.1, 0.1, Fit.STRETCH),
            Item("white", 0.0, 0.0, 0.2, 0.5, Fit.FILL),
        ),
    )
    with running_show(run_dir, "red", "green", "blue", "white", scenes=(own,)) as show:
        frame = show.viewer.frame_at(show.do("cut", scene="own")["at_ns"])
        for colour, x, y in (
            ("red", 0.4, 0.2),
            ("green", 0.55, 0.55),
            ("green", 0.85, 0.85),
            ("blue", 0.65, 0.65),
            ("white", 0.1, 0.25),
            ("white", 0.18, 0.45),
            ("red", 0.25, 0.45),
            ("red", 0.95, 0.95),
        ):
            assert frame.is_colour(colour, x, y), (colour, x, y, frame.at(x, y))
        moved = replace(own, items=(own.items[0], replace(own.items[1], x=0.1, y=0.1)))
        since = now_ns()
        show.change(scenes=(moved,))
        until(lambda: show.viewer.frames[-1].is_colour("green", 0.3, 0.3), 5)
        assert show.viewer.frames[-1].is_colour("red", 0.1, 0.8)
        assert show.viewer.missing(since) == []


def test_only_what_is_on_air_is_heard_when_the_sound_follows(run_dir: Path) -> None:
    strips = {"red": Strip(follows=True), "green": Strip(follows=True), "blue": Strip(muted=True)}
    with running_show(run_dir, "red", "green", "blue", strips=strips) as show:
        at_ns = show.do("cut")["at_ns"]
        show.viewer.frame_at(at_ns + 30 * FRAME_NS)
        until(lambda: show.viewer.sound[-1][0] > at_ns + 9e8, 5)
        assert show.viewer.tones(at_ns - 500_000_000, at_ns - 20_000_000) == {"red"}
        assert show.viewer.tones(at_ns + 400_000_000, at_ns + 900_000_000) == {"green"}
        at_ns = show.do("strip", source="blue", strip={"level_db": 0})["at_ns"]
        until(lambda: show.viewer.sound[-1][0] > at_ns + 6e8, 5)
        assert show.viewer.tones(at_ns + 100_000_000, at_ns + 600_000_000) == {"green", "blue"}


def test_fade_to_black_takes_picture_and_sound_and_gives_both_back(run_dir: Path) -> None:
    with running_show(run_dir, "red") as show:
        at_ns = show.do("fade_to_black", on=True, duration_ms=300)["at_ns"]
        assert show.viewer.frame_at(at_ns + 12 * FRAME_NS).is_colour("black")
        until(lambda: show.viewer.sound[-1][0] > at_ns + 8e8, 5)
        assert show.viewer.tones(at_ns + 400_000_000, at_ns + 800_000_000) == set()
        at_ns = show.do("fade_to_black", on=False, duration_ms=100)["at_ns"]
        assert show.viewer.frame_at(at_ns + 6 * FRAME_NS).is_colour("red")
        until(lambda: show.viewer.sound[-1][0] > at_ns + 6e8, 5)
        assert show.viewer.tones(at_ns + 200_000_000, at_ns + 600_000_000) == {"red"}


def test_a_source_that_stalls_keeps_its_picture_then_shows_its_slate_and_comes_back_by_itself(
    run_dir: Path,
) -> None:
    with running_show(run_dir, "red", "green") as show:
        since = now_ns()
        show.sources["red"].send(signal.SIGSTOP)
        until(lambda: not show.viewer.frames[-1].is_colour("red"), 3)
        slate = show.viewer.frames[-1]
        held_s = (slate.pts_ns - since) / 1e9
        assert 0.3 < held_s < 1.2
        assert not slate.is_colour("black")
        assert show.picture_of("red") == "slate"
        until(lambda: show.viewer.sound[-1][0] > slate.pts_ns + 9e8, 5)
        assert "red" not in show.viewer.tones(slate.pts_ns + 500_000_000, slate.pts_ns + 900_000_000)
        show.sources["red"].send(signal.SIGCONT)
        until(lambda: show.viewer.frames[-1].is_colour("red"), 5)
        assert show.viewer.missing(since) == []


def test_a_source_comes_back_in_another_size_and_the_programme_does_not_skip(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        since = now_ns()
        show.sources["red"].kill()
        until(lambda: show.picture_of("red") == "slate", 5)
        show.sources["red"].start(width=180, height=320, fps=25)
        until(lambda: show.viewer.frames[-1].is_colour("red"), 10)
        until(lambda: show.viewer.frames[-1].is_colour("black", 0.1, 0.5), 5, "upright, between black sides")
        show.sources["red"].kill()
        show.sources["red"].start(width=640, height=360, fps=30)
        until(lambda: show.viewer.frames[-1].is_colour("red", 0.1, 0.5), 10)
        assert show.viewer.missing(since) == []


def test_sources_come_and_go_on_air(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        since = now_ns()
        inputs = show.production.inputs
        show.change(inputs=inputs[1:])
        until(lambda: show.viewer.frames[-1].is_colour("black"), 5, "its place is empty")
        show.change(inputs=inputs)
        until(lambda: show.viewer.frames[-1].is_colour("red"), 5)
        assert show.viewer.missing(since) == []


def test_a_hundred_cuts_at_once_and_wrong_commands_leave_the_programme_whole(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        since = now_ns()
        for _ in range(100):
            show.do("cut")
        show.do("auto", transition={"kind": "mix", "duration_ms": 1000})
        with pytest.raises(Conflict, match="running already"):
            show.do("auto")
        for scene in ("nowhere", "../x"):
            with pytest.raises(NotFound):
                show.do("cut", scene=scene)
        wrong: list[tuple[str, dict[str, Any]]] = [
            ("t_bar", {"way": float("inf")}),
            ("t_bar", {"way": "x"}),
            ("auto", {"transition": {"kind": "nothing"}}),
            ("auto", {"transition": {"kind": "mix", "duration_ms": 10**9}}),
            ("strip", {"source": "red", "strip": {"level_db": 1e9}}),
            ("strip", {"source": "nobody", "strip": {}}),
            ("fade_to_black", {"on": True, "duration_ms": -5}),
        ]
        for call, arguments in wrong:
            with pytest.raises(Invalid):
                show.do(call, **arguments)
        show.viewer.frame_at(show.do("cut")["at_ns"] + 6 * FRAME_NS)
        assert show.viewer.missing(since) == []


def test_a_mixer_that_is_killed_goes_on_with_what_was_on_air(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        show.do("cut")
        show.do("overlay", overlay="title", on=True)
        show.mixer.kill()
        killed_ns = now_ns()
        show.mixer.start(show.spec)
        frame = until(
            lambda: next(
                (f for f in show.viewer.frames if f.pts_ns > killed_ns and f.is_colour("green")), None
            ),
            10,
        )
        assert (frame.came_ns - killed_ns) / 1e9 < 4
        assert show.do("desk")["desk"]["overlays"] == {"lower-third": False, "title": True}
        until(lambda: not show.viewer.frames[-1].is_colour("green"), 5, "its title is seen again")


def test_what_was_faded_to_black_stays_so_when_the_mixer_is_killed_or_begins_anew(run_dir: Path) -> None:
    with running_show(run_dir, "red") as show:
        at_ns = show.do("fade_to_black", on=True, duration_ms=100)["at_ns"] + 200_000_000
        assert show.viewer.frame_at(at_ns).is_colour("black")
        show.mixer.kill()
        killed_ns = now_ns()
        show.mixer.start(show.spec)
        until(lambda: show.picture_of("red") == "live", 10)
        show.change(format=replace(SMALL, fps=25))
        until(lambda: show.picture_of("red") == "live", 10)
        assert show.do("desk")["desk"]["black"]
        until(lambda: show.viewer.frames[-1].pts_ns > now_ns() - 100_000_000, 10)
        since = [frame for frame in show.viewer.frames if frame.pts_ns > killed_ns]
        assert all(frame.is_colour("black") for frame in since)
        assert show.viewer.tones(killed_ns, now_ns()) == set()
        show.do("fade_to_black", on=False, duration_ms=100)
        until(lambda: show.viewer.frames[-1].is_colour("red"), 5)


def test_the_preview_is_made_only_while_someone_looks(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        assert show.do("stats")["paths"]["pvw/main"]["video"] is None
        looking = Viewer(run_dir, "pvw/main")
        try:
            until(lambda: looking.frames and looking.frames[-1].is_colour("green"), 5)
            show.do("preview", scene="black")
            until(lambda: looking.frames[-1].is_colour("black"), 5)
        finally:
            looking.close()
        made = until(lambda: show.do("stats")["paths"]["pvw/main"]["video"], 5)["units"]
        until(lambda: show.do("stats")["paths"]["pvw/main"]["video"]["silent_s"] > 1, 5)
        assert show.do("stats")["paths"]["pvw/main"]["video"]["units"] - made < 15


def test_the_clean_feed_has_no_fade_to_black_and_is_made_only_while_someone_looks(run_dir: Path) -> None:
    with running_show(run_dir, "red", "green") as show:
        assert show.do("stats")["paths"]["clean/main"]["video"] is None
        clean = Viewer(run_dir, "clean/main")
        try:
            until(lambda: clean.frames and clean.frames[-1].is_colour("red"), 5)
            at_ns = show.do("fade_to_black", on=True, duration_ms=100)["at_ns"] + 300_000_000
            assert show.viewer.frame_at(at_ns).is_colour("black")
            assert clean.frame_at(at_ns).is_colour("red")
            until(lambda: clean.sound and clean.sound[-1][0] > at_ns, 5)
        finally:
            clean.close()
        until(lambda: show.do("stats")["paths"]["clean/main"]["video"]["silent_s"] > 1, 5)
        assert show.viewer.missing() == []


def test_a_picture_that_waits_for_its_sound_does_not_stutter(run_dir: Path) -> None:
    with running_show(run_dir, "white", blink_s=0.2, strips={"white": Strip(delay_ms=-500)}) as show:
        since_ns = show.viewer.frames[-1].pts_ns + 1_000_000_000
        until(lambda: show.viewer.frames[-1].pts_ns > since_ns + 2_000_000_000, 10)
        course = [(f.pts_ns, f.is_colour("white")) for f in show.viewer.frames if f.pts_ns > since_ns]
        times = [at for (_, before), (at, now) in pairwise(course) if before != now]
        even = [abs((b - a) / 1e6 - 200) < 10 for a, b in pairwise(times)]
        assert len(even) >= 8
        assert sum(even) >= 0.75 * len(
            even
        )  # half of them, when it stutters; all, on a machine that keeps up
