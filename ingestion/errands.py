"""What a page asks of the process that polls, carried out beside the polls: neither waits for the other."""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

import requests

from cgm_dash.account import Credentials
from cgm_dash.batch import Portion
from cgm_dash.errand import OK, ErrandKind, ErrandResult, Found
from cgm_dash.errors import SourceError, StoreError
from cgm_dash.gate import sift
from ingestion.librelinkup import LibreLinkUp
from ingestion.poller import Asked
from ingestion.source import SourceState
from sql.errands import LATE_S, ErrandStore, Taken

log = logging.getLogger(__name__)

LOOK_S = 1.0
"""Between two looks for something asked for; one look costs a read of a table that is nearly always empty."""

MARGIN_S = 1.0
"""So much earlier than the page expects it a check gives up, so that its own answer arrives."""

LEAST_S = 0.5
"""What an errand gets that was taken in its last moment."""

Check = Callable[[Mapping[str, Any], float], ErrandResult]
"""(payload of the errand, seconds it may take) -> what it came to."""


class Work(Protocol):
    """One errand under way."""

    def result(self) -> ErrandResult | None:
        """Return what it came to, None while it is under way."""

    @property
    def is_busy(self) -> bool:
        """Whether it still does something, though nobody may wait for it any more."""


class _Checking:
    """A check on a thread of its own: looking a host up may take longer than any time-out bounds."""

    def __init__(self, check: Callable[[], ErrandResult], ended: Callable[[], None]) -> None:
        self._check, self._ended = check, ended
        self._result: ErrandResult | None = None
        self._thread = threading.Thread(target=self._run, name="ingestion-check", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._check()
        except Exception:
            # The thread's border: whoever asked is told that it failed, and the log why.
            log.exception("errand pid=%d kind=check-account outcome=defect", os.getpid())
            self._result = ErrandResult("bad-answer", detail="defect")
        self._ended()

    def result(self) -> ErrandResult | None:
        return self._result

    @property
    def is_busy(self) -> bool:
        return self._thread.is_alive()


class _Polling:
    """A poll that the scheduler has been asked for."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    def result(self) -> ErrandResult | None:
        status = self._asked.status
        return None if status is None else ErrandResult(status.code, next_try_at=status.next_try_at)

    @property
    def is_busy(self) -> bool:
        return False  # the scheduler's own poll is waited for there


class Errands:
    """Takes what is asked for while this process leads, and writes down what came of it, within the errand's time.

    check: does a "check-account". poll: asks the scheduler for a poll. leads: whether this process polls. ready: raises
    StoreError while the database cannot be worked with. now: UTC epoch seconds.
    """

    def __init__(
        self,
        *,
        store: ErrandStore,
        check: Check,
        poll: Callable[[], Asked],
        leads: Callable[[], bool],
        ready: Callable[[], None] = lambda: None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._check = check
        self._poll = poll
        self._leads = leads
        self._ready = ready
        self._now = now
        self._under_way: list[tuple[Taken, float, Work]] = []
        self._busy: list[tuple[ErrandKind, Work]] = []
        self._stopping = False
        self._wake = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._run, name="ingestion-errands", daemon=True)

    def start(self) -> None:
        """Begin looking."""
        self._thread.start()

    def stop(self, wait_s: float) -> bool:
        """Take nothing new, wait at most *wait_s* seconds for what is under way; return whether that had ended."""
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)
        return not self._thread.is_alive() and not any(work.is_busy for _, work in self._busy)

    def _run(self) -> None:
        while not self._stopping or self._under_way:
            self.step()
            self._wake.wait(LOOK_S)
            self._wake.clear()

    def step(self) -> None:
        """Write down what has come to an end, then take what waits. Nothing that goes wrong here ends the thread."""
        try:
            self._write_down()
            if not self._stopping and self._leads():
                self._ready()
                self._take()
            self._away = False
        except StoreError as exc:
            if not self._away:
                log.warning("errands pid=%d database=away reason=%s", os.getpid(), exc)
            self._away = True
        except Exception:
            # The thread's border, as the scheduler's.
            log.exception("errands pid=%d outcome=defect", os.getpid())

    def _write_down(self) -> None:
        """Finish every errand that has its answer, and those whose time is over, with that as their answer."""
        for entry in tuple(self._under_way):
            taken, until, work = entry
            result = work.result()
            if result is None and time.monotonic() >= until:
                result = ErrandResult("timeout", detail="no answer in time")
            if result is None:
                continue
            if time.monotonic() < until + MARGIN_S + LATE_S:  # else nobody waits for it any more
                self._store.finish(taken.id, result, self._now())
            self._under_way.remove(entry)
            log.info("errand pid=%d kind=%s outcome=%s", os.getpid(), taken.kind.value, result.code)

    def _take(self) -> None:
        self._busy = [(kind, work) for kind, work in self._busy if work.is_busy]
        occupied = {kind for kind, _ in self._busy} | {taken.kind for taken, _, _ in self._under_way}
        taken = self._store.take(self._now(), self._free(occupied))
        if taken is None:
            return
        seconds = max(LEAST_S, taken.deadline - self._now() - MARGIN_S)
        work = self._begin(taken, seconds)
        self._under_way.append((taken, time.monotonic() + seconds, work))
        self._busy.append((taken.kind, work))

    def _begin(self, taken: Taken, seconds: float) -> Work:
        if taken.kind is ErrandKind.POLL_NOW:
            return _Polling(self._poll())
        return _Checking(lambda: self._check(taken.payload, seconds), self._wake.set)

    @staticmethod
    def _free(occupied: Collection[ErrandKind]) -> list[ErrandKind]:
        return [kind for kind in ErrandKind if kind not in occupied]


def check_account(
    credentials: Credentials,
    seconds: float,
    state: SourceState,
    now: Callable[[], float],
    *,
    url: str | None,
    version: str | None = None,
    accept_terms: bool = False,
) -> ErrandResult:
    """Return who shares readings with an account, or why that cannot be said: one sign-in at most, no retry.

    seconds: longest it may take. state: of the account where it is the polled one, whose session then serves, else an
    empty one. url, version, accept_terms: as the settings of these names.
    """
    session = requests.Session()
    source = LibreLinkUp(
        session,
        now,
        state,
        email=credentials.email,
        password=credentials.password,
        region=credentials.region,
        url=url,
        version=version,
        accept_terms=accept_terms,
        fetch_s=seconds,
        most_sign_ins=1,
    )
    at = now()
    try:
        batch = source.probe(at)
    except SourceError as exc:
        return ErrandResult(exc.code, next_try_at=exc.retry_at, detail=exc.detail)
    finally:
        session.close()
    return ErrandResult(OK, tuple(_found(portion, at) for portion in batch.portions))


def _found(portion: Portion, at: float) -> Found:
    instants = sift(portion.columns, at).accepted.ts
    age = max(0.0, at - float(instants.max())) if len(instants) else None
    return Found(portion.wearer.name, portion.wearer.country, portion.wearer.unit, age)
