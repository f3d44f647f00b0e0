"""The edge worker: viewers over WebRTC, signalled through the control link; the server speaks the HTTP."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import libdatachannel as rtc
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from regie.domain.errors import Conflict, Invalid, NotFound, NotSupported, Unavailable
from regie.domain.viewers import ViewerLife, check_room
from regie.domain.workers import Json, Report, WorkerState
from regie.edge.closing import Closing
from regie.edge.feed import Feed
from regie.edge.negotiation import Ssrcs, answer_text, negotiated
from regie.edge.peer import Peer, PeerSettings, checked_address
from regie.edge.sdp import fragment_from_text, offer_from_text
from regie.edge.viewer import Identity, Viewer
from regie.hub.paths import checked_path, streams_of
from regie.hub.vital import vital
from regie.link.server import Handler
from regie.link.worker import ReportTo, WorkerContext, run_worker

log = logging.getLogger(__name__)

TICK_S = 0.01
GATHER_TIMEOUT_S = 1.5  # only STUN servers make it longer than an instant
KEEP_EMPTY_FEED_S = 10.0


class IceServerSpec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class EdgeSpec(BaseModel):
    """What the engine hands this worker."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(8189, ge=1024, le=65535)
    bind: str = ""
    ice_servers: tuple[IceServerSpec, ...] = ()
    addresses: tuple[str, ...] = ()
    max_viewers: int = Field(200, ge=0)

    @field_validator("addresses")
    @classmethod
    def _numeric(cls, addresses: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(checked_address(address) for address in addresses)

    def peer_settings(self) -> PeerSettings:
        urls = [url for server in self.ice_servers for url in server.urls]
        stun = tuple(url for url in urls if url.startswith("stun:"))  # a relay is the viewers' business
        return PeerSettings(self.port, self.bind, self.addresses, stun)


def spec_from_json(spec: Json) -> EdgeSpec:
    try:
        return EdgeSpec.model_validate(spec)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise Invalid(f"the edge's {where}: {first['msg']}") from error


@dataclass(frozen=True)
class Permit:
    """What a viewer came in with. Nobody watches longer than that is good for."""

    owners: frozenset[str]  # the browser session, the API token
    expires_at: float | None  # Unix time

    @classmethod
    def from_json(cls, who: Json) -> Self:
        expires_at = who.get("expires_at")
        owners = frozenset(str(owner) for owner in who.get("owners") or ())
        return cls(owners, None if expires_at is None else float(expires_at))

    def over(self, now: float) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class EdgeBody:
    """The viewers of all paths, and the feeds they watch."""

    def __init__(self, context: WorkerContext, report: ReportTo) -> None:
        self._run_dir = context.run_dir
        self._report = report
        self._spec = EdgeSpec.model_validate({})
        self._feeds: dict[str, Feed] = {}
        self._viewers: dict[str, Viewer] = {}
        self._permits: dict[str, Permit] = {}
        self._closing = Closing()
        self._listener: rtc.IceUdpMuxListener | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self, spec: Json) -> None:
        self._spec = spec_from_json(spec)
        self._ticking = vital(asyncio.create_task(self._tick_for_ever(), name="serving the viewers"))
        self._listen()

    async def apply(self, spec: Json) -> None:
        before, self._spec = self._spec, spec_from_json(spec)
        if (before.port, before.bind) != (self._spec.port, self._spec.bind):
            for session in list(self._viewers):
                self._remove(session, "the edge moved to another port")
            await self._closing.drain()
            self._listen()

    def calls(self) -> Mapping[str, Handler]:
        return {
            "offer": self._offer,
            "candidates": self._candidates,
            "hangup": self._hangup,
            "hangup_owner": self._hangup_owner,
            "reset": self._reset,
        }

    async def stats(self) -> Json:
        return {
            "viewers": [viewer.to_json() for viewer in self._viewers.values()],
            "paths": {path: self._path_stats(feed) for path, feed in self._feeds.items()},
        }

    async def close(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
            self._ticking = None
        for session in list(self._viewers):
            self._remove(session, "the edge stops")
        for feed in self._feeds.values():
            await feed.close()
        self._feeds.clear()
        await self._closing.finish()
        if self._listener is not None:
            self._listener.stop()
            self._listener = None

    def _listen(self) -> None:
        """Hold the port from the start: a port that is taken is told now, not to the first viewer."""
        if self._listener is not None:
            self._listener.stop()
            self._listener = None
        try:
            self._listener = rtc.IceUdpMuxListener(self._spec.port, self._spec.bind or None)
        except (RuntimeError, ValueError) as error:
            raise Unavailable(
                f"UDP port {self._spec.port} cannot be opened: another program may be using it",
                "stop that program, or choose another webrtc_port",
            ) from error
        detail = MappingProxyType({"port": self._spec.port})
        self._report(Report(WorkerState.LIVE, f"viewers on UDP port {self._spec.port}", detail))

    async def _offer(self, args: Json) -> Json:
        path, text = checked_path(str(args.get("path", ""))), str(args.get("sdp", ""))
        who = args.get("viewer") or {}
        permit = Permit.from_json(who)
        path_limit = int(args.get("max_viewers") or self._spec.max_viewers)
        feed = self._feeds.get(path)
        on_path = len(feed.viewers) if feed else 0
        check_room(path, on_path, path_limit, len(self._viewers), self._spec.max_viewers)
        profile = feed.video.payloader.profile_level_id if feed else None
        agreed = negotiated(offer_from_text(text), profile, streams_of(path))
        feed = feed or self._open_feed(path)
        feed.max_viewers = path_limit
        ssrcs = Ssrcs(feed.video.ssrc, feed.audio.ssrc)
        peer = Peer(self._spec.peer_settings(), agreed, ssrcs, self._closing.close_soon)
        session = secrets.token_urlsafe(18)
        identity = Identity(session, path, str(who.get("name", "")), str(who.get("remote", "")), time.time())
        viewer = Viewer(identity, peer, agreed, ViewerLife(time.monotonic()), etag=secrets.token_hex(8))
        self._viewers[session] = feed.viewers[session] = viewer
        self._permits[session] = permit
        feed.empty_since = None
        await _until_gathered(peer)
        answer = answer_text(agreed, peer.local_transport(), ssrcs, secrets.randbits(62))
        return {"session": session, "answer": answer, "etag": f'"{viewer.etag}"'}

    async def _candidates(self, args: Json) -> Json:
        viewer = self._viewer(args)
        etag = str(args.get("etag") or "").strip('"')
        if etag not in ("", "*", viewer.etag):
            raise Conflict("this ICE session is over: the ETag is not the current one")
        fragment = fragment_from_text(str(args.get("fragment", "")))
        transport = viewer.agreed.transport
        if fragment.ufrag and fragment.ufrag != transport.ufrag:
            raise NotSupported("ICE restarts are not supported", "open a new session instead")
        viewer.peer.add_candidates(fragment.candidates, transport.mid)
        return {}

    async def _hangup(self, args: Json) -> Json:
        self._remove(self._viewer(args).identity.session, "hung up by request")
        return {}

    async def _hangup_owner(self, args: Json) -> Json:
        """A browser session or an API token is gone: so are all who watch with it."""
        owner = str(args.get("owner", ""))
        for session in [session for session, permit in self._permits.items() if owner in permit.owners]:
            self._remove(session, "logged out")
        return {}

    async def _reset(self, _: Json) -> Json:
        """Forget the delays measured so far, so that a measurement sees only its own."""
        for feed in self._feeds.values():
            feed.send_ms.clear()
            feed.age_ms.clear()
        return {}

    def _viewer(self, args: Json) -> Viewer:
        viewer = self._viewers.get(str(args.get("session", "")))
        if viewer is None:
            raise NotFound("there is no such viewer session; it may have ended")
        return viewer

    def _open_feed(self, path: str) -> Feed:
        feed = self._feeds[path] = Feed(self._run_dir, path)
        feed.start()
        return feed

    def _path_stats(self, feed: Feed) -> Json:
        return {
            "viewers": len(feed.viewers),
            "max_viewers": feed.max_viewers,
            "send_ms": feed.send_ms.to_json(),
            "age_ms": feed.age_ms.to_json(),
        }

    async def _tick_for_ever(self) -> None:
        second_at = 0.0
        while True:
            now = time.monotonic()
            for feed in self._feeds.values():
                feed.tick(now)
            if now >= second_at:
                second_at = now + 1.0
                await self._each_second(now)
            await asyncio.sleep(TICK_S if self._viewers else 0.1)

    async def _each_second(self, now: float) -> None:
        for feed in list(self._feeds.values()):
            feed.each_second(now)
            if feed.viewers:
                continue
            feed.empty_since = feed.empty_since or now
            if now - feed.empty_since >= KEEP_EMPTY_FEED_S:
                del self._feeds[feed.path]
                await feed.close()
        for session, viewer in list(self._viewers.items()):
            if reason := viewer.why_over(now):
                self._remove(session, reason)
            elif self._permits[session].over(time.time()):
                self._remove(session, "what it was opened with has expired")

    def _remove(self, session: str, reason: str) -> None:
        viewer = self._viewers.pop(session, None)
        self._permits.pop(session, None)
        if viewer is None:
            return
        path = viewer.identity.path
        if path in self._feeds:
            self._feeds[path].remove(session)
        log.info("viewer %s of %s is gone: %s", session[:6], path, reason)
        self._closing.close_soon(viewer.peer)


async def _until_gathered(peer: Peer) -> None:
    deadline = time.monotonic() + GATHER_TIMEOUT_S
    while not peer.gathered and time.monotonic() < deadline:  # noqa: ASYNC110 - see edge/peer.py: no callbacks
        await asyncio.sleep(0.005)


async def run(context: WorkerContext, spec: Json) -> None:
    await run_worker(context, spec, lambda report: EdgeBody(context, report))
