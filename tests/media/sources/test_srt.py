"""SRT both ways, against ffmpeg."""

from pathlib import Path

import pytest

from tests.media.sources.rig import frames_from, peer, running_source, sound_from
from tests.support.net import free_udp_port

SECRET = "correct horse battery"


def sender(url: str) -> tuple[str, ...]:
    """Red, with a tone, as MPEG-TS over SRT."""
    picture = "color=red:size=320x180:rate=30"
    return (
        *("ffmpeg", "-v", "error", "-re", "-f", "lavfi", "-i", picture),
        *("-f", "lavfi", "-i", "sine=frequency=500:sample_rate=48000"),
        *("-c:v", "libx264", "-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac"),
        *("-f", "mpegts", url),
    )


@pytest.mark.parametrize("passphrase", [None, SECRET])
@pytest.mark.parametrize("we_call", [True, False])
def test_an_encoder_arrives_whoever_calls(run_dir: Path, we_call: bool, passphrase: str | None) -> None:
    port = free_udp_port()
    key = f"&passphrase={passphrase}" if passphrase else ""
    theirs = f"srt://127.0.0.1:{port}?mode={'listener' if we_call else 'caller'}{key}"
    ours = f"srt://127.0.0.1:{port}"
    options = {"url": ours, "mode": "caller" if we_call else "listener", "passphrase": passphrase}
    with running_source(run_dir, "srt", options) as source:
        if not we_call:
            source.wait_for("starting", f"waiting for an SRT sender on port {port}")
        with peer(*sender(theirs)):
            source.wait_for("live")
            video, audio = source.record_both(2)
        assert SECRET not in source.log
    red, green, blue = frames_from(video)[-1].rgb
    assert red > 200
    assert max(green, blue) < 60
    assert sound_from(audio).loudest_hz == pytest.approx(500, abs=3)


def test_a_wrong_passphrase_is_told(run_dir: Path) -> None:
    port = free_udp_port()
    with (
        peer(*sender(f"srt://127.0.0.1:{port}?mode=listener&passphrase={SECRET}")),
        running_source(
            run_dir, "srt", {"url": f"srt://127.0.0.1:{port}", "passphrase": "wrong horse"}
        ) as source,
    ):
        source.wait_for("failed", "wrong passphrase")


def test_a_sender_that_returns_is_taken_on_again(run_dir: Path) -> None:
    port = free_udp_port()
    with running_source(run_dir, "srt", {"url": f"srt://127.0.0.1:{port}", "mode": "listener"}) as source:
        for _ in range(2):
            with peer(*sender(f"srt://127.0.0.1:{port}?mode=caller")):
                source.wait_for("live")
                source.record(10)
            source.wait_for("starting", "waiting for", timeout_s=40)
