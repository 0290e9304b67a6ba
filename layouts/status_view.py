"""What the page Status shows, as plain data."""

import enum
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from cgm_dash.current import Current
from cgm_dash.silence import Expected, Silence, Why
from cgm_dash.trouble import Trouble
from layouts.alarm import AlarmView


class Mark(enum.StrEnum):
    """What came of ten minutes of asking."""

    NEW = "new"
    SOME = "some"
    """New readings, though some requests failed."""
    NOTHING = "nothing"
    FAILED = "failed"
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class MarkView:
    """One stretch of the strip. start: UTC epoch seconds. runs, failed: requests; stored: new readings."""

    start: int
    runs: int
    failed: int
    stored: int

    @property
    def mark(self) -> Mark:
        """How it is drawn."""
        if self.stored:
            return Mark.SOME if self.failed else Mark.NEW
        if self.failed:
            return Mark.FAILED
        return Mark.NOTHING if self.runs else Mark.UNASKED


@dataclass(frozen=True, slots=True)
class RequestView:
    """One request. at: UTC epoch seconds. code: `ok` or a trouble's. stored: new readings. ms: how long it took.

    runs: how many it stands for, 1 but for an hour of the past.
    """

    at: float
    code: str
    stored: int
    ms: int
    runs: int = 1


@dataclass(frozen=True, slots=True)
class SilenceView:
    """One stretch without live readings, and why."""

    silence: Silence
    why: Why


@dataclass(frozen=True, slots=True)
class RejectView:
    """One record that was not taken. at: seen last, UTC epoch seconds. raw: as received, raw_bytes long in all."""

    at: float
    reason: str
    raw: str
    raw_bytes: int
    times: int


@dataclass(frozen=True, slots=True)
class DatabaseView:
    """The database. size, free: bytes; free None unknown. readings: of everyone.

    oldest: of them, UTC epoch seconds, as backup_at, of the last good nightly backup, and backup_failed_at, of the last
    attempt where that failed; None where there is none.
    """

    kind: str
    version: str
    size: int
    revision: str
    is_current: bool
    free: int | None
    readings: int
    oldest: float | None
    backup_at: float | None = None
    backup_failed_at: float | None = None


@dataclass(frozen=True, slots=True)
class ProgramView:
    """The program. versions: of what, and which. since: when this process began. led: whether some process asks.

    memory: bytes this process holds, None unknown. clock_wrong: whether our clock and the source's differ by minutes,
    None where nothing was answered yet.
    """

    versions: tuple[tuple[str, str], ...]
    since: float
    led: bool
    polled: bool
    memory: int | None = None
    clock_wrong: bool | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """A person's source. kind: sort of it. name: what it calls the person. live: it has brought live readings."""

    person: str
    kind: str
    name: str
    live: bool
    newest: float | None


@dataclass(frozen=True, slots=True)
class WatchView:
    """What came of looking after alarms, UTC epoch seconds, None never.

    calls: whether an address outside is called while all is well. delivered_at, failed_at: when a call last got through
    and when one last did not; failure: why not.
    """

    looked_at: float | None = None
    calls: bool = False
    delivered_at: float | None = None
    failed_at: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """Everything. now: UTC epoch seconds. expected: of the last 24 hours. polled: whether anything is asked at all.

    trouble, next_try_at, upkeep: as of HeroView. waiting: fetches in the spool. silences: of seven days,
    how many there are beside those shown: more. rejected: how many in thirty days. manages: whether whoever looks may
    have the source asked, and see what was not taken. alarms: that hold. watch: what came of looking after them.
    """

    now: float
    zone: ZoneInfo
    person: str
    demo: bool
    polled: bool
    poll_seconds: int
    current: Current
    expected: Expected | None
    marks: tuple[MarkView, ...]
    failures: tuple[RequestView, ...]
    requests: tuple[RequestView, ...]
    silences: tuple[SilenceView, ...]
    more_silences: int
    rejects: tuple[RejectView, ...]
    rejected: int
    database: DatabaseView
    program: ProgramView
    sources: tuple[SourceView, ...]
    trouble: Trouble | None = None
    upkeep: Trouble | None = None
    next_try_at: float | None = None
    waiting: int = 0
    source: str = ""
    manages: bool = True
    alarms: tuple[AlarmView, ...] = ()
    watch: WatchView = WatchView()
