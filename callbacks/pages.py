"""What every page module of this package has, and how it keeps what it shows up to date.

A page is two modules of one name. `layouts/NAME.py` draws: `page(view, key) -> Content`, from plain data gathered for
it, with areas (elements of fixed ids) whose children are renewed later. `callbacks/NAME.py` wires: `PATH`; `content`,
which gathers the data and has the layout draw them for the first paint; `register`, which calls `keep_fresh` and adds
what the page's own controls need. The frame (callbacks/frame.py) puts the content of the address asked for into the
document and exchanges it when a link is followed; head, rail, banners, unit and person belong to it.

Everything a callback is given may come from a stranger: `visit_of` judges address and viewer, a page its own controls.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dash import Dash, Input, Output, State, no_update, set_props
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.services import NoSuchPerson, Services
from callbacks.visit import Viewer, Visit, nobody, visit_of
from cgm_dash.errors import StoreError, StoreUnavailable
from layouts import ids
from layouts.banners import database_banner
from layouts.problem import database_fault
from layouts.views import Content

Pieces = tuple[Sequence[Any] | None, str]
"""What the areas show, in their order, None where nothing of it has changed; and the key of it."""


class Page(Protocol):
    """A module of callbacks for one page."""

    PATH: str

    def content(self, services: Services, visit: Visit) -> Content:
        """Return the whole page as *visit* asks for it. Raises StoreError."""

    def register(self, app: Dash, services: Services) -> None:
        """Register the page's callbacks."""


def keep_fresh(
    app: Dash,
    services: Services,
    path: str,
    areas: Sequence[tuple[str, str]],
    painted: str,
    draw: Callable[..., Pieces],
    own: Sequence[Input | State] = (),
) -> None:
    """Renew the *areas* (id and property each) of the page at *path* when address, viewer, news or *own* change.

    draw: called with the visit, the values of *own*, and the key last painted (the store *painted* holds it); it
    returns None in place of the pieces where that key still says everything, which must cost little. For an address
    that names a person there is none of, the visit has nobody: what stood there before would be somebody else's.
    """

    @app.callback(
        *(Output(id_, name) for id_, name in areas),
        Output(painted, "data"),
        Input(ids.URL, "search"),
        Input(ids.UNIT_SELECT, "value"),
        Input(ids.VIEWER, "data"),
        Input(ids.NEWS, "data"),
        *own,
        State(painted, "data"),
        State(ids.URL, "pathname"),
        State(ids.PAGE, "data-person"),
    )
    def renew(search: object, unit: object, told: object, _news: object, *rest: object) -> tuple[Any, ...]:
        *values, key, here, whose = rest
        if here not in (path, None):  # the page is on its way out, and its address already another one's
            raise PreventUpdate
        try:
            services.ready()
            visit = _visit(services, search, Viewer.of(unit, told, services.settings.unit))
            if whose and visit.person_id not in (whose, ""):  # the whole page is on its way for somebody else
                raise PreventUpdate
            pieces, now_key = draw(visit, *values, key)
        except StoreError as exc:  # what is drawn stays, and its age is told
            set_props(ids.PROBLEM, {"children": problem_banner(services, exc)})
            return (*(no_update for _ in areas), "")
        if pieces is None:
            return (*(no_update for _ in areas), no_update)
        set_props(ids.PROBLEM, {"children": None})
        return (*pieces, now_key)


def problem_banner(services: Services, error: StoreError) -> Component:
    """Return the banner of a database that cannot be worked with."""
    if isinstance(error, StoreUnavailable):
        return database_banner(services.waiting(), services.spooling())
    return database_fault(str(error))


def _visit(services: Services, search: object, viewer: Viewer) -> Visit:
    try:
        return visit_of(services, search, viewer)
    except NoSuchPerson:
        return nobody(services, viewer)
