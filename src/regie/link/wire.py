"""The lines of the control link.

A call:    {"id": 7, "call": "apply", "args": {...}}
Its reply: {"id": 7, "ok": {...}} or {"id": 7, "error": {"kind", "message", "hint", "facts"}}
An event:  {"event": "report", "data": {...}}   (only on a connection that called `events`)
"""

import json

from regie.domain.errors import Invalid
from regie.domain.workers import Json

MAX_LINE_BYTES = 4 * 1024 * 1024  # a snapshot as base64 is the longest thing that crosses


def line_from_message(message: Json) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def message_from_line(line: bytes) -> Json:
    try:
        message = json.loads(line)
    except ValueError as error:
        raise Invalid(f"the control link carries JSON lines, not {line[:40]!r}") from error
    if not isinstance(message, dict):
        raise Invalid("a control message is a JSON object")
    return message
