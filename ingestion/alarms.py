"""Who looks after alarms: the process that polls, after each poll and once a minute without one; and what tells the
world outside that it does.

On a thread of its own: a poll that hangs must not keep anybody from being told that nothing comes.
"""

import contextlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from cgm_dash.alarm import AlarmKind, Alarms, Facts, advance, told
from cgm_dash.errors import StoreError
from ingestion.outgoing import Refused

log = logging.getLogger(__name__)

EVERY_S = 60
"""Between two looks where no poll brings one."""

BEAT_S = 300
"""Between two calls that tell that all is well; one that failed is made again at the next look."""

PAUSE_S = 5.0
OK = "ok"


class Whose(Protocol):
    """A wearer."""

    @property
    def id(self) -> int: ...


P = TypeVar("P", bound=Whose)


class Kept(Protocol):
    """Where the state of alarms is kept."""

    def change(self, person_id: int, change: Callable[[Alarms], Alarms]) -> Alarms:
        """Put what *change* makes of a person's alarms in their place and return it."""


@dataclass(frozen=True, slots=True)
class WatchStatus:
    """What the watch last did, UTC epoch seconds, None never. beat: what the last call came to, "" where none is made.

    delivered_at, failed_at: when a call last got through and when one last did not.
    """

    looked_at: float | None = None
    beat: str = ""
    delivered_at: float | None = None
    failed_at: float | None = None
    failure: str = ""


class WatchFile:
    """Tells the processes that serve pages what the watch did. Writing it never raises."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, status: WatchStatus) -> None:
        """Put *status* in place of the last one."""
        new = self._path.with_suffix(f".{os.getpid()}.new")
        with contextlib.suppress(OSError):
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(status), file)
            new.replace(self._path)

    def read(self) -> WatchStatus:
        """Return the last status, an empty one where there is none."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            times = {
                k: None if found[k] is None else float(found[k]) for k in ("looked_at", "delivered_at", "failed_at")
            }
            return WatchStatus(beat=str(found["beat"]), failure=str(found["failure"]), **times)
        except (OSError, ValueError, TypeError, KeyError):
            return WatchStatus()


class AlarmWatch(Generic[P]):
    """Looks at everybody's newest reading, and keeps which alarms hold.

    people: everyone. facts: what is known of one of them now, None for who has no source of live readings. well:
    whether this installation does its work, apart from readings. beat: tells the world outside; raises Refused; None
    where nobody is to be told. now: UTC epoch seconds.
    """

    def __init__(
        self,
        *,
        people: Callable[[], Sequence[P]],
        facts: Callable[[P], Facts | None],
        kept: Kept,
        well: Callable[[], bool],
        beat: Callable[[], object] | None,
        file: WatchFile,
        now: Callable[[], float],
    ) -> None:
        self._people, self._facts, self._kept = people, facts, kept
        self._well, self._beat, self._file, self._now = well, beat, file, now
        self._status = file.read()
        self._beat_due = 0.0
        self._away = False

    def look(self) -> None:
        """Look at everybody, write down what has changed, and tell the world outside where all is well."""
        quiet = self._look()
        if quiet is None:
            return
        now = self._now()
        self._status = replace(self._status, looked_at=now, beat=self._status.beat if self._beat else "")
        if self._beat is not None and quiet and self._well():
            self._tell(self._beat, now)
        self._file.write(self._status)

    def _look(self) -> bool | None:
        """Return whether nobody is without data unacknowledged; None where the database could not be asked."""
        quiet = True
        try:
            for person in self._people():
                facts = self._facts(person)
                if facts is not None:
                    alarms = self._person(person, facts)
                    quiet &= not any(a.kind is AlarmKind.NO_DATA and a.is_loud(self._now()) for a in told(alarms))
        except StoreError as exc:
            if not self._away:
                log.warning("alarms pid=%d database=away reason=%s", os.getpid(), exc)
            self._away = True
            return None
        self._away = False
        return quiet

    def _person(self, person: P, facts: Facts) -> Alarms:
        now, before = self._now(), set[AlarmKind]()

        def change(alarms: Alarms) -> Alarms:
            before.clear()
            before.update(one.kind for one in told(alarms))
            return advance(alarms, facts, now)

        alarms = self._kept.change(person.id, change)
        holding = {one.kind for one in told(alarms)}
        for kind in sorted(holding - before):
            # What a low is is a health value: the log tells only that something began.
            log.warning("alarm pid=%d person=%d raised=%s", os.getpid(), person.id, _plain(kind))
        for kind in sorted(before - holding):
            log.info("alarm pid=%d person=%d ended=%s", os.getpid(), person.id, _plain(kind))
        return alarms

    def _tell(self, beat: Callable[[], object], now: float) -> None:
        if now < self._beat_due <= now + BEAT_S:
            return
        try:
            beat()
        except Refused as exc:
            log.warning("heartbeat pid=%d outcome=%s", os.getpid(), exc.code)
            self._status = replace(self._status, beat=exc.code, failed_at=now, failure=exc.code)
        else:
            self._beat_due = now + BEAT_S
            self._status = replace(self._status, beat=OK, delivered_at=now)


def _plain(kind: AlarmKind) -> str:
    return kind.value if kind is AlarmKind.NO_DATA else "reading"


class Watch:
    """The thread. look: see AlarmWatch. leads: whether this process is the one that polls. monotonic: seconds."""

    def __init__(
        self, look: Callable[[], None], leads: Callable[[], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._look, self._leads, self._monotonic = look, leads, monotonic
        self._due = -1.0
        self._polled = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alarms", daemon=True)

    def polled(self) -> None:
        """Have a look soon: a poll has ended. For any thread."""
        self._due = -1.0
        self._polled.set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, wait_s: float) -> bool:
        """Begin no further look, wait at most *wait_s* seconds for one under way, return whether it had ended."""
        self._stop.set()
        self._polled.set()
        if self._thread.is_alive():
            self._thread.join(wait_s)
        return not self._thread.is_alive()

    def step(self) -> None:
        """Look where a look is due and this process leads."""
        now = self._monotonic()
        if now < self._due or not self._leads():
            return
        self._due = now + EVERY_S
        try:
            self._look()
        except Exception:
            # The border of the thread: whatever goes wrong, the next look comes all the same.
            log.exception("alarms pid=%d outcome=defect", os.getpid())

    def _run(self) -> None:
        while not self._stop.is_set():
            self._polled.wait(PAUSE_S)
            self._polled.clear()
            if not self._stop.is_set():
                self.step()
