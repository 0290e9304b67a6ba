"""The wiring of the form that connects an account, and of what disconnects it.

The password travels once, from the browser to the request that uses it. It is in no answer, store, address or log.
"""

import time
from typing import Any

from dash import Dash, Input, Output, State, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from callbacks.asking import too_soon
from callbacks.services import Services
from cgm_dash.account import LONGEST, is_email
from cgm_dash.errand import OK, Errand
from cgm_dash.errors import ConfigError, StoreError, TooSoon, UsageError
from cgm_dash.i18n import _
from layouts import connect as layout
from layouts import ids
from layouts.connect import Fault

LOOK_S = 0.25
LOOKS = 100
"""Looks for an answer until an errand is given up; the errand itself ends after 20 seconds."""

PATIENCE_TICKS = 60
"""Seconds after which the page says that the program takes longer than usual."""


def register(app: Dash, services: Services) -> None:
    """Register the callbacks of the form."""

    @app.callback(
        Output(ids.CONNECT_MESSAGE, "children"),
        Output(ids.CONNECT_EMAIL, "invalid"),
        Output(ids.CONNECT_PASSWORD, "invalid"),
        Output(ids.CONNECT_SINCE, "data"),
        Output(ids.CONNECT_TICK, "disabled"),
        Input(ids.CONNECT_FORM, "n_submit"),
        State(ids.CONNECT_EMAIL, "value"),
        State(ids.CONNECT_PASSWORD, "value"),
        State(ids.CONNECT_REGION, "value"),
        running=[
            (Output(ids.CONNECT_SUBMIT, "disabled"), True, False),
            (Output(ids.CONNECT_PROGRESS, "hidden"), False, True),
            (Output(ids.CONNECT_PASSWORD, "value"), "", ""),
            (Output(ids.CONNECT_PASSWORD, "type"), "password", "password"),
        ],
        prevent_initial_call=True,
    )
    def connect(submits: object, email: object, password: object, region: object) -> tuple[Any, ...]:
        if type(submits) is not int or submits < 1:
            raise PreventUpdate
        since = services.now()  # a process that begins later serves the new account
        came = _connected(services, email, password, region)
        if isinstance(came, Fault):
            return layout.told(came), came.email, came.password, no_update, True
        message, waits = came
        return message, False, False, since if waits else no_update, not waits

    _register_wait(app, services)
    _register_in_browser(app)


def _register_wait(app: Dash, services: Services) -> None:
    """Register the wait for a process that serves the new account."""

    @app.callback(
        Output(ids.CONNECT_READY, "data"),
        Output(ids.CONNECT_MESSAGE, "children", allow_duplicate=True),
        Input(ids.CONNECT_TICK, "n_intervals"),
        State(ids.CONNECT_SINCE, "data"),
        prevent_initial_call=True,
    )
    def wait(ticks: object, since: object) -> tuple[Any, Any]:
        if type(ticks) is not int or not isinstance(since, int | float) or isinstance(since, bool):
            raise PreventUpdate
        ready = services.awake_since() > since
        return (True if ready else no_update), (layout.late() if ticks == PATIENCE_TICKS and not ready else no_update)


def _register_in_browser(app: Dash) -> None:
    """Register what assets/forms.js does: without an output, since Dash need not know of it."""
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves this one untyped
        "function(_clicks) { return window.cgm.forms.shown(); }",
        Output(ids.CONNECT_PASSWORD, "type"),
        Input(ids.CONNECT_SHOW, "n_clicks"),
        prevent_initial_call=True,
    )
    for name, given in (
        ("told", Input(ids.CONNECT_MESSAGE, "children")),
        ("ready", Input(ids.CONNECT_READY, "data")),
    ):
        app.clientside_callback(  # type: ignore[no-untyped-call]
            f"function(given) {{ window.cgm.forms.{name}(given); }}", given, prevent_initial_call=True
        )


def pause() -> None:
    """Wait until the next look for an answer."""
    time.sleep(LOOK_S)


def _connected(services: Services, email: object, password: object, region: object) -> tuple[Component, bool] | Fault:
    """Check the account, make it the one that is polled, and return the message and whether the page must wait."""
    if not isinstance(email, str) or len(email) > LONGEST or not is_email(email.strip()):
        return layout.no_email()
    if not isinstance(password, str) or not 0 < len(password) <= LONGEST or "\0" in password:
        return layout.no_password()
    where = region if isinstance(region, str) and region in layout.REGIONS else None
    try:
        errand = _awaited(services, services.ask_check(email, password, where))
        result = None if errand is None else errand.result
        if result is None:
            return layout.unanswered()
        if result.code != OK:
            return layout.refused(result.code)
        by_itself = services.connect(email, password, where)
    except TooSoon as exc:
        return Fault(too_soon(services, exc))
    except (UsageError, ConfigError) as exc:
        return Fault(str(exc))
    except StoreError:
        return Fault(_("The database does not answer, so nothing was changed. Try again in a minute."))
    return layout.starting(result.wearers, by_itself=by_itself), by_itself


def _awaited(services: Services, id_: str) -> Errand | None:
    """Return the errand once it is over, None where it is gone or nobody ends it."""
    for _look in range(LOOKS):
        errand = services.errand(id_)
        if errand is None or errand.is_over:
            return errand
        pause()
    return None
