"""How much anyone may send. Enforced while it comes, before anything is made of it."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from regie.api.problems import problem_response
from regie.domain.errors import TooLarge

JSON_LIMIT_BYTES = 1024 * 1024
SDP_LIMIT_BYTES = 64 * 1024
STILL_LIMIT_BYTES = 10 * 1024 * 1024


class BodyLimit:
    """Refuses a body that says it is too long at once, and one that does not say so when it gets too long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = _limit(scope["path"])
        if _announced(scope) > limit:
            await problem_response(TooLarge(_message(limit)))(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, _message(limit))
            return message

        await self._app(scope, receive_limited, send)


def _limit(path: str) -> int:
    if path.startswith("/whep/"):
        return SDP_LIMIT_BYTES
    return STILL_LIMIT_BYTES if path == "/api/v1/stills" else JSON_LIMIT_BYTES


def _message(limit: int) -> str:
    return f"the body is too large: {limit // 1024} kB are allowed"


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)  # the HTTP parser lets nothing but digits through
    return 0
