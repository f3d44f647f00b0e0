"""The offer a viewer sends and the answer it gets, as far as a sender of H.264 and Opus needs them.

The library never sees what a stranger wrote: an offer is read here, strictly and within limits, and only what
was understood is handed on, newly written.
"""

import re
from dataclasses import dataclass, field

from regie.domain.errors import Invalid

MAX_OFFER_BYTES = 64 * 1024
MAX_LINES = 2000
MAX_SECTIONS = 16
MAX_CANDIDATES = 32

_WORD = re.compile(r"[A-Za-z0-9/_.-]{1,64}")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PASSWORD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_DIGEST_BYTES = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}
_FINGERPRINT = re.compile(
    "|".join(f"{name} (?:[0-9A-F]{{2}}:){{{size - 1}}}[0-9A-F]{{2}}" for name, size in _DIGEST_BYTES.items()),
    re.I,
)
_CANDIDATE = re.compile(
    r"candidate:[A-Za-z0-9+/]{1,32} 1 udp \d{1,10} [0-9a-fA-F.:]{2,45} \d{1,5} "
    r"typ (?:host|srflx|prflx|relay)"
    r"(?: [A-Za-z0-9.:+/-]{1,64})*",
    re.I,
)


@dataclass
class Codec:
    """One payload type of a section."""

    payload_type: int
    name: str = ""
    clock_hz: int = 0
    channels: int = 1
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass
class Section:
    """One m= section. What stands in the session part applies where the section says nothing."""

    kind: str
    protocol: str
    formats: list[str]
    mid: str = ""
    direction: str = "sendrecv"
    rejected: bool = False
    setup: str = ""
    ufrag: str = ""
    password: str = ""
    fingerprint: str = ""
    rtcp_mux: bool = False
    ssrcs: list[int] = field(default_factory=list)
    codecs: dict[int, Codec] = field(default_factory=dict)
    extensions: dict[str, int] = field(default_factory=dict)
    candidates: list[str] = field(default_factory=list)

    @property
    def receives(self) -> bool:
        return (
            not self.rejected and self.direction in ("recvonly", "sendrecv") and "RTP/SAVP" in self.protocol
        )


@dataclass
class Offer:
    sections: list[Section]
    bundle: list[str]


def offer_from_text(text: str) -> Offer:
    """Read an offer; Invalid says what is wrong with it."""
    if len(text) > MAX_OFFER_BYTES:
        raise Invalid(f"an SDP offer of {len(text)} characters; {MAX_OFFER_BYTES} are allowed")
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    if lines[0].strip() != "v=0":
        raise Invalid("this is not SDP: its first line is not v=0", "send the browser's offer as it is")
    if len(lines) > MAX_LINES:
        raise Invalid(f"an SDP offer of {len(lines)} lines; {MAX_LINES} are allowed")
    session = Section("session", "", [])
    offer = Offer([], [])
    for line in lines:
        if line.startswith("m="):
            if len(offer.sections) == MAX_SECTIONS:
                raise Invalid(f"an SDP offer with more than {MAX_SECTIONS} m= sections")
            offer.sections.append(_section_from_line(line, session))
        elif line.startswith("a="):
            name, _, value = line[2:].strip().partition(":")
            if name == "group" and value.startswith("BUNDLE"):
                offer.bundle = value.split()[1:]
            else:
                _read_attribute(offer.sections[-1] if offer.sections else session, name, value)
    if not offer.sections:
        raise Invalid("an SDP offer without any m= section: there is nothing to send")
    return offer


def _section_from_line(line: str, session: Section) -> Section:
    parts = line[2:].split()
    match parts:
        case [kind, port, protocol, *formats] if len(parts) <= 256 and all(map(_WORD.fullmatch, parts)):
            return Section(
                kind,
                protocol,
                formats,
                direction=session.direction,
                rejected=port.partition("/")[0] == "0",
                setup=session.setup,
                ufrag=session.ufrag,
                password=session.password,
                fingerprint=session.fingerprint,
            )
    raise Invalid(f"an SDP line that cannot be read: {line[:60]!r}")


def _read_attribute(section: Section, name: str, value: str) -> None:  # noqa: PLR0912 - a flat table of names
    match name:
        case "sendrecv" | "sendonly" | "recvonly" | "inactive":
            section.direction = name
        case "mid" if _TOKEN.fullmatch(value):
            section.mid = value
        case "setup" if value in ("actpass", "active", "passive"):
            section.setup = value
        case "ice-ufrag" if _UFRAG.fullmatch(value):
            section.ufrag = value
        case "ice-pwd" if _PASSWORD.fullmatch(value):
            section.password = value
        case "fingerprint" if _FINGERPRINT.fullmatch(value):
            section.fingerprint = value
        case "rtcp-mux":
            section.rtcp_mux = True
        case "candidate":
            if (candidate := usable_candidate(f"candidate:{value}")) and len(
                section.candidates
            ) < MAX_CANDIDATES:
                section.candidates.append(candidate)
        case "ssrc" if (number := value.partition(" ")[0]).isdecimal() and len(section.ssrcs) < 16:
            section.ssrcs.append(int(number) & 0xFFFFFFFF)
        case "rtpmap":
            _read_rtpmap(section, value)
        case "fmtp":
            _read_fmtp(section, value)
        case "extmap":
            _read_extmap(section, value)


def _read_rtpmap(section: Section, value: str) -> None:
    match = re.fullmatch(r"(\d{1,3}) ([A-Za-z0-9._-]{1,32})/(\d{1,7})(?:/(\d))?", value)
    if match and match[1] in section.formats and int(match[1]) < 128:
        codec = section.codecs.setdefault(int(match[1]), Codec(int(match[1])))
        codec.name, codec.clock_hz, codec.channels = match[2].upper(), int(match[3]), int(match[4] or 1)


def _read_fmtp(section: Section, value: str) -> None:
    number, _, parameters = value.partition(" ")
    if number in section.formats and number.isdecimal() and int(number) < 128:
        codec = section.codecs.setdefault(int(number), Codec(int(number)))
        for parameter in parameters.split(";")[:32]:
            key, _, content = parameter.strip().partition("=")
            codec.parameters[key.lower()] = content.lower()


def _read_extmap(section: Section, value: str) -> None:
    match = re.fullmatch(r"(\d{1,2})(?:/\w+)? (\S{1,200})(?: .*)?", value)
    if match and 0 < int(match[1]) < 15:  # what fits the one-byte header
        section.extensions.setdefault(match[2], int(match[1]))


def usable_candidate(text: str) -> str | None:
    """A UDP candidate with a numeric address.

    Names are never looked up: a browser that hides behind an mDNS name tells where it is by its own checks,
    and any other name would let a stranger make us ask our DNS.
    """
    match = _CANDIDATE.fullmatch(text.strip().removeprefix("a="))
    return match[0] if match else None


@dataclass(frozen=True)
class Fragment:
    """A trickle-ice-sdpfrag (RFC 8840)."""

    ufrag: str
    candidates: tuple[str, ...]


def fragment_from_text(text: str) -> Fragment:
    if len(text) > MAX_OFFER_BYTES or text.count("\n") > MAX_LINES:
        raise Invalid("this SDP fragment is too long")
    ufrag, candidates = "", []
    for line in text.replace("\r\n", "\n").split("\n"):
        name, _, value = line.strip().removeprefix("a=").partition(":")
        if name == "ice-ufrag" and not ufrag:
            ufrag = value
        elif name == "candidate" and (candidate := usable_candidate(f"candidate:{value}")):
            candidates.append(candidate)
    return Fragment(ufrag, tuple(candidates[:MAX_CANDIDATES]))
