"""The live page's wiring: what is asked for, gathered from the services, handed to the layout."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from callbacks.address import Address, parse
from callbacks.services import NoSuchPerson, Services
from cgm_dash.batch import SensorSeen
from cgm_dash.current import current
from cgm_dash.errors import StoreError, StoreUnavailable
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import level
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import ADULT, Unit
from cgm_dash.window import DEFAULT, Window, dated, named
from cgm_dash.zones import local_date
from layouts import ids, text
from layouts import now as layout
from layouts.figures import glucose
from layouts.problem import error_banner, problem_page
from layouts.views import (
    ChartView,
    HeroView,
    NowPage,
    PersonView,
    RangeView,
    StatisticsView,
    chart_key,
    heartbeat,
    visible_of,
    zone_since,
)
from sql.people import Person

TICK_SECONDS = 3.0
"""A new reading is to be seen within five seconds of being stored."""


@dataclasses.dataclass(frozen=True, slots=True)
class Viewer:
    """How one viewer looks at the page, as the browser tells; everything is checked here."""

    unit: Unit
    theme: str = "light"
    phone: bool = False
    zoom: object = None

    @classmethod
    def of(cls, unit: object, told: object, zoom: object, default: Unit) -> "Viewer":
        """Return the viewer's choices, the defaults for what is missing or odd."""
        told = told if isinstance(told, Mapping) else {}
        known = [u for u in Unit if u.value == unit]
        theme = "dark" if told.get("theme") == "dark" else "light"
        return cls(known[0] if known else default, theme, told.get("phone") is True, zoom)


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    @app.callback(
        Output(ids.HERO, "children"),
        Output(ids.BANNER, "children"),
        Output(ids.GLUCOSE_GRAPH, "figure"),
        Output(ids.CHART_TITLE, "children"),
        Output(ids.CHART_ALT, "children"),
        Output(ids.TIME_IN_RANGE, "children"),
        Output(ids.FIGURES, "children"),
        Output(ids.DAY, "children"),
        Output(ids.DATES_ERROR, "children"),
        Output(ids.PAINTED, "data"),
        Output(ids.HEARTBEAT, "children"),
        Input(ids.URL, "search"),
        Input(ids.UNIT_SELECT, "value"),
        Input(ids.VIEWER, "data"),
        Input(ids.VISIBLE, "data"),
        Input(ids.TICK, "n_intervals"),
        State(ids.PAINTED, "data"),
    )
    def renew(
        search: str | None, unit: str | None, told: object, zoom: object, _tick: int | None, painted: str | None
    ) -> tuple[Any, ...]:
        now = services.now()
        alive = heartbeat(now)
        viewer = Viewer.of(unit, told, zoom, services.settings.unit)
        try:
            services.ready()
            page, key = gather(services, parse(search), viewer, now, painted)
        except StoreError as exc:
            return (no_update, problem_banner(services, exc), *[no_update] * 7, "", alive)
        if page is None:
            return (*[no_update] * 10, alive)
        return (*_pieces(page), key, alive)

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves this one untyped
        "function() { return window.cgm.address.apply(null, arguments); }",
        Output(ids.URL, "search"),
        Output(ids.RANGE_SELECT, "value"),
        Output(ids.PERSON_SELECT, "value"),
        Input(ids.URL, "search"),
        Input(ids.RANGE_SELECT, "value"),
        Input(ids.PERSON_SELECT, "value"),
        Input(ids.DATES_APPLY, "n_clicks"),
        State(ids.DATE_FROM, "value"),
        State(ids.DATE_TO, "value"),
        prevent_initial_call=True,
    )


def first_paint(services: Services, search: str, viewer: Viewer) -> Component:
    """Return the whole page as *search* asks for it; while the database cannot be worked with, a page that says so."""
    try:
        services.ready()
        if not services.demo and not services.settings.has_account and not services.people():
            return layout.connect_page()
        page, key = gather(services, parse(search), viewer, services.now(), None)
    except StoreError as exc:
        return problem_page(problem_banner(services, exc))
    except NoSuchPerson as exc:
        return problem_page(error_banner(str(exc)))
    assert page is not None  # noqa: S101  nothing is painted yet, so gather returned a page
    return html.Div([layout.page(page), dcc.Store(id=ids.PAINTED, data=key)])


def problem_banner(services: Services, error: StoreError) -> Component:
    """Return the banner of a database that cannot be worked with."""
    if isinstance(error, StoreUnavailable):
        return layout.database_banner(services.waiting())
    return error_banner(str(error), "DATABASE")


def gather(
    services: Services, address: Address, viewer: Viewer, now: float, painted: str | None
) -> tuple[NowPage | None, str]:
    """Return everything the page shows, with a key of it; None in its place where *painted* is that key already.

    Raises StoreUnavailable, and NoSuchPerson for a person the viewer may not see.
    """
    people = services.people()
    person = services.access(address.person or str(people[0].id)) if people or address.person else None
    zone = services.zone(person)
    window, error = _window(address, now, services, person)
    name = chart_key(str(person.id) if person else "", address.range, address.dates)
    trouble, next_try_at = services.trouble(person)
    seen = (person.seq if person else 0, int(now // 60), trouble.code if trouble else "", viewer, zone.key, len(people))
    key = f"{name}|{seen}"
    if key == painted:
        return None, key
    recent = services.recent(person, now)
    targets = person.targets if person else ADULT
    hero = HeroView(
        current=current(recent, now, 60 * services.settings.stale_minutes),
        unit=viewer.unit,
        zone=zone,
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
    series = _between(services, person, window)
    chart = ChartView(
        series=series,
        window=window,
        unit=viewer.unit,
        zone=zone,
        now=now,
        key=name,
        targets=targets,
        theme=viewer.theme,
        phone=viewer.phone,
        visible=visible_of(viewer.zoom, name),
        stale_minutes=services.settings.stale_minutes,
    )
    today = local_date(zone, now)
    first, last = address.dates or (today - timedelta(days=13), today)
    return NowPage(
        hero=hero,
        chart=chart,
        statistics=_statistics(chart),
        range=RangeView(chosen=address.range, first=first, last=last, today=today, error=error),
        people=tuple(PersonView(str(p.id), p.name) for p in people),
        person_id=str(person.id) if person else "",
        connect=not services.settings.has_account,
        zone_confirmed=person.zone_confirmed if person else False,
        tick_seconds=TICK_SECONDS,
    ), key


def _pieces(page: NowPage) -> tuple[Any, ...]:
    """Return what the areas of the page show, in the order of renew's outputs."""
    return (
        layout.hero(page.hero),
        layout.banner(page.hero),
        glucose.figure_of(page.chart),
        layout.chart_title(page.chart),
        glucose.alt_text(page.chart),
        layout.time_in_range(page.statistics),
        layout.figures(page.statistics),
        text.day_long(local_date(page.hero.zone, page.hero.now)),
        page.range.error,
    )


def _window(address: Address, now: float, services: Services, person: Person | None) -> tuple[Window, str]:
    """Return the window asked for and "", or the default one and why the chosen dates were refused."""
    zone = services.zone(person)
    if address.dates is None:
        return named(address.range, now, zone), ""
    fault = layout.date_fault(*address.dates, local_date(zone, now))
    return (named(DEFAULT, now, zone) if fault else dated(*address.dates, now, zone)), fault


def _between(services: Services, person: Person | None, window: Window) -> Series:
    return EMPTY if person is None else services.series.between(person.id, window.start, window.end)


def _statistics(chart: ChartView) -> StatisticsView:
    return StatisticsView(
        times=time_in_ranges(chart.series, chart.targets),
        level=level(chart.series),
        coverage=coverage(chart.series, chart.window),
        window=chart.window,
        unit=chart.unit,
        targets=chart.targets,
    )


def _sensor(services: Services, person: Person | None) -> SensorSeen | None:
    """Return the wearer's newest sensor, None where the source names none."""
    known = services.store.sensors.of_person(person.id) if person else ()
    newest = max(known, key=lambda s: s.activated or 0, default=None)
    if newest is None:
        return None
    return SensorSeen(newest.serial, newest.kind, newest.activated, newest.warmup_min, newest.life_days)
