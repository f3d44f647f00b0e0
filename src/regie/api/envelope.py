"""What every answer carries, and what is counted of it."""

import base64
import hashlib
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regie.api.metrics import Metrics

_POLICY = (
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
WHEP_HEADERS = {  # without credentials: pages of others bring a token of their own, never our cookie
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Post, Accept-Patch, Retry-After",
}


def policy_with_style(css: str) -> str:
    """The policy for a page with this one style sheet inside it."""
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return "; ".join((*_POLICY, f"style-src 'sha256-{digest}'"))


class Envelope:
    """The security headers on every answer, errors included; counts and times by route, not by address."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()

        async def send_wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                foreign = WHEP_HEADERS if scope["path"].startswith("/whep/") else {}
                for name, value in (HEADERS | foreign).items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
                if message["status"] == 204:
                    del headers["Content-Type"]  # of nothing
                took_s = time.monotonic() - started
                self._metrics.answered(_method(scope), _route(scope), message["status"], took_s)
            await send(message)

        await self._app(scope, receive, send_wrapped)


def _method(scope: Scope) -> str:
    known = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")
    return scope["method"] if scope["method"] in known else "other"


def _route(scope: Scope) -> str:
    """The route's pattern: a label per address asked for would be as many as somebody likes."""
    return str(getattr(scope.get("route"), "path", "other"))
