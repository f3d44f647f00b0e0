"""The events WebSocket: a snapshot, then every change at once, for those who may and as long as they may."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.api.test_api_access import age_session
from tests.support.instance import Instance

type LogIn = Callable[..., httpx.Client]
type NewSource = Callable[..., dict[str, Any]]
type Listen = Callable[..., ClientConnection]


@pytest.fixture
def listen(regie: Instance) -> Iterator[Listen]:
    with contextlib.ExitStack() as opened:

        def listening(headers: dict[str, str] | None = None, **options: Any) -> ClientConnection:
            url = regie.base_url.replace("http", "ws", 1) + "/api/v1/events"
            opening = connect(url, additional_headers=headers or {}, proxy=None, close_timeout=1, **options)
            socket: ClientConnection = opened.enter_context(opening)
            return socket

        yield listening


def cookie_of(browser: httpx.Client) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def receive(socket: ClientConnection, timeout_s: float = 5.0) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(socket.recv(timeout_s))
    return message


def next_of(socket: ClientConnection, event: str, timeout_s: float = 10.0) -> dict[str, Any]:
    deadline = time.monotonic() + timeout_s
    while True:
        message = receive(socket, deadline - time.monotonic())
        if message["type"] == event:
            return message


def next_about(socket: ClientConnection, source_id: str) -> dict[str, Any]:
    """What is told next of this source, whatever others do meanwhile."""
    while (source := next_of(socket, "source")["data"])["id"] != source_id:
        pass
    return dict(source)


def test_a_snapshot_comes_first_and_every_message_is_numbered(listen: Listen, regie: Instance) -> None:
    socket = listen({"Authorization": f"Bearer {regie.token}"})
    messages = [receive(socket) for _ in range(4)]
    assert [message["seq"] for message in messages] == [1, 2, 3, 4]
    assert messages[0]["type"] == "snapshot"
    snapshot = messages[0]["data"]
    assert set(snapshot) == {"sources", "paths", "workers", "viewers", "productions", "server", "engine"}
    assert {"cam1", "cam2", "cam3", "cam4"} <= {source["id"] for source in snapshot["sources"]}
    assert {"server", "edge-0", "tools"} <= {worker["id"] for worker in snapshot["workers"]}
    assert snapshot["engine"] == {"answers": True}
    assert set(snapshot["server"]) == {"version", "build", "started_at"}


def test_figures_come_once_a_second(listen: Listen, regie: Instance) -> None:
    socket = listen({"Authorization": f"Bearer {regie.token}"})
    next_of(socket, "stats")
    started = time.monotonic()
    stats = next_of(socket, "stats")["data"]
    assert 0.5 < time.monotonic() - started < 2.5
    assert set(stats) == {"now", "paths", "viewers", "usage", "system"}
    assert abs(stats["now"] - time.time()) < 5
    assert "src/cam1" in [path["name"] for path in stats["paths"]]
    assert stats["usage"]["server"]["rss"] > 10_000_000
    assert set(stats["system"]) == {"cpu", "memory", "disk"}


def test_a_change_reaches_every_page_within_a_tenth_of_a_second(
    listen: Listen, regie: Instance, operator: httpx.Client, new_source: NewSource
) -> None:
    source = new_source()
    pages = [listen({"Authorization": f"Bearer {regie.token}"}) for _ in range(3)]
    for page in pages:
        next_of(page, "snapshot")
    took = []
    for number in range(5):
        name = f"Name {number}"
        reply = operator.patch(f"/api/v1/sources/{source['id']}", json={"name": name})
        answered = time.monotonic()
        for page in pages:
            assert next_about(page, source["id"]) == reply.json()
        took.append(time.monotonic() - answered)
    assert min(took) < 0.1, took


def test_a_source_is_told_from_its_adding_to_its_deletion(
    listen: Listen, regie: Instance, operator: httpx.Client
) -> None:
    page = listen({"Authorization": f"Bearer {regie.token}"})
    options = {"width": 320, "height": 180, "fps": 10}
    source = operator.post(
        "/api/v1/sources", json={"name": "Told", "kind": "test", "options": options}
    ).json()
    states = []
    while "live" not in states:
        told = next_of(page, "source", 30)["data"]
        if told["id"] == source["id"]:
            states.append(told["state"])
    assert states[0] == "starting"
    operator.delete(f"/api/v1/sources/{source['id']}?force=true")
    assert next_of(page, "source-deleted")["data"] == {"id": source["id"]}
    assert next_of(page, "worker-gone")["data"] == {"id": f"src-{source['id']}"}


def test_a_browser_listens_with_its_cookie(listen: Listen, log_in: LogIn, regie: Instance) -> None:
    socket = listen(cookie_of(log_in()), origin=regie.base_url)
    assert receive(socket)["type"] == "snapshot"


def test_listening_does_not_use_up_the_renewal_of_the_cookie_and_goes_on_with_the_session(
    listen: Listen, log_in: LogIn, admin: httpx.Client, regie: Instance
) -> None:
    browser = log_in()
    session = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    age_session(regie, session["id"], time.time() - 7200, expires_at=time.time() + 4)
    socket = listen(cookie_of(browser), origin=regie.base_url)
    receive(socket)
    renewed = browser.get("/api/v1/session")
    assert "set-cookie" in renewed.headers
    read_for(socket, 5)  # longer than it had to live when the page was opened


def test_a_session_that_expires_closes_its_pages_and_says_so(
    listen: Listen, log_in: LogIn, admin: httpx.Client, regie: Instance
) -> None:
    browser = log_in()
    session = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    age_session(regie, session["id"], time.time(), expires_at=time.time() + 3)
    socket = listen(cookie_of(browser), origin=regie.base_url)
    with pytest.raises(ConnectionClosed) as closed:
        read_for(socket, 10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1:1"])
def test_a_page_of_another_site_cannot_listen_with_our_cookie(
    listen: Listen, log_in: LogIn, origin: str | None
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        listen(cookie_of(log_in("admin")), origin=origin)
    assert refused.value.response.status_code == 403


def test_without_a_log_in_there_is_nothing_to_hear(listen: Listen, regie: Instance) -> None:
    for headers in ({}, {"Authorization": "Basic x"}):
        with pytest.raises(InvalidStatus) as refused:
            listen(headers, origin=regie.base_url)
        assert refused.value.response.status_code == 401
        assert refused.value.response.headers["content-type"] == "application/problem+json"


def test_a_revoked_session_hears_nothing_from_then_on(
    listen: Listen, log_in: LogIn, admin: httpx.Client, regie: Instance
) -> None:
    socket = listen(cookie_of(log_in("operator")), origin=regie.base_url)
    receive(socket)
    newest = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    admin.delete(f"/api/v1/sessions/{newest['id']}")
    assert_hung_up(socket)


def test_a_revoked_token_hears_nothing_from_then_on(listen: Listen, admin: httpx.Client) -> None:
    made = admin.post("/api/v1/tokens", json={"name": "ci", "role": "viewer"}).json()
    socket = listen({"Authorization": f"Bearer {made['token']}"})
    receive(socket)
    admin.delete(f"/api/v1/tokens/{made['id']}")
    assert_hung_up(socket)


def test_logging_out_closes_the_pages_of_that_session(listen: Listen, log_in: LogIn, regie: Instance) -> None:
    browser = log_in()
    socket = listen(cookie_of(browser), origin=regie.base_url)
    receive(socket)
    assert browser.delete("/api/v1/session").status_code == 204
    assert_hung_up(socket)


def assert_hung_up(socket: ClientConnection) -> None:
    with pytest.raises(ConnectionClosed):
        read_for(socket, 3.0)


def read_for(socket: ClientConnection, seconds: float) -> str:
    """All that comes in this time."""
    deadline, read = time.monotonic() + seconds, ""
    with contextlib.suppress(TimeoutError):
        while (left_s := deadline - time.monotonic()) > 0:
            read += str(socket.recv(left_s))
    return read


def test_a_page_that_talks_a_flood_is_hung_up_and_nobody_else(listen: Listen, regie: Instance) -> None:
    bearer = {"Authorization": f"Bearer {regie.token}"}
    rude, polite = listen(bearer), listen(bearer)
    rude.send("x" * 100_000)
    assert_hung_up(rude)
    assert next_of(polite, "stats")


def test_a_page_that_does_not_read_does_not_hold_up_another(
    listen: Listen, regie: Instance, operator: httpx.Client, new_source: NewSource
) -> None:
    source = new_source()
    bearer = {"Authorization": f"Bearer {regie.token}"}
    listen(bearer, max_queue=1)  # reads nothing; its buffers and then ours fill up
    page = listen(bearer)
    next_of(page, "snapshot")
    for number in range(30):
        operator.patch(f"/api/v1/sources/{source['id']}", json={"name": f"N{number}"})
    names = [next_about(page, source["id"])["name"] for _ in range(30)]
    assert names[-1] == "N29"


def test_the_server_pings(listen: Listen, regie: Instance) -> None:
    socket = listen({"Authorization": f"Bearer {regie.token}"})
    pings: list[float] = []
    original = socket.protocol.receive_data

    def receive_data(data: bytes | bytearray) -> None:
        if data[:1] == b"\x89":
            pings.append(time.monotonic())
        original(data)

    socket.protocol.receive_data = receive_data  # type: ignore[method-assign]
    deadline = time.monotonic() + 8
    while not pings and time.monotonic() < deadline:
        receive(socket)
    assert pings


def test_no_password_is_told(listen: Listen, regie: Instance, operator: httpx.Client) -> None:
    page = listen({"Authorization": f"Bearer {regie.token}"})
    url = "rtsp://user:hunter2@127.0.0.1:9/stream"
    asked = {"name": "Secret", "kind": "rtsp", "options": {"url": url}, "enabled": True}
    made = operator.post("/api/v1/sources", json=asked)
    assert made.status_code == 201
    told = made.text
    while '"retrying"' not in told:  # by then the worker, the engine and the server have all told of it
        told += json.dumps(receive(page, 15))
    told += read_for(page, 1.0)
    told += operator.get("/api/v1/sources").text + operator.get("/api/v1/workers").text
    told += operator.get(f"/api/v1/workers/src-{made.json()['id']}/logs").text
    told += operator.delete(f"/api/v1/sources/{made.json()['id']}").text
    told += regie.worker_log("server") + regie.output
    assert "127.0.0.1:9" in told
    assert "hunter2" not in told
