"""The page Days: one day large with its lows and highs, many days small, several days laid over one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from cgm_dash.day_facts import DayFacts, Extreme, Spell
from cgm_dash.goals import Goals
from cgm_dash.i18n import _, plural
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.metrics.episodes import MINUTES
from cgm_dash.shown_days import LAID_OVER, WEEKDAY, ShownDays
from cgm_dash.units import ADULT, Band, Unit
from cgm_dash.window import DATES, EARLIEST, Window
from layouts import cards, ids, text, tiles, tokens
from layouts.attributes import hyphened
from layouts.controls import segments
from layouts.figures import day as day_figure
from layouts.figures import overlay
from layouts.figures.typical import Look
from layouts.icons import icon
from layouts.now import GRAPH_CONFIG
from layouts.tiles import TilesView, day_address, day_long
from layouts.views import ChartView, Content, RangeView, StatisticsView

DAY_S = 86_400
LISTED = 4
"""So many lows and highs are listed; of more the first three, and the others behind "and 2 more"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayView:
    """The day looked at. chart: of it, its window the whole day."""

    facts: DayFacts
    chart: ChartView
    goals: Goals
    person: str
    today: date
    query: str

    @property
    def is_today(self) -> bool:
        """Whether the day is not over yet."""
        return self.facts.day == self.today


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayView:
    """Days laid over one another, those with readings. chosen: the day looked at. facts: of each line's day.

    changed: the days among them on which the clocks change. choice: of shown_days.LAID_OVER.
    """

    lines: tuple[overlay.Line, ...]
    facts: tuple[DayFacts, ...]
    chosen: date
    choice: str
    changed: tuple[date, ...]
    look: Look
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysPage:
    """The whole page. tiles, shown: the days side by side, and how many the range holds. standard: of no address."""

    day: DayView
    tiles: TilesView
    shown: ShownDays
    overlay: OverlayView
    range: RangeView
    standard: str


def page(view: DaysPage, key: str) -> Content:
    """Return the page at first paint. key: of what it shows."""
    body: list[Component | None] = [
        _day_card(view.day),
        _tiles_card(view),
        _overlay_card(view.overlay),
        dcc.Store(id=ids.DAYS_VISIBLE),
        dcc.Store(id=ids.DAYS_PAINTED, data=key),
    ]
    return Content(page="days", body=body, range=view.range, standard=view.standard)


# --- one day


def _day_card(view: DayView) -> Component:
    chart = view.chart
    name = html.H2(day_name(view), id=ids.DAYS_NAME, tabIndex=-1, **hyphened(data_day=view.facts.day.isoformat()))
    head = html.Div(
        [
            html.Div(
                [name, html.P(day_sub(view), id=ids.DAYS_SUB, className="sub")],
                className="grow",
                **hyphened(aria_live="polite"),
            ),
            html.Button(_("Whole day"), id=ids.ZOOM_RESET, className="btn sm", type="button", hidden=True),
            _ways(view),
        ],
        className="cardhead",
    )
    figure = html.Figure(
        [
            html.Div(
                [_graph(ids.DAYS_GRAPH, day_figure.figure_of(chart)), *_pointer()],
                id=ids.CHART,
                className="figbox",
                tabIndex=0,
                role="application",
                **hyphened(
                    aria_label=_("Glucose of the day"),
                    aria_describedby=f"{ids.DAYS_ALT} days-keys",
                    data_store=ids.DAYS_VISIBLE,
                ),
            ),
            html.Figcaption(alt_text(view), id=ids.DAYS_ALT, className="vh"),
            html.P(_keys(), id="days-keys", className="vh"),
            html.P(id=ids.CHART_LIVE, className="vh", **hyphened(aria_live="polite")),
        ]
    )
    return html.Section(
        [
            html.Div([head, figure], className="dayL"),
            html.Div([html.Div(facts(view), id=ids.DAYS_FACTS), _more(view)], className="dayR"),
        ],
        className="card oneday",
        id="days-card",
        **hyphened(aria_label=_("One day")),
    )


def _keys() -> str:
    return _(
        "Arrow keys move through the readings, with Shift by an hour. Plus and minus zoom, zero shows all. Outside of"
        " the chart the left and right arrow keys go to the day before and after."
    )


def _graph(id_: str, figure: dict[str, Any]) -> Component:
    return dcc.Graph(id=id_, figure=figure, config=GRAPH_CONFIG, responsive=True, className="graph")


def _pointer() -> list[Component]:
    """Return the hairline, the dot on the line and the card that assets/chart.js fills and moves."""
    return [html.Div(className=name, hidden=True) for name in ("hairline", "hairdot", "reading-card")]


def day_name(view: DayView) -> str:
    """Return the day's name."""
    name = day_long(view.facts.day, view.today)
    return _("Today, {day}").format(day=name) if view.is_today else name


def day_sub(view: DayView) -> str:
    """Return whose time and what unit the day is drawn in, and how long it was where that is unusual."""
    whose = _("{unit}, {person}'s local time") if view.person else _("{unit}, the wearer's local time")
    sub = whose.format(unit=view.chart.unit, person=view.person)
    length = view.facts.end - view.facts.start
    if length == DAY_S:
        return sub
    return _("{what}. The clocks change: this day has {span}.").format(what=sub, span=_hours(length))


def _hours(seconds: int) -> str:
    hours, minutes = divmod(seconds // 60, 60)
    return _("{h} h {m} min").format(h=hours, m=minutes) if minutes else _("{h} h").format(h=hours)


def _ways(view: DayView) -> Component:
    """Return the ways to other days: a date, and the days before and after."""
    field = html.Div(
        [
            dbc.Label(_("Day"), html_for=ids.DAYS_DATE, className="vh"),
            dbc.Input(
                id=ids.DAYS_DATE,
                type="date",
                value=view.facts.day.isoformat(),
                min=EARLIEST.isoformat(),
                max=view.today.isoformat(),
                className="input sm",
            ),
        ],
        className="dayfield",
    )
    before, after = (_step(sign, *step(view, by)) for sign, by in (("left", -1), ("right", 1)))
    return html.Div([field, before, after], className="daynav")


def _step(sign: str, address: str | None, label: str, disabled: str) -> Component:
    # One that leads nowhere keeps its place in the tab order: focus would be lost at the last step.
    id_ = ids.DAYS_PREVIOUS if sign == "left" else ids.DAYS_NEXT
    words = hyphened(aria_label=label, aria_disabled=disabled)
    return html.A(icon(sign), id=id_, href=address, className="btn icon", role="link", tabIndex=0, **words)


def step(view: DayView, by: int) -> tuple[str | None, str, str]:
    """Return address, name and whether it is disabled, of the link to the day before or after. by: -1 or 1."""
    words = _("Previous day") if by < 0 else _("Next day")
    day = view.facts.day + timedelta(days=by)
    if not EARLIEST <= day <= view.today:
        return None, words, "true"
    label = _("{words}: {day}").format(words=words, day=text.day_of_year(day, view.today))
    return day_address(day, view.query), label, "false"


def alt_text(view: DayView) -> str:
    """Return what a person would read off the chart of the day."""
    facts, zone = view.facts, view.chart.zone
    sentences = [tiles.words(facts, view.chart.unit, view.today)]
    if facts.lowest and facts.highest:
        sentences.append(
            _("Lowest {low} at {low_time}, highest {high} at {high_time}.").format(
                low=text.reading_in(facts.lowest.mg_dl, facts.lowest.flag, view.chart.unit),
                low_time=_at(facts.lowest, zone),
                high=text.reading_in(facts.highest.mg_dl, facts.highest.flag, view.chart.unit),
                high_time=_at(facts.highest, zone),
            )
        )
    return text.listing(sentences)


def _at(extreme: Extreme, zone: ZoneInfo) -> str:
    return text.clock(extreme.ts, zone, extreme.offset_min)


def facts(view: DayView) -> list[Component | None]:
    """Return the day's figures beside its chart."""
    facts = view.facts
    if facts.level.mean is None:
        return [html.P(_("No readings on this day."), className="nothing"), html.P(_covered(view), className="sub")]
    share = text.percent(facts.times.tir)
    return [
        html.P([html.B(share, className="share"), html.Span(_("in target"))], className="lead"),
        cards.tir_bar(_statistics(view)),
        html.Dl([part for row in _rows(view) for part in (html.Dt(row[0]), html.Dd(row[1]))], className="dayfacts"),
        _warning(view),
        *_spells(view),
    ]


def _statistics(view: DayView) -> StatisticsView:
    facts = view.facts
    return StatisticsView(
        times=facts.times,
        level=facts.level,
        coverage=facts.coverage,
        window=Window(DATES, facts.start, facts.until, 1),
        unit=view.chart.unit,
        targets=view.goals.targets,
        goals=view.goals,
    )


def _rows(view: DayView) -> list[tuple[str, Any]]:
    facts, unit = view.facts, view.chart.unit
    cv = text.NOTHING if facts.level.cv is None else text.per_cent(text.decimal(facts.level.cv, 0))
    return [
        (_("Mean glucose"), text.glucose_in(facts.level.mean or 0, unit)),
        (_("Lowest"), _extreme(facts.lowest, view)),
        (_("Highest"), _extreme(facts.highest, view)),
        (_("Variation (CV)"), cv),
        (_("Coverage"), _covered(view)),
    ]


def _extreme(extreme: Extreme | None, view: DayView) -> list[Any]:
    if extreme is None:
        return [text.NOTHING]
    value = text.reading_in(extreme.mg_dl, extreme.flag, view.chart.unit)
    return [value, " ", html.Span(_("at {time}").format(time=_at(extreme, view.chart.zone)), className="when")]


def _covered(view: DayView) -> str:
    share = text.percent(view.facts.coverage.percent)
    return _("{share} of the day so far").format(share=share) if view.is_today else share


def _warning(view: DayView) -> Component | None:
    share = view.facts.coverage.percent
    if share is None or share >= ENOUGH_PERCENT:
        return None
    words = _("Below {share} coverage: figures may be off.").format(share=text.percent(ENOUGH_PERCENT))
    return html.P([icon("warn", small=True), words], className="few")


def _spells(view: DayView) -> list[Component]:
    """Return the first lows and highs of the day."""
    spells = view.facts.spells
    shown: list[Component] = [html.H3(_("Lows and highs")), *_limits(view)]
    if not spells:
        words = _("None that lasted {minutes} minutes.").format(minutes=MINUTES)
        return [*shown, html.P(words, className="sub")]
    return [*shown, html.Ul([_spell(s, view) for s in spells[: _listed(view)]], className="spells")]


def _listed(view: DayView) -> int:
    spells = view.facts.spells
    return len(spells) if len(spells) <= LISTED else LISTED - 1


def _more(view: DayView) -> Component:
    """Return what unfolds the lows and highs that are not listed."""
    hidden, words, rest = more(view)
    summary = html.Summary(words, id=ids.DAYS_MORE_WORDS)
    return html.Details(
        [summary, html.Div(rest, id=ids.DAYS_REST)], id=ids.DAYS_MORE, hidden=hidden, className="astable"
    )


def more(view: DayView) -> tuple[bool, str, Component]:
    """Return whether all lows and highs are listed, else how many are not, and them."""
    rest = view.facts.spells[_listed(view) :]
    words = plural("and {n} more", "and {n} more", len(rest)).format(n=len(rest))
    return not rest, words, html.Ul([_spell(s, view) for s in rest], className="spells")


def _limits(view: DayView) -> list[Component]:
    """Return by which limits lows and highs are counted, where the chart is shaded by others."""
    if view.goals.targets == ADULT:
        return []
    unit = view.chart.unit
    words = _("Counted below {low} and above {high}, as the consensus does.")
    limits = words.format(low=text.glucose_in(ADULT.low, unit), high=text.glucose_in(ADULT.high, unit))
    return [html.P(limits, className="sub")]


def _spell(spell: Spell, view: DayView) -> Component:
    zone, unit = view.chart.zone, view.chart.unit
    end = _("now") if view.is_today and spell.end >= view.facts.until - 60 * MINUTES else text.clock(spell.end, zone)
    if spell.end >= view.facts.end:
        end = _("24:00")
    when = f"{text.clock(spell.start, zone)}{text.RANGE}{end}"
    value, lasted = text.reading_in(spell.mg_dl, spell.flag, unit), text.duration(spell.end - spell.start)
    how = _("lowest {value}, {span}") if spell.low else _("highest {value}, {span}")
    swatch = html.I(className=f"sw b-{tokens.BAND_NAMES[spell.band]}", **hyphened(aria_hidden="true"))
    name = _("{band}, {time}").format(band=text.band(spell.band), time=when)
    return html.Li([swatch, html.Div([html.B(name), html.Span(how.format(value=value, span=lasted), className="sub")])])


# --- many days


def _tiles_card(view: DaysPage) -> Component:
    names = (Band.HIGH, Band.VERY_HIGH, Band.LOW, Band.VERY_LOW)
    key = [html.Span([html.I(className=f"b-{tokens.BAND_NAMES[b]}"), text.band(b)]) for b in names]
    key.append(html.Span([html.I(className="gap"), _("no data")]))
    summary = html.Summary(_("Show as table"), id=ids.DAYS_AS_TABLE)
    return html.Section(
        [
            html.Div(
                [
                    html.Div(tiles_head(view), id=ids.DAYS_TILES_HEAD, className="grow"),
                    html.Div(key, className="key", **hyphened(aria_hidden="true")),
                ],
                className="cardhead",
            ),
            html.Div(tiles.tiles(view.tiles, ids.DAYS_TODAY), id=ids.DAYS_TILES),
            html.Details([summary, html.Div(id=ids.DAYS_TABLE)], className="astable"),
        ],
        className="card",
    )


def tiles_head(view: DaysPage) -> list[Component]:
    """Return which days are shown, and at what scale."""
    shown, unit, today = view.shown, view.tiles.unit, view.tiles.today
    targets = view.day.goals.targets
    dates = text.day_of_year(shown.first, today)
    if shown.count > 1:
        dates = f"{dates} {text.RANGE} {text.day_of_year(shown.last, today)}"
    zone = f"{text.glucose(targets.low, unit)}{text.RANGE}{text.glucose(targets.high, unit)}"
    scale = _("Same scale everywhere: midnight to midnight, {scale}, target {zone} shaded. Ø is the mean in {unit}.")
    sentences = [
        _("{dates}.").format(dates=dates),
        scale.format(scale=tiles.scale_words(unit), zone=zone, unit=unit),
    ]
    if shown.asked > shown.count:
        cut = _("The range holds {asked} days; the newest {n} are shown.")
        sentences.insert(1, cut.format(asked=text.count(shown.asked), n=shown.count))
    title = plural("{n} day", "{n} days", shown.count).format(n=shown.count)
    return [html.H2(title), html.P(text.listing(sentences), className="sub")]


def table(view: DaysPage) -> Component:
    """Return the days as a table, newest first."""
    unit = view.tiles.unit
    heads = [
        _("Day"),
        _("Coverage"),
        _("In target"),
        _("Below"),
        _("Above"),
        _("Mean, {unit}").format(unit=unit),
        _("CV"),
        _("Lowest, {unit}").format(unit=unit),
        _("Highest, {unit}").format(unit=unit),
        _("Lows"),
        _("Highs"),
    ]
    today = view.tiles.today
    rows = []
    for facts in reversed(view.tiles.days):
        named: dict[str, Any] = {"id": ids.DAYS_TODAY_ROW} if facts.day == today else {}
        rows.append(html.Tr(_cells(facts, view), **named))
    caption = _("The days one by one")
    shown = html.Table(
        [
            html.Caption(caption, className="vh"),
            html.Thead(html.Tr([html.Th(head, scope="col") for head in heads])),
            html.Tbody(rows),
        ],
        className="bt",
    )
    return html.Div(shown, className="tablebox", tabIndex=0, role="group", **hyphened(aria_label=caption))


def newest_row(view: DaysPage) -> list[Component]:
    """Return the cells of the newest day's row."""
    return _cells(view.tiles.days[-1], view)


def _cells(facts: DayFacts, page: DaysPage) -> list[Component]:
    view, zone = page.tiles, page.day.chart.zone
    unit, there = view.unit, facts.level.mean is not None
    name = text.day_of_year(facts.day, view.today)
    if facts.day == view.today:
        name = _("Today, {day}").format(day=name)
    cells: Sequence[Any] = (
        text.percent(facts.coverage.percent),
        text.percent(facts.times.tir),
        text.percent_fine(facts.times.tbr),
        text.percent(facts.times.tar),
        text.glucose(facts.level.mean or 0, unit) if there else text.NOTHING,
        text.NOTHING if facts.level.cv is None else text.per_cent(text.decimal(facts.level.cv, 0)),
        _cell(facts.lowest, unit, zone),
        _cell(facts.highest, unit, zone),
        str(facts.lows) if there else text.NOTHING,
        str(facts.highs) if there else text.NOTHING,
    )
    link = html.A(name, href=day_address(facts.day, view.query))
    return [html.Th(link, scope="row"), *(html.Td(cell) for cell in cells)]


def _cell(extreme: Extreme | None, unit: Unit, zone: ZoneInfo) -> str:
    if extreme is None:
        return text.NOTHING
    value = text.reading(extreme.mg_dl, extreme.flag, unit)
    return _("{value}, {time}").format(value=value, time=_at(extreme, zone))


# --- days laid over one another


def _overlay_card(view: OverlayView) -> Component:
    words = {"7d": _("{days} d").format(days=7), "14d": _("{days} d").format(days=14), WEEKDAY: _("Same weekday")}
    options = [{"label": words[name], "value": name} for name in LAID_OVER]
    return html.Section(
        [
            html.Div(
                [
                    html.Div(overlay_head(view), id=ids.DAYS_OVERLAY_HEAD, className="grow"),
                    segments(_("Days to lay over one another"), ids.DAYS_OVERLAY, options, view.choice, "seg over"),
                ],
                className="cardhead",
            ),
            html.Div(
                [
                    html.Div(_graph(ids.DAYS_OVERLAY_GRAPH, overlay_figure(view)), className="figbox", id="days-over"),
                    html.Ul(overlay_names(view), id=ids.DAYS_OVERLAY_NAMES, className="names"),
                ],
                className="overlaid",
            ),
        ],
        className="card",
    )


def overlay_figure(view: OverlayView) -> dict[str, Any]:
    """Return the figure of the days laid over one another."""
    return overlay.figure_of(view.lines, view.chosen, view.look)


def overlay_head(view: OverlayView) -> list[Component]:
    """Return how many days lie over one another, and what is to be known of them."""
    n = len(view.lines)
    title = plural("{n} day, one on another", "{n} days, one on another", n).format(n=n)
    if view.choice == WEEKDAY:
        name = _(text.WEEKDAYS[view.chosen.weekday()])
        title = _("{weekday}: {title}").format(weekday=name, title=title)
    sentences = [
        _("By the time of day, {unit}.").format(unit=view.look.unit),
        _("The chosen day stands out; point at a line or a name to bring another forward."),
    ]
    if view.changed:
        days = ", ".join(text.day_of_year(d, view.today) for d in view.changed)
        sentences.append(
            _(
                "On {days} the clocks change: an hour that came twice is drawn twice, one that was skipped stays empty."
            ).format(days=days)
        )
    return [html.H2(title), html.P(text.listing(sentences), className="sub")]


def overlay_names(view: OverlayView) -> list[Component]:
    """Return the days by name, the newest first; assets/days.js brings the line of one forward."""
    return [html.Li(_name(view, line.day)) for line in sorted(view.lines, key=lambda line: line.day, reverse=True)]


def _name(view: OverlayView, day: date) -> Component:
    name = _("Today") if day == view.today else text.day_of_year(day, view.today)
    chosen = {"aria_current": "date"} if day == view.chosen else {}
    return html.Button(name, type="button", **hyphened(data_line=day.isoformat(), aria_pressed="false", **chosen))
