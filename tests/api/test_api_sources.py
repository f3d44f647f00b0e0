"""Sources over HTTP, against a running Regie: what is answered is what is."""

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
import httpx
import pytest

from tests.support.instance import Instance
from tests.support.net import free_port
from tests.support.wait import until

type NewSource = Callable[..., dict[str, Any]]

SMALL = {"width": 320, "height": 180, "fps": 10}


def state_of(client: httpx.Client, source_id: str) -> str:
    return str(client.get(f"/api/v1/sources/{source_id}").json()["state"])


def test_a_fresh_regie_has_four_live_test_sources(operator: httpx.Client, viewer: httpx.Client) -> None:
    def four_live() -> bool:
        sources = operator.get("/api/v1/sources").json()
        return [s["state"] for s in sources] == ["live"] * 4

    until(four_live, 30)
    sources = operator.get("/api/v1/sources").json()
    assert [(s["id"], s["name"], s["kind"]) for s in sources] == [
        ("cam1", "Stage", "test"),
        ("cam2", "Speaker", "test"),
        ("cam3", "Audience", "test"),
        ("cam4", "Slides", "test"),
    ]
    assert len({s["options"]["pattern"] for s in sources}) == 4
    assert len({s["options"]["tone_hz"] for s in sources}) == 4
    assert [s["options"] for s in viewer.get("/api/v1/sources").json()] == [{}] * 4
    assert viewer.get("/api/v1/sources/cam1").json()["options"] == {}


def test_a_source_lives_from_its_adding_to_its_deletion(operator: httpx.Client, regie: Instance) -> None:
    reply = operator.post("/api/v1/sources", json={"name": "Kamera Süd", "kind": "test", "options": SMALL})
    assert reply.status_code == 201
    source = reply.json()
    assert (source["id"], source["path"], source["state"]) == ("kamera-sud", "src/kamera-sud", "starting")
    until(lambda: state_of(operator, "kamera-sud") == "live", 30)
    pid = regie.worker_pid("src-kamera-sud")
    assert operator.delete("/api/v1/sources/kamera-sud").status_code == 204
    assert operator.get("/api/v1/sources/kamera-sud").status_code == 404
    until(lambda: pid not in [process.pid for process in regie.processes()], 10)


def test_stop_and_start_answer_with_the_state_it_is_in_then(
    operator: httpx.Client, new_source: NewSource
) -> None:
    source_id = new_source(options=SMALL, enabled=True)["id"]
    until(lambda: state_of(operator, source_id) == "live", 30)
    stopped = operator.post(f"/api/v1/sources/{source_id}/stop").json()
    assert (stopped["enabled"], stopped["state"], stopped["reason"]) == (False, "stopped", "switched off")
    started = operator.post(f"/api/v1/sources/{source_id}/start").json()
    assert started["enabled"] is True
    assert started["state"] in ("starting", "live")
    until(lambda: state_of(operator, source_id) == "live", 30)


def test_a_stop_is_answered_when_nothing_runs_any_more(operator: httpx.Client, new_source: NewSource) -> None:
    source = new_source(enabled=True, options=SMALL)
    until(lambda: state_of(operator, source["id"]) == "live", 30)
    assert operator.post(f"/api/v1/sources/{source['id']}/stop").json()["state"] == "stopped"
    assert f"src-{source['id']}" not in [worker["id"] for worker in operator.get("/api/v1/workers").json()]


def test_starting_twice_changes_nothing(operator: httpx.Client, new_source: NewSource) -> None:
    source_id = new_source()["id"]
    first = operator.post(f"/api/v1/sources/{source_id}/stop").json()
    assert operator.post(f"/api/v1/sources/{source_id}/stop").json() == first


def test_a_change_is_kept_and_the_rest_stays(operator: httpx.Client, new_source: NewSource) -> None:
    source = new_source(options={"tone_hz": 500})
    changed = operator.patch(f"/api/v1/sources/{source['id']}", json={"name": "New name"}).json()
    assert changed["name"] == "New name"
    assert changed["options"] == {"tone_hz": 500}
    assert changed["updated_at"] > source["updated_at"]
    replaced = operator.patch(f"/api/v1/sources/{source['id']}", json={"options": {"pattern": "ball"}}).json()
    assert replaced["options"] == {"pattern": "ball"}


def test_two_sources_of_one_name_get_two_ids_and_a_given_id_is_kept(new_source: NewSource) -> None:
    assert new_source(name="Twin")["id"] == "twin"
    assert new_source(name="Twin")["id"] == "twin-2"
    assert new_source(name="Twin", id="the-third")["id"] == "the-third"


def test_sources_of_one_name_that_are_added_at_once_each_get_an_id(operator: httpx.Client) -> None:
    asked = {"name": "Twin", "kind": "test", "enabled": False}
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: operator.post("/api/v1/sources", json=asked), range(6)))
    ids = {reply.json()["id"] for reply in replies if reply.status_code == 201}
    for source_id in ids:
        operator.delete(f"/api/v1/sources/{source_id}")
    assert ids == {"twin", *(f"twin-{n}" for n in range(2, 7))}


def test_of_one_id_that_is_added_by_several_at_once_one_wins_and_the_others_are_told(
    operator: httpx.Client,
) -> None:
    asked = {"id": "only-one", "name": "Only one", "kind": "test", "enabled": False}
    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda _: operator.post("/api/v1/sources", json=asked), range(6)))
    operator.delete("/api/v1/sources/only-one")
    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409, 409, 409]
    told = {reply.json()["detail"] for reply in replies if reply.status_code == 409}
    assert told == {"there is a source 'only-one' already"}


def test_an_id_that_exists_is_a_conflict(operator: httpx.Client) -> None:
    reply = operator.post("/api/v1/sources", json={"id": "cam1", "name": "Again", "kind": "test"})
    assert reply.status_code == 409
    assert "cam1" in reply.json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "kind": "test", "colour": "red"}, "colour"),
        ({"name": "x", "kind": "test", "options": {"tone_hz": "loud"}}, "tone_hz"),
        ({"name": "x", "kind": "test", "options": {"nonsense": 1}}, "nonsense"),
        ({"name": "x", "kind": "test", "options": {"\ud800": 1}}, ""),
        ({"name": "", "kind": "test"}, "name"),
        ({"name": "a\u202eb", "kind": "test"}, ""),
        ({"name": "\ud800", "kind": "test"}, "name"),
        ({"name": "x", "kind": "exec"}, ""),
        ({"name": "x", "kind": "test", "id": "../../etc"}, "id"),
        ({"name": "x", "kind": "test", "id": "A"}, "id"),
        ({"kind": "test"}, "name"),
        ([], "body"),
    ],
)
def test_a_wrong_source_is_refused_and_the_wrong_field_named(
    operator: httpx.Client, body: Any, field: str
) -> None:
    before = operator.get("/api/v1/sources").json()
    content = json.dumps(body).encode()
    reply = operator.post("/api/v1/sources", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == 422, reply.text
    problem = reply.json()
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["status"] == 422
    assert any(field in error["field"] for error in problem["errors"]) or not field
    assert len(problem["detail"]) > 10
    assert [s["id"] for s in operator.get("/api/v1/sources").json()] == [s["id"] for s in before]


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "1e999", "9" * 5000, "[" * 20000, "{", "", "\xff", '"\\ud800"']
)
def test_numbers_and_texts_that_are_none_are_refused_not_stumbled_over(
    operator: httpx.Client, text: str
) -> None:
    for content in (text, f'{{"name": "x", "kind": "test", "options": {{"tone_hz": {text}}}}}'):
        reply = operator.post(
            "/api/v1/sources", content=content.encode("latin-1"), headers={"Content-Type": "application/json"}
        )
        assert reply.status_code in (400, 422), f"{content[:80]}: {reply.text}"
        assert reply.json()["status"] == reply.status_code


def test_what_is_not_there_is_not_found(operator: httpx.Client) -> None:
    for method, path in (
        ("GET", "/sources/none"),
        ("PATCH", "/sources/none"),
        ("DELETE", "/sources/none"),
        ("POST", "/sources/none/start"),
        ("GET", "/paths/src/none"),
        ("GET", "/paths/src/none/snapshot.jpg"),
        ("GET", "/workers/none/logs"),
        ("DELETE", "/viewers/none"),
    ):
        reply = operator.request(method, f"/api/v1{path}", json={} if method == "PATCH" else None)
        assert reply.status_code == 404, path
        assert reply.json()["type"] == "/problems/not-found"


def test_a_probe_of_a_test_source_shows_what_it_delivers(operator: httpx.Client) -> None:
    asked = {"kind": "test", "options": SMALL}
    result = operator.post("/api/v1/sources/probe", json=asked).json()
    assert result["ok"] is True, result
    assert result["state"] == "live"
    assert result["path"].startswith("probe/")
    assert result["video"]["fps"] > 0
    assert operator.get(f"/api/v1/paths/{result['path']}").json()["title"] == "Test"
    assert result["path"] not in [path["name"] for path in operator.get("/api/v1/paths").json()]


def test_a_probe_of_a_camera_that_is_not_there_says_so_and_tells_no_password(operator: httpx.Client) -> None:
    url = f"rtsp://user:hunter2@127.0.0.1:{free_port()}/stream"
    reply = operator.post("/api/v1/sources/probe", json={"kind": "rtsp", "options": {"url": url}})
    assert reply.status_code == 200, reply.text
    result = reply.json()
    assert (result["ok"], result["video"]) == (False, None)
    assert result["state"] in ("retrying", "failed", "starting")
    assert "127.0.0.1" in result["reason"]
    assert "hunter2" not in reply.text


def test_the_kinds_come_with_the_schema_of_their_options(viewer: httpx.Client) -> None:
    kinds = {kind["kind"]: kind for kind in viewer.get("/api/v1/source-kinds").json()}
    assert "test" in kinds
    assert "tone_hz" in kinds["test"]["schema"]["properties"]


def test_a_snapshot_is_a_jpeg_of_the_width_one_asks_for(viewer: httpx.Client) -> None:
    until(lambda: state_of(viewer, "cam1") == "live", 30)
    reply = viewer.get("/api/v1/paths/src/cam1/snapshot.jpg", params={"width": 320})
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "image/jpeg"
    assert reply.headers["cache-control"] == "no-store"
    with av.open(io.BytesIO(reply.content), "r") as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (320, 180)


def test_a_stopped_source_has_a_path_that_says_so_but_no_snapshot(
    viewer: httpx.Client, new_source: NewSource
) -> None:
    source = new_source()
    path = viewer.get(f"/api/v1/paths/{source['path']}").json()
    assert (path["state"], path["reason"], path["video"]) == ("stopped", "switched off", None)
    assert viewer.get(f"/api/v1/paths/{source['path']}/snapshot.jpg").status_code == 409


def test_a_live_path_has_figures(viewer: httpx.Client) -> None:
    def flowing() -> dict[str, Any] | None:
        path: dict[str, Any] = viewer.get("/api/v1/paths/src/cam1").json()
        return path if path["video"] and path["video"]["bitrate"] and path["audio"] else None

    path = until(flowing, 30)
    assert path is not None
    assert 20 < path["video"]["fps"] < 40
    assert path["video"]["silent_s"] < 2
    assert path["title"] == "Stage"


def test_changes_at_the_same_moment_do_not_undo_each_other(operator: httpx.Client) -> None:
    names = [f"together-{number}" for number in range(6)]

    def add(name: str) -> int:
        body = {"id": name, "name": name, "kind": "test", "options": SMALL, "enabled": False}
        return operator.post("/api/v1/sources", json=body).status_code

    def rename(name: str) -> int:
        return operator.patch(f"/api/v1/sources/{name}", json={"name": f"{name} renamed"}).status_code

    def retune(name: str) -> int:
        options = {**SMALL, "tone_hz": 700}
        return operator.patch(f"/api/v1/sources/{name}", json={"options": options}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(add, names)) == [201] * 6
        changes = [pool.submit(change, name) for name in names for change in (rename, retune)]
        assert [change.result() for change in changes] == [200] * 12
        for name in names:
            source = operator.get(f"/api/v1/sources/{name}").json()
            assert (source["name"], source["options"]["tone_hz"]) == (f"{name} renamed", 700)
        deletions = pool.map(lambda name: operator.delete(f"/api/v1/sources/{name}").status_code, names)
        assert list(deletions) == [204] * 6
    assert not [s for s in operator.get("/api/v1/sources").json() if s["id"] in names]
