"""What the pieces of the page Trends are drawn from: plain data, gathered by the callbacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from cgm_dash.day_summary import RangeSums
from cgm_dash.goals import Goals
from cgm_dash.metrics.coverage import Coverage
from cgm_dash.metrics.level import Level
from cgm_dash.metrics.periods import Periods
from cgm_dash.metrics.profile import Profile
from cgm_dash.units import Unit
from layouts.figures.typical import Look
from layouts.views import RangeView, StatisticsView

YearMetric = Literal["tir", "mean", "coverage"]
Step = Literal["week", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeFigures:
    """What the page shows of the chosen range. sums: all of it; picked: of the chosen weekdays, as in weekdays.

    before, before_coverage: of as many days just before; None where there were none to have. weekdays: 0 Monday to 6.
    """

    statistics: StatisticsView
    sums: RangeSums
    picked: RangeSums
    before: Level
    before_coverage: Coverage
    weekdays: Sequence[int]
    look: Look
    zone: ZoneInfo
    now: float

    def profile(self) -> Profile:
        """Return the percentiles of each quarter hour on the chosen weekdays."""
        return self.picked.profile().within(self.statistics.window.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearView:
    """A year of days, weeks from Monday to Sunday. days: 371 or less, the last one that of *last*."""

    days: Periods
    metric: YearMetric
    goals: Goals
    unit: Unit
    person_id: str
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """Weeks or months one by one, from the first with readings on. known: how many there are, shown or not."""

    periods: Periods
    known: int
    step: Step
    goals: Goals
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendsPage:
    """The whole page. keys: of what its three parts show."""

    figures: RangeFigures
    year: YearView
    series: SeriesView
    range: RangeView
    standard: str
    keys: tuple[str, str, str]
