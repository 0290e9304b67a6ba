"""The wiring of the page Data."""

from typing import Any

from dash import Dash, Input, Output, no_update
from dash.exceptions import PreventUpdate

from callbacks import connect
from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.visit import Visit
from cgm_dash.errors import ConfigError, StoreError
from cgm_dash.i18n import _
from cgm_dash.metrics.periods import periods
from cgm_dash.units import ADULT
from layouts import connect as connect_layout
from layouts import data as layout
from layouts import ids
from layouts.data import AccountView, DataView, KindView, MonthView
from layouts.views import Content
from sql.tallies import Tally

PATH = "/data"


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    return layout.page(gather(services, visit), _key(visit))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, painted: object) -> Pieces:
        key = _key(visit)
        return (None if key == painted else layout.areas(gather(services, visit))), key

    keep_fresh(app, services, PATH, [(id_, "children") for id_ in layout.AREAS], ids.DATA_PAINTED, draw)
    connect.register(app, services)

    @app.callback(
        Output(ids.DISCONNECT_MESSAGE, "children"),
        Output(ids.DISCONNECTED, "data"),
        Input(ids.DISCONNECT, "n_clicks"),
        prevent_initial_call=True,
    )
    def disconnect(clicks: object) -> tuple[Any, Any]:
        if type(clicks) is not int or clicks < 1:
            raise PreventUpdate
        since = services.now()  # a process that begins later serves without the account
        try:
            by_itself = services.disconnect()
        except ConfigError as exc:
            return str(exc), no_update
        except StoreError:
            return _("The database does not answer, so nothing was changed. Try again in a minute."), no_update
        return connect_layout.disconnected(by_itself=by_itself), since if by_itself else no_update

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves this one untyped
        "function(since) { window.cgm.forms.disconnected(since); }",
        Input(ids.DISCONNECTED, "data"),
        prevent_initial_call=True,
    )


def _key(visit: Visit) -> str:
    """Return what decides that something else must be drawn: another reading, a new quarter of an hour."""
    return f"{visit.key(900)}|{visit.person.seq if visit.person else 0}"


def gather(services: Services, visit: Visit) -> DataView:
    """Return everything the page shows. Raises StoreError."""
    tallies = () if visit.person is None else services.store.tallies.of_person(visit.person.id)
    return DataView(
        now=visit.now,
        zone=visit.zone,
        person=visit.person.name if visit.person else "",
        demo=services.demo,
        account=_account(services, visit),
        connected=services.has_account,
        kinds=_kinds(services, visit, tallies),
        months=_months(services, visit, tallies),
    )


def _account(services: Services, visit: Visit) -> AccountView:
    blocked = services.why_not_connect() or ""
    if not services.has_account:
        return AccountView(blocked=blocked)
    trouble, next_try_at = services.trouble(visit.person)
    email = services.account_shown() or ""
    return AccountView(email, _region(services), services.settings.has_account, blocked, trouble, next_try_at)


def _region(services: Services) -> str:
    """Return the region of the account: set, or learnt at the last sign-in; "" while it is not known."""
    if services.settings.llu_region:
        return services.settings.llu_region
    try:
        account = services.store.upstreams.account()
        if account is None:
            return ""
        learnt = services.store.upstreams.load_state(account.upstream_id).get("region")
    except StoreError:  # sealed with another key: the page says elsewhere that it must be connected again
        return ""
    return account.region or (learnt if isinstance(learnt, str) else "")


def _kinds(services: Services, visit: Visit, tallies: tuple[Tally, ...]) -> tuple[KindView, ...]:
    if visit.person is None:
        return ()
    kinds = {row.source_id: row.kind for row in services.store.sources.of_person(visit.person.id)}
    return tuple(KindView(kinds.get(t.source_id, ""), t.kind, t.n, t.first, t.last) for t in tallies)


def _months(services: Services, visit: Visit, tallies: tuple[Tally, ...]) -> tuple[MonthView, ...]:
    """Return the months with readings, the newest first."""
    if visit.person is None or not tallies:
        return ()
    start, end = min(tally.first for tally in tallies), int(visit.now) + 1
    totals = services.store.days.by_day(visit.person.id, start, end)
    found = periods(totals, "month", visit.zone, start, end, ADULT)
    rows = zip(found.first, found.days.tolist(), found.n.tolist(), found.coverage.tolist(), strict=True)
    return tuple(MonthView(first, days, n, percent) for first, days, n, percent in rows if n)[::-1]
