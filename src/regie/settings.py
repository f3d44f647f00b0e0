"""What the operator may set: regie.toml and REGIE_* variables, read once, checked as a whole."""

import json
import os
import pwd
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_serializer,
    field_validator,
)

from regie.domain.errors import Invalid
from regie.domain.redact import MASK, redact
from regie.domain.workers import Json

PREFIX = "REGIE_"
CONFIG_VARIABLE = "REGIE_CONFIG"
CONFIG_FILE = "regie.toml"
RUN_DIR_LIMIT = 40  # a socket's path may be 107 bytes long, and worker and path names come after this
LINGERING = Path("/var/lib/systemd/linger")  # a file for each user whose runtime directory outlives log-out
MISSPELT_RATIO = 0.85

_ICE_URL = re.compile(r"(?:stun|stuns|turn|turns):\S+")


def _default_data_dir() -> Path:
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "regie"


def default_run_dir(runtime: str, user: str, uid: int, lingering: Path) -> Path:
    """The user's runtime directory if it stays when the user logs out: Regie runs on then."""
    shared = Path(runtime) / "regie"
    stays = runtime != f"/run/user/{uid}" or (lingering / user).exists()
    if runtime and stays and len(os.fsencode(shared)) <= RUN_DIR_LIMIT:
        return shared
    return Path(f"/tmp/regie-{uid}")  # noqa: S108 (the engine makes sure that it is ours alone)


def _default_run_dir() -> Path:
    uid = os.getuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container's user without a name
        user = str(uid)
    return default_run_dir(os.environ.get("XDG_RUNTIME_DIR", ""), user, uid, LINGERING)


def _absolute(value: object) -> object:
    return Path(value).expanduser().absolute() if isinstance(value, str | Path) and str(value) else value


def _listed(value: object) -> object:
    """A variable may hold a list as JSON or, for plain words, with commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


def _ice_listed(value: object) -> object:
    items = _listed(value)
    if not isinstance(items, list | tuple):
        return items
    return [{"urls": [item]} if isinstance(item, str) else item for item in items]


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


type Port = Annotated[int, Field(ge=1, le=65535)]
type Directory = Annotated[Path, BeforeValidator(_absolute)]

_PORT = "a whole number from 1 to 65535"
_DIRECTORY = "a directory"


class IceServer(BaseModel):
    """A STUN or TURN server as browsers know it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    urls: tuple[str, ...] = Field(min_length=1)
    username: str = ""
    credential: SecretStr = SecretStr("")

    @field_validator("urls", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @field_validator("urls")
    @classmethod
    def _known_schemes(cls, urls: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ICE_URL.fullmatch(url) for url in urls):
            raise ValueError("not an ICE URL")
        return urls

    def to_wire(self) -> Json:
        return {
            "urls": list(self.urls),
            "username": self.username,
            "credential": self.credential.get_secret_value(),
        }


class Settings(BaseModel):
    """Everything that can be set. The description of each field says what is allowed."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    http_port: Port = Field(default=8000, description=_PORT)
    http_host: str = Field(default="0.0.0.0", description="an address of this machine, or 0.0.0.0 for all")  # noqa: S104
    webrtc_port: Port = Field(default=8189, description=_PORT)
    data_dir: Directory = Field(default_factory=_default_data_dir, description=_DIRECTORY)
    run_dir: Directory = Field(
        default_factory=_default_run_dir,
        description=f"a directory whose path is at most {RUN_DIR_LIMIT} characters long: sockets are in it",
    )
    media_dir: Directory = Field(
        default_factory=lambda data: data["data_dir"] / "media", description=_DIRECTORY
    )
    admin_token: SecretStr | None = Field(
        default=None, description="8 to 200 printable characters without spaces"
    )
    tls_cert: Directory | None = Field(
        default=None, description="a certificate file (PEM) that can be read, together with tls_key"
    )
    tls_key: Directory | None = Field(
        default=None, description="a private key file (PEM) that can be read, together with tls_cert"
    )
    public_url: str | None = Field(default=None, description="http://… or https://… as viewers type it")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        default="info", description="debug, info, warning or error"
    )
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{data['data_dir'] / 'regie.db'}",
        description="sqlite:///… or postgresql://…",
        repr=False,
    )
    ice_servers: Annotated[tuple[IceServer, ...], BeforeValidator(_ice_listed)] = Field(
        default=(),
        description='a list such as [{"urls": ["stun:stun.example.org:3478"]}], or stun: URLs with commas',
    )
    webrtc_addresses: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(), description="a list of further addresses at which viewers reach this machine"
    )
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        default=(),
        description="a list of addresses or networks of reverse proxies, whose X-Forwarded-… is believed",
    )
    max_viewers: int = Field(default=200, ge=1, le=10_000, description="a whole number from 1 to 10000")

    @field_validator("http_host")
    @classmethod
    def _host(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9_.:-]+", value):
            raise ValueError("not a host")
        return value

    @field_validator("run_dir")
    @classmethod
    def _short(cls, value: Path) -> Path:
        if len(os.fsencode(value)) > RUN_DIR_LIMIT:
            raise ValueError("too long")
        return value

    @field_validator("data_dir", "run_dir", "media_dir")
    @classmethod
    def _no_file(cls, value: Path) -> Path:
        if value.exists() and not value.is_dir():
            raise ValueError("a file is in the way")
        return value

    @field_validator("admin_token")
    @classmethod
    def _token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{8,200}", value.get_secret_value()):
            raise ValueError("too short or not printable")
        return value

    @field_validator("tls_cert", "tls_key")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not (value.is_file() and os.access(value, os.R_OK)):
            raise ValueError("cannot be read")
        return value

    @field_validator("tls_key")
    @classmethod
    def _together(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if "tls_cert" in info.data and (value is None) != (info.data["tls_cert"] is None):
            raise ValueError("one without the other")
        return value

    @field_validator("public_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "http://none")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("not an HTTP URL")
        return value.rstrip("/") if value else None

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if not re.match(r"(?:sqlite|postgresql)(?:\+\w+)?://", value):
            raise ValueError("unknown database")
        return value

    @field_serializer("admin_token", when_used="json")
    def _revealed(self, value: SecretStr | None) -> str | None:
        return value.get_secret_value() if value else None

    @field_serializer("ice_servers", when_used="json")
    def _ice_wire(self, value: tuple[IceServer, ...]) -> list[Json]:
        return [server.to_wire() for server in value]

    def to_wire(self) -> Json:
        """All of it, secrets too: only for a file of mode 0600 or a control socket."""
        wire: Json = self.model_dump(mode="json")
        return wire

    @classmethod
    def from_wire(cls, wire: Json) -> Self:
        return cls.model_validate(wire)

    @property
    def base_url(self) -> str:
        """The address to tell people: the public one, or this machine's."""
        if self.public_url:
            return self.public_url
        return f"{self._scheme}://{_told_host(self.http_host)}:{self.http_port}"

    @property
    def local_url(self) -> str:
        """The address at which programs on this machine reach the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.http_host, self.http_host)  # noqa: S104
        return f"{self._scheme}://{host}:{self.http_port}"

    @property
    def _scheme(self) -> str:
        return "https" if self.tls_cert else "http"


def _told_host(host: str) -> str:
    return {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104


def read_settings(environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Settings:
    """The settings of this start: regie.toml, and over it the variables. Wrong ones are told all at once."""
    environ = os.environ if environ is None else environ
    file = Path(environ.get(CONFIG_VARIABLE) or (directory or Path.cwd()) / CONFIG_FILE)
    values = _file_values(file, required=bool(environ.get(CONFIG_VARIABLE)))
    origins = dict.fromkeys(values, str(file))
    _refuse_misspelt(environ)
    for key in Settings.model_fields:
        if text := environ.get(PREFIX + key.upper()):
            values[key], origins[key] = text, PREFIX + key.upper()
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise _invalid(error, values, origins) from None  # pydantic's own text would repeat secrets


def _file_values(file: Path, *, required: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except FileNotFoundError:
        if required:
            raise Invalid(f"{CONFIG_VARIABLE} names {file}, which does not exist") from None
        return {}
    except (OSError, ValueError) as error:
        raise Invalid(
            f"{file} cannot be read: {error}", "it must be a TOML file such as: http_port = 8000"
        ) from None


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """A variable that is nearly a setting was meant to be one; without a word it would do nothing."""
    known = [PREFIX + key.upper() for key in Settings.model_fields] + [CONFIG_VARIABLE]
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            for meant in get_close_matches(name, known, 1, MISSPELT_RATIO):
                raise Invalid(f"{name} is not a setting: is {meant} meant?")


def _invalid(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, str]) -> Invalid:
    wrong: dict[str, str] = {}
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        key = str(found["loc"][0])
        if found["type"] != "default_factory_not_called" and key not in wrong:
            wrong[key] = _sentence(key, values, origins)
    return Invalid("\n".join(["these settings are wrong:", *wrong.values()]), errors=sorted(wrong))


def _sentence(key: str, values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    field = Settings.model_fields.get(key)
    origin = f" (from {origins[key]})" if key in origins else ""
    if field is None:
        return f"  {key}{origin} is not a setting; allowed are {', '.join(Settings.model_fields)}"
    return f"  {key} is {_shown(key, values)}{origin}; allowed is {field.description}"


def _shown(key: str, values: Mapping[str, Any]) -> str:
    if key not in values:
        return "not set"
    if key in ("admin_token", "ice_servers"):
        return MASK
    return repr(redact(str(values[key]))) if isinstance(values[key], str) else redact(repr(values[key]))
