"""What a kind of source is: its options, and the GStreamer text that serves it. Pure: no I/O, no gi."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/:.")


class SourceOptions(BaseModel):
    """The options of one source, as an operator sets them; each kind derives its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_control_characters(cls, value: object) -> object:
        if isinstance(value, str) and any(
            ord(character) < 32 or ord(character) == 127 for character in value
        ):
            raise ValueError("contains a control character")
        return value


@dataclass(frozen=True)
class LaunchContext:
    """What a launch needs beyond its options."""

    name: str  # what people call this source
    media_dir: Path
    now_ns: int  # the one clock, where generators begin


@dataclass(frozen=True)
class SourceKind:
    """One kind of source. `launch` returns GStreamer text in which every element whose name begins with
    `media` has pads (there from the start, or added later) that carry the source's video and audio."""

    kind: str
    title: str
    summary: str
    schemes: tuple[str, ...]
    options: type[SourceOptions]
    launch: Callable[[Any, LaunchContext], str]


def quoted(value: str) -> str:
    """A string as one property value of GStreamer text, whatever it contains.

    The text is read three times: by the launch syntax's scanner, by its unescaping and by the value's own
    syntax. Only letters, digits and `_-+/:.` mean themselves in all three; other bytes become `\\ooo`.
    """
    octal = "".join(
        character if character in _PLAIN else "".join(f"\\\\{byte:03o}" for byte in character.encode())
        for character in value
    )
    return f'"\\"{octal}\\""'
