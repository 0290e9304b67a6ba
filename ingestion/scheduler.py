"""When to poll: APScheduler inside the server process, one leader, a phase that follows the upstream's minute.

Every worker runs the scheduler. A tick first decides this process's role, then polls if it leads and a poll is due.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from ingestion.leader import Leader, Role

log = logging.getLogger(__name__)

TICK_S = 10
"""Longest pause between two looks at the leadership; a poll that is due sooner brings the next tick forward."""

EAGER_TICK_S, EAGER_FOR_S = 1, 20
"""A process that has just begun looks that often, and for so long: the one whose place it takes is about to end."""

RESTART_AFTER_S = 300
"""No tick has ended for this long: the scheduler is stuck, or what it waits for is, and it is made anew."""

CLOCK_SANE = 1_704_067_200
"""2024-01-01 UTC: a clock before it has not been set yet."""

GIVE_UP_AFTER_S = 600
"""No tick has ended for this long in spite of that: the process ends, so that its supervisor starts a sound one."""

JOB_DEFAULTS: dict[str, Any] = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
"""Missed runs become one; a run never overlaps itself; late is better than never (the default skips after a second)."""


SCHEDULER_LOGGER = "apscheduler.scheduler"
STILL_RUNNING = "maximum number of running instances reached"


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a line of APScheduler is worth the log. That a tick is still under way is how it should be: with
    the database away one takes longer than the pause between two."""
    return STILL_RUNNING not in str(record.msg)


class Beside(Protocol):
    """What runs on threads of its own as long as the scheduler does."""

    def start(self) -> None:
        """Begin."""

    def stop(self, wait_s: float) -> bool:
        """Begin nothing new, wait at most *wait_s* seconds for what is under way, return whether that had ended."""


class Ingestion:
    """The scheduler, the leader and the work of one process.

    poll: does one ingestion run and returns when the next one is due (UTC epoch seconds by *now*). asked: whether one
    is wanted at once. follow: what a process that does not lead does at a tick. take_role: told of a new role other
    than following. stopped: called when this scheduler has stopped. beside: lives as long as it. alive:
    called every few seconds unless the scheduler is stuck. now, monotonic: clocks.
    """

    def __init__(
        self,
        *,
        leader: Leader,
        poll: Callable[[Role], float],
        poll_seconds: int,
        asked: Callable[[], bool] = lambda: False,
        follow: Callable[[], None] = lambda: None,
        take_role: Callable[[Role], None] = lambda _: None,
        stopped: Callable[[], None] = lambda: None,
        beside: Beside | None = None,
        alive: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        die: Callable[[int], None] = os._exit,
    ) -> None:
        self._leader = leader
        self._poll = poll
        self._asked = asked
        self._follow = follow
        self._take_role = take_role
        self._stopped = stopped
        self._beside = beside
        self._alive = alive
        self._now = now
        self._monotonic = monotonic
        self._die = die
        self._tick_s = min(TICK_S, poll_seconds)
        self._poll_due = 0.0
        self._last_tick = self._made_anew = self._began = monotonic()
        self._stop = threading.Event()
        self._idle = threading.Condition()
        self._running = 0
        self._scheduler = self._new_scheduler()
        self._watchdog = threading.Thread(target=self._watch, name="ingestion-watchdog", daemon=True)

    @property
    def role(self) -> Role:
        """What this process does about polling at the moment."""
        return self._leader.role

    def start(self) -> None:
        """Start ticking: at once, or as soon as the clock is plausible (a small device may boot in 1970)."""
        self._start_if_sane()
        self._watchdog.start()
        if self._beside is not None:
            self._beside.start()

    def poll_soon(self) -> None:
        """Look at once whether a poll is asked for. For any thread."""
        self._bring_forward(self._now())

    def _start_if_sane(self) -> None:
        # Started in 1970, APScheduler would list every run missed since then once the clock is set.
        if self._now() >= CLOCK_SANE:
            self._scheduler.start()
        else:
            log.warning("ingest pid=%d clock=before-2024: waiting for the clock to be set", os.getpid())

    def stop(self, wait_s: float = 5.0) -> bool:
        """Stop ticking, wait at most *wait_s* seconds for what is under way, resign; return whether it had ended."""
        until = time.monotonic() + wait_s
        self._stop.set()
        if self._scheduler.running:
            # Not wait=True: it holds the lock that a running tick needs to set the time of the next one.
            self._scheduler.shutdown(wait=False)
        with self._idle:
            clean = self._idle.wait_for(lambda: self._running == 0, wait_s)
        if clean:
            self._stopped()
        if self._beside is not None:
            clean = self._beside.stop(max(0.0, until - time.monotonic())) and clean
        self._leader.resign()
        return clean

    def tick(self) -> None:
        """Decide the role and poll if it is time. Nothing that goes wrong here ends the scheduler."""
        with self._idle:
            self._running += 1
        try:
            self._act()
        except Exception:
            # The border of the scheduler: whatever a run raises is logged, and the next tick comes all the same.
            log.exception("ingest pid=%d outcome=defect", os.getpid())
            self._poll_due = self._now() + self._tick_s
        finally:
            self._last_tick = self._monotonic()  # one that hangs is none, however many begin
            with self._idle:
                self._running -= 1
                self._idle.notify_all()

    def _act(self) -> None:
        before = self._leader.role
        role = self._leader.decide()
        if role is Role.FOLLOWING:
            self._follow()
            if self._monotonic() - self._began < EAGER_FOR_S:
                self._bring_forward(self._now() + EAGER_TICK_S)
            return
        if role is not before:
            self._take_role(role)
        if before is Role.FOLLOWING:
            self._poll_due = 0.0
        now = self._now()
        # A clock set back must not postpone the next poll by the size of the step.
        if self._asked() or now >= self._poll_due or self._poll_due - now > 2 * 3600:
            self._poll_due = self._poll(role)
        self._bring_forward(self._now() if self._asked() else self._poll_due)

    def _bring_forward(self, due: float) -> None:
        """Let the next tick come at *due* where that is sooner than the regular one."""
        job = None if self._stop.is_set() else self._scheduler.get_job("tick")
        wanted = datetime.fromtimestamp(max(due, self._now()), UTC)
        if job is not None and job.next_run_time is not None and wanted < job.next_run_time:
            job.modify(next_run_time=wanted)

    def _new_scheduler(self) -> BackgroundScheduler:
        logging.getLogger(SCHEDULER_LOGGER).addFilter(_is_news)
        scheduler = BackgroundScheduler(job_defaults=JOB_DEFAULTS, timezone=UTC)
        first = datetime.fromtimestamp(self._now(), UTC)
        scheduler.add_job(self.tick, IntervalTrigger(seconds=self._tick_s), id="tick", next_run_time=first)
        return scheduler

    def _watch(self) -> None:
        """Mend what APScheduler by design does not: a clock set back, a run that never ends."""
        while not self._stop.wait(min(5.0, self._tick_s)):
            self.check()

    def check(self) -> None:
        """Bring a job forward that a clock step has put out of reach; restart or end a scheduler that is stuck."""
        if not self._scheduler.running:
            self._last_tick = self._monotonic()
            self._restart()
            self._alive()
            return
        now = self._monotonic()
        quiet = now - self._last_tick
        if quiet > GIVE_UP_AFTER_S:
            log.error("ingest pid=%d stuck_s=%d: ending this process", os.getpid(), quiet)
            self._die(1)
        elif quiet > RESTART_AFTER_S:
            if now - self._made_anew > RESTART_AFTER_S:
                log.error("ingest pid=%d stuck_s=%d: restarting the scheduler", os.getpid(), quiet)
                self._restart()
        else:
            self._mend_clock_step()
            self._alive()

    def _mend_clock_step(self) -> None:
        job = self._scheduler.get_job("tick")
        now = datetime.fromtimestamp(self._now(), UTC)
        if job is not None and job.next_run_time - now > timedelta(seconds=1.5 * self._tick_s):
            log.warning("ingest pid=%d clock=stepped-back: polling again now", os.getpid())
            job.modify(next_run_time=now)
            self._poll_due = 0.0

    def _restart(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        self._made_anew = self._monotonic()
        self._scheduler = self._new_scheduler()
        self._start_if_sane()
