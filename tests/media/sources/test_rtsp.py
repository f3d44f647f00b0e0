"""RTSP, against a camera that is gst-rtsp-server in another process."""

import itertools
import signal
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regie.hub.paths import Stream
from tests.media.sources.cameras import AV, B_FRAMES, H264, H265, camera_with, moving
from tests.media.sources.rig import Source, frames_from, peer, running_source, sound_from
from tests.support.net import free_port

SECRET = "s3cr:t p@ss"
IN_URL = "s3cr%3At%20p%40ss"


@contextmanager
def camera(launch: str, *more: str, port: int | None = None) -> Iterator[int]:
    port = port or free_port()
    program = str(Path(__file__).with_name("camera.py"))
    with peer(sys.executable, program, str(port), launch, *more, ready="ready"):
        yield port


@contextmanager
def source_of(
    run_dir: Path, port: int, url: str = "rtsp://127.0.0.1:{}/cam", **options: object
) -> Iterator[Source]:
    with running_source(run_dir, "rtsp", {"url": url.format(port), **options}) as source:
        yield source


@pytest.mark.parametrize(("more", "transport"), [((), "UDP"), (("--transport", "tcp"), "TCP")])
def test_a_camera_passes_through_complete_over_whatever_transport_it_offers(
    run_dir: Path, more: tuple[str, ...], transport: str
) -> None:
    with camera(camera_with(H264), *more) as port, source_of(run_dir, port) as source:
        detail = source.wait_for("live")["detail"]
        frames = frames_from(source.record(75))
    assert detail["video"] == {"codec": "H.264", "passthrough": True, "why": ""}
    assert detail["transport"] == transport
    times = [frame.strip.capture_ms for frame in frames if frame.strip]
    assert len(times) == len(frames)
    assert all(b > a for a, b in itertools.pairwise(times))
    ages_ms = [f.pts_ns / 1e6 - time for f, time in zip(frames, times, strict=True)]
    assert max(ages_ms) - min(ages_ms) < 500  # the jitter buffer settles; a busy encoder delays some


def test_a_camera_whose_udp_is_lost_on_the_way_is_taken_over_tcp(run_dir: Path) -> None:
    with camera(camera_with(H264), "--lose-udp") as port:
        with source_of(run_dir, port) as source:
            detail = source.wait_for("live")["detail"]
            frames = frames_from(source.record(30))
        with source_of(run_dir, port, transport="udp") as source:
            source.wait_for("retrying", f"camera does not answer at 127.0.0.1:{port}")
    assert detail["transport"] == "TCP"
    assert all(frame.strip for frame in frames)


def test_sound_and_picture_stay_together(run_dir: Path) -> None:
    with camera(camera_with(AV)) as port, source_of(run_dir, port) as source:
        source.wait_for("live")
        video, audio = source.record_both(5)
        detail = source.call("status")["detail"]
    assert detail["audio"]["passthrough"]
    beeps = sound_from(audio).beeps_ns
    assert len(beeps) >= 2
    since_ns = [f.pts_ns - f.strip.capture_ms * 1_000_000 for f in frames_from(video) if f.strip]
    for beep in beeps:  # on a whole second of the camera's clock, as its pictures show it
        off_ns = (beep - int(statistics.median(since_ns)) + 500_000_000) % 1_000_000_000 - 500_000_000
        assert abs(off_ns) < 20e6


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_a_password_opens_the_camera_and_is_nowhere_to_be_read(run_dir: Path, method: str) -> None:
    url = f"rtsp://operator:{IN_URL}@127.0.0.1:{{}}/cam"
    with camera(camera_with(H264), "--auth", method) as port, source_of(run_dir, port, url) as source:
        source.wait_for("live")
        said = f"{source.call('status')} {source.stats()} {source.call('graph')} {source.log}"
    assert SECRET not in said
    assert IN_URL not in said


@pytest.mark.parametrize("method", ["basic", "digest"])
def test_a_wrong_password_is_told(run_dir: Path, method: str) -> None:
    with (
        camera(camera_with(H264), "--auth", method) as port,
        source_of(run_dir, port, user="operator", password="guess") as source,
    ):
        source.wait_for("failed", "wrong user name or password")


@pytest.mark.parametrize(
    ("launch", "codec", "why"),
    [
        (camera_with(H265), "H.265", "browsers do not play H.265"),
        (camera_with(B_FRAMES), "H.264", "it has B-frames"),
        (
            moving("video/x-raw,format=Y42B", "x264enc bframes=0 tune=zerolatency"),
            "H.264",
            "H.264 high 4:2:2 does not play in browsers",
        ),
    ],
)
def test_what_browsers_cannot_play_is_encoded_anew(run_dir: Path, launch: str, codec: str, why: str) -> None:
    with camera(launch) as port, source_of(run_dir, port) as source:
        source.wait_for("live")
        detail = source.wait_for("live")["detail"]
        frames = frames_from(source.record(60))
        stats = source.stats()
    assert detail["video"] == {"codec": codec, "passthrough": False, "why": why}
    assert stats["video"]["codec"] == "H.264"
    assert len({round(float(frame.luma.mean()), 3) for frame in frames}) > 5  # it moves


@pytest.mark.parametrize(
    ("encoder", "codec"),
    [
        ("alawenc ! rtppcmapay", "G.711 A-law"),
        ("mulawenc ! rtppcmupay", "G.711 µ-law"),
        ("avenc_aac ! aacparse ! rtpmp4gpay", "AAC"),
    ],
)
def test_sound_of_every_usual_kind_becomes_opus(run_dir: Path, encoder: str, codec: str) -> None:
    launch = f"( audiotestsrc is-live=true freq=700 ! audioconvert ! audioresample ! {encoder} name=pay0 )"
    with camera(launch) as port, source_of(run_dir, port) as source:
        detail = source.wait_for("live")["detail"]
        sound = sound_from(source.record(100, Stream.AUDIO))
    assert detail["audio"]["codec"] == codec
    assert detail["video"] is None
    assert sound.loudest_hz == pytest.approx(700, abs=3)


def test_a_camera_that_is_not_there_is_named_and_comes_back_by_itself(run_dir: Path) -> None:
    port = free_port()
    with source_of(run_dir, port) as source:
        source.wait_for("retrying", f"camera does not answer at 127.0.0.1:{port}")
        with camera(camera_with(H264), port=port):
            source.wait_for("live")
            source.record(10)
        source.wait_for("retrying", timeout_s=40)
        with camera(camera_with(H264), port=port):
            source.wait_for("live", timeout_s=40)
            source.record(10)


def test_a_camera_that_freezes_is_stalled_and_live_again_when_it_wakes(run_dir: Path) -> None:
    port = free_port()
    program = str(Path(__file__).with_name("camera.py"))
    with (
        peer(sys.executable, program, str(port), camera_with(H264), ready="ready") as frozen,
        source_of(run_dir, port) as source,
    ):
        source.wait_for("live")
        frozen.send_signal(signal.SIGSTOP)
        source.wait_for("stalled", "no new picture for 2 s", timeout_s=10)
        source.wait_for("retrying", timeout_s=20)
        frozen.send_signal(signal.SIGCONT)
        source.wait_for("live", timeout_s=40)
        source.record(10)


def test_a_wrong_path_and_an_unknown_codec_are_told(run_dir: Path) -> None:
    theora = "( videotestsrc is-live=true ! theoraenc ! rtptheorapay name=pay0 )"
    with camera(theora) as port:
        with source_of(run_dir, port, "rtsp://127.0.0.1:{}/nowhere") as source:
            source.wait_for("failed", "no such path on the camera")
        with source_of(run_dir, port) as source:
            source.wait_for("failed", "codec THEORA is not supported")
