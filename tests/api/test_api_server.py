"""The server itself: its limits, headers, pages, figures; and how it starts and stands alone."""

import base64
import contextlib
import hashlib
import json
import os
import signal
import socket
import stat
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.api.conftest import client_with
from tests.support.instance import Instance, new_instance
from tests.support.wait import until

SECURITY_HEADERS = (
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
)


def raw(regie: Instance, request: bytes, timeout_s: float = 2.0) -> bytes:
    """What the server answers to bytes no proper client would send."""
    with socket.create_connection(("127.0.0.1", regie.http_port), timeout=timeout_s) as connection:
        answer = b""
        with contextlib.suppress(ConnectionError, TimeoutError):  # it may hang up, or wait for more
            connection.sendall(request)
            while data := connection.recv(65536):
                answer += data
        return answer


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 10_000):
        yield b" " * 10_000


@pytest.mark.parametrize("size", [1_100_000, 5_000_000])
def test_a_body_of_more_than_a_megabyte_is_refused_with_or_without_its_length(
    operator: httpx.Client, size: int
) -> None:
    as_json = {"Content-Type": "application/json"}
    announced = operator.post("/api/v1/sources", content=b" " * size, headers=as_json)
    streamed = operator.post("/api/v1/sources", content=chunks(size), headers=as_json)
    for reply in (announced, streamed):
        assert reply.status_code == 413
        assert reply.json()["status"] == 413


def test_who_may_not_call_is_refused_before_the_body_is_read(anyone: httpx.Client) -> None:
    reply = anyone.post("/api/v1/sources", content=b"{", headers={"Content-Type": "application/json"})
    assert reply.status_code == 401


def test_a_huge_header_is_refused_and_the_server_lives(regie: Instance, anyone: httpx.Client) -> None:
    answer = raw(regie, b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 500_000 + b"\r\n\r\n")
    assert answer == b"" or answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
    assert anyone.get("/api/v1/health").status_code == 200


@pytest.mark.parametrize(
    "request_line",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GARBAGE\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /api/v1/events HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_garbage_does_no_harm(regie: Instance, anyone: httpx.Client, request_line: bytes) -> None:
    assert b" 500 " not in raw(regie, request_line)[:40]
    assert anyone.get("/api/v1/health").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/" + "../" * 12 + "etc/passwd",
        "/assets/" + "../" * 12 + "etc/passwd",
        "/" + "..%2f" * 12 + "etc%2fpasswd",
        "/../settings.py",
        "/..%2fsettings.py",
        "/%2e%2e/settings.py",
        "/assets/..%2f..%2fsettings.py",
        "//etc/passwd",
        "/assets/%00",
        "/assets/" + "a" * 5000,
    ],
)
def test_no_file_outside_the_pages_is_served(regie: Instance, path: str) -> None:
    answer = raw(regie, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 ")
    assert b"root:" not in answer
    assert b"import " not in answer
    assert b" 500 " not in answer[:40]


@pytest.mark.parametrize(
    "path",
    [
        "src/../../etc",
        "..%2f..%2fetc%2fpasswd",
        "src/%2e%2e",
        "src/cam1%00",
        "src/CAM1",
        "/",
        "src/cam1/../x",
    ],
)
def test_a_path_is_looked_up_and_never_a_file_name(viewer: httpx.Client, path: str) -> None:
    for address in (f"/api/v1/paths/{path}", f"/api/v1/paths/{path}/snapshot.jpg"):
        assert viewer.get(address).status_code in (404, 422), address


def test_every_answer_has_the_security_headers(anyone: httpx.Client) -> None:
    for path in (
        "/",
        "/docs",
        "/openapi.json",
        "/api/v1/health",
        "/api/v1/sources",
        "/nothing/at/all",
        "/api/v1/x",
    ):
        headers = anyone.get(path).headers
        assert not [name for name in SECURITY_HEADERS if name not in headers], path
        assert "server" not in headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'self';")
        for loose in ("unsafe", "script-src", "connect-src", "ws:", "data:", "blob:"):
            assert loose not in policy, path


def test_the_one_style_sheet_in_a_page_is_the_one_that_is_allowed(anyone: httpx.Client) -> None:
    reply = anyone.get("/docs")
    css = reply.text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in reply.headers["content-security-policy"]
    assert reply.text.count("<style") == 1
    assert "style=" not in reply.text


def test_what_the_api_says_is_stored_nowhere(viewer: httpx.Client, anyone: httpx.Client) -> None:
    assert viewer.get("/api/v1/sources").headers["cache-control"] == "no-store"
    assert anyone.get("/api/v1/sources").headers["cache-control"] == "no-store"


def test_any_page_address_gives_the_page_but_an_unknown_api_address_a_problem(anyone: httpx.Client) -> None:
    assert anyone.get("/sources").headers["content-type"].startswith("text/html")
    assert anyone.get("/login").text == anyone.get("/system").text
    for method, path in (
        ("GET", "/api/v1/none"),
        ("POST", "/sources"),
        ("GET", "/assets/none.js"),
        ("GET", "/api"),
    ):
        reply = anyone.request(method, path)
        assert reply.status_code == 404, path
        assert reply.headers["content-type"] == "application/problem+json"


def test_the_wrong_method_is_told_with_the_right_ones(viewer: httpx.Client) -> None:
    reply = viewer.put("/api/v1/sources")
    assert reply.status_code == 405
    assert "GET" in reply.headers["allow"]
    assert reply.json()["status"] == 405


def test_the_reference_can_be_read_without_anything_from_elsewhere(anyone: httpx.Client) -> None:
    page = anyone.get("/docs").text
    assert "/api/v1/sources" in page
    assert "Add a source, and start it" in page
    assert "<script" not in page
    assert "src=" not in page


def test_prometheus_gets_its_figures(viewer: httpx.Client) -> None:
    viewer.get("/api/v1/sources")

    def complete() -> str:
        text = viewer.get("/api/v1/metrics").text
        streams = [
            f'regie_path_bitrate{{path="src/cam1",stream="{stream}"}}' for stream in ("video", "audio")
        ]
        return text if all(stream in text for stream in streams) else ""

    text = until(complete, 30)
    for line in (
        'regie_worker_state{state="live",worker="server"} 1.0',
        'regie_worker_restarts_total{worker="server"} 0.0',
        'regie_worker_rss_bytes{worker="edge-0"}',
        'regie_worker_cpu_cores{worker="src-cam1"}',
        'regie_path_viewers{path="src/cam1"}',
        'regie_path_fps{path="src/cam1"}',
        'regie_path_silent_seconds{path="src/cam1",stream="audio"}',
        'regie_http_requests_total{method="GET",route="/api/v1/sources",status="200"}',
        'regie_http_seconds_count{route="/api/v1/sources"}',
        "regie_engine_up 1.0",
        "regie_event_sockets 0.0",
        "regie_login_failures_total",
    ):
        assert line in text, line


def test_addresses_asked_for_do_not_become_labels(viewer: httpx.Client) -> None:
    for number in range(5):
        viewer.get(f"/api/v1/sources/secret-{number}")
        viewer.get(f"/secret-{number}")
        viewer.request(f"SECRET{number}", "/api/v1/sources")
    assert "secret" not in viewer.get("/api/v1/metrics").text.lower()


def test_the_system_page_has_what_it_shows(viewer: httpx.Client, operator: httpx.Client) -> None:
    system = viewer.get("/api/v1/system").json()
    assert system["engine"]["answers"] is True
    assert system["cpu"]["cores"] >= 1
    assert 0 < system["memory"]["available"] <= system["memory"]["total"]
    assert 0 < system["disk"]["free"] <= system["disk"]["total"]
    assert system["python"].startswith("3.")
    workers = {worker["id"]: worker for worker in viewer.get("/api/v1/workers").json()}
    assert workers["server"]["state"] == "live"
    assert set(operator.get("/api/v1/devices").json()) == {"devices", "note"}
    lines = operator.get("/api/v1/workers/server/logs", params={"lines": 5}).json()["lines"]
    assert 0 < len(lines) <= 5


def test_the_server_stays_small(regie: Instance, viewer: httpx.Client) -> None:
    viewer.get("/docs")
    assert psutil.Process(regie.worker_pid("server")).memory_info().rss < 150_000_000


def test_a_restarted_worker_comes_back(admin: httpx.Client, regie: Instance) -> None:
    before = regie.worker_pid("tools")
    assert admin.post("/api/v1/workers/tools/restart").status_code == 204
    until(lambda: regie.worker_pid("tools") != before, 15)


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_headers(viewer: httpx.Client) -> None:
    took_s = [viewer.get("/api/v1/sources").elapsed.total_seconds() for _ in range(20)]
    assert statistics.median(took_s) < 0.03  # with Nagle's algorithm it is 40 ms and more


@pytest.fixture
def fresh() -> Iterator[Instance]:
    with new_instance() as made:
        made.lighten()
        yield made


def test_the_server_serves_while_the_engine_is_away_and_says_so(fresh: Instance) -> None:
    fresh.start()
    before = fresh.request("GET", "/sources")
    fresh.kill_engine()
    system = fresh.request("GET", "/system")
    assert system["engine"]["answers"] is False
    assert "engine" in system["engine"]["reason"]
    assert fresh.request("GET", "/health") == {"status": "ok"}
    with client_with(fresh, fresh.token) as client:
        refused = client.post("/api/v1/sources", json={"name": "Late", "kind": "test"})
        stopped = client.post("/api/v1/sources/cam1/stop")
    for reply in (refused, stopped):
        assert reply.status_code == 503
        assert int(reply.headers["retry-after"]) > 0
        assert "engine is not running" in reply.json()["detail"]
    after = fresh.request("GET", "/sources")
    assert [(s["id"], s["enabled"]) for s in after] == [(s["id"], s["enabled"]) for s in before]
    fresh.start()
    until(lambda: fresh.request("GET", "/system")["engine"]["answers"], 15)
    until(lambda: fresh.request("POST", "/sources/cam1/stop")["state"] == "stopped", 15)


def test_a_deleted_demo_stays_deleted_and_changes_outlive_a_killed_server(fresh: Instance) -> None:
    fresh.start()
    for source_id in ("cam2", "cam3", "cam4"):
        fresh.request("DELETE", f"/sources/{source_id}?force=true")
    fresh.request("PATCH", "/sources/cam1", {"name": "Renamed"})
    pid = fresh.worker_pid("server")
    os.kill(pid, signal.SIGKILL)
    until(lambda: fresh.worker_pid("server") != pid, 30)
    fresh.wait_serving()
    assert [(s["id"], s["name"]) for s in fresh.request("GET", "/sources")] == [("cam1", "Renamed")]


def test_nothing_in_the_data_directory_is_for_others(fresh: Instance) -> None:
    fresh.start()
    files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in fresh.data_dir.glob("*.*")}
    assert {"regie.db", "secret.key", "cli.token"} <= set(files)
    assert not {name: oct(mode) for name, mode in files.items() if mode & 0o077}


def test_a_server_started_by_hand_waits_for_its_port_and_needs_no_engine(fresh: Instance) -> None:
    log, settings = fresh.directory / "server.log", {"http_port": fresh.http_port, "http_host": "127.0.0.1"}
    spec = {"settings": settings | {"data_dir": str(fresh.data_dir), "run_dir": str(fresh.run_dir)}}
    command = [sys.executable, "-m", "regie.main", "worker", "server", json.dumps(spec)]
    command += ["--run-dir", str(fresh.run_dir)]
    with socket.create_server(("127.0.0.1", fresh.http_port)), log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=output)
        until(lambda: f"port {fresh.http_port} on 127.0.0.1 cannot be opened" in log.read_text(), 20)
        assert "REGIE_HTTP_PORT" in log.read_text()
    try:
        with client_with(fresh, None) as client:
            until(lambda: client.get("/api/v1/health").status_code == 200, 20)
    finally:
        server.terminate()
        assert server.wait(10) == 0


def test_with_a_certificate_it_serves_https_and_the_cookie_is_secure(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    environ = {"REGIE_TLS_CERT": str(certificate), "REGIE_TLS_KEY": str(key)}
    with new_instance(extra_environ=environ) as instance:
        instance.lighten(live=False)
        instance.start(wait=False)
        with httpx.Client(base_url=instance.base_url.replace("http:", "https:"), verify=False) as client:  # noqa: S501

            def healthy() -> bool:
                return bool(client.get("/api/v1/health").json() == {"status": "ok"})

            until(healthy, 30)
            reply = client.post("/api/v1/session", json={"token": instance.token})
        assert "secure" in reply.headers["set-cookie"].lower()


def self_signed(directory: Path) -> tuple[Path, Path]:
    certificate, key = directory / "cert.pem", directory / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    command += ["-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    return certificate, key


def test_only_a_named_proxy_is_believed_who_the_client_is() -> None:
    with new_instance(extra_environ={"REGIE_TRUSTED_PROXIES": "127.0.0.1"}) as instance:
        instance.lighten(live=False)
        instance.start()
        with client_with(instance, None) as client:

            def attempt(forwarded_for: str) -> int:
                headers = {"X-Forwarded-For": forwarded_for}
                return client.post("/api/v1/session", json={"token": "x"}, headers=headers).status_code

            assert [attempt("192.0.2.1") for _ in range(11)] == [401] * 10 + [429]
            assert attempt("192.0.2.2") == 401
