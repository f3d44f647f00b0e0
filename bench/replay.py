"""Sends the clip in real time, for ever: to a hub path as a source does, or as plain RTP.

Each unit carries the time it was written as its timestamp, so that its age anywhere is the delay since here.

    python -m bench.replay hub RUN_DIR PATH
    python -m bench.replay rtp VIDEO_PORT AUDIO_PORT
"""

import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock, Thread

from bench.media import AUDIO_NS, KEYFRAME_INTERVAL, VIDEO_NS, clip
from regie.edge.h264 import H264Payloader
from regie.edge.rtp import rtp_packet, ticks_from_ns
from regie.hub.clock import now_ns
from regie.hub.paths import Stream, socket_file
from tests.support.gdp import buffer_packet, caps_packet

_CAPS = {
    Stream.VIDEO: "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au",
    Stream.AUDIO: "audio/x-opus, rate=(int)48000, channels=(int)2",
}

type Send = Callable[[Stream, int, bytes, int], None]  # stream, number of the unit, unit, time


def schedule() -> Iterator[tuple[int, Stream, int]]:
    """When to send which unit, in nanoseconds from the start."""
    video = audio = 0
    while True:
        if video * VIDEO_NS <= audio * AUDIO_NS:
            yield video * VIDEO_NS, Stream.VIDEO, video
            video += 1
        else:
            yield audio * AUDIO_NS, Stream.AUDIO, audio
            audio += 1


def replay(send: Send) -> None:
    media = clip()
    units = {Stream.VIDEO: media.video, Stream.AUDIO: media.audio}
    start = now_ns()
    for at, stream, number in schedule():
        if (wait := start + at - now_ns()) > 0:
            time.sleep(wait / 1e9)
        send(stream, number, units[stream][number % len(units[stream])], now_ns())


class HubWriter:
    """A hub path in plain Python. A reader that does not read is hung up."""

    def __init__(self, run_dir: Path, path: str) -> None:
        self._readers: dict[Stream, list[socket.socket]] = {stream: [] for stream in Stream}
        self._lock = Lock()
        self._listeners = []
        for stream in Stream:
            file = socket_file(run_dir, path, stream)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(str(file))
            listener.listen(16)
            self._listeners.append(listener)
            Thread(target=self._accept, args=(listener, stream), daemon=True).start()

    def _accept(self, listener: socket.socket, stream: Stream) -> None:
        while True:
            reader, _ = listener.accept()
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
            reader.sendall(caps_packet(_CAPS[stream]))
            with self._lock:
                self._readers[stream].append(reader)

    def send(self, stream: Stream, number: int, unit: bytes, at_ns: int) -> None:
        delta = stream is Stream.VIDEO and number % KEYFRAME_INTERVAL != 0
        data = buffer_packet(unit, at_ns, delta=delta)
        with self._lock:
            for reader in list(self._readers[stream]):
                try:
                    reader.sendall(data)
                except OSError:
                    self._readers[stream].remove(reader)


class RtpSender:
    """The same packets the edge makes, to one address."""

    def __init__(self, video_port: int, audio_port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ports = {Stream.VIDEO: video_port, Stream.AUDIO: audio_port}
        self._sequence = dict.fromkeys(Stream, 0)
        self._payloader = H264Payloader()

    def send(self, stream: Stream, _number: int, unit: bytes, at_ns: int) -> None:
        payloads = self._payloader.packets(unit).payloads if stream is Stream.VIDEO else (unit,)
        for index, payload in enumerate(payloads):
            self._sequence[stream] += 1
            packet = rtp_packet(
                payload,
                payload_type=96 if stream is Stream.VIDEO else 111,
                sequence=self._sequence[stream],
                timestamp=ticks_from_ns(at_ns, 90_000 if stream is Stream.VIDEO else 48_000),
                ssrc=1 if stream is Stream.VIDEO else 2,
                marker=stream is Stream.VIDEO and index == len(payloads) - 1,
            )
            self._socket.sendto(packet, ("127.0.0.1", self._ports[stream]))


def main(arguments: list[str]) -> None:
    match arguments:
        case ["hub", run_dir, path]:
            replay(HubWriter(Path(run_dir), path).send)
        case ["rtp", video_port, audio_port]:
            replay(RtpSender(int(video_port), int(audio_port)).send)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
