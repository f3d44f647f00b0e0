"""What a viewer sees and hears, from the hub through a real edge to a real receiver."""

from itertools import pairwise
from pathlib import Path

import pytest

from regie.domain.errors import NotAcceptable
from tests.media.edge.conftest import PATH, NewReceiver
from tests.media.edge.rig import Receiver, decoded, stats_of, time_of
from tests.support.wait import until
from tests.support.worker import Worker, running


def times_in(receiver: Receiver) -> list[int]:
    """The times in the pictures it got; a picture without a readable one is an error."""
    times = [time_of(frame) for frame in decoded(receiver.video.packets)]
    assert None not in times
    return [time for time in times if time is not None]


@pytest.mark.usefixtures("source")
def test_a_viewer_sees_moving_pictures_with_their_time_and_hears_sound(
    edge: Worker, receiver: NewReceiver
) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: len(viewer.audio.packets) > 50, what="a second of sound")
    times = times_in(viewer)
    assert len(times) >= 30
    assert times == sorted(times)
    sequences = [packet.sequence for packet in viewer.audio.packets]
    assert [(later - sooner) & 0xFFFF for sooner, later in pairwise(sequences)] == [1] * (len(sequences) - 1)


@pytest.mark.usefixtures("source")
def test_a_later_viewer_gets_a_keyframe_at_once_and_ends_at_the_live_edge(
    edge: Worker, receiver: NewReceiver
) -> None:
    first = receiver().connect(edge, PATH)
    until(lambda: len(first.video.packets) > 30)
    second = receiver().connect(edge, PATH)
    until(lambda: second.video.packets and second.audio.packets)
    until(lambda: len(second.audio.packets) > 25)
    began, stamps = second.video.packets[0].at, [p.timestamp for p in second.video.packets if p.marker]
    assert decoded(second.video.packets)[0].key_frame
    assert began - second.connected_at < 1.0  # the next keyframe is up to two seconds away
    assert stamps == sorted(set(stamps))
    assert stamps[-1] == max(
        packet.timestamp for packet in first.video.packets if packet.at <= began + 2.0
    ) or (abs(stamps[-1] - first.video.packets[-1].timestamp) < 9000)


@pytest.mark.usefixtures("source")
def test_an_offer_of_sound_or_pictures_alone_is_served(edge: Worker, receiver: NewReceiver) -> None:
    deaf, blind = receiver(audio=False).connect(edge, PATH), receiver(video=False).connect(edge, PATH)
    until(lambda: len(deaf.video.packets) > 60)
    until(lambda: len(blind.audio.packets) > 20)
    assert len(times_in(deaf)) > 5
    until(lambda: len(deaf.video.reports) >= 2 and blind.audio.reports, what="sender reports for both")


def test_a_monitor_is_sound_alone_whatever_is_offered(
    edge: Worker, receiver: NewReceiver, run_dir: Path, source_spec: dict[str, object]
) -> None:
    with running(Worker("src-mon", "source", run_dir), {**source_spec, "path": "mon/main"}):
        both, blind = receiver(), receiver(video=False)
        for viewer in (both, blind):
            viewer.connect(edge, "mon/main")
            until(viewer.audio.has(20))
        assert "m=video 0 " in both.answer
        with pytest.raises(NotAcceptable, match="only sound"):
            edge.call("offer", {"path": "mon/main", "sdp": receiver(audio=False).offer()})


def test_one_reader_of_the_hub_serves_all_viewers(
    edge: Worker, source: Worker, receiver: NewReceiver
) -> None:
    viewers = [receiver().connect(edge, PATH) for _ in range(4)]
    for viewer in viewers:
        until(viewer.video.has(40))
    assert edge.call("stats")["paths"][PATH]["viewers"] == 4
    assert source.call("stats")["paths"][PATH]["video"]["readers"] == 1


def test_a_viewer_may_come_before_its_source(
    edge: Worker, receiver: NewReceiver, source_spec: dict[str, object]
) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: viewer.connected)
    with running(Worker("src-cam1", "source", edge.run_dir), source_spec):
        until(lambda: len(viewer.video.packets) > 60)
    assert len(times_in(viewer)) > 5


def test_the_picture_returns_with_a_new_writer_and_its_timestamps_go_on(
    edge: Worker, receiver: NewReceiver, source_spec: dict[str, object]
) -> None:
    writer = Worker("src-cam1", "source", edge.run_dir)
    with running(writer, source_spec):
        viewer = receiver().connect(edge, PATH)
        until(lambda: len(viewer.video.packets) > 60)
        writer.kill()
        before = len(viewer.video.packets)
        writer.start(source_spec)
        until(lambda: len(viewer.video.packets) > before + 60)
    stamps = [packet.timestamp for packet in viewer.video.packets if packet.marker]
    assert all(0 < (later - sooner) & 0xFFFFFFFF < 1 << 31 for sooner, later in pairwise(stamps))
    times = times_in(viewer)
    assert times == sorted(times)
    assert stats_of(edge, viewer.session)


@pytest.mark.usefixtures("source")
def test_sender_reports_of_sound_and_picture_name_one_instant(edge: Worker, receiver: NewReceiver) -> None:
    """Lip-sync: what NTP and RTP time a report pairs must be the hub's clock, whatever the delays."""
    viewer = receiver().connect(edge, PATH)
    until(lambda: len(viewer.video.reports) >= 3 and len(viewer.audio.reports) >= 3, 15)
    pictured = decoded(viewer.video.packets)[-1]
    report, shown = viewer.video.reports[-1], time_of(pictured)
    assert pictured.pts is not None
    assert shown is not None
    # The instant its RTP timestamp stands for, and the instant in the picture, both from the report's on:
    stands_for_s = (pictured.pts - report.timestamp) / 90_000
    assert abs(stands_for_s - (shown / 1000 - report.at)) < 0.06
    # Both streams' reports of one second are of one instant, and run with nothing but their clock rates.
    video, audio = viewer.video.reports[-2:], viewer.audio.reports[-2:]
    assert [each.ntp for each in video] == [each.ntp for each in audio]
    passed_s = (video[1].ntp - video[0].ntp) / 2**32
    assert abs((video[1].timestamp - video[0].timestamp) / 90_000 - passed_s) < 0.0001
    assert abs((audio[1].timestamp - audio[0].timestamp) / 48_000 - passed_s) < 0.0001
