"""The live page's wiring: what is asked for, gathered from the services, handed to the layout."""

import dataclasses
import re
from typing import Any

from dash import Dash, Input

from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.stretch import figures_of, stretch
from callbacks.visit import Ranges, Visit
from cgm_dash.attention import Known, attention, gaps_of
from cgm_dash.batch import SensorSeen
from cgm_dash.current import current
from cgm_dash.goals import ADULT_GOALS
from cgm_dash.sensor import SensorState, sensor_state
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import ADULT
from cgm_dash.usual import Usual, days_before, is_compared, usual_of
from cgm_dash.window import Window, dated
from cgm_dash.zones import local_date
from layouts import ids, text
from layouts import now as layout
from layouts.figures import glucose
from layouts.hero import hero as draw_hero
from layouts.today import figures, time_in_range
from layouts.views import (
    ChartView,
    Content,
    HeroView,
    NowPage,
    StatisticsView,
    TodayView,
    chart_key,
    extremes,
    visible_of,
    zone_since,
)
from sql.people import Person

YRange = tuple[float, float]
"""From where to where a chart's axis reaches, mg/dL."""

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
    (ids.SENSOR, "children"),
    (ids.ATTENTION, "children"),
    (ids.DAY, "children"),
)
"""What is drawn again when something new is to be seen."""

TOLD = re.compile(r"(\d*)\|(\d{1,3}):(\d{1,3})\|(.*)", re.DOTALL)
"""What the browser keeps (ids.PAINTED): see `_told`."""


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, zoom: object, painted: object) -> Pieces:
        key = _key(services, visit, zoom)
        shown, y_range = _shown(painted, visit)
        if key == shown:
            return None, key
        page = gather(services, visit, zoom, y_range)
        return _pieces(page), _told(page, visit, key)

    keep_fresh(app, services, PATH, AREAS, ids.PAINTED, draw, [Input(ids.VISIBLE, "data")])


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    page = gather(services, visit, None)
    return layout.page(page, _told(page, visit, _key(services, visit, None)))


def gather(services: Services, visit: Visit, zoom: object, y_range: YRange | None = None) -> NowPage:
    """Return everything the page shows.

    zoom: the part of the chart looked at, as the browser tells (ids.VISIBLE). y_range: of the chart shown before.
    """
    chosen, before = visit.chosen(RANGES), days_before(visit.now, visit.zone)
    series = _series(services, visit, before)
    usual = usual_of(series, visit.now, visit.zone)
    hero = dataclasses.replace(hero_view(services, visit), usual=usual.at(visit.now, visit.zone))
    sensor = sensor_state(hero.sensor, visit.now, hero.current.is_current)
    today = _today(visit, series, before)
    return NowPage(
        hero=hero,
        chart=_chart(services, visit, chosen.window, zoom, usual, y_range),
        today=today,
        sensor=sensor,
        attention=attention(_known(visit, series, hero, sensor, today)),
        range=chosen.view,
        standard=RANGES.default,
        connect=not services.settings.has_account,
    )


def _told(page: NowPage, visit: Visit, key: str) -> str:
    """Return what the browser keeps of what it shows: whose it is, the y range of its chart, and the key of it all."""
    low, top = page.chart.at_least or (0, 0)
    return f"{visit.person_id}|{low:.0f}:{top:.0f}|{key}"


def _shown(painted: object, visit: Visit) -> tuple[str, YRange | None]:
    """Return the key of what the browser says it shows, and the y range of the same person's chart."""
    told = TOLD.fullmatch(painted) if isinstance(painted, str) else None
    if told is None:
        return "", None
    person, low, top, key = told.groups()
    return key, (float(low), float(top)) if person == visit.person_id else None


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


def _series(services: Services, visit: Visit, before: Window) -> Series:
    """Return the readings of today and of the days before."""
    if visit.person is None:
        return EMPTY
    return services.series.between(visit.person.id, before.start, int(visit.now) + 1)


def _chart(
    services: Services, visit: Visit, window: Window, zoom: object, usual: Usual, y_range: YRange | None
) -> ChartView:
    key = _chart_key(visit, window)
    visible = visible_of(zoom, key)
    held = stretch(services, visit.person, window, visible, visit.viewer.phone)
    view = ChartView(
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
        usual=usual.placed(visit.zone, *glucose.ends(window, visit.now)) if is_compared(window, visit.now) else None,
        at_least=y_range,
    )
    return dataclasses.replace(view, at_least=glucose.y_range(view))


def _today(visit: Visit, series: Series, before: Window) -> TodayView:
    """Return the figures of today and of the days before."""
    date = local_date(visit.zone, visit.now)
    today = dated(date, date, visit.now, visit.zone)
    part = series.between(today.start, today.end)
    lowest, highest = extremes(part)
    return TodayView(
        today=_statistics(visit, part, today),
        before=_statistics(visit, series.between(before.start, before.end), before),
        zone=visit.zone,
        now=visit.now,
        lowest=lowest,
        highest=highest,
        gaps=tuple(gaps_of(series, today.start, visit.now, still=True)),
    )


def _statistics(visit: Visit, series: Series, window: Window) -> StatisticsView:
    goals = visit.person.goals if visit.person else ADULT_GOALS
    times, level, coverage = figures_of(series, None, window, goals.targets)
    return StatisticsView(
        times=times,
        level=level,
        coverage=coverage,
        window=window,
        unit=visit.viewer.unit,
        targets=goals.targets,
        goals=goals,
    )


def _known(visit: Visit, series: Series, hero: HeroView, sensor: SensorState, today: TodayView) -> Known:
    person = visit.person
    return Known(
        series=series,
        current=hero.current,
        now=visit.now,
        zone=visit.zone,
        sensor=sensor,
        targets=hero.targets,
        zone_confirmed=person is None or (person.zone_confirmed and person.zone == visit.zone.key),
        before=today.before.coverage,
        trouble=hero.untold,
    )


def _pieces(page: NowPage) -> tuple[Any, ...]:
    """Return what the areas of the page show, in the order of AREAS."""
    return (
        draw_hero(page.hero),
        glucose.figure_of(page.chart),
        layout.chart_title(page.chart),
        glucose.alt_text(page.chart),
        layout.chart_key(page.chart),
        time_in_range(page.today),
        figures(page.today),
        layout.sensor(page),
        layout.attention(page),
        text.day_long(local_date(page.hero.zone, page.hero.now)),
    )


def _sensor(services: Services, person: Person | None) -> SensorSeen | None:
    """Return the wearer's newest sensor, None where the source names none."""
    known = services.store.sensors.of_person(person.id) if person else ()
    newest = max(known, key=lambda s: s.activated or 0, default=None)
    if newest is None:
        return None
    return SensorSeen(newest.serial, newest.kind, newest.activated, newest.warmup_min, newest.life_days)
