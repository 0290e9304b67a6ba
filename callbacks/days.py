"""The wiring of the page Days.

What it shows has parts that change at different times: a new reading changes today's tile, not those of the days before
it. The store ids.DAYS_PAINTED holds a key for each part, and a part whose key stands is not sent again.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any

from dash import Dash, Input, no_update, set_props

from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.visit import Chosen, Ranges, Visit
from cgm_dash.day_facts import DayFacts, facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.goals import ADULT_GOALS
from cgm_dash.series import EMPTY, Series
from cgm_dash.shown_days import LAID_OVER, laid_over, shown_days
from cgm_dash.window import DATES, EARLIEST, Window
from cgm_dash.zones import local_date, midnight
from layouts import days as layout
from layouts import ids
from layouts.days import DaysPage, DayView, OverlayView
from layouts.drawings.day import panels_of
from layouts.figures import day as day_figure
from layouts.figures.overlay import line_of
from layouts.figures.typical import Look
from layouts.tiles import TilesView, tiles, todays_tile
from layouts.views import ChartView, Content, visible_of

PATH = "/days"
RANGES = Ranges(("7d", "14d", "28d", "90d"), "14d")

WHICH_AREAS = (
    (ids.DAYS_NAME, "children"),
    (ids.DAYS_NAME, "data-day"),
    (ids.DAYS_SUB, "children"),
    (ids.DAYS_DATE, "value"),
    (ids.DAYS_DATE, "max"),
    *((id_, name) for id_ in (ids.DAYS_PREVIOUS, ids.DAYS_NEXT) for name in ("href", "aria-label", "aria-disabled")),
)
DAY_AREAS = (
    (ids.DAYS_GRAPH, "figure"),
    (ids.DAYS_ALT, "children"),
    (ids.DAYS_FACTS, "children"),
    (ids.DAYS_MORE, "hidden"),
    (ids.DAYS_MORE_WORDS, "children"),
    (ids.DAYS_REST, "children"),
)
TILES_AREAS = ((ids.DAYS_TILES_HEAD, "children"), (ids.DAYS_TILES, "children"))
TODAY_AREAS = ((ids.DAYS_TODAY, "children"),)
TABLE_AREAS = ((ids.DAYS_TABLE, "children"),)
OVERLAY_AREAS = ((ids.DAYS_OVERLAY_GRAPH, "figure"),)
NAMES_AREAS = ((ids.DAYS_OVERLAY_HEAD, "children"), (ids.DAYS_OVERLAY_NAMES, "children"))
AREAS = (
    *WHICH_AREAS,
    *DAY_AREAS,
    *TILES_AREAS,
    *TODAY_AREAS,
    *TABLE_AREAS,
    *OVERLAY_AREAS,
    *NAMES_AREAS,
)
"""What is drawn again when something new is to be seen."""

Keys = dict[str, str]


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    page, series = gather(services, visit, None, LAID_OVER[0])
    return layout.page(page, json.dumps({"all": _key(visit, None, None, None), **_keys(page, series, visit)}))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, zoom: object, choice: object, opened: object, painted: object) -> Pieces:
        shown, key = _painted(painted), _key(visit, zoom, choice, opened)
        if shown.get("all") == key:
            return None, ""
        page, series = gather(services, visit, zoom, choice)
        keys = _keys(page, series, visit, zoom, opened)
        same = {part for part, part_key in keys.items() if shown.get(part) == part_key}
        if keys["table"] and "table" in same and "today" not in same:
            set_props(ids.DAYS_TODAY_ROW, {"children": layout.newest_row(page)})
        return _pieces(page, keys, same), json.dumps({"all": key, **keys})

    own = [
        Input(ids.DAYS_VISIBLE, "data"),
        Input(ids.DAYS_OVERLAY, "value"),
        Input(ids.DAYS_AS_TABLE, "n_clicks"),
    ]
    keep_fresh(app, services, PATH, AREAS, ids.DAYS_PAINTED, draw, own)
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves this one untyped
        "function(day) { window.cgm.days.mark(day); }",
        Input(ids.DAYS_NAME, "data-day"),
        prevent_initial_call=True,
    )


def gather(services: Services, visit: Visit, zoom: object, choice: object) -> tuple[DaysPage, Series]:
    """Return everything the page shows, and the readings it rests on.

    zoom: the part of the day's chart looked at, as the browser tells (ids.DAYS_VISIBLE). choice: of LAID_OVER.
    """
    chosen = visit.chosen(RANGES)
    day = _day(services, visit, chosen)
    first, last = local_date(visit.zone, chosen.window.start), local_date(visit.zone, chosen.window.end - 1)
    # A range of nothing but a date that the zone left out ends before it begins.
    shown = shown_days(min(first, last), last, day, local_date(visit.zone, visit.now))
    over = laid_over(choice if isinstance(choice, str) else "", shown, day)
    days = LocalDays.between(visit.zone, midnight(visit.zone, min(shown.first, over[0])), _end(visit, shown.last))
    series = _series(services, visit, days)
    goals = visit.person.goals if visit.person else ADULT_GOALS
    told = {facts.day: facts for facts in facts_of_days(series, days, visit.now, goals.targets)}
    beside = tuple(facts for facts in told.values() if shown.first <= facts.day <= shown.last)
    page = DaysPage(
        day=_day_view(visit, series, told[day], zoom),
        tiles=TilesView(
            days=beside,
            panels=panels_of(series, beside, goals.targets),
            unit=visit.viewer.unit,
            today=local_date(visit.zone, visit.now),
            chosen=day,
            query=_query(visit),
            phone=visit.viewer.phone,
        ),
        shown=shown,
        overlay=_overlay(visit, series, days, told, over, choice, day),
        range=chosen.view,
        standard=RANGES.default,
    )
    return page, series


def _day(services: Services, visit: Visit, chosen: Chosen) -> date:
    """Return the day to look at: the address's, else the range's last one with readings, else its last one."""
    today = local_date(visit.zone, visit.now)
    asked = visit.address.day
    if (
        asked is not None
        and EARLIEST <= asked <= today
        and local_date(visit.zone, midnight(visit.zone, asked)) == asked
    ):
        return asked
    last = local_date(visit.zone, chosen.window.end - 1)
    newest = services.store.readings.newest(visit.person.id, before=chosen.window.end - 1) if visit.person else None
    if newest is None:
        return last
    found = local_date(visit.zone, newest.ts)
    return last if chosen.window.name == DATES and newest.ts < chosen.window.start else found


def _end(visit: Visit, last: date) -> int:
    return midnight(visit.zone, date.fromordinal(last.toordinal() + 1))


def _series(services: Services, visit: Visit, days: LocalDays) -> Series:
    if visit.person is None:
        return EMPTY
    return services.series.between(visit.person.id, int(days.starts[0]), min(int(days.starts[-1]), int(visit.now) + 1))


def _day_view(visit: Visit, series: Series, facts: DayFacts, zoom: object) -> DayView:
    goals = visit.person.goals if visit.person else ADULT_GOALS
    key = f"{visit.person_id}:{facts.day.isoformat()}"
    chart = ChartView(
        series=series.between(facts.start, facts.end),
        window=Window(DATES, facts.start, facts.end, 1),
        unit=visit.viewer.unit,
        zone=visit.zone,
        now=visit.now,
        key=key,
        targets=goals.targets,
        theme=visit.viewer.theme,
        phone=visit.viewer.phone,
        visible=visible_of(zoom, key),
    )
    return DayView(
        facts=facts,
        chart=chart,
        goals=goals,
        person=visit.person.name if visit.person else "",
        today=local_date(visit.zone, visit.now),
        query=_query(visit),
    )


def _overlay(
    visit: Visit,
    series: Series,
    days: LocalDays,
    told: Mapping[date, DayFacts],
    over: tuple[date, ...],
    choice: object,
    day: date,
) -> OverlayView:
    first = days.dates[0].toordinal()
    there = [d for d in over if d in told and told[d].level.n]
    changes = {local_date(visit.zone, ts) for ts in days.changes[1:].tolist()}
    viewer = visit.viewer
    targets = visit.person.targets if visit.person else ADULT_GOALS.targets
    return OverlayView(
        lines=tuple(line_of(series, days, d.toordinal() - first) for d in there),
        facts=tuple(told[d] for d in there),
        chosen=day,
        choice=choice if choice in LAID_OVER and isinstance(choice, str) else LAID_OVER[0],
        changed=tuple(d for d in there if d in changes),
        look=Look(unit=viewer.unit, targets=targets, theme=viewer.theme, phone=viewer.phone),
        today=local_date(visit.zone, visit.now),
    )


def _query(visit: Visit) -> str:
    """Return what the links of the page say besides the day."""
    address = visit.address
    name = "..".join(d.isoformat() for d in address.dates) if address.dates else address.range
    given = (("person", visit.person_id), ("range", name))
    return "&".join(f"{field}={value}" for field, value in given if value)


# --- what has changed


def _key(visit: Visit, zoom: object, choice: object, opened: object) -> str:
    seq = visit.person.seq if visit.person else 0
    return f"{visit.key(60)}|{seq}|{zoom}|{choice or LAID_OVER[0]}|{opened or 0}"


def _keys(page: DaysPage, series: Series, visit: Visit, zoom: object = None, opened: object = None) -> Keys:
    """Return the keys of the parts, which change when anything does that they show."""
    person = visit.person
    look = f"{visit.viewer}|{person and (person.id, person.name, person.zone, person.goals)}|{_query(visit)}"
    chosen, days, today = page.day.facts, page.tiles.days, page.tiles.today
    now = days[-1] if days[-1].day == today else None
    older = f"{look}|{page.shown}|{today}|{_print(series, days[0].start, now.start if now else days[-1].end)}"
    over = page.overlay
    lines = [(facts.day, _print(series, facts.start, facts.until)) for facts in over.facts]
    return {
        "which": f"{look}|{today}|{chosen.day}",
        "day": f"{look}|{chosen.day}|{chosen.until}|{_print(series, chosen.start, chosen.until)}|{zoom}",
        "tiles": older,
        "today": f"{now.until}|{_print(series, now.start, now.until)}" if now else "",
        "table": older if isinstance(opened, int) and opened % 2 else "",
        "overlay": f"{look}|{today}|{chosen.day}|{over.choice}|{lines}",
        "names": f"{look}|{today}|{chosen.day}|{over.choice}|{[day for day, _number in lines]}",
    }


def _print(series: Series, start: int, end: int) -> int:
    """Return a number that changes with the readings of [start, end)."""
    part, number = series.between(start, end), 0
    for column in (part.ts, part.mg_dl, part.flag, part.seconds, part.offset_min):
        number = zlib.crc32(column.tobytes(), number)
    return number


def _painted(painted: object) -> Mapping[str, object]:
    """Return the keys that the browser says are shown; none of what is not readable as such."""
    try:
        told = json.loads(painted) if isinstance(painted, str) else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _pieces(page: DaysPage, keys: Keys, same: set[str]) -> tuple[Any, ...]:
    """Return what AREAS show from now on, no_update for what stays. same: the parts whose key stands."""
    return (
        *(_stay(WHICH_AREAS) if "which" in same else _which(page.day)),
        *(_stay(DAY_AREAS) if "day" in same else _day_pieces(page.day)),
        *(_stay(TILES_AREAS) if "tiles" in same else (layout.tiles_head(page), tiles(page.tiles, ids.DAYS_TODAY))),
        no_update if "today" in same or "tiles" not in same else todays_tile(page.tiles),
        no_update if "table" in same else layout.table(page) if keys["table"] else None,
        no_update if "overlay" in same else layout.overlay_figure(page.overlay),
        *(_stay(NAMES_AREAS) if "names" in same else _names(page.overlay)),
    )


def _stay(areas: tuple[tuple[str, str], ...]) -> tuple[Any, ...]:
    return (no_update,) * len(areas)


def _which(view: DayView) -> tuple[Any, ...]:
    day = view.facts.day.isoformat()
    name, sub = layout.day_name(view), layout.day_sub(view)
    return name, day, sub, day, view.today.isoformat(), *layout.step(view, -1), *layout.step(view, 1)


def _day_pieces(view: DayView) -> tuple[Any, ...]:
    return day_figure.figure_of(view.chart), layout.alt_text(view), layout.facts(view), *layout.more(view)


def _names(view: OverlayView) -> tuple[Any, ...]:
    return layout.overlay_head(view), layout.overlay_names(view)
