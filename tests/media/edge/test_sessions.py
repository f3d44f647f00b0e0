"""Sessions: limits, ends, leaks, and the order in which one is torn down."""

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from regie.domain.errors import Conflict, NotFound, NotSupported, TooMany
from tests.media.edge.conftest import PATH, NewReceiver
from tests.media.edge.rig import Receiver, stats_of
from tests.media.sources.rig import peer
from tests.support.net import free_udp_port
from tests.support.wait import until
from tests.support.worker import Worker, running


@pytest.mark.usefixtures("source")
def test_a_hung_up_viewer_is_gone_at_once(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: viewer.video.packets)
    edge.call("hangup", {"session": viewer.session})
    assert not stats_of(edge, viewer.session)
    until(lambda: viewer.video.goodbyes, what="the viewer is told")
    with pytest.raises(NotFound):
        edge.call("hangup", {"session": viewer.session})


@pytest.mark.usefixtures("source")
def test_a_viewer_that_vanishes_is_gone_within_ten_seconds(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: viewer.video.packets)
    viewer.close()
    until(lambda: not stats_of(edge, viewer.session), 10)


@pytest.mark.usefixtures("source")
def test_a_viewer_that_falls_silent_is_gone_within_ten_seconds_and_no_other(
    edge: Worker, receiver: NewReceiver
) -> None:
    silent, lively = receiver().connect(edge, PATH), receiver().connect(edge, PATH)
    until(lambda: silent.video.packets and stats_of(edge, silent.session)["rtt_ms"] is not None)
    silent.reports = False
    began = time.monotonic()
    until(lambda: not stats_of(edge, silent.session), 12)
    assert 7 < time.monotonic() - began <= 10
    assert stats_of(edge, lively.session)


def test_a_viewer_that_waits_for_its_source_stays(edge: Worker, receiver: NewReceiver) -> None:
    """Without media there is nothing to report on, but reports come."""
    viewer = receiver().connect(edge, PATH)
    until(lambda: viewer.connected)
    ends = time.monotonic() + 11
    until(lambda: time.monotonic() > ends or not stats_of(edge, viewer.session), 15)
    assert stats_of(edge, viewer.session)


def test_an_answer_nobody_takes_up_is_forgotten_after_ten_seconds(
    edge: Worker, receiver: NewReceiver
) -> None:
    offer = receiver().offer()
    session = edge.call("offer", {"path": PATH, "sdp": offer})["session"]
    assert stats_of(edge, session)["state"] == "connecting"
    until(lambda: not stats_of(edge, session), 13)


@pytest.mark.usefixtures("source")
def test_a_viewer_that_does_not_read_slows_nobody(edge: Worker, receiver: NewReceiver) -> None:
    lively = receiver().connect(edge, PATH)
    program = (sys.executable, "-m", "tests.media.edge.watch", str(edge.run_dir), edge.id, PATH)
    with peer(*program, ready="watching") as stuck:
        until(lively.video.has(0))
        os.kill(stuck.pid, signal.SIGSTOP)
        edge.call("reset")
        seen = len([packet for packet in lively.video.packets if packet.marker])
        until(lambda: len([packet for packet in lively.video.packets if packet.marker]) >= seen + 90, 6)
        path = edge.call("stats")["paths"][PATH]
    assert path["viewers"] == 2  # it was sent everything all the time
    assert path["send_ms"]["p50"] < 20


@pytest.mark.usefixtures("source")
def test_a_wrong_fingerprint_gets_no_media(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver()
    right = viewer.offer()
    at = right.index("a=fingerprint:sha-256 ") + 22
    wrong = "00:11" if right[at : at + 5] != "00:11" else "22:33"
    viewer.connect(edge, PATH, change=(right[at : at + 5], wrong))
    until(lambda: not stats_of(edge, viewer.session), 13)
    assert viewer.video.packets == []
    assert viewer.audio.packets == []


def test_a_full_path_lets_nobody_in_and_says_so(run_dir: Path, receiver: NewReceiver) -> None:
    spec = {"port": free_udp_port(), "bind": "127.0.0.1", "max_viewers": 2}
    with running(Worker("edge-0", "edge", run_dir), spec) as edge:
        first = receiver().connect(edge, PATH)
        with pytest.raises(TooMany, match="src/cam1 has 1 viewers, which is its limit"):
            edge.call("offer", {"path": PATH, "sdp": receiver().offer(), "max_viewers": 1})
        receiver().connect(edge, "src/cam2")
        with pytest.raises(TooMany, match="this edge"):
            receiver().connect(edge, "src/cam3")
        edge.call("hangup", {"session": first.session})
        receiver().connect(edge, PATH)


def test_limits_change_without_a_restart(edge: Worker, receiver: NewReceiver) -> None:
    port = edge.call("status")["detail"]["port"]
    receiver().connect(edge, PATH)
    edge.call("apply", {"spec": {"port": port, "bind": "127.0.0.1", "max_viewers": 1}})
    with pytest.raises(TooMany):
        receiver().connect(edge, PATH)


def test_configured_addresses_are_announced(run_dir: Path, receiver: NewReceiver) -> None:
    port = free_udp_port()
    spec = {"port": port, "bind": "127.0.0.1", "addresses": ["203.0.113.9", "2001:db8::9"]}
    with running(Worker("edge-0", "edge", run_dir), spec) as edge:
        answer = edge.call("offer", {"path": PATH, "sdp": receiver().offer()})["answer"]
    assert f" 203.0.113.9 {port} typ host" in answer
    assert f" 2001:db8::9 {port} typ host" in answer
    assert f" 127.0.0.1 {port} typ host" in answer


def test_candidates_are_taken_for_the_current_ice_session_only(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    fragment = "a=mid:v\r\na=candidate:1 1 udp 2113937151 127.0.0.1 50000 typ host\r\n"
    args = {"session": viewer.session, "etag": viewer.etag, "fragment": fragment}
    assert edge.call("candidates", args) == {}
    with pytest.raises(Conflict):
        edge.call("candidates", {**args, "etag": '"other"'})
    with pytest.raises(NotSupported):
        edge.call("candidates", {**args, "fragment": "a=ice-ufrag:changed\r\n" + fragment})
    with pytest.raises(NotFound):
        edge.call("candidates", {**args, "session": "nobody"})


def test_a_port_in_use_is_named_at_the_start(edge: Worker) -> None:
    port = edge.call("status")["detail"]["port"]
    other = Worker("edge-1", "edge", edge.run_dir)
    other.start({"port": port, "bind": "127.0.0.1"}, live=False)
    assert other.wait() == 1
    assert f"UDP port {port} cannot be opened" in other.log


@pytest.mark.usefixtures("source")
def test_it_stops_when_told_while_viewers_watch(edge: Worker, receiver: NewReceiver) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: viewer.video.packets)
    assert edge.stop() == 0
    until(lambda: viewer.video.goodbyes, what="the viewer is told")


@pytest.mark.usefixtures("source")
@pytest.mark.timeout(240)
def test_two_hundred_visits_leave_nothing_behind(edge: Worker) -> None:
    def visit() -> None:
        with Receiver().connect(edge, PATH) as viewer:
            until(lambda: viewer.video.packets)
            edge.call("hangup", {"session": viewer.session})

    def settled() -> bool:
        return bool(edge.call("stats")["viewers"] == [])

    process = psutil.Process(edge.pid)
    for _ in range(20):
        visit()
    until(settled)
    threads, files, memory = process.num_threads(), process.num_fds(), process.memory_info().rss
    for _ in range(200):
        visit()
    until(settled)
    until(lambda: process.num_threads() <= threads + 1, 10, "threads end")
    until(lambda: process.num_fds() <= files + 2, 10, "files close")
    assert process.memory_info().rss - memory < 12 * 1024 * 1024
