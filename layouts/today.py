"""Today beside the days before it: time in range, and the four figures of the day."""

from dash import html
from dash.development.base_component import Component

from cgm_dash.day_facts import Extreme
from cgm_dash.i18n import _, plural
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.reading import Flag
from cgm_dash.units import Band
from layouts import cards, text
from layouts.still import Still
from layouts.views import StatisticsView, TodayView


def time_in_range(view: TodayView) -> Component:
    """Return the card's content: both bars, and the table of shares, with goals judged over the days before."""
    parts = [_span(view), *_bars(view), _table(view), _covered(view), *cards.footnotes(view.before)]
    return html.Div(parts, className="tirbox today")


def _span(view: TodayView) -> Component:
    length = text.duration(view.today.window.seconds)
    words = _("Today so far, {span}, beside the {days} days before").format(span=length, days=view.before.window.days)
    return html.P(words, className="sub")


def _bars(view: TodayView) -> list[Component]:
    before = plural("{n} day before", "{n} days before", view.before.window.days).format(n=view.before.window.days)
    return [
        html.Div([_above(html.B(_("Today")), view.today), cards.tir_bar(view.today)], className="bar-row"),
        html.Div([_above(html.Span(before), view.before), cards.bar(view.before, thin=True)], className="bar-row"),
    ]


def _above(name: Component, view: StatisticsView) -> Component:
    share = view.times.tir
    words = "" if share is None else _("{share} in target").format(share=_share(view, (Band.TARGET,)))
    return html.P([name, html.Span(words)], className="bar-name")


def _share(view: StatisticsView, bands: tuple[Band, ...]) -> str:
    return cards.share_words(bands, view.times.percent(*bands), view.judged_by)


def _table(view: TodayView) -> Component:
    observed, days = view.today.times.observed, view.before.window.days
    # To the nearest minute, as the times below are.
    of = _("of {span}").format(span=text.duration(60 * round(observed / 60))) if observed else _("Time")
    names = [
        _("Band, {unit}").format(unit=view.today.unit),
        _("Today"),
        of,
        plural("{n} day", "{n} days", days).format(n=days),
        plural("Goal over {n} day", "Goal over {n} days", days).format(n=days),
    ]
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in names]))
    rows = [_row(view, bands) for bands in cards.ROWS]
    caption = html.Caption(_("Time in each glucose band, today and in the days before"), className="vh")
    return Still(html.Table([caption, head, html.Tbody(rows)], className="bt"))


def _row(view: TodayView, bands: tuple[Band, ...]) -> Component:
    today, before = view.today, view.before
    seconds = sum(today.times.seconds[band] for band in bands)
    cells = [
        html.Th(cards.band_name(today, bands), scope="row"),
        html.Td(_share(today, bands), className="share"),
        html.Td(text.duration_short(seconds) if today.times.observed else text.NOTHING),
        html.Td(_share(before, bands)),
        html.Td(cards.judgement(before, bands, before.times.percent(*bands))),
    ]
    return html.Tr(cells, className="sum" if len(bands) > 1 else None)


def _covered(view: TodayView) -> Component:
    """Return what both columns rest on."""
    words = _("Readings cover {today} of today and {before} of the {days} days before.").format(
        today=text.percent(view.today.coverage.percent),
        before=text.percent(view.before.coverage.percent),
        days=view.before.window.days,
    )
    return html.P(words, className="hint")


# --- the four figures


def figures(view: TodayView) -> Component:
    """Return mean, lowest, highest and coverage of today."""
    tiles = [
        _mean(view),
        _extreme(view, "lowest", _("Lowest"), view.lowest, _("The lowest reading of today, and when it was measured.")),
        _extreme(
            view, "highest", _("Highest"), view.highest, _("The highest reading of today, and when it was measured.")
        ),
        _coverage(view),
    ]
    return Still(html.Div(tiles, className="stats four today"))


def _mean(view: TodayView) -> Component:
    today, before = view.today.level.mean, view.before.level.mean
    days = view.before.window.days
    foot = ""
    if before is not None:
        pattern = plural("{n} day: {value}", "{n} days: {value}", days)
        foot = pattern.format(n=days, value=text.glucose(before, view.before.unit))
    what = _("The mean of glucose since midnight, over the time the readings stand for; below it the days before.")
    number = None if today is None else text.glucose(today, view.today.unit)
    return cards.tile("mean", _("Mean today"), number, str(view.today.unit), foot, None, what, _data(view))


def _extreme(view: TodayView, name: str, label: str, extreme: Extreme | None, what: str) -> Component:
    unit = str(view.today.unit)
    if extreme is None:
        return cards.tile(name, label, None, unit, "", None, what, _data(view))
    number = text.reading(extreme.mg_dl, extreme.flag, view.today.unit)
    foot = _("at {time}").format(time=text.clock(extreme.ts, view.zone, extreme.offset_min))
    if extreme.flag is not Flag.NONE:
        bound = text.glucose_in(extreme.mg_dl, view.today.unit)
        told = _("under {bound}, {when}") if extreme.flag is Flag.LO else _("over {bound}, {when}")
        return cards.tile(name, label, number, "", told.format(bound=bound, when=foot), None, what, _data(view))
    return cards.tile(name, label, number, unit, foot, None, what, _data(view))


def _coverage(view: TodayView) -> Component:
    share = view.today.coverage.percent
    missing = sum(end - start for start, end in view.gaps)
    pattern = plural("one gap, {span}", "{n} gaps, {span}", len(view.gaps))
    foot = pattern.format(n=len(view.gaps), span=text.duration(missing)) if view.gaps else _("no gaps")
    low = share is not None and share < ENOUGH_PERCENT
    what = _(
        "How much of today the readings cover. Goal: 70 % or more; below, figures may be off (Battelino 2019). A gap is"
        " a stretch of more than five minutes, or three readings, without any."
    )
    number = text.NOTHING if share is None else "<1" if 0 < share < 1 else text.decimal(share, 0)
    return cards.tile("coverage", _("Coverage"), number, "%", foot, foot if low else None, what, _data(view))


def _data(view: TodayView) -> str:
    n = view.today.level.n
    pattern = plural("Rests on {n} reading of today.", "Rests on {n} readings of today.", n)
    return pattern.format(n=text.count(n))
