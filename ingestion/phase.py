"""When to ask next: just after the upstream's new minute appears, at most once a minute. Pure: times are arguments.

A sensor's readings come 60 s apart and become visible some seconds later. Each look tells bounds of that delay: a
reading first seen now was visible by now, and was not at the look before. pachi81/GlucoDataHandler waits a fixed 10 s.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

MINUTE = 60.0
FIRST_DELAY_S = 10.0
LEAST_DELAY_S, MOST_DELAY_S = 1.0, 100.0
EARLIER = 0.25
"""After each reading met in time the next look comes earlier, by this share of what is still uncertain."""

MARGIN_S = 2.0
FORGET_S = 0.002
"""How much of a lesson each poll forgets: about 3 s a day, so that the delay is felt for anew about once a day."""

SPREAD_S = 1.0
"""A random part of each delay, so that two installations do not knock in step."""

RECENT_S = 300.0
"""A newest reading older than this says nothing about the minute: the phone is not uploading."""

LATE_S = 150.0
LOCKED_FROM_S, MINUTE_KEPT_TO_S = 50.0, 75.0
"""Poll intervals below the first have no phase to keep; up to the second no minute may be skipped."""


@dataclass(slots=True)
class _Rhythm:
    """One wearer: the newest reading's time, the last look that worked (epoch seconds), and the delay's bounds."""

    newest: float
    looked: float
    lo: float = 0.0
    hi: float = FIRST_DELAY_S / (1 - EARLIER)

    @property
    def delay_s(self) -> float:
        """Seconds after a reading at which to look for it."""
        wanted = max(self.lo + MARGIN_S, self.hi - EARLIER * (self.hi - self.lo))
        return min(max(wanted, LEAST_DELAY_S), MOST_DELAY_S)

    def see(self, newest: float, at: float) -> None:
        """Learn from a look at *at* that found *newest*."""
        before, self.looked = self.looked, at
        self.lo = max(0.0, self.lo - FORGET_S)
        if newest <= self.newest:
            return
        self.newest = newest
        if at - newest > LATE_S:
            return
        # it was not there at the look before, nor was the reading after it at this one; so one late upload teaches
        # no more than where we looked anyway
        too_soon = max(before, at - MINUTE) - newest
        self.hi = min(self.hi, at - newest)
        self.lo = max(self.lo, too_soon)
        if too_soon >= self.hi:
            self.hi = too_soon + MARGIN_S
        self.lo = min(self.lo, self.hi)


class Phase:
    """The rhythm of one account's polls."""

    def __init__(self, poll_seconds: float = MINUTE, seed: int = 0) -> None:
        """poll_seconds: the interval of polls, 60 for one a minute. seed: of the random spread."""
        self._poll_s = poll_seconds
        self._random = random.Random(seed)
        self._rhythms: dict[str, _Rhythm] = {}
        self._last: float | None = None

    def next_poll(self, now: float, last_poll: float, newest: Mapping[str, float]) -> float:
        """Return when to ask next, never before *now*.

        last_poll: when the poll that has just ended was sent. newest: each wearer's newest reading as that poll showed
        it, nobody's where it failed. All UTC epoch seconds.
        """
        self._learn(last_poll, newest)
        live = [r for r in self._rhythms.values() if 0 <= last_poll - r.newest <= RECENT_S]
        if not live or self._poll_s < LOCKED_FROM_S:
            return max(now, last_poll + self._poll_s)
        soonest = last_poll + self._poll_s * 5 / 6
        due = _next_in_phase(_best_phase(r.newest + r.delay_s for r in live), soonest)
        skips = due + SPREAD_S >= min(r.newest + r.lo for r in live) + 2 * MINUTE
        if self._poll_s <= MINUTE_KEPT_TO_S and skips:
            due = soonest  # safe whatever the delay: no second reading can have come by then
        return max(now, due + self._random.uniform(0, SPREAD_S))

    def delay_s(self, who: str) -> float | None:
        """Return the seconds after a reading of *who* at which we look for it, None for a stranger."""
        rhythm = self._rhythms.get(who)
        return None if rhythm is None else rhythm.delay_s

    def _learn(self, last_poll: float, newest: Mapping[str, float]) -> None:
        """Take in what the poll at *last_poll* showed; a clock that went back starts afresh."""
        if self._last is not None and last_poll <= self._last:
            self._rhythms.clear()
        for who, ts in newest.items():
            if who in self._rhythms:
                self._rhythms[who].see(ts, last_poll)
            else:
                self._rhythms[who] = _Rhythm(ts, last_poll)
        self._last = last_poll


def _best_phase(visible: Iterable[float]) -> float:
    """Return the second of the minute with the smallest mean wait after the wearers' readings become visible.

    The best one lies where somebody's reading appears: moving any other one earlier shortens every wait.

    >>> _best_phase([10.0, 70.5, 25.0])
    25.0
    """
    phases = sorted(v % MINUTE for v in visible)
    return min(phases, key=lambda phase: (sum((phase - other) % MINUTE for other in phases), phase))


def _next_in_phase(phase: float, earliest: float) -> float:
    """Return the first time from *earliest* on that lies at second *phase* of its minute."""
    return earliest + (phase - earliest) % MINUTE
