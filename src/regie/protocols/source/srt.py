"""SRT with MPEG-TS inside: a sender calls us, or we call it."""

from enum import StrEnum
from typing import Any, Self
from urllib.parse import parse_qsl

from pydantic import Field, SecretStr, field_validator, model_validator

from regie.protocols.source.kind import (
    Address,
    LaunchContext,
    SourceKind,
    SourceOptions,
    checked_url,
    quoted,
)

SCHEMES = ("srt",)
_IN_URL = {"mode": "mode", "latency": "latency_ms", "passphrase": "passphrase", "streamid": "stream_id"}


class Mode(StrEnum):
    AUTO = "auto"
    CALLER = "caller"
    LISTENER = "listener"


class SrtOptions(SourceOptions):
    """Who calls whom, and how the line is protected."""

    url: str = Field(
        title="Address",
        description="srt://:9000 waits for a sender on port 9000; srt://192.0.2.7:9000 calls one",
        examples=["srt://:9000", "srt://192.0.2.7:9000"],
    )
    mode: Mode = Field(
        Mode.AUTO,
        title="Mode",
        description="auto calls when the address names a host, and listens when it does not",
        json_schema_extra={"advanced": True},
    )
    passphrase: SecretStr | None = Field(
        None,
        title="Passphrase",
        description="The same at both ends, 10 to 79 characters; empty for none",
        min_length=10,
        max_length=79,
    )
    latency_ms: int = Field(
        120,
        title="Latency",
        description="How long lost packets are waited for, in ms; 4 round trips is a good value",
        ge=20,
        le=8000,
    )
    stream_id: SecretStr | None = Field(
        None,
        title="Stream ID",
        description="What some servers ask a caller for; it may hold a key",
        max_length=512,
        json_schema_extra={"advanced": True},
    )

    @model_validator(mode="before")
    @classmethod
    def _options_in_url(cls, data: Any) -> Any:
        """People write srt://host:port?passphrase=…: take the options out of the URL."""
        if not isinstance(data, dict) or not isinstance(data.get("url"), str) or "?" not in data["url"]:
            return data
        url, _, query = data["url"].partition("?")
        found = dict(parse_qsl(query))
        if unknown := sorted(found.keys() - _IN_URL.keys()):
            raise ValueError(f"the URL has options that are not known here: {', '.join(unknown)}")
        return {**{_IN_URL[name]: value for name, value in found.items()}, **data, "url": url}

    @field_validator("passphrase", "stream_id", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        checked_url(value, SCHEMES, needs_host=False)
        address = Address.of(value)
        if address.port is None:
            raise ValueError("names no port; it looks like srt://:9000")
        if address.user or address.path_and_query not in ("", "/"):
            raise ValueError("is only srt://host:port; a stream ID has its own field")
        return value

    @model_validator(mode="after")
    def _caller_needs_host(self) -> Self:
        if self.mode is Mode.CALLER and not Address.of(self.url).host:
            raise ValueError("to call a sender, the address must name its host: srt://192.0.2.7:9000")
        return self

    @property
    def listens(self) -> bool:
        return self.mode is Mode.LISTENER or (self.mode is Mode.AUTO and not Address.of(self.url).host)


def launch(options: SrtOptions, _: LaunchContext) -> str:
    address = Address.of(options.url)
    host = address.host or "0.0.0.0"  # noqa: S104  no host means every interface
    uri = f"srt://{f'[{host}]' if ':' in host else host}:{address.port}"
    secret = options.passphrase.get_secret_value() if options.passphrase else ""
    key = f"passphrase={quoted(secret)} " if secret else ""
    name = options.stream_id.get_secret_value() if options.stream_id else ""
    stream_id = f"streamid={quoted(name)} " if name else ""
    mode = "listener" if options.listens else "caller"
    return (
        f"srtsrc name=srt uri={quoted(f'{uri}?mode={mode}')} {key}{stream_id}latency={options.latency_ms} "
        "keep-listening=false auto-reconnect=false wait-for-connection=true ! "
        "tsparse ! tsdemux name=media latency=0"
    )


def waits_for(options: SrtOptions) -> str:
    return f"an SRT sender on port {Address.of(options.url).port}" if options.listens else ""


KIND = SourceKind(
    kind="srt",
    title="SRT",
    summary="An encoder that sends MPEG-TS over SRT, or one that waits for us to call",
    schemes=SCHEMES,
    options=SrtOptions,
    launch=launch,
    target=lambda options: Address.of(options.url).said(0),
    waits_for=waits_for,
    is_multiplexed=True,
)
