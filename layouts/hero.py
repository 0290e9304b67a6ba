"""The newest reading: how much, which way, how old.

One page may outlive its server, so each state's words are there from the start and the stylesheet shows those of
`data-state`, which the browser's own clock (assets/clock.js) moves on. A value the server already knows to be old comes
without arrow, change and band: there is nothing to show by mistake.
"""

from dash import html
from dash.development.base_component import Component

from cgm_dash.current import LATE_S, State
from cgm_dash.i18n import _, plural
from cgm_dash.metrics.profile import FEWEST_DAYS
from cgm_dash.reading import Flag
from cgm_dash.units import Band
from layouts import ids, text, tokens
from layouts.attributes import hyphened
from layouts.icons import arrow, icon
from layouts.views import HeroView

PILL_ICONS = {Band.VERY_LOW: "warn", Band.LOW: "warn", Band.TARGET: "check"}


def hero(view: HeroView) -> Component:
    """Return the left half of the card: age and state, value, what it means, facts."""
    return html.Div(
        [
            html.Div([_age(view), _pills(view)], className="herotop"),
            _value(view),
            _meaning(view),
            _facts(view),
        ],
        className="heroL",
        **hyphened(data_state=view.current.state.value, **vital_signs(view)),
    )


def vital_signs(view: HeroView, page: str = "") -> dict[str, str]:
    """Return what the browser's clock must know to tell the state of the newest reading (assets/clock.js).

    page: the name that the document's title tells, "" on the live page.
    """
    band, current = view.band, view.current
    known = current.measured_at is not None
    return {
        "data_rendered": current.state.value,
        "data_clock": _measured(view),
        "data_band": "none" if band is None else tokens.BAND_NAMES[band],
        "data_warm": str(view.warm_until is not None).lower(),
        "data_told": str(view.told).lower(),
        "data_late_s": str(LATE_S),
        "data_stale_s": str(60 * view.stale_minutes),
        **({"data_measured_at": str(current.measured_at)} if known else {}),
        **titles(view, page),
    }


def titles(view: HeroView, page: str = "") -> dict[str, str]:
    """Return the document's title for each state, for the browser's clock; only the current one holds a value."""
    end = " · ".join(part for part in (page, view.person, _("Demo: invented data") if view.demo else "") if part)
    if not view.told:
        names = ("current", "stale", "none")
        return {f"data_title_{name}": end for name in names} | {"data_title_offline": f"{_('Offline')} · {end}"}
    current = view.current
    value = "" if not current.is_current or current.mg_dl is None else _title_value(view)
    return {
        "data_title_current": f"{value} · {end}" if value else end,
        "data_title_stale": f"{_('Not current') if view.warm_until is None else _('Warming up')} · {end}",
        "data_title_offline": f"{_('Offline')} · {end}",
        "data_title_none": f"{_('No reading') if view.warm_until is None else _('Warming up')} · {end}",
    }


def _title_value(view: HeroView) -> str:
    current = view.current
    value = text.reading_in(current.mg_dl or 0, current.flag, view.unit)
    return f"{value} {text.trend(current.trend)}" if current.trend else value


def _age(view: HeroView) -> Component:
    current = view.current
    known = current.measured_at is not None and current.age_s is not None
    data = hyphened(data_state=current.state.value, data_stale_s=str(60 * view.stale_minutes), data_late_s=str(LATE_S))
    if known:
        data |= hyphened(data_measured_at=str(current.measured_at), data_age_s=f"{current.age_s:.3f}")
    words = text.age(current.age_s or 0) if known else _("No reading yet")
    return html.Span([html.I(className="pulse"), html.Span(words, id=ids.CURRENT_AGE, **data)], className="age")


def _pills(view: HeroView) -> Component:
    pills = []
    band = view.band
    if band is not None:
        name = PILL_ICONS.get(band)
        inside = icon(name, small=True) if name else None
        pills.append(html.Span([inside, text.band(band)], className=f"pill {tokens.BAND_NAMES[band]} on-current"))
    if view.warm_until is not None:
        pills.append(html.Span([icon("clock", small=True), _("Warming up")], className="pill stale on-old"))
    elif view.current.state is State.NONE:
        pills.append(html.Span([icon("clock", small=True), _("No reading")], className="pill stale on-none"))
    else:
        pills.append(html.Span([icon("clock", small=True), _("Not current")], className="pill stale on-stale"))
    pills.append(html.Span([icon("off", small=True), _("Last known")], className="pill stale on-offline"))
    return html.Span(pills, className="pills")


def _value(view: HeroView) -> Component:
    current = view.current
    side: list[Component] = []
    if current.trend is not None:
        words = _("Trend: {trend}").format(trend=text.trend(current.trend))
        named = hyphened(aria_label=words, data_trend=str(int(current.trend)))
        turned = arrow(current.trend)
        side.append(html.Span(turned, id=ids.CURRENT_TREND, className="arrow on-current", role="img", **named))
    side.append(html.Span(str(view.unit), id=ids.CURRENT_UNIT, className="u"))
    known = current.mg_dl is not None and view.warm_until is None
    shown = text.reading(current.mg_dl or 0, current.flag, view.unit) if known else f"{text.NOTHING} {text.NOTHING}"
    old = html.Span(_("Old value, not current:"), className="vh on-old") if known else None
    value = html.Span(shown, id=ids.CURRENT_VALUE, className="v" if known else "v blank")
    return html.P([old, value, html.Span(side, className="side")], className="value")


def _meaning(view: HeroView) -> Component:
    current = view.current
    lines: list[Component] = []
    if view.warm_until is not None:
        ahead = text.in_about(view.warm_until - view.now)
        return html.P(_("First reading {ahead}").format(ahead=ahead), className="since")
    if current.is_current:
        lines.append(html.Span(_since(view), className="on-current"))
    when = _measured(view)
    if not when:
        lines.append(html.Span(_("The first reading appears here by itself."), className="on-none"))
    else:
        lines.append(html.Span(_("Nothing newer than {time}").format(time=when), className="on-stale"))
    lines.append(html.Span(_("Nothing newer can arrive"), className="on-offline"))
    return html.P(lines, className="since")


def _since(view: HeroView) -> str:
    current, band = view.current, view.band
    if current.flag is not Flag.NONE:
        return text.flagged(current.mg_dl or 0, current.flag, view.unit)
    if view.since is None or band is None:
        return ""
    lasted = text.span(view.now - view.since)
    if band is Band.TARGET:
        return _("In target for {span}").format(span=lasted)
    if band < Band.TARGET:
        return _("Below {limit} for {span}").format(limit=text.glucose_in(view.targets.low, view.unit), span=lasted)
    return _("Above {limit} for {span}").format(limit=text.glucose_in(view.targets.high, view.unit), span=lasted)


def _measured(view: HeroView) -> str:
    """Return when the newest reading was measured, in the wearer's time; "" without one."""
    at = view.current.measured_at
    return "" if at is None else text.moment(at, view.zone, view.now, view.current.offset_min)


def _facts(view: HeroView) -> Component:
    when = _measured(view) or text.NOTHING
    rows = [
        html.Div([html.Dt(_("Last reading") if view.warm_until else _("Measured")), html.Dd(when)]),
        html.Div([html.Dt(_("Change in 5 min")), html.Dd(_change(view))]),
        html.Div([html.Dt(_("Trend")), html.Dd(_trend(view))]),
        html.Div([html.Dt(_("Usual at this time")), html.Dd(_usual(view))]),
    ]
    return html.Dl(rows, className="facts")


def _change(view: HeroView) -> list[Component]:
    old = html.Span(text.NOTHING, className="on-old")
    if view.current.change_mg_dl is None:
        return [html.Span(text.NOTHING)]
    shown = f"{text.change(view.current.change_mg_dl, view.unit)} {view.unit}"
    return [html.Span(shown, className="on-current"), old]


def _trend(view: HeroView) -> list[Component]:
    if view.current.trend is None:
        return [html.Span(text.trend(None))]
    words = html.Span(text.trend(view.current.trend), className="on-current")
    return [words, html.Span(text.trend(None), className="on-old")]


def _usual(view: HeroView) -> list[Component | str]:
    """Return where the middle half of the days before lies at this time of day; or what is missing to say so."""
    if view.usual is None:
        need = plural("needs {n} day", "needs {n} days", FEWEST_DAYS).format(n=FEWEST_DAYS)
        return [text.NOTHING, " ", html.Span(need, className="unit")]
    low, high = (text.glucose(end, view.unit) for end in view.usual)
    return [f"{low}{text.RANGE}{high}", " ", html.Span(str(view.unit), className="unit")]
