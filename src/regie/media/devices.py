"""Capture devices of this machine: HDMI grabbers and USB cameras, their formats and their audio."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regie.domain.workers import Json
from regie.hub.gst import Gst

SYSFS = Path("/sys/class")
DEV = Path("/dev")

_FORMAT_BY_MEDIA = {"image/jpeg": "MJPEG", "video/x-h264": "H264", "video/x-h265": "H265"}
_FIELD = re.compile(r"(?P<name>[\w-]+)=\((?:\w+)\)(?P<value>\{[^}]*\}|\[[^\]]*\]|[^,;]+)")
_NUMBER = re.compile(r"\d+(?:/\d+)?")


@dataclass(frozen=True)
class AudioInput:
    device: str  # as ALSA names it: hw:1,0
    name: str


def found_devices() -> Json:
    """All video devices with their formats, and a note that says why there are none. May take a second."""
    inputs = [
        AudioInput(_node(device), device.get_display_name()) for device in _probed("alsa", "Audio/Source")
    ]
    devices = [
        {
            "kind": "v4l2",
            "device": _node(device),
            "name": device.get_display_name(),
            "formats": formats_from_caps(device.get_caps().to_string()),
            "audio": [{"device": a.device, "name": a.name} for a in audio_for(_node(device), inputs, SYSFS)],
        }
        for device in _probed("v4l2", "Video/Source")
    ]
    return {"devices": devices, "note": "" if devices else why_none(DEV)}


def why_none(dev: Path) -> str:
    """What a volunteer can do about an empty list."""
    nodes = sorted(dev.glob("video*"))
    closed = [node for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
    if closed:
        return (
            f"Regie may not open {closed[0]}: add its user to the group “video” "
            "(sudo usermod -aG video,audio USER), then start it again."
        )
    if nodes:
        return (
            f"{nodes[0]} is there but offers no picture: it may be an output, or in use by another program."
        )
    return "No camera or HDMI grabber is connected to this machine."


def formats_from_caps(caps: str) -> list[Json]:
    """The formats in a device's caps, the largest first: name, size and frame rates."""
    formats: dict[tuple[str, int, int], set[float]] = {}
    for structure in caps.split(";"):
        media = structure.strip().partition(",")[0].partition("(")[0]
        fields = {match["name"]: match["value"] for match in _FIELD.finditer(structure)}
        sizes = (_numbers(fields.get("width", "")), _numbers(fields.get("height", "")))
        if not all(sizes):
            continue
        width, height = (int(max(size)) for size in sizes)
        rates = {round(rate, 2) for rate in _numbers(fields.get("framerate", "")) if rate > 0}
        for name in _names(media, fields):
            formats.setdefault((name, width, height), set()).update(rates)
    return [
        {"format": name, "width": width, "height": height, "fps": sorted(rates, reverse=True)}
        for (name, width, height), rates in sorted(formats.items(), key=lambda item: _by_size(item[0]))
    ]


def audio_for(video: str, inputs: list[AudioInput], sysfs: Path) -> list[AudioInput]:
    """All audio inputs; those in the same piece of hardware as the video device come first."""
    hardware = _hardware(sysfs / "video4linux" / Path(video).name / "device")

    def elsewhere(audio: AudioInput) -> bool:
        card = _NUMBER.search(audio.device)
        return (
            not card
            or hardware is None
            or _hardware(sysfs / "sound" / f"card{card[0]}" / "device") != hardware
        )

    return sorted(inputs, key=elsewhere)


def _probed(api: str, device_class: str) -> list[Any]:
    """Asked of one provider: the device monitor would ask every sound server, too."""
    provider = Gst.DeviceProviderFactory.get_by_name(f"{api}deviceprovider")
    devices = provider.get_devices() if provider is not None else []
    return [device for device in devices if device.get_device_class().startswith(device_class)]


def _node(device: Any) -> str:
    """What to write as `device` of the element that reads it: /dev/video0, hw:1,0."""
    return str(device.create_element(None).get_property("device"))


def _hardware(link: Path) -> Path | None:
    """The USB device or PCI function behind a class device; a USB interface's parent is the USB device."""
    if not link.exists():
        return None
    target = link.resolve()
    return target.parent if ":" in target.name and "-" in target.name else target


def _names(media: str, fields: dict[str, str]) -> list[str]:
    if media != "video/x-raw":
        return [_FORMAT_BY_MEDIA[media]] if media in _FORMAT_BY_MEDIA else []
    return re.findall(r"[A-Z][A-Za-z0-9_]*", fields.get("format", ""))


def _numbers(value: str) -> list[float]:
    fractions = [number.partition("/") for number in _NUMBER.findall(value)]
    return [int(top) / int(bottom or 1) for top, _, bottom in fractions if bottom != "0"]


def _by_size(key: tuple[str, int, int]) -> tuple[int, str]:
    name, width, height = key
    return -width * height, name
