"""What a request came to and why a record was not taken, in two or three words: for tables. The sentences that say
what to do stand in cgm_dash.trouble."""

from collections.abc import Mapping
from types import MappingProxyType

from dash import html
from dash.development.base_component import Component

from cgm_dash.i18n import _
from cgm_dash.i18n import mark as m
from cgm_dash.trouble import TROUBLES, Level, Trouble
from layouts.icons import icon

OK = "ok"

LEVELS: Mapping[Level, str] = MappingProxyType(
    {
        Level.USER: m("Your turn"),
        Level.OPERATOR: m("A fault"),
        Level.TIME: m("Waiting"),
        Level.NONE: m("Nothing"),
    }
)
"""What a trouble asks for, in a word or two."""

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "network": m("not reached"),
        "timeout": m("no answer in time"),
        "server-error": m("fault on its side"),
        "maintenance": m("under maintenance"),
        "rate-limited": m("asked to slow down"),
        "blocked": m("address refused"),
        "locked": m("account locked"),
        "session-refused": m("session refused"),
        "bad-answer": m("answer not readable"),
        "no-data": m("answer without data"),
        "store-away": m("our database away"),
        "version-refused": m("app version refused"),
        "headers-refused": m("request refused"),
        "account-refused": m("account not recognised"),
        "redirect-loop": m("sent in a circle"),
        "host-refused": m("region not trusted"),
        "closed-by-maker": m("switched off by the maker"),
        "database-away": m("our database away"),
        "database-damaged": m("our database damaged"),
        "clock-wrong": m("our clock wrong"),
        "disk-full": m("our disk full"),
        "polling-stopped": m("asking had stopped"),
        "wrong-password": m("password refused"),
        "terms": m("new terms to accept"),
        "privacy": m("new privacy policy to accept"),
        "verify-email": m("e-mail to confirm"),
        "two-factor": m("two-factor sign-in"),
        "step-unknown": m("unknown step to take"),
        "no-connection": m("nobody shares readings"),
        "sharing-stopped": m("sharing ended"),
        "not-configured": m("no account"),
    }
)
"""By code of trouble.TROUBLES."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "future": m("Its time lies in the future."),
        "too-old": m("It is older than 15 days."),
        "out-of-range": m("It is no possible glucose value."),
        "period": m("Its interval is not possible."),
        "kind": m("It is of no kind we know."),
        "unknown-type": m("It is of no type we know."),
        "no-time": m("It has no time."),
        "bad-time": m("Its time cannot be read."),
        "no-value": m("It has no value."),
        "bad-value": m("Its value cannot be read."),
        "bad-flag": m("Its mark for too low or too high cannot be read."),
        "no-object": m("It has another form than a reading."),
        "no-list": m("It has another form than a list."),
        "no-patient": m("It names no wearer."),
    }
)
"""By reason of a rejected record."""


def outcome(code: str) -> str:
    """Return what a request came to, in two or three words; a code we do not know as it is."""
    return _(OUTCOMES[code]) if code in OUTCOMES else code


def reason(word: str) -> str:
    """Return why a record was not taken, as a sentence; a reason we do not know as it is."""
    return _(REASONS[word]) if word in REASONS else word


def tag(code: str) -> str:
    """Return the class of an outcome's tag: what time heals is amber, what a person must do is red."""
    if code == OK:
        return "tag ok"
    known = TROUBLES.get(code)
    return "tag bad" if known is not None and known.level in (Level.USER, Level.OPERATOR) else "tag warn"


def state(trouble: Trouble | None, polled: bool = True) -> Component:
    """Return the tag that says how a source does. polled: whether it is asked at all."""
    if not polled:
        return html.Span(_("no account"), className="tag")
    if trouble is None:
        return html.Span([icon("check", small=True), _("Working")], className="tag ok")
    kind = "tag warn" if trouble.level is Level.TIME else "tag bad"
    return html.Span([icon("warn", small=True), _(LEVELS[trouble.level])], className=kind)
