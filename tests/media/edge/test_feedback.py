"""What viewers report back: losses are mended, keyframes asked for, and garbage is survived."""

import os
import struct
import time

import pytest

from tests.media.edge.conftest import PATH, NewReceiver
from tests.media.edge.rig import Receiver, decoded, stats_of
from tests.support.wait import until
from tests.support.worker import Worker


def lost_by(receiver: Receiver) -> list[int]:
    """The sequence numbers that are missing between the first and the last packet."""
    have = {packet.sequence for packet in receiver.video.packets}
    first, last = receiver.video.packets[0].sequence, receiver.video.packets[-1].sequence
    return [
        (first + at) & 0xFFFF for at in range((last - first) & 0xFFFF) if (first + at) & 0xFFFF not in have
    ]


def nacked(receiver: Receiver, lost: list[int]) -> set[int]:
    """What is still missing; asked for again, as browsers do it until it comes."""
    missing = set(lost) & set(lost_by(receiver))
    if missing:
        receiver.nack(*sorted(missing))
    return missing


@pytest.mark.usefixtures("source")
def test_lost_packets_are_sent_again_exactly_as_they_were(edge: Worker, receiver: NewReceiver) -> None:
    viewer, whole = receiver(lose={3, 10, 11, 25, 40}), receiver()
    whole.connect(edge, PATH)
    viewer.connect(edge, PATH)
    until(viewer.video.has(60))
    lost = lost_by(viewer)
    assert len(lost) == 5
    until(lambda: not nacked(viewer, lost), 5, "the lost packets")
    again = [packet for packet in viewer.video.packets if packet.sequence in lost]
    beside = {packet.payload for packet in whole.video.packets}
    assert all(packet.payload in beside for packet in again[1:])
    assert all(packet.has_extension == viewer.video.packets[0].has_extension for packet in again)
    assert len(decoded(viewer.video.packets)) >= 5
    assert stats_of(edge, viewer.session)["resent"] >= 5


@pytest.mark.usefixtures("source")
def test_a_lone_picture_is_mended_as_well(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver(audio=False, lose={5}).connect(edge, PATH)
    until(viewer.video.has(40))
    lost = lost_by(viewer)
    assert len(lost) == 1
    until(lambda: not nacked(viewer, lost), 5)
    until(viewer.video.has(len(viewer.video.packets) + 40), what="the stream goes on")


@pytest.mark.usefixtures("source")
def test_a_flood_of_requests_to_send_again_is_bounded(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: len(viewer.video.packets) > 50)
    some = [packet.sequence for packet in viewer.video.packets[-50:]]
    began = time.monotonic()
    for number in range(400):
        viewer.nack(*some, number)
    until(lambda: stats_of(edge, viewer.session)["nacks"] > 200)
    assert stats_of(edge, viewer.session)["resent"] <= 2000 * (2 + time.monotonic() - began)


@pytest.mark.usefixtures("source")
def test_a_lost_picture_makes_the_source_send_a_keyframe(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: len(viewer.video.packets) > 50)
    asked = len(viewer.video.packets)
    began = time.monotonic()
    viewer.pli()

    def keyframe_came() -> bool:
        return any(packet.payload[0] & 0x1F in (24, 7) for packet in viewer.video.packets[asked:])

    until(keyframe_came, 5)
    assert time.monotonic() - began < 0.5  # the next of its own would be up to two seconds away
    assert stats_of(edge, viewer.session)["plis"] == 1


@pytest.mark.usefixtures("source")
def test_reports_become_statistics(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: stats_of(edge, viewer.session)["rtt_ms"] is not None)
    until(lambda: stats_of(edge, viewer.session)["bitrate"] > 50_000)
    stats = stats_of(edge, viewer.session)
    assert 0 <= stats["rtt_ms"] < 500
    assert stats["jitter_ms"] == 1.0
    assert stats["frames"] > 10
    assert (stats["name"], stats["remote"], stats["state"]) == ("test", "127.0.0.1", "live")


@pytest.mark.usefixtures("source")
def test_garbage_as_rtcp_harms_nobody(edge: Worker, receiver: NewReceiver) -> None:
    villain, neighbour = receiver().connect(edge, PATH), receiver().connect(edge, PATH)
    until(lambda: len(villain.video.packets) > 10 and len(neighbour.video.packets) > 10)
    ssrc = villain.video.packets[0].ssrc
    for kind in range(200, 208):
        for words in (0, 1, 2, 5, 0xFFFF):
            for count in (0, 1, 4, 15, 31):
                body = struct.pack("!II", 1, ssrc) + os.urandom(16)
                villain.send_rtcp(struct.pack("!BBH", 0x80 | count, kind, words) + body)
    seen = len(neighbour.video.packets)
    until(lambda: len(neighbour.video.packets) > seen + 60, what="the neighbour's picture goes on")
    assert edge.alive
    assert "Traceback" not in edge.log
