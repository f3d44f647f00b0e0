"""Every route has a role, and every role gets exactly that: no more, no less."""

import re

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from regie.api.access import PUBLIC, VIEWER, GuardedRoute, declared_role
from regie.api.openapi import guards
from regie.api.routes import (
    access,
    docs,
    events,
    health,
    overlays,
    paths,
    productions,
    session,
    sources,
    system,
    viewers,
    whep,
)
from regie.domain.access import Role

MODULES = (
    health,
    session,
    sources,
    productions,
    overlays,
    paths,
    viewers,
    system,
    access,
    events,
    whep,
    docs,
)
ROUTERS = [module.router for module in MODULES]
ORDER = [None, *Role]

# What is said here is repeated in the code, so that changing either alone is noticed.
EXPECTED = {
    "public": """
        GET /api/v1/health · POST /api/v1/session · GET /openapi.json · GET /docs
        OPTIONS /whep/session/{session} · OPTIONS /whep/{path:path}""",
    "viewer": """
        GET /api/v1/session · DELETE /api/v1/session · GET /api/v1/source-kinds
        GET /api/v1/sources · GET /api/v1/sources/{source_id}
        GET /api/v1/productions · GET /api/v1/productions/{production_id}
        GET /api/v1/overlay-templates · GET /api/v1/overlay-templates/{family}/{template}/picture.png
        GET /api/v1/productions/{production_id}/overlays/{overlay_id}/picture.png
        GET /api/v1/stills · GET /api/v1/stills/{still_id}
        GET /api/v1/paths · GET /api/v1/paths/{path:path} · GET /api/v1/paths/{path:path}/snapshot.jpg
        GET /api/v1/paths/{path:path}/timing
        GET /api/v1/viewers · GET /api/v1/system · GET /api/v1/workers · GET /api/v1/metrics
        WEBSOCKET /api/v1/events · GET /whep/{path:path} · POST /whep/{path:path}
        PATCH /whep/session/{session} · DELETE /whep/session/{session}""",
    "operator": """
        POST /api/v1/sources · PATCH /api/v1/sources/{source_id} · DELETE /api/v1/sources/{source_id}
        POST /api/v1/sources/{source_id}/start · POST /api/v1/sources/{source_id}/stop
        POST /api/v1/sources/probe · DELETE /api/v1/viewers/{session} · GET /api/v1/devices
        GET /api/v1/workers/{worker_id}/logs · PATCH /api/v1/productions/{production_id}
        PUT /api/v1/productions/{production_id}/scenes/{scene_id}
        DELETE /api/v1/productions/{production_id}/scenes/{scene_id}
        POST /api/v1/productions/{production_id}/preview · POST /api/v1/productions/{production_id}/cut
        POST /api/v1/productions/{production_id}/auto · POST /api/v1/productions/{production_id}/t-bar
        POST /api/v1/productions/{production_id}/fade-to-black · POST /api/v1/productions/{production_id}/solo
        POST /api/v1/productions/{production_id}/reset-loudness
        PATCH /api/v1/productions/{production_id}/audio/{source_id}
        PUT /api/v1/productions/{production_id}/overlays/{overlay_id}
        DELETE /api/v1/productions/{production_id}/overlays/{overlay_id}
        POST /api/v1/productions/{production_id}/overlays/{overlay_id}/move
        POST /api/v1/productions/{production_id}/overlays/{overlay_id}/take
        POST /api/v1/stills · DELETE /api/v1/stills/{still_id}""",
    "admin": """
        POST /api/v1/workers/{worker_id}/restart
        GET /api/v1/tokens · POST /api/v1/tokens · DELETE /api/v1/tokens/{token_id}
        GET /api/v1/links · POST /api/v1/links · DELETE /api/v1/links/{link_id}
        GET /api/v1/sessions · DELETE /api/v1/sessions/{session_id}""",
}


def all_routes() -> list[tuple[str, str, str]]:
    found = []
    for router in ROUTERS:
        for route in iter_route_contexts(router.routes):
            guard = declared_role(route)
            for method in sorted(getattr(route, "methods", None) or {"WEBSOCKET"}):
                role = "none declared" if guard is None else (guard.role or "public")
                found.append((str(role), method, str(route.path)))
    return found


def test_every_route_declares_the_role_that_stands_here() -> None:
    expected = sorted(
        (role, *line.split())
        for role, text in EXPECTED.items()
        for line in re.split(r"·|\n", text)
        if line.strip()
    )
    assert sorted(all_routes()) == expected


def test_every_route_checks_before_it_reads_the_body() -> None:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, GuardedRoute) or "websocket" in type(route).__name__.lower()


def test_a_route_without_a_role_is_noticed() -> None:
    router = APIRouter(route_class=GuardedRoute)
    router.add_api_route("/naked", test_a_route_without_a_role_is_noticed)
    router.add_api_route("/public", test_a_route_without_a_role_is_noticed, dependencies=[PUBLIC])
    router.add_api_route("/viewer", test_a_route_without_a_role_is_noticed, dependencies=[VIEWER])
    app = FastAPI(openapi_url=None)
    app.include_router(router)
    declared = guards(app)
    assert declared["/naked", "get"] is None
    assert declared["/public", "get"] is not None
    assert getattr(declared["/viewer", "get"], "role", None) == Role.VIEWER


FILL = {
    "{source_id}": "no-such-source",
    "{production_id}": "no-such-production",
    "{scene_id}": "no-such-scene",
    "{path:path}": "src/no-such-path",
    "{session}": "no-such-session",
    "{worker_id}": "no-such-worker",
    "{token_id}": "none",
    "{link_id}": "none",
    "{session_id}": "none",
}
REQUESTS = [(role, method, path) for role, method, path in all_routes() if method != "WEBSOCKET"]


def filled(path: str) -> str:
    for placeholder, value in FILL.items():
        path = path.replace(placeholder, value)
    return path


@pytest.fixture
def clients(
    anyone: httpx.Client, viewer: httpx.Client, operator: httpx.Client, admin: httpx.Client
) -> dict[Role | None, httpx.Client]:
    return {None: anyone, Role.VIEWER: viewer, Role.OPERATOR: operator, Role.ADMIN: admin}


@pytest.mark.parametrize(("role", "method", "path"), REQUESTS, ids=[f"{m} {p}" for _, m, p in REQUESTS])
def test_each_route_lets_in_its_role_and_those_above_and_nobody_else(
    role: str, method: str, path: str, clients: dict[Role | None, httpx.Client]
) -> None:
    needed = None if role == "public" else Role(role)
    wrong_body = {"content": b"{", "headers": {"Content-Type": "application/json"}}
    for have, client in clients.items():
        # the body is wrong on purpose: who may not call must not even be told so
        reply = client.request(method, filled(path), **wrong_body)  # type: ignore[arg-type]
        refused = reply.status_code in (401, 403)
        assert refused is (ORDER.index(have) < ORDER.index(needed)), f"{have} got {reply.status_code}"
        assert reply.status_code < 500
        if refused:
            assert reply.status_code == (401 if have is None else 403)
            assert reply.headers["content-type"] == "application/problem+json"
