"""Who may do what: roles, and the rules of tokens, cookies, origins and log-in attempts. All of it pure."""

import hashlib
import hmac
from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

TOKEN_PREFIX = "rg_"  # noqa: S105 - tells people and secret scanners whose token it is
SESSION_LIFE_S = 30 * 86400.0
SESSION_RENEWED_AFTER_S = 3600.0  # not on every request: each renewal is a write and a new cookie
LINK_LIFE_S = 24 * 3600.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Role(StrEnum):
    """Each role may do what the ones before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True)
class Identity:
    """Who is asking, and how they proved it."""

    role: Role
    name: str
    session_id: str | None = None  # a browser session, proved by its cookie
    token_id: str | None = None  # an API token
    expires_at: float | None = None


def secret_hash(secret: str) -> str:
    """What is stored of a secret. It is random and long, so one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same_secret(one: str, other: str) -> bool:
    """Compare without telling by the time it takes how much of it was right."""
    return hmac.compare_digest(secret_hash(one), secret_hash(other))


def cookie_from_secret(secret: str, key: bytes) -> str:
    return f"{secret}.{_mac(secret, key)}"


def secret_from_cookie(cookie: str, key: bytes) -> str | None:
    """The session's secret, if the cookie was made with this key."""
    secret, _, mac = cookie.partition(".")
    genuine = hmac.compare_digest(mac.encode(), _mac(secret, key).encode())
    return secret if secret and genuine else None


def _mac(secret: str, key: bytes) -> str:
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()


def needs_renewal(expires_at: float, now: float) -> bool:
    """Sessions slide: one that is used does not end."""
    return expires_at - now < SESSION_LIFE_S - SESSION_RENEWED_AFTER_S


def same_origin(origin: str | None, fetch_site: str | None, own_origins: frozenset[str]) -> bool:
    """Whether a browser's request comes from our own pages. Saying nothing is not enough."""
    if fetch_site is not None:  # set by the browser itself, pages cannot forge it
        return fetch_site == "same-origin"
    return origin is not None and origin_of(origin) in own_origins - {""}


def origin_of(url: str) -> str:
    """scheme://host:port, with the default port left out; "" when it is not a web address."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = port is None or port == _DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if default else f"{parts.scheme}://{host}:{port}"


def address_key(address: str) -> str:
    """What attempts are counted by: an IPv4 address, or the /64 that one IPv6 customer has."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped) if ip.ipv4_mapped else str(ip_network((ip, 64), strict=False))


class Attempts:
    """Counts failed attempts per key; after too many, that key waits. It forgets what is longest ago."""

    def __init__(self, limit: int = 10, window_s: float = 60.0, max_keys: int = 10_000) -> None:
        self._limit = limit
        self._window_s = window_s
        self._max_keys = max_keys
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def failed(self, key: str, now: float) -> None:
        times = self._failures.setdefault(key, deque(maxlen=self._limit))
        times.append(now)
        self._failures.move_to_end(key)
        while len(self._failures) > self._max_keys:
            self._failures.popitem(last=False)

    def wait_s(self, key: str, now: float) -> float:
        """How long this key has to wait before it may try again; 0 when it may."""
        times = self._failures.get(key)
        if times is None or len(times) < self._limit:
            return 0.0
        return max(0.0, times[0] + self._window_s - now)
