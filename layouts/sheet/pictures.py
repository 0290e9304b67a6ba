"""The drawings of the report, with the report's words: each is drawn on whatever canvas it is given."""

import numpy as np

from cgm_dash.metrics.profile import Profile
from layouts import text
from layouts.drawings.bar import BarRow, range_bar
from layouts.drawings.canvas import Canvas
from layouts.drawings.day import DayPanel, day_panel, panels_of
from layouts.drawings.profile import ProfileWords, profile_chart
from layouts.sheet import geometry
from layouts.sheet.view import FIRST_PAGE_DAYS, ReportView
from layouts.sheet.words import BANDS_DOWN, ReportWords

LINE = 1.2


def draw_bar(canvas: Canvas, view: ReportView, words: ReportWords, width: float, height: float) -> None:
    """Draw the bar of time in ranges, *width* by *height*."""
    rows = []
    for band in BANDS_DOWN:
        said = words.bands[band]
        share = view.times.percent(band) or 0.0
        rows.append(BarRow(band, share, said.name, said.limits, said.share, said.detail))
    range_bar(canvas, rows, width, height)


def draw_profile(
    canvas: Canvas, view: ReportView, words: ReportWords, width: float, height: float, hours: int = 3
) -> None:
    """Draw the glucose profile, *width* by *height*. hours: between two labels of the time."""
    low, lower, _median, upper, high = (text.percent(p) for p in Profile.PERCENTS)
    said = ProfileWords((low, lower, words.median, upper, high), words.no_data)
    profile_chart(canvas, view.profile, said, width, height, targets=view.goals.targets, unit=view.unit, hours=hours)


def first_panels(view: ReportView) -> tuple[DayPanel, ...]:
    """Return the days of the first page."""
    days = view.days[-FIRST_PAGE_DAYS:]
    return panels_of(view.series, days, view.goals.targets, geometry.TRACE_COLUMNS)


def all_panels(view: ReportView) -> tuple[DayPanel, ...]:
    """Return the days of the pages of days."""
    return panels_of(view.series, view.days, view.goals.targets, geometry.DAY_TRACE_COLUMNS)


def draw_day(canvas: Canvas, panel: DayPanel, x: float, y: float, width: float, height: float) -> None:
    """Draw one day into a rectangle, on a line."""
    day_panel(canvas, panel, x, y, width, height, line=LINE)
    canvas.line(np.array([x, x + width]), np.full(2, y + height), "line-strong", 0.7)
