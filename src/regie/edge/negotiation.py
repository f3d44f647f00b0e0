"""What of an offer is served, and the answer that says so (RFC 8829, RFC 6184, RFC 7587)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from regie.domain.errors import Invalid, NotAcceptable
from regie.edge.sdp import Codec, Offer, Section
from regie.hub.paths import Stream

PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
CNAME = "regie"

# Receivers decode more than they name; in this order when the stream's own profile is not offered.
_PROFILES = ("42e0", "42c0", "4200", "4d00", "6400", "640c")


@dataclass(frozen=True)
class Sent:
    """One section of the offer that is served."""

    index: int
    section: Section
    codec: Codec
    playout_delay_id: int = 0


@dataclass(frozen=True)
class Negotiated:
    offer: Offer
    video: Sent | None
    audio: Sent | None

    @property
    def served(self) -> list[Sent]:
        return sorted((sent for sent in (self.video, self.audio) if sent), key=lambda sent: sent.index)

    @property
    def transport(self) -> Section:
        """The section whose ICE and DTLS parameters hold for all: the first of the bundle."""
        return self.served[0].section


def negotiated(
    offer: Offer, profile_level_id: str | None, streams: Collection[Stream] = tuple(Stream)
) -> Negotiated:
    """Choose; NotAcceptable when the offer wants nothing that is sent here."""
    video = _video(offer, profile_level_id) if Stream.VIDEO in streams else None
    result = Negotiated(offer, video, _audio(offer))
    if not result.served and Stream.VIDEO not in streams:
        raise NotAcceptable("there is only sound here", "offer to receive Opus audio")
    if not result.served:
        raise NotAcceptable(
            "the offer asks for neither H.264 video nor Opus audio",
            "offer to receive H.264 (packetization-mode=1) or Opus; nothing else is sent",
        )
    _check_transport(result)
    return result


def _video(offer: Offer, profile_level_id: str | None) -> Sent | None:
    for index, section in enumerate(offer.sections):
        if section.kind == "video" and section.receives and (codec := _h264(section, profile_level_id)):
            return Sent(index, section, codec, section.extensions.get(PLAYOUT_DELAY, 0))
    return None


def _h264(section: Section, profile_level_id: str | None) -> Codec | None:
    """The payload type whose profile is the stream's, else the most widely understood one."""
    wanted = [profile_level_id[:4], *_PROFILES] if profile_level_id else list(_PROFILES)

    def rank(codec: Codec) -> int:
        profile = codec.parameters.get("profile-level-id", "42001f")[:4]
        return wanted.index(profile) if profile in wanted else len(wanted)

    fitting = [
        codec
        for codec in section.codecs.values()
        if codec.name == "H264"
        and codec.clock_hz == 90_000
        and codec.parameters.get("packetization-mode") == "1"
    ]
    return min(fitting, key=rank, default=None)


def _audio(offer: Offer) -> Sent | None:
    for index, section in enumerate(offer.sections):
        if section.kind == "audio" and section.receives:
            for codec in section.codecs.values():
                if codec.name == "OPUS" and codec.clock_hz == 48_000:
                    return Sent(index, section, codec)
    return None


def _check_transport(result: Negotiated) -> None:
    transport = result.transport
    if not transport.ufrag or not transport.password:
        raise Invalid("the offer has no usable a=ice-ufrag and a=ice-pwd")
    if not transport.fingerprint:
        raise Invalid("the offer has no usable a=fingerprint: media is only sent encrypted")
    mids = [sent.section.mid for sent in result.served]
    if not all(mids) or len(set(mids)) != len(mids):
        raise Invalid("each m= section of the offer needs an a=mid of its own")
    if len(mids) > 1 and not set(mids) <= set(result.offer.bundle):
        raise NotAcceptable(
            "audio and video must be bundled (a=group:BUNDLE): there is one connection for both"
        )
    if not all(sent.section.rtcp_mux for sent in result.served):
        raise NotAcceptable("the offer must multiplex RTP and RTCP (a=rtcp-mux)")


def library_offer(result: Negotiated) -> str:
    """The offer as libdatachannel gets it: the served sections, and nothing that was not understood.

    It passes RTCP on by SSRC. Chromium reports as SSRC 1 when it sends no media itself and says so nowhere,
    so that number is added; otherwise nothing would be heard from it until media flows.
    """
    transport = result.transport
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += ["a=group:BUNDLE " + " ".join(sent.section.mid for sent in result.served)]
    for sent in result.served:
        number, section = sent.codec.payload_type, sent.section
        lines += [f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {number}", "c=IN IP4 0.0.0.0"]
        lines += [
            f"a=mid:{section.mid}",
            "a=recvonly",
            "a=rtcp-mux",
            f"a=setup:{transport.setup or 'actpass'}",
        ]
        lines += [f"a=ice-ufrag:{transport.ufrag}", f"a=ice-pwd:{transport.password}"]
        lines += [f"a=fingerprint:{transport.fingerprint}", _rtpmap(sent)]
        lines += [
            f"a=ssrc:{ssrc} cname:viewer"
            for ssrc in dict.fromkeys([*section.ssrcs, *_SILENT_SSRC[section.kind]])
        ]
    lines += [f"a={candidate}" for candidate in transport.candidates]
    return "\r\n".join(lines) + "\r\n"


_SILENT_SSRC = {"video": (1,), "audio": ()}


@dataclass(frozen=True)
class LocalTransport:
    """What the library knows once it has gathered."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: Sequence[str]


@dataclass(frozen=True)
class Ssrcs:
    video: int
    audio: int


def answer_text(result: Negotiated, local: LocalTransport, ssrcs: Ssrcs, session_id: int) -> str:
    """The complete answer: every section of the offer in its order, the unserved ones rejected."""
    served = {sent.index: sent for sent in result.served}
    lines = ["v=0", f"o=- {session_id} 1 IN IP4 127.0.0.1", "s=-", "t=0 0"]
    lines += ["a=group:BUNDLE " + " ".join(sent.section.mid for sent in result.served)]
    lines += ["a=msid-semantic: WMS regie", "a=ice-options:ice2"]
    for index, section in enumerate(result.offer.sections):
        if sent := served.get(index):
            lines += _served_lines(sent, local, ssrcs, with_candidates=sent is result.served[0])
        else:
            lines += _rejected_lines(section)
    return "\r\n".join(lines) + "\r\n"


def _served_lines(sent: Sent, local: LocalTransport, ssrcs: Ssrcs, *, with_candidates: bool) -> list[str]:
    section, number = sent.section, sent.codec.payload_type
    ssrc = ssrcs.video if section.kind == "video" else ssrcs.audio
    lines = [f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {number}", "c=IN IP4 0.0.0.0", f"a=mid:{section.mid}"]
    lines += ["a=sendonly", "a=rtcp-mux", "a=rtcp-rsize", f"a=setup:{local.setup}"]
    lines += [
        f"a=ice-ufrag:{local.ufrag}",
        f"a=ice-pwd:{local.password}",
        f"a=fingerprint:{local.fingerprint}",
    ]
    lines += [_rtpmap(sent), _fmtp(sent)]
    if section.kind == "video":
        lines += [f"a=rtcp-fb:{number} {feedback}" for feedback in ("nack", "nack pli", "ccm fir")]
    if sent.playout_delay_id:
        lines += [f"a=extmap:{sent.playout_delay_id} {PLAYOUT_DELAY}"]
    lines += [f"a=msid:{CNAME} {section.kind}", f"a=ssrc:{ssrc} cname:{CNAME}"]
    if with_candidates:
        lines += [f"a={candidate}" for candidate in local.candidates]
        lines += ["a=end-of-candidates"]
    return lines


def _rejected_lines(section: Section) -> list[str]:
    formats = " ".join(section.formats[:1]) or "0"
    lines = [f"m={section.kind} 0 {section.protocol} {formats}", "c=IN IP4 0.0.0.0", "a=inactive"]
    return lines + ([f"a=mid:{section.mid}"] if section.mid else [])


def _rtpmap(sent: Sent) -> str:
    name = "H264/90000" if sent.section.kind == "video" else "opus/48000/2"
    return f"a=rtpmap:{sent.codec.payload_type} {name}"


def _fmtp(sent: Sent) -> str:
    number = sent.codec.payload_type
    if sent.section.kind == "audio":
        return f"a=fmtp:{number} minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"
    profile = sent.codec.parameters.get("profile-level-id", "42001f")
    return f"a=fmtp:{number} level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"
