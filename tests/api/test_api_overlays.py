"""Overlays and stills over the API: seen in the programme's own pixels, kept, and harmless."""

import io
import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import av
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.api.test_api_productions import Page, opened_page
from tests.support.instance import Instance
from tests.support.wait import until

type Json = dict[str, Any]

MAIN = "/api/v1/productions/main"
GREEN = {"name": "·" * 40, "role": "", "accent": "#00c800"}
THIRD = {"name": "Third", "template": "bold/lower-third", "fields": GREEN, "animation": "cut"}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{}</svg>'


@pytest.fixture(scope="module", autouse=True)
def live(operator: httpx.Client) -> None:
    until(lambda: operator.get(MAIN).json()["desk"] is not None, 60, "the mixer answers")
    operator.post(f"{MAIN}/fade-to-black", json={"on": False, "duration_ms": 0})


@pytest.fixture(autouse=True)
def nothing_left(operator: httpx.Client) -> Iterator[None]:
    yield
    for overlay in operator.get(MAIN).json()["production"]["overlays"]:
        if overlay["id"].startswith("test-"):
            operator.post(f"{MAIN}/overlays/{overlay['id']}/take", json={"on": False})
            until(partial(is_deleted, operator, overlay["id"]), 5)
    for still in operator.get("/api/v1/stills").json():
        assert operator.delete(f"/api/v1/stills/{still['id']}").status_code == 204


@pytest.fixture
def page(regie: Instance) -> Iterator[Page]:
    with opened_page(regie) as opened:
        yield opened


def put(operator: httpx.Client, overlay_id: str, **content: Any) -> httpx.Response:
    return operator.put(f"{MAIN}/overlays/{overlay_id}", json=content)


def is_deleted(operator: httpx.Client, overlay_id: str) -> bool:
    return operator.delete(f"{MAIN}/overlays/{overlay_id}").status_code == 204


def take(operator: httpx.Client, overlay_id: str, *, on: bool) -> Json:
    reply = operator.post(f"{MAIN}/overlays/{overlay_id}/take", json={"on": on})
    assert reply.status_code == 200, reply.text
    done: Json = reply.json()
    return done


def decoded(picture: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(picture), "r") as file:
        pixels: NDArray[np.uint8] = next(file.decode(video=0)).to_ndarray(format="rgba")  # type: ignore[assignment]
        return pixels


def panel_is_green(client: httpx.Client) -> bool:
    """Whether the lower third is in the programme at this moment."""
    picture = decoded(client.get("/api/v1/paths/pgm/main/snapshot.jpg?width=320").content)
    height, width, _ = picture.shape
    red, green, blue = picture[int(height * 0.86), int(width * 0.2), :3].astype(int)
    return bool(green > 140 and red < 90 and blue < 90)


def test_a_new_production_has_a_lower_third_and_a_title_ready(viewer: httpx.Client) -> None:
    overlays = viewer.get(MAIN).json()["production"]["overlays"]
    assert [(one["id"], one["template"]) for one in overlays] == [
        ("lower-third", "clean/lower-third"),
        ("title", "clean/title"),
    ]
    for one in overlays:
        picture = decoded(viewer.get(f"{MAIN}/overlays/{one['id']}/picture.png").content)
        assert picture.shape == (540, 960, 4)
        assert picture[:, :, 3].min() == 0
        assert (picture[:, :, 3] > 200).sum() > 5000


def test_every_template_is_listed_and_has_a_picture(viewer: httpx.Client) -> None:
    templates = viewer.get("/api/v1/overlay-templates").json()
    assert {one["kind"] for one in templates} == {
        "still", "lower-third", "title", "clock", "countdown", "ticker", "score",
    }  # fmt: skip
    for one in templates:
        reply = viewer.get(f"/api/v1/overlay-templates/{one['id']}/picture.png")
        assert reply.headers["content-type"] == "image/png"
        assert (decoded(reply.content)[:, :, 3].max() > 200) == (one["kind"] != "still")
    assert viewer.get("/api/v1/overlay-templates/clean/nothing/picture.png").status_code == 404


def test_an_overlay_is_put_taken_seen_taken_out_and_deleted(operator: httpx.Client) -> None:
    assert put(operator, "test-third", **THIRD).status_code == 200
    done = take(operator, "test-third", on=True)
    assert done["desk"]["overlays"]["test-third"] is True
    until(lambda: panel_is_green(operator), 15, "it is seen in the programme")
    refused = operator.delete(f"{MAIN}/overlays/test-third")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Third is on air")
    assert take(operator, "test-third", on=False)["desk"]["overlays"]["test-third"] is False
    until(lambda: not panel_is_green(operator), 15, "it is gone")
    until(partial(is_deleted, operator, "test-third"), 5)
    assert operator.post(f"{MAIN}/overlays/test-third/take", json={"on": True}).status_code == 404


def test_the_same_by_commands_and_every_page_hears_of_it(page: Page) -> None:
    def tell(number: int, command: str, **args: Any) -> Json:
        page.say({"command": command, "id": number, "production": "main", "args": args})
        reply = page.until(lambda message: message.get("reply") == number)
        assert "ok" in reply, reply
        ok: Json = reply["ok"]
        return ok

    state = tell(1, "put_overlay", overlay={"id": "test-command", **THIRD})
    assert state["production"]["overlays"][-1]["id"] == "test-command"
    moved = tell(6, "move_overlay", overlay="test-command", to=0)
    assert moved["production"]["overlays"][0]["id"] == "test-command"
    assert tell(2, "overlay", overlay="test-command", on=True)["desk"]["overlays"]["test-command"] is True
    page.say(
        {"command": "delete_overlay", "id": 3, "production": "main", "args": {"overlay": "test-command"}}
    )
    refused = page.until(lambda message: message.get("reply") == 3)
    assert refused["problem"]["status"] == 409
    tell(4, "overlay", overlay="test-command", on=False)
    while page.desk is None or page.desk["overlays"]["test-command"]:
        page.next()
    state = tell(5, "delete_overlay", overlay="test-command")
    assert "test-command" not in [one["id"] for one in state["production"]["overlays"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {"template": "clean/nothing"},
        {"fields": {"nobody": "x"}},
        {"fields": {"accent": "red"}},
        {"fields": {"name": "x" * 300}},
        {"fields": {"name": 7}},
        {"animation": "explode"},
        {"duration_ms": 0},
        {"colour": "red"},
    ],
)
def test_an_overlay_that_cannot_be_is_refused_and_says_why(operator: httpx.Client, wrong: Json) -> None:
    reply = put(operator, "test-wrong", **(THIRD | wrong))
    assert reply.status_code == 422
    assert reply.json()["detail"]


def test_a_still_is_uploaded_shown_and_not_deleted_while_it_is_used(operator: httpx.Client) -> None:
    svg = SVG.format('<rect width="40" height="20" fill="#ff0000"/>')
    reply = operator.post("/api/v1/stills", params={"name": "Logo Ünic.svg"}, content=svg)
    assert reply.status_code == 201, reply.text
    still = reply.json()
    assert (still["name"], still["width"], still["height"]) == ("Logo Ünic.svg", 1920, 960)
    assert still["id"].startswith("logo-unic-")
    assert still in operator.get("/api/v1/stills").json()
    kept = operator.get(f"/api/v1/stills/{still['id']}")
    assert kept.headers["content-type"] == "image/png"
    assert decoded(kept.content)[5, 5].tolist() == [255, 0, 0, 255]
    fields = {"still": still["id"], "x": "50", "y": "50", "width": "10"}
    put(operator, "test-logo", name="Logo", template="plain/still", fields=fields)
    picture = decoded(operator.get(f"{MAIN}/overlays/test-logo/picture.png").content)
    assert picture[280, 500].tolist() == [255, 0, 0, 255]
    assert picture[260, 460, 3] == 0
    refused = operator.delete(f"/api/v1/stills/{still['id']}")
    assert (refused.status_code, refused.json()["detail"]) == (409, "Logo shows this still")
    assert operator.delete(f"{MAIN}/overlays/test-logo").status_code == 204
    assert operator.delete(f"/api/v1/stills/{still['id']}").status_code == 204
    assert operator.get(f"/api/v1/stills/{still['id']}").status_code == 404


def test_uploads_that_could_hurt_are_refused_and_the_programme_goes_on(
    regie: Instance, operator: httpx.Client
) -> None:
    def made() -> int:
        units: int = operator.get("/api/v1/paths/pgm/main").json()["video"]["units"]
        return units

    levels = "".join(f'<g id="g{n}">' + f'<use href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 12))
    evil: list[tuple[str | bytes, int, str]] = [
        (SVG.format("<script>1</script>"), 422, "script"),
        (SVG.format('<image href="http://127.0.0.1:9/x.png"/>'), 422, "outside"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><svg>&a;</svg>', 422, "entities"),
        (SVG.format('<g id="g0"><rect width="9" height="9"/></g>' + levels), 503, "not drawn"),
        (b"GIF89a", 415, "no picture"),
        (b"", 422, "no picture"),
        (b"\0" * (11 * 1024 * 1024), 413, "too large"),
    ]
    before = made()
    for content, status, says in evil:
        reply = operator.post("/api/v1/stills", params={"name": "evil.svg"}, content=content)
        assert (reply.status_code, says in reply.json()["detail"]) == (status, True), reply.text
    assert operator.get("/api/v1/stills").json() == []
    assert list((regie.data_dir / "stills").iterdir()) == []
    assert made() > before
    metrics = operator.get("/api/v1/metrics").text
    assert "regie_overlays_drawn_total" in metrics


def test_a_viewer_sees_overlays_and_changes_nothing(viewer: httpx.Client) -> None:
    assert put(viewer, "test-no", **THIRD).status_code == 403
    assert viewer.post(f"{MAIN}/overlays/title/take", json={"on": True}).status_code == 403
    assert viewer.post("/api/v1/stills", params={"name": "x"}, content=b"x").status_code == 403
    assert json.loads(viewer.get("/api/v1/stills").text) == []
