"""How much of a window the readings cover, and whether that is enough to judge by."""

from dataclasses import dataclass

from cgm_dash.series import Series
from cgm_dash.window import Window

ENOUGH_PERCENT = 70
ENOUGH_DAYS = 14
"""Fourteen days with 70 % active time: Battelino et al. 2019; Riddlesworth et al. 2018, doi:10.1089/dia.2017.0455."""


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


def coverage(series: Series, window: Window) -> Coverage:
    """Return how much of *window* the readings of *series* cover: 100 W / length, never above 100.

    >>> coverage(Series.every(300, [100] * 2016), Window("14d", 0, 14 * 86_400, 14)).percent
    50.0
    """
    seconds = int(series.seconds.sum())
    percent = min(100.0, 100 * seconds / window.seconds) if window.seconds > 0 else None
    return Coverage(seconds, percent, window.days)
