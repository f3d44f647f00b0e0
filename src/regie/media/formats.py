"""What comes out of a source, by its caps: which part of a pipeline takes it on, or that none does."""

from dataclasses import dataclass
from typing import Any

from regie.hub.paths import Stream

_DEPAYLOADERS = {
    # As one packet per picture: a camera that repeats its parameters between slices does not split it.
    "H264": "rtph264depay ! video/x-h264,stream-format=avc,alignment=au",
    "H265": "rtph265depay",
    "JPEG": "rtpjpegdepay",
    "VP8": "rtpvp8depay",
    "VP9": "rtpvp9depay",
    "MP4V-ES": "rtpmp4vdepay",
    "OPUS": "rtpopusdepay",
    "MPEG4-GENERIC": "rtpmp4gdepay",
    "MP4A-LATM": "rtpmp4adepay",
    "PCMU": "rtppcmudepay",
    "PCMA": "rtppcmadepay",
    "G722": "rtpg722depay",
    "L16": "rtpL16depay",
    "MPA": "rtpmpadepay",
}

_H264 = "H.264"
_OPUS = "Opus"


@dataclass(frozen=True)
class Format:
    """A codec: its name, and the text that decodes it (empty for what is raw already)."""

    stream: Stream
    codec: str
    decoder: str

    @property
    def is_h264(self) -> bool:
        return self.codec == _H264

    @property
    def is_opus(self) -> bool:
        return self.codec == _OPUS


def _video(codec: str, decoder: str) -> Format:
    return Format(Stream.VIDEO, codec, decoder)


def _audio(codec: str, decoder: str) -> Format:
    return Format(Stream.AUDIO, codec, decoder)


_AAC = _audio("AAC", "aacparse ! avdec_aac")
_MP2 = _audio("MPEG audio", "mpegaudioparse ! avdec_mp3")
_MPEG4 = _video("MPEG-4", "mpeg4videoparse ! avdec_mpeg4")
_FORMATS = {
    "video/x-h264": _video(_H264, "avdec_h264"),
    "video/x-h265": _video("H.265", "h265parse ! avdec_h265"),
    "image/jpeg": _video("MJPEG", "jpegdec"),
    "video/x-vp8": _video("VP8", "vp8dec"),
    "video/x-vp9": _video("VP9", "vp9dec"),
    "video/x-raw": _video("uncompressed", ""),
    "audio/x-opus": _audio(_OPUS, "opusparse ! opusdec"),
    "audio/x-mulaw": _audio("G.711 µ-law", "mulawdec"),
    "audio/x-alaw": _audio("G.711 A-law", "alawdec"),
    "audio/x-ac3": _audio("AC-3", "ac3parse ! avdec_ac3"),
    "audio/x-eac3": _audio("E-AC-3", "ac3parse ! avdec_eac3"),
    "audio/x-vorbis": _audio("Vorbis", "vorbisdec"),
    "audio/x-flac": _audio("FLAC", "flacparse ! flacdec"),
    "audio/G722": _audio("G.722", "avdec_g722"),
    "audio/x-raw": _audio("uncompressed", ""),
}
_RTP_MEDIA = {
    _DEPAYLOADERS["H264"]: "video/x-h264",
    "rtph265depay": "video/x-h265",
    "rtpjpegdepay": "image/jpeg",
    "rtpvp8depay": "video/x-vp8",
    "rtpvp9depay": "video/x-vp9",
    "rtpopusdepay": "audio/x-opus",
    "rtppcmudepay": "audio/x-mulaw",
    "rtppcmadepay": "audio/x-alaw",
    "rtpg722depay": "audio/G722",
    "rtpL16depay": "audio/x-raw",
}
_RTP_FORMATS = {
    "rtpmp4gdepay": _AAC,
    "rtpmp4adepay": _AAC,
    "rtpmpadepay": _MP2,
    "rtpmp4vdepay": _MPEG4,
}


@dataclass(frozen=True)
class Offer:
    """What a pad carries: a format to take on with its depayloader, or None with the name of what it is."""

    format: Format | None
    depayloader: str
    name: str


def offer_from_caps(caps: Any) -> Offer:
    structure = caps.get_structure(0)
    media = structure.get_name()
    if media == "application/x-rtp":
        return _rtp_offer(structure)
    return Offer(_elementary(media, structure), "", media.partition("/")[2].removeprefix("x-"))


def _rtp_offer(structure: Any) -> Offer:
    encoding = structure.get_string("encoding-name") or "unknown"
    depayloader = _DEPAYLOADERS.get(encoding.upper(), "")
    found = _RTP_FORMATS.get(depayloader) or _FORMATS.get(_RTP_MEDIA.get(depayloader, ""))
    return Offer(found, depayloader, encoding)


def _elementary(media: str, structure: Any) -> Format | None:
    if media in ("audio/mpeg", "video/mpeg"):
        _, version = structure.get_int("mpegversion")
        if media == "audio/mpeg":
            return _AAC if version in (2, 4) else _MP2
        return _MPEG4 if version == 4 else _video("MPEG-2", "mpegvideoparse ! avdec_mpeg2video")
    return _FORMATS.get(media)
