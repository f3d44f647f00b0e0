"""A worker's life, played without processes: times are numbers."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from regie.domain.supervision import (
    HUNG,
    LONGEST_READY_TIMEOUT_S,
    READY_TIMEOUT_S,
    STOP_TIMEOUT_S,
    Answered,
    Applied,
    Apply,
    Effect,
    Event,
    Exited,
    Forget,
    Found,
    Kill,
    Missed,
    Phase,
    Ready,
    Refused,
    Reported,
    RestartAsked,
    Spawn,
    Spawned,
    Supervision,
    Terminate,
    Tick,
    Unwanted,
    Wanted,
)
from regie.domain.workers import Report, WorkerSpec, WorkerState

CAM = WorkerSpec("cam", "source", {"url": 1})
CHANGED = WorkerSpec("cam", "source", {"url": 2})
OTHER_KIND = WorkerSpec("cam", "mixer", {})
LIVE = Report(WorkerState.LIVE)
RETRYING = Report(WorkerState.RETRYING, "camera does not answer")


def started(report: Report = LIVE, now: float = 0.0) -> Supervision:
    """A worker that runs and has reported."""
    worker = Supervision()
    assert worker.handle(Wanted(CAM), now) == [Spawn(CAM)]
    worker.handle(Spawned(), now)
    worker.handle(Ready(report), now)
    return worker


def delays_of_crashes(worker: Supervision, now: float, count: int) -> list[float]:
    """How long it waits after each of so many crashes during its start."""
    delays = []
    for _ in range(count):
        effects = worker.handle(Exited("crashed"), now)
        delays.append(0.0 if effects else (worker.deadline or 0.0) - now)
        if not effects:
            now = worker.deadline or now
            effects = worker.handle(Tick(), now)
        assert effects == [Spawn(CAM)]
        worker.handle(Spawned(), now)
    return delays


def test_a_wanted_worker_is_started_and_wanting_it_again_changes_nothing() -> None:
    worker = started()
    assert worker.handle(Wanted(CAM), 1.0) == []
    assert worker.report == LIVE
    assert worker.restarts == 0


def test_a_worker_that_is_not_ready_in_ten_seconds_is_killed_and_tried_again() -> None:
    worker = Supervision()
    worker.handle(Wanted(CAM), 0.0)
    assert worker.deadline is None  # it may wait for its turn as long as that takes
    worker.handle(Spawned(), 5.0)
    assert worker.handle(Tick(), 5.0 + READY_TIMEOUT_S - 0.1) == []
    assert worker.handle(Tick(), 5.0 + READY_TIMEOUT_S) == [Kill()]
    assert worker.report == Report(WorkerState.RETRYING, "was not ready within 10 s")
    assert worker.handle(Exited("was ended by SIGKILL"), 15.1) == [Spawn(CAM)]
    assert worker.restarts == 1


def test_a_start_that_was_too_slow_gets_twice_the_time_until_it_was_ready_once() -> None:
    worker, now, given_s = Supervision(), 0.0, []
    worker.handle(Wanted(CAM), now)
    for _ in range(5):
        worker.handle(Spawned(), now)
        given_s.append((worker.deadline or 0.0) - now)
        now = worker.deadline or now
        assert worker.handle(Tick(), now) == [Kill()]
        worker.handle(Exited("was ended by SIGKILL"), now)
        now = worker.deadline or now
        worker.handle(Tick(), now)
    assert given_s == [10.0, 20.0, 40.0, 40.0, 40.0]
    worker.handle(Spawned(), now)
    worker.handle(Ready(LIVE), now)
    worker.handle(RestartAsked(), now)
    worker.handle(Exited("ended"), now)
    worker.handle(Spawned(), now)
    assert worker.deadline == now + READY_TIMEOUT_S


def test_crashes_are_followed_by_ever_longer_waits_the_first_by_none() -> None:
    worker = Supervision()
    worker.handle(Wanted(CAM), 0.0)
    worker.handle(Spawned(), 0.0)
    assert delays_of_crashes(worker, 0.0, 8) == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_half_a_minute_of_health_makes_up_for_all_crashes() -> None:
    worker = Supervision()
    worker.handle(Wanted(CAM), 0.0)
    worker.handle(Spawned(), 0.0)
    delays_of_crashes(worker, 0.0, 6)
    worker.handle(Ready(RETRYING), 100.0)
    assert worker.handle(Exited("crashed"), 130.0) == [Spawn(CAM)]


def test_a_worker_that_did_deliver_is_back_within_a_second_however_often_it_is_killed() -> None:
    worker, now = started(), 0.0
    for _ in range(10):
        if worker.handle(Exited("was ended by SIGKILL"), now) == []:
            assert worker.deadline is not None
            assert worker.deadline - now <= 1.0
            now = worker.deadline
            worker.handle(Tick(), now)
        worker.handle(Spawned(), now)
        worker.handle(Ready(LIVE), now)
        now += 2.0


def test_a_worker_killed_while_it_delivers_is_started_again_at_once_every_time() -> None:
    worker = started()
    for now in (10.0, 12.0, 14.0, 16.0):
        assert worker.handle(Exited("was ended by SIGKILL"), now) == [Spawn(CAM)]
        worker.handle(Spawned(), now)
        worker.handle(Ready(LIVE), now + 0.5)


def test_a_worker_that_crashes_as_soon_as_it_is_live_is_not_started_in_a_tight_loop() -> None:
    worker, now, spawned = started(), 0.0, 0
    while now < 10.0:
        now += 0.1
        if worker.handle(Exited("crashed"), now) == []:
            assert worker.deadline is not None
            now = worker.deadline
            worker.handle(Tick(), now)
        spawned += 1
        worker.handle(Spawned(), now)
        worker.handle(Ready(LIVE), now)
    assert spawned <= 12


def test_while_it_waits_the_reason_says_what_happened() -> None:
    worker = started(RETRYING)
    worker.handle(Exited("ended with exit status 1: disk full"), 1.0)
    assert worker.report == Report(WorkerState.STARTING, "ended with exit status 1: disk full")
    worker.handle(Exited("ended with exit status 1: disk full"), 1.1)
    assert worker.report == Report(WorkerState.RETRYING, "ended with exit status 1: disk full; trying again")


def test_three_missed_heartbeats_in_a_row_are_a_hang() -> None:
    worker = started()
    assert [worker.handle(event, 1.0) for event in (Missed(), Missed(), Answered(), Missed(), Missed())] == [
        [] for _ in range(5)
    ]
    assert worker.handle(Missed(), 2.0) == [Kill()]
    assert worker.report.reason == HUNG
    assert worker.handle(Exited("was ended by SIGKILL"), 2.1) == [Spawn(CAM)]


def test_a_changed_spec_is_applied_to_what_runs() -> None:
    worker = started()
    assert worker.handle(Wanted(CHANGED), 1.0) == [Apply(CHANGED)]
    assert worker.handle(Wanted(CHANGED), 1.1) == []  # it is being told already
    assert worker.handle(Applied(CHANGED), 1.2) == []
    assert worker.running == CHANGED


def test_changes_that_come_while_one_is_applied_follow_it() -> None:
    worker = started()
    worker.handle(Wanted(CHANGED), 1.0)
    assert worker.handle(Wanted(CAM), 1.1) == []
    assert worker.handle(Applied(CHANGED), 1.2) == [Apply(CAM)]


def test_a_spec_that_changes_during_the_start_is_applied_when_it_is_ready() -> None:
    worker = Supervision()
    worker.handle(Wanted(CAM), 0.0)
    worker.handle(Spawned(), 0.0)
    assert worker.handle(Wanted(CHANGED), 0.1) == []
    assert worker.handle(Ready(LIVE), 0.2) == [Apply(CHANGED)]


def test_a_refused_spec_means_a_new_process_without_any_wait() -> None:
    worker = started()
    worker.handle(Wanted(CHANGED), 1.0)
    assert worker.handle(Refused(), 1.1) == [Terminate()]
    assert worker.handle(Exited("ended with exit status 0"), 1.2) == [Spawn(CHANGED)]


def test_another_kind_means_a_new_process() -> None:
    worker = started()
    assert worker.handle(Wanted(OTHER_KIND), 1.0) == [Terminate()]
    assert worker.handle(Exited("ended with exit status 0"), 1.2) == [Spawn(OTHER_KIND)]


def test_an_unwanted_worker_is_asked_to_end_and_killed_if_it_does_not() -> None:
    worker = started()
    assert worker.handle(Unwanted(), 1.0) == [Terminate()]
    assert worker.handle(Unwanted(), 1.5) == []
    assert worker.handle(Tick(), 1.0 + STOP_TIMEOUT_S) == [Kill()]
    assert worker.handle(Exited("was ended by SIGKILL"), 6.1) == [Forget()]
    assert worker.report.state is WorkerState.STOPPED


def test_a_worker_that_is_wanted_again_while_it_ends_is_started_anew() -> None:
    worker = started()
    worker.handle(Unwanted(), 1.0)
    assert worker.handle(Wanted(CHANGED), 1.1) == []
    assert worker.handle(Exited("ended with exit status 0"), 1.2) == [Spawn(CHANGED)]


def test_a_found_worker_is_kept_as_it_is() -> None:
    worker = Supervision()
    assert worker.handle(Found(CAM, same_build=True), 0.0) == []
    assert worker.handle(Wanted(CAM), 0.0) == []
    assert worker.handle(Ready(LIVE), 0.1) == []
    assert (worker.adopted, worker.restarts, worker.report) == (True, 0, LIVE)


def test_a_found_worker_that_does_not_answer_is_replaced_after_three_seconds() -> None:
    worker = Supervision()
    worker.handle(Found(CAM, same_build=True), 0.0)
    worker.handle(Wanted(CAM), 0.0)
    assert worker.handle(Tick(), 3.0) == [Kill()]
    assert worker.report.reason == HUNG


def test_a_found_worker_of_another_build_is_replaced() -> None:
    worker = Supervision()
    assert worker.handle(Found(CAM, same_build=False), 0.0) == [Terminate()]
    assert worker.handle(Wanted(CAM), 0.0) == []
    assert worker.handle(Exited("ended"), 0.2) == [Spawn(CAM)]
    assert worker.adopted is False


def test_a_found_worker_nobody_wants_is_stopped() -> None:
    worker = Supervision()
    worker.handle(Found(CAM, same_build=True), 0.0)
    assert worker.handle(Unwanted(), 0.0) == [Terminate()]
    assert worker.handle(Exited("ended"), 0.2) == [Forget()]


def test_an_edit_during_the_back_off_is_tried_at_once() -> None:
    worker = started(RETRYING)
    for moment in (1.0, 1.1):
        worker.handle(Exited("crashed"), moment)
    assert worker.phase is Phase.WAITING
    assert worker.handle(Wanted(CAM), 1.2) == []
    assert worker.handle(Wanted(CHANGED), 1.2) == [Spawn(CHANGED)]


def test_a_restart_that_was_asked_for_ends_the_wait_or_the_process() -> None:
    worker = started(RETRYING)
    assert worker.handle(RestartAsked(), 1.0) == [Terminate()]
    assert worker.handle(Exited("ended with exit status 0"), 1.1) == [Spawn(CAM)]
    for moment in (2.0, 2.1):
        worker.handle(Exited("crashed"), moment)
    assert worker.handle(RestartAsked(), 2.2) == [Spawn(CAM)]


def test_a_report_that_arrives_after_the_stop_began_does_not_hide_it() -> None:
    worker = started()
    worker.handle(Unwanted(), 1.0)
    worker.handle(Reported(RETRYING), 1.1)
    assert worker.report.reason == "stopping"


@dataclass
class World:
    """What a perfect owner would know: whether a process exists."""

    processes: int = 0
    asked_to_end: bool = False
    forgotten: bool = False
    applying: list[WorkerSpec] = field(default_factory=list)


class LifeOfAWorker(RuleBasedStateMachine):
    """Any events in any order: never two processes, never a process that nobody will end or watch."""

    def __init__(self) -> None:
        super().__init__()
        self.worker = Supervision()
        self.world = World()
        self.now = 0.0

    def feed(self, event: Event) -> None:
        for effect in self.worker.handle(event, self.now):
            self.do(effect)

    def do(self, effect: Effect) -> None:
        match effect:
            case Spawn(spec):
                assert self.world.processes == 0, "a second process was started"
                assert spec == self.worker.wanted
                self.world = World(processes=1)
            case Apply(spec):
                assert self.world.processes == 1
                assert not self.world.applying, "told while it is being told"
                self.world.applying.append(spec)
            case Terminate() | Kill():
                assert self.world.processes == 1, "a signal to nobody"
                self.world.asked_to_end = True
            case Forget():
                assert self.world.processes == 0, "a process was forgotten"
                assert self.worker.wanted is None

    @rule(spec=st.sampled_from([CAM, CHANGED, OTHER_KIND]))
    def want(self, spec: WorkerSpec) -> None:
        self.feed(Wanted(spec))

    @rule()
    def unwant(self) -> None:
        self.feed(Unwanted())

    @precondition(lambda self: self.world.processes == 0 and self.worker.phase is Phase.IDLE)
    @rule(spec=st.sampled_from([CAM, OTHER_KIND]), same=st.booleans())
    def find(self, spec: WorkerSpec, same: bool) -> None:
        self.world = World(processes=1)
        self.feed(Found(spec, same))

    @precondition(lambda self: self.world.processes == 1)
    @rule(event=st.sampled_from([Spawned(), Ready(LIVE), Reported(RETRYING), Answered(), Missed()]))
    def hear(self, event: Event) -> None:
        self.feed(event)

    @precondition(lambda self: self.world.applying and self.worker.phase is Phase.RUNNING)
    @rule(taken=st.booleans())
    def answer_apply(self, taken: bool) -> None:
        spec = self.world.applying.pop()
        self.feed(Applied(spec) if taken else Refused())

    @precondition(lambda self: self.world.processes == 1)
    @rule()
    def exit(self) -> None:
        self.world = World()
        self.feed(Exited("crashed"))

    @rule()
    def ask_restart(self) -> None:
        self.feed(RestartAsked())

    @rule(seconds=st.floats(0, 40))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds
        self.feed(Tick())

    @invariant()
    def what_is_wanted_is_on_its_way(self) -> None:
        if self.worker.wanted is not None:
            waits = self.worker.phase is Phase.WAITING and self.worker.deadline is not None
            assert self.world.processes == 1 or waits

    @invariant()
    def what_is_unwanted_has_been_asked_to_end(self) -> None:
        found = (
            self.worker.adopted and self.worker.phase is not Phase.STOPPING
        )  # its owner says next what it wants
        if self.worker.wanted is None and self.world.processes and not found:
            assert self.world.asked_to_end

    @invariant()
    def no_wait_is_endless(self) -> None:
        if self.worker.deadline is not None:
            assert self.worker.deadline <= self.now + LONGEST_READY_TIMEOUT_S


TestLifeOfAWorker = LifeOfAWorker.TestCase
TestLifeOfAWorker.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


@given(st.lists(st.floats(0, 60), min_size=1, max_size=30))
def test_a_wanted_worker_that_always_crashes_is_always_tried_again(uptimes: list[float]) -> None:
    worker, now = Supervision(), 0.0
    worker.handle(Wanted(CAM), now)
    for uptime in uptimes:
        worker.handle(Spawned(), now)
        worker.handle(Ready(LIVE), now)
        now += uptime
        if worker.handle(Exited("crashed"), now) == []:
            assert worker.deadline is not None
            now = worker.deadline
            assert worker.handle(Tick(), now) == [Spawn(CAM)]
    assert worker.restarts == len(uptimes)
