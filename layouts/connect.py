"""How a sensor is connected: what a follower account is, the form, and the words for what comes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.errand import Found, sentence_of_check
from cgm_dash.i18n import _
from cgm_dash.i18n import mark as m
from layouts import ids, text
from layouts.attributes import hyphened
from layouts.forms import field, message
from layouts.icons import icon

WAIT_S = 20
"""The longest that a check may take."""

AUTO = "auto"
REGIONS: Mapping[str, str] = MappingProxyType(
    {
        AUTO: m("found by itself"),
        "ae": m("United Arab Emirates"),
        "ap": m("Asia and Pacific"),
        "au": m("Australia"),
        "ca": m("Canada"),
        "cn": m("China"),
        "de": m("Germany"),
        "eu": m("Europe"),
        "eu2": m("Europe, second server"),
        "fr": m("France"),
        "jp": m("Japan"),
        "la": m("Latin America"),
        "ru": m("Russia"),
        "us": m("United States"),
    }
)
"""The regions of LibreLinkUp seen so far. Source: gui-dos/DiaBLE, LibreLink.swift."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing was connected. words: whole sentences. email, password: which field to look at."""

    words: str
    email: bool = False
    password: bool = False


def connect_form(blocked: str = "") -> Component:
    """Return the steps to a follower account and the form for it.

    blocked: what in the settings keeps an account from being connected here, "" where nothing does.
    """
    return html.Div([_steps(), blocked_note(blocked) if blocked else _form()], className="connect-box")


def _steps() -> Component:
    steps = (
        (
            _("Make a follower account."),
            _(
                "In the wearer's Libre app choose Connected apps, LibreLinkUp, and invite an e-mail address of your"
                " own. If you wear the sensor yourself, take a second address of yours."
            ),
        ),
        (
            _("Accept the invitation once."),
            _("Install the LibreLinkUp app, sign up in it with that address, and accept."),
        ),
        (_("Sign in here with it."), _("With the follower account, not with the wearer's own.")),
    )
    why = html.Details(
        [
            html.Summary(_("What is a follower account?")),
            html.P(
                _(
                    "An account of LibreLinkUp, the app for family and carers. It can read what the wearer shares with"
                    " it and nothing else: it can change nothing, and the wearer can end the sharing at any time."
                )
            ),
        ],
        className="explain",
    )
    items = [html.Li(html.Div([html.B(title), " ", rest])) for title, rest in steps]
    return html.Div([html.Ol(items, className="how-steps"), why])


def blocked_note(reason: str) -> Component:
    """Return that no account can be connected here, and what in the settings keeps it from that."""
    lead = _("An account cannot be connected on this page now. Whoever runs this program can change that:")
    return message("waiting", [html.P(lead), html.P(html.Code(reason, className="code"))])


def _form() -> Component:
    email = dbc.Input(
        id=ids.CONNECT_EMAIL, type="text", inputmode="email", autocomplete="username", className="input", value=""
    )
    password = dbc.Input(
        id=ids.CONNECT_PASSWORD, type="password", autocomplete="current-password", className="input", value=""
    )
    words = hyphened(data_show=_("Show"), data_hide=_("Hide"), aria_controls=ids.CONNECT_PASSWORD, aria_pressed="false")
    show = html.Button(_("Show"), id=ids.CONNECT_SHOW, className="btn quiet", type="button", **words)
    regions = [{"label": _(name), "value": code} for code, name in REGIONS.items()]
    region = dbc.Select(id=ids.CONNECT_REGION, options=regions, value=AUTO, className="select boxed")
    more = html.Details([html.Summary(_("More")), field(_("Region"), region)], className="explain")
    kept = _("Stored encrypted on this computer, and sent to LibreLinkUp only.")
    return html.Div(
        [
            html.Div(id=ids.CONNECT_MESSAGE, role="alert", tabIndex=-1),
            dbc.Form(
                [
                    field(_("E-mail"), email),
                    field(_("Password"), password, hint=kept, beside=show),
                    more,
                    html.Div([_submit(), _progress()], className="send"),
                ],
                id=ids.CONNECT_FORM,
                className="form",
            ),
            *_plumbing(),
        ]
    )


def _plumbing() -> list[Component]:
    return [
        dcc.Store(id=ids.CONNECT_SINCE),
        dcc.Store(id=ids.CONNECT_READY),
        dcc.Interval(id=ids.CONNECT_TICK, interval=1000, disabled=True),
    ]


def _submit() -> Component:
    return html.Button(_("Connect"), id=ids.CONNECT_SUBMIT, className="btn primary", type="submit")


def _progress() -> Component:
    """Return what shows while LibreLinkUp is asked; assets/forms.js counts the seconds down."""
    left = html.Span(
        _("at most {n} s more").format(n=WAIT_S),
        className="left",
        **hyphened(data_seconds=str(WAIT_S), data_pattern=_("at most {n} s more"), aria_hidden="true"),
    )
    doing = html.Span(_("Signing in to LibreLinkUp…"), role="status")
    return html.Span([doing, " ", left], id=ids.CONNECT_PROGRESS, className="hint", hidden=True)


def doors(blocked: str = "", demo: bool = True) -> Component:
    """Return the two doors side by side: connect, or look around in the demo."""
    first = html.Section([html.H2(_("Connect LibreLinkUp")), connect_form(blocked)], className="card door")
    if not demo:
        return html.Div(first, className="doors one")
    look = html.Section(
        [
            html.H2(_("Or look around first")),
            html.P(
                _(
                    "The demo runs a simulated sensor over the same connection as a real one, with 90 days behind it."
                    " Nothing in it belongs to a person, and none of it is taken over when you connect."
                )
            ),
            html.A([icon("play", small=True), _("Go on with the demo")], href="/", className="btn"),
        ],
        className="card door",
    )
    return html.Div([first, look], className="doors")


# --- what comes of it


def refused(code: str) -> Fault:
    """Return what a check that failed means, in plain words, and which field to look at."""
    return Fault(_(sentence_of_check(code)), password=code == "wrong-password")


def no_email() -> Fault:
    """Return that what was typed is no e-mail address."""
    return Fault(_("Write the e-mail address of the follower account, such as name@example.org."), email=True)


def no_password() -> Fault:
    """Return that no password was typed, or none that can be one."""
    return Fault(_("Write the password of the follower account."), password=True)


def unanswered() -> Fault:
    """Return that no process answered in time."""
    return Fault(
        _(
            "Nobody answered within 20 seconds, and nothing was changed. The page Status tells whether a process is"
            " running that can ask LibreLinkUp."
        )
    )


def told(fault: Fault) -> Component:
    """Return the message of a fault."""
    return message("bad", [html.P(fault.words)])


def starting(found: Sequence[Found], *, by_itself: bool) -> Component:
    """Return that the account is connected: who was found, and how it goes on."""
    lines = [html.Li(_wearer(one)) for one in found]
    title = html.P(html.B(_("Connected. These people share readings with this account:")))
    if by_itself:
        rest = _("Starting with it… This page opens by itself in some seconds.")
    else:
        rest = _("It is stored. Start this program again by hand, then open this page anew.")
    return message("good", [title, html.Ul(lines, className="found"), html.P(rest, className="sub")])


def _wearer(one: Found) -> str:
    name = one.name or _("without a name")
    if one.age_s is None:
        return _("{name}, no reading yet").format(name=name)
    return _("{name}, newest reading {age}").format(name=name, age=text.age(one.age_s))


def disconnected(*, by_itself: bool) -> Component:
    """Return that no account is connected any more, and how it goes on."""
    if by_itself:
        return message("good", [html.P(_("Disconnected. This page opens anew by itself in some seconds."))])
    return message("good", [html.P(_("Disconnected. Start this program again by hand, then open this page anew."))])


def late() -> Component:
    """Return that the program is not back after a minute."""
    return message(
        "waiting",
        [html.P(_("The account is stored, but the program takes longer than usual. Open this page anew in a minute."))],
    )
