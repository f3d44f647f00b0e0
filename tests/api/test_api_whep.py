"""WHEP over HTTP as the protocol wants it, with a real WebRTC client on the other side."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import libdatachannel as rtc
import pytest

from tests.api.conftest import LogIn, client_with
from tests.support.instance import Instance, light_instance
from tests.support.wait import until

type NewSource = Callable[..., dict[str, Any]]

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


class Player:
    """A WebRTC receiver of H.264 and Opus. No callbacks: the library's threads never wait for Python."""

    def __init__(self) -> None:
        configuration = rtc.Configuration()
        configuration.disable_auto_negotiation = True
        self.peer = rtc.PeerConnection(configuration)
        video = rtc.Description.Video("video", rtc.Description.Direction.RecvOnly)
        video.add_h264_codec(96)
        audio = rtc.Description.Audio("audio", rtc.Description.Direction.RecvOnly)
        audio.add_opus_codec(111)
        self.tracks = [self.peer.add_track(video), self.peer.add_track(audio)]
        self.received = [0, 0]

    def offer(self) -> str:
        self.peer.set_local_description(rtc.Description.Type.Offer)
        until(lambda: self.peer.gathering_state() == rtc.PeerConnection.GatheringState.Complete)
        return str(self.peer.local_description())

    def accept(self, answer: str) -> None:
        self.peer.set_remote_description(rtc.Description(answer, rtc.Description.Type.Answer))

    def packets(self) -> list[int]:
        """How many packets of video and of audio have come so far."""
        for number, track in enumerate(self.tracks):
            while isinstance(track.receive(), bytes):
                self.received[number] += 1
        return self.received


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    made.peer.close()


def live(client: httpx.Client) -> None:
    until(lambda: client.get("/api/v1/paths/src/cam1").json()["state"] == "live", 30)


def test_a_source_with_a_limit_lets_no_more_in_and_tells_the_next(
    viewer: httpx.Client, operator: httpx.Client
) -> None:
    live(viewer)
    players = [Player(), Player(), Player()]
    locations: list[str] = []

    def watch(path: str, player: Player) -> httpx.Response:
        reply = viewer.post(f"/whep/{path}", content=player.offer(), headers=SDP)
        if reply.status_code == 201:
            locations.append(reply.headers["location"])
        return reply

    try:
        assert operator.patch("/api/v1/sources/cam1", json={"max_viewers": 1}).json()["max_viewers"] == 1
        assert watch("src/cam1", players[0]).status_code == 201
        refused = watch("src/cam1", players[1])
        assert refused.status_code == 503
        assert refused.headers["content-type"] == "application/problem+json"
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["detail"] == "src/cam1 has 1 viewers, which is its limit"
        assert watch("src/cam2", players[1]).status_code == 201
        assert operator.patch("/api/v1/sources/cam1", json={"max_viewers": 0}).json()["max_viewers"] == 0
        assert watch("src/cam1", players[2]).status_code == 201
    finally:
        operator.patch("/api/v1/sources/cam1", json={"max_viewers": 0})
        for location in locations:
            viewer.delete(location)
        for one in players:
            one.peer.close()


@pytest.mark.parametrize("wrong", [-1, 10_001, "many", None])
def test_a_limit_that_is_none_is_refused(operator: httpx.Client, wrong: object) -> None:
    asked = {"name": "Limited", "kind": "test", "enabled": False, "max_viewers": wrong}
    assert operator.post("/api/v1/sources", json=asked).status_code == 422


def test_a_viewer_gets_pictures_and_sound_and_is_counted_until_it_leaves(
    player: Player, viewer: httpx.Client, operator: httpx.Client
) -> None:
    live(viewer)
    reply = viewer.post("/whep/src/cam1", content=player.offer(), headers=SDP)
    assert reply.status_code == 201, reply.text
    assert reply.headers["content-type"] == "application/sdp"
    assert reply.headers["etag"].startswith('"')
    assert reply.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
    location = reply.headers["location"]
    assert location.startswith("/whep/session/")
    player.accept(reply.text)
    until(lambda: min(player.packets()) > 20, 15)

    watching = [one for one in viewer.get("/api/v1/viewers").json() if one["path"] == "src/cam1"]
    assert [one["name"] for one in watching] == ["test viewer"]
    assert location.rpartition("/")[2] not in viewer.get("/api/v1/viewers").text  # nobody else may end it
    assert viewer.delete(f"/whep/session/{watching[0]['session']}").status_code == 404

    until(lambda: viewer.get("/api/v1/paths/src/cam1").json()["viewers"] == 1)
    refused = operator.delete("/api/v1/sources/cam1")
    assert refused.status_code == 409
    assert ("viewer", "test viewer") in [(use["kind"], use["name"]) for use in refused.json()["used_by"]]

    assert viewer.delete(location).status_code == 200
    assert viewer.get("/api/v1/viewers").json() == []
    assert viewer.delete(location).status_code == 404


def test_an_operator_can_hang_a_viewer_up(
    player: Player, viewer: httpx.Client, operator: httpx.Client
) -> None:
    live(viewer)
    reply = viewer.post("/whep/src/cam1", content=player.offer(), headers=SDP)
    assert reply.status_code == 201
    session = viewer.get("/api/v1/viewers").json()[0]["session"]
    assert operator.delete(f"/api/v1/viewers/{session}").status_code == 204
    assert viewer.get("/api/v1/viewers").json() == []


def watchers(client: httpx.Client) -> list[str]:
    return [one["name"] for one in client.get("/api/v1/viewers").json()]


@pytest.mark.parametrize("by", ["its bearer", "a session opened with it"])
def test_with_a_token_the_pictures_of_those_who_watch_with_it_end(
    player: Player, regie: Instance, admin: httpx.Client, by: str
) -> None:
    live(admin)
    made = admin.post("/api/v1/tokens", json={"name": "wall", "role": "viewer"}).json()
    with client_with(regie, None) as wall:
        if by == "its bearer":
            wall.headers["Authorization"] = f"Bearer {made['token']}"
        else:
            wall.headers["Origin"] = regie.base_url
            assert wall.post("/api/v1/session", json={"token": made["token"]}).status_code == 200
        assert wall.post("/whep/src/cam1", content=player.offer(), headers=SDP).status_code == 201
    assert watchers(admin) == ["wall"]
    assert admin.delete(f"/api/v1/tokens/{made['id']}").status_code == 204
    assert watchers(admin) == []


def test_with_a_session_its_pictures_end_and_nobody_elses(
    player: Player, admin: httpx.Client, viewer: httpx.Client, log_in: LogIn
) -> None:
    live(admin)
    offer = player.offer()
    stays = viewer.post("/whep/src/cam1", content=offer, headers=SDP).headers["location"]
    for end in ("by an admin", "by logging out"):
        browser = log_in()
        assert browser.post("/whep/src/cam1", content=offer, headers=SDP).status_code == 201
        assert len(watchers(admin)) == 2
        if end == "by an admin":
            newest = max(admin.get("/api/v1/sessions").json(), key=lambda session: session["created_at"])
            assert admin.delete(f"/api/v1/sessions/{newest['id']}").status_code == 204
        else:
            assert browser.delete("/api/v1/session").status_code == 204
        assert watchers(admin) == ["test viewer"], end
    viewer.delete(stays)


def test_pictures_end_when_what_they_were_opened_with_expires(
    player: Player, regie: Instance, admin: httpx.Client
) -> None:
    live(admin)
    made = admin.post("/api/v1/tokens", json={"name": "wall", "role": "viewer"}).json()
    with contextlib.closing(sqlite3.connect(regie.data_dir / "regie.db", timeout=10)) as database, database:
        expiry = (time.time() + 3, made["id"])
        database.execute("update tokens set expires_at = ? where id = ?", expiry)
    with client_with(regie, made["token"]) as wall:
        assert wall.post("/whep/src/cam1", content=player.offer(), headers=SDP).status_code == 201
    assert watchers(admin) == ["wall"]
    until(lambda: not watchers(admin), 6)


def test_trickled_candidates_need_the_right_etag(player: Player, viewer: httpx.Client) -> None:
    live(viewer)
    offer = player.offer()
    reply = viewer.post("/whep/src/cam1", content=offer, headers=SDP)
    location, etag = reply.headers["location"], reply.headers["etag"]
    ufrag = offer.partition("a=ice-ufrag:")[2].split()[0]
    fragment = (
        f"a=ice-ufrag:{ufrag}\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:video\r\n"
        "a=candidate:1 1 UDP 2122260223 192.0.2.1 61764 typ host\r\n"
    )
    restart = fragment.replace(ufrag, "other")
    for content, headers, status in (
        (fragment, FRAGMENT | {"If-Match": etag}, 204),
        (fragment, FRAGMENT, 428),
        (fragment, FRAGMENT | {"If-Match": '"other"'}, 412),
        (fragment, SDP | {"If-Match": etag}, 415),
        (restart, FRAGMENT | {"If-Match": "*"}, 422),
    ):
        patched = viewer.patch(location, content=content, headers=headers)
        assert patched.status_code == status, patched.text
        assert "etag" not in patched.headers
    assert viewer.delete(location).status_code == 200
    assert viewer.patch(location, content=fragment, headers=FRAGMENT | {"If-Match": etag}).status_code == 404


@pytest.mark.parametrize(
    ("path", "content", "headers", "status"),
    [
        ("src/none", b"v=0", SDP, 404),
        ("nonsense", b"v=0", SDP, 404),
        ("src/..%2f..%2fetc", b"v=0", SDP, 404),
        ("src/cam1", b"v=0", {"Content-Type": "text/plain"}, 415),
        ("src/cam1", b"v=0", {}, 415),
        ("src/cam1", b"", SDP, 400),
        ("src/cam1", bytes(range(256)) * 8, SDP, 400),
        ("src/cam1", b"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", SDP, 400),
        ("src/cam1", b"x" * 70_000, SDP, 413),
        ("src/cam1", b"x" * 5_000_000, SDP, 413),
    ],
)
def test_a_wrong_offer_gets_the_right_refusal(
    viewer: httpx.Client, path: str, content: bytes, headers: dict[str, str], status: int
) -> None:
    reply = viewer.post(f"/whep/{path}", content=content, headers=headers)
    assert reply.status_code == status, reply.text
    problem = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["access-control-allow-origin"] == "*"  # a foreign player may read why
    assert problem["status"] == status
    assert problem["detail"]


def test_a_foreign_player_may_read_that_it_has_to_bring_a_token(anyone: httpx.Client) -> None:
    reply = anyone.post("/whep/src/cam1", content=b"v=0", headers=SDP | {"Origin": "https://player.example"})
    assert reply.status_code == 401
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in anyone.get("/api/v1/sources").headers


def test_a_stopped_path_is_a_conflict(player: Player, viewer: httpx.Client, new_source: NewSource) -> None:
    source = new_source()
    reply = viewer.post(f"/whep/{source['path']}", content=player.offer(), headers=SDP)
    assert reply.status_code == 409
    assert "stopped" in reply.json()["detail"]


def test_an_offer_without_h264_and_opus_is_not_acceptable(player: Player, viewer: httpx.Client) -> None:
    live(viewer)
    offer = player.offer().replace("H264", "VP8").replace("opus", "PCMU")
    reply = viewer.post("/whep/src/cam1", content=offer, headers=SDP)
    assert reply.status_code == 406, reply.text


def test_what_an_endpoint_takes_can_be_asked_by_anyone_from_anywhere(anyone: httpx.Client) -> None:
    headers = {
        "Origin": "https://player.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    reply = anyone.options("/whep/src/cam1", headers=headers)
    assert reply.status_code in (200, 204)
    assert reply.headers["accept-post"] == "application/sdp"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in reply.headers
    assert {"POST", "PATCH", "DELETE"} <= set(reply.headers["access-control-allow-methods"].split(", "))
    session = anyone.options("/whep/session/AAAAAAAAAAAAAAAAAAAAAAAA", headers=headers)
    assert session.headers["accept-patch"] == "application/trickle-ice-sdpfrag"


def test_a_get_answers_without_content(viewer: httpx.Client) -> None:
    reply = viewer.get("/whep/src/cam1")
    assert (reply.status_code, reply.content) == (204, b"")


def test_a_foreign_player_with_a_token_may_read_its_answer(
    player: Player, viewer: httpx.Client, regie: Instance
) -> None:
    live(viewer)
    headers = SDP | {"Origin": "https://player.example"}
    reply = viewer.post("/whep/src/cam1", content=player.offer(), headers=headers)
    assert reply.status_code == 201
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "Location" in reply.headers["access-control-expose-headers"]
    viewer.delete(reply.headers["location"])
    assert regie.worker_pid("edge-0")


def test_the_ice_servers_are_told_before_the_offer_to_who_may_watch() -> None:
    turn = {"urls": ["turn:turn.example:3478"], "username": "ann", "credential": 'p"w'}
    servers = json.dumps([{"urls": ["stun:stun.example:3478"]}, turn])
    with (
        light_instance(live=False, extra_environ={"REGIE_ICE_SERVERS": servers}) as instance,
        client_with(instance, instance.token) as viewer,
        client_with(instance, None) as anyone,
    ):
        links = viewer.get("/whep/src/cam1").headers.get_list("link")
        refused = anyone.get("/whep/src/cam1")
        preflight = anyone.options("/whep/src/cam1")
    assert links == [
        '<stun:stun.example:3478>; rel="ice-server"',
        '<turn:turn.example:3478>; rel="ice-server"; username="ann"; credential="p\\"w"; '
        'credential-type="password"',
    ]
    assert refused.status_code == 401
    assert not [reply for reply in (refused, preflight) if "link" in reply.headers]
