"""The page Trends: a typical day, time in ranges, a year of days, and weeks or months one by one."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.goals import BELOW, IN_TARGET, Bands, Goal
from cgm_dash.i18n import _, plural
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.metrics.profile import FEWEST_DAYS, MINUTES, Profile
from cgm_dash.units import Band
from cgm_dash.zones import local_date
from layouts import cards, ids, text
from layouts import year as calendar
from layouts.attributes import hyphened
from layouts.controls import segments
from layouts.drawings.bar import BarRow, range_bar
from layouts.drawings.drawing import drawn
from layouts.drawings.svg import SvgCanvas
from layouts.figures import distribution, hours, profile, series, typical
from layouts.figures.curves import MEDIAN
from layouts.figures.traces import Figure
from layouts.still import Still
from layouts.trends_views import RangeFigures, SeriesView, TrendsPage, YearView
from layouts.views import Content

STILL: Any = {"displayModeBar": False, "responsive": True, "staticPlot": True}
"""Nothing on these charts is dragged: the card at the pointer is our own (assets/trends.js)."""

BAR_WIDTH, BAR_HEIGHT = 330, 282
TABLE_WEEKS = 53
"""So many weeks stand in the table; months show more."""

FIGURE_AREAS = (
    (ids.TRENDS_SPAN, "children"),
    (ids.TRENDS_TILES, "children"),
    (f"{ids.TRENDS_PROFILE}-sub", "children"),
    (ids.TRENDS_PROFILE, "figure"),
    (f"{ids.TRENDS_PROFILE}-alt", "children"),
    (ids.TRENDS_HOURS, "figure"),
    (f"{ids.TRENDS_HOURS}-alt", "children"),
    (ids.TRENDS_RANGES, "children"),
    (ids.TRENDS_SPREAD, "figure"),
    (f"{ids.TRENDS_SPREAD}-alt", "children"),
)
"""What of the chosen range is drawn again."""

TABLES = (ids.TRENDS_PROFILE, ids.TRENDS_HOURS, ids.TRENDS_SPREAD, ids.TRENDS_SERIES)
"""Whose figures stand in a table behind a line of text, too. A table is made when it is opened (opener)."""

TABLE_AREAS = tuple((f"{name}-table", "children") for name in TABLES)

YEAR_AREAS = ((ids.TRENDS_YEAR, "children"), (f"{ids.TRENDS_YEAR}-alt", "children"))

SERIES_AREAS = (
    (f"{ids.TRENDS_SERIES}-title", "children"),
    (f"{ids.TRENDS_SERIES}-sub", "children"),
    *(
        (f"{ids.TRENDS_SERIES}-{name}{part}", prop)
        for name in series.NAMES
        for part, prop in (("", "figure"), ("-head", "children"), ("-alt", "children"))
    ),
)


def page(view: TrendsPage) -> Content:
    """Return the page at first paint."""
    given = dict(zip(FIGURE_AREAS, figure_pieces(view.figures), strict=True))
    shown = {id_: value for (id_, _prop), value in given.items()}
    of_year = {id_: value for (id_, _prop), value in zip(YEAR_AREAS, year_pieces(view.year), strict=True)}
    of_series = {id_: value for (id_, _prop), value in zip(SERIES_AREAS, series_pieces(view.series), strict=True)}
    keys = (ids.TRENDS_PAINTED, ids.TRENDS_YEAR_PAINTED, ids.TRENDS_SERIES_PAINTED)
    body: list[Component | None] = [
        html.P(shown[ids.TRENDS_SPAN], id=ids.TRENDS_SPAN, className="sub trends-span"),
        html.Div(shown[ids.TRENDS_TILES], id=ids.TRENDS_TILES),
        html.Div([_typical_day(shown), _ranges(shown)], className="trends-pair"),
        _year(of_year, view.year),
        _series(of_series, view.series),
        html.P(_("Left and right arrow keys read a chart point by point."), id="trends-keys", className="vh"),
        html.P(id="trends-live", className="vh", **hyphened(aria_live="polite")),
        *(dcc.Store(id=id_, data=key) for id_, key in zip(keys, view.keys, strict=True)),
        dcc.Store(id=ids.TRENDS_TABLES_PAINTED, data=""),
    ]
    return Content(page="trends", body=body, range=view.range, standard=view.standard)


# --- the chosen range


def figure_pieces(view: RangeFigures) -> tuple[Any, ...]:
    """Return what FIGURE_AREAS show."""
    found, by_hour = view.profile(), hours.by_hour(view.picked, view.look.targets)
    by_value, unit = _by_value(view), view.look.unit
    return (
        _span(view),
        _tiles(view),
        _profile_sub(view, found),
        profile.figure_of(found, view.look),
        profile.alt_text(found, unit),
        hours.figure_of(by_hour, view.look),
        hours.alt_text(by_hour),
        _ranges_content(view),
        distribution.figure_of(by_value, view.look),
        distribution.alt_text(view.sums.by_value, unit),
    )


def _span(view: RangeFigures) -> str:
    """Return which days these are, and how much of them is covered."""
    window, today = view.statistics.window, local_date(view.zone, view.now)
    first, last = (local_date(view.zone, ts) for ts in (window.start, window.end - 1))
    days = plural("{n} day", "{n} days", window.days).format(n=text.count(window.days))
    dates = f"{text.day_of_year(first, today)} {text.RANGE} {text.day_of_year(last, today)}"
    covered = _("{share} covered by readings").format(share=cards.covered(view.statistics.coverage.percent))
    return " · ".join((text.day_of_year(first, today) if first == last else dates, days, covered))


def _tiles(view: RangeFigures) -> Component:
    statistics = view.statistics
    goals, limit = statistics.judged_by, text.glucose_in(statistics.targets.low, view.look.unit)
    below = _("Time below {limit}").format(limit=limit)
    words = {
        "tir": _("The share of the observed time between {low} and {high}, both included.").format(
            low=text.glucose(statistics.targets.low, view.look.unit),
            high=text.glucose_in(statistics.targets.high, view.look.unit),
        ),
        "below": _("The share of the observed time under {limit}, very low included.").format(limit=limit),
    }
    tiles = [
        _share_tile(view, "tir", _("Time in target"), IN_TARGET, words["tir"], goals.of(*IN_TARGET)),
        _mean_tile(view),
        cards.gmi_tile(statistics),
        cards.cv_tile(statistics),
        _share_tile(view, "below", below, BELOW, words["below"], goals.of(*BELOW)),
        cards.coverage_tile(statistics),
    ]
    return Still(html.Div(tiles, className="stats six"))


def _share_tile(view: RangeFigures, name: str, label: str, bands: Bands, what: str, goal: Goal | None) -> Component:
    statistics = view.statistics
    share = statistics.times.percent(*bands)
    number = cards.share_words(bands, share, statistics.judged_by).removesuffix(text.per_cent(""))
    foot = cards.judgement(statistics, bands, share) or ""
    about = text.listing((what, _goal_sentence(goal, view)))
    return cards.tile(name, label, number, "%", foot, None, about, cards.rests_on(statistics))


def _goal_sentence(goal: Goal | None, view: RangeFigures) -> str:
    if goal is None:
        return _("No goal is set for it.")
    told = _("Goal: more than {limit}.") if goal.above else _("Goal: less than {limit}.")
    citation = view.statistics.judged_by.citation
    source = "" if citation is None else _("Source: {source}.").format(source=citation.short)
    return text.listing((told.format(limit=text.percent(goal.limit)), source))


def _mean_tile(view: RangeFigures) -> Component:
    mean, unit = view.statistics.level.mean, view.look.unit
    number = None if mean is None else text.glucose(mean, unit)
    what = _("The mean of glucose over the time the readings stand for. Gaps count for nothing.")
    label = _("Mean glucose")
    return cards.tile("mean", label, number, str(unit), _before(view), None, what, cards.rests_on(view.statistics))


def _before(view: RangeFigures) -> str:
    """Return the mean of as many days just before; nothing where it would rest on too little."""
    n, mean = view.statistics.window.days, view.before.mean
    if mean is None or (view.before_coverage.percent or 0) < ENOUGH_PERCENT:
        few = plural("Too few readings on the day before", "Too few readings in the {n} days before", n)
        return few.format(n=text.count(n))
    told = plural("{n} day before: {mean}", "{n} days before: {mean}", n)
    return told.format(n=text.count(n), mean=text.glucose_in(mean, view.look.unit))


# --- tables


def opener(name: str) -> str:
    """Return the id of the line of text that opens and closes the table of *name*; its clicks tell which."""
    return f"{name}-open"


def table(name: str, figures: RangeFigures | None, weeks: SeriesView | None) -> Component:
    """Return the table of *name*, one of TABLES, from what it is made of."""
    if figures is not None and name == ids.TRENDS_PROFILE:
        return _profile_table(figures.profile(), figures)
    if figures is not None and name == ids.TRENDS_HOURS:
        return _hours_table(hours.by_hour(figures.picked, figures.look.targets))
    if figures is not None and name == ids.TRENDS_SPREAD:
        return _spread_table(figures)
    if weeks is not None and name == ids.TRENDS_SERIES:
        return _series_table(weeks)
    raise ValueError(f"table: expected one of {', '.join(TABLES)} with its figures, got '{name}'")


# --- a typical day


def _typical_day(shown: dict[str, Any]) -> Component:
    head = html.Div(
        [
            html.Div(
                [
                    html.H2(_("A typical day")),
                    html.P(shown[f"{ids.TRENDS_PROFILE}-sub"], id=f"{ids.TRENDS_PROFILE}-sub", className="sub"),
                ],
                className="grow",
            ),
            _weekdays(),
        ],
        className="cardhead",
    )
    return html.Section(
        [
            head,
            _chart(ids.TRENDS_PROFILE, shown, _("Glucose profile"), "tall"),
            html.Div(_profile_key(), className="key phone-only", **hyphened(aria_hidden="true")),
            html.H3(_("Share of time in each band, by hour"), className="charthead"),
            _chart(ids.TRENDS_HOURS, shown, _("Time in each band by hour"), "low"),
            _as_table(ids.TRENDS_PROFILE, _("Show the profile as a table")),
            _as_table(ids.TRENDS_HOURS, _("Show the hours as a table")),
        ],
        className="card",
    )


def _weekdays() -> Component:
    """Return the choice of weekdays; the last one opens seven boxes."""
    options = [
        {"label": _("All"), "value": "all"},
        {"label": _("Mon–Fri"), "value": "work"},
        {"label": _("Sat, Sun"), "value": "end"},
        {"label": _("Pick"), "value": "pick"},
    ]
    boxes = dbc.Checklist(
        id=ids.TRENDS_PICKED,
        options=[{"label": _(name), "value": i} for i, name in enumerate(text.WEEKDAYS_SHORT)],
        value=list(range(7)),
        className="seg picks",
        inputClassName="btn-check",
        labelClassName="seg-label",
    )
    picks = html.Fieldset([html.Legend(_("Days of the week to take"), className="vh"), boxes], className="control")
    return html.Div(
        [segments(_("Days of the week"), ids.TRENDS_WEEKDAYS, options, "all", "seg sm"), picks], className="weekdays"
    )


def _profile_sub(view: RangeFigures, found: Profile) -> list[Component | str]:
    if not view.weekdays:
        return [_("Choose at least one day of the week.")]
    n, unit = found.dates, view.look.unit
    laid = plural("{n} day by time of day, {unit}", "{n} days laid over one another, by time of day, {unit}", n).format(
        n=text.count(n), unit=unit
    )
    if n >= FEWEST_DAYS:
        return [laid]
    few = plural(
        "A profile needs at least {need} days with readings; these dates hold {n}.",
        "A profile needs at least {need} days with readings; these dates hold {n}.",
        n,
    ).format(need=FEWEST_DAYS, n=n)
    return [laid, html.Br(), html.Span(few, className="few-data")]


def _profile_key() -> list[Component]:
    parts = (("median", _("median")), ("inner", _("half of days")), ("outer", _("9 of 10 days")), ("zone", _("target")))
    return [html.Span([html.I(className=name), words]) for name, words in parts]


def _profile_table(found: Profile, view: RangeFigures) -> Component:
    unit = view.look.unit
    head = [_("Time"), *(_percentile(p) for p in Profile.PERCENTS), _("Days")]
    rows = []
    for i in range(found.curves.shape[1]):
        values = [
            text.glucose(value, unit) if value == value and (has or c == MEDIAN) else text.NOTHING
            for c, (value, has) in enumerate((float(v), found.has_bands[i]) for v in found.curves[:, i])
        ]
        rows.append([typical.span(MINUTES * i, MINUTES * (i + 1)), *values, str(int(found.days[i]))])
    return _table(_("Glucose profile by quarter hour, {unit}").format(unit=unit), head, rows)


def _percentile(p: int) -> str:
    return _("Median") if p == 50 else text.percent(p)


def _hours_table(by_hour: hours.Int64) -> Component:
    percent = hours.shares(by_hour)
    rows = [
        [typical.span(60 * hour, 60 * (hour + 1)), *(_share(float(percent[band, hour]), band) for band in Band)]
        for hour in range(hours.HOURS)
    ]
    return _table(_("Time in each band by hour"), [_("Time"), *(text.band(band) for band in Band)], rows)


def _share(value: float, band: Band) -> str:
    known = None if np.isnan(value) else value
    return text.percent_fine(known) if band in BELOW else text.percent(known)


# --- time in ranges


def _ranges(shown: dict[str, Any]) -> Component:
    return html.Section(
        [
            html.Div(shown[ids.TRENDS_RANGES], id=ids.TRENDS_RANGES),
            html.H3(_("Distribution of readings"), className="charthead"),
            _chart(ids.TRENDS_SPREAD, shown, _("Distribution of readings"), "spread"),
            _as_table(ids.TRENDS_SPREAD, _("Show the distribution as a table")),
        ],
        className="card",
    )


def _ranges_content(view: RangeFigures) -> list[Component | str]:
    statistics = view.statistics
    canvas = SvgCanvas(BAR_WIDTH, BAR_HEIGHT)
    range_bar(canvas, [_bar_row(view, band) for band in reversed(Band)], BAR_WIDTH, BAR_HEIGHT)
    head = html.Div([html.H2(_("Time in ranges")), html.P(str(view.look.unit), className="sub")], className="grow")
    table = html.Details(
        [html.Summary(_("Show time in ranges as a table")), cards.range_table(statistics)], className="astable"
    )
    return [html.Div(head, className="cardhead"), drawn(canvas, "upright"), *cards.footnotes(statistics), table]


def _bar_row(view: RangeFigures, band: Band) -> BarRow:
    statistics = view.statistics
    share, goal = statistics.times.percent(band), statistics.judged_by.of(band)
    a_day = "" if share is None else _("{time} a day").format(time=text.time_a_day(share))
    told = "" if goal is None else _("goal {goal}").format(goal=cards.goal_words(goal))
    return BarRow(
        band=band,
        share=share or 0.0,
        name=text.band(band),
        limits=text.limits(band, statistics.targets, view.look.unit),
        words=cards.share_words((band,), share, statistics.judged_by),
        detail=" · ".join(filter(None, (a_day, told))),
    )


def _by_value(view: RangeFigures) -> distribution.Int64:
    """Return the seconds at each whole mg/dL, in the bands that the times in ranges count them in."""
    return np.asarray(view.sums.judged_by_bin(view.look.targets).sum(axis=0), np.int64)


def _spread_table(view: RangeFigures) -> Component:
    unit = view.look.unit
    rows = [
        [distribution.values_of(bar, unit), text.band(bar.band), text.percent_fine(bar.share)]
        for bar in distribution.bars_of(_by_value(view), view.look.targets)
    ]
    head = [_("Values, {unit}").format(unit=unit), _("Band"), _("Share of time")]
    return _table(_("Distribution of readings"), head, rows)


# --- a year of days


def year_pieces(view: YearView) -> tuple[Any, ...]:
    """Return what YEAR_AREAS show."""
    return calendar.year(view), calendar.alt_text(view)


def _year(shown: dict[str, Any], view: YearView) -> Component:
    options = [
        {"label": _("Time in target"), "value": "tir"},
        {"label": _("Mean"), "value": "mean"},
        {"label": _("Coverage"), "value": "coverage"},
    ]
    told = _("One square is one day. Choose one to open it.")
    head = html.Div([html.H2(_("A year of days")), html.P(told, className="sub")], className="grow")
    choice = segments(_("What the squares show"), ids.TRENDS_YEAR_METRIC, options, view.metric, "seg sm")
    return html.Section(
        [
            html.Div([head, choice], className="cardhead"),
            html.Div(shown[ids.TRENDS_YEAR], id=ids.TRENDS_YEAR, className="year"),
            html.P(shown[f"{ids.TRENDS_YEAR}-alt"], id=f"{ids.TRENDS_YEAR}-alt", className="vh"),
        ],
        className="card",
    )


# --- weeks and months


def series_pieces(view: SeriesView) -> tuple[Any, ...]:
    """Return what SERIES_AREAS show."""
    periods, look = view.periods, view.look
    found, labels = series.metrics_of(periods, view.goals, look.unit), series.labels_of(periods)
    charts = [
        piece
        for name in series.NAMES
        for piece in (
            series.figure_of(found[name], periods, look, labels),
            _chart_head(found[name], view),
            series.alt_text(found[name], periods),
        )
    ]
    title = _("Week by week") if view.step == "week" else _("Month by month")
    return (title, _series_sub(view), *charts)


def _chart_head(metric: series.Metric, view: SeriesView) -> Component:
    value: list[Component | str] = [
        html.B(series.newest(metric, view.periods)),
        " ",
        html.Span(metric.unit, className="unit"),
    ]
    return Still([html.Span(metric.label, className="label"), html.Span(value, className="last")])


def _series_sub(view: SeriesView) -> str:
    n, all_ = len(view.periods), view.known
    if view.step == "month":
        length = plural("{n} month.", "{n} months.", n).format(n=text.count(n))
    elif n < all_:
        length = _("The newest {n} of {all} weeks; months show all.").format(n=text.count(n), all=text.count(all_))
    else:
        length = plural("{n} week.", "{n} weeks.", n).format(n=text.count(n))
    hollow = _("Hollow points rest on less than {share} of the time.").format(share=text.percent(ENOUGH_PERCENT))
    return text.listing((length, hollow, _("The shaded side is the goal.")))


def _series(shown: dict[str, Any], view: SeriesView) -> Component:
    name = ids.TRENDS_SERIES
    options = [{"label": _("Weeks"), "value": "week"}, {"label": _("Months"), "value": "month"}]
    head = html.Div(
        [
            html.H2(shown[f"{name}-title"], id=f"{name}-title"),
            html.P(shown[f"{name}-sub"], id=f"{name}-sub", className="sub"),
        ],
        className="grow",
    )
    metrics = series.metrics_of(view.periods, view.goals, view.look.unit)
    charts = [
        html.Div(
            [
                html.P(shown[f"{name}-{each}-head"], id=f"{name}-{each}-head", className="minihead"),
                _chart(f"{name}-{each}", shown, metrics[each].label, "mini"),
            ]
        )
        for each in series.NAMES
    ]
    choice = segments(_("Length of a period"), ids.TRENDS_STEP, options, view.step, "seg sm")
    return html.Section(
        [
            html.Div([head, choice], className="cardhead"),
            html.Div(charts, className="minis"),
            _as_table(name, _("Show as table")),
        ],
        className="card",
    )


def _series_table(view: SeriesView) -> Component:
    found = series.metrics_of(view.periods, view.goals, view.look.unit)
    names = ("tir", "below", "very-low", "above", "very-high", "mean", "sd", "cv", "gmi", "coverage")
    periods = view.periods
    newest_first = range(len(periods) - 1, max(-1, len(periods) - 1 - TABLE_WEEKS), -1)
    if view.step == "month":
        newest_first = range(len(periods) - 1, -1, -1)
    head = [_("Period"), *(_column(found[name]) for name in names), _("Days"), _("Readings")]
    rows = []
    for i in newest_first:
        part = series.part_of(periods, i)
        name = series.name_of(periods, i)
        cells = [_cell(found[each], periods.n[i] > 0, float(found[each].values[i])) for each in names]
        counts = [text.count(int(periods.days[i])), text.count(int(periods.n[i]))]
        rows.append([_("{period} ({part})").format(period=name, part=part) if part else name, *cells, *counts])
    caption = _("Main metrics by week") if view.step == "week" else _("Main metrics by month")
    if len(rows) < len(periods):
        caption = _("Main metrics of the newest {n} weeks; months show all").format(n=len(rows))
    return _table(caption, head, rows)


def _column(metric: series.Metric) -> str:
    return _("{metric}, {unit}").format(metric=metric.label, unit=metric.unit)


def _cell(metric: series.Metric, there: bool, value: float) -> str:
    return metric.write(value) if there and value == value else text.NOTHING


# --- parts


def _chart(name: str, shown: dict[str, Any], label: str, class_name: str) -> Component:
    """Return a chart with the card at its pointer, and the sentence that stands for it."""
    figure: Figure = shown[name]
    graph = dcc.Graph(id=name, figure=figure, config=STILL, responsive=True, className="graph")
    pointer = [html.Div(className=each, hidden=True) for each in ("hairline", "hairdot", "reading-card")]
    return html.Figure(
        [
            html.Div(
                [graph, Still(pointer)],
                className=f"plotbox {class_name}",
                tabIndex=0,
                role="application",
                **hyphened(aria_label=label, aria_describedby=f"{name}-alt trends-keys", data_cards="chart"),
            ),
            html.Figcaption(shown[f"{name}-alt"], id=f"{name}-alt", className="vh"),
        ],
        className="chart",
    )


def _as_table(name: str, words: str) -> Component:
    return html.Details([html.Summary(words, id=opener(name)), html.Div(id=f"{name}-table")], className="astable")


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Component:
    """Return a table whose first column names the rows."""
    columns = html.Thead(html.Tr([html.Th(words, scope="col") for words in head]))
    body = html.Tbody([html.Tr([html.Th(row[0], scope="row"), *map(html.Td, row[1:])]) for row in rows])
    table = html.Table([html.Caption(caption), columns, body], className="bt")
    return html.Div(table, className="tablebox", tabIndex=0, role="group", **hyphened(aria_label=caption))
