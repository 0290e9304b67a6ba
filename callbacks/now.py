"""The live page's wiring: what is asked for, gathered from the services, handed to the layout."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

from dash import Dash, Input, no_update

from callbacks.address import Address
from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.stretch import figures_of, stretch
from callbacks.visit import Ranges, Viewer, Visit
from cgm_dash.access import Right
from cgm_dash.attention import Known, attention, gaps_of
from cgm_dash.current import current
from cgm_dash.day_facts import DayFacts, facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.goals import ADULT_GOALS, Goals
from cgm_dash.metrics.coverage import Coverage
from cgm_dash.metrics.level import Level
from cgm_dash.metrics.ranges import TimeInRanges
from cgm_dash.sensor import SensorState, sensor_state
from cgm_dash.series import EMPTY, Series
from cgm_dash.trouble import Trouble
from cgm_dash.units import ADULT
from cgm_dash.usual import NOTHING, Usual, days_before, is_compared, usual_of
from cgm_dash.window import DATES, Window
from cgm_dash.zones import local_date, midnight
from layouts import ids, text
from layouts import now as layout
from layouts.drawings.day import panels_of
from layouts.figures import glucose
from layouts.hero import hero as draw_hero
from layouts.tiles import TilesView
from layouts.today import figures, time_in_range
from layouts.views import (
    ChartView,
    Content,
    HeroView,
    NowPage,
    StatisticsView,
    TodayView,
    chart_key,
    visible_of,
    zone_since,
)

YRange = tuple[float, float]
"""From where to where a chart's axis reaches, mg/dL."""
LONGEST_TOLD = 4000
"""Letters of what a browser may say it shows."""
WEEK_DAYS = 7
Told = tuple[Trouble | None, float | None]
"""What Services.trouble tells."""

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
    (ids.WEEK, "children"),
    (ids.TODAY_TILE, "children"),
    (ids.DAY, "children"),
)
"""What is drawn again when something new is to be seen."""

OF_CHART = frozenset(
    (id_, prop) for id_, prop in AREAS if id_ in (ids.GLUCOSE_GRAPH, ids.CHART_TITLE, ids.CHART_ALT, ids.CHART_KEY)
)
"""What another range or zoom draws again; the rest stays as it is."""


@dataclasses.dataclass(frozen=True, slots=True)
class Painted:
    """What the browser shows, as it keeps it (ids.PAINTED).

    person: whose it is. y_range: from where to where the chart's axis reaches, mg/dL. rest: the key of all but the
    chart. week: of the days before today among the last seven. key: of everything.
    """

    person: str = ""
    y_range: YRange | None = None
    rest: str = ""
    key: str = ""
    week: str = ""

    @classmethod
    def read(cls, told: object) -> "Painted":
        """Return what a browser says; nothing for anything odd."""
        try:
            parts = json.loads(told) if isinstance(told, str) and len(told) < LONGEST_TOLD else None
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(parts, list) or len(parts) != 6:
            return cls()
        person, low, top, rest, key, week = parts
        texts = all(isinstance(part, str) for part in (person, rest, key, week))
        numbers = all(type(end) in (int, float) and 0 <= end < 1000 for end in (low, top))
        return cls(person, (low, top), rest, key, week) if texts and numbers else cls()

    def told(self) -> str:
        """Return it as the browser keeps it."""
        return json.dumps([self.person, *(self.y_range or (0, 0)), self.rest, self.key, self.week])


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, zoom: object, told: object) -> Pieces:
        trouble = services.trouble(visit.person)
        shown, asked = Painted.read(told), _asked(visit, trouble, zoom)
        if asked.key == shown.key:
            return None, shown.told()
        y_range = shown.y_range if shown.person == asked.person else None
        if asked.rest == shown.rest:
            chart = chart_of(services, visit, zoom, y_range)
            of_chart = iter(_chart_pieces(chart))
            pieces = tuple(next(of_chart) if area in OF_CHART else no_update for area in AREAS)
            return pieces, dataclasses.replace(asked, y_range=chart.at_least, week=shown.week).told()
        page = gather(services, visit, zoom, y_range, trouble)
        now_shown = _painted(asked, page)
        return _pieces(page, now_shown.week != shown.week), now_shown.told()

    keep_fresh(app, services, PATH, AREAS, ids.PAINTED, draw, [Input(ids.VISIBLE, "data")])


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    trouble = services.trouble(visit.person)
    page = gather(services, visit, None, None, trouble)
    return layout.page(page, _painted(_asked(visit, trouble, None), page).told())


def _asked(visit: Visit, trouble: Told, zoom: object) -> Painted:
    """Return the keys of what is to be seen, but for the y range, which the chart decides."""
    seq = visit.person.seq if visit.person else 0
    code = trouble[0].code if trouble[0] else ""
    # The address without what only the chart shows of it.
    still = dataclasses.replace(visit, address=Address(), viewer=Viewer(visit.viewer.unit, phone=visit.viewer.phone))
    rest = f"{still.key(60)}|{seq}|{code}"
    return Painted(visit.person_id, None, rest, f"{visit.key(60)}|{seq}|{code}|{zoom}")


def _painted(asked: Painted, page: NowPage) -> Painted:
    view = page.week
    past = [(day.day.toordinal(), day.level.n, day.coverage.seconds, day.level.mean) for day in view.days[:-1]]
    week = f"{view.unit}|{view.phone}|{view.query}|{page.hero.targets}|{past}"
    return dataclasses.replace(asked, y_range=page.chart.at_least, week=week)


def gather(
    services: Services, visit: Visit, zoom: object, y_range: YRange | None = None, trouble: Told | None = None
) -> NowPage:
    """Return everything the page shows.

    zoom: the part of the chart looked at, as the browser tells (ids.VISIBLE). y_range: of the chart shown before.
    trouble: as services.trouble tells it, where that is known already.
    """
    before = days_before(visit.now, visit.zone)
    series = _series(services, visit, before)
    usual = usual_of(series, visit.now, visit.zone)
    hero = dataclasses.replace(hero_view(services, visit, trouble), usual=usual.at(visit.now, visit.zone))
    sensor = sensor_state(hero.sensor, visit.now, hero.current.is_current)
    days = facts_of_days(series, _last_days(visit), visit.now, hero.targets)
    today = _today(visit, series, before, days[-1])
    return NowPage(
        hero=hero,
        chart=_chart(services, visit, zoom, usual, y_range),
        today=today,
        sensor=sensor,
        attention=attention(_known(visit, series, hero, sensor, today)),
        week=_week(visit, series, days),
        range=visit.chosen(RANGES).view,
        standard=RANGES.default,
        connect=not services.has_account and services.may(Right.MANAGE),
        blocked=services.why_not_connect() or "",
    )


def chart_of(services: Services, visit: Visit, zoom: object, y_range: YRange | None = None) -> ChartView:
    """Return the chart alone; as `gather`."""
    usual = NOTHING
    if is_compared(visit.chosen(RANGES).window, visit.now):
        before = days_before(visit.now, visit.zone)
        usual = usual_of(_series(services, visit, before), visit.now, visit.zone)
    return _chart(services, visit, zoom, usual, y_range)


def hero_view(services: Services, visit: Visit, trouble: Told | None = None) -> HeroView:
    """Return the newest reading of the person looked at and what stands around it. trouble: as in `gather`."""
    person, now = visit.person, visit.now
    recent = services.recent(person, now)
    targets = person.targets if person else ADULT
    what, next_try_at = services.trouble(person) if trouble is None else trouble
    return HeroView(
        current=current(recent, now, 60 * services.settings.stale_minutes),
        unit=visit.viewer.unit,
        zone=visit.zone,
        now=now,
        person=person.name if person else "",
        targets=targets,
        stale_minutes=services.settings.stale_minutes,
        since=zone_since(recent, now, targets),
        trouble=what,
        next_try_at=next_try_at,
        upkeep=services.upkeep(),
        sensor=services.sensor(person),
        demo=services.demo,
    )


def _chart_key(visit: Visit, window: Window) -> str:
    return chart_key(visit.person_id, window.name, visit.address.dates)


def _series(services: Services, visit: Visit, before: Window) -> Series:
    """Return the readings of today and of the days before."""
    if visit.person is None:
        return EMPTY
    return services.series.between(visit.person.id, before.start, int(visit.now) + 1)


def _chart(services: Services, visit: Visit, zoom: object, usual: Usual, y_range: YRange | None) -> ChartView:
    window = visit.chosen(RANGES).window
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


def _last_days(visit: Visit) -> LocalDays:
    """Return the last seven days, today among them."""
    first = local_date(visit.zone, visit.now) - timedelta(days=WEEK_DAYS - 1)
    return LocalDays.between(visit.zone, midnight(visit.zone, first), visit.now + 1)


def _week(visit: Visit, series: Series, days: tuple[DayFacts, ...]) -> TilesView:
    return TilesView(
        days=days,
        panels=panels_of(series, days, visit.person.targets if visit.person else ADULT),
        unit=visit.viewer.unit,
        today=days[-1].day,
        chosen=days[-1].day,
        query=f"person={visit.person_id}" if visit.person_id else "",
        phone=visit.viewer.phone,
    )


def _today(visit: Visit, series: Series, before: Window, today: DayFacts) -> TodayView:
    """Return the figures of today and of the days before."""
    earlier = series.between(before.start, before.end)
    window = Window(DATES, today.start, today.until, 1)
    return TodayView(
        today=_statistics(visit, window, (today.times, today.level, today.coverage)),
        before=_statistics(visit, before, figures_of(earlier, None, before, _goals(visit).targets)),
        zone=visit.zone,
        now=visit.now,
        lowest=today.lowest,
        highest=today.highest,
        gaps=tuple(gaps_of(series, today.start, visit.now, still=True)),
    )


def _goals(visit: Visit) -> Goals:
    return visit.person.goals if visit.person else ADULT_GOALS


def _statistics(visit: Visit, window: Window, told: tuple[TimeInRanges, Level, Coverage]) -> StatisticsView:
    times, level, coverage = told
    goals = _goals(visit)
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


def _chart_pieces(chart: ChartView) -> tuple[Any, ...]:
    """Return what the areas of OF_CHART show, in their order among AREAS."""
    return (
        glucose.figure_of(chart),
        layout.chart_title(chart),
        glucose.alt_text(chart),
        layout.chart_key(chart),
    )


def _pieces(page: NowPage, whole_week: bool) -> tuple[Any, ...]:
    """Return what the areas of the page show, in the order of AREAS. whole_week: whether other days than today do."""
    return (
        draw_hero(page.hero),
        *_chart_pieces(page.chart),
        time_in_range(page.today),
        figures(page.today),
        layout.sensor(page),
        layout.attention(page),
        layout.week(page) if whole_week else no_update,
        layout.today_tile(page),
        text.day_long(local_date(page.hero.zone, page.hero.now)),
    )
