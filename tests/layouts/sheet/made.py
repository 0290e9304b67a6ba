"""What the report's tests share: a report of a series known to the last reading, and the words of a PDF."""

import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pypdf import PdfReader

from cgm_dash.day_facts import facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.goals import ADULT_GOALS
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import level
from cgm_dash.metrics.profile import profile
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.series import Series
from cgm_dash.units import Unit
from cgm_dash.window import Window
from cgm_dash.zones import midnight
from layouts.sheet.view import Extra, ReportView

BERLIN = ZoneInfo("Europe/Berlin")
FIRST = date(2026, 11, 9)
QUARTERS = 96


def days(*of_each: Sequence[int], first: date = FIRST) -> Series:
    """Return a reading each quarter hour: a day of 24 hours for each list, which is repeated to fill it."""
    values = [value for day in of_each for value in (list(day) * QUARTERS)[:QUARTERS]]
    return Series.every(900, values, midnight(BERLIN, first))


def report(series: Series, count: int = 14, first: date = FIRST, **more: Any) -> ReportView:
    """Return the report of *count* local days, made when the last of them ends."""
    start, end = midnight(BERLIN, first), midnight(BERLIN, first + timedelta(days=count))
    window, within = Window("dates", start, end, count), LocalDays.between(BERLIN, start, end)
    goals = more.get("goals", ADULT_GOALS)
    extras = more.get("extras", frozenset())
    given = {
        "person": "Mira Rau",
        "sensor": "Libre 3",
        "zone": BERLIN,
        "zone_confirmed": True,
        "now": float(end),
        "window": window,
        "first": first,
        "last": first + timedelta(days=count - 1),
        "unit": Unit.MG_DL,
        "goals": goals,
        "times": time_in_ranges(series, goals.targets),
        "level": level(series),
        "coverage": coverage(series, window),
        "profile": profile(series, within),
        "days": facts_of_days(series, within, float(end), goals.targets),
        "series": series,
        "metrics": all_metrics(series, window, BERLIN, targets=goals.targets) if Extra.METRICS in extras else None,
    }
    return ReportView(**{**given, **more})


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


def squeezed(text: str) -> str:
    """Return *text* without any blank: where a line ends is no difference."""
    return "".join(text.split())
