"""The frame around every page: the document, rail, top bar, bottom tabs, sign of life, footer."""

import hashlib
import json
from collections.abc import Collection
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.i18n import _, language
from layouts import ids, text, tokens
from layouts.alarm import bars, reserve, sound_switch
from layouts.attributes import hyphened
from layouts.banners import banner
from layouts.controls import date_fields, person_control, range_control, theme_switch, unit_control
from layouts.hero import vital_signs
from layouts.icons import icon, mark
from layouts.still import Still
from layouts.views import Content, FrameView, HeroView, VisitorView, heartbeat

PRODUCT = "CGM Data Insights"
ASSETS = Path(__file__).with_name("assets")
TOUCH_ICON = "manifest-full-180.png"
HEAD_SCRIPT = "theme.js"
"""Runs before the first paint, so the document loads it itself; Dash must not include it again."""
ASSETS_IGNORE = rf"^({HEAD_SCRIPT[:-3]}|offline-page|plain|service-worker)\.(js|css)$"
"""For Dash(assets_ignore=...): what is no part of every page."""
PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
GRAPH_PATH = "/_dash-component-suites/dash/dcc/async-graph.js"
"""Dash asks for it only when the first chart is there to be drawn: a whole round trip later."""
BOOTSTRAP_PATH = "/vendor/bootstrap.min.css"

PAGES: tuple[tuple[str, str], ...] = (
    ("now", "/"),
    ("trends", "/trends"),
    ("days", "/days"),
    ("report", "/report"),
    ("data", "/data"),
    ("settings", "/settings"),
    ("status", "/status"),
)
"""The pages: icon and address. Names: `page_name`."""

FORM_TOKEN = "token"  # noqa: S105  the name of a field
"""The field of every form that holds its token (callbacks/server/cross_site.py)."""

FOREMOST = 4
"""So many pages stand first in the rail and have a tab of their own on a phone."""


def page_name(icon_name: str) -> str:
    """Return a page's name in the rail and in the tabs, "" for what is none."""
    return {
        "now": _("Now"),
        "trends": _("Trends"),
        "days": _("Days"),
        "report": _("Report"),
        "data": _("Data"),
        "settings": _("Settings"),
        "status": _("Status"),
    }.get(icon_name, "")


LANGUAGE, SKIP, NO_SCRIPT, SOON, WORDS = "[[language]]", "[[skip]]", "[[no script]]", "[[soon]]", "[[words]]"
"""Stand in the document for what differs from one visitor or page to another (`fitted`)."""

WITH_CHARTS = ("/", "/trends", "/days")
"""These need plotly.js at once; on the others it is fetched when there is time, for the page after."""


def fitted(document: str, path: str) -> str:
    """Return a document made of `index_string` with the words of the language in force, for the page at *path*."""
    words = {
        LANGUAGE: language(),
        SOON: "preload" if path in WITH_CHARTS else "prefetch",
        SKIP: _("Skip to content"),
        NO_SCRIPT: _("This page needs JavaScript: without it no new reading can appear."),
        WORDS: escape(json.dumps(_words(), ensure_ascii=False)),
    }
    for place, text_ in words.items():
        document = document.replace(place, text_)
    return document


def index_string(*, bootstrap: str = BOOTSTRAP_PATH, prefix: str = "/", plotly: str = PLOTLY_PATH) -> str:
    """Return the document Dash fills in. bootstrap, plotly: addresses of the vendors' files. prefix: of the assets.

    Nothing in it is inline script or style, so that a strict content security policy holds.
    """
    head = f"{prefix}assets/{HEAD_SCRIPT}?v={fingerprint(HEAD_SCRIPT)}"
    brand = f'<span class="brand"><span class="mark"></span><span>{PRODUCT}</span></span>'
    return f"""<!DOCTYPE html>
<html lang="{LANGUAGE}" data-bs-theme="light">
<head>
{{%metas%}}
<meta name="color-scheme" content="light dark">
<title>{{%title%}}</title>
<script src="{head}"></script>
<link rel="icon" type="image/svg+xml" href="{prefix}assets/favicon.svg" id="favicon">
<link rel="apple-touch-icon" href="{prefix}assets/{TOUCH_ICON}?v={fingerprint(TOUCH_ICON)}">
<link rel="manifest" href="{prefix}manifest.webmanifest">
<meta name="theme-color" content="{tokens.LIGHT["canvas"]}" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="{tokens.DARK["canvas"]}" media="(prefers-color-scheme: dark)">
<link rel="stylesheet" href="{bootstrap}">
{{%css%}}
<link rel="{SOON}" as="script" href="{plotly}">
<link rel="{SOON}" as="script" href="{GRAPH_PATH}">
</head>
<body>
<a class="skip" href="#{ids.MAIN}">{SKIP}</a>
<noscript><p class="noscript">{NO_SCRIPT}</p></noscript>
<div id="{ids.WORDS}" data-words="{WORDS}" hidden></div>
{{%app_entry%}}
<div class="boot" aria-hidden="true"><div class="rail boot-rail">{brand}</div><div class="topbar">{brand}</div>
<div class="boot-main">
<div class="skel boot-head"></div><div class="skel boot-hero"></div><div class="skel boot-card"></div></div></div>
<footer>
{{%config%}}
{{%scripts%}}
{{%renderer%}}
</footer>
</body>
</html>
"""


META_TAGS = (
    {"name": "viewport", "content": "width=device-width, initial-scale=1, viewport-fit=cover"},
    {"name": "referrer", "content": "same-origin"},
    {"name": "robots", "content": "noindex"},
)
"""For Dash(meta_tags=...)."""


def fingerprint(asset: str) -> str:
    """Return ten characters that change with the file, for an address that may be cached for ever."""
    return hashlib.sha256((ASSETS / asset).read_bytes()).hexdigest()[:10]


def frame(content: Content, view: FrameView) -> Component:
    """Return the whole document's content: one page inside the frame that all pages share."""
    inside = [
        html.Div(
            [
                html.Div(bars(view.alarms), id=ids.ALARM),
                html.Div(id=ids.CLIENT_ALARM),
                html.P(id=ids.ALARM_SAID, className="alarm-said", role="status"),
                html.Div(banner(view.hero, content.page == "now"), id=ids.BANNER),
                html.Div(id=ids.PROBLEM),
                html.Div(id=ids.CLIENT_BANNER),
            ],
            className="banners",
        ),
        html.Div(
            [html.Div(headline(content, view.hero.demo), id=ids.HEAD, className="headline"), _viewer(view)],
            className="head",
        ),
        html.Div(content.body, id=ids.PAGE, className="page", **hyphened(data_person=view.person_id)),
        footer(view.hero.person, view.hero.zone, view.zone_confirmed),
    ]
    allowed = view.visitor.pages
    column = html.Div(
        [_topbar(view), html.Main(html.Div(inside, className="wrap"), id=ids.MAIN, tabIndex=-1)], className="column"
    )
    return html.Div(
        [
            _rail(content.page, allowed, view.hero.told),
            column,
            tabs(content.page, allowed),
            *_plumbing(content, view),
        ],
        id=ids.FRAME,
        className="shell",
        **hyphened(data_theme=view.theme, data_phone=str(view.phone).lower()),
    )


def headline(content: Content, demo: bool) -> list[Component | None]:
    """Return a page's title and its range; the live page draws its range beside the chart."""
    sub = html.P(content.subtitle, className="sub") if content.subtitle else None
    title = html.H1(page_name(content.page), className="vh" if content.lead else None)
    chosen = content.range
    return [
        html.Div([title, content.lead, sub], className="titles"),
        demo_badge() if demo else None,
        html.Span(className="grow"),
        None
        if chosen is None
        else html.Div([range_control(chosen, content.standard), date_fields(chosen)], className="head-range"),
    ]


def sign(view: HeroView, page: str, person_id: str, watched: bool = False) -> Component:
    """Return what the browser's clock must know of the newest reading, on every page (assets/clock.js), and whose."""
    signs = vital_signs(view, "" if page == "now" else page_name(page))
    about = {"data_zone": view.zone.key, "data_person": person_id, "data_watched": str(watched).lower()}
    return html.Span(hidden=True, **hyphened(**signs, **about))


def _viewer(view: FrameView) -> Component:
    """Return the viewer's own choices, on every page in the same place."""
    who = person_control(view.people, view.person_id)
    controls = [unit_control(view.hero.unit), who, sound_switch(), theme_switch()]
    menu = account_menu(view.visitor) if view.visitor.name else None
    return html.Div([*controls, menu], className="viewer")


def account_menu(visitor: VisitorView) -> Component:
    """Return who has signed in, with their own pages (layouts/plain.py) and the way out."""
    pages = [("/account", _("My account"))]
    if visitor.manages:
        pages += [("/access", _("Access")), ("/audit", _("Audit"))]
    leave = html.Button(_("Sign out"), type="submit", name=FORM_TOKEN, value=visitor.token, className="btn quiet")
    inside = [
        html.P(_("Signed in as {name}").format(name=visitor.name)),
        *(html.A(words, href=address) for address, words in pages),
        html.Form(leave, action="/logout", method="POST"),
    ]
    label = hyphened(aria_label=_("Signed in as {name}").format(name=visitor.name))
    return html.Details(
        [html.Summary(icon("account"), **label), html.Div(inside, className="account-sheet")], className="info account"
    )


def _plumbing(content: Content, view: FrameView) -> list[Component]:
    return [
        dcc.Location(id=ids.URL, refresh=False, pathname=dict(PAGES)[content.page], search=view.search),
        dcc.Interval(id=ids.TICK, interval=round(1000 * view.tick_seconds)),
        dcc.Store(id=ids.VIEWER, data={"theme": view.theme, "phone": view.phone}),
        dcc.Store(id=ids.SHOWN, data=dict(PAGES)[content.page]),
        dcc.Store(id=ids.DATES_FAULT, data=content.range.error if content.range else ""),
        dcc.Store(id=ids.NEWS, data=view.news),
        dcc.Store(id=ids.FRAME_PAINTED, data=view.key),
        dcc.Store(id=ids.WHO, data=view.person_id),
        html.Div(
            heartbeat(view.hero.now),
            id=ids.HEARTBEAT,
            hidden=True,
            **hyphened(data_tick_ms=str(round(1000 * view.tick_seconds))),
        ),
        html.Div(sign(view.hero, content.page, view.person_id, view.watched), id=ids.SIGN, hidden=True),
        dcc.Store(id=ids.ALARM_ACK),
        reserve(),
    ]


def demo_badge() -> Component:
    """Return the mark of invented data."""
    return html.Span([icon("play", small=True), _("Demo: invented data")], className="demo-badge")


def footer(person: str, zone: ZoneInfo, zone_confirmed: bool) -> Component:
    """Return what this is not, and whose time the page shows."""
    return html.Footer(
        [
            html.Span(zone_note(person, zone, zone_confirmed), id=ids.ZONE_NOTE),
            html.Span(
                _("Not a medical device. No dosing advice. If you feel otherwise than the number says, use a meter.")
            ),
            html.Span(className="printed"),
        ],
        className="foot",
    )


def zone_note(person: str, zone: ZoneInfo, zone_confirmed: bool) -> str:
    """Return whose local time the page shows, and whether the zone is known for sure."""
    whose = _("Times are {person}'s local time, {zone}.") if person else _("Times are the wearer's local time, {zone}.")
    words = zone.key if zone_confirmed else _("{zone} (assumed)").format(zone=zone.key)
    return whose.format(person=person, zone=words)


def _words() -> dict[str, object]:
    """Return every word that the browser's scripts put on a page. In the document, which a browser keeps."""
    return {
        "ages": [text.age(60 * n) for n in range(text.MINUTES_TO + 1)],
        "spans": [text.span(60 * n) for n in range(text.MINUTES_TO + 1)],
        "ago": _("{span} ago"),
        "hm": _("{h} h {m} min"),
        "h": _("{h} h"),
        "dh": _("{d} d {h} h"),
        "d": _("{d} d"),
        "noReading": _("No reading for {span}."),
        "live": _("Live"),
        "liveDemo": _("Live demo"),
        "late": _("Late"),
        "stale": _("Not current"),
        "none": _("No reading"),
        "warming": _("Warming up"),
        "noneYet": _("No reading yet"),
        "offline": _("Offline"),
        "lowNow": _("Low now"),
        "serverSilent": _("server not answering"),
        "staleRest": text.listing(
            (_("The number below is old: do not rely on it."), _("If you need to know now, measure with a meter."))
        ),
        "staleRestElsewhere": text.listing(
            (_("Nothing on this page is newer."), _("If you need to know now, measure with a meter."))
        ),
        "offlineTitle": _("This page has lost its server."),
        "offlineRest": _("Nothing new can appear here. Last contact {contact}, last reading {reading}."),
        "offlineEmpty": _("Nothing new can appear here. Last contact {contact}."),
        "momentAgo": _("less than a minute ago"),
        "tryNow": _("Try now"),
        "printed": _("{address}, printed {when}"),
        "today": _("Today"),
        "noData": _("no data"),
        "day": _("{weekday} {day} {month}"),
        "weekdays": [_(d) for d in text.WEEKDAYS_SHORT],
        "months": [_(d) for d in text.MONTHS_SHORT],
        "bands": [_(text.BAND_WORDS[b]) for b in sorted(text.BAND_WORDS)],
        "lo": _("LO"),
        "hi": _("HI"),
        "under": _("under {bound}"),
        "over": _("over {bound}"),
        "decimal": text.marks().decimal,
    }


def _rail(page: str, allowed: Collection[str] | None, told: bool) -> Component:
    brand = html.A([mark(), html.Span(PRODUCT)], href="/", className="brand")
    inside = [
        brand,
        html.Nav(rail_links(page, allowed), id=ids.NAV, className="nav", **hyphened(aria_label=_("Pages"))),
    ]
    return html.Aside([*inside, html.Div(_livebox() if told else None, className="railfoot")], className="rail")


def rail_links(page: str, allowed: Collection[str] | None = None) -> list[Component]:
    """Return the rail's links; what is looked at comes first, what is operated behind a line.

    allowed: the names of the pages that whoever looks may open, None every one.
    """
    first, rest = _links(page, allowed)
    return [*first, html.Hr(), *rest] if rest else first


def _links(page: str, allowed: Collection[str] | None) -> tuple[list[Component], list[Component]]:
    """Return the links to the foremost pages and to the others."""
    shown = [
        [one for one in part if allowed is None or one[0] in allowed] for part in (PAGES[:FOREMOST], PAGES[FOREMOST:])
    ]
    first, rest = ([_link(name, address, page) for name, address in part] for part in shown)
    return first, rest


def tabs(page: str, allowed: Collection[str] | None = None) -> Component:
    """Return the phone's bottom tabs. allowed: as `rail_links`."""
    return html.Nav(tab_links(page, allowed), id=ids.TABS, className="tabs", **hyphened(aria_label=_("Pages")))


def tab_links(page: str, allowed: Collection[str] | None = None) -> list[Component]:
    """Return the tabs: the foremost pages, and the others behind "More". allowed: as `rail_links`."""
    first, rest = _links(page, allowed)
    if not rest:
        return first
    more = html.Details(
        [
            html.Summary([icon("more"), html.Span(_("More"))], **_current(page in dict(PAGES[FOREMOST:]))),
            html.Div(rest, className="sheet"),
        ],
        className="more",
    )
    return [*first, more]


def _link(name: str, address: str, page: str) -> Component:
    """Return a link that assets/address.js follows without a new document; person and range go along."""
    link = html.A(
        [icon(name), html.Span(page_name(name))],
        href=address,
        title=page_name(name),
        **_current(name == page),
        **hyphened(data_page=name),
    )
    return Still(link)


def _current(here: bool) -> dict[str, Any]:
    return hyphened(aria_current="page") if here else {}


def _topbar(view: FrameView) -> Component:
    home = hyphened(aria_label=_("{product}, start page").format(product=PRODUCT))
    brand = html.A(mark(), href="/", className="brand", **home)
    who = html.Span(view.hero.person, id=ids.TOPBAR_NAME, className="who")
    badge = demo_badge() if view.hero.demo else None
    live = _livebox() if view.hero.told else None
    return html.Header([brand, who, badge, html.Span(className="grow"), live], className="topbar")


def _livebox() -> Component:
    """Return the sign of life; assets/clock.js writes its words."""
    words = html.Div([html.B(_("Live"), **hyphened(data_live_word="")), html.Span("", **hyphened(data_live_age=""))])
    return html.Div([html.I(className="pulse"), words], className="livebox")
