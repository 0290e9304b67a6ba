"""When somebody must be told: three kinds of alarm, each from its beginning to its end. Pure: times are arguments.

A low begins with a reading below the wearer's limit and ends only with a current one that is not: silence after a low
is no end of it. No data begins when no current reading is there, whatever the cause, and ends only with one. Somebody
may acknowledge what they were told; that is quiet for a chosen time and comes back if it still holds. What ends and
begins again is another alarm, which nobody has acknowledged.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cgm_dash.current import Current
from cgm_dash.reading import Flag
from cgm_dash.units import Targets

CLOCK_SLACK_S = 60
"""Two machines' clocks may differ so much; an acknowledgement further ahead than that was made by a wrong clock."""


class AlarmKind(enum.StrEnum):
    """What is wrong, the most serious first."""

    URGENT_LOW = "urgent-low"
    LOW = "low"
    NO_DATA = "no-data"


LOWS = (AlarmKind.URGENT_LOW, AlarmKind.LOW)


class Cause(enum.StrEnum):
    """Why there are no data. The words are stored: add, never rename."""

    SENSOR_QUIET = "sensor-quiet"
    """The service answers and has nothing newer."""
    SENSOR_WARMING = "sensor-warming"
    UPSTREAM_ERROR = "upstream-error"
    LOGIN_REFUSED = "login-refused"
    TERMS = "terms-to-accept"
    """Something has to be accepted, confirmed or done in the maker's app."""
    NOT_SHARED = "not-shared"
    NO_ACCOUNT = "no-account"
    DATABASE_DOWN = "database-down"
    SCHEDULER_STUCK = "scheduler-stuck"
    PROCESS_DEAD = "process-dead"
    NEVER = "no-reading-ever"
    FUTURE_DATED = "future-dated"
    """A reading lies ahead of this machine's clock, so no age is true."""


_CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "wrong-password": Cause.LOGIN_REFUSED,
        "locked": Cause.LOGIN_REFUSED,
        "session-refused": Cause.LOGIN_REFUSED,
        "account-refused": Cause.LOGIN_REFUSED,
        "two-factor": Cause.LOGIN_REFUSED,
        "terms": Cause.TERMS,
        "privacy": Cause.TERMS,
        "verify-email": Cause.TERMS,
        "step-unknown": Cause.TERMS,
        "no-connection": Cause.NOT_SHARED,
        "sharing-stopped": Cause.NOT_SHARED,
        "not-configured": Cause.NO_ACCOUNT,
        "store-away": Cause.DATABASE_DOWN,
        "database-away": Cause.DATABASE_DOWN,
        "database-damaged": Cause.DATABASE_DOWN,
        "disk-full": Cause.DATABASE_DOWN,
        "polling-stopped": Cause.SCHEDULER_STUCK,
        "clock-wrong": Cause.FUTURE_DATED,
    }
)
"""By the code of a trouble; every other one is the upstream's."""


def cause_of(trouble: str | None, *, polled: bool, led: bool, ever: bool, warming: bool = False) -> Cause:
    """Return why there are no data.

    trouble: a code of trouble.TROUBLES, None where none is known. polled: whether an account is asked at all. led:
    whether some process is there to ask. ever: whether a reading was ever stored. warming: a new sensor gives none yet.

    >>> cause_of("network", polled=True, led=True, ever=True).value
    'upstream-error'
    >>> cause_of(None, polled=True, led=True, ever=True).value
    'sensor-quiet'
    """
    if trouble == "polling-stopped" and not led:
        return Cause.PROCESS_DEAD
    if trouble is not None:
        return _CAUSES.get(trouble, Cause.UPSTREAM_ERROR)
    if not polled:
        return Cause.NO_ACCOUNT
    if warming:
        return Cause.SENSOR_WARMING
    return Cause.SENSOR_QUIET if ever else Cause.NEVER


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm, whole UTC epoch seconds.

    raised_at: when what it tells began. seen_at: when it was last found to hold. ended_at: None while it holds. cause:
    of no data, None of a low. silent_until, acknowledged_at, acknowledged_by: None, None and "" until somebody does.
    """

    kind: AlarmKind
    raised_at: int
    seen_at: int
    ended_at: int | None = None
    cause: Cause | None = None
    silent_until: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str = ""

    @property
    def holds(self) -> bool:
        """Whether it has not ended."""
        return self.ended_at is None

    def is_silent(self, now: float) -> bool:
        """Return whether it is acknowledged at *now*. After a clock was set back an old acknowledgement is none."""
        if self.silent_until is None or self.acknowledged_at is None:
            return False
        return self.acknowledged_at - CLOCK_SLACK_S <= now < self.silent_until

    def is_loud(self, now: float) -> bool:
        """Return whether somebody must be told now."""
        return self.holds and not self.is_silent(now)


Alarms = Mapping[AlarmKind, Alarm]
"""One wearer's: the last one of each kind that ever was."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one wearer. stale_s: from which age on a reading is no longer current. cause: see cause_of."""

    current: Current
    targets: Targets
    stale_s: float
    cause: Cause


def advance(alarms: Alarms, facts: Facts, now: float) -> Alarms:
    """Return the alarms as they stand at *now* (UTC epoch seconds), given what they were."""
    found = dict(alarms)
    low = _lows_of(facts)
    for kind in LOWS:
        if kind in low:
            found[kind] = _held(found.get(kind), kind, facts.current.measured_at or int(now), now)
        elif _holds(found.get(kind)):
            found[kind] = (
                _ended(found[kind], now) if facts.current.is_current else replace(found[kind], seen_at=int(now))
            )
    if not facts.current.is_current:
        held = _held(found.get(AlarmKind.NO_DATA), AlarmKind.NO_DATA, _silent_since(facts, now), now)
        found[AlarmKind.NO_DATA] = replace(held, cause=facts.cause)
    elif _holds(found.get(AlarmKind.NO_DATA)):
        found[AlarmKind.NO_DATA] = _ended(found[AlarmKind.NO_DATA], now)
    return found


def _lows_of(facts: Facts) -> tuple[AlarmKind, ...]:
    """Return which lows the newest reading is, whatever its age: a very low one is both."""
    current = facts.current
    if current.mg_dl is None or current.flag is Flag.HI:
        return ()
    if current.flag is Flag.LO or current.mg_dl < facts.targets.very_low:
        return LOWS
    return (AlarmKind.LOW,) if current.mg_dl < facts.targets.low else ()


def _silent_since(facts: Facts, now: float) -> int:
    """Return when the newest reading ceased to be current; now where that cannot be said."""
    measured = facts.current.measured_at
    since = None if measured is None else measured + int(facts.stale_s)
    return int(now) if since is None or since > now else since


def _holds(alarm: Alarm | None) -> bool:
    return alarm is not None and alarm.holds


def _held(before: Alarm | None, kind: AlarmKind, since: int, now: float) -> Alarm:
    """Return the alarm that held before, or a new one."""
    if before is not None and before.holds:
        return replace(before, seen_at=int(now))
    return Alarm(kind, min(since, int(now)), int(now))


def _ended(alarm: Alarm, now: float) -> Alarm:
    return replace(alarm, seen_at=int(now), ended_at=int(now))


# --- what is told, and acknowledged


CHOICES: Mapping[AlarmKind, tuple[int, ...]] = MappingProxyType(
    {AlarmKind.URGENT_LOW: (15, 5, 30), AlarmKind.LOW: (30, 15, 60), AlarmKind.NO_DATA: (60, 15, 240)}
)
"""Minutes for which each may be acknowledged, the one that is suggested first."""


def told(alarms: Alarms) -> tuple[Alarm, ...]:
    """Return those that hold: no data before a low, since a low without data is one that was; then the gravest."""
    order = (AlarmKind.NO_DATA, *LOWS)
    return tuple(alarms[kind] for kind in order if _holds(alarms.get(kind)))


def choices(alarms: Alarms) -> tuple[int, ...]:
    """Return for how many minutes all that is told now may be acknowledged: as its most serious kind allows."""
    gravest = next((kind for kind in AlarmKind if _holds(alarms.get(kind))), AlarmKind.NO_DATA)
    return CHOICES[gravest]


def acknowledge(alarms: Alarms, seen: Mapping[AlarmKind, int], minutes: int, by: str, now: float) -> Alarms:
    """Return the alarms with those silent that somebody was told of. Others, and what began since, stay as they are.

    seen: raised_at of each alarm that was told. minutes: one of `choices`. Raises ValueError for another number.
    """
    if minutes not in choices(alarms):
        raise ValueError(f"{minutes} minutes: choose one of {', '.join(map(str, choices(alarms)))}")
    return {
        kind: replace(one, silent_until=int(now) + 60 * minutes, acknowledged_at=int(now), acknowledged_by=by)
        if one.holds and seen.get(kind) == one.raised_at
        else one
        for kind, one in alarms.items()
    }
