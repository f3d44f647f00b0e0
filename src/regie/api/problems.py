"""Every error as problem+json (RFC 9457): what failed, and what to do about it."""

import http
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection

from regie.domain.errors import Invalid, RegieError
from regie.domain.redact import redact

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 2.0

STATUS: Mapping[str, int] = {
    "invalid": 422,
    "not-found": 404,
    "conflict": 409,
    "unauthenticated": 401,
    "not-allowed": 403,
    "not-acceptable": 406,
    "not-supported": 415,
    "too-large": 413,
    "too-many": 429,
    "unavailable": 503,
}
_KINDS = {status: kind for kind, status in STATUS.items()}


class FieldProblem(BaseModel):
    field: str
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457). Further members tell facts about it, such as `used_by`."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    hint: str = ""
    errors: list[FieldProblem] = []


def add_problem_handlers(app: FastAPI) -> None:
    """For requests and WebSockets alike."""
    for error, answer in (
        (RegieError, _regie_error),
        (RequestValidationError, _validation_error),
        (HTTPException, _http_error),
        (ClientDisconnect, _gone),
        (Exception, _unforeseen),
    ):
        app.add_exception_handler(error, _handler(answer))


def _handler(answer: Callable[[HTTPConnection, Any], JSONResponse]) -> Any:
    """A refused WebSocket gets its problem, too: as the answer to the request that would have opened it."""

    async def handle(connection: Request | WebSocket, error: Exception) -> JSONResponse | None:
        response = answer(connection, error)
        if not isinstance(connection, WebSocket):
            return response
        await connection.send_denial_response(response)
        return None

    return handle


def problem_response(
    error: RegieError, status: int | None = None, extra_headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as an answer; `status` where a protocol wants another than usual."""
    body = problem_body(error, status)
    code = body["status"]
    wait_s = error.facts.get("retry_after_s", RETRY_AFTER_S)
    headers = dict(extra_headers or {})
    if code in (429, 503):
        headers["Retry-After"] = str(math.ceil(float(str(wait_s))))
    if code == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="regie"'
    return JSONResponse(body, code, headers, MEDIA_TYPE)


def problem_body(error: RegieError, status: int | None = None) -> dict[str, Any]:
    code = status or STATUS.get(error.kind, 500)
    facts = {key: fact for key, fact in error.facts.items() if key != "retry_after_s"}
    return {
        "type": f"/problems/{error.kind}",
        "title": _title(code),
        "status": code,
        "detail": redact(error.message),
        "hint": redact(error.hint),
        "errors": [],
        **redacted(facts),
    }


def _gone(_: HTTPConnection, error: ClientDisconnect) -> JSONResponse:  # noqa: ARG001 - a handler's arguments
    """Who went away amid a request is no fault of ours; nobody reads this answer."""
    return problem_response(Invalid("the request was not sent to its end"))


def _regie_error(connection: HTTPConnection, error: RegieError) -> JSONResponse:
    if error.kind == "internal":
        log.error("%s: %s", connection.url.path, error.message)
    return problem_response(error)


def _validation_error(_: HTTPConnection, error: RequestValidationError) -> JSONResponse:
    """Names the fields and what is wrong with them; never repeats what was sent, it may be a password."""
    errors = [
        {"field": ".".join(str(part) for part in fault["loc"][1:]) or "body", "message": fault["msg"]}
        for fault in error.errors()
    ]
    said = "; ".join(f"{fault['field']}: {fault['message']}" for fault in errors)
    return problem_response(Invalid(f"the request is not right: {said}", errors=errors))


def _http_error(_: HTTPConnection, error: HTTPException) -> JSONResponse:
    kind = _KINDS.get(error.status_code)
    problem = Problem(
        type=f"/problems/{kind}" if kind else "about:blank",
        title=_title(error.status_code),
        status=error.status_code,
        detail=redact(str(error.detail)),
    )
    return JSONResponse(problem.model_dump(), error.status_code, error.headers, MEDIA_TYPE)


def _unforeseen(connection: HTTPConnection, error: Exception) -> JSONResponse:
    log.error("%s failed", connection.url.path, exc_info=error)
    return problem_response(
        RegieError("something went wrong inside the server", "its log has the details: System, server")
    )


def _title(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def redacted(value: Any) -> Any:
    """The same JSON with every password in every string masked."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: redacted(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [redacted(item) for item in value]
    return value
