"""Packets as gdppay writes them, for what no real encoder would send."""

import struct

_NONE = 2**64 - 1
_HEADER = struct.Struct(">BBBxHIQQQQHQ6xHH")


def caps_packet(caps: str) -> bytes:
    payload = caps.encode() + b"\0"
    return _HEADER.pack(1, 0, 0, 2, len(payload), _NONE, _NONE, _NONE, _NONE, 0, _NONE, 0, 0) + payload


def buffer_packet(payload: bytes, pts_ns: int) -> bytes:
    return _HEADER.pack(1, 0, 0, 1, len(payload), pts_ns, 0, _NONE, _NONE, 0, pts_ns, 0, 0) + payload
