"""A network camera, pulled by RTSP: over UDP, and over TCP where UDP does not get through."""

from enum import StrEnum

from pydantic import Field, SecretStr, field_validator

from regie.protocols.source.kind import (
    Address,
    LaunchContext,
    SourceKind,
    SourceOptions,
    checked_url,
    quoted,
)

SCHEMES = ("rtsp", "rtsps")
DEFAULT_PORT = 554
UDP_PATIENCE_US = 2_500_000  # without a packet over UDP for so long, TCP is tried
TCP_PATIENCE_US = 5_000_000


class Transport(StrEnum):
    AUTO = "auto"
    UDP = "udp"
    TCP = "tcp"


_PROTOCOLS = {Transport.AUTO: "udp+tcp", Transport.UDP: "udp", Transport.TCP: "tcp"}


class RtspOptions(SourceOptions):
    """Where the camera is and how to talk to it."""

    url: str = Field(
        title="Address",
        description="The camera's RTSP address, from its manual or its web page",
        examples=["rtsp://192.0.2.7:554/stream1"],
    )
    user: str | None = Field(None, title="User name", max_length=200)
    password: SecretStr | None = Field(None, title="Password", max_length=200)
    transport: Transport = Field(
        Transport.AUTO,
        title="Transport",
        description="auto tries UDP first and takes TCP where UDP does not get through",
        json_schema_extra={"advanced": True},
    )
    latency_ms: int = Field(
        100,
        title="Jitter buffer",
        description="How long late packets are waited for, in ms; more for a camera on Wi-Fi",
        ge=0,
        le=5000,
        json_schema_extra={"advanced": True},
    )
    verify_certificate: bool = Field(
        True,
        title="Check the certificate",
        description="Off for a camera with a certificate of its own making; only for rtsps",
        json_schema_extra={"advanced": True},
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str) -> str:
        return checked_url(value, SCHEMES)


def launch(options: RtspOptions, _: LaunchContext) -> str:
    address = Address.of(options.url)
    user = options.user or address.user
    password = (options.password or address.password).get_secret_value()
    credentials = f"user-id={quoted(user)} user-pw={quoted(password)} " if user else ""
    tls = "" if options.verify_certificate else "tls-validation-flags=0 "
    return (
        f"rtspsrc name=media location={quoted(address.without_credentials())} {credentials}{tls}"
        f"protocols={_PROTOCOLS[options.transport]} latency={options.latency_ms} timeout={UDP_PATIENCE_US} "
        f"tcp-timeout={TCP_PATIENCE_US} teardown-timeout=200000000 user-agent=Regie do-retransmission=false"
    )


KIND = SourceKind(
    kind="rtsp",
    title="Network camera (RTSP)",
    summary="A camera or encoder on the network, over RTSP",
    schemes=SCHEMES,
    options=RtspOptions,
    launch=launch,
    target=lambda options: Address.of(options.url).said(DEFAULT_PORT),
)
