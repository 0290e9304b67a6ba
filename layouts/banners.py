"""What needs attention, in words: at most one banner, the most serious one; and how a sensor is connected."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from cgm_dash.current import State
from cgm_dash.i18n import _, plural
from cgm_dash.i18n import mark as m
from cgm_dash.reading import Flag, Trend
from cgm_dash.trouble import Level, Trouble
from cgm_dash.units import Band
from layouts import ids, text
from layouts.attributes import hyphened
from layouts.connect import connect_form
from layouts.icons import icon
from layouts.views import HeroView

NOT_CONFIGURED = "not-configured"

TITLES: Mapping[Level, str] = MappingProxyType(
    {
        Level.USER: m("Something for you to do."),
        Level.OPERATOR: m("This program needs attention."),
        Level.TIME: m("Waiting for LibreLinkUp."),
        Level.NONE: "",
    }
)
REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "wrong-password": m(
            "Check them by signing in to the LibreLinkUp app. Then connect the account again on the page Data; where it"
            " stands in CGM_DASH_LLU_EMAIL and CGM_DASH_LLU_PASSWORD, correct these and start this program again."
        ),
    }
)
"""What to do where the trouble's own sentence cannot say it."""


def banner(view: HeroView, with_value: bool = True) -> Component | None:
    """Return the most serious banner: no data, very low, low, something to do, waiting, upkeep; None when all is well.

    with_value: whether the newest reading stands below it, as on the live page.
    Offline outranks them all, but only the browser can tell: assets/clock.js shows it.
    """
    state, band = view.current.state, view.band
    if state is State.STALE and view.warm_until is None:
        return stale_banner(view, with_value)
    if band in (Band.VERY_LOW, Band.LOW):
        return low_banner(view)
    trouble = view.trouble
    heals = trouble is not None and trouble.level is Level.TIME and state is State.FRESH
    if trouble is None or trouble.code == NOT_CONFIGURED or heals:
        return None if view.upkeep is None else trouble_banner(view.upkeep, None, view.zone, view.now)
    return trouble_banner(trouble, view.next_try_at, view.zone, view.now)


def stale_banner(view: HeroView, with_value: bool = True) -> Component:
    """Return the banner of a value that is no longer current, with the source's state where it is known.

    with_value: as in `banner`.
    """
    trouble = view.trouble
    if trouble is None or trouble.code == NOT_CONFIGURED:
        cause = _("The phone beside the sensor may be off, away or without a connection.")
    else:
        cause = text.listing((_(trouble.sentence), _remedy(trouble), next_try(view.next_try_at, view.zone, view.now)))
    since = text.span(view.current.age_s or 0)
    title = html.B(_("No reading for {span}.").format(span=since), **hyphened(data_stale_span="", aria_live="off"))
    rest = text.listing(
        (
            _("The number below is old: do not rely on it.") if with_value else _("Nothing on this page is newer."),
            cause,
            _("If you need to know now, measure with a meter."),
        )
    )
    return _banner("stale", "warn", [title, " ", rest], id=ids.STALE_BANNER, role="alert")


def low_banner(view: HeroView) -> Component:
    """Return the banner of a low or very low value."""
    current, band = view.current, view.band
    word = text.band(band if band is not None else Band.LOW)
    plain = current.flag is Flag.NONE
    value = text.glucose_in(current.mg_dl or 0, view.unit) if plain else text.reading(0, current.flag, view.unit)
    falling = current.trend in (Trend.FALLING, Trend.FALLING_FAST)
    pattern = _("{low}: {value} and falling.") if falling else _("{low}: {value}.")
    title = html.B(pattern.format(low=word, value=value))
    since = ""
    if plain and view.since is not None:
        limit = text.glucose_in(view.targets.low, view.unit)
        since = _("Below {limit} since {time}.").format(
            limit=limit, time=text.moment(view.since, view.zone, view.now, current.offset_min)
        )
    elif not plain:
        since = text.flagged(current.mg_dl or 0, current.flag, view.unit)
    rest = text.listing((since, _("If you feel otherwise than the number says, use a meter.")))
    return _banner("alarm", "warn", [title, " ", rest], role="alert")


def trouble_banner(trouble: Trouble, next_try_at: float | None, zone: ZoneInfo, now: float) -> Component:
    """Return the banner of a source that is not well: what is, what to do, when it is tried again."""
    rest = text.listing((_(trouble.sentence), _remedy(trouble), next_try(next_try_at, zone, now)))
    title = html.B(_(TITLES[trouble.level]))
    code = [" ", html.Code(trouble.code, className="code")] if trouble.level is Level.OPERATOR else []
    kind = "waiting" if trouble.level is Level.TIME else "action"
    return _banner(kind, "clock" if kind == "waiting" else "info", [title, " ", rest, *code], role="status")


def database_banner(waiting: int | None, spooling: bool | None = None) -> Component:
    """Return the banner of a database that does not answer.

    waiting: fetches in the spool, None where not known. spooling: whether what is fetched now goes there too; None,
    where that is not known, promises nothing.
    """
    kept = ""
    if waiting:
        kept = plural(
            "What {n} poll brought waits safely in a file and will be stored when it is back.",
            "What {n} polls brought waits safely in a file and will be stored when it is back.",
            waiting,
        ).format(n=waiting)
    elif spooling:
        kept = _("What is fetched is kept in a file and will be stored when it is back.")
    lost = spooling is False or not kept
    rest = text.listing(
        (kept, _("Nothing new is kept until it is back; up to 12 hours can be fetched afterwards.") if lost else "")
    )
    code = html.Code("DB-AWAY", className="code")
    return _banner("action", "warn", [html.B(_("The database does not answer.")), " ", rest, " ", code], role="alert")


def next_try(next_try_at: float | None, zone: ZoneInfo, now: float) -> str:
    """Return when the source is asked again; "" where nobody will by itself or it is a matter of seconds."""
    if next_try_at is None or next_try_at <= now + 60:
        return ""
    return _("Next try at {time}.").format(time=text.moment(next_try_at, zone, now))


def connect_panel(demo: bool = True, unfolded: bool = False, blocked: str = "") -> Component:
    """Return the panel that connects a sensor. demo: invented data are shown below. blocked: see connect_form."""
    lead = (
        _(
            "Everything below is invented, to show what this page does."
            " Connect a LibreLinkUp account to see real readings."
        )
        if demo
        else _("No sensor is connected, and the demo is switched off. Connect a LibreLinkUp account to see readings.")
    )
    how = html.Details(
        [
            html.Summary([_("How to connect"), icon("chev", small=True)], className="btn"),
            html.Div(connect_form(blocked), className="howto"),
        ],
        open=unfolded,
        className="how",
    )
    title = html.Div([html.H2(_("Connect your sensor")), html.P(lead, className="sub")], className="grow")
    return html.Section([icon("link"), title, how], className="card connect")


def _remedy(trouble: Trouble) -> str:
    return _(REMEDIES[trouble.code]) if trouble.code in REMEDIES else ""


def _banner(kind: str, icon_name: str, content: list[Any], **attributes: Any) -> Component:
    inside = html.Div(html.P(content), className="grow")
    return html.Div([icon(icon_name), inside], className=f"banner {kind}", **attributes)
