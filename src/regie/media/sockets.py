"""UDP sockets whose unwanted senders the kernel ignores, so that nobody can disturb a pinned stream."""

import ctypes
import socket
import struct

from regie.domain.errors import Unavailable
from regie.protocols.source.kind import UdpSocket

RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024  # as far as the kernel allows: a keyframe comes at once
SO_ATTACH_FILTER = 26
_NETWORK_HEADER = 0x1_0000_0000 - 0x100000  # SKF_NET_OFF: offsets from here count from the IP header
_LOAD_WORD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h
_SENDER_OFFSET = {4: 12, 6: 8}


def open_udp(wanted: UdpSocket) -> socket.socket:
    """A bound socket; its port must be free."""
    family = socket.AF_INET6 if ":" in wanted.host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
        if wanted.sender is not None:
            _take_only_from(udp, wanted.sender.packed)
        udp.bind((wanted.host, wanted.port))
    except OSError as error:
        udp.close()
        raise Unavailable(
            f"UDP port {wanted.port} cannot be opened: {error.strerror}",
            "another source or program may use it; choose another port",
        ) from error
    return udp


def _take_only_from(udp: socket.socket, sender: bytes) -> None:
    """Attach a filter that compares the IP header's source address word by word."""
    words = struct.unpack(f">{len(sender) // 4}I", sender)
    offset = _NETWORK_HEADER + _SENDER_OFFSET[4 if len(words) == 1 else 6]
    program = []
    for index, word in enumerate(words):
        to_drop = 2 * (len(words) - index) - 1
        program.append((_LOAD_WORD, 0, 0, offset + 4 * index))
        program.append((_JUMP_IF_EQUAL, 0, to_drop, word))
    program += [(_RETURN, 0, 0, 0xFFFFFFFF), (_RETURN, 0, 0, 0)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    udp.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(program), ctypes.addressof(code))
    )
