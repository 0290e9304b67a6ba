"""The table of all metrics: name, value with unit, and what it means, in groups and in pages of a sheet."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cgm_dash.i18n import _
from cgm_dash.units import MG_DL_PER_MMOL_L, Targets, Unit
from layouts import text
from layouts.sheet.definitions import EPISODES, FIXED, GROUPS, SOURCES, Definition, Kind

LINE_PX, ROW_PX, GROUP_PX = 14.0, 5.0, 30.0
"""Height of a line, what a row adds to its lines, and height of a group's heading."""

NAME_CHARS, WHAT_CHARS = 25, 72
"""So many characters fit a line of their column in either face, wide letters allowed for."""


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric as shown."""

    name: str
    value: str
    unit: str
    what: str

    @property
    def lines(self) -> int:
        """How many lines it needs at most."""
        return max(1, math.ceil(len(self.name) / NAME_CHARS), math.ceil(len(self.what) / WHAT_CHARS))

    @property
    def height(self) -> float:
        """Height, px."""
        return ROW_PX + LINE_PX * self.lines


@dataclass(frozen=True, slots=True)
class MetricGroup:
    """Metrics under one heading."""

    name: str
    rows: tuple[MetricRow, ...]


def groups_of(figures: Mapping[str, Any], unit: Unit, targets: Targets) -> tuple[MetricGroup, ...]:
    """Return what metrics.summary.all_metrics gave as groups of rows, and at their end the sources."""
    limits = _limits(unit, targets)
    groups = [
        MetricGroup(_(name), tuple(_row(each, figures, unit, limits) for each in definitions))
        for name, definitions in GROUPS
    ]
    sources = tuple(MetricRow(short, "", "", where) for short, where in SOURCES.items())
    return (*groups, MetricGroup(_("Sources"), sources))


def pages_of(groups: Sequence[MetricGroup], room: float) -> tuple[tuple[MetricGroup, ...], ...]:
    """Return *groups* as they fill pages of *room* px; a group that is parted goes on under its heading."""
    pages: list[list[MetricGroup]] = [[]]
    used = 0.0
    for group, row in _every(groups):
        opens = not pages[-1] or pages[-1][-1].name != group.name
        height = row.height + (GROUP_PX if opens else 0)
        if pages[-1] and used + height > room:
            pages.append([])
            used, opens = 0.0, True
            height = row.height + GROUP_PX
        if opens:
            pages[-1].append(MetricGroup(group.name, (row,)))
        else:
            last = pages[-1][-1]
            pages[-1][-1] = replace(last, rows=(*last.rows, row))
        used += height
    return tuple(tuple(page) for page in pages if page)


def _every(groups: Sequence[MetricGroup]) -> Iterator[tuple[MetricGroup, MetricRow]]:
    for group in groups:
        for row in group.rows:
            yield group, row


def _limits(unit: Unit, targets: Targets) -> dict[str, str]:
    own = {name: getattr(targets, name) for name in ("very_low", "low", "high", "very_high")}
    fixed = {f"l{limit}": limit for limit in FIXED}
    return {name: text.glucose_in(limit, unit) for name, limit in (own | fixed).items()}


def _row(definition: Definition, figures: Mapping[str, Any], unit: Unit, limits: Mapping[str, str]) -> MetricRow:
    name, what = _(definition.name).format(**limits), _(definition.what).format(**limits)
    if definition.source:
        what = f"{what} ({definition.source})"
    if definition in EPISODES:
        return _episode(name, what, figures["episodes"][definition.key])
    value, shown_unit = value_of(figures[definition.key], definition.kind, unit)
    return MetricRow(name, value, shown_unit, what)


def _episode(name: str, what: str, found: Mapping[str, Any]) -> MetricRow:
    rate = found["per_week"]
    unit = _("({n} a week)").format(n=text.decimal(rate, 1)) if rate else ""
    if found["mean_minutes"] is not None:
        mean = _("On average {span} each.").format(span=text.duration(60 * found["mean_minutes"]))
        what = text.listing((what, mean))
    return MetricRow(name, text.count(found["count"]), unit, what)


def value_of(value: Any, kind: Kind, unit: Unit) -> tuple[str, str]:
    """Return a figure and its unit as shown: "–" where it is undefined."""
    shown_unit = _unit(kind, unit)
    if value is None:
        return text.NOTHING, shown_unit
    if kind is Kind.WORD:
        return str(value), ""
    if kind is Kind.COUNT:
        return text.count(int(value)), ""
    if kind is Kind.GLUCOSE:
        return text.glucose(value, unit), shown_unit
    if kind in (Kind.SHARE, Kind.SHARE_BELOW):
        return (text.percent_fine if kind is Kind.SHARE_BELOW else text.percent)(value), ""
    if kind is Kind.PERCENT_1:
        return text.per_cent(text.decimal(value, 1)), ""
    return text.decimal(_in_unit(value, kind, unit), _places(kind, unit)), shown_unit


def _in_unit(value: float, kind: Kind, unit: Unit) -> float:
    converts = kind in (Kind.PER_HOUR, Kind.PER_MINUTE, Kind.HOURS_PER_DAY) and unit is Unit.MMOL_L
    return value / MG_DL_PER_MMOL_L if converts else value


def _places(kind: Kind, unit: Unit) -> int:
    if kind in (Kind.PER_MINUTE, Kind.NUMBER_2):
        return 2
    if kind in (Kind.PER_HOUR, Kind.HOURS_PER_DAY):
        return 1 if unit is Unit.MMOL_L else 0
    return 0 if kind in (Kind.WHOLE, Kind.MMOL_MOL) else 1


def _unit(kind: Kind, unit: Unit) -> str:
    if kind is Kind.GLUCOSE:
        return str(unit)
    if kind is Kind.PER_HOUR:
        return _("{unit} an hour").format(unit=unit)
    if kind is Kind.PER_MINUTE:
        return _("{unit} a minute").format(unit=unit)
    if kind is Kind.HOURS_PER_DAY:
        return _("{unit} × h a day").format(unit=unit)
    return "mmol/mol" if kind is Kind.MMOL_MOL else ""
