"""What a leading process does at each poll: it opens the way to its upstream once, then runs the pipeline."""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from cgm_dash.errors import SourceError, StoreError
from cgm_dash.trouble import LOOKS_AGAIN_S
from ingestion.keeper import database_trouble
from ingestion.leader import Role
from ingestion.outcome import Outcome
from ingestion.phase import Phase
from ingestion.pipeline import Pipeline
from ingestion.poll_status import PollStatus

log = logging.getLogger(__name__)


class Polled(Protocol):
    """What the poller asks of a source beside its readings."""

    @property
    def newest(self) -> Mapping[str, int]:
        """The newest instant of each wearer, UTC epoch seconds: what the phase learns from."""

    def ask_again(self) -> None:
        """Lift the waits that a person may lift."""


@dataclass(frozen=True, slots=True)
class Way:
    """An open way to an upstream: the pipeline, the source behind it, how to close it.

    stands: whether it still leads to the account that is to be polled.
    """

    pipeline: Pipeline
    source: Polled
    close: Callable[[], None]
    stands: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Asked:
    """A poll that a person asked for. status: what it came to, once it is done."""

    done: threading.Event = field(default_factory=threading.Event)
    status: PollStatus | None = None


class Poller:
    """open_way: may raise StoreError or SourceError, when the next poll tries again. now: UTC epoch seconds.

    replay: stores what this process spooled while it led; costs nothing where nothing waits. report: is told how
    polling stands, after every run and when the role changes; never by a process that follows.
    """

    def __init__(
        self,
        open_way: Callable[[], Way],
        poll_seconds: int,
        now: Callable[[], float] = time.time,
        *,
        replay: Callable[[], object] = lambda: None,
        report: Callable[[PollStatus], None] = lambda _: None,
    ) -> None:
        self._open_way = open_way
        self._poll_seconds = poll_seconds
        self._now = now
        self._replay = replay
        self._report = report
        self._status: PollStatus | None = None
        self._phase = Phase(poll_seconds)
        self._way: Way | None = None
        self._asked: deque[Asked] = deque()

    def ask(self) -> Asked:
        """Let the next run lift the waits that a person may lift, and tell what it came to. For any thread."""
        asked = Asked()
        self._asked.append(asked)
        return asked

    @property
    def is_asked(self) -> bool:
        """Whether a run was asked for that has not begun."""
        return bool(self._asked)

    def poll(self, role: Role) -> float:
        """Do one run and return when the next one is due, UTC epoch seconds."""
        asked = [self._asked.popleft() for _ in range(len(self._asked))]
        due = self._run(role, lift=bool(asked))
        for one in asked:
            one.status = self._status
            one.done.set()
        return due

    def _run(self, role: Role, lift: bool) -> float:
        began = self._now()
        way = self._standing_way()
        if isinstance(way, str):
            due = self._now() + self._poll_seconds
            self._tell(PollStatus(began, way, due, role.value))
            return due
        if lift:
            way.source.ask_again()
        outcome = way.pipeline.run()
        # A source that failed says nothing of the database: what was true of it before still is.
        spooled = outcome.spooled or (not outcome.fetched and self._status is not None and self._status.spooled)
        self._tell(PollStatus(outcome.at, outcome.code, outcome.next_try_at, role.value, spooled))
        return self._next(way, outcome, began)

    def _standing_way(self) -> Way | str:
        """Return the way to the account as it is now, or the code of what keeps it from being opened."""
        if self._way is not None and not self._way.stands():
            log.info("ingest pid=%d way=closed reason=another account", os.getpid())
            self.close()
        if self._way is None:
            try:
                self._way = self._open_way()
            except StoreError as exc:
                log.warning("ingest pid=%d way=closed reason=%s", os.getpid(), exc)
                return database_trouble(exc)
            except SourceError as exc:
                return exc.code
        return self._way

    def take_role(self, role: Role) -> None:
        """Tell that the role has changed since the last run."""
        if self._status is not None:
            full = self._status.code == "disk-full"
            spooled = role is Role.SPOOLING and self._way is not None and not full
            self._tell(replace(self._status, role=role.value, spooled=spooled))

    def _tell(self, status: PollStatus) -> None:
        self._status = status
        self._report(status)

    def follow(self) -> None:
        """Leave the upstream to the one that leads, and store what waits here: also what an earlier process left."""
        self.close()
        self._status = None
        self._replay()

    def close(self) -> None:
        """Close the way; the next poll opens it anew."""
        way, self._way = self._way, None
        if way is not None:
            way.close()

    def _next(self, way: Way, outcome: Outcome, began: float) -> float:
        due = self._phase.next_poll(self._now(), began, way.source.newest)
        if outcome.next_try_at is not None:
            due = max(due, min(outcome.next_try_at, self._now() + LOOKS_AGAIN_S))
        return due
