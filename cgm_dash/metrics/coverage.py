"""How much of a window the readings cover, and whether that is enough to judge by."""

from dataclasses import dataclass

from cgm_dash.series import Series
from cgm_dash.window import Window

ENOUGH_PERCENT = 70
ENOUGH_DAYS = 14
"""Fourteen days with 70 % active time: Battelino et al. 2019; Riddlesworth et al. 2018, doi:10.1089/dia.2017.0455."""

FIRM_DAYS = 28
"""Lows and CV settle later: a review asks 21 to 35 days for them, doi:10.1089/dia.2023.0476."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """seconds: covered by readings. percent: of the window's seconds, None for an empty window. days: local dates."""

    seconds: int
    percent: float | None
    days: int

    @property
    def sufficient(self) -> bool:
        """Whether the window is long and full enough to judge goals, GMI and CV by."""
        return self.days >= ENOUGH_DAYS and (self.percent or 0) >= ENOUGH_PERCENT

    @property
    def firm_for_lows(self) -> bool:
        """Whether it is enough for time below range and CV too, which fourteen days settle only roughly."""
        return self.sufficient and self.days >= FIRM_DAYS


def coverage(series: Series, window: Window) -> Coverage:
    """Return how much of *window* the readings of *series* cover: 100 W / length, never above 100.

    >>> coverage(Series.every(300, [100] * 2016), Window("14d", 0, 14 * 86_400, 14)).percent
    50.0
    """
    return coverage_of(int(series.seconds.sum()), window)


def coverage_of(seconds: int, window: Window) -> Coverage:
    """Return the coverage of *window* by readings that stand for *seconds* of it."""
    percent = min(100.0, 100 * seconds / window.seconds) if window.seconds > 0 else None
    return Coverage(seconds, percent, window.days)


def coverage_of_record(series: Series) -> float | None:
    """Return the percent of time covered from the first reading to the end of the last one's period.

    100 W / (t_n + p_n - t_1), for a whole file or record; None without readings.

    >>> coverage_of_record(Series.every(300, [100, 110]))
    100.0
    """
    if not len(series):
        return None
    return min(100.0, 100 * int(series.seconds.sum()) / int(series.ts[-1] + series.period_s[-1] - series.ts[0]))
