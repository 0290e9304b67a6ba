"""What a glucose report holds: numbers of one window, gathered once, for the screen and for the PDF."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cgm_dash.day_facts import DayFacts
from cgm_dash.goals import Goals
from cgm_dash.metrics.coverage import Coverage
from cgm_dash.metrics.level import Level
from cgm_dash.metrics.profile import Profile
from cgm_dash.metrics.ranges import TimeInRanges
from cgm_dash.series import Series
from cgm_dash.units import Unit
from cgm_dash.window import Window

PX_PER_INCH = 96
"""Lengths of the sheet are in the screen's units, which a stylesheet calls px; a PDF's point is 4/3 of them."""

FIRST_PAGE_DAYS = 14
"""So many days have a panel on the first page: the last ones of the window."""

MOST_DAYS = 92
"""So many have one on the pages of days."""

MOST_METRIC_DAYS = 366
"""A longer window has no table of metrics: it would hold a request for seconds."""


class Paper(enum.StrEnum):
    """What the report is laid out for."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def label(self) -> str:
        """The name people know it by."""
        return "A4" if self is Paper.A4 else "Letter"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, px."""
        if self is Paper.LETTER:
            return 8.5 * PX_PER_INCH, 11 * PX_PER_INCH
        return 210 / 25.4 * PX_PER_INCH, 297 / 25.4 * PX_PER_INCH


class Extra(enum.StrEnum):
    """The pages behind the first one."""

    DAYS = "days"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """One report. now: UTC epoch seconds, when it was made. first, last: the local dates of the window.

    days, series: the last days of the window, as many as the pages asked for show, and their readings. metrics: of
    metrics.summary.all_metrics, None where that page is not asked for, or the window too long for it. sensor: the kind
    of the newest one worn in the window, "" unknown.
    """

    person: str
    sensor: str
    zone: ZoneInfo
    zone_confirmed: bool
    now: float
    window: Window
    first: date
    last: date
    unit: Unit
    goals: Goals
    times: TimeInRanges
    level: Level
    coverage: Coverage
    profile: Profile
    days: tuple[DayFacts, ...]
    series: Series
    paper: Paper = Paper.A4
    extras: frozenset[Extra] = frozenset()
    metrics: Mapping[str, Any] | None = field(default=None, hash=False)
    demo: bool = False
