"""Cutting access units into RTP payloads."""

from hypothesis import given
from hypothesis import strategies as st

from regie.edge.h264 import MAX_PAYLOAD_BYTES, H264Payloader, split_nals

SPS = bytes.fromhex("6742e01f8c8d40")
PPS = bytes.fromhex("68ce3c80")
AUD = b"\x09\x10"


def unit(*nals: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + nal for nal in nals)


def nals_from(payloads: tuple[bytes, ...]) -> list[bytes]:
    """What a receiver puts together again."""
    nals: list[bytes] = []
    for payload in payloads:
        kind = payload[0] & 0x1F
        if kind == 28:
            if payload[1] & 0x80:
                nals.append(bytes([payload[0] & 0xE0 | payload[1] & 0x1F]))
            nals[-1] += payload[2:]
        elif kind == 24:
            rest = payload[1:]
            while rest:
                size = int.from_bytes(rest[:2])
                nals.append(rest[2 : 2 + size])
                rest = rest[2 + size :]
        else:
            nals.append(payload)
    return nals


# No three bytes of a NAL look like a start code, and none ends in zero: that is what H.264 guarantees.
NAL = st.builds(
    lambda kind, body: bytes([0x60 | kind]) + body.replace(b"\0", b"\1") + b"\x80",
    st.sampled_from([1, 5, 6]),
    st.binary(min_size=0, max_size=5000),
)


@given(st.lists(NAL, min_size=1, max_size=8))
def test_a_receiver_gets_the_same_nal_units_back(nals: list[bytes]) -> None:
    packets = H264Payloader().packets(unit(*nals))
    assert nals_from(packets.payloads) == nals
    assert max(map(len, packets.payloads)) <= MAX_PAYLOAD_BYTES


def test_the_frame_for_the_library_holds_the_same_payloads_with_their_lengths() -> None:
    packets = H264Payloader().packets(unit(SPS, PPS, b"\x65" + b"\x11" * 3000))
    parts, rest = [], packets.frame
    while rest:
        size = int.from_bytes(rest[:4])
        parts.append(rest[4 : 4 + size])
        rest = rest[4 + size :]
    assert tuple(parts) == packets.payloads


def test_what_a_viewer_has_no_use_for_is_not_sent() -> None:
    assert nals_from(H264Payloader().packets(unit(AUD, b"\x41\x9a\x80")).payloads) == [b"\x41\x9a\x80"]


def test_parameter_sets_travel_in_one_packet() -> None:
    payloads = H264Payloader().packets(unit(SPS, PPS, b"\x65" + b"\x11" * 3000)).payloads
    assert nals_from(payloads[:1]) == [SPS, PPS]


def test_a_keyframe_without_parameter_sets_gets_those_of_before() -> None:
    payloader = H264Payloader()
    payloader.packets(unit(SPS, PPS, b"\x65\x88\x80"))
    assert nals_from(payloader.packets(unit(b"\x65\x99\x80")).payloads) == [SPS, PPS, b"\x65\x99\x80"]


def test_the_profile_is_read_from_the_stream() -> None:
    payloader = H264Payloader()
    payloader.packets(unit(SPS, PPS))
    assert payloader.profile_level_id == "42e01f"


def test_both_lengths_of_start_codes_are_understood() -> None:
    assert list(split_nals(b"\0\0\1\x41\x9a\0\0\0\1\x41\x9b")) == [b"\x41\x9a", b"\x41\x9b"]


def test_no_media_is_no_packet() -> None:
    assert H264Payloader().packets(b"").payloads == ()
