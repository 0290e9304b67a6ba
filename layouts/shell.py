"""The frame around every page: the document, rail, top bar, bottom tabs, sign of life, footer."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from dash import html
from dash.development.base_component import Component

from cgm_dash.i18n import _, language
from layouts import ids, text
from layouts.attributes import hyphened
from layouts.icons import icon, mark

PRODUCT = "CGM Data Insights"
ASSETS = Path(__file__).with_name("assets")
HEAD_SCRIPT = "theme.js"
"""Runs before the first paint, so the document loads it itself; Dash must not include it again."""
ASSETS_IGNORE = rf"^{HEAD_SCRIPT[:-3]}\.js$"
"""For Dash(assets_ignore=...)."""
PLOTLY_PATH = "/_dash-component-suites/plotly/package_data/plotly.min.js"
BOOTSTRAP_PATH = "/vendor/bootstrap.min.css"

PAGES: tuple[tuple[str, str], ...] = (("now", "/"),)
"""The pages that exist: icon and address. Names: `page_name`."""


def page_name(icon_name: str) -> str:
    """Return a page's name in the rail and in the tabs."""
    return {"now": _("Now")}[icon_name]


def index_string(
    *, bootstrap: str = BOOTSTRAP_PATH, prefix: str = "/", plotly: str = PLOTLY_PATH, code: str | None = None
) -> str:
    """Return the document Dash fills in. bootstrap, plotly: addresses of the vendors' files. prefix: of the assets.

    Nothing in it is inline script or style, so that a strict content security policy holds.
    """
    head = f"{prefix}assets/{HEAD_SCRIPT}?v={fingerprint(HEAD_SCRIPT)}"
    return f"""<!DOCTYPE html>
<html lang="{code or language()}" data-bs-theme="light">
<head>
{{%metas%}}
<meta name="color-scheme" content="light dark">
<title>{{%title%}}</title>
<script src="{head}"></script>
<link rel="icon" type="image/svg+xml" href="{prefix}assets/favicon.svg" id="favicon">
<link rel="stylesheet" href="{bootstrap}">
{{%css%}}
<link rel="preload" as="script" href="{plotly}">
</head>
<body>
<a class="skip" href="#{ids.MAIN}">{_("Skip to content")}</a>
<noscript><p class="noscript">{_("This page needs JavaScript: without it no new reading can appear.")}</p></noscript>
{{%app_entry%}}
<div class="boot" aria-hidden="true"><div class="boot-rail"></div><div class="boot-main">
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
    {"name": "referrer", "content": "no-referrer"},
    {"name": "robots", "content": "noindex"},
)
"""For Dash(meta_tags=...)."""


def fingerprint(asset: str) -> str:
    """Return ten characters that change with the file, for an address that may be cached for ever."""
    return hashlib.sha256((ASSETS / asset).read_bytes()).hexdigest()[:10]


def shell(content: Sequence[Component], *, page: str, person: str, demo: bool, footer: Component) -> Component:
    """Return a page inside the frame. page: the icon name of the current one."""
    inside = html.Div([*content, footer], className="wrap")
    return html.Div(
        [
            _rail(page),
            html.Div([_topbar(person, demo), html.Main(inside, id=ids.MAIN, tabIndex=-1)], className="column"),
            _tabs(page),
            words_for_scripts(),
        ],
        className="shell",
    )


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
        ],
        className="foot",
    )


def zone_note(person: str, zone: ZoneInfo, zone_confirmed: bool) -> str:
    """Return whose local time the page shows, and whether the zone is known for sure."""
    whose = _("Times are {person}'s local time, {zone}.") if person else _("Times are the wearer's local time, {zone}.")
    words = zone.key if zone_confirmed else _("{zone} (assumed)").format(zone=zone.key)
    return whose.format(person=person, zone=words)


def words_for_scripts() -> Component:
    """Return a hidden element with every word the browser's scripts put on the page, translated here."""
    return html.Div(id=ids.WORDS, hidden=True, **hyphened(data_words=json.dumps(_words(), ensure_ascii=False)))


def _words() -> dict[str, object]:
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
        "noneYet": _("No reading yet"),
        "offline": _("Offline"),
        "lowNow": _("Low now"),
        "serverSilent": _("server not answering"),
        "staleRest": text.listing(
            (_("The number below is old: do not rely on it."), _("If you need to know now, measure with a meter."))
        ),
        "offlineTitle": _("This page has lost its server."),
        "offlineRest": _("Nothing new can appear here. Last contact {contact}, last reading {reading}."),
        "offlineEmpty": _("Nothing new can appear here. Last contact {contact}."),
        "momentAgo": _("less than a minute ago"),
        "tryNow": _("Try now"),
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
    }


def _rail(page: str) -> Component:
    brand = html.A([mark(), html.Span(PRODUCT)], href="/", className="brand")
    return html.Aside([brand, _nav(page, "nav"), html.Div(_livebox(), className="railfoot")], className="rail")


def _nav(page: str, class_name: str) -> Component:
    links = []
    for name, address in PAGES:
        current = hyphened(aria_current="page") if name == page else {}
        links.append(html.A([icon(name), html.Span(page_name(name))], href=address, **current))
    return html.Nav(links, className=class_name, **hyphened(aria_label=_("Pages")))


def _tabs(page: str) -> Component | None:
    """Return the phone's bottom tabs; with a single page there is nowhere to go."""
    return _nav(page, "tabs") if len(PAGES) > 1 else None


def _topbar(person: str, demo: bool) -> Component:
    home = hyphened(aria_label=_("{product}, start page").format(product=PRODUCT))
    brand = html.A(mark(), href="/", className="brand", **home)
    badge = demo_badge() if demo else None
    space = html.Span(className="grow")
    return html.Header(
        [brand, html.Span(person, id=ids.TOPBAR_NAME, className="who"), badge, space, _livebox()], className="topbar"
    )


def _livebox() -> Component:
    """Return the sign of life; assets/clock.js writes its words."""
    words = html.Div([html.B(_("Live"), **hyphened(data_live_word="")), html.Span("", **hyphened(data_live_age=""))])
    return html.Div([html.I(className="pulse"), words], className="livebox")
