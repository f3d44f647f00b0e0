"""The least HTTP a browser needs to watch through an edge: a page, and WHEP on the same origin."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from regie.domain.errors import RegieError
from regie.link.client import call

PAGE = (Path(__file__).parent / "viewer.html").read_text()


class Shim:
    """Serves from a thread of its own, so that a browser driven from this one can load it."""

    def __init__(self, edge_directory: Path) -> None:
        self._socket = edge_directory / "control.sock"
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve_for_ever, daemon=True)
        self.port = 0

    def __enter__(self) -> "Shim":
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def _serve_for_ever(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, target, _ = head[0].split()
        lengths = [line.partition(":")[2] for line in head if line.lower().startswith("content-length:")]
        body = (await reader.readexactly(int(lengths[0]))).decode() if lengths else ""
        status, kind, reply, more = await self._answer(method, target, body)
        fields = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(reply.encode())}"]
        fields += ["Connection: close", *more]
        writer.write("\r\n".join(fields).encode() + b"\r\n\r\n" + reply.encode())
        await writer.drain()
        writer.close()

    async def _answer(self, method: str, target: str, body: str) -> tuple[str, str, str, list[str]]:
        parts = target.strip("/").split("/")
        try:
            match method, parts:
                case "POST", ["whep", *path]:
                    viewer = {"name": "browser", "remote": "127.0.0.1"}
                    args = {"path": "/".join(path), "sdp": body, "viewer": viewer}
                    reply: Any = await call(self._socket, "offer", args)
                    location = f"Location: /session/{reply['session']}"
                    return "201 Created", "application/sdp", reply["answer"], [location]
                case "DELETE", ["session", session]:
                    await call(self._socket, "hangup", {"session": session})
                    return "200 OK", "text/plain", "", []
                case "GET", [""]:
                    return "200 OK", "text/html", PAGE, []
                case _:
                    return "404 Not Found", "text/plain", "", []
        except RegieError as error:
            return "400 Bad Request", "text/plain", error.message, []
