"""The main metrics week by week or month by month: a small chart for each, and what it rests on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from cgm_dash.goals import ABOVE, BELOW, IN_TARGET, VERY_HIGH, VERY_LOW, Bands, Goals
from cgm_dash.i18n import _
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.metrics.periods import Periods
from cgm_dash.units import Unit
from layouts import text, tokens
from layouts.cards import covered, share_words
from layouts.figures import typical
from layouts.figures.traces import Figure, f4
from layouts.figures.typical import Card, Look

Float = npt.NDArray[np.float64]

NAMES = ("tir", "mean", "cv", "below", "above", "very-low", "very-high", "coverage")
"""The charts, in their order on the page."""

MARGIN = {"l": 4, "r": 34, "t": 8, "b": 22, "pad": 0}
DENSE = 60
"""With more points than these on a line markers shrink to dots."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of every period. values: percent, or mg/dL; nan: undefined.

    goal: the limit, and whether above is good. least: the axis spans at least so much. write: a value as shown, unit:
    what stands behind it.
    """

    name: str
    label: str
    values: Float
    unit: str
    write: Callable[[float], str]
    least: float
    goal: tuple[float, bool] | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One period in words: which it is, how much of it is covered, and whether it is a part, "" for all of it."""

    name: str
    covered: str
    part: str


def metrics_of(periods: Periods, goals: Goals, unit: Unit) -> dict[str, Metric]:
    """Return every metric of NAMES, and GMI and SD, which only the table has."""
    shares = {"tir": IN_TARGET, "below": BELOW, "above": ABOVE, "very-low": VERY_LOW, "very-high": VERY_HIGH}
    found = {name: _share(name, periods, bands, goals, unit) for name, bands in shares.items()}

    def glucose(value: float) -> str:
        return text.glucose(value, unit)

    def apart(limit: int) -> Callable[[float], str]:
        return lambda value: text.decimal_apart(value, limit)

    cv_goal = (float(goals.cv_percent), False)
    found["mean"] = Metric("mean", _("Mean glucose"), periods.mean, str(unit), glucose, 40)
    found["cv"] = Metric("cv", _("Variation (CV)"), periods.cv, "%", apart(goals.cv_percent), 10, cv_goal)
    found["gmi"] = Metric("gmi", _("GMI"), periods.gmi, "%", lambda value: text.decimal(value, 1), 1)
    found["sd"] = Metric("sd", _("SD"), periods.sd, str(unit), glucose, 20)
    enough = (float(ENOUGH_PERCENT), True)
    found["coverage"] = Metric("coverage", _("Coverage"), periods.coverage, "%", apart(ENOUGH_PERCENT), 30, enough)
    return found


def _share(name: str, periods: Periods, bands: Bands, goals: Goals, unit: Unit) -> Metric:
    goal = goals.of(*bands)
    limits = goals.targets
    label = {
        "tir": _("Time in target"),
        "below": _("Time below {limit}").format(limit=text.glucose_in(limits.low, unit)),
        "above": _("Time above {limit}").format(limit=text.glucose_in(limits.high, unit)),
        "very-low": _("Time below {limit}").format(limit=text.glucose_in(limits.very_low, unit)),
        "very-high": _("Time above {limit}").format(limit=text.glucose_in(limits.very_high, unit)),
    }[name]
    told = None if goal is None else (float(goal.limit), goal.above)

    def write(value: float) -> str:
        return share_words(bands, value, goals).removesuffix(text.per_cent(""))

    return Metric(name, label, periods.percent(*bands), "%", write, 4 if bands[0] in BELOW else 20, told)


def figure_of(metric: Metric, periods: Periods, look: Look, labels: Sequence[Label]) -> Figure:
    """Return the small chart of one metric. labels: of the periods (labels_of)."""
    p = len(periods)
    x = np.arange(p, dtype=np.float64)
    low, high = _y_range(metric)
    data = [_line(x, metric.values, look), _points(x, metric.values, periods, look)] if p else []
    return {
        "data": data,
        "layout": {
            **typical.frame(look),
            "margin": MARGIN,
            "xaxis": {**typical.plain_axis(), "range": _x_range(p), "showticklabels": False},
            "yaxis": {**typical.plain_axis(), "range": [low, high], "showticklabels": False},
            "shapes": _goal_shapes(metric, low, high, look),
            "annotations": [*_goal_label(metric, look), *_ends(periods)],
            "meta": typical.meta(_cards(metric, periods, labels)),
        },
    }


def _x_range(p: int) -> list[float]:
    room = max(0.5, p / 50)
    return [-room, max(p - 1, 0) + room]


def _y_range(metric: Metric) -> tuple[float, float]:
    """Return the range of the axis: all values and the goal, with room for the markers."""
    there = metric.values[~np.isnan(metric.values)].tolist()
    ends = [*there, *([metric.goal[0]] if metric.goal else [])] or [0.0]
    low, high = min(ends), max(ends)
    middle, half = (low + high) / 2, max(high - low, metric.least) * 0.62
    if metric.unit != "%":
        return middle - half, middle + half
    # Shares cannot leave 0 to 100; what is cut off on one side is room on the other.
    low, high = middle - half, middle + half
    room = (high - low) * 0.06
    if low < -room:
        low, high = -room, high - low - room
    if high > 100 + room:
        low, high = max(-room, low - (high - 100 - room)), 100 + room
    return low, high


def _line(x: Float, y: Float, look: Look) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "line",
        "x": f4(x),
        "y": f4(y),
        "connectgaps": False,
        "hoverinfo": "none",
        "line": {"color": tokens.alpha(look.colours["profile"], 0.55), "width": 1.6 if len(x) <= DENSE else 1.1},
    }


def _points(x: Float, y: Float, periods: Periods, look: Look) -> Figure:
    """Return the markers: hollow where too little of a period is covered, the last one larger."""
    colours, n = look.colours, len(x)
    plain, last = (6.0, 9.0) if n <= DENSE else (2.5, 6.0)
    sizes = np.full(n, plain)
    sizes[-1] = last
    covered = periods.covered
    if n > DENSE:
        sizes[~covered] = plain + 1.5
    fills = [colours["profile"] if full else colours["surface"] for full in covered.tolist()]
    ring = {"color": colours["profile"], "width": 1.4}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "points",
        "x": f4(x),
        "y": f4(y),
        "cliponaxis": False,
        "hoverinfo": "none",
        "marker": {"size": f4(sizes), "color": fills, "opacity": 1, "line": ring},
    }


def _goal_shapes(metric: Metric, low: float, high: float, look: Look) -> list[Figure]:
    """Return the side of the goal, shaded, and its limit."""
    if metric.goal is None:
        return []
    limit, above = metric.goal
    across = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "layer": "below"}
    ends = (limit, high) if above else (low, limit)
    fill = tokens.alpha(look.colours["b-target"], look.colours["zone"])
    line = {"color": look.colours["b-target-edge"], "width": 1}
    return [
        {"type": "rect", **across, "y0": ends[0], "y1": ends[1], "fillcolor": fill, "line": {"width": 0}},
        {"type": "line", **across, "y0": limit, "y1": limit, "line": line},
    ]


def _goal_label(metric: Metric, look: Look) -> list[Figure]:
    if metric.goal is None:
        return []
    place = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "yanchor": "middle", "showarrow": False}
    return [{**place, "y": metric.goal[0], "text": text.decimal(metric.goal[0], 0), "font": {"size": 12}}]


def _ends(periods: Periods) -> list[Figure]:
    """Return the dates at both ends of the axis."""
    if not len(periods):
        return []
    common = {"xref": "paper", "yref": "paper", "y": 0, "yanchor": "top", "yshift": -3, "showarrow": False}
    monthly = _is_month(periods)
    first, last = periods.first[0], periods.first[-1] if monthly else periods.last[-1]
    labels = [{**common, "x": 0, "xanchor": "left", "text": _date(first, monthly)}]
    if len(periods) > 1:
        labels.append({**common, "x": 1, "xanchor": "right", "text": _date(last, monthly)})
    return labels


def _is_month(periods: Periods) -> bool:
    return periods.first[-1].day == 1 and (periods.last[-1] - periods.first[-1]).days > 7


def _date(day: date, monthly: bool) -> str:
    month = _(text.MONTHS_SHORT[day.month - 1])
    if monthly:
        return _("{month} {year}").format(month=month, year=day.year)
    return _("{day} {month}").format(day=day.day, month=month)


# --- words


def name_of(periods: Periods, i: int) -> str:
    """Return which period number *i* is: its month, or its first and last day with the year.

    >>> from cgm_dash.day_summary import NO_DAYS
    >>> from cgm_dash.metrics.periods import periods
    >>> from cgm_dash.units import ADULT
    >>> from zoneinfo import ZoneInfo
    >>> week = periods(NO_DAYS, "week", ZoneInfo("UTC"), 1_795_345_200, 1_795_345_300, ADULT)
    >>> name_of(week, 0)
    '16 Nov – 22 Nov 2026'
    """
    first, last = periods.first[i], periods.last[i]
    if _is_month(periods):
        return _date(first, monthly=True)
    return f"{_date(first, monthly=False)} {text.RANGE} {_date(last, monthly=False)} {last.year}"


def part_of(periods: Periods, i: int) -> str:
    """Return that only a part of period *i* is looked at, "" where it is all."""
    if not periods.partial[i]:
        return ""
    return _("Part of the month") if _is_month(periods) else _("Part of the week")


def _cards(metric: Metric, periods: Periods, labels: Sequence[Label]) -> list[Card]:
    cards = []
    for i in np.flatnonzero(~np.isnan(metric.values) & (periods.n > 0)).tolist():
        value = float(metric.values[i])
        label = labels[i]
        lines = filter(None, ("" if metric.name == "coverage" else label.covered, label.part))
        cards.append(typical.card(i, round(value, 3), label.name, metric.write(value), metric.unit, *lines))
    return cards


def labels_of(periods: Periods) -> list[Label]:
    """Return what is said of each period whatever the metric: made once for all charts."""
    return [
        Label(
            name_of(periods, i),
            _("{share} covered by readings").format(share=covered(float(periods.coverage[i]))),
            part_of(periods, i),
        )
        for i in range(len(periods))
    ]


def newest(metric: Metric, periods: Periods) -> str:
    """Return the last period's value as shown; a dash where it has none."""
    if not len(periods) or np.isnan(metric.values[-1]) or not periods.n[-1]:
        return text.NOTHING
    return metric.write(float(metric.values[-1]))


def alt_text(metric: Metric, periods: Periods) -> str:
    """Return the sentence with the figures a person would read off the chart."""
    there = np.flatnonzero(~np.isnan(metric.values) & (periods.n > 0))
    if not len(there):
        return _("{metric}: no readings.").format(metric=metric.label)
    values = metric.values[there]
    low, high = there[int(np.argmin(values))], there[int(np.argmax(values))]
    unit = "" if not metric.unit else f" {metric.unit}"
    told = _("{metric}: lowest {low} ({low_when}), highest {high} ({high_when}), last {last} ({last_when}).")
    return told.format(
        metric=metric.label,
        low=metric.write(float(metric.values[low])) + unit,
        low_when=name_of(periods, int(low)),
        high=metric.write(float(metric.values[high])) + unit,
        high_when=name_of(periods, int(high)),
        last=metric.write(float(metric.values[there[-1]])) + unit,
        last_when=name_of(periods, int(there[-1])),
    )
