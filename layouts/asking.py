"""The button that has the source asked at once, and the words for what comes of it."""

from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.i18n import _, plural
from layouts import ids, outcomes


def ask_button(enabled: bool) -> Component:
    """Return the button."""
    return html.Button(_("Ask now"), id=ids.ASK_NOW, className="btn sm", type="button", disabled=not enabled)


def ask_plumbing() -> list[Component]:
    """Return what the answer's words stand in, and what the wait for it needs; the button is not in it."""
    return [
        html.P(id=ids.ASK_OUTCOME, className="ask-outcome", role="status"),
        dcc.Store(id=ids.ASK_ERRAND),
        dcc.Interval(id=ids.ASK_TICK, interval=1000, disabled=True),
    ]


def asking(left_s: int) -> str:
    """Return that an answer is awaited, at most so many seconds more."""
    return plural("Asking… at most {n} second more.", "Asking… at most {n} seconds more.", left_s).format(n=left_s)


def answered(code: str, new: bool) -> str:
    """Return what asking came to. new: whether it brought a reading we did not have."""
    if code == outcomes.OK:
        return _("Answered, with a new reading.") if new else _("Answered; there is nothing newer yet.")
    return _("Failed: {outcome}.").format(outcome=outcomes.outcome(code))


def unanswered() -> str:
    """Return that nobody answered in time."""
    return _("No answer within 20 seconds. The page Status tells whether a process asks the source at all.")
