"""The live page's wiring: what is asked for, gathered from the services, handed to the layout."""

from typing import Any

from dash import Dash, Input

from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.stretch import figures_of, stretch
from callbacks.visit import Ranges, Visit
from cgm_dash.batch import SensorSeen
from cgm_dash.current import current
from cgm_dash.goals import ADULT_GOALS
from cgm_dash.units import ADULT
from cgm_dash.window import Window
from cgm_dash.zones import local_date
from layouts import cards, hero, ids, text
from layouts import now as layout
from layouts.figures import glucose
from layouts.views import (
    ChartView,
    Content,
    HeroView,
    NowPage,
    StatisticsView,
    chart_key,
    visible_of,
    zone_since,
)
from sql.people import Person

PATH = "/"
RANGES = Ranges(("3h", "6h", "12h", "24h", "3d", "7d", "14d", "30d", "90d"), "12h")

AREAS = (
    (ids.HERO, "children"),
    (ids.GLUCOSE_GRAPH, "figure"),
    (ids.CHART_TITLE, "children"),
    (ids.CHART_ALT, "children"),
    (ids.CHART_KEY, "children"),
    (ids.TIME_IN_RANGE, "children"),
    (ids.FIGURES, "children"),
    (ids.DAY, "children"),
)
"""What is drawn again when something new is to be seen."""


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, zoom: object, painted: object) -> Pieces:
        key = _key(services, visit, zoom)
        return (None, key) if key == painted else (_pieces(gather(services, visit, zoom)), key)

    keep_fresh(app, services, PATH, AREAS, ids.PAINTED, draw, [Input(ids.VISIBLE, "data")])


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    return layout.page(gather(services, visit, None), _key(services, visit, None))


def gather(services: Services, visit: Visit, zoom: object) -> NowPage:
    """Return everything the page shows. zoom: the part of the chart looked at, as the browser tells (ids.VISIBLE)."""
    chosen = visit.chosen(RANGES)
    chart = _chart(services, visit, chosen.window, zoom)
    return NowPage(
        hero=hero_view(services, visit),
        chart=chart,
        statistics=_statistics(chart, visit.person),
        range=chosen.view,
        standard=RANGES.default,
        connect=not services.settings.has_account,
    )


def hero_view(services: Services, visit: Visit) -> HeroView:
    """Return the newest reading of the person looked at and what stands around it."""
    person, now = visit.person, visit.now
    recent = services.recent(person, now)
    targets = person.targets if person else ADULT
    trouble, next_try_at = services.trouble(person)
    return HeroView(
        current=current(recent, now, 60 * services.settings.stale_minutes),
        unit=visit.viewer.unit,
        zone=visit.zone,
        now=now,
        person=person.name if person else "",
        targets=targets,
        stale_minutes=services.settings.stale_minutes,
        since=zone_since(recent, now, targets),
        trouble=trouble,
        next_try_at=next_try_at,
        sensor=_sensor(services, person),
        demo=services.demo,
    )


def _key(services: Services, visit: Visit, zoom: object) -> str:
    trouble, _next_try_at = services.trouble(visit.person)
    seq = visit.person.seq if visit.person else 0
    return f"{visit.key(60)}|{seq}|{trouble.code if trouble else ''}|{zoom}"


def _chart_key(visit: Visit, window: Window) -> str:
    return chart_key(visit.person_id, window.name, visit.address.dates)


def _chart(services: Services, visit: Visit, window: Window, zoom: object) -> ChartView:
    key = _chart_key(visit, window)
    visible = visible_of(zoom, key)
    held = stretch(services, visit.person, window, visible, visit.viewer.phone)
    return ChartView(
        series=held.series,
        sums=held.sums,
        envelope=held.envelope,
        loaded=held.loaded,
        window=window,
        unit=visit.viewer.unit,
        zone=visit.zone,
        now=visit.now,
        key=key,
        targets=visit.person.targets if visit.person else ADULT,
        theme=visit.viewer.theme,
        phone=visit.viewer.phone,
        visible=visible,
        stale_minutes=services.settings.stale_minutes,
    )


def _pieces(page: NowPage) -> tuple[Any, ...]:
    """Return what the areas of the page show, in the order of AREAS."""
    return (
        hero.hero(page.hero),
        glucose.figure_of(page.chart),
        layout.chart_title(page.chart),
        glucose.alt_text(page.chart),
        layout.chart_key(page.chart),
        cards.time_in_range(page.statistics),
        cards.figures(page.statistics),
        text.day_long(local_date(page.hero.zone, page.hero.now)),
    )


def _statistics(chart: ChartView, person: Person | None) -> StatisticsView:
    times, level, coverage = figures_of(chart.series, chart.sums, chart.window, chart.targets)
    return StatisticsView(
        times=times,
        level=level,
        coverage=coverage,
        window=chart.window,
        unit=chart.unit,
        targets=chart.targets,
        goals=person.goals if person else ADULT_GOALS,
    )


def _sensor(services: Services, person: Person | None) -> SensorSeen | None:
    """Return the wearer's newest sensor, None where the source names none."""
    known = services.store.sensors.of_person(person.id) if person else ()
    newest = max(known, key=lambda s: s.activated or 0, default=None)
    if newest is None:
        return None
    return SensorSeen(newest.serial, newest.kind, newest.activated, newest.warmup_min, newest.life_days)
