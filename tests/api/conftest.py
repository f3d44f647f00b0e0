"""One running Regie for all API tests, and clients of every role. What a test adds it removes."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.support.instance import Instance, light_instance

TIMEOUT_S = 20.0


@pytest.fixture(scope="package")
def regie() -> Iterator[Instance]:
    with light_instance() as started:
        yield started


def client_with(regie: Instance, token: str | None, **options: Any) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=regie.base_url, headers=headers, timeout=TIMEOUT_S, **options)


@pytest.fixture(scope="package")
def admin(regie: Instance) -> Iterator[httpx.Client]:
    with client_with(regie, regie.token) as client:
        yield client


def made_token(admin: httpx.Client, role: str) -> str:
    reply = admin.post("/api/v1/tokens", json={"name": f"test {role}", "role": role})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["token"])


@pytest.fixture(scope="package")
def operator(regie: Instance, admin: httpx.Client) -> Iterator[httpx.Client]:
    with client_with(regie, made_token(admin, "operator")) as client:
        yield client


@pytest.fixture(scope="package")
def viewer(regie: Instance, admin: httpx.Client) -> Iterator[httpx.Client]:
    with client_with(regie, made_token(admin, "viewer")) as client:
        yield client


@pytest.fixture
def anyone(regie: Instance) -> Iterator[httpx.Client]:
    """Nobody in particular, without a token."""
    with client_with(regie, None) as client:
        yield client


@pytest.fixture
def stranger(regie: Instance) -> Iterator[httpx.Client]:
    """Somebody at another address: what is counted against them does not hinder the other tests."""
    address = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 2}"
    with client_with(regie, None, transport=httpx.HTTPTransport(local_address=address)) as client:
        yield client


type LogIn = Callable[..., httpx.Client]


@pytest.fixture
def log_in(regie: Instance, admin: httpx.Client) -> Iterator[LogIn]:
    """A browser: logged in through a link, with a cookie, and it says where its requests come from."""
    browsers: list[httpx.Client] = []

    def logged_in(role: str = "viewer") -> httpx.Client:
        url = admin.post("/api/v1/links", json={"name": f"test {role}", "role": role}).json()["url"]
        browser = client_with(regie, None)
        browser.headers["Origin"] = regie.base_url
        browsers.append(browser)
        reply = browser.post("/api/v1/session", json={"token": url.partition("#")[2]})
        assert reply.status_code == 200, reply.text
        return browser

    yield logged_in
    for browser in browsers:
        browser.close()


@pytest.fixture
def new_source(operator: httpx.Client) -> Iterator[Callable[..., dict[str, Any]]]:
    """Adds sources, and deletes them in the end."""
    added: list[str] = []

    def add(**body: Any) -> dict[str, Any]:
        asked = {"name": "Test", "kind": "test", "enabled": False} | body
        reply = operator.post("/api/v1/sources", json=asked)
        assert reply.status_code == 201, reply.text
        source: dict[str, Any] = reply.json()
        added.append(source["id"])
        return source

    yield add
    for source_id in added:
        operator.delete(f"/api/v1/sources/{source_id}", params={"force": "true"})
