"""The wiring of "Ask now", wherever the button stands: asked for here, done by the process that polls."""

from typing import Any

from dash import Dash, Input, Output, State
from dash.exceptions import PreventUpdate

from callbacks.services import Services
from cgm_dash.errand import DEADLINE_S, TOO_SOON, ErrandState
from cgm_dash.errors import StoreError, TooSoon
from cgm_dash.i18n import _
from layouts import asking, ids, text
from sql.runs import OK

Said = tuple[str, Any, bool]
"""The words, the errand still awaited (None for none), whether the wait is over."""


def register(app: Dash, services: Services) -> None:
    """Register the callback of the button."""

    @app.callback(
        Output(ids.ASK_OUTCOME, "children"),
        Output(ids.ASK_ERRAND, "data"),
        Output(ids.ASK_TICK, "disabled"),
        Input(ids.ASK_NOW, "n_clicks"),
        Input(ids.ASK_TICK, "n_intervals"),
        State(ids.ASK_ERRAND, "data"),
        prevent_initial_call=True,
    )
    def ask(clicks: object, _tick: object, errand: object) -> Said:
        awaited = _awaited(errand)
        if awaited is None and not (type(clicks) is int and clicks > 0):
            raise PreventUpdate
        try:
            return _begun(services) if awaited is None else _under_way(services, *awaited)
        except TooSoon as exc:
            return too_soon(services, exc), None, True
        except StoreError:
            return _("The database does not answer. Try again in a minute."), None, True


def too_soon(services: Services, exc: TooSoon) -> str:
    """Return why, and until when, the source must not be asked."""
    people = services.people()
    zone = services.zone(people[0] if people else None)
    return _(TOO_SOON[exc.why]).format(time=text.moment_to_the_second(exc.next_at, zone, services.now()))


def _begun(services: Services) -> Said:
    id_, until = services.ask_poll(), services.now() + DEADLINE_S
    return asking.asking(DEADLINE_S), {"id": id_, "until": until}, False


def _under_way(services: Services, id_: str, until: float) -> Said:
    errand = services.errand(id_)
    if errand is None or errand.state is ErrandState.EXPIRED:
        return asking.unanswered(), None, True
    if errand.result is None:
        left = max(0, min(DEADLINE_S, round(until - services.now())))
        return asking.asking(left), {"id": id_, "until": until}, False
    last = services.store.runs.recent(1)
    new = bool(last) and last[0].outcome == OK and last[0].stored > 0
    return asking.answered(errand.result.code, new), None, True


def _awaited(told: object) -> tuple[str, float] | None:
    """Return id and deadline of the errand the browser tells of, None for none or for what cannot be one."""
    if not isinstance(told, dict):
        return None
    id_, until = told.get("id"), told.get("until")
    if not isinstance(id_, str) or not 0 < len(id_) <= 100:
        return None
    # Compared before it becomes a float: a whole number may be too large for one.
    if not isinstance(until, int | float) or isinstance(until, bool) or not 0 <= until < 2**40:
        return None
    return id_, float(until)
