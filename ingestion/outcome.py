"""What one ingestion run came to, as `poll --json` prints it and the runs table keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cgm_dash.errors import SourceError
from cgm_dash.trouble import Level, trouble

OK = "ok"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run.

    at, next_try_at, newest_at: UTC epoch seconds, None where there is none. code: `ok` or a key of trouble.TROUBLES.
    fetched: records received; stored, known, conflicts: what became of the readable ones; rejected: counts by reason.
    spooled: kept in the spool because the database was away. gap_seconds_open: seconds of the last 12 hours that no
    reading covers, summed over people; None where the database was away. seconds: how long the run took.
    """

    source: str
    at: float
    code: str = OK
    detail: str = ""
    next_try_at: float | None = None
    fetched: int = 0
    stored: int = 0
    known: int = 0
    conflicts: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    newest_at: int | None = None
    gap_seconds_open: int | None = None
    spooled: bool = False
    seconds: float = 0.0

    @classmethod
    def failed(cls, source: str, at: float, error: SourceError) -> "Outcome":
        """Return the outcome of a run that brought nothing."""
        return cls(source, at, error.code, error.detail, error.retry_at)

    @property
    def level(self) -> Level:
        """Who can help; NONE where all is well."""
        return Level.NONE if self.code == OK else trouble(self.code).level

    @property
    def message(self) -> str:
        """One sentence for a person, in the source language; empty where all is well."""
        return "" if self.code == OK else trouble(self.code).sentence

    def as_json(self) -> dict[str, Any]:
        """Return the document that `poll --json` prints."""
        return {
            "source": self.source,
            "outcome": self.code,
            "level": self.level.value,
            "message": self.message,
            "next_try_at": _iso(self.next_try_at),
            "fetched": self.fetched,
            "stored": self.stored,
            "known": self.known,
            "conflicts": self.conflicts,
            "rejected": dict(self.rejected),
            "newest_at": _iso(self.newest_at),
            "gap_seconds_open": self.gap_seconds_open,
            "spooled": self.spooled,
        }


def _iso(ts: float | None) -> str | None:
    """Return *ts* as ISO 8601 in UTC, whole seconds."""
    return None if ts is None else datetime.fromtimestamp(int(ts), UTC).isoformat()
