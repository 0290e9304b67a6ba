"""The page Report: the sheet as it will be printed, and above it what it is made of."""

from collections.abc import Sequence

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.i18n import _
from layouts import ids
from layouts.attributes import hyphened
from layouts.controls import segments
from layouts.drawings.day import DayPanel
from layouts.drawings.drawing import drawn
from layouts.drawings.svg import SvgCanvas
from layouts.figures.profile import alt_text
from layouts.icons import icon
from layouts.sheet import geometry as g
from layouts.sheet.metrics import MetricGroup, MetricRow
from layouts.sheet.pages import DaysPage, MetricsPage, Page, pages_of_report
from layouts.sheet.pictures import all_panels, draw_bar, draw_day, draw_profile, first_panels
from layouts.sheet.view import Extra, Paper, ReportView
from layouts.sheet.words import BANDS_DOWN, DayWords, RangeWords, ReportWords, TileWords, named, page_of, words_of
from layouts.views import Content, RangeView

Child = Component | str | None


def page(view: ReportView, chosen: RangeView, standard: str, pdf: str, key: str) -> Content:
    """Return the page at first paint. pdf: address of the same report as a file. key: of what it shows."""
    body: list[Component | None] = [
        html.Div(_tools(view, pdf), className="report-tools"),
        html.Div(sheets(view), id=ids.REPORT_SHEETS, className="sheets"),
        dcc.Store(id=ids.REPORT_PAINTED, data=key),
    ]
    return Content(page="report", body=body, range=chosen, standard=standard)


def _tools(view: ReportView, pdf: str) -> list[Component]:
    """Return the tool bar, which is not printed."""
    papers = [{"label": paper.label, "value": paper.value} for paper in Paper]
    extras = [
        {"label": _("Pages of days"), "value": Extra.DAYS.value},
        {"label": _("Table of metrics"), "value": Extra.METRICS.value},
    ]
    further = dbc.Checklist(
        id=ids.REPORT_EXTRAS, options=extras, value=sorted(view.extras), inline=True, className="checks"
    )
    return [
        segments(_("Paper"), ids.REPORT_PAPER, papers, view.paper.value, "seg paper-seg"),
        html.Fieldset([html.Legend(_("Further pages"), className="vh"), further], className="control"),
        html.Span(className="grow"),
        html.Button(
            [icon("print", small=True), _("Print")],
            id=ids.REPORT_PRINT,
            className="btn",
            type="button",
        ),
        html.A(
            [icon("download", small=True), _("Download PDF")],
            id=ids.REPORT_PDF,
            href=pdf,
            download="",
            className="btn primary",
        ),
    ]


def sheets(view: ReportView) -> list[Component]:
    """Return the sheets, one for each page."""
    words = words_of(view)
    parts = pages_of_report(view, words)
    panels = all_panels(view) if words.all_days else ()
    return [
        _sheet(view, words, _content(view, words, part, panels), number, len(parts))
        for number, part in enumerate(parts, start=1)
    ]


def _content(view: ReportView, words: ReportWords, part: Page, panels: Sequence[DayPanel]) -> list[Component | None]:
    if isinstance(part, DaysPage):
        days = slice(part.first, part.end)
        return _days_page(view, words, panels[days], words.all_days[days])
    if isinstance(part, MetricsPage):
        return _metrics_page(view, words, part.groups)
    return _first_page(view, words)


def _sheet(
    view: ReportView, words: ReportWords, content: Sequence[Component | None], number: int, count: int
) -> Component:
    """Return one page of paper: white whatever the look, as it will be printed."""
    made = f"{words.made} · {page_of(number, count)}"
    demo = html.B(words.demo) if words.demo else None
    foot = html.Footer([html.Span(words.place), demo, html.Span(made)], className="sheet-foot")
    label = f"{words.document}, {page_of(number, count)}"
    return html.Section(
        [*content, foot],
        className=f"paper {view.paper.value}",
        **hyphened(aria_label=label, data_bs_theme="light"),
    )


# --- the first page


def _first_page(view: ReportView, words: ReportWords) -> list[Component | None]:
    frame = g.Frame.of(view.paper)
    facts = [html.Div([html.Dt(label), html.Dd(value)]) for label, value in words.facts]
    head = html.Div(
        [
            html.Div([html.H2(words.title), html.P(words.period)], className="grow"),
            html.B(words.demo, className="sheet-demo") if words.demo else None,
            html.Dl(facts),
        ],
        className="sheet-head",
    )
    return [
        head,
        html.Div([_ranges(view, words), _figures(words)], className="sheet-top"),
        _profile(view, words, frame),
        _days(view, words, frame),
        html.P(" ".join(words.notes), className="sheet-notes"),
    ]


def _heading(words: str, sub: str) -> Component:
    return html.H3([words, " ", html.Span(sub, className="sub")])


def _ranges(view: ReportView, words: ReportWords) -> Component:
    wide, narrow = SvgCanvas(g.BAR_WIDTH, g.BAR_HEIGHT), SvgCanvas(*g.BAR_PHONE)
    draw_bar(wide, view, words, g.BAR_WIDTH, g.BAR_HEIGHT)
    draw_bar(narrow, view, words, *g.BAR_PHONE)
    said = [html.Li(_sentence(words.bands[band])) for band in BANDS_DOWN]
    together = [
        html.Tr(
            [
                html.Th([row.name, " ", row.limits], scope="row"),
                html.Td(html.B(row.share), className="share"),
                html.Td(row.detail),
            ]
        )
        for row in words.together
    ]
    caption = html.Caption(_("Above and below target"), className="vh")
    return html.Div(
        [
            _heading(words.ranges, words.ranges_sub),
            drawn(wide, "range-bar wide"),
            drawn(narrow, "range-bar narrow"),
            html.Ul(said, className="vh"),
            html.Table([caption, html.Tbody(together)], className="together"),
        ],
        className="sheet-ranges",
    )


def _sentence(said: RangeWords) -> str:
    return f"{said.name} {said.limits}: {said.share}, {said.detail}"


def _figures(words: ReportWords) -> Component:
    tiles = [_tile(tile) for tile in words.tiles]
    return html.Div([_heading(words.metrics, ""), html.Div(tiles, className="sheet-tiles")], className="sheet-figures")


def _tile(tile: TileWords) -> Component:
    number = html.P([html.B(tile.number), " ", html.Span(tile.unit, className="u")], className="n")
    notes = [html.P(note, className="note") for note in tile.notes]
    weak = " weak" if tile.weak else ""
    return html.Div(
        [html.P(tile.label, className="t"), number, *notes],
        className=f"sheet-tile{weak}",
        **hyphened(data_figure=tile.name),
    )


def _profile(view: ReportView, words: ReportWords, frame: g.Frame) -> Component:
    heading = _heading(words.profile, words.profile_sub)
    if words.profile_lack:
        return html.Div([heading, html.P(words.profile_lack, className="lack")], className="sheet-profile")
    wide = SvgCanvas(frame.inner, frame.profile_height)
    draw_profile(wide, view, words, frame.inner, frame.profile_height)
    narrow = SvgCanvas(*g.PROFILE_PHONE)
    draw_profile(narrow, view, words, *g.PROFILE_PHONE, hours=6)
    return html.Div(
        [
            heading,
            html.Figure(
                [
                    drawn(wide, "wide"),
                    drawn(narrow, "narrow"),
                    html.Figcaption(alt_text(view.profile, view.unit), className="vh"),
                ]
            ),
        ],
        className="sheet-profile",
    )


def _days(view: ReportView, words: ReportWords, frame: g.Frame) -> Component:
    heading = _heading(words.days, words.days_sub)
    if words.days_lack:
        return html.Div([heading, html.P(words.days_lack)], className="sheet-days")
    size = (frame.panel, g.PANEL_HEIGHT)
    days = [
        html.Li([html.P([html.B(said.name), html.Span(said.share)]), _day(panel, size)])
        for panel, said in zip(first_panels(view), words.first_days, strict=True)
    ]
    return html.Div([heading, html.Ul(days, className="sheet-panels")], className="sheet-days")


def _day(panel: DayPanel, size: tuple[float, float]) -> Component:
    canvas = SvgCanvas(*size)
    draw_day(canvas, panel, 0, 0, *size)
    return drawn(canvas, "sheet-day")


# --- further pages


def _further(view: ReportView, words: ReportWords, heading: str, sub: str) -> list[Component | None]:
    # A name may be written from right to left, or order so: what stands beside it keeps its own direction.
    name: list[Child] = [" · ", html.Bdi(named(view))] if view.person else []
    who: list[Child] = [words.title, *name, " · ", words.period]
    demo = html.B(words.demo, className="sheet-demo") if words.demo else None
    return [html.Div([html.P(who), demo], className="sheet-further"), _heading(heading, sub)]


def _days_page(
    view: ReportView, words: ReportWords, panels: Sequence[DayPanel], said: Sequence[DayWords]
) -> list[Component | None]:
    size = (g.Frame.of(view.paper).day, g.day_row(len(said)) - g.DAY_WORDS)
    days = [
        html.Li([html.P([html.B(day.date), html.Span(day.share)]), _day(panel, size), html.P(day.detail)])
        for panel, day in zip(panels, said, strict=True)
    ]
    return [*_further(view, words, words.days, words.all_days_sub), html.Ul(days, className="sheet-all-days")]


def _metrics_page(view: ReportView, words: ReportWords, groups: Sequence[MetricGroup]) -> list[Component | None]:
    head = _further(view, words, words.table, words.table_sub)
    if not groups:
        return [*head, html.P(words.table_lack, className="lack")]
    return [*head, *(_group(group) for group in groups)]


def _group(group: MetricGroup) -> Component:
    columns = [html.Th(name, scope="col") for name in (_("Metric"), _("Value"), _("What it is"))]
    rows = [html.Tr(_metric(row)) for row in group.rows]
    return html.Table(
        [html.Caption(group.name), html.Thead(html.Tr(columns), className="vh"), html.Tbody(rows)],
        className="metric-table",
    )


def _metric(row: MetricRow) -> list[Component]:
    value: list[Child] = [html.B(row.value), " ", html.Span(row.unit, className="u")]
    return [html.Th(row.name, scope="row"), html.Td(value), html.Td(row.what)]
