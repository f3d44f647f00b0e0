"""The hub's wire format, read from bytes cut at any place."""

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.errors import Invalid
from regie.hub.flow import Flow
from regie.hub.wire import MAX_PAYLOAD_BYTES, Caps, Unit, WireParser

NONE = 2**64 - 1
DELTA_UNIT = 1 << 13


def packet(kind: int, payload: bytes, pts: int = NONE, dts: int = NONE, flags: int = 0) -> bytes:
    """A packet as gdppay of GStreamer 1.22 writes it."""
    head = struct.pack(">BBBxHIQQQQHQ", 1, 0, 0, kind, len(payload), pts, NONE, NONE, NONE, flags, dts)
    return head + bytes(10) + payload


STREAM = (
    packet(2, b"video/x-h264, width=(int)1280, profile=(string)main, framerate=(fraction)30/1\0")
    + packet(17998, b"GstEventSegment")
    + packet(1, b"key", pts=1_000)
    + packet(1, b"delta", pts=2_000, dts=1_500, flags=DELTA_UNIT)
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts: list[int]) -> None:
    parser = WireParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    items = [item for a, b in itertools.pairwise(edges) for item in parser.feed(STREAM[a:b])]
    caps, key, delta = items
    assert isinstance(caps, Caps)
    assert isinstance(key, Unit)
    assert isinstance(delta, Unit)
    assert (key.data, key.pts_ns, key.dts_ns, key.is_keyframe) == (b"key", 1_000, 1_000, True)
    assert (delta.data, delta.pts_ns, delta.dts_ns, delta.is_keyframe) == (b"delta", 2_000, 1_500, False)


def test_caps_give_the_value_of_a_field_without_its_type() -> None:
    caps = WireParser().feed(STREAM)[0]
    assert isinstance(caps, Caps)
    assert caps.field("width") == "1280"
    assert caps.field("profile") == "main"
    assert caps.field("framerate") == "30/1"
    assert caps.field("height") is None


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"GET / HTTP/1.1\r\n" + bytes(60), id="not-gdp"),
        pytest.param(
            packet(1, b"")[:6] + struct.pack(">I", MAX_PAYLOAD_BYTES + 1) + bytes(60), id="too-long"
        ),
    ],
)
def test_what_is_not_gdp_is_refused_and_not_collected(garbage: bytes) -> None:
    with pytest.raises(Invalid, match="not GDP"):
        WireParser().feed(garbage)


@given(st.binary(max_size=400))
def test_random_bytes_never_raise_anything_but_invalid(data: bytes) -> None:
    parser = WireParser()
    try:
        parser.feed(data)
    except Invalid:
        return


def test_rates_cover_the_last_three_seconds_only() -> None:
    flow = Flow()
    for frame in range(300):  # ten seconds at 30 fps, 1,000 bytes each
        flow.on_unit(pts_ns=frame * 33_333_333, size=1_000, now_ns=frame * 33_333_333)
    fps, bitrate = flow.rates(now_ns=299 * 33_333_333)
    assert fps == pytest.approx(30, abs=0.5)
    assert bitrate == pytest.approx(240_000, rel=0.02)
    assert flow.rates(now_ns=60_000_000_000) == (0.0, 0.0)


def test_units_that_come_in_a_burst_count_by_their_own_times() -> None:
    flow = Flow()
    for frame in range(15):  # half a second at 30 fps, as a source begins: all at once
        flow.on_unit(pts_ns=frame * 33_333_333, size=1_000, now_ns=500_000_000 + frame)
    fps, bitrate = flow.rates(now_ns=510_000_000)
    assert fps == pytest.approx(30, abs=0.1)
    assert bitrate == pytest.approx(240_000, rel=0.01)


def test_a_rate_is_even_between_two_units_and_falls_when_the_next_is_overdue() -> None:
    flow = Flow()
    for frame in range(90):
        flow.on_unit(pts_ns=frame * 33_333_333, size=1_000, now_ns=frame * 33_333_333)
    last_ns = 89 * 33_333_333
    assert flow.rates(last_ns)[0] == pytest.approx(flow.rates(last_ns + 30_000_000)[0])
    assert flow.rates(last_ns + 1_500_000_000)[0] < 24


def test_one_unit_or_many_of_one_time_have_no_rate() -> None:
    flow = Flow()
    for _ in range(3):
        flow.on_unit(pts_ns=7, size=1_000, now_ns=10)
        assert flow.rates(now_ns=20) == (0.0, 0.0)


def test_the_keyframe_interval_is_the_distance_of_the_last_two() -> None:
    flow = Flow()
    for pts_s in (0, 2, 4, 5):
        flow.on_keyframe(pts_s * 1_000_000_000)
    assert flow.keyframe_interval_s == 1.0
    assert flow.keyframes == 4


def test_a_flow_that_never_began_is_not_silent_but_unknown() -> None:
    flow = Flow()
    assert flow.silent_for_s(5_000_000_000) is None
    flow.on_unit(0, 10, 1_000_000_000)
    assert flow.silent_for_s(5_000_000_000) == 4.0
