"""The control link over real sockets: calls, events, and what misbehaves on either side."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from regie.domain.errors import Conflict, Invalid, RegieError, Unavailable
from regie.domain.workers import Json
from regie.link.client import LinkClient, call, events
from regie.link.server import EVENT_QUEUE_LENGTH, LinkServer
from regie.link.wire import MAX_LINE_BYTES
from tests.support.wait import eventually


async def echo(args: Json) -> Json:
    return args


async def slow(args: Json) -> Json:
    await asyncio.sleep(float(args["s"]))
    return args


async def refuse(_: Json) -> Json:
    raise Conflict("the source is being watched", "stop the viewers first", used_by=["ann", "bob"])


async def break_down(_: Json) -> Json:
    raise RuntimeError("rtsp://u:secret@cam")


async def unspeakable(_: Json) -> Json:
    return {"value": object()}


HANDLERS = {"echo": echo, "slow": slow, "refuse": refuse, "break": break_down, "unspeakable": unspeakable}


@pytest.fixture
async def server(run_dir: Path) -> AsyncIterator[LinkServer]:
    link = LinkServer(run_dir / "x.sock", HANDLERS)
    await link.start()
    yield link
    await link.close()


@pytest.fixture
def address(server: LinkServer) -> Path:
    return server.path


def test_the_socket_is_for_its_owner_only(address: Path) -> None:
    assert address.stat().st_mode & 0o777 == 0o600


async def test_overlapping_calls_each_get_their_own_answer(address: Path) -> None:
    async with await LinkClient.connect(address) as client:
        waits = [0.2, 0.1, 0.0]
        answers = await asyncio.gather(*(client.call("slow", {"s": wait}) for wait in waits))
    assert answers == [{"s": wait} for wait in waits]


async def test_a_slow_call_does_not_hold_up_the_next(address: Path) -> None:
    async with await LinkClient.connect(address) as client:
        held = asyncio.create_task(client.call("slow", {"s": 30}))
        assert await client.call("echo", {"n": 1}, timeout_s=2) == {"n": 1}
        held.cancel()


async def test_an_error_arrives_as_it_was_raised(address: Path) -> None:
    with pytest.raises(Conflict) as caught:
        await call(address, "refuse")
    assert caught.value.message == "the source is being watched"
    assert caught.value.hint == "stop the viewers first"
    assert caught.value.facts == {"used_by": ["ann", "bob"]}


@pytest.mark.parametrize("name", ["break", "unspeakable"])
async def test_a_fault_of_the_other_side_tells_no_internals(address: Path, name: str) -> None:
    with pytest.raises(RegieError) as caught:
        await call(address, name)
    assert caught.value.message == "internal error; see the log of this worker"


async def test_an_unknown_call_is_answered_with_the_known_ones(address: Path) -> None:
    with pytest.raises(Invalid, match="unknown call 'nonsense'; known are break, echo"):
        await call(address, "nonsense")


async def test_a_call_that_is_not_answered_in_time_fails_and_the_connection_goes_on(address: Path) -> None:
    async with await LinkClient.connect(address) as client:
        with pytest.raises(Unavailable, match="no answer to 'slow' within"):
            await client.call("slow", {"s": 0.2}, timeout_s=0.05)
        assert await client.call("slow", {"s": 0.3}) == {
            "s": 0.3
        }  # and the late answer was not taken for this


async def test_calls_that_wait_when_the_server_goes_fail_at_once(address: Path, server: LinkServer) -> None:
    client = await LinkClient.connect(address)
    waiting = asyncio.create_task(client.call("slow", {"s": 30}, timeout_s=60))
    assert await client.call("echo") == {}
    await server.close()
    with pytest.raises(Unavailable, match="closed before it answered"):
        await asyncio.wait_for(waiting, 2)
    with pytest.raises(Unavailable):
        await client.call("echo")
    await client.close()


def held() -> tuple[int, int]:
    """Open descriptors of this process, and tasks of this loop."""
    return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())


async def test_nothing_is_left_of_connections_whose_other_end_went(run_dir: Path) -> None:
    before = held()
    for _ in range(5):
        link = LinkServer(run_dir / "y.sock", HANDLERS)
        await link.start()
        clients = [await LinkClient.connect(link.path) for _ in range(4)]
        listener = events(link.path)
        assert await anext(listener) == ("subscribed", {})
        waiting = asyncio.create_task(clients[0].call("slow", {"s": 60}))
        assert await clients[1].call("echo", {"a": 1}) == {"a": 1}
        await link.close()
        with pytest.raises(Unavailable):
            await waiting
        assert [event async for event in listener] == []
    del clients  # nobody closes them
    await eventually(lambda: held() == before, 5, f"nothing more is held than {before}")


async def test_nothing_is_left_of_callers_that_went(address: Path) -> None:
    before = held()
    for _ in range(5):
        client = await LinkClient.connect(address)
        waiting = asyncio.create_task(client.call("slow", {"s": 60}))
        listener = events(address)
        await anext(listener)
        await listener.aclose()
        client.abort()
        with pytest.raises(Unavailable):
            await waiting
    await eventually(lambda: held() == before, 5, f"nothing more is held than {before}")


@pytest.mark.parametrize("said", [b'{"id": 1, "error": 7}\n', b'{"id": [1], "ok": {}}\n', b"[]\n", b""])
async def test_nothing_is_left_of_a_connection_on_which_nonsense_came(run_dir: Path, said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said)
        writer.close()

    before = held()
    server = await asyncio.start_unix_server(answer, run_dir / "z.sock")
    client = await LinkClient.connect(run_dir / "z.sock")
    with pytest.raises(RegieError):
        await client.call("echo")
    server.close()
    await server.wait_closed()
    await eventually(lambda: held() == before, 5, f"nothing more is held than {before}")


async def test_nothing_at_the_address_is_unavailable(run_dir: Path) -> None:
    with pytest.raises(Unavailable, match="nothing answers at"):
        await call(run_dir / "none.sock", "echo")


async def test_events_reach_every_listener_in_order(address: Path, server: LinkServer) -> None:
    streams = [events(address), events(address)]
    assert [await anext(stream) for stream in streams] == [("subscribed", {})] * 2
    for number in range(100):
        server.publish("tick", {"n": number})
    for stream in streams:
        assert [(await anext(stream))[1]["n"] for _ in range(100)] == list(range(100))
        await stream.aclose()


async def test_a_listener_ends_when_the_server_goes(address: Path, server: LinkServer) -> None:
    stream = events(address)
    await anext(stream)
    await server.close()
    assert [event async for event in stream] == []


async def test_a_listener_that_does_not_read_is_hung_up_and_holds_up_nobody(
    address: Path, server: LinkServer
) -> None:
    deaf = socket.socket(socket.AF_UNIX)
    deaf.setblocking(False)
    await asyncio.get_running_loop().sock_connect(deaf, str(address))
    await asyncio.get_running_loop().sock_sendall(deaf, b'{"id": 0, "call": "events"}\n')
    assert await asyncio.get_running_loop().sock_recv(deaf, 100) == b'{"id":0,"ok":{}}\n'
    good = events(address)
    await anext(good)
    for number in range(EVENT_QUEUE_LENGTH * 3):
        server.publish("tick", {"n": number, "padding": "x" * 10_000})
        assert (await anext(good))[1]["n"] == number
    assert await _is_hung_up(deaf)
    assert await call(address, "echo", {"still": "here"}) == {"still": "here"}
    await good.aclose()
    deaf.close()


async def _is_hung_up(connection: socket.socket) -> bool:
    async def at_the_end() -> bool:
        try:
            return await asyncio.get_running_loop().sock_recv(connection, 1 << 20) == b""
        except ConnectionError:
            return True

    return await eventually(at_the_end, 5, "the connection is closed")


@pytest.mark.parametrize(
    "line", [b"not json\n", b"[1, 2]\n", b'{"call": "echo", "args": 7}\n', b"\xff\xfe\n"]
)
async def test_a_line_that_is_no_call_is_answered_with_what_is_wrong(address: Path, line: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(address)
    writer.write(line)
    answer = json.loads(await asyncio.wait_for(reader.readline(), 2))
    assert answer["error"]["kind"] == "invalid"
    writer.close()


async def test_a_line_that_never_ends_is_hung_up(address: Path) -> None:
    reader, writer = await asyncio.open_unix_connection(address)
    writer.write(b"x" * (MAX_LINE_BYTES + 100_000))
    with contextlib.suppress(ConnectionError):  # hung up while we still wrote
        assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert await call(address, "echo") == {}


async def test_the_longest_answer_that_is_allowed_arrives_whole(address: Path) -> None:
    text = "ä" * (MAX_LINE_BYTES // 2 - 100)
    assert await call(address, "echo", {"text": text}) == {"text": text}


@pytest.mark.parametrize("line", [b"garbage\n", b"x" * (MAX_LINE_BYTES + 100_000)])
async def test_a_server_that_talks_garbage_is_unavailable_not_a_crash(run_dir: Path, line: bytes) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(line)
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(babble, run_dir / "bad.sock"):
        async with await LinkClient.connect(run_dir / "bad.sock") as client:
            with pytest.raises(Unavailable):
                await client.call("echo")
        assert [event async for event in events(run_dir / "bad.sock")] == []


async def test_hanging_up_on_a_server_that_does_not_read_takes_no_time(run_dir: Path) -> None:
    async def ignore(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)
        writer.close()

    server = await asyncio.start_unix_server(ignore, run_dir / "deaf.sock")
    client = await LinkClient.connect(run_dir / "deaf.sock")
    with pytest.raises(Unavailable):
        await client.call("echo", {"text": "x" * 3_000_000}, timeout_s=0.1)
    await asyncio.wait_for(client.close(), 2)
    server.close()


async def test_a_socket_left_by_a_killed_process_is_no_obstacle(run_dir: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(run_dir / "x.sock"))
    link = LinkServer(run_dir / "x.sock", HANDLERS)
    await link.start()
    assert await call(run_dir / "x.sock", "echo") == {}
    await link.close()
    await link.close()
