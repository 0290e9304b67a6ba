"""The wiring of the page Trends: sums of the chosen range, days of a year, and weeks or months."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import get_args

from dash import Dash, Input

from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.stretch import figures_of
from callbacks.visit import Ranges, Visit
from cgm_dash.day_summary import NO_DAYS, DayTotals, RangeSums
from cgm_dash.goals import ADULT_GOALS, Goals
from cgm_dash.metrics.coverage import coverage_of
from cgm_dash.metrics.level import level_of
from cgm_dash.metrics.periods import periods
from cgm_dash.series import EMPTY
from cgm_dash.window import Window
from cgm_dash.zones import local_date, midnight
from layouts import ids, year
from layouts import trends as layout
from layouts.figures.typical import Look
from layouts.trends_views import RangeFigures, SeriesView, Step, TrendsPage, YearMetric, YearView
from layouts.views import Content, StatisticsView

PATH = "/trends"
RANGES = Ranges(("7d", "14d", "30d", "90d", "1y", "10y"), "14d")

NEWS_S = 900
"""The page looks at days and longer: it follows new readings once a quarter of an hour."""

FEWEST_WEEKS, FEWEST_MONTHS = 26, 12
"""Weeks and months reach back so far at least, however short the chosen range is."""

MOST_WEEKS = 156
"""So many weeks can be told apart in a small chart: three years. Months show ten."""

WEEKDAYS = {"work": (0, 1, 2, 3, 4), "end": (5, 6)}
EVERY_DAY = tuple(range(7))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def figures(visit: Visit, choice: object, picked: object, painted: object) -> Pieces:
        weekdays = weekdays_of(choice, picked)
        key = f"{visit.key(NEWS_S)}|{weekdays}"
        return (None if key == painted else layout.figure_pieces(range_figures(services, visit, weekdays))), key

    def a_year(visit: Visit, choice: object, painted: object) -> Pieces:
        metric = year_metric_of(choice)
        key = f"{_key(visit)}|{_dates(visit)[1]}|{metric}"
        return (None if key == painted else layout.year_pieces(year_view(services, visit, metric))), key

    def series(visit: Visit, choice: object, painted: object) -> Pieces:
        step = step_of(choice)
        key = _key_of_series(visit, step)
        return (None if key == painted else layout.series_pieces(series_view(services, visit, step))), key

    def tables(visit: Visit, choice: object, picked: object, length: object, *rest: object) -> Pieces:
        *clicks, painted = rest
        opened = [is_open(times) for times in clicks]
        weekdays, step = weekdays_of(choice, picked), step_of(length)
        key = f"{visit.key(NEWS_S)}|{weekdays}|{step}|{opened}" if any(opened) else ""
        if key == (painted or ""):
            return None, key
        *of_range, of_series = opened
        found = range_figures(services, visit, weekdays) if any(of_range) else None
        weeks = series_view(services, visit, step) if of_series else None
        drawn = zip(layout.TABLES, opened, strict=True)
        return [layout.table(name, found, weeks) if wanted else None for name, wanted in drawn], key

    weekdays = [Input(ids.TRENDS_WEEKDAYS, "value"), Input(ids.TRENDS_PICKED, "value")]
    keep_fresh(app, services, PATH, layout.FIGURE_AREAS, ids.TRENDS_PAINTED, figures, weekdays)
    metric = [Input(ids.TRENDS_YEAR_METRIC, "value")]
    keep_fresh(app, services, PATH, layout.YEAR_AREAS, ids.TRENDS_YEAR_PAINTED, a_year, metric)
    step = [Input(ids.TRENDS_STEP, "value")]
    keep_fresh(app, services, PATH, layout.SERIES_AREAS, ids.TRENDS_SERIES_PAINTED, series, step)
    clicks = [Input(layout.opener(name), "n_clicks") for name in layout.TABLES]
    own = [*weekdays, *step, *clicks]
    keep_fresh(app, services, PATH, layout.TABLE_AREAS, ids.TRENDS_TABLES_PAINTED, tables, own)


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    of_range = f"{visit.key(NEWS_S)}|{EVERY_DAY}"
    return layout.page(
        TrendsPage(
            figures=range_figures(services, visit, EVERY_DAY),
            year=year_view(services, visit, "tir"),
            series=series_view(services, visit, "week"),
            range=visit.chosen(RANGES).view,
            standard=RANGES.default,
            keys=(of_range, f"{_key(visit)}|{_dates(visit)[1]}|tir", _key_of_series(visit, "week")),
        )
    )


# --- what the controls say; they may say anything


def weekdays_of(choice: object, picked: object) -> tuple[int, ...]:
    """Return the weekdays that the two controls choose, 0 Monday to 6 Sunday; all for what makes no sense.

    >>> weekdays_of("work", None), weekdays_of("pick", [6, 2, 2, "x", True]), weekdays_of(3, 4)
    ((0, 1, 2, 3, 4), (2, 6), (0, 1, 2, 3, 4, 5, 6))
    """
    if choice == "pick":
        told = picked if isinstance(picked, list) else []
        return tuple(sorted({day for day in told if type(day) is int and 0 <= day < 7}))
    return WEEKDAYS.get(choice, EVERY_DAY) if isinstance(choice, str) else EVERY_DAY


def year_metric_of(choice: object) -> YearMetric:
    """Return what the squares of the year show."""
    known: tuple[YearMetric, ...] = get_args(YearMetric)
    return next((metric for metric in known if metric == choice), "tir")


def step_of(choice: object) -> Step:
    """Return whether weeks or months are told one by one."""
    return "month" if choice == "month" else "week"


def is_open(clicks: object) -> bool:
    """Return whether a table that was clicked on so often stands open."""
    return type(clicks) is int and clicks % 2 == 1


# --- gathering


def range_figures(services: Services, visit: Visit, weekdays: Sequence[int]) -> RangeFigures:
    """Return what the page shows of the chosen range, the profile of *weekdays* alone."""
    window, goals = visit.chosen(RANGES).window, _goals(visit)
    sums = _sums(services, visit, window.start, window.end)
    first = local_date(visit.zone, window.start) - timedelta(days=window.days)
    before = Window("", midnight(visit.zone, first), window.start, window.days)
    earlier = _sums(services, visit, before.start, before.end)
    times, level, coverage = figures_of(EMPTY, sums, window, goals.targets)
    return RangeFigures(
        statistics=StatisticsView(
            times=times,
            level=level,
            coverage=coverage,
            window=window,
            unit=visit.viewer.unit,
            targets=goals.targets,
            goals=goals,
        ),
        sums=sums,
        picked=sums if len(weekdays) == 7 else _sums(services, visit, window.start, window.end, weekdays),
        before=level_of(earlier.by_value, earlier.n),
        before_coverage=coverage_of(earlier.seconds, before),
        weekdays=weekdays,
        look=_look(visit),
        zone=visit.zone,
        now=visit.now,
    )


def year_view(services: Services, visit: Visit, metric: YearMetric) -> YearView:
    """Return the year of days that ends with the chosen range."""
    goals, end = _goals(visit), visit.chosen(RANGES).window.end
    start = midnight(visit.zone, year.first_day(local_date(visit.zone, end - 1)))
    return YearView(
        days=periods(_by_day(services, visit, start, end), "day", visit.zone, start, end, goals.targets),
        metric=metric,
        goals=goals,
        unit=visit.viewer.unit,
        person_id=visit.person_id,
        today=local_date(visit.zone, visit.now),
    )


def series_view(services: Services, visit: Visit, step: Step) -> SeriesView:
    """Return the weeks or months of the chosen range, and of some time before where it is short."""
    goals, end = _goals(visit), visit.chosen(RANGES).window.end
    start = midnight(visit.zone, _series_from(step, *_dates(visit)))
    found = periods(_by_day(services, visit, start, end), step, visit.zone, start, end, goals.targets)
    there = found.n.nonzero()[0]
    known = len(found) - int(there[0]) if len(there) else 1
    shown = found.since(min(known, MOST_WEEKS) if step == "week" else known)
    return SeriesView(periods=shown, known=known, step=step, goals=goals, look=_look(visit))


def _series_from(step: Step, first: date, last: date) -> date:
    """Return the first day of the week or month that the series begins with."""
    if step == "week":
        earliest = last - timedelta(days=7 * (FEWEST_WEEKS - 1))
        begin = min(first, earliest)
        return begin - timedelta(days=begin.weekday())
    month = 12 * last.year + last.month - FEWEST_MONTHS
    return min(first.replace(day=1), date(month // 12, month % 12 + 1, 1))


def _key(visit: Visit) -> str:
    """Return what decides that a part of the page must be drawn again, but for the chosen range."""
    who = visit.person
    about = () if who is None else (who.id, who.zone, who.goals, visit.begun)
    return f"{about}|{visit.viewer}|{int(visit.now // NEWS_S)}"


def _key_of_series(visit: Visit, step: Step) -> str:
    """Return the same for the weeks or months: they are not drawn again for a range that leaves them as they are."""
    first, last = _dates(visit)
    return f"{_key(visit)}|{step}|{_series_from(step, first, last)}|{last}"


def _dates(visit: Visit) -> tuple[date, date]:
    """Return the first and the last day of the chosen range."""
    window = visit.chosen(RANGES).window
    return local_date(visit.zone, window.start), local_date(visit.zone, window.end - 1)


def _goals(visit: Visit) -> Goals:
    return ADULT_GOALS if visit.person is None else visit.person.goals


def _look(visit: Visit) -> Look:
    viewer, goals = visit.viewer, _goals(visit)
    return Look(unit=viewer.unit, targets=goals.targets, theme=viewer.theme, phone=viewer.phone)


def _sums(services: Services, visit: Visit, start: int, end: int, weekdays: Sequence[int] = EVERY_DAY) -> RangeSums:
    # Nobody has no readings: the store answers so for an id that is nobody's.
    return services.store.days.sums_of_weekdays(_id(visit), start, end, weekdays)


def _by_day(services: Services, visit: Visit, start: int, end: int) -> DayTotals:
    return NO_DAYS if visit.person is None else services.store.days.by_day(_id(visit), start, end)


def _id(visit: Visit) -> int:
    return 0 if visit.person is None else visit.person.id
