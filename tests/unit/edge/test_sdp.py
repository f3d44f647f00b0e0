"""Offers: what is understood, what is refused, and what the answer says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regie.domain.errors import Invalid, NotAcceptable, RegieError
from regie.edge.negotiation import LocalTransport, Ssrcs, answer_text, library_offer, negotiated
from regie.edge.sdp import fragment_from_text, offer_from_text, usable_candidate

SESSION = [
    "v=0",
    "o=- 1 2 IN IP4 127.0.0.1",
    "s=-",
    "t=0 0",
    "a=group:BUNDLE 0 1",
    "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
    "a=ice-ufrag:abcd",
    "a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa",
    "a=setup:actpass",
]
VIDEO = [
    "m=video 9 UDP/TLS/RTP/SAVPF 96 102 104 106",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=recvonly",
    "a=rtcp-mux",
    "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "a=rtpmap:96 VP8/90000",
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f",
    "a=rtpmap:104 H264/90000",
    "a=fmtp:104 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
    "a=rtpmap:106 H264/90000",
    "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f",
]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 9",
    "a=mid:1",
    "a=recvonly",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=rtpmap:9 G722/8000",
]
DATA = ["m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "a=mid:2", "a=sctp-port:5000"]
LOCAL = LocalTransport(
    "uuuu", "p" * 24, "sha-256 00", "active", ["candidate:1 1 UDP 1 192.0.2.1 8189 typ host"]
)


def sdp(*parts: list[str]) -> str:
    return "\r\n".join(line for part in parts for line in part) + "\r\n"


def answer_to(text: str, profile: str | None = None) -> list[str]:
    agreed = negotiated(offer_from_text(text), profile)
    return answer_text(agreed, LOCAL, Ssrcs(11, 12), 1).split("\r\n")


def test_audio_and_video_are_answered_in_the_order_of_the_offer() -> None:
    answer = answer_to(sdp(SESSION, AUDIO, VIDEO))
    assert [line for line in answer if line.startswith("m=")] == [
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=video 9 UDP/TLS/RTP/SAVPF 104",
    ]
    assert "a=group:BUNDLE 1 0" in answer
    assert answer.count("a=sendonly") == 2
    assert answer.count("a=setup:active") == 2
    assert "a=ssrc:11 cname:regie" in answer
    assert "a=ssrc:12 cname:regie" in answer


def test_the_answer_is_complete_with_candidates_and_their_end() -> None:
    answer = answer_to(sdp(SESSION, VIDEO))
    assert "a=candidate:1 1 UDP 1 192.0.2.1 8189 typ host" in answer
    assert "a=end-of-candidates" in answer


def test_loss_and_keyframe_feedback_and_no_playout_delay_are_agreed() -> None:
    answer = answer_to(sdp(SESSION, VIDEO))
    assert {"a=rtcp-fb:104 nack", "a=rtcp-fb:104 nack pli", "a=rtcp-fb:104 ccm fir"} <= set(answer)
    assert "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay" in answer


@pytest.mark.parametrize(
    ("profile", "payload_type"), [(None, 104), ("42e01f", 104), ("640028", 106), ("4d0028", 104)]
)
def test_the_payload_type_of_the_streams_profile_is_chosen(profile: str | None, payload_type: int) -> None:
    answer = answer_to(sdp(SESSION, VIDEO), profile)
    assert f"m=video 9 UDP/TLS/RTP/SAVPF {payload_type}" in answer


def test_the_profile_answered_is_the_one_offered() -> None:
    expected = "a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"
    assert expected in answer_to(sdp(SESSION, VIDEO), "640028")


def test_sound_is_stereo() -> None:
    assert any("stereo=1" in line for line in answer_to(sdp(SESSION, AUDIO)) if line.startswith("a=fmtp:111"))


def test_what_is_not_served_is_rejected_in_its_place() -> None:
    answer = answer_to(sdp(SESSION, VIDEO, DATA, AUDIO))
    assert [line.split()[1] for line in answer if line.startswith("m=")] == ["9", "0", "9"]
    assert "a=group:BUNDLE 0 1" in answer


def test_only_what_was_understood_reaches_the_library() -> None:
    text = library_offer(negotiated(offer_from_text(sdp(SESSION, VIDEO, ["a=evil:x", "b=AS:1"], DATA)), None))
    assert "evil" not in text
    assert "application" not in text
    assert "VP8" not in text


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("", Invalid, "not SDP"),
        ("hello", Invalid, "not SDP"),
        (sdp(SESSION), Invalid, "without any m="),
        (sdp(SESSION, DATA), NotAcceptable, "neither H.264"),
        (sdp(SESSION, VIDEO[:7]), NotAcceptable, "neither H.264"),
        (
            sdp(SESSION, [line.replace("recvonly", "sendonly") for line in VIDEO]),
            NotAcceptable,
            "neither H.264",
        ),
        (sdp([line for line in SESSION if "ufrag" not in line], VIDEO), Invalid, "ice-ufrag"),
        (sdp([line for line in SESSION if "finger" not in line], VIDEO), Invalid, "fingerprint"),
        (sdp([line for line in SESSION if "BUNDLE" not in line], VIDEO, AUDIO), NotAcceptable, "BUNDLE"),
        (sdp(SESSION, [line for line in VIDEO if "mid" not in line]), Invalid, "a=mid"),
        (sdp(SESSION, [line for line in VIDEO if "rtcp-mux" not in line]), NotAcceptable, "rtcp-mux"),
        (sdp(SESSION, *[VIDEO] * 1000), Invalid, "characters"),
        (sdp(SESSION, *[VIDEO[:1]] * 1000), Invalid, "m= sections"),
        (sdp(SESSION, ["a=x"] * 3000), Invalid, "lines"),
        (sdp(SESSION, ["m=video"]), Invalid, "cannot be read"),
    ],
)
def test_an_offer_that_cannot_be_served_is_refused_with_the_reason(
    text: str, error: type[RegieError], words: str
) -> None:
    with pytest.raises(error, match=words):
        negotiated(offer_from_text(text), None)


@given(st.text(max_size=2000))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, "v=0\r\n" + text, sdp(SESSION, VIDEO) + text):
        try:
            answer_text(negotiated(offer_from_text(candidate), None), LOCAL, Ssrcs(1, 2), 1)
        except RegieError:
            continue


@given(st.lists(st.sampled_from([*SESSION, *VIDEO, *AUDIO, *DATA]), max_size=60))
def test_lines_in_any_order_are_read_or_refused(lines: list[str]) -> None:
    try:
        library_offer(negotiated(offer_from_text(sdp(["v=0"], lines)), None))
    except RegieError:
        return


@pytest.mark.parametrize(
    ("candidate", "usable"),
    [
        ("candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host generation 0 ufrag x", True),
        ("a=candidate:1 1 UDP 2113937151 2001:db8::1 50000 typ host", True),
        ("candidate:1 1 udp 2113937151 0f8a0d7e-12.local 50000 typ host", False),
        ("candidate:1 1 udp 2113937151 internal.example.org 50000 typ host", False),
        ("candidate:1 1 tcp 2113937151 192.0.2.7 9 typ host tcptype active", False),
        ("candidate:1 2 udp 2113937151 192.0.2.7 50000 typ host", False),
    ],
)
def test_only_udp_candidates_with_numeric_addresses_are_used(candidate: str, usable: bool) -> None:
    assert (usable_candidate(candidate) is not None) is usable


def test_a_trickled_fragment_gives_its_ufrag_and_candidates() -> None:
    fragment = fragment_from_text(
        "a=ice-ufrag:abcd\r\na=ice-pwd:x\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 1 192.0.2.7 50000 typ host\r\na=end-of-candidates\r\n"
    )
    assert fragment.ufrag == "abcd"
    assert fragment.candidates == ("candidate:1 1 udp 1 192.0.2.7 50000 typ host",)


@pytest.mark.parametrize(("name", "pairs"), [("sha-256", 20), ("sha-1", 32), ("sha-512", 48), ("md5", 16)])
def test_a_fingerprint_of_the_wrong_length_for_its_digest_is_none(name: str, pairs: int) -> None:
    fingerprint = f"a=fingerprint:{name} " + ":".join(["AB"] * pairs)
    text = sdp([fingerprint if "fingerprint" in line else line for line in SESSION], VIDEO)
    with pytest.raises(Invalid, match="fingerprint"):
        negotiated(offer_from_text(text), None)
