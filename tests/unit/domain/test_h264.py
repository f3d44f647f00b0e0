"""What an H.264 stream says about itself, read from streams x264 wrote."""

import subprocess
from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.h264 import first_sps, has_b_slice, nals, sps_from_nal, why_not_passed


def units(pix_fmt: str = "yuv420p", **options: str) -> list[bytes]:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = 128, 96, pix_fmt
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 30), Fraction(30), 30
    encoder.options = {"preset": "veryfast", **options}
    out = []
    for number in range(12):
        luma = np.roll(np.tile(np.arange(128, dtype=np.uint8), (96, 1)), number * 3, axis=1)
        frame = av.VideoFrame.from_ndarray(np.stack([luma] * 3, axis=-1), format="rgb24").reformat(
            format=pix_fmt
        )
        frame.pts, frame.time_base = number, Fraction(1, 30)
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return out + [bytes(packet) for packet in encoder.encode(None)]


@pytest.mark.parametrize(
    ("pix_fmt", "options", "why"),
    [
        ("yuv420p", {"profile": "baseline"}, ""),
        ("yuv420p", {"profile": "main", "bf": "0"}, ""),
        ("yuv420p", {"profile": "high", "bf": "0", "x264-params": "8x8dct=1:cqm=jvt"}, ""),
        (
            "yuv420p",
            {"profile": "high", "bf": "0", "x264-params": "nal-hrd=cbr:vbv-maxrate=500:vbv-bufsize=500"},
            "",
        ),
        ("yuv420p", {"bf": "2", "x264-params": "b-adapt=0"}, "it has B-frames"),
        ("yuv420p", {"bf": "0", "x264-params": "interlaced=1"}, "it is interlaced"),
        ("yuv422p", {"bf": "0"}, "H.264 high 4:2:2 does not play in browsers"),
        ("yuv420p10le", {"bf": "0"}, "H.264 high 10 does not play in browsers"),
    ],
)
def test_a_stream_passes_or_says_why_not(pix_fmt: str, options: dict[str, str], why: str) -> None:
    stream = units(pix_fmt, **options)
    sps = first_sps(stream[0])
    assert sps is not None
    assert why_not_passed(sps) == why


@pytest.mark.parametrize(("b_frames", "found"), [("0", False), ("2", True)])
def test_b_pictures_are_told_by_their_slices(b_frames: str, found: bool) -> None:
    made = subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x96:rate=30:duration=1"),
            *("-c:v", "libx264", "-bf", b_frames, "-pix_fmt", "yuv420p", "-f", "h264", "-"),
        ],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    assert any(has_b_slice(b"\0\0\1" + nal) for nal in nals(made.stdout)) is found


def test_a_stream_without_b_frames_promises_so() -> None:
    sps = first_sps(units(bf="0")[0])
    assert sps is not None
    assert not sps.may_have_b_frames


@given(st.binary(max_size=200))
def test_garbage_is_survived(data: bytes) -> None:
    sps_from_nal(data)
    first_sps(b"\0\0\1g" + data)
    has_b_slice(b"\0\0\1A" + data)
