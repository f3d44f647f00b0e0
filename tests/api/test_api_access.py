"""Logging in, links, tokens, sessions; and everything a stranger or another site's page might try."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from tests.api.conftest import client_with, made_token
from tests.support.instance import Instance

type LogIn = Callable[..., httpx.Client]


def link_token(admin: httpx.Client, **body: object) -> str:
    asked = {"name": "Ann", "role": "viewer"} | body
    return str(admin.post("/api/v1/links", json=asked).json()["url"].partition("/login#")[2])


def log_in_with(client: httpx.Client, token: str, **headers: str) -> httpx.Response:
    return client.post("/api/v1/session", json={"token": token}, headers=headers)


def test_health_says_ok_to_anyone_and_nothing_else(anyone: httpx.Client) -> None:
    reply = anyone.get("/api/v1/health")
    assert (reply.status_code, reply.json()) == (200, {"status": "ok"})


def test_a_link_opens_a_session_and_logging_out_ends_it(anyone: httpx.Client, admin: httpx.Client) -> None:
    assert anyone.get("/api/v1/session").status_code == 401
    reply = log_in_with(anyone, link_token(admin, role="operator"))
    assert reply.status_code == 200
    assert (reply.json()["role"], reply.json()["name"]) == ("operator", "Ann")
    assert anyone.get("/api/v1/session").json() == reply.json()
    cookie = dict(anyone.cookies)
    assert anyone.delete("/api/v1/session", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 204
    anyone.cookies.update(cookie)
    assert anyone.get("/api/v1/session").status_code == 401


def test_the_cookie_is_for_this_server_alone_and_no_script_can_read_it(
    anyone: httpx.Client, admin: httpx.Client, regie: Instance
) -> None:
    header = log_in_with(anyone, link_token(admin)).headers["set-cookie"]
    name, _, rest = header.partition("=")
    attributes = [part.strip().lower() for part in rest.split(";")[1:]]
    assert name == f"regie_{regie.http_port}"
    assert {"httponly", "samesite=strict", "path=/", "max-age=2592000"} <= set(attributes)
    assert not [attribute for attribute in attributes if attribute.startswith("domain")]


def test_a_cookie_that_was_touched_is_no_cookie(log_in: LogIn, regie: Instance) -> None:
    browser = log_in()
    name = f"regie_{regie.http_port}"
    cookie = str(browser.cookies[name])
    for forged in (
        cookie[:-1] + ("0" if cookie[-1] != "0" else "1"),
        "x" + cookie,
        cookie.split(".", maxsplit=1)[0],
        ".",
    ):
        reply = httpx.get(f"{regie.base_url}/api/v1/session", headers={"Cookie": f"{name}={forged}"})
        assert reply.status_code == 401


def test_a_link_works_once(stranger: httpx.Client, admin: httpx.Client) -> None:
    token = link_token(admin)
    assert log_in_with(stranger, token).status_code == 200
    stranger.cookies.clear()
    reply = log_in_with(stranger, token)
    assert reply.status_code == 401
    assert "used already" in reply.json()["detail"]


def test_of_many_who_use_one_link_at_once_one_gets_in(admin: httpx.Client, regie: Instance) -> None:
    token = link_token(admin)
    codes: list[int] = []

    def try_it() -> None:
        transport = httpx.HTTPTransport(local_address="127.9.9.9")
        with client_with(regie, None, transport=transport) as client:
            codes.append(log_in_with(client, token).status_code)

    threads = [threading.Thread(target=try_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(codes) == [200] + [401] * 5


def test_a_revoked_link_works_no_more(stranger: httpx.Client, admin: httpx.Client) -> None:
    made = admin.post("/api/v1/links", json={"name": "Ann", "role": "viewer"}).json()
    assert made["id"] in [link["id"] for link in admin.get("/api/v1/links").json()]
    assert admin.delete(f"/api/v1/links/{made['id']}").status_code == 204
    assert made["id"] not in [link["id"] for link in admin.get("/api/v1/links").json()]
    assert log_in_with(stranger, made["url"].partition("#")[2]).status_code == 401


def test_secrets_are_shown_once_and_in_no_list(admin: httpx.Client) -> None:
    token = admin.post("/api/v1/tokens", json={"name": "ci", "role": "viewer"}).json()["token"]
    link = admin.post("/api/v1/links", json={"name": "Ann", "role": "viewer"}).json()["url"].partition("#")[2]
    lists = "".join(admin.get(f"/api/v1/{name}").text for name in ("tokens", "links", "sessions"))
    assert "ci" in lists
    assert not [secret for secret in (token, link) if secret in lists]


def test_a_revoked_token_works_no_more_nor_does_a_session_it_opened(
    admin: httpx.Client, stranger: httpx.Client
) -> None:
    made = admin.post("/api/v1/tokens", json={"name": "ci", "role": "operator"}).json()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    assert stranger.get("/api/v1/session", headers=bearer).json()["role"] == "operator"
    assert log_in_with(stranger, made["token"]).status_code == 200
    assert stranger.get("/api/v1/session").status_code == 200
    assert admin.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert stranger.get("/api/v1/session", headers=bearer).status_code == 401
    assert stranger.get("/api/v1/session").status_code == 401


def test_an_admin_can_end_a_session(admin: httpx.Client, log_in: LogIn) -> None:
    browser = log_in("operator")
    sessions = browser.get("/api/v1/session")
    assert sessions.status_code == 200
    newest = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    assert admin.delete(f"/api/v1/sessions/{newest['id']}").status_code == 204
    assert browser.get("/api/v1/session").status_code == 401


def test_the_own_session_is_marked_in_the_list(log_in: LogIn) -> None:
    sessions = log_in("admin").get("/api/v1/sessions").json()
    assert [session["current"] for session in sessions].count(True) == 1


@pytest.mark.parametrize(
    "header",
    [
        "Basic dXNlcjpwYXNz",
        "Bearer",
        "bearer rg_wrong",
        "rg_wrong",
        "Bearer \xff\xfe",
        "Bearer a b",
    ],
)
def test_a_wrong_authorization_is_refused_and_says_how_to_do_it(stranger: httpx.Client, header: str) -> None:
    reply = stranger.get("/api/v1/sources", headers=[(b"Authorization", header.encode("latin-1"))])
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")


def test_a_token_in_the_address_is_no_token(anyone: httpx.Client, regie: Instance) -> None:
    for name in ("token", "access_token", "jwt"):
        assert anyone.get("/api/v1/sources", params={name: regie.token}).status_code == 401


def test_being_on_the_same_machine_is_no_permission(anyone: httpx.Client) -> None:
    for forwarded in ("127.0.0.1", "::1", "localhost"):
        headers = {"X-Forwarded-For": forwarded, "X-Real-IP": forwarded, "Host": "localhost"}
        assert anyone.get("/api/v1/sources", headers=headers).status_code == 401


def test_the_eleventh_wrong_attempt_has_to_wait(stranger: httpx.Client, regie: Instance) -> None:
    for _ in range(10):
        assert log_in_with(stranger, "wrong").status_code == 401
    for reply in (
        log_in_with(stranger, "wrong"),
        log_in_with(stranger, regie.token),  # even the right one: guessing must not pay
        stranger.get("/api/v1/sources", headers={"Authorization": f"Bearer {regie.token}"}),
    ):
        assert reply.status_code == 429
        assert 0 < int(reply.headers["retry-after"]) <= 60
        assert reply.headers["content-type"] == "application/problem+json"


def test_wrong_bearer_tokens_count_as_attempts_whatever_the_proxy_headers_say(stranger: httpx.Client) -> None:
    codes = [
        stranger.get(
            "/api/v1/sources", headers={"Authorization": "Bearer x", "X-Forwarded-For": f"192.0.2.{number}"}
        ).status_code
        for number in range(12)
    ]
    assert codes == [401] * 10 + [429] * 2


def test_one_who_is_logged_in_does_not_suffer_from_a_neighbour_who_guesses(
    stranger: httpx.Client, admin: httpx.Client
) -> None:
    assert log_in_with(stranger, link_token(admin)).status_code == 200
    for _ in range(12):
        stranger.get("/api/v1/sources", headers={"Authorization": "Bearer x"})
    assert stranger.get("/api/v1/sources").status_code == 200


def test_a_neighbour_who_guesses_keeps_no_right_token_out(
    stranger: httpx.Client, admin: httpx.Client, regie: Instance
) -> None:
    right = made_token(admin, "viewer")
    link = link_token(admin)
    for _ in range(12):
        stranger.get("/api/v1/sources", headers={"Authorization": "Bearer x"})
    assert log_in_with(stranger, "wrong").status_code == 429
    for token in (right, (regie.data_dir / "cli.token").read_text()):
        reply = stranger.get("/api/v1/sources", headers={"Authorization": f"Bearer {token}"})
        assert reply.status_code == 200
        assert log_in_with(stranger, token).status_code == 200
    assert log_in_with(stranger, link).status_code == 200


ELSEWHERE = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
]


@pytest.mark.parametrize("headers", [*ELSEWHERE, {}])
def test_a_page_of_another_site_cannot_change_anything_with_our_cookie(
    log_in: LogIn, headers: dict[str, str], admin: httpx.Client
) -> None:
    browser = log_in("admin")
    del browser.headers["Origin"]
    before = admin.get("/api/v1/sources").json()
    for method, path, body in (
        ("POST", "/api/v1/sources/cam1/stop", None),
        ("DELETE", "/api/v1/sources/cam1?force=true", None),
        ("PATCH", "/api/v1/sources/cam1", {"name": "hacked"}),
        ("POST", "/api/v1/tokens", {"name": "x", "role": "admin"}),
        ("POST", "/whep/src/cam1", None),
        ("DELETE", "/api/v1/session", None),
    ):
        reply = browser.request(method, path, json=body, headers=headers)
        assert reply.status_code == 403, f"{method} {path}: {reply.text}"
    after = admin.get("/api/v1/sources").json()
    assert [(s["id"], s["name"], s["enabled"]) for s in after] == [
        (s["id"], s["name"], s["enabled"]) for s in before
    ]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_page_of_another_site_cannot_log_a_visitor_in(
    anyone: httpx.Client, admin: httpx.Client, headers: dict[str, str]
) -> None:
    token = link_token(admin)
    reply = log_in_with(anyone, token, **headers)
    assert reply.status_code == 403
    assert "set-cookie" not in reply.headers
    assert log_in_with(anyone, token).status_code == 200  # and the link is not spent by the attempt


def test_no_answer_lets_another_site_read_with_our_cookie(log_in: LogIn) -> None:
    browser = log_in("viewer")
    for path in ("/api/v1/sources", "/whep/src/cam1", "/", "/openapi.json"):
        reply = browser.get(path, headers={"Origin": "https://evil.example"})
        assert reply.headers.get("access-control-allow-origin") in (None, "*")
        assert "access-control-allow-credentials" not in reply.headers


def test_a_used_session_is_renewed_with_a_new_cookie(
    log_in: LogIn, admin: httpx.Client, regie: Instance
) -> None:
    browser = log_in("viewer")
    assert "set-cookie" not in browser.get("/api/v1/sources").headers
    session = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    two_hours_ago = time.time() - 7200
    age_session(regie, session["id"], two_hours_ago)
    assert "max-age=2592000" in browser.get("/api/v1/sources").headers["set-cookie"].lower()
    renewed = next(s for s in admin.get("/api/v1/sessions").json() if s["id"] == session["id"])
    assert renewed["expires_at"] > session["expires_at"] - 10


def test_a_session_opened_with_a_token_is_seen_and_ends_no_later(
    stranger: httpx.Client, admin: httpx.Client, regie: Instance
) -> None:
    token = admin.post("/api/v1/tokens", json={"name": "old", "role": "viewer", "expires_days": 2}).json()
    log_in_with(stranger, token["token"])
    session = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    age_session(regie, session["id"], time.time() - 7200, expires_at=session["expires_at"])
    stranger.get("/api/v1/sources")
    seen = next(s for s in admin.get("/api/v1/sessions").json() if s["id"] == session["id"])
    assert seen["last_seen_at"] > time.time() - 60
    assert seen["expires_at"] == session["expires_at"] == token["expires_at"]


def test_logging_out_leaves_no_cookie_however_old_the_session_is(
    log_in: LogIn, admin: httpx.Client, regie: Instance
) -> None:
    browser = log_in("viewer")
    session = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    age_session(regie, session["id"], time.time() - 7200)
    reply = browser.delete("/api/v1/session")
    assert [header.partition("=")[2][:2] for header in reply.headers.get_list("set-cookie")] == ['""']


def test_a_session_that_expired_is_over(log_in: LogIn, admin: httpx.Client, regie: Instance) -> None:
    browser = log_in("viewer")
    session = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
    age_session(regie, session["id"], time.time() - 31 * 86400)
    assert browser.get("/api/v1/sources").status_code == 401


def age_session(regie: Instance, session_id: str, opened_at: float, expires_at: float | None = None) -> None:
    """As if it had been opened then: the clock of a running server cannot be turned."""
    ends_at = opened_at + 30 * 86400 if expires_at is None else expires_at
    with (
        contextlib.closing(sqlite3.connect(regie.data_dir / "regie.db", timeout=10)) as database,
        database,
    ):
        database.execute(
            "update sessions set created_at = ?, last_seen_at = ?, expires_at = ? where id = ?",
            (opened_at, opened_at, ends_at, session_id),
        )


def test_the_command_line_has_a_token_of_its_own(anyone: httpx.Client, regie: Instance) -> None:
    file = regie.data_dir / "cli.token"
    assert file.stat().st_mode & 0o777 == 0o600
    bearer = {"Authorization": f"Bearer {file.read_text()}"}
    assert anyone.get("/api/v1/session", headers=bearer).json()["role"] == "admin"


def test_a_link_from_the_command_line_logs_in(anyone: httpx.Client, regie: Instance) -> None:
    printed = regie.run("link")
    assert printed.returncode == 0, printed.stderr
    token = printed.stdout.partition("/login#")[2].split()[0]
    assert log_in_with(anyone, token).json()["role"] == "admin"


def test_no_token_stands_in_a_log_a_metric_or_a_process_list(admin: httpx.Client, regie: Instance) -> None:
    secret = made_token(admin, "viewer")
    link = link_token(admin)
    with client_with(regie, None) as client:
        log_in_with(client, link)
        client.get("/api/v1/sources", headers={"Authorization": f"Bearer {secret}"}, params={"token": secret})
        client.get(f"/nothing/{secret}")
    told = regie.output + regie.worker_log("server") + admin.get("/api/v1/metrics").text
    told += "".join(" ".join(process.cmdline()) for process in regie.processes())
    told += admin.get("/api/v1/workers").text + admin.get("/api/v1/workers/server/logs").text
    assert not [word for word in (secret, link, regie.token) if word in told]
