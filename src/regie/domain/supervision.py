"""The life of one worker, without I/O: what to do when it is wanted, is ready, hangs, ends or is unwanted."""

from dataclasses import dataclass
from enum import Enum, auto

from regie.domain.workers import Report, WorkerSpec, WorkerState

READY_TIMEOUT_S = 10.0
LONGEST_READY_TIMEOUT_S = 40.0  # doubled after each time it was too short: a slow machine must get there, too
STOP_TIMEOUT_S = 5.0
MISSES_ALLOWED = 3  # heartbeats, one a second
SILENCE_S = 3.0  # the same for a process that was found running: it listens already
HUNG = f"did not answer for {SILENCE_S:g} s"
HEALTHY_S = 30.0
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
DELIVERED_S = 1.0  # what was live for so long was killed or met bad luck: it is started again at once
LONGEST_DELAY_OF_LIVE_S = 1.0  # what was live for a moment only may be the cause itself, but is missed


class Phase(Enum):
    IDLE = auto()  # nothing runs, nothing is wanted
    STARTING = auto()  # a process is made or made already, but has not said how it is
    RUNNING = auto()
    STOPPING = auto()  # told to end; what follows depends on what is wanted by then
    WAITING = auto()  # for the next attempt


@dataclass(frozen=True)
class Wanted:
    spec: WorkerSpec


@dataclass(frozen=True)
class Unwanted:
    pass


@dataclass(frozen=True)
class Found:
    """A process runs already, started by an earlier engine with this spec."""

    spec: WorkerSpec
    same_build: bool


@dataclass(frozen=True)
class Spawned:
    """The process exists; until this, a start waits for its turn."""


@dataclass(frozen=True)
class Ready:
    report: Report


@dataclass(frozen=True)
class Reported:
    report: Report


@dataclass(frozen=True)
class Answered:
    pass


@dataclass(frozen=True)
class Missed:
    """A heartbeat passed without an answer."""


@dataclass(frozen=True)
class Applied:
    spec: WorkerSpec


@dataclass(frozen=True)
class Refused:
    """The worker cannot take over a changed spec while it runs."""


@dataclass(frozen=True)
class Exited:
    how: str


@dataclass(frozen=True)
class RestartAsked:
    pass


@dataclass(frozen=True)
class Tick:
    """Sent by the owner at `deadline`."""


type Event = (
    Wanted
    | Unwanted
    | Found
    | Spawned
    | Ready
    | Reported
    | Answered
    | Missed
    | Applied
    | Refused
    | Exited
    | RestartAsked
    | Tick
)


@dataclass(frozen=True)
class Spawn:
    spec: WorkerSpec


@dataclass(frozen=True)
class Apply:
    spec: WorkerSpec


@dataclass(frozen=True)
class Terminate:
    pass


@dataclass(frozen=True)
class Kill:
    pass


@dataclass(frozen=True)
class Forget:
    """Nothing is left of it."""


type Effect = Spawn | Apply | Terminate | Kill | Forget


class Supervision:
    """One worker. Feed it events and the time; do the effects it returns, in their order."""

    def __init__(self) -> None:
        self.phase = Phase.IDLE
        self.wanted: WorkerSpec | None = None
        self.running: WorkerSpec | None = None  # what the process was last told
        self.report = Report(WorkerState.STARTING)
        self.adopted = False
        self.starts = 0
        self.deadline: float | None = None
        self._applying = False
        self._ready_timeout_s = READY_TIMEOUT_S
        self._misses = 0
        self._failures = 0
        self._ready_at: float | None = None
        self._live_since: float | None = None
        self._fault = ""  # why it is being killed; empty when the stop is meant

    @property
    def restarts(self) -> int:
        return max(0, self.starts - 1)

    def handle(self, event: Event, now: float) -> list[Effect]:  # noqa: PLR0911 (one line per event)
        match event:
            case Wanted(spec):
                return self._on_wanted(spec, now)
            case Unwanted():
                return self._on_unwanted(now)
            case Found(spec, same_build):
                return self._on_found(spec, same_build, now)
            case Ready(report) | Reported(report):
                return self._on_report(report, now)
            case Applied() | Refused():
                return self._on_applied(event, now)
            case Missed():
                return self._on_missed()
            case Exited(how):
                return self._on_exited(how, now)
            case RestartAsked():
                return self._on_restart_asked(now)
            case Tick():
                return self._on_tick(now)
            case Spawned():
                if self.phase is Phase.STARTING:
                    self.deadline = now + self._ready_timeout_s
            case Answered():
                self._misses = 0
        return []

    def _on_wanted(self, spec: WorkerSpec, now: float) -> list[Effect]:
        changed, self.wanted = spec != self.wanted, spec
        match self.phase:
            case Phase.IDLE:
                return self._spawn()
            case Phase.WAITING:
                return self._spawn() if changed else []  # an edit may be the cure: try it at once
            case Phase.STOPPING:
                return []
        return self._reconciled(now)

    def _on_unwanted(self, now: float) -> list[Effect]:
        self.wanted = None
        match self.phase:
            case Phase.IDLE | Phase.WAITING:
                return self._forget()
            case Phase.STOPPING:
                return []
        return self._stop("stopping", now)

    def _on_found(self, spec: WorkerSpec, same_build: bool, now: float) -> list[Effect]:
        self.phase, self.running, self.adopted = Phase.STARTING, spec, True
        self.starts = 1
        self._renew()
        self.deadline = now + SILENCE_S
        return [] if same_build else self._stop("replaced because it runs another version", now)

    def _on_report(self, report: Report, now: float) -> list[Effect]:
        if self.phase not in (Phase.STARTING, Phase.RUNNING):
            return []
        self.report = report
        if self._live_since is None and report.state is WorkerState.LIVE:
            self._live_since = now
        if self.phase is Phase.RUNNING:
            return []
        self.phase, self.deadline, self._misses, self._ready_at = Phase.RUNNING, None, 0, now
        self._ready_timeout_s = READY_TIMEOUT_S
        return self._reconciled(now)

    def _on_applied(self, event: Applied | Refused, now: float) -> list[Effect]:
        if self.phase is not Phase.RUNNING:
            return []
        self._applying = False
        if isinstance(event, Refused):
            return self._stop("restarting with its new settings", now)
        self.running = event.spec
        return self._reconciled(now)

    def _on_missed(self) -> list[Effect]:
        if self.phase is not Phase.RUNNING:
            return []
        self._misses += 1
        return self._kill(HUNG) if self._misses >= MISSES_ALLOWED else []

    def _on_exited(self, how: str, now: float) -> list[Effect]:
        meant = self.phase is Phase.STOPPING and not self._fault
        if self.wanted is None:
            return self._forget()
        return self._spawn() if meant else self._back_off(self._fault or how, now)

    def _on_restart_asked(self, now: float) -> list[Effect]:
        self._failures = 0
        match self.phase:
            case Phase.WAITING:
                return self._spawn()
            case Phase.STARTING | Phase.RUNNING:
                return self._stop("restarting", now)
        return []

    def _on_tick(self, now: float) -> list[Effect]:
        if self.deadline is None or now < self.deadline:
            return []
        self.deadline = None
        match self.phase:
            case Phase.STARTING:
                return self._kill(HUNG) if self.adopted else self._give_up_start()
            case Phase.WAITING:
                return self._spawn()
            case Phase.STOPPING:
                return [Kill()]
        return []

    def _reconciled(self, now: float) -> list[Effect]:
        """The effects that bring what runs to what is wanted."""
        if self.wanted is None or self.running is None or self.running == self.wanted:
            return []
        if self.running.kind != self.wanted.kind:
            return self._stop("restarting as another kind", now)
        if self.phase is Phase.STARTING or self._applying:
            return []  # when it is ready, or has answered, this is looked at again
        self._applying = True
        return [Apply(self.wanted)]

    def _spawn(self) -> list[Effect]:
        if self.wanted is None:
            return []
        self.phase, self.deadline, self.running, self.adopted = Phase.STARTING, None, self.wanted, False
        self.report = Report(WorkerState.STARTING, self.report.reason if self._failures else "")
        self.starts += 1
        self._renew()
        return [Spawn(self.wanted)]

    def _renew(self) -> None:
        self._misses, self._ready_at, self._live_since, self._applying = 0, None, None, False
        self._fault = ""

    def _stop(self, reason: str, now: float) -> list[Effect]:
        self.phase, self.deadline, self._fault = Phase.STOPPING, now + STOP_TIMEOUT_S, ""
        self.report = Report(WorkerState.STARTING if self.wanted else self.report.state, reason)
        return [Terminate()]

    def _give_up_start(self) -> list[Effect]:
        waited_s = self._ready_timeout_s
        self._ready_timeout_s = min(2 * waited_s, LONGEST_READY_TIMEOUT_S)
        return self._kill(f"was not ready within {waited_s:g} s")

    def _kill(self, fault: str) -> list[Effect]:
        self.phase, self.deadline, self._fault = Phase.STOPPING, None, fault
        self.report = Report(WorkerState.RETRYING, fault)
        return [Kill()]

    def _back_off(self, how: str, now: float) -> list[Effect]:
        if _lasted(self._ready_at, HEALTHY_S, now) or _lasted(self._live_since, DELIVERED_S, now):
            self._failures = 0
        longest_s = LONGEST_DELAY_S if self._live_since is None else LONGEST_DELAY_OF_LIVE_S
        delay_s = min(_delay_s(self._failures), longest_s)
        self._failures += 1
        if not delay_s:
            self.report = Report(WorkerState.STARTING, how)
            return self._spawn()
        self.phase, self.deadline, self.running = Phase.WAITING, now + delay_s, None
        self.report = Report(WorkerState.RETRYING, f"{how}; trying again")
        return []

    def _forget(self) -> list[Effect]:
        self.phase, self.deadline, self.running = Phase.IDLE, None, None
        self.report = Report(WorkerState.STOPPED)
        return [Forget()]


def _lasted(since: float | None, span_s: float, now: float) -> bool:
    return since is not None and now - since >= span_s


def _delay_s(failures: int) -> float:
    """None at first, then half a second doubling up to ten."""
    return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(failures - 1, 10)) if failures else 0.0
