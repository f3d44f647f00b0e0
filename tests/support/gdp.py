"""Packets as gdppay writes them, for what no real encoder would send."""

import struct

_DELTA_UNIT = 1 << 13
_NONE = 2**64 - 1
_HEADER = struct.Struct(">BBBxHIQQQQHQ6xHH")


def caps_packet(caps: str) -> bytes:
    payload = caps.encode() + b"\0"
    return _HEADER.pack(1, 0, 0, 2, len(payload), _NONE, _NONE, _NONE, _NONE, 0, _NONE, 0, 0) + payload


def buffer_packet(payload: bytes, pts_ns: int, *, delta: bool = False) -> bytes:
    """A unit; with `delta`, one that is no keyframe."""
    flags = _DELTA_UNIT if delta else 0
    return _HEADER.pack(1, 0, 0, 1, len(payload), pts_ns, 0, _NONE, _NONE, flags, pts_ns, 0, 0) + payload
