"""What the tests of the pages share: invented series and views, and a walk over rendered components."""

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dash.development.base_component import Component

from cgm_dash import current, window
from cgm_dash.attention import gaps_of
from cgm_dash.day_facts import facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import level
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.sensor import sensor_state
from cgm_dash.series import Series
from cgm_dash.units import Targets, Unit
from cgm_dash.usual import days_before
from cgm_dash.zones import local_date, midnight
from layouts import now, shell
from layouts.drawings.day import panels_of
from layouts.tiles import TilesView
from layouts.views import (
    ChartView,
    Content,
    FrameView,
    HeroView,
    NowPage,
    PersonView,
    RangeView,
    StatisticsView,
    TodayView,
    chart_key,
    zone_since,
)

BERLIN = ZoneInfo("Europe/Berlin")
NOW = 1_795_354_320.0
"""2026-11-22 14:32:00 in Berlin."""


def minutes(*mg_dl: int, age_s: int = 60, flag: int = 0, trend: int = 0) -> Series:
    """Return a series of minutes whose last reading is *age_s* old; flag and trend are those of the last one."""
    series = Series.every(60, mg_dl, int(NOW) - age_s - 60 * (len(mg_dl) - 1))
    series.flag[-1] = flag
    series.trend[-1] = trend
    return series


def without(series: Series, first: int, last: int) -> Series:
    """Return *series* without the readings at positions first to last - 1."""
    keep = [i for i in range(len(series)) if not first <= i < last]
    return Series(*(getattr(series, field.name)[keep] for field in dataclasses.fields(series)))


def hero_view(series: Series, **more: Any) -> HeroView:
    """Return the view of the newest reading of *series*."""
    stale_s = 60 * more.get("stale_minutes", 15)
    given = {
        "current": current.current(series, NOW, stale_s),
        "unit": Unit.MG_DL,
        "zone": BERLIN,
        "now": NOW,
        "person": "Mira",
        "since": zone_since(series, NOW),
    }
    return HeroView(**{**given, **more})


def chart_view(series: Series, name: str = "12h", **more: Any) -> ChartView:
    """Return the view of the chart over a named range."""
    given = {
        "series": series,
        "window": window.named(name, NOW, BERLIN),
        "unit": Unit.MG_DL,
        "zone": BERLIN,
        "now": NOW,
        "key": chart_key("1", name),
    }
    return ChartView(**{**given, **more})


def statistics_view(series: Series, name: str = "14d", **more: Any) -> StatisticsView:
    """Return the view of the figures over a named range."""
    part = window.named(name, NOW, BERLIN)
    given = {
        "times": time_in_ranges(series, more.get("targets", Targets())),
        "level": level(series),
        "coverage": coverage(series, part),
        "window": part,
        "unit": Unit.MG_DL,
    }
    return StatisticsView(**{**given, **more})


def today_view(series: Series, **more: Any) -> TodayView:
    """Return the view of today beside the days before."""
    day = window.dated(local_date(BERLIN, NOW), local_date(BERLIN, NOW), NOW, BERLIN)
    earlier = days_before(NOW, BERLIN)
    facts = week_view(series).days[-1]
    unit = more.pop("unit", Unit.MG_DL)
    given = {
        "today": _over(series, day, unit),
        "before": _over(series, earlier, unit),
        "zone": BERLIN,
        "now": NOW,
        "lowest": facts.lowest,
        "highest": facts.highest,
        "gaps": tuple(gaps_of(series, day.start, NOW, still=True)),
    }
    return TodayView(**{**given, **more})


def week_view(series: Series, **more: Any) -> TilesView:
    """Return the view of the last seven days."""
    today = local_date(BERLIN, NOW)
    start = midnight(BERLIN, today - timedelta(days=6))
    days = facts_of_days(series, LocalDays.between(BERLIN, start, NOW), NOW)
    given = {
        "days": days,
        "panels": panels_of(series, days),
        "unit": Unit.MG_DL,
        "today": today,
        "chosen": today,
        "query": "person=1",
    }
    return TilesView(**{**given, **more})


def _over(series: Series, part: window.Window, unit: Unit) -> StatisticsView:
    inside = series.between(part.start, part.end)
    return StatisticsView(
        times=time_in_ranges(inside), level=level(inside), coverage=coverage(inside, part), window=part, unit=unit
    )


def now_page(series: Series, **more: Any) -> NowPage:
    """Return the whole page's view."""
    given = {
        "hero": hero_view(series),
        "chart": chart_view(series),
        "today": today_view(series),
        "sensor": sensor_state(None, NOW),
        "attention": (),
        "week": week_view(series),
        "range": range_view(),
    }
    return NowPage(**{**given, **more})


def range_view(chosen: str = "12h", **more: Any) -> RangeView:
    """Return what a range control shows."""
    given = {
        "chosen": chosen,
        "first": date(2026, 11, 16),
        "last": date(2026, 11, 22),
        "today": date(2026, 11, 22),
        "names": ("3h", "6h", "12h", "24h", "3d", "7d", "14d", "30d", "90d"),
    }
    return RangeView(**{**given, **more})


def live_page(series: Series, people: tuple[PersonView, ...] = (PersonView("1", "Mira"),), **more: Any) -> Component:
    """Return the live page in its frame, as a visit gets it."""
    view = now_page(series, **more)
    return framed(now.page(view, "key"), hero=view.hero, people=people)


def framed(content: Content, **more: Any) -> Component:
    """Return a page in its frame."""
    given = {"hero": hero_view(minutes(100)), "people": (PersonView("1", "Mira"),), "person_id": "1"}
    return shell.frame(content, FrameView(**{**given, **more}))


def walk(node: Any) -> Iterator[Component]:
    """Yield every component of a rendered tree, outermost first."""
    if isinstance(node, (list, tuple)):
        for child in node:
            yield from walk(child)
    elif isinstance(node, Component):
        yield node
        yield from walk(getattr(node, "children", None))


def by_id(node: Any, id_: str) -> Component | None:
    """Return the component with *id_*; None where there is none."""
    return next((c for c in walk(node) if getattr(c, "id", None) == id_), None)


def by_class(node: Any, name: str) -> list[Component]:
    """Return the components that carry the class *name*."""
    return [c for c in walk(node) if name in (getattr(c, "className", None) or "").split()]


def words(node: Any) -> str:
    """Return the text of a tree as a person would read it, whatever the stylesheet hides."""
    if isinstance(node, (list, tuple)):
        return " ".join(filter(None, (words(child) for child in node)))
    if isinstance(node, Component):
        return words(getattr(node, "children", None))
    return "" if node is None else str(node)


def shown(node: Any, state: str) -> str:
    """Return the text that the stylesheet shows in *state*."""
    hidden = {
        "fresh": {"on-stale", "on-offline", "on-none", "on-old"},
        "late": {"on-stale", "on-offline", "on-none", "on-old"},
        "stale": {"on-current", "on-offline", "on-none"},
        "offline": {"on-current", "on-stale", "on-none"},
        "none": {"on-current", "on-stale", "on-offline"},
    }[state]
    if isinstance(node, (list, tuple)):
        return " ".join(filter(None, (shown(child, state) for child in node)))
    if isinstance(node, Component):
        if hidden & set((getattr(node, "className", None) or "").split()):
            return ""
        return shown(getattr(node, "children", None), state)
    return "" if node is None else str(node)


def attribute(component: Component, name: str) -> Any:
    """Return an attribute of a component, also one with a hyphen."""
    return properties(component).get(name)


def properties(component: Component) -> dict[str, Any]:
    """Return everything a component was given, by the names it travels under."""
    plain: Any = component
    found: dict[str, Any] = plain.to_plotly_json()["props"]
    return found
