"""What needs attention now: lows and long highs of the night and today, silence, the sensor, what figures lack."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from cgm_dash.current import Current, State
from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics.coverage import ENOUGH_PERCENT, Coverage
from cgm_dash.metrics.episodes import Episodes, Events, episode_grid, episodes
from cgm_dash.reading import Flag
from cgm_dash.sensor import Phase, SensorState
from cgm_dash.series import GAP_MIN_S, GAP_PERIODS, Series
from cgm_dash.trouble import Trouble
from cgm_dash.units import ADULT, Targets
from cgm_dash.zones import local_date, midnight

MOST = 4
"""So many are shown, the most serious ones."""

LONG_HIGH_MINUTES = 240
"""High for so long is told. No consensus names a length; its extended high, above 250 mg/dL, is told at once."""

EVENING_S = 2 * 3600
"""A low that begins so long before midnight, or later, belongs to the night that follows."""

NIGHTS = 7
"""How many nights in a row are counted."""

LONG_GAPS_S = 3600
"""Less than this without readings today, in all, needs nobody's attention."""

DAYS_AHEAD = 3
"""A sensor with so many whole days left, or fewer, is told: time to have a new one ready."""


class Kind(enum.IntEnum):
    """What it is, the most serious first."""

    LOW_NOW = 0
    LOW_LOST = 1
    SILENT = 2
    SENSOR_ENDED = 3
    TROUBLE = 4
    LOW_NIGHT = 5
    LOW_DAY = 6
    HIGH_NOW = 7
    WARMING = 8
    SENSOR_ENDING = 9
    HIGH = 10
    SENSOR_ENDS = 11
    GAPS = 12
    ZONE = 13
    COVERAGE = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that needs attention.

    start, end: from when to when, UTC epoch seconds; end None: still. seconds: how long, in all. count: how many
    episodes or gaps it sums up. mg_dl, flag, at: the lowest or highest reading among them and its instant. nights: how
    many nights in a row, this one included. percent: of the time before that readings cover. trouble: the source's.
    """

    kind: Kind
    start: int | None = None
    end: int | None = None
    seconds: float = 0
    count: int = 1
    mg_dl: int | None = None
    flag: Flag = Flag.NONE
    at: int | None = None
    nights: int = 0
    percent: float | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is looked at.

    series: readings from seven days before today until now. sensor: its state. targets: the wearer's own limits of what
    is low and high. zone_confirmed: whether *zone* is known for sure. before: coverage of the days before today.
    trouble: the source's, where nothing else on the page tells it.
    """

    series: Series
    current: Current
    now: float
    zone: ZoneInfo
    sensor: SensorState
    targets: Targets = ADULT
    zone_confirmed: bool = True
    before: Coverage | None = None
    trouble: Trouble | None = None


def attention(known: Known) -> tuple[Item, ...]:
    """Return what needs attention, the most serious first, at most MOST."""
    found = [*_silence(known), *_sensor(known), *_excursions(known), *_gaps(known), *_doubts(known)]
    return tuple(sorted(found, key=lambda item: item.kind)[:MOST])


def _silence(known: Known) -> Iterator[Item]:
    """Yield that nothing arrives; a low that was the last thing heard stays one until something newer comes.

    While a sensor warms up silence is no news, such a low is. Without any reading at all silence has no start.
    """
    current, warming = known.current, known.sensor.phase is Phase.WARMING
    if current.state not in (State.STALE, State.NONE):
        return
    if current.measured_at is None:
        if not warming:
            yield Item(kind=Kind.SILENT)
        return
    low = current.flag is Flag.LO or (current.flag is Flag.NONE and (current.mg_dl or 0) < known.targets.low)
    if warming and not low:
        return
    yield Item(
        kind=Kind.LOW_LOST if low else Kind.SILENT,
        start=current.measured_at,
        seconds=current.age_s or 0,
        mg_dl=current.mg_dl,
        flag=current.flag,
        at=current.measured_at,
    )


def _sensor(known: Known) -> Iterator[Item]:
    sensor, left = known.sensor, known.sensor.days_left
    if sensor.phase is Phase.WARMING:
        yield Item(kind=Kind.WARMING, start=sensor.started, end=sensor.warm_until)
    elif sensor.phase is Phase.ENDED and not known.current.is_current:
        yield Item(kind=Kind.SENSOR_ENDED, start=sensor.ends)
    elif sensor.phase is Phase.ENDING:
        yield Item(kind=Kind.SENSOR_ENDING, end=sensor.ends, seconds=sensor.left_s or 0)
    elif sensor.phase is Phase.RUNNING and left is not None and left <= DAYS_AHEAD:
        yield Item(kind=Kind.SENSOR_ENDS, end=sensor.ends, seconds=sensor.left_s or 0)


# --- lows and highs


def _excursions(known: Known) -> Iterator[Item]:
    """Yield the lows of last night and of today, each as one, and today's long highs.

    Episodes as in metrics.episodes. The one that goes on now is told by itself.
    """
    start = midnight(known.zone, local_date(known.zone, known.now) - timedelta(days=NIGHTS))
    end = int(known.now) + 1
    part = known.series.between(start, end)
    if not len(part):
        return
    days = LocalDays.between(known.zone, start, end)
    found = episodes(episode_grid(part, Grid.of(part, days, start, end), start, end), known.targets)
    today = int(days.starts[-2])
    lows, tonight = _spans(found.low_1), len(days) - 1
    night_of = dict(zip(lows, _nights(found.low_1, days), strict=True))
    recent = [span for span in lows if span[1] > today or night_of[span] == tonight]
    if recent and _goes_on(known, recent[-1], below=True):
        yield _item(Kind.LOW_NOW, part, [recent.pop()], low=True, still=True)
    night = [span for span in recent if night_of[span] == tonight]
    if night:
        yield _item(Kind.LOW_NIGHT, part, night, low=True, nights=_in_a_row(set(night_of.values()), tonight))
    day = [span for span in recent if night_of[span] != tonight]
    if day:
        yield _item(Kind.LOW_DAY, part, day, low=True)
    highs = [span for span in _long_highs(found) if span[1] > today]
    if highs and _goes_on(known, highs[-1], below=False):
        yield _item(Kind.HIGH_NOW, part, [highs.pop()], low=False, still=True)
    if highs:
        yield _item(Kind.HIGH, part, highs, low=False)


Span = tuple[int, int]
"""[from, to), UTC epoch seconds."""


def _spans(events: Events) -> list[Span]:
    ends = events.ts + events.step_s * events.slots
    return list(zip(events.ts.tolist(), ends.tolist(), strict=True))


def _nights(lows: Events, days: LocalDays) -> list[int | None]:
    """Return to which day's night each low belongs: from two hours before its midnight to six; None to none.

    One that began earlier and lasts over midnight belongs to the night too.
    """
    found: list[int | None] = []
    for (start, end), night in zip(_spans(lows), lows.night.tolist(), strict=True):
        day = int(days.day_of(np.array([start], np.int64))[0])
        after = int(days.starts[day + 1])
        late = start >= after - EVENING_S or end > after
        found.append(day if night else day + 1 if late else None)
    return found


def _in_a_row(nights: set[int | None], tonight: int) -> int:
    """Return how many nights in a row, back from *tonight*, are among *nights*."""
    count = 0
    while tonight - count in nights:
        count += 1
    return count


def _long_highs(found: Episodes) -> list[Span]:
    """Return the highs that last LONG_HIGH_MINUTES or hold an extended high."""
    extended = _spans(found.high_extended)
    longest = 60 * LONG_HIGH_MINUTES
    return [
        (start, end)
        for start, end in _spans(found.high_1)
        if end - start >= longest or any(start < b and a < end for a, b in extended)
    ]


def _goes_on(known: Known, span: Span, below: bool) -> bool:
    """Return whether an episode lasts: it reaches the newest reading, and that one is true now and still beyond."""
    current = known.current
    if not current.is_current or current.mg_dl is None or current.measured_at is None:
        return False
    if current.flag is not Flag.NONE:
        beyond = (current.flag is Flag.LO) is below
    else:
        beyond = current.mg_dl < known.targets.low if below else current.mg_dl > known.targets.high
    return beyond and span[1] >= current.measured_at


def _item(kind: Kind, series: Series, spans: list[Span], *, low: bool, still: bool = False, nights: int = 0) -> Item:
    """Return episodes as one item, with the deepest (highest) reading inside them."""
    inside = np.zeros(len(series), np.bool_)
    for start, end in spans:
        inside |= (series.ts >= start) & (series.ts < end)
    positions = np.flatnonzero(inside)
    values = series.mg_dl[positions]
    extreme = int(positions[values.argmin() if low else values.argmax()]) if len(positions) else None
    return Item(
        kind=kind,
        start=spans[0][0],
        end=None if still else spans[-1][1],
        seconds=sum(end - start for start, end in spans),
        count=len(spans),
        mg_dl=None if extreme is None else int(series.mg_dl[extreme]),
        flag=Flag.NONE if extreme is None else Flag(int(series.flag[extreme])),
        at=None if extreme is None else int(series.ts[extreme]),
        nights=nights,
    )


# --- what is missing


def _gaps(known: Known) -> Iterator[Item]:
    """Yield today's stretches without readings as one; not the one that is open now, which is told as silence."""
    today = midnight(known.zone, local_date(known.zone, known.now))
    spans = gaps_of(known.series, today, known.now)
    total = sum(end - start for start, end in spans)
    if total >= LONG_GAPS_S:
        yield Item(kind=Kind.GAPS, start=spans[0][0], end=spans[-1][1], seconds=total, count=len(spans))


def gaps_of(series: Series, start: int, now: float, still: bool = False) -> list[Span]:
    """Return the stretches of [start, now) without readings, cut off at *start*. still: also one that lasts until now.

    A gap as in Series.gap_after; from the end of one reading's period to the next reading.
    """
    held = series.between(0, now + 1)
    behind = np.flatnonzero(held.gap_after()) if len(held) > 1 else np.zeros(0, np.int64)
    ends = held.ts[behind + 1] if len(behind) else behind
    begins = held.ts[behind] + held.period_s[behind] if len(behind) else behind
    spans = [(max(a, start), b) for a, b in zip(begins.tolist(), ends.tolist(), strict=True) if b > start]
    if len(held) and held.ts[0] > start + max(GAP_PERIODS * int(held.period_s[0]), GAP_MIN_S):
        spans.insert(0, (start, int(held.ts[0])))
    if still:
        period, last = (int(held.period_s[-1]), int(held.ts[-1])) if len(held) else (0, start)
        if now - last > max(GAP_PERIODS * period, GAP_MIN_S):
            spans.append((max(last + period, start), int(now)))
    return spans


def _doubts(known: Known) -> Iterator[Item]:
    if known.trouble is not None:
        yield Item(kind=Kind.TROUBLE, trouble=known.trouble)
    if not known.zone_confirmed and len(known.series):
        yield Item(kind=Kind.ZONE)
    percent = None if known.before is None else known.before.percent
    if percent is not None and percent < ENOUGH_PERCENT and len(known.series):
        yield Item(kind=Kind.COVERAGE, percent=percent)
