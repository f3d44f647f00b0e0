"""What the edge writes itself: RTP packets and sender reports."""

import struct
import time

from regie.edge.rtp import (
    goodbye,
    ntp_from_running,
    playout_delay_extension,
    rtp_packet,
    sender_report,
    ticks_from_ns,
)
from regie.hub.clock import now_ns


def test_a_packet_is_what_rfc_3550_draws() -> None:
    packet = rtp_packet(b"xy", payload_type=96, sequence=65537, timestamp=1 << 32 | 7, ssrc=9, marker=True)
    assert packet == struct.pack("!BBHII", 0x80, 0x80 | 96, 1, 7, 9) + b"xy"


def test_an_extension_sets_its_bit_and_has_whole_words() -> None:
    packet = rtp_packet(
        b"x", payload_type=96, sequence=1, timestamp=1, ssrc=1, extension=playout_delay_extension(5)
    )
    assert packet[0] == 0x90
    assert packet[12:20] == b"\xbe\xde\0\1\x52\0\0\0"


def test_running_time_becomes_the_time_of_day() -> None:
    seconds = (ntp_from_running(now_ns()) >> 32) - 2_208_988_800
    assert abs(seconds - time.time()) < 2


def test_one_instant_has_one_ntp_time_whatever_the_clock_rate() -> None:
    at = 5_000_000_000
    assert ticks_from_ns(at, 90_000) / 90_000 == ticks_from_ns(at, 48_000) / 48_000


def test_a_sender_report_is_a_compound_with_the_name_of_the_stream() -> None:
    report = sender_report(ssrc=9, running_ns=0, rtp_timestamp=5, packets=3, octets=4, cname=b"regie")
    first, kind, words, ssrc, _, timestamp, packets, octets = struct.unpack_from("!BBHIQIII", report)
    assert (first, kind, words, ssrc, timestamp, packets, octets) == (0x80, 200, 6, 9, 5, 3, 4)
    assert report[28:30] == b"\x81\xca"
    assert len(report) == 28 + 4 + 4 * int.from_bytes(report[30:32])


def test_a_goodbye_names_the_streams_that_end() -> None:
    assert goodbye(1, 2) == struct.pack("!BBHII", 0x82, 203, 2, 1, 2)
