"""The scheduler's own rules, with clocks in hand."""

import logging
import threading
import time
from collections.abc import Callable

import pytest

from ingestion.leader import Leader, Role
from ingestion.scheduler import GIVE_UP_AFTER_S, JOB_DEFAULTS, RESTART_AFTER_S, Ingestion


class Held:
    """A lock that is always free for us."""

    free = True

    def try_take(self) -> bool:
        return self.free

    def held(self) -> bool:
        return self.free

    def is_taken(self) -> bool:
        return self.free

    def release(self) -> None:
        self.free = False


START = time.time()


@pytest.fixture(autouse=True)
def _begun_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test begin at its own moment: schedulers look at the real clock too, and a suite takes minutes."""
    monkeypatch.setitem(globals(), "START", time.time())


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class Polls:
    """Remembers when it was asked to poll; the next one is due a minute later."""

    def __init__(self, clock: Clock, error: Exception | None = None) -> None:
        self.times: list[float] = []
        self._clock = clock
        self._error = error

    def __call__(self, _: Role) -> float:
        self.times.append(self._clock() - START)
        if self._error:
            raise self._error
        return self._clock() + 60


def ingestion(poll: Callable[[Role], float], clock: Clock, die: Callable[[int], None] = lambda _: None) -> Ingestion:
    return Ingestion(leader=Leader(Held()), poll=poll, poll_seconds=60, now=clock, monotonic=clock, die=die)


def test_all_three_job_rules_are_said() -> None:
    assert JOB_DEFAULTS == {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


def test_a_poll_happens_when_due_and_not_before() -> None:
    clock = Clock()
    polls = Polls(clock)
    work = ingestion(polls, clock)
    for t in (0, 10, 59, 60, 70, 121):
        clock.now = START + t
        work.tick()
    assert polls.times == [0, 60, 121]


def test_a_defect_in_a_poll_does_not_end_polling() -> None:
    clock = Clock()
    polls = Polls(clock, RuntimeError("defect"))
    work = ingestion(polls, clock)
    for t in (0, 5, 10):
        clock.now = START + t
        work.tick()
    assert polls.times == [0, 10]


def test_a_follower_does_not_poll_and_a_new_leader_polls_at_once() -> None:
    seen: list[str] = []

    def poll(_: Role) -> float:
        seen.append("poll")
        return START + 60

    lock = Held()
    lock.free = False
    work = Ingestion(
        leader=Leader(lock),
        poll=poll,
        follow=lambda: seen.append("follow"),
        poll_seconds=60,
        now=lambda: START,
    )
    for free in (False, True, False):
        lock.free = free
        work.tick()
    assert seen == ["follow", "poll", "follow"]


def test_every_role_but_following_is_told_when_it_is_taken() -> None:
    taken: list[Role] = []
    lock = Held()
    work = Ingestion(
        leader=Leader(lock), poll=lambda _: START + 60, take_role=taken.append, poll_seconds=60, now=lambda: START
    )
    for free in (True, True, False, True):
        lock.free = free
        work.tick()
    assert taken == [Role.LEADING, Role.LEADING]


def test_a_tick_that_takes_longer_than_the_pause_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    began, go_on = threading.Event(), threading.Event()

    def poll(_: Role) -> float:
        began.set()
        go_on.wait(20)
        return time.time() + 60

    work = Ingestion(leader=Leader(Held()), poll=poll, poll_seconds=1)
    work.start()
    try:
        assert began.wait(5)
        time.sleep(2.2)
        logging.getLogger("apscheduler.scheduler").warning("something else")
    finally:
        go_on.set()
        work.stop()
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == ["something else"]


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_clock_set_back_does_not_silence_polling() -> None:
    clock = Clock()
    polls = Polls(clock)
    work = ingestion(polls, clock)
    work.start()
    try:
        wait_for(lambda: polls.times)
        clock.now -= 86_400
        work.check()
        work.tick()
        assert polls.times[0] == 0
        assert polls.times[-1] == -86_400
    finally:
        assert work.stop()


def test_a_clock_that_was_never_set_is_waited_for() -> None:
    clock = Clock()
    clock.now = 1000.0
    polls = Polls(clock)
    work = ingestion(polls, clock)
    work.start()
    try:
        work.check()
        assert polls.times == []
        clock.now = START
        work.check()
        wait_for(lambda: polls.times)
        assert polls.times == [0]
    finally:
        assert work.stop()


def test_a_scheduler_without_a_tick_is_restarted_and_then_given_up() -> None:
    clock = Clock()
    died: list[int] = []
    polls = Polls(clock)
    work = ingestion(polls, clock, died.append)
    work.start()
    try:
        wait_for(lambda: polls.times and not work._running)
        first = work._scheduler
        clock.now += RESTART_AFTER_S + 1  # the new scheduler's first tick lies as far ahead of the real clock
        work.check()
        second = work._scheduler
        assert second is not first
        clock.now = START + GIVE_UP_AFTER_S
        work.check()
        assert work._scheduler is second
        assert died == []
        clock.now += 1
        work.check()
        assert died == [1]
    finally:
        assert work.stop()


def test_polls_that_hang_one_after_the_other_are_no_sign_of_life() -> None:
    clock, hang, begun = Clock(), threading.Event(), threading.Semaphore(0)
    died, alive = list[int](), list[float]()

    def poll(_: Role) -> float:
        begun.release()
        hang.wait(20)
        return time.time() + 60

    work = Ingestion(
        leader=Leader(Held()),
        poll=poll,
        poll_seconds=60,
        monotonic=clock,
        die=died.append,
        alive=lambda: alive.append(clock()),
    )
    work.start()
    try:
        assert begun.acquire(timeout=5)
        clock.now += RESTART_AFTER_S + 1
        work.check()
        assert begun.acquire(timeout=5)  # the new scheduler's, which hangs as well
        clock.now = START + GIVE_UP_AFTER_S - 1
        work.check()
        assert (died, alive) == ([], [])
        clock.now = START + GIVE_UP_AFTER_S + 1
        work.check()
        assert (died, alive) == ([1], [])
    finally:
        hang.set()
        assert work.stop()


def test_only_a_sound_scheduler_says_that_it_is_alive() -> None:
    clock = Clock()
    said: list[float] = []
    work = Ingestion(
        leader=Leader(Held()),
        poll=Polls(clock),
        poll_seconds=60,
        now=clock,
        monotonic=clock,
        die=lambda _: None,
        alive=lambda: said.append(clock()),
    )
    work.start()
    try:
        wait_for(lambda: work.role is Role.LEADING and not work._running)
        work.check()
        assert len(said) == 1
        clock.now += RESTART_AFTER_S + 1
        work.check()
        clock.now = START + GIVE_UP_AFTER_S + 1
        work.check()
        assert len(said) == 1
    finally:
        assert work.stop()


def test_stopping_abandons_a_poll_that_hangs() -> None:
    hang = threading.Event()
    began = threading.Event()

    def poll(_: Role) -> float:
        began.set()
        hang.wait(20)
        return time.time() + 60

    work = Ingestion(leader=Leader(Held()), poll=poll, poll_seconds=1)
    work.start()
    assert began.wait(5)
    before = time.monotonic()
    assert not work.stop(wait_s=0.3)
    assert time.monotonic() - before < 3
    assert work.role is Role.FOLLOWING
    hang.set()


def test_a_poll_that_is_asked_for_comes_though_none_is_due_and_is_done_once() -> None:
    clock = Clock()
    polls = Polls(clock)
    wanted = [False]
    work = Ingestion(
        leader=Leader(Held()),
        poll=polls,
        asked=lambda: wanted.pop() if wanted else False,
        poll_seconds=60,
        now=clock,
        monotonic=clock,
    )
    for t, asked in ((0, False), (5, False), (6, True), (7, False)):
        clock.now = START + t
        wanted[:] = [asked]
        work.tick()
    assert polls.times == [0, 6]


def test_one_asked_for_while_a_poll_is_under_way_follows_at_once() -> None:
    began, go_on, done = threading.Event(), threading.Event(), list[float]()
    asked = [False]

    def poll(_: Role) -> float:
        asked[0] = False
        began.set()
        go_on.wait(5)
        done.append(time.monotonic())
        return time.time() + 60

    work = Ingestion(leader=Leader(Held()), poll=poll, asked=lambda: asked[0], poll_seconds=60)
    work.start()
    try:
        assert began.wait(5)
        asked[0] = True
        work.poll_soon()
        go_on.set()
        wait_for(lambda: len(done) == 2)
        assert len(done) == 2
        asked[0] = True
        work.poll_soon()
        wait_for(lambda: len(done) == 3)
        assert len(done) == 3
    finally:
        assert work.stop()


def test_a_process_that_has_just_begun_takes_the_place_of_one_that_ends_within_seconds() -> None:
    lock = Held()
    lock.free = False
    polled = threading.Event()

    def poll(_: Role) -> float:
        polled.set()
        return time.time() + 60

    work = Ingestion(leader=Leader(lock), poll=poll, poll_seconds=60)
    work.start()
    try:
        wait_for(lambda: work._scheduler.get_job("tick").next_run_time.timestamp() - time.time() < 1.5)
        lock.free = True
        assert polled.wait(3)
    finally:
        assert work.stop()


class Company:
    """Something that lives beside the scheduler."""

    def __init__(self, ends: bool = True) -> None:
        self.seen: list[str] = []
        self._ends = ends

    def start(self) -> None:
        self.seen.append("started")

    def stop(self, wait_s: float) -> bool:
        assert 0 <= wait_s <= 2
        self.seen.append("stopped")
        return self._ends


@pytest.mark.parametrize("ends", [True, False])
def test_what_lives_beside_the_scheduler_starts_and_stops_with_it(ends: bool) -> None:
    clock, company = Clock(), Company(ends)
    work = Ingestion(
        leader=Leader(Held()), poll=Polls(clock), poll_seconds=60, beside=company, now=clock, monotonic=clock
    )
    work.start()
    assert company.seen == ["started"]
    assert work.stop(2) is ends
    assert company.seen == ["started", "stopped"]
    assert work.role is Role.FOLLOWING
