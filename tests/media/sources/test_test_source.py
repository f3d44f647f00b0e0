"""The test picture, as a viewer gets it from the hub."""

import itertools
from pathlib import Path

import pytest

from regie.hub.clock import now_ns
from regie.hub.paths import Stream
from tests.media.sources.rig import frames_from, running_source, sound_from

FRAME_NS = 1_000_000_000 / 30


def test_every_frame_carries_the_time_at_which_it_was_made(run_dir: Path) -> None:
    with running_source(run_dir, "test", {"pattern": "bars"}) as source:
        source.wait_for("live")
        frames = frames_from(source.record(90))
    readings = [(frame, frame.strip) for frame in frames]
    assert all(strip is not None for _, strip in readings)
    assert all(strip and abs(strip.capture_ms - frame.pts_ns / 1e6) <= 1 for frame, strip in readings)


def test_the_flash_and_the_beep_come_together_on_the_second(run_dir: Path) -> None:
    with running_source(run_dir, "test", {"pattern": "ball", "tone_hz": 660}) as source:
        source.wait_for("live")
        video, audio = source.record_both(3.5)
    frames, sound = frames_from(video), sound_from(audio)
    lit = [frame.pts_ns for frame in frames if frame.strip and frame.strip.flash]
    flashes = [b for a, b in itertools.pairwise([0, *lit]) if b - a > 0.5e9]
    assert all(round(flash / 1e6) % 1000 < 100 for flash in flashes)
    beeps = sound.beeps_ns
    assert len(beeps) >= 2
    assert all(min(beep % 1_000_000_000, 1_000_000_000 - beep % 1_000_000_000) <= 1_000_000 for beep in beeps)
    assert sound.loudest_hz == pytest.approx(660, abs=2)
    assert sound.level > 0.02


def test_the_pictures_are_fresh_and_the_figures_true(run_dir: Path) -> None:
    with running_source(run_dir, "test", {"width": 640, "height": 360}) as source:
        source.wait_for("live")
        units = source.record(60)
        age_s = (now_ns() - units[-1].pts_ns) / 1e9
        stats = source.stats()
    assert 0 <= age_s < 1
    assert units[0].is_keyframe
    assert (stats["video"]["width"], stats["video"]["height"]) == (640, 360)
    assert stats["video"]["codec"] == "H.264"
    assert stats["audio"]["codec"] == "Opus"
    assert stats["audio"]["units"] > 20


@pytest.mark.parametrize("stream", list(Stream))
def test_a_worker_that_ends_takes_its_sockets_with_it(run_dir: Path, stream: Stream) -> None:
    with running_source(run_dir, "test", {}) as source:
        source.wait_for("live")
        source.record(2, stream)
        socket = run_dir / f"hub/src/cam/{stream}.sock"
        assert socket.exists()
    assert not socket.exists()
