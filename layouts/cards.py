"""The cards of figures: time in range with its goals, and mean, GMI, CV and coverage."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dash import html
from dash.development.base_component import Component

from cgm_dash.i18n import _, plural
from cgm_dash.metrics.coverage import ENOUGH_DAYS, ENOUGH_PERCENT, Coverage
from cgm_dash.units import ADULT, Band
from cgm_dash.window import HOURS, Window
from layouts import ids, text, tokens
from layouts.attributes import hyphened
from layouts.icons import icon
from layouts.views import StatisticsView

DAY_S = 86_400
IN_BAR_PERCENT = 10
"""A share's number stands in the bar from here on; below it would be cut off."""

CV_STABLE_PERCENT = 36


@dataclass(frozen=True, slots=True)
class Goal:
    """A share of time to stay below, or above, in percent."""

    limit: int
    above: bool = False

    def met(self, share: float) -> bool:
        """Return whether the unrounded *share* reaches the goal; the limit itself does not."""
        return share > self.limit if self.above else share < self.limit

    @property
    def words(self) -> str:
        """The goal as shown."""
        return f"{'>' if self.above else '<'}{text.percent(self.limit)}"


GOALS: Mapping[tuple[Band, ...], Goal] = MappingProxyType(
    {
        (Band.VERY_HIGH,): Goal(5),
        (Band.HIGH, Band.VERY_HIGH): Goal(25),
        (Band.TARGET,): Goal(70, above=True),
        (Band.VERY_LOW, Band.LOW): Goal(4),
        (Band.VERY_LOW,): Goal(1),
    }
)
"""Adults with type 1 or type 2 diabetes: Battelino et al. 2019, doi:10.2337/dci19-0028."""

ROWS: tuple[tuple[Band, ...], ...] = (
    (Band.VERY_HIGH,),
    (Band.HIGH,),
    (Band.HIGH, Band.VERY_HIGH),
    (Band.TARGET,),
    (Band.VERY_LOW, Band.LOW),
    (Band.LOW,),
    (Band.VERY_LOW,),
)
BELOW = (Band.VERY_LOW, Band.LOW)


def time_in_range(view: StatisticsView) -> Component:
    """Return the card's content: the bar of five bands, and the table of shares, times and goals."""
    return html.Div([_rests_on(view), tir_bar(view), _table(view), *_notes(view)], className="tirbox")


def _rests_on(view: StatisticsView) -> Component:
    share = text.percent(view.coverage.percent)
    words = _("{period}, {share} of it covered by readings").format(period=text.period(view.window), share=share)
    return html.P(words, className="sub")


def _notes(view: StatisticsView) -> list[Component]:
    notes = []
    if view.targets == ADULT:
        notes.append(_("Goals: adults with type 1 or type 2 diabetes (Battelino 2019)."))
    if _uneven(view):
        notes.append(_("Percentages are rounded and may not add to 100."))
    if view.targets == ADULT and not view.coverage.sufficient:
        judged = _("Goals are judged over {days} days or more with {share} coverage.")
        notes.append(judged.format(days=ENOUGH_DAYS, share=text.percent(ENOUGH_PERCENT)))
    return [html.P(text.listing(notes), className="hint")] if notes else []


def tir_bar(view: StatisticsView) -> Component:
    """Return the bar, very low at the left; numbers stand inside where they fit, the table holds them all."""
    shares = [(band, view.times.percent(band) or 0.0) for band in Band]
    parts: list[Component] = [
        html.I(
            text.percent(share) if share >= IN_BAR_PERCENT else None,
            className=f"b-{tokens.BAND_NAMES[band]}",
            style={"flex": f"{share:.3f} 1 0"},
        )
        for band, share in shares
        if share > 0
    ]
    if not parts:
        parts = [html.I(_("No readings in this time"), className="none")]
    words = ", ".join(f"{text.band(band)} {share_words((band,), share)}" for band, share in shares)
    label = _("Time in range: {shares}").format(shares=words) if view.times.observed else _("No readings in this time")
    return html.Div(parts, id=ids.TIR_BAR, className="tir", role="img", **hyphened(aria_label=label))


def share_words(bands: tuple[Band, ...], share: float | None) -> str:
    """Return the share of *bands* as shown: one decimal below range, whole percent elsewhere.

    A share that would round to the limit of its goal without being it gets as many decimals as tell the two apart, so
    that no reader sees "5 %" meet "<5 %".
    """
    if share and _places(bands, share) > _usual_places(bands):
        return text.per_cent(text.decimal(share, _places(bands, share)))
    return text.percent_fine(share) if _usual_places(bands) else text.percent(share)


def _usual_places(bands: tuple[Band, ...]) -> int:
    return 1 if bands[0] in BELOW else 0


def _places(bands: tuple[Band, ...], share: float) -> int:
    places, goal = _usual_places(bands), GOALS.get(bands)
    while goal and share != goal.limit and text.rounded(share, places) == goal.limit:
        places += 1
    return places


def _table(view: StatisticsView) -> Component:
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
    return html.Table([caption, head, html.Tbody(rows)], className="bt")


def _row(view: StatisticsView, bands: tuple[Band, ...], per_day: bool) -> Component:
    share = view.times.percent(*bands)
    seconds = sum(view.times.seconds[band] for band in bands)
    shown = DAY_S * (share or 0) / 100 if per_day else seconds
    time = text.duration_short(shown) if share is not None else text.NOTHING
    cells = [
        html.Th(_name(view, bands), scope="row"),
        html.Td(share_words(bands, share), className="share"),
        html.Td(time),
        html.Td(_goal(view, bands, share)),
    ]
    return html.Tr(cells, className="sum" if len(bands) > 1 else None)


def _name(view: StatisticsView, bands: tuple[Band, ...]) -> list[Component | str | None]:
    if len(bands) > 1:
        low = bands == BELOW
        limit = text.glucose(view.targets.low if low else view.targets.high, view.unit)
        words = _("Low and very low") if low else _("High and very high")
        return [words, html.Span(("<" if low else ">") + limit, className="r")]
    band = bands[0]
    swatch = html.I(className=f"sw b-{tokens.BAND_NAMES[band]}", **hyphened(aria_hidden="true"))
    return [swatch, text.band(band), html.Span(text.limits(band, view.targets, view.unit), className="r")]


def _goal(view: StatisticsView, bands: tuple[Band, ...], share: float | None) -> Component | None:
    goal = GOALS.get(bands)
    if goal is None or view.targets != ADULT:
        return None
    if share is None or not view.coverage.sufficient:
        return html.Span(goal.words, className="open")
    if goal.met(share):
        return html.Span([icon("check", small=True), _("{goal} met").format(goal=goal.words)], className="ok")
    return html.Span([icon("cross", small=True), _("{goal} missed").format(goal=goal.words)], className="no")


def _uneven(view: StatisticsView) -> bool:
    """Return whether the five shares as shown do not add to 100."""
    if not view.times.observed:
        return False
    shares = [((band,), view.times.percent(band) or 0.0) for band in Band]
    if any(share_words(*each).startswith("<") for each in shares):
        return True
    return sum(text.rounded(share, _places(bands, share)) for bands, share in shares) != 100


# --- mean, GMI, CV, coverage


def figures(view: StatisticsView) -> Component:
    """Return the four tiles. A figure without enough behind it says so and is greyed, never hidden."""
    level, enough = view.level, view.coverage.sufficient
    data = _data(view)
    reason = None if enough else insufficient(view.coverage, view.window)
    return html.Div(
        [
            _mean(view),
            _tile(
                "gmi",
                _("GMI"),
                None if level.gmi is None else text.decimal(level.gmi, 1),
                "%",
                _("From {days} days").format(days=view.coverage.days),
                reason,
                _(
                    "Glucose management indicator: the HbA1c that people with this mean glucose have on average. It is"
                    " not a laboratory value. GMI = 3.31 + 0.02392 × mean in mg/dL (Bergenstal 2018). Its goal is the"
                    " one agreed for HbA1c."
                ),
                data,
            ),
            _tile(
                "cv",
                _("CV"),
                None if level.cv is None else text.decimal(level.cv, 0),
                "%",
                _cv_foot(level.cv),
                reason,
                _(
                    "Coefficient of variation: how much glucose swings, as a share of its mean. Up to 36 % counts as"
                    " stable (Danne 2017)."
                ),
                data,
            ),
            _coverage(view),
        ],
        className="stats four",
    )


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
    need, share = text.percent(ENOUGH_PERCENT), text.percent(coverage.percent)
    return _("Needs {need} coverage; this is {share}.").format(need=need, share=share)


def _mean(view: StatisticsView) -> Component:
    mean = view.level.mean
    number = None if mean is None else text.glucose(mean, view.unit)
    what = _(
        "The mean of glucose over the time the readings stand for. Gaps count for nothing. There is no goal for it: the"
        " goals are those of time in range (Battelino 2019)."
    )
    sd = view.level.sd
    spread = "" if sd is None else _("SD {value}").format(value=text.glucose_in(sd, view.unit))
    return _tile("mean", _("Mean"), number, str(view.unit), spread, None, what, _data(view))


def _cv_foot(cv: float | None) -> str:
    if cv is None:
        return ""
    return _("Stable, up to 36 %") if cv <= CV_STABLE_PERCENT else _("Unstable, above 36 %")


def _coverage(view: StatisticsView) -> Component:
    share = view.coverage.percent
    low = share is not None and share < ENOUGH_PERCENT
    foot = _("{span} with readings").format(span=text.duration(view.coverage.seconds))
    what = _(
        "How much of this time the readings cover. Goal: 70 % or more; below, figures may be off (Battelino 2019)."
    )
    number = text.NOTHING if share is None else "<1" if 0 < share < 1 else text.decimal(share, 0)
    tile = _tile(
        "coverage",
        _("Coverage"),
        number,
        "%",
        foot,
        _("Below 70 %: figures may be off.") if low else None,
        what,
        _data(view),
    )
    return tile


def _data(view: StatisticsView) -> str:
    """Return what the figures rest on."""
    pattern = plural("Rests on {n} reading over {days}.", "Rests on {n} readings over {days}.", view.level.n)
    return pattern.format(n=text.count(view.level.n), days=_length(view.window))


def _length(window: Window) -> str:
    """Return how long a window is: "12 hours" where it is named in hours, else the local dates it touches."""
    if window.name in HOURS:
        return plural("{n} hour", "{n} hours", HOURS[window.name]).format(n=HOURS[window.name])
    return plural("{n} day", "{n} days", window.days).format(n=window.days)


def _tile(
    name: str, label: str, number: str | None, unit: str, foot: str, warning: str | None, what: str, data: str
) -> Component:
    """Return one tile: label, number with unit, what it rests on or lacks, and what it is, its goal, source and data.

    The last stands in the tile where there is room, else behind a button: the stylesheet shows one of the two.
    """
    about = _("About {figure}").format(figure=label)
    info = html.Details(
        [
            html.Summary(icon("info", small=True), **hyphened(aria_label=about)),
            html.Div([html.H3(label), html.P(what), html.P(data)], className="pop"),
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
            html.P([what, " ", data], className="what"),
        ],
        className=f"stat{weak}",
        **hyphened(data_figure=name),
    )
