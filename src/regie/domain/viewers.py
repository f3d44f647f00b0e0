"""A viewer's session: when it lives, when it is over, and how many there may be."""

from dataclasses import dataclass
from enum import StrEnum

from regie.domain.errors import TooMany

CONNECT_TIMEOUT_S = 10.0  # from the answer to a working connection
SILENCE_TIMEOUT_S = 8.0  # a browser reports about once a second, whether it gets media or not
KEYFRAME_REQUEST_INTERVAL_S = 0.5  # all viewers of a path together


class Phase(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"


@dataclass
class ViewerLife:
    """Feed it what happens and the time; `why_over` says when, and why, the session is to be ended."""

    started_at: float
    phase: Phase = Phase.CONNECTING
    heard_at: float = 0.0

    def on_connected(self, now: float) -> None:
        if self.phase is Phase.CONNECTING:
            self.phase, self.heard_at = Phase.LIVE, now

    def on_heard(self, now: float) -> None:
        """A receiver report, or any other RTCP, came."""
        self.heard_at = now

    def why_over(self, now: float) -> str | None:
        if self.phase is Phase.CONNECTING:
            late = now - self.started_at >= CONNECT_TIMEOUT_S
            return f"no connection within {CONNECT_TIMEOUT_S:g} s" if late else None
        silent = now - self.heard_at >= SILENCE_TIMEOUT_S
        return f"nothing heard for {SILENCE_TIMEOUT_S:g} s" if silent else None


def check_room(path: str, on_path: int, path_limit: int, in_all: int, limit: int) -> None:
    """Raise TooMany when a further viewer has no room, on its path or on this edge."""
    if on_path >= path_limit:
        raise TooMany(
            f"{path} has {on_path} viewers, which is its limit",
            "try again later, or raise its limit under Sources",
            path=path,
            max_viewers=path_limit,
        )
    if in_all >= limit:
        raise TooMany(
            f"this edge serves {in_all} viewers, which is its limit",
            "try again later, or raise max_viewers in the settings",
            max_viewers=limit,
        )


class KeyframeRequests:
    """Requests closer together than half a second are one: a crowd must not make a stream of I-frames."""

    def __init__(self) -> None:
        self._asked_at = float("-inf")

    def may_ask(self, now: float) -> bool:
        if now - self._asked_at < KEYFRAME_REQUEST_INTERVAL_S:
            return False
        self._asked_at = now
        return True
