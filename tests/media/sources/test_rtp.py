"""Plain RTP from ffmpeg, and from those who should not be listened to."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from regie.domain.workers import Json
from tests.media.sources.rig import frames_from, peer, running_source, sound_from
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


def send_red(port: int, local: str = "127.0.0.1") -> tuple[str, ...]:
    return (
        "ffmpeg",
        "-v",
        "error",
        *PICTURE,
        *H264,
        "-f",
        "rtp",
        f"rtp://127.0.0.1:{port}?localaddr={local}",
    )


def test_a_stream_from_its_sender_is_taken_and_others_are_not(run_dir: Path) -> None:
    port = free_rtp_port()
    options: Json = {"video_port": port, "listen": "127.0.0.1", "sender": "127.0.0.2"}
    with running_source(run_dir, "rtp", options) as source:
        source.wait_for("starting", f"waiting for RTP packets on port {port} from 127.0.0.2")
        with peer(*send_red(port, "127.0.0.3")) as intruder:
            until(lambda: intruder.poll() is None and udp_packets_sent(intruder), 20, "the intruder sends")
            assert source.stats()["video"] is None
            with peer(*send_red(port, "127.0.0.2")):
                source.wait_for("live")
                frames = frames_from(source.record(45))
    red, green, blue = frames[-1].rgb
    assert red > 200
    assert max(green, blue) < 60


def test_garbage_neither_stops_nor_stains_a_stream(run_dir: Path) -> None:
    port = free_rtp_port()
    with (
        running_source(run_dir, "rtp", {"video_port": port, "listen": "127.0.0.1"}) as source,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise,
    ):
        throw_garbage(noise, port)
        with peer(*send_red(port)):
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


def udp_packets_sent(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process has used its processor for a while: an encoder that waits for nothing sends."""
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return int(ticks[11]) + int(ticks[12]) > 20
