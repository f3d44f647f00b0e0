"""Plain RTP from ffmpeg, and from those who should not be listened to."""

import itertools
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from regie.domain.workers import Json
from regie.hub.paths import Stream
from tests.media.sources.rig import ffmpeg, frames_from, peer, running_source, sound_from
from tests.support.net import free_udp_port
from tests.support.wait import until

PICTURE = ("-re", "-f", "lavfi", "-i", "color=red:size=320x180:rate=30")
H264 = ("-c:v", "libx264", "-tune", "zerolatency", "-g", "15", "-bsf:v", "dump_extra", "-pix_fmt", "yuv420p")
TONE = ("-re", "-f", "lavfi", "-i", "sine=frequency=500:sample_rate=48000")


def free_rtp_port() -> int:
    """Two ports in a row: RTCP's is the next."""
    while True:
        port = free_udp_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
        return port


def send(color: str, port: int, local: str = "127.0.0.1") -> tuple[str, ...]:
    picture = ("-re", "-f", "lavfi", "-i", f"color={color}:size=320x180:rate=30")
    return (
        "ffmpeg",
        "-v",
        "error",
        *picture,
        *H264,
        "-f",
        "rtp",
        f"rtp://127.0.0.1:{port}?localaddr={local}",
    )


def test_a_stream_from_its_sender_is_taken_and_others_are_not(run_dir: Path) -> None:
    port = free_rtp_port()
    options: Json = {"video_port": port, "listen": "127.0.0.1", "sender": "127.0.0.2"}
    with running_source(run_dir, "rtp", options) as source, listening("127.0.0.4") as (heard, elsewhere):
        waiting = f"waiting for RTP packets on port {port} from 127.0.0.2"
        source.wait_for("starting", waiting)
        # The intruder sends to us and to the source at once: what we hear of it, the source was sent as well.
        command = send("blue", port, "127.0.0.3")
        target = f"[f=rtp]{command[-1]}|[f=rtp]rtp://127.0.0.4:{elsewhere}?localaddr=127.0.0.3"
        with peer(*command[:-3], "-map", "0:v", "-f", "tee", target):
            for _ in range(90):
                assert heard.recvfrom(2048)[1][0] == "127.0.0.3"
            source.wait_for("starting", waiting)
            assert source.stats()["video"] is None
            with peer(*send("red", port, "127.0.0.2")):
                source.wait_for("live")
                frames = frames_from(source.record(45))
    assert all(frame.rgb[0] > 200 and max(frame.rgb[1:]) < 60 for frame in frames)


@contextmanager
def listening(address: str) -> Iterator[tuple[socket.socket, int]]:
    """A UDP socket at an address of its own, and its port."""
    port = free_rtp_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind((address, port))
        own.settimeout(20)
        yield own, port


def test_garbage_neither_stops_nor_stains_a_stream(run_dir: Path) -> None:
    port = free_rtp_port()
    with (
        running_source(run_dir, "rtp", {"video_port": port, "listen": "127.0.0.1"}) as source,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise,
    ):
        throw_garbage(noise, port)
        with peer(*send("red", port)):
            source.wait_for("live")
            throw_garbage(noise, port)
            frames = frames_from(source.record(60))
    assert all(frame.rgb[0] > 200 and max(frame.rgb[1:]) < 60 for frame in frames[5:])


def test_an_sdp_file_describes_picture_and_sound(run_dir: Path, tmp_path: Path) -> None:
    video, audio = free_rtp_port(), free_rtp_port()
    command = (
        *(
            "ffmpeg",
            "-v",
            "error",
            *PICTURE,
            *TONE,
            "-map",
            "0:v",
            *H264,
            "-f",
            "rtp",
            f"rtp://127.0.0.1:{video}",
        ),
        *("-map", "1:a", "-c:a", "aac", "-f", "rtp", f"rtp://127.0.0.1:{audio}"),
        *("-sdp_file", str(tmp_path / "camera.sdp")),
    )
    with peer(*command):
        until(lambda: "mpeg4-generic" in (tmp_path / "camera.sdp").read_text().lower(), 30, "the SDP file")
        options: Json = {"sdp_file": "camera.sdp", "listen": "127.0.0.1"}
        with running_source(run_dir, "rtp", options, tmp_path) as source:
            source.wait_for("live")
            units, sound = source.record_both(2)
            detail = source.call("status")["detail"]
    assert detail["audio"]["codec"] == "AAC"
    assert frames_from(units)[-1].rgb[0] > 200
    assert sound_from(sound).loudest_hz == pytest.approx(500, abs=3)


def test_h265_by_its_port_is_encoded_anew(run_dir: Path) -> None:
    port = free_rtp_port()
    options: Json = {"video_port": port, "video_codec": "h265", "listen": "127.0.0.1"}
    encoder = ("-c:v", "libx265", "-tune", "zerolatency", "-preset", "ultrafast", "-g", "15")
    more = ("-x265-params", "repeat-headers=1:log-level=error", "-pix_fmt", "yuv420p")
    command = ("ffmpeg", "-v", "error", *PICTURE, *encoder, *more, "-f", "rtp", f"rtp://127.0.0.1:{port}")
    with running_source(run_dir, "rtp", options) as source, peer(*command):
        detail = source.wait_for("live")["detail"]
        frames = frames_from(source.record(45))
    assert detail["video"]["codec"] == "H.265"
    assert all(frame.rgb[0] > 200 and max(frame.rgb[1:]) < 60 for frame in frames)


@pytest.mark.parametrize(
    ("codec", "encoder", "name"),
    [
        ("opus", ("libopus",), "Opus"),
        ("g711-a", ("pcm_alaw", "-ar", "8000"), "G.711 A-law"),
        ("g711-mu", ("pcm_mulaw", "-ar", "8000"), "G.711 µ-law"),
    ],
)
def test_sound_by_its_port_is_heard(run_dir: Path, codec: str, encoder: tuple[str, ...], name: str) -> None:
    port = free_rtp_port()
    options: Json = {"audio_port": port, "audio_codec": codec, "listen": "127.0.0.1"}
    command = ("ffmpeg", "-v", "error", *TONE, "-c:a", *encoder, "-f", "rtp", f"rtp://127.0.0.1:{port}")
    with running_source(run_dir, "rtp", options) as source, peer(*command):
        detail = source.wait_for("live")["detail"]
        sound = sound_from(source.record(100, Stream.AUDIO))
    assert (detail["video"], detail["audio"]["codec"]) == (None, name)
    assert sound.loudest_hz == pytest.approx(500, abs=3)


def test_a_stream_that_changes_its_size_goes_on_in_the_new_one(run_dir: Path, tmp_path: Path) -> None:
    for name, start, size in (("small.ts", 0, "320x180"), ("large.ts", 4, "640x360")):
        picture = ("-f", "lavfi", "-i", f"color=red:size={size}:rate=30:duration=4")
        ffmpeg(*picture, *H264, "-bf", "0", "-output_ts_offset", str(start), str(tmp_path / name))
    port = free_rtp_port()
    both = f"concat:{tmp_path}/small.ts|{tmp_path}/large.ts"
    command = (
        "ffmpeg",
        "-v",
        "error",
        "-re",
        "-i",
        both,
        "-c",
        "copy",
        "-f",
        "rtp",
        f"rtp://127.0.0.1:{port}",
    )
    with (
        running_source(run_dir, "rtp", {"video_port": port, "listen": "127.0.0.1"}) as source,
        peer(*command),
    ):
        source.wait_for("live")
        frames = frames_from(source.record(150))
        stats = source.stats()
    assert {frame.luma.shape for frame in frames} == {(180, 320), (360, 640)}
    assert frames[-1].luma.shape == (360, 640)
    assert all(frame.rgb[0] > 200 and max(frame.rgb[1:]) < 60 for frame in frames)
    assert max(b.pts_ns - a.pts_ns for a, b in itertools.pairwise(frames)) < 0.5e9
    assert (stats["video"]["width"], stats["video"]["height"]) == (640, 360)


def test_a_port_in_use_is_named(run_dir: Path) -> None:
    port = free_rtp_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", port))
        with running_source(run_dir, "rtp", {"video_port": port, "listen": "127.0.0.1"}) as source:
            source.wait_for("retrying", f"UDP port {port} cannot be opened")


def throw_garbage(noise: socket.socket, port: int) -> None:
    for size in (0, 1, 11, 12, 13, 200, 1400, 9000):
        for packet in (os.urandom(size), b"\x80\x60" + os.urandom(size), b"\xbf\xe0" + os.urandom(size)):
            noise.sendto(packet, ("127.0.0.1", port))
            noise.sendto(packet, ("127.0.0.1", port + 1))
