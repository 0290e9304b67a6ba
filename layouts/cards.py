"""Parts of the cards of figures: time in range with its goals, and the tiles of GMI, CV and coverage."""

from types import MappingProxyType
from typing import Any

from dash import html
from dash.development.base_component import Component

from cgm_dash.goals import ABOVE, BELOW, IN_TARGET, VERY_HIGH, VERY_LOW, Bands, Goal, Goals, TargetSet
from cgm_dash.i18n import _, plural
from cgm_dash.i18n import mark as m
from cgm_dash.metrics.coverage import ENOUGH_DAYS, ENOUGH_PERCENT, Coverage
from cgm_dash.units import Band, Unit
from cgm_dash.window import HOURS, Window
from layouts import ids, text, tokens
from layouts.attributes import hyphened
from layouts.icons import icon
from layouts.still import Still
from layouts.views import StatisticsView

DAY_S = 86_400
IN_BAR_PERCENT = 12
"""A share's number stands in the bar from here on; below it would be cut off."""

ROWS: tuple[Bands, ...] = (VERY_HIGH, (Band.HIGH,), ABOVE, IN_TARGET, BELOW, (Band.LOW,), VERY_LOW)

WHOSE = MappingProxyType(
    {
        TargetSet.ADULT: m("Goals: adults with type 1 or type 2 diabetes ({source})."),
        TargetSet.HIGH_RISK: m(
            "Goals: older people and people at high risk of lows, with type 1 or type 2 diabetes ({source}). For very"
            " low alone no number is agreed; it counts in the time below {limit}."
        ),
        TargetSet.PREGNANCY: m(
            "Goals: pregnancy with type 1 diabetes ({source}), on limited evidence. For type 2 and gestational diabetes"
            " the limits are the same, but no percentages are agreed."
        ),
    }
)
"""Whom the goals of each consensus set are for, and what it leaves open."""


def footnotes(view: StatisticsView) -> list[Component]:
    """Return whose goals these are, and what to know of the shares."""
    notes = [_whose(view.judged_by, view.unit)]
    if _uneven(view):
        notes.append(_("Percentages are rounded and may not add to 100."))
    if view.judged_by.by_bands and not view.coverage.sufficient:
        judged = _("Goals are judged over {days} days or more with {share} coverage.")
        notes.append(judged.format(days=ENOUGH_DAYS, share=text.percent(ENOUGH_PERCENT)))
    return [html.P(text.listing(notes), className="hint")]


def _whose(goals: Goals, unit: Unit) -> str:
    """Return whose goals these are, and where they were agreed."""
    if goals.citation is not None:
        limit = text.glucose_in(goals.targets.low, unit)
        return _(WHOSE[goals.target_set]).format(source=goals.citation.short, limit=limit)
    if goals.by_bands:
        return _("Your own goals and limits, not those of a consensus.")
    return _("Your own limits. No goals are set for them.")


def tir_bar(view: StatisticsView) -> Component:
    """Return the page's bar of five bands."""
    return bar(view, id=ids.TIR_BAR)


def bar(view: StatisticsView, thin: bool = False, id: str | None = None) -> Component:
    """Return a bar of five bands, very low at the left; numbers stand inside where they fit, never in a thin one."""
    shares = [(band, view.times.percent(band) or 0.0) for band in Band]
    parts: list[Component] = [
        html.I(
            text.percent(share) if share >= IN_BAR_PERCENT and not thin else None,
            className=f"b-{tokens.BAND_NAMES[band]}",
            style={"flex": f"{share:.3f} 1 0"},
        )
        for band, share in shares
        if share > 0
    ]
    if not parts:
        parts = [html.I(None if thin else _("No readings in this time"), className="none")]
    words = ", ".join(f"{text.band(band)} {share_words((band,), share, view.judged_by)}" for band, share in shares)
    label = _("Time in range: {shares}").format(shares=words) if view.times.observed else _("No readings in this time")
    named: dict[str, Any] = {"id": id} if id else {}
    class_name = "tir thin" if thin else "tir"
    return html.Div(parts, className=class_name, role="img", **named, **hyphened(aria_label=label))


def share_words(bands: Bands, share: float | None, goals: Goals) -> str:
    """Return the share of *bands* as shown: one decimal below range, whole percent elsewhere.

    A share that would round to the limit of its goal without being it gets as many decimals as tell the two apart, so
    that no reader sees "5 %" meet "<5 %".
    """
    if share and _places(bands, share, goals) > _usual_places(bands):
        return text.per_cent(text.decimal(share, _places(bands, share, goals)))
    return text.percent_fine(share) if _usual_places(bands) else text.percent(share)


def _usual_places(bands: Bands) -> int:
    return 1 if bands[0] in BELOW else 0


def _places(bands: Bands, share: float, goals: Goals) -> int:
    places, goal = _usual_places(bands), goals.of(*bands)
    return text.places_apart(share, goal.limit, places) if goal else places


def range_table(view: StatisticsView) -> Component:
    """Return the table of shares, times and goals."""
    per_day = view.window.seconds > 1.5 * DAY_S
    observed = view.times.observed
    of = _("A day") if per_day else _("of {span}").format(span=text.duration(observed)) if observed else _("Time")
    head = html.Thead(
        html.Tr(
            [
                html.Th(_("Band, {unit}").format(unit=view.unit), scope="col"),
                html.Th(_("Share"), scope="col"),
                html.Th(of, scope="col"),
                html.Th(_("Goal"), scope="col"),
            ]
        )
    )
    rows = [_row(view, bands, per_day) for bands in ROWS]
    caption = html.Caption(_("Time in each glucose band"), className="vh")
    return Still(html.Table([caption, head, html.Tbody(rows)], className="bt"))


def _row(view: StatisticsView, bands: Bands, per_day: bool) -> Component:
    share = view.times.percent(*bands)
    seconds = sum(view.times.seconds[band] for band in bands)
    shown = DAY_S * (share or 0) / 100 if per_day else seconds
    time = text.duration_short(shown) if share is not None else text.NOTHING
    cells = [
        html.Th(band_name(view, bands), scope="row"),
        html.Td(share_words(bands, share, view.judged_by), className="share"),
        html.Td(time),
        html.Td(judgement(view, bands, share)),
    ]
    return html.Tr(cells, className="sum" if len(bands) > 1 else None)


def band_name(view: StatisticsView, bands: Bands) -> list[Component | str | None]:
    """Return the name of a row, with its swatch and its limits."""
    if len(bands) > 1:
        low = bands == BELOW
        limit = text.glucose(view.targets.low if low else view.targets.high, view.unit)
        words = _("Low and very low") if low else _("High and very high")
        return [words, html.Span(("<" if low else ">") + limit, className="r")]
    band = bands[0]
    swatch = html.I(className=f"sw b-{tokens.BAND_NAMES[band]}", **hyphened(aria_hidden="true"))
    return [swatch, text.band(band), html.Span(text.limits(band, view.targets, view.unit), className="r")]


def judgement(view: StatisticsView, bands: Bands, share: float | None) -> Component | None:
    """Return the goal of *bands*, and whether *share* meets it where enough stands behind it."""
    goal = view.judged_by.of(*bands)
    if goal is None:
        return None
    words = goal_words(goal)
    if share is None or not view.coverage.sufficient:
        return html.Span(words, className="open")
    if goal.met(share):
        return html.Span([icon("check", small=True), _("{goal} met").format(goal=words)], className="ok")
    return html.Span([icon("cross", small=True), _("{goal} missed").format(goal=words)], className="no")


def goal_words(goal: Goal) -> str:
    """Return the goal as shown."""
    return f"{'>' if goal.above else '<'}{text.percent(goal.limit)}"


def _uneven(view: StatisticsView) -> bool:
    """Return whether the five shares as shown do not add to 100."""
    if not view.times.observed:
        return False
    goals = view.judged_by
    shares = [((band,), view.times.percent(band) or 0.0) for band in Band]
    if any(share_words(*each, goals).startswith("<") for each in shares):
        return True
    return sum(text.rounded(share, _places(bands, share, goals)) for bands, share in shares) != 100


# --- tiles


def insufficient(coverage: Coverage, window: Window) -> str:
    """Return why a figure is not to be judged by: too few days, or too few readings in them."""
    if window.name in HOURS:
        words = _("Needs {need} days; this is {span}.")
        return words.format(need=ENOUGH_DAYS, span=_length(window))
    if coverage.days < ENOUGH_DAYS:
        pattern = plural(
            "Needs {need} days; this is {n} day.", "Needs {need} days; these dates hold {n}.", coverage.days
        )
        return pattern.format(need=ENOUGH_DAYS, n=coverage.days)
    need, share = text.percent(ENOUGH_PERCENT), covered(coverage.percent)
    return _("Needs {need} coverage; this is {share}.").format(need=need, share=share)


def covered(percent: float | None) -> str:
    """Return how much readings cover, with its sign; what is short of what is asked for never looks like it."""
    return text.NOTHING if percent is None else text.per_cent(text.decimal_apart(percent, ENOUGH_PERCENT))


def _doubt(view: StatisticsView) -> str | None:
    """Return why the figures are not to be judged by, None where they are."""
    return None if view.coverage.sufficient else insufficient(view.coverage, view.window)


def gmi_tile(view: StatisticsView) -> Component:
    """Return the tile of the glucose management indicator."""
    reason = _doubt(view)
    what = _(
        "Glucose management indicator: the HbA1c that people with this mean glucose have on average. It is not a"
        " laboratory value. GMI = 3.31 + 0.02392 × mean in mg/dL (Bergenstal 2018)."
    )
    goal = _("Its goal is the one agreed for HbA1c.")
    if view.judged_by.target_set is TargetSet.PREGNANCY:
        # Meek et al. 2025, Diabetes Care, doi:10.2337/dc24-2494: not an accurate replacement for HbA1c in pregnancy.
        reason = _("Does not stand in for HbA1c in pregnancy.")
        goal = _("In pregnancy it does not stand in for HbA1c (Meek 2025).")
    gmi = view.level.gmi
    number = None if gmi is None else text.decimal(gmi, 1)
    foot = _("From {days} days").format(days=view.coverage.days)
    return tile("gmi", _("GMI"), number, "%", foot, reason, text.listing((what, goal)), rests_on(view))


def cv_tile(view: StatisticsView) -> Component:
    """Return the tile of the coefficient of variation."""
    cv, limit = view.level.cv, view.judged_by.cv_percent
    what = _(
        "Coefficient of variation: how much glucose swings, as a share of its mean. Up to {limit} counts as stable"
        " (Danne 2017)."
    ).format(limit=text.percent(limit))
    number = None if cv is None else text.decimal_apart(cv, limit)
    return tile("cv", _("CV"), number, "%", _cv_foot(cv, limit), _doubt(view), what, rests_on(view))


def _cv_foot(cv: float | None, limit: int) -> str:
    if cv is None:
        return ""
    told = _("Stable, up to {limit}") if cv <= limit else _("Unstable, above {limit}")
    return told.format(limit=text.percent(limit))


def coverage_tile(view: StatisticsView) -> Component:
    """Return the tile of how much the readings cover."""
    share = view.coverage.percent
    low = share is not None and share < ENOUGH_PERCENT
    foot = _("{span} with readings").format(span=text.duration(view.coverage.seconds))
    what = _(
        "How much of this time the readings cover. Goal: 70 % or more; below, figures may be off (Battelino 2019)."
    )
    number = text.NOTHING if share is None else text.decimal_apart(share, ENOUGH_PERCENT)
    return tile(
        "coverage",
        _("Coverage"),
        number,
        "%",
        foot,
        _("Below 70 %: figures may be off.") if low else None,
        what,
        rests_on(view),
    )


def rests_on(view: StatisticsView) -> str:
    """Return what the figures rest on."""
    pattern = plural("Rests on {n} reading over {days}.", "Rests on {n} readings over {days}.", view.level.n)
    return pattern.format(n=text.count(view.level.n), days=_length(view.window))


def _length(window: Window) -> str:
    """Return how long a window is: "12 hours" where it is named in hours, else the local dates it touches."""
    if window.name in HOURS:
        return plural("{n} hour", "{n} hours", HOURS[window.name]).format(n=HOURS[window.name])
    return plural("{n} day", "{n} days", window.days).format(n=window.days)


def tile(
    name: str,
    label: str,
    number: str | None,
    unit: str,
    foot: str | Component,
    warning: str | None,
    what: str,
    data: str,
) -> Component:
    """Return one tile: label, number with unit, what it rests on or lacks; and behind a button what it is, its goal,
    source and data.
    """
    about = _("About {figure}").format(figure=label)
    info = html.Details(
        [
            html.Summary(icon("info", small=True), **hyphened(aria_label=about)),
            html.Div([html.P(html.B(label)), html.P(what), html.P(data)], className="pop"),
        ],
        className="info",
    )
    value = html.P([html.Span(number or text.NOTHING), " ", html.Span(unit, className="unit")], className="n")
    below = [icon("warn", small=True), html.Span(warning)] if warning else [html.Span(foot)]
    weak = " weak" if warning and name in ("gmi", "cv") else ""
    return html.Div(
        [
            html.Div([html.Span(label), info], className="t"),
            value,
            html.P(below, className="f warn" if warning else "f"),
        ],
        className=f"stat{weak}",
        **hyphened(data_figure=name),
    )
