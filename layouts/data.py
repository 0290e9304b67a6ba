"""The page Data: where the readings come from, what is stored, and what can be taken along."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.i18n import _, plural
from cgm_dash.i18n import mark as m
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.reading import Kind
from cgm_dash.trouble import Trouble
from cgm_dash.zones import local_date
from layouts import connect, ids, text
from layouts.asking import ask_button, ask_plumbing
from layouts.banners import next_try
from layouts.icons import icon
from layouts.outcomes import state
from layouts.status import source_kind
from layouts.tables import Cell, card, empty, facts, table
from layouts.views import Content

KINDS = {
    Kind.LIVE: m("live, one a minute"),
    Kind.HISTORY: m("the sensor's own history"),
    Kind.SCAN: m("scans"),
    Kind.ALARM: m("readings that raised an alarm"),
    Kind.STRIP: m("fingersticks"),
    Kind.MANUAL: m("entered by hand"),
}
MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class AccountView:
    """The account that is polled. email: masked, "" for none. region: "" not known. fixed: it stands in the settings.

    blocked: what in the settings keeps an account from being connected here, "" where nothing does.
    """

    email: str = ""
    region: str = ""
    fixed: bool = False
    blocked: str = ""
    trouble: Trouble | None = None
    next_try_at: float | None = None


@dataclass(frozen=True, slots=True)
class KindView:
    """Readings of one source and kind. first, last: UTC epoch seconds."""

    source: str
    kind: Kind
    n: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class MonthView:
    """One month: its first day, local dates with readings, how many readings, percent of its time covered so far."""

    first: date
    days: int
    n: int
    percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DataView:
    """Everything. now: UTC epoch seconds. account: None where there is none. months: the newest first."""

    now: float
    zone: ZoneInfo
    person: str
    demo: bool
    account: AccountView
    connected: bool
    kinds: tuple[KindView, ...]
    months: tuple[MonthView, ...]


def page(view: DataView, key: str) -> Content:
    """Return the page at first paint; later on callbacks renew the areas of `areas`. key: of what it shows."""
    first: Component
    if view.connected:
        first = _account_card(view)
    else:
        first = connect.doors(view.account.blocked, view.demo)
    body: list[Component | None] = [
        first,
        html.Div(
            [
                card(_("What is stored"), stored(view), ids.DATA_STORED, sub=view.person, kind="c8"),
                card(_("To take along"), _exports(), kind="c4"),
                card(_("Month by month"), months(view), ids.DATA_MONTHS, sub=view.person, kind="c12"),
            ],
            className="grid12",
        ),
        dcc.Store(id=ids.DATA_PAINTED, data=key),
    ]
    return Content(page="data", body=body)


AREAS = (ids.DATA_STORED, ids.DATA_MONTHS)
"""The areas whose children `areas` gives, in its order."""


def areas(view: DataView) -> tuple[Any, ...]:
    """Return what AREAS show."""
    return stored(view), months(view)


# --- the account


def _account_card(view: DataView) -> Component:
    head = html.Div(
        [
            html.Div(html.H2([_("Connected account"), " ", state(view.account.trouble)]), className="grow"),
            ask_button(enabled=True),
        ],
        className="cardhead",
    )
    return html.Section(
        [head, *ask_plumbing(), html.Div(account(view), className="narrow"), *_changes(view)], className="card"
    )


def account(view: DataView) -> list[Component | None]:
    """Return what is known of the account, and what is wrong with it, if anything."""
    shown = view.account
    trouble = None
    if shown.trouble is not None:
        words = text.listing((_(shown.trouble.sentence), next_try(shown.next_try_at, view.zone, view.now)))
        trouble = html.P([words, " ", html.Code(shown.trouble.code, className="code")], className="told")
    region = _(connect.REGIONS[shown.region]) if shown.region in connect.REGIONS else shown.region
    rows: list[tuple[str, Cell]] = [
        (_("Source"), "LibreLinkUp"),
        (_("E-mail"), shown.email or text.NOTHING),
        (_("Region"), region or _("found by itself")),
    ]
    return [facts(rows), trouble]


def _changes(view: DataView) -> list[Component]:
    """Return how the account is changed or disconnected; where the settings hold it, that it is done there."""
    if view.account.fixed:
        words = _("The account stands in {name} and is changed there.").format(name="CGM_DASH_LLU_EMAIL")
        return [html.P(words, className="sub fixed")]
    if view.account.blocked:
        return [connect.blocked_note(view.account.blocked)]
    other = html.Details(
        [html.Summary(_("Use another account"), className="btn"), connect.connect_form(view.account.blocked)],
        className="unfold",
    )
    sure = html.Div(
        [
            html.P(
                _(
                    "This program forgets e-mail, password and session, and asks LibreLinkUp no longer. All readings"
                    " stay. With nothing connected the demo shows, until an account is connected again."
                )
            ),
            html.Button(_("Yes, disconnect"), id=ids.DISCONNECT, className="btn danger", type="button"),
            html.Div(id=ids.DISCONNECT_MESSAGE, role="status"),
            dcc.Store(id=ids.DISCONNECTED),
        ],
        className="sure",
    )
    off = html.Details([html.Summary(_("Disconnect"), className="btn"), sure], className="unfold")
    return [html.Div([other, off], className="unfolds")]


# --- what is stored


def stored(view: DataView) -> list[Component]:
    """Return how many readings there are of each source and kind, and from when to when."""
    if not view.kinds:
        return [empty(_("Nothing yet. The first reading appears here by itself."))]
    heads = (_("Readings"), _("From – to"), _("Number"))
    rows: list[list[Cell]] = [
        [
            f"{source_kind(one.source)}, {_(KINDS[one.kind])}",
            _days(one, view),
            text.count(one.n),
        ]
        for one in view.kinds
    ]
    first, last = min(one.first for one in view.kinds), max(one.last for one in view.kinds)
    total = sum(one.n for one in view.kinds)
    words = plural("{n} reading over {span}", "{n} readings over {span}", total)
    days = (last - first) // 86_400
    span = plural("{n} day", "{n} days", days).format(n=text.count(days)) if days else text.duration(last - first)
    shown = table(_("Stored readings by source and kind"), heads, rows, right=(2,))
    return [html.P(words.format(n=text.count(total), span=span), className="sub"), shown]


def _days(one: KindView, view: DataView) -> str:
    first, last = _day(one.first, view), _day(one.last, view)
    return first if first == last else f"{first} {text.RANGE} {last}"


def _day(ts: float, view: DataView) -> str:
    return text.day_of_year(local_date(view.zone, ts), local_date(view.zone, view.now))


def months(view: DataView) -> list[Component]:
    """Return how much of each month the readings cover, the newest first."""
    if not view.months:
        return [empty(_("Nothing yet."))]
    parts: list[Component] = [_months_table(view.months[:MONTHS_SHOWN])]
    earlier = view.months[MONTHS_SHOWN:]
    if earlier:
        words = plural("{n} earlier month", "{n} earlier months", len(earlier)).format(n=len(earlier))
        parts.append(html.Details([html.Summary(words), _months_table(earlier)], className="explain"))
    return parts


def _months_table(shown: tuple[MonthView, ...]) -> Component:
    heads = (_("Month"), _("Days"), _("Readings"), _("Covered"))
    rows = [_month_row(one) for one in shown]
    made = table(_("Readings by month"), heads, rows, right=(1, 2, 3))
    return html.Div(made, className="plain")


def _month_row(one: MonthView) -> list[Cell]:
    covered: Cell = text.percent(one.percent)
    if one.percent < ENOUGH_PERCENT:
        covered = html.Span([icon("info", small=True), text.percent(one.percent)], className="few")
    return [text.month_of_year(one.first), text.count(one.days), text.count(one.n), covered]


def _exports() -> list[Component]:
    return [
        html.P(_("The glucose report, one page as PDF, of the days you choose:")),
        html.P(html.A([icon("report"), _("Open the report")], href="/report", className="btn")),
        html.P(_("Every figure this program knows, as text or JSON, on the command line:")),
        html.P(html.Code("cgm-dash metrics --all --json", className="code")),
    ]
