"""Why a source does not deliver, in words a volunteer understands. Here GStreamer's errors are translated."""

import logging
from dataclasses import dataclass
from typing import Any

from regie.domain.redact import redact
from regie.hub.gst import GLib, Gst

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fault:
    """What ended an attempt. `lasting` faults do not come right by themselves and are retried slowly."""

    reason: str
    lasting: bool = False
    transcode: bool = False  # not a failure: the same again, but decoded and encoded


@dataclass(frozen=True)
class Circumstances:
    """What a fault is about: the kind of source, and what it was asked for."""

    kind: str
    target: str


def fault_from_message(message: Any, about: Circumstances) -> Fault:
    error, debug = message.parse_error()
    log.info("%s: %s (%s)", message.src.get_name(), error.message, " ".join((debug or "").split()))
    factory = message.src.get_factory() if isinstance(message.src, Gst.Element) else None
    return fault_from_error(error, debug or "", about, factory.get_name() if factory else "")


def fault_from_error(error: Any, debug: str, about: Circumstances, factory: str = "") -> Fault:
    translate = {"rtsp": _rtsp, "srt": _srt, "file": _file, "v4l2": _device}.get(about.kind)
    return (translate(error, debug, about, factory) if translate else None) or _any(error, debug, about)


def _rtsp(error: Any, debug: str, about: Circumstances, _: str) -> Fault | None:
    said = f"{error.message} {debug}".lower()
    if _is(error, "NOT_AUTHORIZED"):
        return Fault("wrong user name or password", lasting=True)
    for words, fault in _RTSP_FAULTS:
        if any(word in said for word in words):
            return fault
    if _is(error, "OPEN_READ", "OPEN_READ_WRITE", "READ", "WRITE", "FAILED", "OPEN_WRITE", "NOT_FOUND"):
        return Fault(f"camera does not answer at {about.target}")
    return None


_RTSP_FAULTS = (  # what an error may say, and what it means
    (("unauthorized", "forbidden"), Fault("wrong user name or password", lasting=True)),
    (("not found", "bad request", "404"), Fault("no such path on the camera", lasting=True)),
    (
        ("no supported", "not acceptable", "unsupported transport"),
        Fault("the camera does not offer this transport; set it to auto", lasting=True),
    ),
)


def _srt(error: Any, debug: str, about: Circumstances, factory: str) -> Fault | None:
    said = f"{error.message} {debug}".lower()
    if factory.startswith("srt"):
        if "passphrase" in said or "badsecret" in said or "unsecure" in said or "encryption" in said:
            return Fault("wrong passphrase", lasting=True)
        if "address already in use" in said or "another socket is already listening" in said:
            return Fault(f"the port of {about.target} is taken by another program")
        if "timeout" in said:
            return Fault(f"no SRT sender answers at {about.target}")
        return Fault(f"no SRT connection with {about.target}: {_tail(debug) or error.message}")
    return Fault("what arrives is not MPEG-TS") if _is(error, "TYPE_NOT_FOUND", "DEMUX") else None


def _file(error: Any, _: str, about: Circumstances, factory: str) -> Fault | None:
    if factory == "filesrc":
        if _is(error, "NOT_FOUND"):
            return Fault(f"the file {about.target} is missing from the media directory", lasting=True)
        return Fault(f"the file {about.target} cannot be read", lasting=True)
    if _is(error, "TYPE_NOT_FOUND", "WRONG_TYPE", "DEMUX", "DECODE", "FAILED", "NO_SPACE_LEFT"):
        return Fault(f"the file {about.target} is damaged, or no video file", lasting=True)
    return None


def _device(error: Any, debug: str, about: Circumstances, factory: str) -> Fault | None:
    what = "the sound device" if factory == "alsasrc" else about.target
    if _is(error, "NOT_FOUND"):
        return Fault(f"{what} is not there: is the camera or grabber plugged in?")
    if _is(error, "BUSY") or "busy" in debug.lower():
        return Fault(f"{what} is in use by another program")
    if "permission" in debug.lower():
        return Fault(f"Regie may not open {what}: add its user to the groups video and audio", lasting=True)
    if _is(error, "OPEN_READ", "OPEN_READ_WRITE", "SETTINGS"):
        return Fault(f"{what} is not there, or does not offer this format")
    return None


def _any(error: Any, debug: str, about: Circumstances) -> Fault:
    if _is(error, "CODEC_NOT_FOUND"):
        codec = error.message.removeprefix("Missing decoder: ").strip()
        return Fault(f"codec {codec} is not supported", lasting=True)
    if _is(error, "TYPE_NOT_FOUND", "WRONG_TYPE"):
        return Fault("not a video stream", lasting=True)
    if "not-negotiated" in debug:
        return Fault("this kind of picture or sound is not supported", lasting=True)
    where = f" from {about.target}" if about.target else ""
    return Fault(redact(f"the stream{where} broke off: {_tail(debug) or error.message}"))


def _is(error: Any, *names: str) -> bool:
    """Whether a GError has one of these codes of its own domain (resource or stream errors)."""
    for quark, codes in (
        (Gst.ResourceError.quark(), Gst.ResourceError),
        (Gst.StreamError.quark(), Gst.StreamError),
    ):
        if error.domain == GLib.quark_to_string(quark):
            return any(error.code == int(getattr(codes, name, -1)) for name in names)
    return False


def _tail(debug: str) -> str:
    """The last line of a debug text: what the element itself had to say."""
    lines = [line.strip() for line in debug.splitlines() if line.strip()]
    return lines[-1][:200] if len(lines) > 1 else ""
