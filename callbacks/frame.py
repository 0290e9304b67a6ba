"""The frame around every page: which page an address means, who is looked at, and the sign of life once a tick."""

from types import MappingProxyType
from typing import Any

from dash import Dash, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks import alarm, data, days, now, report, settings, status, trends
from callbacks.cross_site import form_token
from callbacks.now import hero_view
from callbacks.pages import Page, problem_banner
from callbacks.services import NoSuchPerson, Services
from callbacks.visit import Viewer, Visit, nobody, short, visit_of
from cgm_dash.access import Kind, Right
from cgm_dash.errors import StoreError
from layouts import controls, ids, shell
from layouts import now as now_layout
from layouts.alarm import AlarmView, bars
from layouts.banners import banner
from layouts.problem import failed, no_page, no_person, problem_page
from layouts.views import Content, FrameView, HeroView, VisitorView, heartbeat

TICK_SECONDS = 3.0
"""A new reading is to be seen within five seconds of being stored."""

MODULES: tuple[Page, ...] = (now, trends, days, report, data, settings, status)
PAGES = MappingProxyType({page.PATH: page for page in MODULES})
NAMES = MappingProxyType({path: name for name, path in shell.PAGES})

AREAS = (
    (ids.ALARM, "children"),
    (ids.BANNER, "children"),
    (ids.SIGN, "children"),
    (ids.PERSON_NAME, "children"),
    (ids.TOPBAR_NAME, "children"),
    (ids.PERSON_AVATAR, "children"),
    (ids.PERSON_SELECT, "options"),
    (ids.PERSON_BOX, "className"),
    (ids.ZONE_NOTE, "children"),
    (ids.DATES_FAULT, "data"),
    (ids.NEWS, "data"),
)
"""What of the frame is drawn again when something new is to be seen."""


def register(app: Dash, services: Services) -> None:
    """Register the frame's callbacks on *app*."""
    _register_beat(app, services)
    _register_go(app, services)
    _register_in_browser(app)
    alarm.register(app, services)


def _register_beat(app: Dash, services: Services) -> None:
    """The sign of life: at each tick, and whenever something else is looked at."""

    @app.callback(
        *(Output(id_, name) for id_, name in AREAS),
        Output(ids.PROBLEM, "children"),
        Output(ids.FRAME_PAINTED, "data"),
        Output(ids.HEARTBEAT, "children"),
        Input(ids.URL, "search"),
        Input(ids.UNIT_SELECT, "value"),
        Input(ids.TICK, "n_intervals"),
        Input(ids.SHOWN, "data"),
        State(ids.FRAME_PAINTED, "data"),
    )
    def beat(search: object, unit: object, _tick: object, shown: object, painted: object) -> tuple[Any, ...]:
        now_s = services.now()
        viewer = Viewer.of(unit, None, services.settings.unit)
        return (*_news(services, search, shown, viewer, painted), heartbeat(now_s))


def _register_go(app: Dash, services: Services) -> None:
    """The exchange of the page's content: another page, or another person's."""

    @app.callback(
        Output(ids.HEAD, "children"),
        Output(ids.PAGE, "children"),
        Output(ids.NAV, "children"),
        Output(ids.TABS, "children"),
        Output(ids.SHOWN, "data"),
        Output(ids.PAGE, "data-person"),
        Input(ids.URL, "pathname"),
        Input(ids.WHO, "data"),
        State(ids.URL, "search"),
        State(ids.UNIT_SELECT, "value"),
        State(ids.VIEWER, "data"),
        State(ids.SHOWN, "data"),
        State(ids.PAGE, "data-person"),
        prevent_initial_call=True,
    )
    def go(
        path: object, who: object, search: object, unit: object, told: object, shown: object, whose: object
    ) -> tuple[Any, ...]:
        path = path if isinstance(path, str) and path in PAGES else ""
        if path == shown and who == whose:
            raise PreventUpdate
        viewer = Viewer.of(unit, told, services.settings.unit)
        content, person_id = _content(services, path, search, viewer)
        head = shell.headline(content, services.demo)
        allowed = services.caller().pages
        links = shell.rail_links(content.page, allowed), shell.tab_links(content.page, allowed)
        return head, content.body, *links, path, person_id


def _register_in_browser(app: Dash) -> None:
    """What assets/address.js does with the address. Dash leaves the function that registers it untyped."""
    app.clientside_callback(  # type: ignore[no-untyped-call]
        "function(search) { return window.cgm.address.who(); }",
        Output(ids.WHO, "data"),
        Input(ids.URL, "search"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        "function(fault) { window.cgm.address.fault(fault); }",
        Input(ids.DATES_FAULT, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(  # type: ignore[no-untyped-call]
        "function(search, shown) { window.cgm.address.arrived(shown); }",
        Input(ids.URL, "search"),
        Input(ids.SHOWN, "data"),
        prevent_initial_call=True,
    )


def first_paint(services: Services, path: str, search: str, viewer: Viewer) -> Component:
    """Return the whole document as an address asks for it; while the database is away, a page that says so."""
    try:
        services.ready()
        nothing = not services.demo and not services.has_account and services.may(Right.MANAGE)
        if nothing and not services.people():
            return now_layout.connect_page(services.why_not_connect() or "")
        page = _page(services, path)
        if page is None:
            return problem_page(no_page())
        visit = visit_of(services, search, viewer)
        content = page.content(services, visit)
        return shell.frame(content, _frame_view(services, visit, content.page, search))
    except StoreError as exc:
        return problem_page(failed(problem_banner(services, exc)))
    except NoSuchPerson:
        return problem_page(no_person(listed=False))


def _page(services: Services, path: str) -> Page | None:
    """Return the page at *path*, None where there is none that whoever asks may open; the two look alike."""
    return PAGES.get(path) if services.caller().may_open(NAMES.get(path, "")) else None


def _content(services: Services, path: str, search: object, viewer: Viewer) -> tuple[Content, str]:
    """Return the page at *path*, or why there is none, and the id of whose it is, "" for nobody's."""
    page, name = _page(services, path), NAMES.get(path, "")
    if page is None:
        return Content(page="", body=[no_page()]), ""
    try:
        services.ready()
        visit = visit_of(services, search, viewer)
        return page.content(services, visit), visit.person_id
    except NoSuchPerson:
        return Content(page=name, body=[no_person()]), ""
    except StoreError as exc:
        return Content(page=name, body=[failed(problem_banner(services, exc))]), ""


def _frame_view(services: Services, visit: Visit, page: str, search: str) -> FrameView:
    hero = _hero(services, visit)
    return FrameView(
        hero=hero,
        people=visit.people_views,
        person_id=visit.person_id,
        zone_confirmed=_zone_confirmed(visit),
        search=search and f"?{search}",
        theme=visit.viewer.theme,
        phone=visit.viewer.phone,
        key=_key(services, visit, page),
        news=_news_key(visit),
        tick_seconds=TICK_SECONDS,
        visitor=_visitor(services),
        alarms=alarm.views(services, visit),
        watched=alarm.is_watched(services, visit.person),
    )


def _hero(services: Services, visit: Visit) -> HeroView:
    """Return what the frame of every page tells of the newest reading: nothing to who may not open the live page."""
    found = hero_view(services, visit)
    return found if services.caller().may_open("now") else found.untold_here()


def _visitor(services: Services) -> VisitorView:
    caller = services.caller()
    if caller.kind is not Kind.USER:
        return VisitorView(pages=caller.pages)
    return VisitorView(caller.name, caller.may(Right.MANAGE), form_token(), caller.pages)


def _zone_confirmed(visit: Visit) -> bool:
    person = visit.person
    return person is not None and person.zone_confirmed and person.zone == visit.zone.key


def _news_key(visit: Visit) -> str:
    """Return what every page follows: readings, minutes, and what was set for the person, here or elsewhere."""
    who = visit.person
    about = () if who is None else (who.id, who.seq, who.name, who.zone, who.zone_confirmed, who.goals)
    return f"{about}:{int(visit.now // 60)}"


def _key(services: Services, visit: Visit, page: str) -> str:
    """Return what decides that the frame must be drawn again."""
    trouble, _next_try_at = services.trouble(visit.person)
    people = tuple((p.id, p.name) for p in visit.people)
    code = " ".join(one.code for one in (trouble, services.upkeep()) if one)
    alarms = alarm.key(services, visit)
    return short(f"{page}|{_news_key(visit)}|{visit.address}|{code}|{visit.viewer.unit}|{people}|{alarms}")


def _news(services: Services, search: object, shown: object, viewer: Viewer, painted: object) -> tuple[Any, ...]:
    """Return what AREAS show from now on, the problem there is, and the key of both; no_update for what stays."""
    stays = (no_update,) * len(AREAS)
    try:
        services.ready()
        visit = visit_of(services, search, viewer)
        page = NAMES.get(shown, "") if isinstance(shown, str) else ""
        key = _key(services, visit, page)
        if key == painted:
            return (*stays, no_update, no_update)
        watched = alarm.is_watched(services, visit.person)
        pieces = _pieces(_hero(services, visit), visit, page, alarm.views(services, visit), watched)
        # A page's own problem is its own to take back.
        return (*pieces, None if painted == "" else no_update, key)
    except NoSuchPerson:
        return ([], no_person(), *_nobody(services, viewer), no_update, "")
    except StoreError as exc:  # a low that was told a moment ago is still to be seen: it outranks this
        return (*stays, problem_banner(services, exc), "")


def _pieces(
    hero: HeroView, visit: Visit, page: str, alarms: tuple[AlarmView, ...] = (), watched: bool = False
) -> tuple[Any, ...]:
    """Return what the areas of the frame show, in the order of AREAS."""
    people = visit.people_views
    return (
        bars(alarms),
        banner(hero, page in ("now", "")),
        shell.sign(hero, page, visit.person_id, watched),
        hero.person,
        hero.person,
        controls.initials(hero.person),
        controls.person_options(people),
        controls.person_class(people),
        shell.zone_note(hero.person, hero.zone, _zone_confirmed(visit)),
        visit.fault,
        _news_key(visit),
    )


def _nobody(services: Services, viewer: Viewer) -> tuple[Any, ...]:
    """Return the frame around a page of a person there is none of: nobody's name and no sign of anybody's reading."""
    visit = nobody(services, viewer)
    return _pieces(_hero(services, visit), visit, "")[2:]
