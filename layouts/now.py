"""The live page: the newest reading, the chart, today beside the days before, the sensor, what needs attention."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.i18n import _
from cgm_dash.zones import local_date
from layouts import ids, text
from layouts.attention import attention_list
from layouts.attributes import hyphened
from layouts.banners import connect_panel
from layouts.controls import date_fields, range_control
from layouts.figures import glucose
from layouts.hero import hero
from layouts.sensor import sensor_card
from layouts.tiles import scale_words, tile, tiles
from layouts.today import figures, time_in_range
from layouts.views import ChartView, Content, NowPage

GRAPH_CONFIG: Any = {
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
    "showTips": False,
}


def page(view: NowPage, key: str) -> Content:
    """Return the page at first paint; later on callbacks renew the areas named in ids. key: of what it shows."""
    hero_view = view.hero
    panel = None
    if view.connect:
        nothing = not hero_view.demo and hero_view.current.measured_at is None
        panel = connect_panel(demo=hero_view.demo, unfolded=nothing, blocked=view.blocked)
    zoom = None if view.chart.visible is None else {"key": view.chart.key, "range": list(view.chart.visible)}
    body: list[Component | None] = [
        html.Div(panel, id=ids.CONNECT),
        _hero_card(view),
        html.Div(
            [
                _card(_("Time in range"), time_in_range(view.today), ids.TIME_IN_RANGE),
                html.Div(
                    [
                        _card(_("Sensor"), sensor(view), ids.SENSOR),
                        _card(_("Attention"), attention(view), ids.ATTENTION),
                        html.Div(figures(view.today), id=ids.FIGURES),
                    ],
                    className="beside",
                ),
            ],
            className="below now",
        ),
        _week_card(view),
        dcc.Store(id=ids.VISIBLE, data=zoom),
        dcc.Store(id=ids.PAINTED, data=key),
    ]
    today = local_date(hero_view.zone, hero_view.now)
    return Content(page="now", body=body, lead=html.P(text.day_long(today), id=ids.DAY, className="day-title"))


def connect_page(blocked: str = "") -> Component:
    """Return the page of a server without a source whose demo is switched off."""
    return html.Div(
        html.Main(
            [
                html.H1(_("Where do the readings come from?")),
                connect_panel(demo=False, unfolded=True, blocked=blocked),
                html.P(_("Not a medical device. No dosing advice."), className="hint"),
            ],
            id=ids.MAIN,
            className="alone",
            tabIndex=-1,
        )
    )


def chart_title(view: ChartView) -> list[Component | str]:
    """Return the chart's heading: the stretch of time it shows, and the unit of its axis."""
    return [text.range_long(view.window, view.zone, view.now), " ", html.Span(str(view.unit), className="sub")]


def _hero_card(view: NowPage) -> Component:
    return html.Section(
        [
            html.Div(hero(view.hero), id=ids.HERO, className="heroside"),
            html.Div(
                [
                    html.Div(
                        [
                            html.H2(chart_title(view.chart), id=ids.CHART_TITLE),
                            _zoom_reset(),
                        ],
                        className="chart-title",
                    ),
                    html.Div(
                        [range_control(view.range, view.standard), date_fields(view.range)], className="chart-range"
                    ),
                    _chart(view.chart),
                ],
                className="heroR",
            ),
        ],
        className="card hero",
        **hyphened(aria_label=_("Current glucose")),
    )


def _zoom_reset() -> Component:
    """Return the button back to the whole range; assets/chart.js shows it while the chart is zoomed."""
    return html.Button(_("Whole range"), id=ids.ZOOM_RESET, className="btn sm", type="button", hidden=True)


def _chart(view: ChartView) -> Component:
    graph = dcc.Graph(
        id=ids.GLUCOSE_GRAPH, figure=glucose.figure_of(view), config=GRAPH_CONFIG, responsive=True, className="graph"
    )
    keys = _(
        "Arrow keys move through the readings, with Shift by an hour; in a long range through its columns, with Shift"
        " by ten. Plus and minus zoom, zero shows all."
    )
    return html.Figure(
        [
            html.Div(
                [graph, *_pointer()],
                id=ids.CHART,
                className="figbox",
                tabIndex=0,
                role="application",
                **hyphened(
                    aria_label=_("Glucose chart"),
                    aria_describedby=f"{ids.CHART_ALT} chart-keys",
                    data_theme=view.theme,
                    data_phone=str(view.phone).lower(),
                ),
            ),
            html.Figcaption(glucose.alt_text(view), id=ids.CHART_ALT, className="vh"),
            html.P(keys, id="chart-keys", className="vh"),
            html.P(id=ids.CHART_LIVE, className="vh", **hyphened(aria_live="polite")),
            html.Div(chart_key(view), id=ids.CHART_KEY, className="key", **hyphened(aria_hidden="true")),
        ],
        className="chart-area",
    )


def _pointer() -> list[Component]:
    """Return the hairline, the dot on the line and the card that assets/chart.js fills and moves."""
    return [html.Div(className=name, hidden=True) for name in ("hairline", "hairdot", "reading-card")]


def chart_key(view: ChartView) -> list[Component]:
    """Return what the parts of the chart are, for the eyes; its text alternative says it for everybody else."""
    targets = view.targets
    if not view.bands:
        parts = [("line", _("glucose"))]
        if view.usual:
            parts += [("usual-inner", _("usual, half of days")), ("usual-outer", _("usual, 9 of 10 days"))]
    else:
        limit = text.glucose_in(targets.low, view.unit)
        parts = [
            ("outer", _("lowest to highest")),
            ("inner", _("middle half")),
            ("median", _("median")),
            ("b-low", _("lowest below {limit}").format(limit=limit)),
        ]
    zone = f"{text.glucose(targets.low, view.unit)}{text.RANGE}{text.glucose_in(targets.high, view.unit)}"
    parts.append(("zone", _("target {limits}").format(limits=zone)))
    if glucose.has_gaps(view):
        parts.append(("gap", _("no data")))
    marks = [html.Span(words) for words in _marks(view)]
    return [*(html.Span([html.I(className=name), words]) for name, words in parts), *marks]


def _marks(view: ChartView) -> list[str]:
    """Return the marks of LO and HI in columns, each with its word; readings have the word beside the mark."""
    if view.envelope is None or not view.bands:
        return []
    found = ((view.envelope.lo, "\u25bd", _("LO")), (view.envelope.hi, "\u25b3", _("HI")))
    return [f"{mark} {word}" for counts, mark, word in found if counts.any()]


def sensor(view: NowPage) -> list[Component | None]:
    """Return the content of the sensor's card."""
    return sensor_card(view.sensor, view.hero.current, view.hero.zone, view.hero.now)


def attention(view: NowPage) -> Component:
    """Return what needs attention."""
    hero_view = view.hero
    return attention_list(view.attention, hero_view.unit, hero_view.zone, hero_view.now, hero_view.targets)


def week(view: NowPage) -> list[Component]:
    """Return the last seven days as tiles, and what they have in common."""
    scale = scale_words(view.week.unit)
    words = _("Every panel runs from midnight to midnight, {scale}").format(scale=scale)
    return [html.P(words, className="sub"), tiles(view.week, ids.TODAY_TILE)]


def today_tile(view: NowPage) -> Component:
    """Return the tile of today alone: the others stay as they are from one reading to the next."""
    return tile(view.week, view.week.days[-1], view.week.panels[-1])


def _week_card(view: NowPage) -> Component:
    every = html.A(_("All days"), href="/days", className="btn sm quiet")
    head = html.Div([html.H2(_("Last seven days"), className="grow"), every], className="cardhead")
    return html.Section([head, html.Div(week(view), id=ids.WEEK, className="cardbody")], className="card week")


def _card(title: str, content: Component | list[Component | None], id_: str) -> Component:
    head = html.Div(html.H2(title, className="grow"), className="cardhead")
    return html.Section([head, html.Div(content, id=id_, className="cardbody")], className="card")
