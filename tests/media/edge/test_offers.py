"""Offers no browser makes, to a real edge: it answers with an error, and lives on."""

import contextlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regie.domain.errors import Invalid, NotAcceptable
from tests.media.edge.conftest import PATH, NewReceiver
from tests.media.edge.rig import Receiver
from tests.support.wait import until
from tests.support.worker import Worker


def test_random_bytes_are_not_an_offer(edge: Worker) -> None:
    with pytest.raises(Invalid, match="not SDP"):
        edge.call("offer", {"path": PATH, "sdp": os.urandom(3000).decode("latin-1")})


def test_sixty_four_kilobytes_of_attributes_are_too_many(edge: Worker) -> None:
    with pytest.raises(Invalid):
        edge.call("offer", {"path": PATH, "sdp": "v=0\r\n" + "a=x:" + "y" * 70_000})


def test_a_thousand_sections_are_too_many(edge: Worker) -> None:
    with pytest.raises(Invalid, match="m= sections"):
        edge.call("offer", {"path": PATH, "sdp": "v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 1000})


def test_an_offer_of_vp8_alone_is_not_acceptable(edge: Worker, receiver: NewReceiver) -> None:
    offer = receiver(audio=False).offer().replace("H264", "VP8")
    with pytest.raises(NotAcceptable, match=r"H\.264"):
        edge.call("offer", {"path": PATH, "sdp": offer})


def test_an_offer_without_ice_credentials_is_invalid(edge: Worker, receiver: NewReceiver) -> None:
    offer = receiver().offer().replace("ice-ufrag", "x-ufrag")
    with pytest.raises(Invalid, match="ice-ufrag"):
        edge.call("offer", {"path": PATH, "sdp": offer})


def test_a_path_that_is_none_is_invalid(edge: Worker, receiver: NewReceiver) -> None:
    with pytest.raises(Invalid, match="not a path"):
        edge.call("offer", {"path": "../../etc", "sdp": receiver().offer()})


@pytest.mark.usefixtures("source")
@pytest.mark.timeout(180)
def test_whatever_is_offered_the_edge_lives_and_serves_the_next(edge: Worker, receiver: NewReceiver) -> None:
    template = Receiver().offer().split("\r\n")

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def fuzz(data: st.DataObject) -> None:
        lines = list(template)
        for _ in range(data.draw(st.integers(1, 6))):
            at = data.draw(st.integers(0, len(lines) - 1))
            match data.draw(st.integers(0, 4)):
                case 0:
                    del lines[at]
                    lines = lines or ["v=0"]
                case 1:
                    lines.insert(at, lines[data.draw(st.integers(0, len(lines) - 1))])
                case 2:
                    lines[at] = data.draw(st.text(max_size=80))
                case 3:
                    lines[at] += data.draw(st.text(alphabet="0123456789:; =/-\0é", max_size=20))
                case _:
                    cut = data.draw(st.integers(0, max(0, len(lines[at]) - 1)))
                    lines[at] = lines[at][:cut] + lines[at][cut + 1 :]
        with contextlib.suppress(Invalid, NotAcceptable):
            session = edge.call("offer", {"path": PATH, "sdp": "\r\n".join(lines)})["session"]
            edge.call("hangup", {"session": session})

    fuzz()
    assert edge.alive
    assert "Traceback" not in edge.log
    viewer = receiver().connect(edge, PATH)
    until(lambda: len(viewer.video.packets) > 20)
