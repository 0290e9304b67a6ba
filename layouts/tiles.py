"""Small multiples of days: each a link with its picture, its bar of five bands, time in target and mean."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from dash import html
from dash.development.base_component import Component

from cgm_dash.day_facts import DayFacts
from cgm_dash.i18n import _, plural
from cgm_dash.metrics.coverage import ENOUGH_PERCENT
from cgm_dash.metrics.ranges import TimeInRanges
from cgm_dash.units import Band, Unit
from layouts import text, tokens
from layouts.attributes import hyphened
from layouts.drawings.day import HIGH, LOW, DayPanel, day_panel
from layouts.drawings.drawing import drawn
from layouts.drawings.svg import SvgCanvas
from layouts.still import Still

WIDTH, HEIGHT, PER_PX = 240, 144, 2
"""Of a tile's picture: half a pixel is as fine as anybody sees."""
BAR, BAR_GAP, BAR_LEAST, EDGE = 12, 2.0, 3.0, 1.6


@dataclass(frozen=True, slots=True, kw_only=True)
class TilesView:
    """Consecutive days to show as tiles, oldest first, each with its panel.

    chosen: the day looked at, None for none. query: what the links say besides the day, "person=3&range=14d". phone:
    rows with the newest first instead of columns of weekdays.
    """

    days: tuple[DayFacts, ...]
    panels: tuple[DayPanel, ...]
    unit: Unit
    today: date
    chosen: date | None = None
    query: str = ""
    phone: bool = False


def tiles(view: TilesView, today_id: str | None = None) -> Component:
    """Return the tiles as a list. today_id: of the element around today's tile, which is there without today too."""
    older = [
        html.Li(tile(view, facts, panel), className=_column(facts.day))
        for facts, panel in zip(view.days, view.panels, strict=True)
        if facts.day != view.today
    ]
    named: dict[str, Any] = {"id": today_id} if today_id else {}
    newest = todays_tile(view)
    today = [html.Li(newest, className=_column(view.today), hidden=newest is None, **named)]
    today = today if newest or today_id else []
    if view.phone:
        return html.Ul([*today, *older[::-1]], className="tiles newest-first")
    return html.Ul([*older, *today], className="tiles")


def todays_tile(view: TilesView) -> Component | None:
    """Return today's tile; None where today is not among the days."""
    if not view.days or view.days[-1].day != view.today:
        return None
    return tile(view, view.days[-1], view.panels[-1])


def _column(day: date) -> str:
    return f"weekday-{day.isoweekday()}"


def tile(view: TilesView, facts: DayFacts, panel: DayPanel) -> Component:
    """Return one day as a link to its page."""
    day = facts.day
    canvas = SvgCanvas(WIDTH, HEIGHT, stretched=True, places=0)
    day_panel(canvas, panel, 0, 0, WIDTH, HEIGHT, scale=PER_PX)
    current = {"aria_current": "date"} if day == view.chosen else {}
    link = html.A(
        [
            html.Span([html.B(_weekday(day, view.today)), html.Span(day_month(day))], className="d"),
            drawn(canvas, "ch", thin_bar(facts.times)),
            html.Span(_figures(facts, view.unit), className="m"),
        ],
        href=day_address(day, view.query),
        className="day",
        **hyphened(aria_label=words(facts, view.unit, view.today), **current),
    )
    return Still(link)


def day_address(day: date, query: str = "") -> str:
    """Return the address of a day. query: what else it says.

    >>> day_address(date(2026, 11, 17), "person=3")
    '/days?person=3&day=2026-11-17'
    """
    return f"/days?{query}{'&' if query else ''}day={day.isoformat()}"


def words(facts: DayFacts, unit: Unit, today: date) -> str:
    """Return what a tile shows, as one sentence."""
    name = day_long(facts.day, today)
    if facts.day == today:
        name = _("Today, {day}").format(day=name)
    if facts.level.mean is None:
        return _("{day}: no readings.").format(day=name)
    pattern = _("{day}: {share} in target, mean {mean}, {lows}, {highs}, {covered} covered by readings.")
    if facts.day == today:
        pattern = _("{day}: {share} in target, mean {mean}, {lows}, {highs}, {covered} covered by readings so far.")
    return pattern.format(
        day=name,
        share=text.percent(facts.times.tir),
        mean=text.glucose_in(facts.level.mean, unit),
        lows=plural("{n} low", "{n} lows", facts.lows).format(n=facts.lows),
        highs=plural("{n} high", "{n} highs", facts.highs).format(n=facts.highs),
        covered=text.percent(facts.coverage.percent),
    )


def day_month(day: date) -> str:
    """Return a date without its weekday, "22 Nov"."""
    return _("{day} {month}").format(day=day.day, month=_(text.MONTHS_SHORT[day.month - 1]))


def day_long(day: date, today: date) -> str:
    """Return a date in full, with its year where that is not this one."""
    return text.day_long(day) if day.year == today.year else f"{text.day_long(day)} {day.year}"


def scale_words(unit: Unit) -> str:
    """Return the scale that all tiles share, with its unit."""
    return f"{text.glucose(LOW, unit)}{text.RANGE}{text.glucose_in(HIGH, unit)}"


def thin_bar(times: TimeInRanges) -> SvgCanvas:
    """Return the five shares of a day as a thin bar, for the eyes: words stand beside it."""
    canvas = SvgCanvas(WIDTH, BAR, stretched=True)
    shares = [(band, share) for band in Band if (share := times.percent(band))]
    room, at = WIDTH - BAR_GAP * (len(shares) - 1), 0.0
    if not shares:
        canvas.rect(0, 0, WIDTH, BAR, "line")
    for band, share in shares:
        name, width = f"b-{tokens.BAND_NAMES[band]}", share / 100 * room
        # A band that is there at all is seen; its fill may be too pale to be told from the card without its edge.
        width = max(width, BAR_LEAST) if len(shares) > 1 else width
        if band is Band.HIGH:
            canvas.rect(at, 0, width, BAR, f"{name}-edge")
            canvas.rect(at + EDGE, EDGE, max(width - 2 * EDGE, 0), BAR - 2 * EDGE, name)
        else:
            canvas.rect(at, 0, width, BAR, name)
        at += width + BAR_GAP
    return canvas


def _weekday(day: date, today: date) -> str:
    return _("Today") if day == today else _(text.WEEKDAYS_SHORT[day.weekday()])


def _figures(facts: DayFacts, unit: Unit) -> list[Component]:
    """Return time in target and mean; where too little is known of the day, how little, in place of the mean."""
    if facts.level.mean is None:
        return [html.Span(_("no data"))]
    share = html.B(text.percent(facts.times.tir))
    covered = facts.coverage.percent or 0
    if covered < ENOUGH_PERCENT:
        return [share, html.Span(_("{share} covered").format(share=text.percent(covered)), className="few")]
    return [share, html.Span(_("Ø {mean}").format(mean=text.glucose(facts.level.mean, unit)))]
