"""When a source may ask again: the trouble in force, raised again until its time is over, and failures in a row."""

from typing import Any

from cgm_dash.errors import PayloadError, SourceAuthError, SourceError, SourceUnavailable
from cgm_dash.trouble import TROUBLES, Level, trouble
from ingestion import waits
from ingestion.memory import Memory
from ingestion.verdicts import Verdict

CLOCK_SLACK_S = 300.0
"""A trouble noted further in the future than this belongs to a clock that was wrong, and its wait with it."""

_PAYLOAD = frozenset({"bad-answer", "no-data"})


class Patience:
    """The wait in force for one account.

    What is asked again within minutes is forgotten at a restart; limits, locks and latches are kept in the memory.
    """

    def __init__(self, memory: Memory, poll_seconds: float) -> None:
        self._memory, self._poll_seconds = memory, poll_seconds
        self._soon: tuple[str, float, float, str] | None = None
        self._group, self._failures = "", 0

    def check(self, now: float) -> None:
        """Raise the trouble in force, if its time is not over at *now* (UTC epoch seconds)."""
        if self._soon is not None:
            code, since, until, detail = self._soon
            if since - CLOCK_SLACK_S <= now < until:
                raise error(code, until, detail)
        code, pause = self._memory.text("pause_code"), self._memory.numbers("pause")
        end, since = pause.get("until"), pause.get("since", now)
        detail = self._memory.text("pause_detail")
        if code in waits.NEVER:
            raise error(code, None, detail)
        if code in TROUBLES and end is not None and since - CLOCK_SLACK_S <= now < end:
            raise error(code, end, detail)

    def failed(self, verdict: Verdict, now: float) -> SourceError:
        """Note a failure and return the error that tells it, with the time of the next try."""
        code = verdict.code or "bad-answer"
        n = self._count(code)
        wait = waits.wait_s(code, n, retry_after_s=verdict.wait_s, poll_seconds=self._poll_seconds)
        until = None if wait is None else now + wait
        if code in waits.SOON and until is not None:
            self._soon = (code, now, until, verdict.detail)
        else:
            self._soon = None
            pause: dict[str, Any] = {"since": now, "failures": n} | ({} if until is None else {"until": until})
            self._memory.put(pause=pause, pause_code=code, pause_detail=verdict.detail)
            self._memory.save()
        return error(code, until, verdict.detail)

    def _count(self, code: str) -> int:
        """Return how many failures of this group came in a row, this one included, restarts counted."""
        group = waits.group(code)
        if group != self._group:
            kept = self._memory.numbers("pause").get("failures", 0.0)
            self._group = group
            self._failures = int(kept) if self._memory.text("pause_code") == code else 0
        self._failures += 1
        return self._failures

    def succeeded(self) -> None:
        """Forget all trouble."""
        self._soon, self._group, self._failures = None, "", 0
        if self._memory.text("pause_code"):
            self._memory.put(pause=None, pause_code=None, pause_detail=None)
            self._memory.save()

    def lift(self, keep: frozenset[str] = frozenset()) -> None:
        """Forget all trouble because a person has acted, but for what waits because of one of *keep*."""
        if self._memory.text("pause_code") in keep:
            self._soon = None
        else:
            self.succeeded()


def error(code: str, retry_at: float | None, detail: str = "") -> SourceError:
    """Return the error of *code* in the class that says what one can do."""
    if trouble(code).level is Level.USER:
        return SourceAuthError(code, retry_at=retry_at, detail=detail)
    kind = PayloadError if code in _PAYLOAD else SourceUnavailable
    return kind(code, retry_at=retry_at, detail=detail)
