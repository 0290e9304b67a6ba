"""The main metrics of days, weeks and months one by one, from what each day holds."""

import itertools
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.day_numbers import EPOCH
from cgm_dash.day_summary import DayTotals
from cgm_dash.metrics.a1c import gmi_percent
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.metrics.histogram import VALUES
from cgm_dash.units import Band, Targets
from cgm_dash.zones import local_date, midnight

Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]

Length = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Periods:
    """p periods that follow each other, each cut to the stretch looked at. None are left out for want of readings.

    first, last: local dates, both included. seconds: length of each. partial: whether the stretch holds only a part of
    it. n: readings. days: local dates with readings. bands: 5 x p observed seconds, very low first. mean, sd: mg/dL.
    cv, gmi, coverage: percent. nan: undefined, as in metrics.level.
    """

    first: tuple[date, ...]
    last: tuple[date, ...]
    seconds: Int64
    partial: npt.NDArray[np.bool_]
    n: Int64
    days: Int64
    bands: Int64
    mean: Float
    sd: Float
    cv: Float
    gmi: Float
    coverage: Float

    def __len__(self) -> int:
        return len(self.first)

    def percent(self, *bands: Band) -> Float:
        """Return the percent of observed time in *bands* together."""
        return _ratio(100.0 * self.bands[list(bands)].sum(axis=0), self.bands.sum(axis=0))

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """Whether readings cover enough of a period to compare it with others: 70 percent."""
        return np.asarray(self.coverage >= ENOUGH_PERCENT, np.bool_)

    def since(self, count: int) -> "Periods":
        """Return the last *count* periods."""
        part = slice(max(0, len(self) - count), None)
        cut = {field.name: getattr(self, field.name)[..., part] for field in fields(self)[2:]}
        return Periods(self.first[part], self.last[part], **cut)


def periods(totals: DayTotals, length: Length, zone: ZoneInfo, start: int, end: int, targets: Targets) -> Periods:
    """Return the metrics of the days, ISO weeks (Monday to Sunday) or months that [start, end) touches.

    totals: all days with readings of that stretch, each cut to it. Times are UTC epoch seconds, dates those of *zone*.
    Mean, SD and shares are those of metrics.level and metrics.ranges over the readings of each period.
    """
    cuts = _cuts(length, local_date(zone, start), local_date(zone, end - 1)) if start < end else []
    instants = np.array([midnight(zone, day) for day in cuts], np.int64)
    clipped = np.clip(instants, start, end)
    numbers = np.array([day.toordinal() - EPOCH for day in cuts], np.int64)
    owner = np.searchsorted(numbers, totals.day, side="right") - 1
    sums = np.zeros((10, max(0, len(cuts) - 1)), np.int64)
    if len(owner):
        starts = np.flatnonzero(np.diff(owner, prepend=-1))
        sums[:, owner[starts]] = np.add.reduceat(_by_day(totals, targets), starts, axis=1)
    n, days, first, second, total = sums[5:]
    mean = _ratio(first, total)
    # A period has a month of seconds at most: the products stay below 2**62.
    spread = _ratio((total * second - first * first).astype(np.float64), (total * total).astype(np.float64))
    sd = np.sqrt(np.where(n > 1, spread * n / np.maximum(n - 1, 1), np.nan))
    return Periods(
        first=tuple(cuts[:-1]),
        last=tuple(day - timedelta(days=1) for day in cuts[1:]),
        seconds=np.diff(clipped),
        partial=np.diff(clipped) < np.diff(instants),
        n=n,
        days=days,
        bands=sums[:5],
        mean=mean,
        sd=sd,
        cv=_ratio(100 * sd, mean),
        gmi=np.array([gmi_percent(m) for m in mean.tolist()]),
        coverage=np.minimum(100.0, _ratio(100.0 * total, np.diff(clipped))),
    )


def _by_day(totals: DayTotals, targets: Targets) -> Int64:
    """Return 10 rows by day: seconds in five bands, readings, 1, sums of value and its square, seconds in all."""
    low, width = totals.low, totals.seconds.shape[1]
    seconds = totals.seconds.astype(np.int64)
    edges = np.array([0, targets.very_low, targets.low, targets.high + 1, targets.very_high + 1, VALUES]) - low
    pairs = itertools.pairwise(edges.clip(0, width).tolist())
    bands = np.stack([seconds[:, a:b].sum(axis=1) for a, b in pairs])
    glucose = np.arange(low, low + width, dtype=np.int64)
    for place, high, mg_dl, flagged in totals.flagged.tolist():
        bands[targets.band(mg_dl), place] -= flagged
        bands[Band.VERY_HIGH if high else Band.VERY_LOW, place] += flagged
    days = np.ones(len(totals.day), np.int64)
    moments = seconds @ np.stack((glucose, glucose * glucose, np.ones_like(glucose)), axis=1)
    return np.concatenate((bands, np.stack((totals.n, days)), moments.T))


def _cuts(length: Length, first: date, last: date) -> list[date]:
    """Return where the periods from that of *first* to that of *last* begin, and where the last one ends."""
    after = last + timedelta(days=1)
    if length == "month":
        count = 12 * (last.year - first.year) + last.month - first.month + 2
        months = (12 * first.year + first.month - 1 + i for i in range(count))
        return [date(month // 12, month % 12 + 1, 1) for month in months]
    step = 7 if length == "week" else 1
    begin = first - timedelta(days=first.weekday()) if length == "week" else first
    count = -(-(after - begin).days // step)
    return [begin + timedelta(days=step * i) for i in range(count + 1)]


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> Float:
    """Return the quotients; nan where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0))
