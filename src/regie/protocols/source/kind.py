"""What a kind of source is: its options, and the GStreamer text that serves it. Pure: no I/O, no gi."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from unicodedata import category
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator

_UNWRITABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})  # controls, half characters, line ends
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/:.")


class SourceOptions(BaseModel):
    """The options of one source, as an operator sets them; each kind derives its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_control_characters(cls, value: object) -> object:
        if isinstance(value, str) and any(category(character) in _UNWRITABLE for character in value):
            raise ValueError("contains a character that cannot be written")
        return value


@dataclass(frozen=True)
class LaunchContext:
    """What a launch needs beyond its options."""

    name: str  # what people call this source
    media_dir: Path
    now_ns: int  # the one clock, where generators begin


@dataclass(frozen=True)
class UdpSocket:
    """A socket a source listens on. With a sender given, the kernel drops everyone else's packets."""

    host: str
    port: int
    sender: IPv4Address | IPv6Address | None = None


def no_sockets(_: Any) -> Mapping[str, UdpSocket]:
    return MappingProxyType({})


def no_words(_: Any) -> str:
    return ""


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
    target: Callable[[Any], str] = field(
        default=no_words
    )  # what is asked, to name it when it does not answer
    waits_for: Callable[[Any], str] = field(default=no_words)  # who must call us, if it is not we who call
    sockets: Callable[[Any], Mapping[str, UdpSocket]] = field(default=no_sockets)  # by udpsrc name
    is_file: bool = False  # played in real time and looped, instead of arriving as it happens
    is_multiplexed: bool = False  # its times are when a receiver is to show what it got
    is_synthetic: bool = False  # drawn here: not worth an encoder's effort


@dataclass(frozen=True)
class Address:
    """A URL taken apart, its credentials aside."""

    scheme: str
    host: str
    port: int | None
    user: str
    password: SecretStr
    path_and_query: str

    @classmethod
    def of(cls, url: str) -> Self:
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return cls(
            parts.scheme,
            parts.hostname or "",
            parts.port,
            unquote(parts.username or ""),
            SecretStr(unquote(parts.password or "")),
            parts.path + query,
        )

    def said(self, default_port: int) -> str:
        """As a person would write it: host:port."""
        return f"{self._host}:{self.port or default_port}"

    def without_credentials(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self._host}{port}{self.path_and_query}"

    @property
    def _host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def checked_url(url: str, schemes: tuple[str, ...], *, needs_host: bool = True) -> str:
    """The URL, if it is one of this kind's and leads somewhere."""
    allowed = " or ".join(f"{scheme}://" for scheme in schemes)
    if any(character.isspace() for character in url) or len(url) > 2000:
        raise ValueError("is no URL: it has spaces in it or is too long")
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("is no URL: its address or port cannot be read") from error
    if parts.scheme not in schemes:
        raise ValueError(f"must begin with {allowed}")
    if port == 0 or (needs_host and not parts.hostname):
        raise ValueError(f"names no address; it looks like {schemes[0]}://192.0.2.7/…")
    return url


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
