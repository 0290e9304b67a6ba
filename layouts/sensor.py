"""The card of the sensor: how much of its life is left, on a dial of its days, and what it does now."""

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from dash import html
from dash.development.base_component import Component

from cgm_dash.current import Current, State
from cgm_dash.i18n import _, plural
from cgm_dash.sensor import HOUR_S, Phase, SensorState
from cgm_dash.zones import local_date
from layouts import text
from layouts.drawings.canvas import Floats
from layouts.drawings.drawing import drawn
from layouts.drawings.svg import SvgCanvas

SIZE = 96.0
OUTER, INNER = 47.0, 40.0
GAP = 0.075
"""Between two arcs, radians: three and a half units at the outer edge."""
STEPS = 8
MOST_ARCS = 31
"""A life of more days is one ring without parts."""
WEEK = 7
"""So many days ahead a weekday names one day only."""


def sensor_card(state: SensorState, current: Current, zone: ZoneInfo, now: float) -> list[Component | None]:
    """Return the content of the card. current: the newest reading, which tells whether the sensor is heard."""
    lines = [html.P(line) for line in (_life(state), _until(state, zone, now)) if line]
    told = html.B(_doing(state, current, zone, now), className="as-told")
    last = html.B(_("As last known"), className="as-last-known")
    return [
        html.Div(
            [
                html.Div([dial(state), html.P(_left(state), className="dial-words")], className="dial"),
                html.Div([html.P([told, last]), *lines], className="grow"),
            ],
            className="sensor",
        ),
        _facts(state, zone, now),
    ]


def dial(state: SensorState) -> Component:
    """Return a ring of as many arcs as the sensor's life has days, those it has reached filled."""
    canvas = SvgCanvas(SIZE, SIZE)
    arcs = state.life_days or 1
    if arcs > MOST_ARCS:
        arcs = 1
    done = 0 if state.life_days is None or arcs == 1 else min(state.day or 0, arcs)
    for first, last, fill in ((done, arcs, "line"), (0, done, "accent")):
        outlines = [_arc(i, arcs) for i in range(first, last)]
        if outlines:
            x, y = (np.concatenate(side) for side in zip(*outlines, strict=True))
            canvas.area(x, y, fill)
    return drawn(canvas)


def _arc(i: int, arcs: int) -> tuple[Floats, Floats]:
    """Return the outline of one arc, clockwise from the top, a NaN behind it."""
    width = 2 * np.pi / arcs
    gap = GAP if arcs > 1 else 0.0
    angle = np.linspace(i * width + gap / 2, (i + 1) * width - gap / 2, STEPS if arcs > 1 else 12 * STEPS)
    radius = np.concatenate((np.full(len(angle), OUTER), np.full(len(angle), INNER)))
    there_and_back = np.concatenate((angle, angle[::-1]))
    x, y = SIZE / 2 + radius * np.sin(there_and_back), SIZE / 2 - radius * np.cos(there_and_back)
    return np.append(x, np.nan), np.append(y, np.nan)


def _left(state: SensorState) -> list[Component]:
    """Return the number in the dial and what it counts."""
    days = state.days_left
    if days is None or state.left_s is None:
        return _number(text.NOTHING, _("left"))
    if state.phase is Phase.ENDING and days < 1:
        hours = int(state.left_s // HOUR_S)
        return _number(str(hours), plural("hour left", "hours left", hours))
    return _number(str(days), plural("day left", "days left", days))


def _number(number: str, words: str) -> list[Component]:
    return [html.B(number), html.Span(words)]


def _doing(state: SensorState, current: Current, zone: ZoneInfo, now: float) -> str:
    """Return what the sensor does, in a few words."""
    if state.phase is Phase.WARMING:
        return _("Warming up")
    if current.state is State.STALE and current.measured_at is not None and state.phase is not Phase.ENDED:
        return _("Quiet since {time}").format(time=text.moment(current.measured_at, zone, now, current.offset_min))
    if state.phase is Phase.UNKNOWN:
        return _("Running") if current.is_current else _("Nothing known")
    if state.phase is Phase.ENDED and state.life_days is not None:
        if current.is_current:
            return plural("Past its {n} day", "Past its {n} days", state.life_days).format(n=state.life_days)
        return _("Ended")
    return _("Ends soon") if state.phase is Phase.ENDING else _("Running")


def _life(state: SensorState) -> str:
    """Return which day of its life the sensor has reached."""
    if state.phase is Phase.UNKNOWN:
        return _("Its source does not tell when it was started.")
    if state.life_days is None or state.phase is Phase.ENDED:
        return "" if state.life_days else _("Day {day}").format(day=state.day)
    return _("Day {day} of {days}").format(day=state.day, days=state.life_days)


def _until(state: SensorState, zone: ZoneInfo, now: float) -> str:
    if state.ends is None:
        return ""
    if state.phase is Phase.ENDED:
        return _("since {time}").format(time=text.moment(state.ends, zone, now))
    day = local_date(zone, state.ends)
    if 0 < (day - local_date(zone, now)).days < WEEK:
        return _("until {weekday} {time}").format(
            weekday=_(text.WEEKDAYS_SHORT[day.weekday()]), time=text.clock(state.ends, zone)
        )
    return _("until {time}").format(time=text.moment(state.ends, zone, now))


def _facts(state: SensorState, zone: ZoneInfo, now: float) -> Component | None:
    rows: list[tuple[str, str]] = []
    if state.started is not None:
        rows.append((_("Started"), _started(state.started, zone, now)))
    if state.kind:
        rows.append((_("Model"), state.kind))
    facts: list[Any] = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in rows]
    return html.Dl(facts, className="facts plain") if facts else None


def _started(ts: int, zone: ZoneInfo, now: float) -> str:
    today, day = local_date(zone, now), local_date(zone, ts)
    if day == today:
        return _("today {time}").format(time=text.clock(ts, zone))
    return text.day_of_year(day, today)
