"""The event hub without a network: who falls behind is dropped, and nobody waits for them."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regie.api.access import Access
from regie.api.events import QUEUE_LENGTH, EventHub, Listener
from regie.api.metrics import Metrics
from regie.api.picture import Picture
from regie.api.system import SystemFigures
from regie.api.worker import beside
from regie.domain.access import Identity, Role
from regie.domain.sources import Source
from regie.engine.client import SILENCE_TIMEOUT_S, EngineClient
from regie.link.server import LinkServer
from regie.settings import Settings
from regie.store.database import Database
from tests.support.wait import eventually

ANN = Identity(Role.VIEWER, "Ann", session_id="a")
OLA = Identity(Role.OPERATOR, "Ola", session_id="o")
BEN = Identity(Role.VIEWER, "Ben", token_id="b")


@pytest.fixture
def picture() -> Picture:
    made = Picture()
    made.sources = {"cam1": Source("cam1", "Stage", "test", {"tone_hz": 440}, True, 1.0, 1.0)}
    return made


@pytest.fixture
def hub(picture: Picture, run_dir: Path) -> EventHub:
    return EventHub(EngineClient(run_dir), picture, SystemFigures(run_dir), {"version": "1"})


def told(listener: Listener) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    while not listener.queue.empty():
        messages.append(json.loads(listener.queue.get_nowait()))
    return messages


async def test_who_does_not_read_is_dropped_and_counted_and_the_others_miss_nothing(hub: EventHub) -> None:
    async with hub.listening(ANN) as slow, hub.listening(BEN) as quick:
        read = told(quick)
        for number in range(QUEUE_LENGTH + 1):
            hub.publish("worker-gone", {"id": str(number)})
            read += told(quick)
        assert slow.ended.is_set()
        assert not quick.ended.is_set()
        assert hub.dropped == 1
        assert len(read) == 1 + QUEUE_LENGTH + 1
        assert slow.queue.qsize() == QUEUE_LENGTH  # it holds no more memory than that


async def test_only_those_whose_session_ended_are_hung_up(hub: EventHub) -> None:
    async with hub.listening(ANN) as ann, hub.listening(BEN) as ben:
        hub.end_where(lambda identity: identity.session_id == "a")
        assert (ann.ended.is_set(), ben.ended.is_set()) == (True, False)
    assert not hub.listeners


async def test_what_the_engine_says_is_told_as_it_is_said_and_nonsense_does_not_end_it(
    hub: EventHub, picture: Picture, run_dir: Path
) -> None:
    async def status(_: dict[str, Any]) -> dict[str, Any]:
        return {"workers": []}

    engine = LinkServer(run_dir / "engine.sock", {"status": status})
    await engine.start()
    connections: list[bool] = []
    following = asyncio.create_task(hub.follow_engine(lambda: connections.append(True)))
    await eventually(lambda: connections)
    live = {"id": "src-cam1", "kind": "source", "pid": 7, "state": "live", "reason": "", "since": 5.0}
    secret = live | {"state": "retrying", "reason": "no answer from rtsp://user:hunter2@cam", "detail": {}}
    async with hub.listening(ANN) as listener:
        engine.publish("worker", {"nonsense": True})
        engine.publish("worker", live)
        engine.publish("worker", secret)
        engine.publish("gone", {"id": "src-cam1"})
        await eventually(lambda: listener.queue.qsize() == 7)
        messages = told(listener)
    following.cancel()
    await engine.close()
    assert [message["type"] for message in messages] == [
        *("snapshot", "worker", "source", "worker", "source", "worker-gone", "source")
    ]
    assert [message["seq"] for message in messages] == [1, 2, 3, 4, 5, 6, 7]
    states = [message["data"]["state"] for message in messages if message["type"] == "source"]
    assert states == ["live", "retrying", "starting"]
    assert "hunter2" not in json.dumps(messages, ensure_ascii=False)
    assert "rtsp://user:•••@cam" in json.dumps(messages, ensure_ascii=False)
    assert picture.workers == {}


async def test_that_the_engine_is_away_is_told_and_nothing_old_is_told_as_new(
    hub: EventHub, picture: Picture, run_dir: Path
) -> None:
    async def status(_: dict[str, Any]) -> dict[str, Any]:
        return {"workers": []}

    database, metrics = Database.open(run_dir), Metrics()
    metrics.watch(picture, hub, Access(Settings(data_dir=run_dir), database, b"", "cli"))
    following = asyncio.create_task(hub.follow_engine(lambda: None))
    figures = {
        "workers": {"src-cam1": {"paths": {"src/cam1": {"video": {"bitrate": 9.0}}}}},
        "usage": {"a": {}},
    }
    async with hub.listening(ANN) as listener:
        for _ in range(2):  # it goes, and another one comes
            engine = LinkServer(run_dir / "engine.sock", {"status": status})
            await engine.start()
            await eventually(lambda: picture.engine_answers)
            assert b"regie_engine_up 1.0" in metrics.text()
            engine.publish("stats", figures)
            await eventually(lambda: picture.stats)
            await engine.close()
            await eventually(lambda: not picture.engine_answers)
            assert b"regie_engine_up 0.0" in metrics.text()
            assert b"regie_worker_state{" not in metrics.text()
            assert b"regie_path_bitrate{" not in metrics.text()
        assert (picture.stats, picture.usage) == ({}, {})
        messages = told(listener)
    following.cancel()
    database.close()
    assert messages[0]["data"]["engine"] == {"answers": False}
    engines = [message["data"]["answers"] for message in messages if message["type"] == "engine"]
    assert engines == [True, False, True, False]


async def test_an_engine_that_says_nothing_any_more_is_lost(run_dir: Path) -> None:
    async def status(_: dict[str, Any]) -> dict[str, Any]:
        return {"workers": []}

    engine = LinkServer(run_dir / "engine.sock", {"status": status})
    await engine.start()
    async with asyncio.timeout(SILENCE_TIMEOUT_S + 5), aclosing(EngineClient(run_dir).events()) as events:
        said = [(await anext(events))[0] for _ in range(3)]
    await engine.close()
    assert said == ["connected", "lost", "connected"]


def test_a_worker_that_is_gone_does_not_come_back_with_an_older_answer(picture: Picture) -> None:
    def wire(worker_id: str, state: str, since: float) -> dict[str, Any]:
        return {"id": worker_id, "kind": "source", "state": state, "since": since}

    picture.set_workers({"workers": [wire("src-cam1", "live", 5.0), wire("tools", "live", 5.0)]})
    picture.workers.pop("src-cam1")  # the engine said that it is gone
    older = {"workers": [wire("src-cam1", "live", 4.0), wire("tools", "failed", 6.0)]}
    picture.merge_workers(older, wanted=set())
    assert {worker.id: worker.state for worker in picture.workers.values()} == {"tools": "failed"}
    picture.merge_workers(older, wanted={"src-cam1"})
    assert "src-cam1" in picture.workers


async def test_what_goes_on_beside_the_serving_does_not_end_unnoticed(
    picture: Picture, run_dir: Path
) -> None:
    hub = EventHub(EngineClient(run_dir), picture, SystemFigures(run_dir / "no-directory"), {})
    others = asyncio.Event()

    async def another() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            others.set()

    with pytest.raises(ExceptionGroup) as failed:
        async with asyncio.timeout(10), beside(hub.tell_the_time(), another()), hub.listening(ANN):
            await asyncio.Event().wait()
    assert failed.group_contains(FileNotFoundError)
    assert others.is_set()


async def test_only_operators_are_told_where_people_and_cameras_are(hub: EventHub, picture: Picture) -> None:
    url = "rtsp://192.0.2.9/door"
    picture.sources = {"door": Source("door", "Door", "rtsp", {"url": url}, False, 1.0, 1.0)}
    seen = {"session": "s", "path": "src/door", "name": "Ann", "remote": "198.51.100.7"}
    picture.stats = {"edge-0": {"viewers": [seen]}}
    async with hub.listening(ANN) as viewer, hub.listening(OLA) as operator:
        hub.publish_source("door")
        hub.publish("stats", {"viewers": [one.model_dump() for one in picture.viewers()]})
        texts = [json.dumps(told(listener)) for listener in (viewer, operator)]
    for address in (url, "198.51.100.7"):
        assert [text.count(address) for text in texts] == [0, 2]
    assert texts[0].count('"Ann"') == 2


async def test_a_message_that_did_not_fit_leaves_a_gap_in_the_numbers(hub: EventHub) -> None:
    async with hub.listening(ANN) as listener:
        for _ in range(QUEUE_LENGTH):
            hub.publish("worker-gone", {"id": "a"})
        assert listener.ended.is_set()
        assert [message["seq"] for message in told(listener)] == list(range(1, QUEUE_LENGTH + 1))
        listener.put(json.dumps({"type": "late"})[1:])
        assert told(listener)[0]["seq"] == QUEUE_LENGTH + 2


def test_what_is_switched_off_is_not_called_stopped_before_it_stopped(picture: Picture) -> None:
    picture.sources["cam1"] = replace(picture.sources["cam1"], enabled=False)
    picture.set_workers({"workers": [{"id": "src-cam1", "kind": "source", "state": "live", "since": 5.0}]})
    assert (picture.source("cam1").state, picture.source("cam1").reason) == ("live", "stopping")
    picture.workers.clear()
    assert (picture.source("cam1").state, picture.source("cam1").reason) == ("stopped", "switched off")
