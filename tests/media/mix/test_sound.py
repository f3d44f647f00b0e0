"""The sound as a listener hears it, and what the mixer says of it."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regie.domain.errors import Invalid
from regie.domain.sound import FOLLOW_MS, PAN_MS, RAMP_MS, Strip
from regie.domain.workers import Json
from regie.hub.clock import now_ns
from tests.media.edge.rig import Receiver
from tests.media.mix.listening import RATE, Ear, News, listening, news
from tests.media.mix.rig import TONES, Show, running_show
from tests.support.net import free_udp_port
from tests.support.wait import until
from tests.support.worker import Worker, running

MS = 1_000_000
SECOND_NS = 1_000_000_000
AMPLITUDE = 0.3
BLINK_S = 1.5
SILENT = Strip(muted=True)


@pytest.fixture(scope="module")
def one_show() -> Iterator[Show]:
    directory = Path(tempfile.mkdtemp(prefix="rg", dir="/tmp"))
    with running_show(directory, "red", "green", "blue", "white", blink_s=BLINK_S) as show:
        yield show
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def show(one_show: Show) -> Show:
    """Red on air, and only red is heard."""
    one_show.do("cut", scene="full-red")
    one_show.do("solo", sources=[])
    for colour in TONES:
        set_strip(one_show, colour, Strip() if colour == "red" else SILENT)
    return one_show


@pytest.fixture(scope="module")
def told(one_show: Show) -> Iterator[News]:
    with news(one_show.mixer.control) as told:
        yield told


@pytest.fixture(scope="module")
def ear(one_show: Show) -> Iterator[Ear]:
    with listening(one_show.mixer.run_dir, "pgm/main") as ear:
        yield ear


def set_strip(show: Show, source: str, strip: Strip) -> int:
    at_ns: int = show.do("strip", source=source, strip=asdict(strip))["at_ns"]
    return at_ns


def heard(samples: NDArray[np.float32]) -> set[str]:
    """Which tones are in the left side."""
    left = samples[:, 0] * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(left)) / (len(left) / 4)
    near = {name: round(hz * len(left) / RATE) for name, hz in TONES.items()}
    return {name for name, bin_ in near.items() if spectrum[max(bin_ - 3, 0) : bin_ + 4].max() > 0.01}


@pytest.mark.usefixtures("show")
def test_levels_hold_every_input_and_the_programme_at_least_fifteen_times_a_second(told: News) -> None:
    since_ns = now_ns() + SECOND_NS // 2
    until(lambda: told.told[-1][0] > since_ns + 2 * SECOND_NS, 10)
    levels = told.of("levels", since_ns)
    assert len(levels) >= 30
    for level in levels:
        assert set(level) == {*TONES, "pgm", "loudness"}
    assert {len(level["pgm"]["peak"]) for level in levels} == {2}
    for source in ("red", "green", "blue", "pgm"):  # before the faders, and the programme has red alone
        peaks = [level[source]["peak"][0] for level in levels]
        assert np.median(peaks) == pytest.approx(-10.5, abs=0.8)
        assert sorted(peaks)[len(peaks) // 10] > -14  # now and then a busy machine drops some sound


def test_a_tone_of_minus_23_dbfs_measures_minus_23_lufs(show: Show, told: News) -> None:
    def now() -> Json:
        loudness: Json = told.of("levels")[-1]["loudness"]
        return loudness

    set_strip(show, "red", SILENT)
    set_strip(show, "green", Strip(level_db=-23 - 20 * float(np.log10(AMPLITUDE))))
    until(lambda: now()["momentary"] == pytest.approx(-23, abs=0.2), 8)
    reset_ns = now_ns()
    show.do("reset_loudness")
    until(lambda: any(level["loudness"]["integrated"] is None for level in told.of("levels", reset_ns)), 2)
    until(lambda: now()["integrated"] == pytest.approx(-23, abs=0.2), 8)
    until(lambda: now()["short_term"] == pytest.approx(-23, abs=0.2), 8)


def test_the_desk_told_names_the_frame_of_its_own_command(show: Show, told: News) -> None:
    since_ns = now_ns()
    for scene in ("full-green", "full-blue", "full-red"):
        at_ns = show.do("cut", scene=scene)["at_ns"]
        show.viewer.frame_at(at_ns)  # two in one frame would have the same time
        programmes = {desk["programme"] for desk in told.of("desk", since_ns) if desk["at_ns"] == at_ns}
        assert programmes == {scene}


@pytest.mark.parametrize(
    ("before", "after", "takes_ms"),
    [
        (Strip(), Strip(muted=True), RAMP_MS),
        (Strip(muted=True), Strip(), RAMP_MS),
        (Strip(level_db=-60), Strip(level_db=6), RAMP_MS),
        (Strip(), Strip(pan=1), PAN_MS),
    ],
    ids=["mute", "unmute", "level", "pan"],
)
def test_a_step_of_a_fader_does_not_click(
    show: Show, ear: Ear, before: Strip, after: Strip, takes_ms: int
) -> None:
    def steepest() -> float:
        ready_ns = set_strip(show, "red", before) + 400 * MS
        until(lambda: ear.heard_until_ns > ready_ns, 10)
        at_ns = set_strip(show, "red", after)
        return jump(ear.between(at_ns - 20 * MS, at_ns + (takes_ms + 40) * MS))

    of_the_tone = 2 * AMPLITUDE * 2 * np.pi * TONES["red"] / RATE  # at + 6 dB
    until(lambda: steepest() < 1.3 * of_the_tone, 10, "a step would click each time, a busy machine may once")


def jump(samples: NDArray[np.float32]) -> float:
    """The greatest from one sample to the next."""
    return float(np.abs(np.diff(samples, axis=0)).max())


def test_sound_that_follows_its_picture_comes_and_goes_evenly(show: Show, ear: Ear) -> None:
    set_strip(show, "red", Strip(follows=True))
    at_ns = set_strip(show, "green", Strip(follows=True))
    ear.between(at_ns, at_ns + 400 * MS)
    at_ns = show.do("cut", scene="full-green")["at_ns"]
    ramp_ns = FOLLOW_MS * MS
    assert heard(ear.between(at_ns - 150 * MS, at_ns)) == {"red"}
    assert heard(ear.between(at_ns + ramp_ns // 3, at_ns + 2 * ramp_ns // 3)) == {"red", "green"}
    assert heard(ear.between(at_ns + ramp_ns + 40 * MS, at_ns + ramp_ns + 240 * MS)) == {"green"}
    shares = [
        share_of("red", ear.between(at_ns + way * MS, at_ns + (way + 40) * MS)) for way in range(0, 200, 40)
    ]
    assert shares == pytest.approx([0.9, 0.7, 0.5, 0.3, 0.1], abs=0.15)


def share_of(source: str, samples: NDArray[np.float32]) -> float:
    """How loud its tone is, of its full loudness."""
    times = np.arange(len(samples)) / RATE
    turned = samples[:, 0] * np.exp(-2j * np.pi * TONES[source] * times)
    return float(2 * np.abs(turned.mean()) / AMPLITUDE)


@pytest.mark.parametrize("delay_ms", [-500, 0, 300, 2000])
def test_a_delay_moves_the_sound_against_the_picture_by_just_that(
    show: Show, ear: Ear, delay_ms: int
) -> None:
    set_strip(show, "red", SILENT)
    at_ns = set_strip(show, "white", Strip(delay_ms=delay_ms))
    show.do("cut", scene="full-white")
    settled_ns = at_ns + (1200 + abs(delay_ms)) * MS
    half_ns = int(BLINK_S * SECOND_NS)

    def measured() -> float:
        pictures = edges(
            [(f.pts_ns, f.is_colour("white")) for f in show.viewer.frames if f.pts_ns > settled_ns]
        )
        sounds = edges(loud_blocks(ear, settled_ns))
        found = [
            (sound - picture) / MS
            for picture, white in pictures
            for sound, loud in sounds
            if white == loud and -half_ns / 2 < sound - picture < 1.5 * half_ns
        ]
        return median(found)

    until(lambda: measured() == pytest.approx(delay_ms, abs=45), 10)
    assert show.viewer.missing(settled_ns) == []


def test_a_delayed_sound_is_muted_as_fast_as_any(show: Show, ear: Ear) -> None:
    at_ns = set_strip(show, "red", Strip(delay_ms=1500))
    settled_ns = at_ns + 2000 * MS
    assert heard(ear.between(settled_ns, settled_ns + 300 * MS)) == {"red"}
    at_ns = set_strip(show, "red", Strip(delay_ms=1500, muted=True))
    assert heard(ear.between(at_ns + 150 * MS, at_ns + 600 * MS)) == set()


def edges(course: list[tuple[int, bool]]) -> list[tuple[int, bool]]:
    return [(at, now) for (_, before), (at, now) in pairwise(course) if before != now]


def loud_blocks(ear: Ear, since_ns: int) -> list[tuple[int, bool]]:
    until(lambda: ear.heard_until_ns > since_ns + 20 * MS, 10)
    samples = ear.between(since_ns, ear.heard_until_ns)[:, 0]
    step = RATE // 200
    return [
        (since_ns + first * SECOND_NS // RATE, bool(np.abs(samples[first : first + step]).max() > 0.1))
        for first in range(0, len(samples), step)
    ]


def mon_stats(show: Show) -> Any:
    return show.do("stats")["paths"]["mon/main"]["audio"]


def test_a_monitor_nobody_listens_to_is_not_made(show: Show) -> None:
    with listening(show.mixer.run_dir, "mon/main"):
        assert mon_stats(show)["codec"] == "Opus"
    units = until(lambda: mon_stats(show)["silent_s"] > 0.3 and mon_stats(show)["units"], 5)
    until(lambda: mon_stats(show)["silent_s"] > 1, 5)
    assert mon_stats(show)["units"] == units


def test_the_monitor_has_the_programme_or_who_is_soloed_and_the_programme_does_not_care(
    show: Show, ear: Ear
) -> None:
    jumps = []
    for _ in range(2):  # whoever comes again hears it as it is by then
        until(lambda: mon_stats(show) is None or mon_stats(show)["silent_s"] > 1, 5)
        with listening(show.mixer.run_dir, "mon/main") as monitor:
            start_ns = monitor.heard_until_ns
            assert heard(monitor.between(start_ns, start_ns + 400 * MS)) == {"red"}
            answer = show.do("solo", sources=["green", "blue"])
            assert answer["desk"]["solo"] == ["green", "blue"]
            at_ns = answer["at_ns"]
            assert heard(monitor.between(at_ns + 60 * MS, at_ns + 400 * MS)) == {"green", "blue"}
            assert heard(ear.between(at_ns, at_ns + 400 * MS)) == {"red"}
            at_ns = show.do("solo", sources=[])["at_ns"]
            assert heard(monitor.between(at_ns + 60 * MS, at_ns + 400 * MS)) == {"red"}
            assert max(monitor.ages_ms) < 1000  # nothing is left of the last time
            jumps.append(jump(monitor.between(at_ns - 40 * MS, at_ns + 80 * MS)))
    assert min(jumps) < 0.2


def test_a_viewer_of_the_edge_hears_the_monitor(show: Show) -> None:
    spec = {"port": free_udp_port(), "bind": "127.0.0.1"}
    with (
        running(Worker("edge-0", "edge", show.mixer.run_dir), spec) as edge,
        Receiver(video=False) as receiver,
    ):
        receiver.connect(edge, "mon/main")
        until(receiver.audio.has(20))


def test_the_monitor_has_an_input_before_its_fader_but_where_it_is_panned_to(show: Show) -> None:
    set_strip(show, "green", Strip(level_db=-40, pan=-1))
    with listening(show.mixer.run_dir, "mon/main") as monitor:
        at_ns = show.do("solo", sources=["green"])["at_ns"]
        left, right = monitor.loudest(at_ns + 400 * MS, at_ns + 700 * MS)
    assert left > 0.9 * AMPLITUDE
    assert right < 0.02


def test_a_solo_of_what_is_no_input_is_refused_and_one_that_leaves_is_no_solo_any_more(show: Show) -> None:
    for sources in (["nobody"], "red", None, [3]):
        with pytest.raises(Invalid):
            show.do("solo", sources=sources)
    show.do("solo", sources=["green", "blue", "green"])
    assert show.do("desk")["desk"]["solo"] == ["green", "blue"]
    inputs = show.production.inputs
    show.change(inputs=tuple(item for item in inputs if item.id != "green"))
    assert show.do("desk")["desk"]["solo"] == ["blue"]
    show.change(inputs=inputs)
    until(lambda: show.picture_of("green") == "live", 10)


def test_a_sum_that_is_too_loud_is_warned_of_until_it_is_not(show: Show, told: News) -> None:
    since_ns = now_ns()
    set_strip(show, "red", Strip(level_db=12))
    warning = until(lambda: told.of("warning", since_ns), 5)[0]
    assert (warning["source"], warning["kind"], warning["on"]) == (None, "clipping", True)
    assert "too loud" in warning["text"]
    assert show.do("desk")["warnings"] == [warning]
    set_strip(show, "red", Strip())
    until(lambda: told.of("warning", since_ns)[-1] == {**warning, "on": False}, 8)
    assert show.do("desk")["warnings"] == []


def test_pictures_that_stand_still_are_warned_of_and_those_that_move_are_not(show: Show, told: News) -> None:
    since_ns = now_ns()
    show.change(frozen_s=2.0)

    def frozen() -> set[str]:
        return {warning["source"] for warning in show.do("desk")["warnings"] if warning["kind"] == "frozen"}

    until(lambda: frozen() == {"red", "green", "blue"}, 6)
    until(lambda: now_ns() > since_ns + 5 * SECOND_NS, 6)
    assert frozen() == {"red", "green", "blue"}
    assert "white" not in {warning["source"] for warning in told.of("warning", since_ns)}
    show.change(frozen_s=0.0)
    until(lambda: frozen() == set(), 3)
