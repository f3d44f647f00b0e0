"""Many WebRTC receivers in one process: they negotiate, decrypt and report, and throw the media away.

    python -m bench.receivers edge CONTROL_SOCKET PATH
    python -m bench.receivers janus BASE_URL OWN_ADDRESS

Reads numbers from standard input; for each it connects so many more, and prints a line of JSON when they are
connected. "count" prints how much media per second each of them gets now.
"""

import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import libdatachannel as rtc

from regie.link.client import call

CONNECT_TIMEOUT_S = 20.0
OPUS, H264 = 111, 96

type Answered = Callable[[rtc.PeerConnection], None]


class Receiver:
    """One connection. RTCP is the library's; received media stays in its queue, which is bounded and full."""

    def __init__(self, address: str) -> None:
        configuration = rtc.Configuration()
        configuration.bind_address = address
        configuration.disable_auto_negotiation = True
        self.connection = rtc.PeerConnection(configuration)
        self.tracks: list[rtc.Track] = []

    def receive(self, video_mid: str, audio_mid: str) -> None:
        for media in (
            rtc.Description.Video(video_mid, rtc.Description.Direction.RecvOnly),
            rtc.Description.Audio(audio_mid, rtc.Description.Direction.RecvOnly),
        ):
            if isinstance(media, rtc.Description.Video):
                media.add_h264_codec(H264)
            else:
                media.add_opus_codec(OPUS)
            track = self.connection.add_track(media)
            track.set_media_handler(rtc.RtcpReceivingSession())
            self.tracks.append(track)

    async def gathered(self) -> str:
        while self.connection.gathering_state() != rtc.PeerConnection.GatheringState.Complete:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return str(self.connection.local_description())

    async def connected(self) -> None:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            while self.connection.state() != rtc.PeerConnection.State.Connected:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def drained(self) -> int:
        """Empty the queues; how many bytes were in them."""
        total = 0
        for track in self.tracks:
            while isinstance(data := track.receive(), bytes):
                total += len(data)
        return total


async def from_edge(control: str, path: str) -> Receiver:
    receiver = Receiver("127.0.0.1")
    receiver.receive("v", "a")
    receiver.connection.set_local_description()
    args = {"path": path, "sdp": await receiver.gathered(), "viewer": {"name": "bench", "remote": ""}}
    reply = await call(Path(control), "offer", args)
    receiver.connection.set_remote_description(rtc.Description(reply["answer"], rtc.Description.Type.Answer))
    await receiver.connected()
    return receiver


async def from_janus(base_url: str, address: str) -> Receiver:
    """Janus offers, we answer: its streaming plugin's way."""
    ask = JanusClient(base_url)
    handle = await ask.attach()
    offer = await ask.watch(handle)
    receiver = Receiver(address)
    mids = [line[6:] for line in offer.split("\r\n") if line.startswith("a=mid:")]
    kinds = [line[2:7] for line in offer.split("\r\n") if line.startswith("m=")]
    order = dict(zip(kinds, mids, strict=True))
    receiver.receive(order["video"], order["audio"])
    receiver.connection.set_remote_description(rtc.Description(offer, rtc.Description.Type.Offer))
    receiver.connection.set_local_description(rtc.Description.Type.Answer)
    await ask.start(handle, await receiver.gathered())
    await receiver.connected()
    ask.keep_alive()
    return receiver


class JanusClient:
    """A session with Janus over its HTTP transport."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url
        self._session = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def attach(self) -> int:
        self._session = (await self._post("", {"janus": "create"}))["data"]["id"]
        plugin = {"janus": "attach", "plugin": "janus.plugin.streaming"}
        return int((await self._post(f"/{self._session}", plugin))["data"]["id"])

    async def watch(self, handle: int) -> str:
        await self._message(handle, {"request": "watch", "id": 1})
        while True:
            event = await self._get(f"/{self._session}?maxev=1")
            if "jsep" in event:
                return str(event["jsep"]["sdp"])

    async def start(self, handle: int, answer: str) -> None:
        await self._message(handle, {"request": "start"}, {"type": "answer", "sdp": answer})

    def keep_alive(self) -> None:
        task = asyncio.create_task(self._keep_alive())
        self._tasks.add(task)

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(25)
            await self._post(f"/{self._session}", {"janus": "keepalive"})

    async def _message(self, handle: int, body: Any, jsep: Any = None) -> None:
        more = {"jsep": jsep} if jsep else {}
        await self._post(f"/{self._session}/{handle}", {"janus": "message", "body": body, **more})

    async def _post(self, path: str, body: Any) -> Any:
        data = json.dumps({**body, "transaction": "bench"}).encode()
        return await self._request(urllib.request.Request(self._url + path, data))

    async def _get(self, path: str) -> Any:
        return await self._request(urllib.request.Request(self._url + path))

    async def _request(self, request: urllib.request.Request) -> Any:
        def fetch() -> Any:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return json.load(reply)

        return await asyncio.to_thread(fetch)


async def serve(arguments: list[str]) -> None:
    receivers: list[Receiver] = []
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().strip():
        if line == "count":
            reply: Any = {"bitrates": await _bitrates(receivers)}
        else:
            for _ in range(int(line)):
                receivers.append(await _new(arguments))
            reply = {"connected": len(receivers)}
        print(json.dumps(reply), flush=True)


async def _new(arguments: list[str]) -> Receiver:
    match arguments:
        case ["edge", control, path]:
            return await from_edge(control, path)
        case ["janus", base_url, address]:
            return await from_janus(base_url, address)
    sys.exit(__doc__)


async def _bitrates(receivers: list[Receiver]) -> list[float]:
    """What each gets in half a second."""
    for receiver in receivers:
        receiver.drained()
    start = time.monotonic()
    await asyncio.sleep(0.5)
    return [receiver.drained() * 8 / (time.monotonic() - start) for receiver in receivers]


def stand_back() -> None:
    """They stand for other machines: a packet that arrives here must not interrupt the one who sends it."""
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    os.nice(5)


if __name__ == "__main__":
    stand_back()
    asyncio.run(serve(sys.argv[1:]))
