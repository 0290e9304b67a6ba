"""The live page's wiring: what is asked for, gathered from the services, handed to the layout."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from callbacks.address import Address, parse
from callbacks.services import NoSuchPerson, Services
from callbacks.stretch import figures_of, stretch
from cgm_dash.batch import SensorSeen
from cgm_dash.current import current
from cgm_dash.errors import StoreError, StoreUnavailable
from cgm_dash.units import ADULT, Unit
from cgm_dash.window import DEFAULT, Window, dated, named
from cgm_dash.zones import local_date
from layouts import ids, text
from layouts import now as layout
from layouts.figures import glucose
from layouts.problem import error_banner, problem_page
from layouts.shell import zone_note
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


AREAS = (
    (ids.HERO, "children"),
    (ids.BANNER, "children"),
    (ids.GLUCOSE_GRAPH, "figure"),
    (ids.CHART_TITLE, "children"),
    (ids.CHART_ALT, "children"),
    (ids.CHART_KEY, "children"),
    (ids.TIME_IN_RANGE, "children"),
    (ids.FIGURES, "children"),
    (ids.DAY, "children"),
    (ids.DATES_ERROR, "children"),
    (ids.PERSON_NAME, "children"),
    (ids.TOPBAR_NAME, "children"),
    (ids.PERSON_AVATAR, "children"),
    (ids.PERSON_SELECT, "options"),
    (ids.PERSON_BOX, "className"),
    (ids.ZONE_NOTE, "children"),
)
"""What is drawn again when something new is to be seen."""


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
        *(Output(id_, prop) for id_, prop in AREAS),
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
        search: object, unit: object, told: object, zoom: object, _tick: object, painted: object
    ) -> tuple[Any, ...]:
        now = services.now()
        viewer = Viewer.of(unit, told, zoom, services.settings.unit)
        pieces, key = _news(services, parse(search), viewer, now, painted)
        return (*pieces, key, heartbeat(now))

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


def _news(
    services: Services, address: Address, viewer: Viewer, now: float, painted: object
) -> tuple[tuple[Any, ...], Any]:
    """Return what AREAS show from now on, no_update for what stays, and the key of it."""
    stays = (no_update,) * len(AREAS)
    try:
        services.ready()
        try:
            page, key = gather(services, address, viewer, now, painted)
        except NoSuchPerson as exc:
            # Nobody's page, not the one before: its number would stand under a link that names somebody else.
            nobody = _view(services, None, (), address, viewer, now)
            return _with_banner(_pieces(nobody), error_banner(str(exc))), ""
    except StoreError as exc:
        return _with_banner(stays, problem_banner(services, exc)), ""
    return (stays, no_update) if page is None else (_pieces(page), key)


def _with_banner(pieces: tuple[Any, ...], banner: Component) -> tuple[Any, ...]:
    at = AREAS.index((ids.BANNER, "children"))
    return (*pieces[:at], banner, *pieces[at + 1 :])


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
        return layout.database_banner(services.waiting(), services.spooling())
    return error_banner(str(error), "DATABASE")


def gather(
    services: Services, address: Address, viewer: Viewer, now: float, painted: object
) -> tuple[NowPage | None, str]:
    """Return everything the page shows, with a key of it; None in its place where *painted* is that key already.

    Raises StoreUnavailable, and NoSuchPerson for a person the viewer may not see.
    """
    people = services.people()
    person = services.access(address.person or str(people[0].id)) if people or address.person else None
    trouble, _next_try_at = services.trouble(person)
    who = (person.seq, person.name, person.zone, person.zone_confirmed) if person else ()
    seen = (who, int(now // 60), trouble.code if trouble else "", viewer, tuple((p.id, p.name) for p in people))
    key = f"{_chart_key(person, address)}|{seen}"
    if key == painted:
        return None, key
    return _view(services, person, people, address, viewer, now), key


def _chart_key(person: Person | None, address: Address) -> str:
    return chart_key(str(person.id) if person else "", address.range, address.dates)


def _view(
    services: Services, person: Person | None, people: Sequence[Person], address: Address, viewer: Viewer, now: float
) -> NowPage:
    """Return everything the page shows of *person*, None for nobody."""
    zone = services.zone(person)
    window, error = _window(address, now, services, person)
    chart = _chart(services, person, address, viewer, now, window)
    today = local_date(zone, now)
    first, last = address.dates or (today - timedelta(days=13), today)
    return NowPage(
        hero=_hero(services, person, viewer, now),
        chart=chart,
        statistics=_statistics(chart),
        range=RangeView(chosen=address.range, first=first, last=last, today=today, error=error),
        people=tuple(PersonView(str(p.id), p.name) for p in people),
        person_id=str(person.id) if person else "",
        connect=not services.settings.has_account,
        zone_confirmed=person is not None and person.zone_confirmed and person.zone == zone.key,
        tick_seconds=TICK_SECONDS,
    )


def _hero(services: Services, person: Person | None, viewer: Viewer, now: float) -> HeroView:
    recent = services.recent(person, now)
    targets = person.targets if person else ADULT
    trouble, next_try_at = services.trouble(person)
    return HeroView(
        current=current(recent, now, 60 * services.settings.stale_minutes),
        unit=viewer.unit,
        zone=services.zone(person),
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


def _chart(
    services: Services, person: Person | None, address: Address, viewer: Viewer, now: float, window: Window
) -> ChartView:
    key = _chart_key(person, address)
    visible = visible_of(viewer.zoom, key)
    held = stretch(services, person, window, visible, viewer.phone)
    return ChartView(
        series=held.series,
        sums=held.sums,
        envelope=held.envelope,
        loaded=held.loaded,
        window=window,
        unit=viewer.unit,
        zone=services.zone(person),
        now=now,
        key=key,
        targets=person.targets if person else ADULT,
        theme=viewer.theme,
        phone=viewer.phone,
        visible=visible,
        stale_minutes=services.settings.stale_minutes,
    )


def _pieces(page: NowPage) -> tuple[Any, ...]:
    """Return what the areas of the page show, in the order of AREAS."""
    person, zone = page.hero.person, page.hero.zone
    return (
        layout.hero(page.hero),
        layout.banner(page.hero),
        glucose.figure_of(page.chart),
        layout.chart_title(page.chart),
        glucose.alt_text(page.chart),
        layout.chart_key(page.chart),
        layout.time_in_range(page.statistics),
        layout.figures(page.statistics),
        text.day_long(local_date(zone, page.hero.now)),
        page.range.error,
        person,
        person,
        layout.initials(person),
        layout.person_options(page.people),
        layout.person_class(page.people),
        zone_note(person, zone, page.zone_confirmed),
    )


def _window(address: Address, now: float, services: Services, person: Person | None) -> tuple[Window, str]:
    """Return the window asked for and "", or the default one and why the chosen dates were refused."""
    zone = services.zone(person)
    if address.dates is None:
        return named(address.range, now, zone), ""
    fault = layout.date_fault(*address.dates, local_date(zone, now))
    return (named(DEFAULT, now, zone) if fault else dated(*address.dates, now, zone)), fault


def _statistics(chart: ChartView) -> StatisticsView:
    times, level, coverage = figures_of(chart.series, chart.sums, chart.window, chart.targets)
    return StatisticsView(
        times=times,
        level=level,
        coverage=coverage,
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
