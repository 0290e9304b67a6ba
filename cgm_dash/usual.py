"""What is usual for a wearer at a time of day: percentiles of the days before, laid behind the hours of now.

Today is never part of what it is compared with: the band comes from the fourteen local days before it.
"""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S, LocalDays
from cgm_dash.metrics.histogram import BIN_S, BINS
from cgm_dash.metrics.profile import Profile, profile, smoothed
from cgm_dash.series import Series
from cgm_dash.window import Window
from cgm_dash.zones import local_date, midnight, offset_s, offsets_between

Float = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

DAYS = 14
NAME = "before"

LONGEST_S = 25 * 3600
"""Only the hours of now have the band behind them: the days of a longer stretch would be compared with themselves."""

P5, P25, P75, P95 = 0, 1, 3, 4
"""Rows of Profile.curves."""


def days_before(now: float, zone: ZoneInfo) -> Window:
    """Return the window of the fourteen local days before the wearer's today.

    >>> w = days_before(1_795_354_320, ZoneInfo("Europe/Berlin"))  # 2026-11-22 14:32
    >>> local_date(ZoneInfo("Europe/Berlin"), w.start), local_date(ZoneInfo("Europe/Berlin"), w.end - 1), w.days
    (datetime.date(2026, 11, 8), datetime.date(2026, 11, 21), 14)
    """
    today = local_date(zone, now)
    return Window(NAME, midnight(zone, today - timedelta(days=DAYS)), midnight(zone, today), DAYS)


@dataclass(frozen=True, slots=True)
class Placed:
    """The band on true elapsed time: n instants (UTC epoch seconds), one in the middle of each quarter hour.

    outer, inner: 2 x n, mg/dL, the 5th and 95th, and the 25th and 75th percentile; nan where nothing is usual.
    """

    ts: Int64
    outer: Float
    inner: Float

    def __bool__(self) -> bool:
        return not bool(np.isnan(self.inner).all())


@dataclass(frozen=True, slots=True)
class Usual:
    """curves: 5 x 96, mg/dL, the percentiles of Profile.PERCENTS by quarter hour of the wall clock, smoothed.

    A quarter hour of fewer days than Profile.has_bands asks for is nan. dates: of how many days the whole rests on.
    """

    curves: Float
    dates: int

    @classmethod
    def of(cls, profile: Profile) -> "Usual":
        """Return the display form of *profile*. Thin quarter hours lend nothing to their neighbours."""
        firm = np.where(profile.has_bands, profile.curves, np.nan)
        return cls(smoothed(firm), profile.dates)

    def at(self, ts: float, zone: ZoneInfo) -> tuple[float, float] | None:
        """Return the 25th and 75th percentile of the quarter hour that *ts* falls into; None where nothing is usual."""
        quarter = int(ts + offset_s(zone, ts)) % DAY_S // BIN_S
        low, high = float(self.curves[P25, quarter]), float(self.curves[P75, quarter])
        return None if np.isnan(low) or np.isnan(high) else (low, high)

    def placed(self, zone: ZoneInfo, start: float, end: float) -> Placed:
        """Return the band over [start, end] and a quarter hour more on each side, for a window of a few days.

        It follows the wall clock: an hour that autumn repeats has the same band twice, one that spring skips has none.
        """
        ts, local = _middles(zone, start - BIN_S, end + BIN_S)
        quarter = local % DAY_S // BIN_S
        return Placed(ts, self.curves[[P5, P95]][:, quarter], self.curves[[P25, P75]][:, quarter])


def usual_of(series: Series, now: float, zone: ZoneInfo) -> Usual:
    """Return what was usual in the days before *now*'s. series: readings of these days at least."""
    before = days_before(now, zone)
    days = LocalDays.between(zone, before.start, before.end)
    return Usual.of(profile(series.between(before.start, before.end), days))


def is_compared(window: Window, now: float) -> bool:
    """Return whether *window* is of the hours of now, which the band belongs behind."""
    return window.start <= now <= window.end and window.seconds <= LONGEST_S


NOTHING = Usual(np.full((len(Profile.PERCENTS), BINS), np.nan), 0)


def _middles(zone: ZoneInfo, start: float, end: float) -> tuple[Int64, Int64]:
    """Return the middles of the wall clock's quarter hours in [start, end), as instants and by the wall clock."""
    pairs = offsets_between(zone, start, end)
    borders = [*(at for at, _offset in pairs), int(end)]
    instants, clocks = [], []
    for (_at, offset), begin, stop in zip(pairs, borders[:-1], borders[1:], strict=True):
        first = -(-(begin + offset - BIN_S // 2) // BIN_S) * BIN_S + BIN_S // 2
        local = np.arange(first, stop + offset, BIN_S, dtype=np.int64)
        instants.append(local - offset)
        clocks.append(local)
    return np.concatenate(instants), np.concatenate(clocks)
