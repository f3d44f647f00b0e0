"""Files: looped without a seam, whatever holds them; and what is said of those that are no good."""

import itertools
from pathlib import Path

import pytest

from regie.hub.paths import Stream
from tests.media.sources.clip import CLIP_NAMES, FRAMES, number_of, write_clip
from tests.media.sources.rig import ffmpeg, frames_from, running_source, sound_from


@pytest.mark.parametrize("name", CLIP_NAMES)
def test_a_file_goes_round_without_a_frame_too_many_or_too_few(
    run_dir: Path, media_dir: Path, name: str
) -> None:
    with running_source(run_dir, "file", {"path": name}, media_dir) as source:
        status = source.wait_for("live")
        video, audio = source.record_both(4.5)  # twice across the seam
    assert status["detail"]["video"] == {"codec": "H.264", "passthrough": True, "why": ""}
    frames = frames_from(video)
    numbers = [number_of(frame) for frame in frames]
    assert all((b - a) % FRAMES == 1 for a, b in itertools.pairwise(numbers))
    steps_ms = {round((b.pts_ns - a.pts_ns) / 1e6) for a, b in itertools.pairwise(frames)}
    assert steps_ms <= {33, 34}  # Matroska counts in whole milliseconds
    sound_steps_ms = [round((b.pts_ns - a.pts_ns) / 1e6) for a, b in itertools.pairwise(audio)]
    assert set(sound_steps_ms[2:]) == {20}  # the encoder's very first packet is shorter
    seconds = [frame.pts_ns for frame in frames if number_of(frame) in (0, 30)]
    beeps = sound_from(audio).beeps_ns
    assert len(beeps) >= 3
    assert all(min(abs(beep - second) for second in seconds) < 10e6 for beep in beeps[:-1])


def test_a_file_without_sound_goes_round(run_dir: Path, media_dir: Path, tmp_path: Path) -> None:
    ffmpeg("-i", str(media_dir / "clip.mp4"), "-c", "copy", "-an", str(tmp_path / "mute.mp4"))
    with running_source(run_dir, "file", {"path": "mute.mp4"}, tmp_path) as source:
        detail = source.wait_for("live")["detail"]
        numbers = [number_of(frame) for frame in frames_from(source.record(2 * FRAMES))]
    assert detail["audio"] is None
    assert all((b - a) % FRAMES == 1 for a, b in itertools.pairwise(numbers))


def test_a_file_without_a_picture_goes_round(run_dir: Path, media_dir: Path, tmp_path: Path) -> None:
    ffmpeg("-i", str(media_dir / "clip.mp4"), "-c", "copy", "-vn", str(tmp_path / "blind.mp4"))
    with running_source(run_dir, "file", {"path": "blind.mp4"}, tmp_path) as source:
        detail = source.wait_for("live")["detail"]
        units = source.record(225, Stream.AUDIO)  # twice across the seam
    assert detail["video"] is None
    assert {round((b.pts_ns - a.pts_ns) / 1e6) for a, b in itertools.pairwise(units[2:])} == {20}
    assert len(sound_from(units).beeps_ns) >= 4


def test_a_file_with_b_frames_is_encoded_anew_and_says_so(run_dir: Path, tmp_path: Path) -> None:
    write_clip(tmp_path / "b.mp4", bf="2", **{"b-adapt": "0"})
    with running_source(run_dir, "file", {"path": "b.mp4"}, tmp_path) as source:
        detail = source.wait_for("live")["detail"]
        units = source.record(90)
    assert detail["video"] == {"codec": "H.264", "passthrough": False, "why": "it has B-frames"}
    assert all(b.pts_ns > a.pts_ns for a, b in itertools.pairwise(units))
    numbers = [number_of(frame) for frame in frames_from(units)]
    assert sum((b - a) % FRAMES == 1 for a, b in itertools.pairwise(numbers)) >= len(numbers) * 0.8


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.mp4", "nowhere.mp4 is missing"),
        ("noise.mp4", "noise.mp4 is damaged, or no video file"),
        ("empty.mkv", "empty.mkv is damaged, or no video file"),
        ("cut.mp4", "cut.mp4 is damaged, or no video file"),
        ("../secret.mp4", "leads out of the media directory"),
    ],
)
def test_a_file_that_is_no_good_is_named_with_what_is_wrong(
    run_dir: Path, media_dir: Path, name: str, reason: str
) -> None:
    with running_source(run_dir, "file", {"path": name}, media_dir) as source:
        source.wait_for("failed", reason)


def test_a_link_that_leads_out_of_the_media_directory_is_refused(run_dir: Path, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    write_clip(tmp_path / "secret.mp4")
    (media / "inside.mp4").symlink_to(tmp_path / "secret.mp4")
    with running_source(run_dir, "file", {"path": "inside.mp4"}, media) as source:
        source.wait_for("failed", "leads out of the media directory")
