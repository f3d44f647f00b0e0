"""Reading what viewers report."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from regie.edge.rtcp import (
    MAX_LOST_PER_PACKET,
    KeyframeWanted,
    Nack,
    ReceptionReport,
    feedback_from_rtcp,
    round_trip_ms,
)

BLOCK = struct.pack("!IIIIII", 7, 64 << 24 | 12, 1000, 90, 0x12345678, 65536)
RECEIVER_REPORT = struct.pack("!BBHI", 0x81, 201, 7, 1) + BLOCK


@given(st.binary(max_size=400))
def test_garbage_is_passed_over(data: bytes) -> None:
    assert isinstance(feedback_from_rtcp(data), list)


@given(st.binary(max_size=200), st.integers(192, 223), st.integers(0, 31), st.integers(0, 0xFFFF))
def test_a_header_that_lies_is_passed_over(body: bytes, kind: int, count: int, words: int) -> None:
    packet = struct.pack("!BBH", 0x80 | count, kind, words) + body
    assert isinstance(feedback_from_rtcp(packet), list)


def test_a_receiver_report_says_loss_jitter_and_the_echo_of_ours() -> None:
    assert feedback_from_rtcp(RECEIVER_REPORT) == [ReceptionReport(7, 0.25, 12, 90, 0x12345678, 65536)]


def test_more_packets_than_expected_is_a_negative_loss() -> None:
    block = struct.pack("!IIIIII", 7, 0xFFFFFE, 0, 0, 0, 0)
    [report] = feedback_from_rtcp(struct.pack("!BBHI", 0x81, 201, 7, 1) + block)
    assert isinstance(report, ReceptionReport)
    assert report.lost == -2


def test_a_nack_names_each_lost_packet_around_the_end_of_the_numbers() -> None:
    nack = struct.pack("!BBHIIHH", 0x81, 205, 3, 1, 7, 0xFFFF, 0b101)
    assert feedback_from_rtcp(RECEIVER_REPORT + nack)[1] == Nack(7, (0xFFFF, 0, 2))


def test_a_nack_for_everything_is_cut_short() -> None:
    pairs = struct.pack("!HH", 1, 0xFFFF) * 300
    [nack] = feedback_from_rtcp(struct.pack("!BBHII", 0x81, 205, 2 + 300, 1, 7) + pairs)
    assert isinstance(nack, Nack)
    assert len(nack.lost) == MAX_LOST_PER_PACKET


def test_a_nack_too_short_to_name_a_packet_asks_for_nothing() -> None:
    assert feedback_from_rtcp(struct.pack("!BBHI", 0x81, 205, 1, 1)) == []


def test_picture_loss_and_full_intra_requests_want_a_keyframe() -> None:
    pli = struct.pack("!BBHII", 0x81, 206, 2, 1, 7)
    fir = struct.pack("!BBHIIII", 0x84, 206, 4, 1, 0, 7, 0)
    assert feedback_from_rtcp(pli + fir) == [KeyframeWanted(7), KeyframeWanted(7)]


def test_the_round_trip_is_now_less_the_echo_less_the_time_it_was_kept() -> None:
    report = ReceptionReport(7, 0, 0, 0, last_report=100 << 16, since_last_report=32768)
    assert round_trip_ms(report, (101 << 16) << 16) == 500.0


def test_an_impossible_round_trip_is_none() -> None:
    assert round_trip_ms(ReceptionReport(7, 0, 0, 0, 0, 0), 1 << 40) is None
    assert round_trip_ms(ReceptionReport(7, 0, 0, 0, 1, 0), 100 << 32) is None
