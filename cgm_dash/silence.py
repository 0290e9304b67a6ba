"""Stretches without live readings: from when to when, why as far as the runs tell, and what filled them afterwards.

Nothing is guessed: where nothing is known of the time in question, the cause is unknown.
"""

import enum
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.batch import SensorSeen
from cgm_dash.reading import Kind
from cgm_dash.series import GAP_PERIODS, Series

LONG_S = 900
"""A stretch must last longer than this to be told; shorter ones are common and mend themselves."""

OK = "ok"
NOT_SHARED = "sharing-stopped"


class Filling(enum.StrEnum):
    """What became of a stretch without live readings."""

    HISTORY = "history"
    """The device's own regular readings fill it, without a break that a chart would show."""
    PARTLY = "partly"
    OPEN = "open"


class Cause(enum.StrEnum):
    """Why no live reading came."""

    UNKNOWN = "unknown"
    NOT_ASKED = "not-asked"
    """This program did not ask."""
    FAILED = "failed"
    """The requests failed."""
    NOT_SHARED = "not-shared"
    """The wearer's readings were not shared with the account."""
    SENSOR = "sensor"
    """A new sensor was started; while it warms up it gives no values."""
    NOTHING_OFFERED = "nothing-offered"
    """The source answered and had nothing newer."""


@dataclass(frozen=True, slots=True)
class Silence:
    """One stretch, UTC epoch seconds: from the end of one reading's time to the next reading; end None: it lasts.

    seconds: how long, until now where it lasts. values: readings that came in later for it. missing_s: seconds of it
    that stay without.
    """

    start: int
    end: int | None
    seconds: int
    values: int
    missing_s: int
    filling: Filling


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to the source. at: UTC epoch seconds. code: what it came to for the wearer, `ok` or a trouble's.

    retry_at: when it was to go on.
    """

    at: float
    code: str = OK
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """Why a stretch was silent. code: of the commonest failure where requests failed. warmup_min: of a new sensor."""

    cause: Cause
    code: str = ""
    warmup_min: int = 0


def silences(series: Series, start: float, now: float, asked_since: float | None) -> tuple[Silence, ...]:
    """Return the stretches longer than LONG_S without live readings that reach into [start, now), the newest first.

    series: merged, from some time before *start* on. asked_since: instant of the first request ever kept, None where
    none is. Before it, and before the first live reading, what counts are breaks of the whole series: what was fetched
    afterwards, or comes from a source without live readings, was never to be live.
    """
    held = series.between(0, now + 1)
    if not len(held):
        return ()
    from_then = np.inf if asked_since is None else asked_since - LONG_S
    live = np.flatnonzero((held.kind == Kind.LIVE) & (held.ts >= from_then))
    first = int(live[0]) if len(live) else len(held) - 1
    found = [(int(i), int(i) + 1) for i in np.flatnonzero(_long(held)[:first])]
    apart = np.flatnonzero(np.diff(held.ts[live]) > LONG_S)
    found += [(int(live[k]), int(live[k + 1])) for k in apart]
    told = [_between(held, i, j) for i, j in found]
    last = int(live[-1]) if len(live) else len(held) - 1
    if now - int(held.ts[last]) > max(LONG_S, GAP_PERIODS * int(held.period_s[last])):
        told.append(_lasting(held, last, now))
    # Measured as it is told: a reading stands for some minutes, which are no silence.
    return tuple(s for s in reversed(told) if s.seconds > LONG_S and (s.end is None or s.end > start))


def _long(series: Series) -> npt.NDArray[np.bool_]:
    """Return behind which readings the whole series breaks for longer than LONG_S."""
    return np.asarray(series.gap_after() & (np.diff(series.ts) > LONG_S), np.bool_)


def _between(series: Series, i: int, j: int) -> Silence:
    """Return the stretch between the readings at *i* and *j*."""
    start, end = int(series.ts[i] + series.period_s[i]), int(series.ts[j])
    broken = series.gap_after()[i:j]
    steps = np.diff(series.ts[i : j + 1]) - series.period_s[i:j]
    values = int((series.ts[i + 1 : j] >= start).sum())
    return _silence(start, end, end - start, values, int(steps[broken].sum()))


def _lasting(series: Series, last: int, now: float) -> Silence:
    """Return the stretch from the reading at *last* to *now*; what has come for it since may reach up to now."""
    start, behind = int(series.ts[last] + series.period_s[last]), len(series) - 1 - last
    broken = series.gap_after()[last:]
    steps = np.diff(series.ts[last:]) - series.period_s[last:-1]
    open_s = int(now - series.ts[-1] - series.period_s[-1])
    missing = int(steps[broken].sum()) + max(0, open_s)
    length = int(now) - start
    filling = Filling.PARTLY if behind and missing < length else Filling.OPEN
    return Silence(start, None, length, behind, min(missing, length), filling)


def _silence(start: int, end: int, seconds: int, values: int, missing_s: int) -> Silence:
    if missing_s <= 0:
        return Silence(start, end, seconds, values, 0, Filling.HISTORY)
    filling = Filling.PARTLY if values else Filling.OPEN
    return Silence(start, end, seconds, values, min(missing_s, seconds), filling)


def why(
    silence: Silence,
    asks: Sequence[Ask],
    recorded_since: float | None,
    sensors: Sequence[SensorSeen],
    step_s: float,
    now: float,
) -> Why:
    """Return why a stretch was silent: what took most of its time.

    asks: requests in it and just before it, by time. recorded_since: instant of the first request ever kept, None where
    none is. step_s: a request answers for so long, or until it was to be repeated, if none comes sooner.

    >>> ongoing = Silence(1000, 2000, 1000, 0, 1000, Filling.OPEN)
    >>> why(ongoing, [Ask(990), Ask(1050, "network"), Ask(1110, "network", 2010)], 0, (), 180, 3000)
    Why(cause=<Cause.FAILED: 'failed'>, code='network', warmup_min=0)
    """
    end = now if silence.end is None else silence.end
    if recorded_since is None:
        return Why(Cause.UNKNOWN)
    spent = _spent(asks, step_s, silence.start, end)
    known_from = min(max(silence.start, recorded_since), end)
    unknown_s = known_from - silence.start
    answered_s = spent.pop(OK, 0)
    failed_s = sum(spent.values())
    unasked_s = max(0.0, end - known_from - answered_s - failed_s)
    most = max(unknown_s, answered_s, failed_s, unasked_s)
    if most == failed_s and failed_s:
        code = max(sorted(spent), key=lambda code: spent[code])
        return Why(Cause.NOT_SHARED if code == NOT_SHARED else Cause.FAILED, code)
    if most == unasked_s:
        return Why(Cause.NOT_ASKED)
    if most == unknown_s:
        return Why(Cause.UNKNOWN)
    return _of_sensor(silence.start, end, sensors) or Why(Cause.NOTHING_OFFERED)


def _spent(asks: Sequence[Ask], step_s: float, start: float, end: float) -> Counter[str]:
    """Return how many seconds of [start, end) the requests of each outcome answer for."""
    spent: Counter[str] = Counter()
    follows = [*(ask.at for ask in asks[1:]), end]
    for ask, following in zip(asks, follows[: len(asks)], strict=True):
        until = min(max(ask.at + step_s, ask.retry_at or 0), following, end)
        spent[ask.code] += max(0, int(until - max(ask.at, start)))
    return spent


def _of_sensor(start: float, end: float, sensors: Sequence[SensorSeen]) -> Why | None:
    """Return that a sensor was started, or warmed up, in [start, end); None where none is known to have been."""
    for sensor in sensors:
        if sensor.activated is not None and start - 60 * sensor.warmup_min < sensor.activated < end:
            return Why(Cause.SENSOR, warmup_min=sensor.warmup_min)
    return None


@dataclass(frozen=True, slots=True)
class Expected:
    """How many readings of a stretch are there, of how many: those there and those that would fill what is missing.

    percent: of the stretch's seconds that readings cover.
    """

    n: int
    of: int
    percent: float


def expected(series: Series, start: float, end: float) -> Expected | None:
    """Return what there is of [start, end), by the commonest period of its readings; None without any, or no time.

    >>> expected(Series.every(300, [100] * 6), 0, 3600)
    Expected(n=6, of=12, percent=50.0)
    """
    held = series.between(start, end)
    if not len(held) or end <= start:
        return None
    periods, counts = np.unique(held.period_s, return_counts=True)
    period = int(periods[int(counts.argmax())])
    covered = min(int(held.seconds.sum()), int(end - start))
    missing = round((end - start - covered) / period)
    return Expected(len(held), len(held) + missing, 100 * covered / (end - start))
