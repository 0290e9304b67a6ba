"""Labels of a time axis of true elapsed time, in the wearer's zone, right on both sides of a clock change."""

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from cgm_dash.i18n import _
from cgm_dash.zones import days_between, midnight, offsets_between
from layouts import text

HOUR_STEPS_S = (300, 600, 900, 1800, 3600, 7200, 10_800, 21_600)
DAY_STEPS = (1, 2, 4, 7, 14)
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60)
GRAIN_S = 300
DAYS_FROM_S = 36 * 3600
"""Longer stretches are labelled with days."""
NOON_TO_S = 80 * 3600
DAY_S = 86_400
MONTH_DAYS = 30.44

Ticks = tuple[list[int], list[str]]


def time_ticks(zone: ZoneInfo, start: float, end: float, phone: bool = False) -> Ticks:
    """Return instants (UTC epoch seconds) in [start, end] and their labels on the wearer's clock.

    An hour that a clock change repeats is labelled twice, one it skips not at all. From a day and a half on the labels
    stand at local midnights.
    """
    if end - start <= DAYS_FROM_S:
        return _hours(zone, start, end, 6.5 if phone else 8.5)
    return _days(zone, start, end, phone)


def _hours(zone: ZoneInfo, start: float, end: float, most: float) -> Ticks:
    step = next((s for s in HOUR_STEPS_S if (end - start) / s <= most), HOUR_STEPS_S[-1])
    instants = _instants(zone, start, end, step)
    return instants, [text.clock(t, zone) for t in instants]


def _instants(zone: ZoneInfo, start: float, end: float, step: int) -> list[int]:
    """Return the instants whose local time of day is a whole multiple of *step* seconds."""
    grid = np.arange(int(-(-start // GRAIN_S)) * GRAIN_S, int(end) + 1, GRAIN_S)
    pairs = offsets_between(zone, int(start), int(end))
    from_ts = np.array([ts for ts, _offset in pairs])
    offsets = np.array([offset for _ts, offset in pairs])
    # A grid of five minutes meets every local multiple, offsets being multiples of five minutes: today all are.
    offset = offsets[np.clip(np.searchsorted(from_ts, grid, side="right") - 1, 0, None)]
    return [int(t) for t in grid[(grid + offset) % DAY_S % step == 0]]


def _days(zone: ZoneInfo, start: float, end: float, phone: bool) -> Ticks:
    days = days_between(zone, start, end + 1)
    if days and midnight(zone, days[0]) < start:
        days = days[1:]
    most, years = (4, 6) if phone else (9, 10.8)
    count = (end - start) / DAY_S
    step = next((s for s in DAY_STEPS if count / s <= most), None)
    if step is None:
        fits = (s for s in MONTH_STEPS if count / MONTH_DAYS / s <= (most if s < 12 else years))
        return _months(zone, days, next(fits, MONTH_STEPS[-1]))
    labelled = [d for d in days if (d.weekday() == 0 if step == 7 else d.toordinal() % step == 0)]
    ticks = [(midnight(zone, d), text.day(d)) for d in labelled]
    if end - start <= NOON_TO_S and not phone:
        noons = [t for t in _instants(zone, start, end, DAY_S // 2) if t not in dict(ticks)]
        ticks = sorted(ticks + [(t, text.clock(t, zone)) for t in noons])
    return [t for t, _label in ticks], [label for _t, label in ticks]


def _months(zone: ZoneInfo, days: list[date], step: int) -> Ticks:
    """Return the first days of every *step*-th month; January carries its year, and stands for it in steps of years."""
    firsts = [d for d in days if d.day == 1 and (12 * d.year + d.month - 1) % step == 0]
    instants = [midnight(zone, d) for d in firsts]
    if step >= 12:
        return instants, [str(d.year) for d in firsts]
    names = [_(text.MONTHS_SHORT[d.month - 1]) for d in firsts]
    labels = [
        f"{name} {d.year}" if d.month == 1 or i == 0 else name
        for i, (d, name) in enumerate(zip(firsts, names, strict=True))
    ]
    return instants, labels
