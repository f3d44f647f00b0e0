"""A network line that loses what it is told to: a UDP relay between a receiver and the edge."""

import re
import select
import socket
import threading

VIDEO_PAYLOAD_TYPE = 102


class LossyLine:
    """Passes datagrams both ways, but not the video packets whose place of arrival is in `lose`."""

    def __init__(self, lose: set[int]) -> None:
        self.lose = set(lose)
        self.seen = 0
        self._near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._far = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for end in (self._near, self._far):
            end.bind(("127.0.0.1", 0))
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._relay, daemon=True)
        self._edge: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        return int(self._near.getsockname()[1])

    def into(self, answer: str) -> str:
        """The answer with the line's end in place of the edge's; from now on it passes datagrams."""
        match = re.search(r"127\.0\.0\.1 (\d+) typ host", answer)
        assert match is not None
        self._edge = ("127.0.0.1", int(match[1]))
        self._thread.start()
        return answer.replace(match[0], f"127.0.0.1 {self.port} typ host")

    def close(self) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(5)
        self._near.close()
        self._far.close()

    def _relay(self) -> None:
        receiver: tuple[str, int] | None = None
        while not self._ended.is_set():
            for end in select.select([self._near, self._far], [], [], 0.1)[0]:
                data, sender = end.recvfrom(4096)
                if end is self._near:
                    receiver = sender
                    assert self._edge is not None
                    self._far.sendto(data, self._edge)
                elif receiver is not None and not self._loses(data):
                    self._near.sendto(data, receiver)

    def _loses(self, data: bytes) -> bool:
        if not (data[0] >> 6 == 2 and data[1] & 0x7F == VIDEO_PAYLOAD_TYPE):
            return False
        self.seen += 1
        return self.seen in self.lose
