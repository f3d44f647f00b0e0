"""The OpenAPI document: what FastAPI knows, and what only we know: roles, errors, ways to log in."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from regie.api.access import Requires, declared_role
from regie.api.problems import MEDIA_TYPE, Problem

ABOUT = """Everything Regie can do, over HTTP. Log in with a cookie (`POST /api/v1/session`) or send
`Authorization: Bearer <API token>`. Roles: **viewer** < **operator** < **admin**. Errors are
problem+json (RFC 9457). All times are Unix seconds. Changes are told at once on the WebSocket
`/api/v1/events`: first `{"seq": 1, "type": "snapshot", "data": …}`, then every change, numbered."""

SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API token"},
    "session": {"type": "apiKey", "in": "cookie", "name": "regie_8000", "description": "regie_<port>"},
}
ALWAYS = {413: "The body is too large", 500: "A fault of the server"}
WITH_ROLE = {
    401: "Not logged in, or the token is not valid",
    403: "The role is not enough, or the request comes from another site's page",
    429: "Too many wrong tokens from this address",
    503: "The engine, a worker or the database is away at the moment",
}
OFTEN = {404: "There is no such thing", 422: "The request is not right"}
BY_METHOD = {
    "options": OFTEN,
    "get": OFTEN | {409: "It is stopped"},
    "post": OFTEN | {400: "The body cannot be read", 409: "In conflict with what is"},
    "put": OFTEN | {400: "The body cannot be read", 409: "In conflict with what is"},
    "patch": OFTEN | {400: "The body cannot be read", 409: "In conflict with what is"},
    "delete": OFTEN | {409: "Somebody uses it"},
}
WITH_MEDIA = {406: "Nothing in the offer can be sent", 415: "Another content type is needed"}

WITH_ETAG = {412: "Another ICE session than the one of this ETag", 428: "If-Match is missing"}


def describe(app: FastAPI) -> None:
    """Replace the app's document by ours, made once when somebody first asks."""

    def document() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way


def guards(app: FastAPI) -> dict[tuple[str, str], Requires | None]:
    """The role each route declares, by path and method; WebSockets have the method "websocket"."""
    found: dict[tuple[str, str], Requires | None] = {}
    for route in iter_route_contexts(app.routes):
        for method in getattr(route, "methods", None) or {"websocket"}:
            found[str(route.path), method.lower()] = declared_role(route)
    return found


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    schemas = document["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= schemas["Problem"].pop("$defs", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = SECURITY
    declared = guards(app)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, path, method, declared.get((_route_path(path, declared), method)))
    return document


def _route_path(path: str, declared: dict[tuple[str, str], Any]) -> str:
    """OpenAPI writes {path}, the route {path:path}."""
    with_converter = path.replace("{path}", "{path:path}")
    return with_converter if any(known == with_converter for known, _ in declared) else path


def _complete(operation: dict[str, Any], path: str, method: str, guard: Requires | None) -> None:
    responses = operation["responses"]
    told = dict(ALWAYS)
    if guard is not None and guard.role is not None:
        told |= WITH_ROLE
        operation["security"] = [{"bearer": []}, {"session": []}]
        operation["x-role"] = guard.role.value
    if path.endswith("/session") and method == "post":
        told |= WITH_ROLE
    told |= BY_METHOD.get(method, {})
    if path.startswith("/whep/"):
        told |= WITH_MEDIA
    if path.startswith("/whep/session/") and method == "patch":
        told |= WITH_ETAG
    if path.endswith("/stills") and method == "post":
        told |= {415: "It is no PNG, JPEG or SVG"}
    responses.pop("422", None)  # FastAPI's own shape of it
    for status, description in told.items():
        content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[str(status)] = {"description": description, "content": content}
