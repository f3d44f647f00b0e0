"""Productions over the API: the real mixer does what is asked, every page hears of it, and it is kept."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.api.conftest import client_with, made_token
from tests.support.instance import Instance, light_instance
from tests.support.wait import until

type Json = dict[str, Any]
type NewSource = Callable[..., Json]

MAIN = "/api/v1/productions/main"
SMALL = {"width": 640, "height": 360, "fps": 25, "bitrate": 0, "keyframe_s": 2.0}


@pytest.fixture
def desk(operator: httpx.Client) -> Iterator[Callable[[], Json]]:
    """The desk as the mixer confirmed it last; each test finds full-cam1 on air, full-cam2 in preview.

    The cut also ends a transition of the test before.
    """

    def now() -> Json:
        state: Json = operator.get(MAIN).json()["desk"]
        return state

    until(lambda: shows(operator, SMALL), 60, "the mixer is in its format")
    ask(operator, "fade-to-black", on=False, duration_ms=0)
    ask(operator, "cut", scene="full-cam1")
    ask(operator, "preview", scene="full-cam2")
    until(lambda: (now()["programme"], now()["preview"]) == ("full-cam1", "full-cam2"))
    yield now
    for scene in operator.get(MAIN).json()["production"]["scenes"]:
        if scene["id"].startswith("test-"):
            operator.delete(f"{MAIN}/scenes/{scene['id']}")


def shows(client: httpx.Client, wanted: Json) -> bool:
    """Whether the programme is there, in its format."""
    path = client.get("/api/v1/paths/pgm/main").json()
    video = path["video"] or {}
    return path["state"] == "live" and (video["width"], video["height"]) == (
        wanted["width"],
        wanted["height"],
    )


def ask(operator: httpx.Client, command: str, **body: Any) -> Json:
    reply = operator.post(f"{MAIN}/{command}", json=body)
    assert reply.status_code == 200, reply.text
    done: Json = reply.json()
    return done


@contextlib.contextmanager
def opened_page(regie: Instance, token: str | None = None) -> Iterator["Page"]:
    url = regie.base_url.replace("http", "ws", 1) + "/api/v1/events"
    bearer = {"Authorization": f"Bearer {token or regie.token}"}
    with connect(url, additional_headers=bearer, proxy=None, close_timeout=1) as socket:
        yield Page(socket)


@pytest.fixture
def page(regie: Instance) -> Iterator["Page"]:
    with opened_page(regie) as opened:
        yield opened


class Page:
    """An open page: its socket, and what it was told that nobody has looked at yet."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._seq = 0
        self._number = 0
        self.desk: Json | None = None
        self.snapshot = self.next()["data"]
        self.desk = self.snapshot["productions"]["main"]["desk"]

    def say(self, message: object) -> None:
        self._socket.send(message if isinstance(message, str) else json.dumps(message))

    def next(self, timeout_s: float = 10.0) -> Json:
        message: Json = json.loads(self._socket.recv(timeout_s))
        self._seq += 1
        assert message["seq"] == self._seq  # nothing is missing, and replies are numbered like the rest
        if message.get("type") in ("desk", "desk-lost"):
            self.desk = message["data"] if message["type"] == "desk" else None
        return message

    def sees(self, timeout_s: float = 10.0, **facts: Any) -> None:
        """Until the desk is so, as far as this page was told."""
        deadline = time.monotonic() + timeout_s
        while self.desk is None or not facts.items() <= self.desk.items():
            self.next(max(deadline - time.monotonic(), 0.01))

    def until(self, wanted: Callable[[Json], bool], timeout_s: float = 10.0) -> Json:
        deadline = time.monotonic() + timeout_s
        while True:
            message = self.next(max(deadline - time.monotonic(), 0.01))
            if wanted(message):
                return message

    def told(self, event: str, timeout_s: float = 10.0, **facts: Any) -> Json:
        """The data of the next event of this type that says so."""

        def wanted(message: Json) -> bool:
            return message.get("type") == event and facts.items() <= message["data"].items()

        data: Json = self.until(wanted, timeout_s)["data"]
        return data

    def command(self, name: str, production: str = "main", **args: Any) -> Json:
        """The reply to a command."""
        self._number += 1
        number = self._number
        self.say({"command": name, "id": number, "production": production, "args": args})
        return self.until(lambda message: message.get("reply") == number)


# --- what there is ------------------------------------------------------------------------------------------


def test_a_fresh_store_has_a_production_of_all_sources_on_air(
    operator: httpx.Client, desk: Callable[[], Json]
) -> None:
    (state,) = operator.get("/api/v1/productions").json()
    production = state["production"]
    assert (production["id"], production["name"]) == ("main", "Main")
    assert [item["id"] for item in production["inputs"]][:4] == ["cam1", "cam2", "cam3", "cam4"]
    assert {"two-up", "quad", "pip-top-left"} <= {scene["id"] for scene in production["scenes"]}
    assert set(desk()["inputs"]) >= {"cam1", "cam2", "cam3", "cam4"}


@pytest.mark.usefixtures("desk")
def test_programme_and_preview_are_paths_with_figures(operator: httpx.Client) -> None:
    names = [path["name"] for path in operator.get("/api/v1/paths").json()]
    assert {"pgm/main", "pvw/main", "mon/main"} <= set(names)
    path = until(
        lambda: (found := operator.get("/api/v1/paths/pgm/main").json())["video"] and found, 15, "figures"
    )
    assert (path["title"], path["state"]) == ("Main", "live")
    assert (path["video"]["width"], path["video"]["height"]) == (640, 360)
    assert operator.get("/api/v1/paths/pvw/main").json()["title"] == "Main, preview"
    assert operator.get("/api/v1/paths/mon/main").json()["title"] == "Main, monitor"
    assert operator.get("/api/v1/paths/pgm/none").status_code == 404


@pytest.mark.usefixtures("desk")
def test_the_programme_can_be_looked_at(operator: httpx.Client) -> None:
    reply = operator.get("/api/v1/paths/pgm/main/snapshot.jpg")
    assert reply.status_code == 200, reply.text
    assert reply.content[:2] == b"\xff\xd8"


@pytest.mark.usefixtures("desk")
def test_the_mixers_figures_are_counted(operator: httpx.Client) -> None:
    def frames() -> float:
        lines = operator.get("/api/v1/metrics").text.splitlines()
        figures = dict(line.rsplit(" ", 1) for line in lines if line.startswith("regie_mixer_"))
        assert set(figures) == {
            f'regie_mixer_{name}_total{{production="main"}}' for name in ("frames", "late", "dropped")
        }
        return float(figures['regie_mixer_frames_total{production="main"}'])

    first = until(frames, 15)
    until(lambda: frames() > first, 15, "more frames")


# --- the desk -----------------------------------------------------------------------------------------------


def test_a_cut_is_answered_with_its_first_frame_and_the_desk(
    operator: httpx.Client, desk: Callable[[], Json]
) -> None:
    first, second = ask(operator, "cut"), ask(operator, "cut", scene="quad")
    assert (first["desk"]["programme"], first["desk"]["preview"]) == ("full-cam2", "full-cam1")
    assert first["desk"]["programme_sources"] == ["cam2"]
    assert second["desk"]["programme"] == "quad"
    assert second["at_ns"] >= first["at_ns"]  # two may be seen first in the same frame
    until(lambda: desk()["programme"] == "quad", what="the desk that is told is the one that was answered")


@pytest.mark.usefixtures("desk")
def test_a_cut_needs_no_body(operator: httpx.Client) -> None:
    reply = operator.post(f"{MAIN}/cut")
    assert reply.json()["desk"]["programme"] == "full-cam2", reply.text


def test_a_transition_takes_its_time_and_another_has_to_wait(
    operator: httpx.Client, desk: Callable[[], Json]
) -> None:
    transition = {"kind": "wipe", "duration_ms": 2000, "direction": "up-left"}
    done = ask(operator, "auto", transition=transition)
    running = done["desk"]["transition"]
    assert (running["kind"], running["direction"]) == ("wipe", "up-left")
    assert running["ends_ns"] - running["started_ns"] == 2_000_000_000
    assert done["desk"]["programme_sources"] == ["cam1", "cam2"]
    refused = operator.post(f"{MAIN}/auto")
    assert refused.status_code == 409
    assert refused.json()["hint"] == "wait until it ends, or cut"
    until(lambda: desk()["programme"] == "full-cam2", what="the transition ends")
    assert desk()["transition"] is None


@pytest.mark.usefixtures("desk")
def test_a_transition_that_is_named_in_part_is_the_productions_for_the_rest(operator: httpx.Client) -> None:
    operator.patch(MAIN, json={"transition": {"kind": "slide", "direction": "down", "duration_ms": 40}})
    done = ask(operator, "auto", transition={"duration_ms": 80})
    operator.patch(MAIN, json={"transition": {"kind": "mix", "direction": "left", "duration_ms": 600}})
    running = done["desk"]["transition"]
    assert (running["kind"], running["direction"], running["duration_ms"]) == ("slide", "down", 80)


@pytest.mark.usefixtures("desk")
def test_the_t_bar_goes_both_ways(operator: httpx.Client) -> None:
    assert ask(operator, "t-bar", way=0.5)["desk"]["transition"]["way"] == 0.5
    back = ask(operator, "t-bar", way=0)["desk"]
    assert (back["transition"], back["programme"]) == (None, "full-cam1")
    ask(operator, "t-bar", way=0.9)
    through = ask(operator, "t-bar", way=1)["desk"]
    assert (through["transition"], through["programme"]) == (None, "full-cam2")


@pytest.mark.usefixtures("desk")
def test_fade_to_black_and_back(operator: httpx.Client) -> None:
    assert ask(operator, "fade-to-black", on=True, duration_ms=100)["desk"]["black"] is True
    assert ask(operator, "fade-to-black", on=False, duration_ms=100)["desk"]["black"] is False


@pytest.mark.parametrize(
    ("command", "body", "status", "says"),
    [
        ("preview", {"scene": "none"}, 404, "there is no scene 'none'"),
        ("cut", {"scene": "none"}, 404, "there is no scene 'none'"),
        ("cut", {"scnee": "quad"}, 422, "scnee"),
        ("preview", {}, 422, "scene"),
        ("auto", {"transition": {"kind": "explode"}}, 422, "transition.kind"),
        ("auto", {"transition": {"kind": "slide", "direction": "up-left"}}, 422, "left, right, up or down"),
        ("t-bar", {"way": 1.1}, 422, "way"),
        ("t-bar", {"way": "0.5"}, 422, "way"),
        ("fade-to-black", {"on": "yes"}, 422, "on"),
        ("solo", {"sources": ["cam-none"]}, 422, "no input of this production"),
        ("solo", {"sources": "cam1"}, 422, "sources"),
        ("solo", {}, 422, "sources"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_and_changes_nothing(  # noqa: PLR0917 - pytest names them all
    command: str, body: Json, status: int, says: str, operator: httpx.Client, desk: Callable[[], Json]
) -> None:
    reply = operator.post(f"{MAIN}/{command}", json=body)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    assert says in reply.json()["detail"]
    assert (desk()["programme"], desk()["preview"], desk()["transition"]) == ("full-cam1", "full-cam2", None)


def test_there_is_no_other_production(operator: httpx.Client) -> None:
    for reply in (
        operator.get("/api/v1/productions/none"),
        operator.post("/api/v1/productions/none/cut"),
        operator.patch("/api/v1/productions/none", json={"name": "X"}),
        operator.patch("/api/v1/productions/none/audio/cam1", json={"muted": True}),
    ):
        assert reply.status_code == 404
        assert "there is no production 'none'" in reply.json()["detail"]


@pytest.mark.usefixtures("desk")
def test_solo_is_the_desks_and_told_to_every_page(operator: httpx.Client, page: Page) -> None:
    assert ask(operator, "solo", sources=["cam2", "cam1"])["desk"]["solo"] == ["cam2", "cam1"]
    page.sees(solo=["cam2", "cam1"])
    assert ask(operator, "solo", sources=[])["desk"]["solo"] == []


@pytest.mark.usefixtures("desk")
def test_the_loudness_is_told_and_begins_anew_when_asked(operator: httpx.Client, page: Page) -> None:
    page.say({"want": ["levels"]})

    def loudness(known: Callable[[Json], bool]) -> Json:
        def is_wanted(message: Json) -> bool:
            return message.get("type") == "levels" and known(message["data"]["loudness"])

        found: Json = page.until(is_wanted, 15)["data"]["loudness"]
        return found

    heard = loudness(lambda told: told["integrated"] is not None)
    assert -60 < heard["integrated"] < 0
    assert operator.post(f"{MAIN}/reset-loudness").status_code == 200
    assert loudness(lambda told: told["integrated"] is None)["integrated"] is None


# --- scenes and settings ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("desk")
def test_a_scene_can_go_on_air_as_soon_as_it_is_there(operator: httpx.Client) -> None:
    for number in range(5):
        scene = f"test-{number}"
        reply = operator.put(
            f"{MAIN}/scenes/{scene}", json={"name": "T", "items": [{"source": "cam3", "x": 0.1}]}
        )
        assert reply.status_code == 200, reply.text
        assert ask(operator, "cut", scene=scene)["desk"]["programme"] == scene
    ask(operator, "cut", scene="full-cam1")


@pytest.mark.usefixtures("desk")
def test_a_scene_is_stored_and_the_same_again_changes_nothing(operator: httpx.Client, page: Page) -> None:
    asked = {"name": "Mine", "items": [{"source": "cam2", "width": 0.5, "fit": "fill"}]}
    (first, second) = (operator.put(f"{MAIN}/scenes/test-mine", json=asked).json() for _ in range(2))
    assert first["production"] == second["production"]
    stored = next(scene for scene in first["production"]["scenes"] if scene["id"] == "test-mine")
    assert stored["items"] == [
        {
            "source": "cam2",
            "x": 0.0,
            "y": 0.0,
            "width": 0.5,
            "height": 1.0,
            "fit": "fill",
            "crop": {"left": 0.0, "top": 0.0, "right": 0.0, "bottom": 0.0},
            "opacity": 1.0,
            "visible": True,
        }
    ]
    assert page.told("production") == first["production"]
    operator.delete(f"{MAIN}/scenes/test-mine")
    assert stored not in page.told("production")["scenes"]  # the next one: it was told once


def test_an_edited_scene_changes_on_air(operator: httpx.Client, desk: Callable[[], Json]) -> None:
    put = f"{MAIN}/scenes/test-air"
    operator.put(put, json={"name": "A", "items": [{"source": "cam1"}]})
    assert ask(operator, "cut", scene="test-air")["desk"]["programme_sources"] == ["cam1"]
    operator.put(put, json={"name": "A", "items": [{"source": "cam4"}]})
    until(lambda: desk()["programme_sources"] == ["cam4"], 5)
    ask(operator, "cut", scene="full-cam1")


def test_a_scene_that_is_seen_cannot_be_deleted(operator: httpx.Client, desk: Callable[[], Json]) -> None:
    address = f"{MAIN}/scenes/test-seen"
    operator.put(address, json={"name": "Seen", "items": [{"source": "cam1"}]})
    ask(operator, "cut", scene="test-seen")
    until(lambda: desk()["programme"] == "test-seen")
    refused = operator.delete(address)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Seen is on air")
    ask(operator, "cut", scene="quad")
    until(lambda: desk()["preview"] == "test-seen")
    refused = operator.delete(address)
    assert (refused.status_code, refused.json()["detail"]) == (409, "Seen is in preview")
    ask(operator, "preview", scene="full-cam2")
    until(lambda: desk()["preview"] == "full-cam2")
    assert operator.delete(address).status_code == 204
    assert operator.delete(address).status_code == 404
    assert operator.post(f"{MAIN}/cut", json={"scene": "test-seen"}).status_code == 404


@pytest.mark.parametrize(
    ("items", "says"),
    [
        ([{"source": "cam1"}, {"source": "cam1"}], "more than once"),
        ([{"source": "cam-none"}], "no input of Main"),
        ([{"source": "cam1", "width": 0}], "items.0.width"),
        ([{"source": "cam1", "x": 1e9}], "items.0.x"),
        ([{"source": "cam1", "crop": {"left": 0.5, "right": 0.49}}], "leaves nothing"),
        ([{"source": f"cam{number}"} for number in range(17)], "items"),
    ],
)
def test_a_scene_that_cannot_be_is_refused(items: list[Json], says: str, operator: httpx.Client) -> None:
    reply = operator.put(f"{MAIN}/scenes/test-bad", json={"name": "Bad", "items": items})
    assert reply.status_code == 422
    assert says in reply.json()["detail"]
    scenes = operator.get(MAIN).json()["production"]["scenes"]
    assert "test-bad" not in [scene["id"] for scene in scenes]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "true", '"0.5"', "null"])
def test_what_is_no_number_is_no_place(number: str, operator: httpx.Client) -> None:
    body = f'{{"name": "Bad", "items": [{{"source": "cam1", "x": {number}}}]}}'
    headers = {"Content-Type": "application/json"}
    reply = operator.put(f"{MAIN}/scenes/test-bad", content=body, headers=headers)
    assert reply.status_code == 422, reply.text
    assert "items.0.x" in reply.text


def test_settings_change_in_part_and_impossible_ones_not_at_all(operator: httpx.Client) -> None:
    before = operator.get(MAIN).json()["production"]
    changed = operator.patch(MAIN, json={"name": "Evening", "hold_s": 1.5, "frozen_s": 5}).json()[
        "production"
    ]
    assert changed == before | {"name": "Evening", "hold_s": 1.5, "frozen_s": 5.0}
    assert operator.patch(MAIN, json={"format": {"width": 641}}).status_code == 422
    assert operator.patch(MAIN, json={"hold_s": 100}).status_code == 422
    assert operator.patch(MAIN, json={"frozen_s": 0.5}).status_code == 422
    back = operator.patch(MAIN, json={"name": before["name"], "hold_s": before["hold_s"], "frozen_s": 0})
    assert back.json()["production"] == before
    assert before["format"] == SMALL


def test_a_source_is_an_input_from_its_adding_to_its_deletion(
    operator: httpx.Client, page: Page, desk: Callable[[], Json], new_source: NewSource
) -> None:
    source = new_source(name="Late guest")
    added = page.told("production")
    assert {"id": source["id"], "name": "Late guest"} in added["inputs"]
    until(lambda: source["id"] in desk()["inputs"], what="the mixer has it")
    assert ask(operator, "preview", scene=f"full-{source['id']}")["desk"]["preview_sources"] == [source["id"]]
    operator.patch(f"/api/v1/sources/{source['id']}", json={"name": "Guest"})
    assert {"id": source["id"], "name": "Guest"} in page.told("production")["inputs"]
    ask(operator, "preview", scene="full-cam2")
    assert operator.delete(f"/api/v1/sources/{source['id']}").status_code == 204
    assert source["id"] not in [item["id"] for item in page.told("production")["inputs"]]
    until(lambda: source["id"] not in desk()["inputs"], what="the mixer has let go of it")


def test_a_source_on_air_is_in_use_and_one_that_is_only_read_is_not(
    operator: httpx.Client, desk: Callable[[], Json], new_source: NewSource
) -> None:
    source = new_source(name="Star", enabled=True, options={"width": 320, "height": 180, "fps": 10})
    until(lambda: desk()["inputs"].get(source["id"], {}).get("picture") == "live", 30, "the mixer reads it")
    ask(operator, "cut", scene=f"full-{source['id']}")
    until(lambda: desk()["programme_sources"] == [source["id"]])
    refused = operator.delete(f"/api/v1/sources/{source['id']}")
    assert refused.status_code == 409
    assert "the programme of Main" in refused.json()["detail"]
    ask(operator, "cut", scene="full-cam1")
    until(lambda: desk()["programme_sources"] == ["cam1"])
    assert operator.delete(f"/api/v1/sources/{source['id']}").status_code == 204


# --- faders -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("desk")
def test_a_fader_moves_at_once_and_is_stored_when_it_rests(operator: httpx.Client, page: Page) -> None:
    for level in range(-20, 0):
        done = operator.patch(f"{MAIN}/audio/cam2", json={"level_db": level}).json()
        assert done["desk"]["strips"]["cam2"]["level_db"] == level
    stored = page.until(
        lambda message: (
            message.get("type") == "production"
            and message["data"]["strips"].get("cam2", {}).get("level_db") == -1
        )
    )
    muted = operator.patch(f"{MAIN}/audio/cam2", json={"muted": True}).json()["desk"]["strips"]["cam2"]
    assert (muted["level_db"], muted["muted"]) == (-1, True)  # what is not named stays
    assert stored["data"]["id"] == "main"
    operator.patch(f"{MAIN}/audio/cam2", json={"muted": False, "level_db": 0})


@pytest.mark.usefixtures("desk")
def test_a_fader_on_its_way_is_never_put_back(operator: httpx.Client, page: Page) -> None:
    """For longer than it takes until the store hears of it, and with a scene edited meanwhile."""
    levels: list[float] = []
    deadline = time.monotonic() + 1.6
    while time.monotonic() < deadline:
        level = -40.0 + len(levels) / 10
        done = operator.patch(f"{MAIN}/audio/cam3", json={"level_db": level}).json()
        assert done["desk"]["strips"]["cam3"]["level_db"] == level
        levels.append(level)
    seen = []
    while levels[-1] not in seen:
        seen.append(page.told("desk")["strips"]["cam3"]["level_db"])
    moved = [level for level in seen if level in levels]
    assert moved == sorted(moved)
    operator.patch(f"{MAIN}/audio/cam3", json={"level_db": 0})


@pytest.mark.parametrize(
    ("source", "body", "status"),
    [("cam9", {"muted": True}, 404), ("cam1", {"level_db": 13}, 422), ("cam1", {"volume": 1}, 422)],
)
def test_a_fader_that_is_none_does_not_move(
    source: str, body: Json, status: int, operator: httpx.Client, desk: Callable[[], Json]
) -> None:
    assert operator.patch(f"{MAIN}/audio/{source}", json=body).status_code == status
    assert desk()["strips"]["cam1"] == {
        "level_db": 0.0,
        "muted": False,
        "pan": 0.0,
        "delay_ms": 0,
        "follows": True,
    }


# --- the events socket --------------------------------------------------------------------------------------


def test_a_page_begins_with_every_production_and_its_desk(desk: Callable[[], Json], regie: Instance) -> None:
    with opened_page(regie) as page:
        state = page.snapshot["productions"]["main"]
    assert state["production"]["id"] == "main"
    assert state["desk"]["programme"] == desk()["programme"]


@pytest.mark.usefixtures("desk")
def test_a_page_commands_and_every_page_sees_it_within_a_tenth_of_a_second(
    regie: Instance, page: Page
) -> None:
    with opened_page(regie) as other:
        took = []
        for scene in ("full-cam2", "quad", "full-cam3", "two-up", "full-cam1"):
            reply = page.command("cut", scene=scene)
            answered = time.monotonic()
            assert reply["ok"]["desk"]["programme"] == scene
            other.sees(programme=scene)
            took.append(time.monotonic() - answered)
    assert min(took) < 0.1, took


@pytest.mark.usefixtures("desk")
def test_every_command_works_over_the_socket(page: Page) -> None:
    assert page.command("preview", scene="quad")["ok"]["desk"]["preview"] == "quad"
    assert page.command("auto", transition={"duration_ms": 40})["ok"]["desk"]["transition"]["kind"] == "mix"
    page.sees(programme="quad", transition=None)
    assert page.command("t_bar", way=0.25)["ok"]["desk"]["transition"]["way"] == 0.25
    assert page.command("t_bar", way=0)["ok"]["desk"]["transition"] is None
    assert page.command("fade_to_black", on=True, duration_ms=0)["ok"]["desk"]["black"] is True
    assert page.command("solo", sources=["cam2"])["ok"]["desk"]["solo"] == ["cam2"]
    assert page.command("solo", sources=[])["ok"]["desk"]["solo"] == []
    assert page.command("reset_loudness")["ok"]["at_ns"] > 0
    strip = page.command("set_strip", source="cam4", strip={"pan": -1})["ok"]["desk"]["strips"]["cam4"]
    assert strip["pan"] == -1
    scene = {"id": "test-ws", "name": "By socket", "items": [{"source": "cam1"}]}
    scenes = page.command("put_scene", scene=scene)["ok"]["production"]["scenes"]
    assert "test-ws" in [known["id"] for known in scenes]
    assert page.command("delete_scene", scene="test-ws")["ok"]["production"]["id"] == "main"
    changed = page.command("set_transition", transition={"kind": "dip", "colour": 0xFF0000})
    assert changed["ok"]["production"]["transition"]["colour"] == 0xFF0000
    page.command("set_transition", transition={"kind": "mix", "colour": 0})
    page.command("strip", source="cam4", strip={"pan": 0})


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("message", "status", "says"),
    [
        ({"command": "explode"}, 422, "there is no command 'explode'"),
        ({"command": "preview"}, 422, "scene"),
        ({"command": "preview", "args": {"scene": 5}}, 422, "scene"),
        ({"command": "cut", "args": {"scene": "none"}}, 404, "there is no scene"),
        ({"command": "cut", "production": "none"}, 404, "there is no production"),
        ({"command": "cut", "args": [1]}, 422, "args"),
        ({"want": "levels"}, 422, "list"),
        ({}, 422, "there is no command"),
    ],
)
def test_what_cannot_be_done_is_answered_with_a_problem(
    message: Json, status: int, says: str, page: Page
) -> None:
    page.say({"production": "main", "id": "mine"} | message)
    problem = page.until(lambda reply: reply.get("reply") == "mine")["problem"]
    assert problem["status"] == status
    assert says in problem["detail"] + problem["hint"]
    assert page.command("preview", scene="full-cam2")["ok"]  # the page may go on


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "[" * 20_000, '{"id": NaN}'])
def test_nonsense_is_answered_and_the_page_goes_on(text: str, page: Page) -> None:
    page.say(text)
    assert page.until(lambda message: "problem" in message)["problem"]["status"] == 422
    assert page.command("preview", scene="full-cam2")["ok"]


def test_a_viewer_sees_and_may_not_switch(
    regie: Instance, admin: httpx.Client, desk: Callable[[], Json]
) -> None:
    with opened_page(regie, made_token(admin, "viewer")) as page:
        problem = page.command("cut")["problem"]
        page.say({"want": ["levels"]})
        assert page.told("levels")["production"] == "main"
    assert problem["status"] == 403
    assert "needs the role operator" in problem["detail"]
    assert desk()["programme"] == "full-cam1"


@pytest.mark.usefixtures("desk")
def test_levels_come_many_times_a_second_to_who_wants_them_and_to_nobody_else(
    regie: Instance, page: Page
) -> None:
    page.say({"want": ["levels"]})
    levels: dict[str, Json] = {}
    started, count = time.monotonic(), 0
    with opened_page(regie) as other:
        while count < 30:
            levels |= page.told("levels")
            count += 1
        took = time.monotonic() - started
        kinds = {other.next()["type"] for _ in range(3)}
    assert took < 30 / 10
    assert len(levels["pgm"]["peak"]) == len(levels["cam1"]["rms"]) == 2
    assert "levels" not in kinds
    page.say({"want": []})
    page.command("preview", scene="full-cam2")
    page.told("stats")  # within this second no level comes
    assert page.until(lambda message: message["type"] in ("levels", "stats"))["type"] == "stats"


@pytest.mark.usefixtures("desk")
def test_a_hundred_cuts_in_a_row_are_all_answered_in_order(page: Page) -> None:
    for number in range(100):
        page.say({"command": "cut", "id": f"c{number}", "production": "main"})
    answers = [page.until(lambda message: "reply" in message, 30) for _ in range(100)]
    assert [answer["reply"] for answer in answers] == [f"c{number}" for number in range(100)]
    times = [answer["ok"]["at_ns"] for answer in answers]
    assert times == sorted(times)
    assert answers[-1]["ok"]["desk"]["programme"] == "full-cam1"


# --- when something ends ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def mistreated() -> Iterator[Instance]:
    with light_instance() as started:
        yield started


@pytest.fixture
def fresh(mistreated: Instance) -> Instance:
    """An instance whose processes may be ended; each test finds all of them running, and the faders open."""
    if mistreated.engine is None:
        mistreated.start()
    with client_with(mistreated, mistreated.token) as client:
        until(lambda: shows(client, SMALL), 60, "the mixer is in its format")
        for number in range(1, 5):
            client.patch(f"{MAIN}/audio/cam{number}", json={"level_db": 0, "muted": False})
    return mistreated


def test_a_lost_mixer_is_told_at_once_and_found_again_by_itself(fresh: Instance) -> None:
    with opened_page(fresh) as page:
        fresh.request("POST", "/productions/main/cut", {"scene": "quad"})
        page.sees(programme="quad")
        os.kill(fresh.worker_pid("mix-main"), signal.SIGKILL)
        page.told("desk-lost", production="main")
        page.sees(30, programme="quad")


def test_scenes_and_faders_outlive_a_stop_at_any_moment(fresh: Instance) -> None:
    scene = {"name": "Kept", "items": [{"source": "cam2"}]}
    fresh.request("PUT", "/productions/main/scenes/kept", scene)
    fresh.request("PATCH", "/productions/main/audio/cam1", {"level_db": -33})
    fresh.stop()  # before the fader has rested
    fresh.start()
    production = fresh.request("GET", "/productions/main")["production"]
    assert production["strips"]["cam1"]["level_db"] == -33
    assert "kept" in [known["id"] for known in production["scenes"]]

    def level() -> float:
        return float(fresh.request("GET", "/productions/main")["desk"]["strips"]["cam1"]["level_db"])

    until(lambda: level() == -33, 30, "the new mixer is told")


def test_a_warning_is_told_and_kept_also_for_a_server_that_was_not_there(fresh: Instance) -> None:
    with opened_page(fresh) as page:
        for number in range(1, 5):
            fresh.request("PATCH", f"/productions/main/audio/cam{number}", {"level_db": 12, "follows": False})
        warning = page.told("warning", 15)
    assert (warning["source"], warning["kind"], warning["on"]) == (None, "clipping", True)
    assert warning["hint"]
    os.kill(fresh.worker_pid("server"), signal.SIGKILL)

    def kinds() -> list[str]:
        return [known["kind"] for known in fresh.request("GET", "/productions/main")["warnings"]]

    until(lambda: kinds() == ["clipping"], 30, "the new server knows of it")
    for number in range(1, 5):
        fresh.request("PATCH", f"/productions/main/audio/cam{number}", {"muted": True})
    until(lambda: kinds() == [], 10, "it is over")


def test_faders_reach_the_engine_for_the_next_mixer(fresh: Instance) -> None:
    fresh.request("PATCH", "/productions/main/audio/cam1", {"muted": True})
    spec = fresh.run_dir / "workers" / "mix-main" / "spec.json"

    def written() -> bool:
        strips = json.loads(spec.read_text())["production"]["strips"]
        return bool(strips.get("cam1", {}).get("muted"))

    until(written, 10, "the engine has written the fader down")


def test_switching_goes_on_while_the_engine_is_away(fresh: Instance) -> None:
    fresh.kill_engine()
    done = fresh.request("POST", "/productions/main/cut", {"scene": "full-cam3"})
    assert done["desk"]["programme"] == "full-cam3"
    strip = fresh.request("PATCH", "/productions/main/audio/cam1", {"level_db": -5})["desk"]["strips"]["cam1"]
    assert strip["level_db"] == -5
    with client_with(fresh, fresh.token) as client:
        refused = client.put(f"{MAIN}/scenes/late", json={"name": "Late"})
    assert refused.status_code == 503
    assert "engine is not running" in refused.json()["detail"]
    scenes = fresh.request("GET", "/productions/main")["production"]["scenes"]
    assert "late" not in [scene["id"] for scene in scenes]
    fresh.start()
    until(lambda: fresh.request("PUT", "/productions/main/scenes/late", {"name": "Late"}), 20)
