"""Sources of which a part cannot be used, or of which there is more than one: what is taken, what is told."""

import socket
from pathlib import Path

from regie.hub.paths import Stream
from tests.media.sources.rig import ffmpeg, peer, running_source, sound_from
from tests.support.net import free_udp_port

PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=1")
LOW, HIGH = (("-f", "lavfi", "-i", f"sine=frequency={hz}:duration=1") for hz in (400, 1600))


def test_a_file_with_two_languages_keeps_to_the_first_in_every_round(run_dir: Path, tmp_path: Path) -> None:
    maps = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "libx264", "-bf", "0", "-g", "15")
    ffmpeg(*PICTURE, *LOW, *HIGH, *maps, str(tmp_path / "two.mp4"))
    with running_source(run_dir, "file", {"path": "two.mp4"}, tmp_path) as source:
        source.wait_for("live")
        units = source.record(200, Stream.AUDIO)  # four rounds of fifty
    seconds = [sound_from(units[start : start + 50]).loudest_hz for start in range(0, 200, 50)]
    assert all(abs(second - 400) < 40 for second in seconds), seconds


def test_a_picture_that_cannot_be_decoded_beside_good_sound_is_told(run_dir: Path, tmp_path: Path) -> None:
    ffmpeg(*PICTURE, *LOW, "-c:v", "ffv1", "-c:a", "aac", str(tmp_path / "odd.mkv"))
    with running_source(run_dir, "file", {"path": "odd.mkv"}, tmp_path) as source:
        detail = source.wait_for("live")["detail"]
    assert detail["declined"] == ["ffv"]
    assert detail["video"] is None


def test_packets_without_the_parameters_of_their_pictures_are_not_waited_for_in_silence(
    run_dir: Path,
) -> None:
    port = free_udp_port()
    sender = f"""videotestsrc is-live=true ! x264enc tune=zerolatency key-int-max=99999 !
        rtph264pay config-interval=0 ! udpsink host=127.0.0.1 port={port}"""
    with peer("gst-launch-1.0", "-q", *sender.split()):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as first:
            first.bind(("127.0.0.1", port))
            first.settimeout(20)
            first.recv(2000)  # the parameters come once, before the source is there
        with running_source(run_dir, "rtp", {"video_port": port, "listen": "127.0.0.1"}) as source:
            source.wait_for("starting", "packets come")
            source.wait_for("retrying", "packets come, but no keyframe with its parameters")


def test_packets_of_a_codec_nobody_knows_are_told(run_dir: Path, tmp_path: Path) -> None:
    port = free_udp_port()
    (tmp_path / "odd.sdp").write_text(f"v=0\nm=video {port} RTP/AVP 96\na=rtpmap:96 VP7/90000\n")
    with running_source(run_dir, "rtp", {"sdp_file": "odd.sdp", "listen": "127.0.0.1"}, tmp_path) as source:
        source.wait_for("starting", "waiting for RTP packets")
        sender = f"""videotestsrc is-live=true ! vp8enc deadline=1 ! rtpvp8pay pt=96 !
            udpsink host=127.0.0.1 port={port}"""
        with peer("gst-launch-1.0", "-q", *sender.split()):
            source.wait_for("failed", "codec VP7 is not supported")
