"""A year of days: one square a day, a column a week, each a link to its day (assets/trends.js moves the focus)."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from cgm_dash.goals import IN_TARGET
from cgm_dash.i18n import _, plural
from cgm_dash.metrics.periods import Periods
from cgm_dash.units import Band, Unit
from layouts import text
from layouts.attributes import hyphened
from layouts.cards import covered, share_words
from layouts.still import Still
from layouts.trends_views import YearMetric, YearView

WEEKS = 53
STEPS = 5

LIMITS: dict[YearMetric, tuple[int, ...]] = {
    "tir": (40, 55, 70, 85),
    "mean": (120, 140, 160, 180),
    "coverage": (50, 70, 85, 95),
}
"""Where each of five steps ends and the next begins: percent, mg/dL, percent."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar. step: 0 to 4; None where there is too little to judge it by."""

    day: date
    step: int | None
    words: str


def year(view: YearView) -> list[Component]:
    """Return the calendar and its legend."""
    days = _days(view)
    return [
        html.Div(
            Still(html.Div(_columns(view, days), className=f"year-grid by-{view.metric}")),
            className="year-scroll",
            role="group",
            **hyphened(aria_label=_("A year of days. Arrow keys move by a day and a week."), data_cards="days"),
        ),
        Still(html.Div(_legend(view), className="key year-key", **hyphened(aria_hidden="true"))),
    ]


def first_day(last: date) -> date:
    """Return the Monday a calendar that ends with *last* begins at."""
    return last - timedelta(days=last.weekday() + 7 * (WEEKS - 1))


def alt_text(view: YearView) -> str:
    """Return the sentence with the figures a person would read off the calendar."""
    days, metric = view.days, view.metric
    values, enough = _values(days, metric), _enough(days, metric)
    n = int(enough.sum())
    if not n:
        return _("No day of this year has enough readings.")
    low, high = (
        int(i) for i in (np.where(enough, values, np.inf).argmin(), np.where(enough, values, -np.inf).argmax())
    )
    pattern = plural("{n} day with enough readings.", "{n} days with enough readings.", n)
    told = {
        "tir": _("Least time in target on {low_day}: {low}; most on {high_day}: {high}."),
        "mean": _("Lowest mean on {low_day}: {low}; highest on {high_day}: {high}."),
        "coverage": _("Least covered on {low_day}: {low}; most on {high_day}: {high}."),
    }[metric].format(
        low_day=text.day_of_year(days.first[low], view.today),
        low=_written(view, low),
        high_day=text.day_of_year(days.first[high], view.today),
        high=_written(view, high),
    )
    return text.listing((pattern.format(n=n), told))


# --- the days


def _days(view: YearView) -> list[Day]:
    days, enough = view.days, _enough(view.days, view.metric)
    steps = np.searchsorted(LIMITS[view.metric], np.nan_to_num(_values(days, view.metric)), side="right")
    return [
        Day(days.first[i], int(steps[i]) if enough[i] else None, _sentence(view, i, bool(days.covered[i])))
        for i in range(len(days))
    ]


def _values(days: Periods, metric: YearMetric) -> Any:
    if metric == "coverage":
        return days.coverage
    return days.mean if metric == "mean" else days.percent(Band.TARGET)


def _enough(days: Periods, metric: YearMetric) -> Any:
    return (days.n > 0) & (days.covered | (metric == "coverage"))


def _written(view: YearView, i: int) -> str:
    value = float(_values(view.days, view.metric)[i])
    if view.metric == "tir":
        return share_words(IN_TARGET, value, view.goals)
    return text.glucose_in(value, view.unit) if view.metric == "mean" else covered(value)


def _sentence(view: YearView, i: int, enough: bool) -> str:
    """Return what is said of a day; the figures stand there even where there is too little to judge it by."""
    days, unit = view.days, view.unit
    when = text.day_of_year(days.first[i], view.today)
    if days.first[i] == view.today:
        when = _("{day}, today so far").format(day=when)
    if not days.n[i]:
        return _("{day}: no readings.").format(day=when)
    told = {
        "day": when,
        "share": share_words(IN_TARGET, float(days.percent(Band.TARGET)[i]), view.goals),
        "mean": text.glucose_in(float(days.mean[i]), unit),
        "coverage": covered(float(days.coverage[i])),
    }
    if enough:
        return _("{day}: {share} in target, mean {mean}, {coverage} covered by readings.").format(**told)
    pattern = _("{day}: too few readings to judge, {coverage} covered; {share} in target, mean {mean}.")
    return pattern.format(**told)


# --- the grid


def _columns(view: YearView, days: Sequence[Day]) -> list[Component]:
    """Return the cells column by column: names of the weekdays, then a week each below its month's name."""
    names = [_(name) if i % 2 == 0 else "" for i, name in enumerate(text.WEEKDAYS_SHORT)]
    hidden = hyphened(aria_hidden="true")
    cells: list[Component] = [html.Span(name, className="wd", **hidden) for name in ("", *names)]
    newest = len(days) - 1
    for at in range(0, len(days), 7):
        week = days[at : at + 7]
        cells.append(html.Span(_month(days, at), className="mo", **hidden))
        cells += [_cell(view, day, at + i == newest) for i, day in enumerate(week)]
        cells += [html.Span(className="after", **hidden) for _i in range(7 - len(week))]
    return cells


def _month(days: Sequence[Day], at: int) -> str | None:
    """Return the month's name over its first whole week; January's with the year."""
    first = days[at].day
    if first.day > 7 or (at == 0 and first.day > 1):
        return None
    name = _(text.MONTHS_SHORT[first.month - 1])
    return _("{month} {year}").format(month=name, year=first.year) if first.month == 1 else name


def _cell(view: YearView, day: Day, newest: bool) -> Component:
    class_name = "few" if day.step is None else f"s{day.step + 1}"
    if day.day == view.today:
        class_name += " today"
    who = f"person={view.person_id}&" if view.person_id else ""
    return html.A(
        href=f"/days?{who}day={day.day.isoformat()}",
        className=class_name,
        tabIndex=0 if newest else -1,
        **hyphened(aria_label=day.words),
    )


def _legend(view: YearView) -> list[Component]:
    heading = {
        "tir": _("time in target"),
        "mean": _("mean, {unit}").format(unit=view.unit),
        "coverage": _("covered by readings"),
    }[view.metric]
    swatches = [
        html.Span([html.I(className=f"s{i + 1} by-{view.metric}"), words])
        for i, words in enumerate(_steps(view.metric, view.unit))
    ]
    few = _("no readings") if view.metric == "coverage" else _("too few readings")
    return [html.Span(heading), *swatches, html.Span([html.I(className="few"), few])]


def _steps(metric: YearMetric, unit: Unit) -> list[str]:
    """Return the values of each step.

    >>> _steps("mean", Unit.MMOL_L)
    ['<6.7', '6.7–7.7', '7.8–8.8', '8.9–9.9', '≥10.0']
    """
    write: Callable[[int], str] = (lambda v: text.glucose(v, unit)) if metric == "mean" else str
    limits = LIMITS[metric]
    ends = [f"{write(a)}{text.RANGE}{write(b - 1)}" for a, b in itertools.pairwise(limits)]
    if metric == "mean":
        return [f"<{write(limits[0])}", *ends, f"≥{write(limits[-1])}"]
    return [f"<{text.percent(limits[0])}", *(text.per_cent(end) for end in ends), f"≥{text.percent(limits[-1])}"]
