"""What is told of single local days: shares, mean, extremes, coverage, and the lows and highs of each.

Every figure is the one that metrics.summary.all_metrics gives for the window of that day alone: from midnight to
midnight, today's up to now. A low that crosses midnight belongs to both days, to each with its own part.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from cgm_dash.days import LocalDays
from cgm_dash.grid import STEP_S, Grid
from cgm_dash.metrics.coverage import Coverage, coverage_of
from cgm_dash.metrics.episodes import STEPS_S, Episodes, Events, episode_grid, episodes
from cgm_dash.metrics.histogram import VALUES
from cgm_dash.metrics.level import Level, level_of
from cgm_dash.metrics.ranges import TimeInRanges, ranges_of
from cgm_dash.reading import MAX_MG_DL, Flag
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Band, Targets
from cgm_dash.window import DATES, Window

Int64 = npt.NDArray[np.int64]

MIXED = 0
"""Stands for a day whose readings have several periods, where the others have the step of their grid."""


@dataclass(frozen=True, slots=True)
class Extreme:
    """The reading that is the lowest or highest of its day, the first of several. The names as in series.Series."""

    mg_dl: int
    flag: Flag
    ts: int
    offset_min: int


@dataclass(frozen=True, slots=True)
class Spell:
    """A low or a high of one day (metrics.episodes: low_1 and high_1), [start, end) in UTC epoch seconds.

    band: LOW or HIGH, VERY_LOW or VERY_HIGH where an episode of the second level lies in it. mg_dl, flag: its lowest or
    highest reading.
    """

    band: Band
    start: int
    end: int
    mg_dl: int
    flag: Flag

    @property
    def low(self) -> bool:
        """Whether it is a low."""
        return self.band <= Band.LOW


@dataclass(frozen=True, slots=True)
class DayFacts:
    """One local day. start, end: its midnights, UTC epoch seconds. until: how far it has come, end for a past day.

    times, level, coverage: of [start, until). lowest, highest: None without readings. spells: lows and highs in order.
    """

    day: date
    start: int
    end: int
    until: int
    times: TimeInRanges
    level: Level
    coverage: Coverage
    lowest: Extreme | None
    highest: Extreme | None
    spells: tuple[Spell, ...]

    @property
    def lows(self) -> int:
        """How many lows."""
        return sum(spell.low for spell in self.spells)

    @property
    def highs(self) -> int:
        """How many highs."""
        return len(self.spells) - self.lows


def facts_of_days(series: Series, days: LocalDays, now: float, targets: Targets = ADULT) -> tuple[DayFacts, ...]:
    """Return the facts of each of *days* that has begun by *now*, UTC epoch seconds; meant for a quarter of a year.

    series: readings in time order; those outside of the days or ahead of now are left out. targets: limits of the
    bands; lows and highs keep the consensus limits of 70 and 180 mg/dL, as metrics.episodes does.
    """
    begun = int(np.searchsorted(days.starts[:-1], now, side="right"))
    if not begun:
        return ()
    untils = np.minimum(days.starts[1 : begun + 1], int(now) + 1)
    series = series.between(int(days.starts[0]), int(untils[-1]))
    cuts = np.searchsorted(series.ts, np.append(days.starts[:begun], untils[-1]))
    plain, judged = _histograms(series, cuts)
    lowest, highest = _extremes(series, cuts)
    spells = _spells(series, days, cuts, untils)
    return tuple(
        DayFacts(
            days.dates[i],
            start := int(days.starts[i]),
            int(days.starts[i + 1]),
            until := int(untils[i]),
            ranges_of(judged[i], targets),
            level_of(plain[i], int(cuts[i + 1] - cuts[i])),
            coverage_of(int(plain[i].sum()), Window(DATES, start, until, 1)),
            lowest[i],
            highest[i],
            spells[i],
        )
        for i in range(begun)
    )


def _histograms(series: Series, cuts: Int64) -> tuple[Int64, Int64]:
    """Return the seconds at each mg/dL, days x 601: as measured, and with LO below and HI above every limit."""
    place = np.repeat(np.arange(len(cuts) - 1), np.diff(cuts))
    beyond = np.where(series.flag == Flag.LO, 0, np.where(series.flag == Flag.HI, MAX_MG_DL, series.mg_dl))
    shape = (len(cuts) - 1, VALUES)
    plain, judged = (
        np.bincount(place * VALUES + value, series.seconds, shape[0] * VALUES).astype(np.int64).reshape(shape)
        for value in (series.mg_dl, beyond)
    )
    return plain, judged


def _extremes(series: Series, cuts: Int64) -> tuple[list[Extreme | None], list[Extreme | None]]:
    """Return the lowest and the highest reading of each day; LO lies below all others, HI above."""
    lowest: list[Extreme | None] = []
    highest: list[Extreme | None] = []
    key = _order(series)
    for first, end in pairwise(cuts.tolist()):
        part = key[first:end]
        lowest.append(_extreme(series, first + int(part.argmin())) if len(part) else None)
        highest.append(_extreme(series, first + int(part.argmax())) if len(part) else None)
    return lowest, highest


def _order(series: Series) -> npt.NDArray[np.int32]:
    """Return numbers that rise with glucose, LO below every other reading and HI above."""
    return np.asarray(series.mg_dl + series.flag.astype(np.int32) * 1000, np.int32)


def _extreme(series: Series, i: int) -> Extreme:
    return Extreme(int(series.mg_dl[i]), Flag(int(series.flag[i])), int(series.ts[i]), int(series.offset_min[i]))


# --- lows and highs


def _spells(series: Series, days: LocalDays, cuts: Int64, untils: Int64) -> list[tuple[Spell, ...]]:
    """Return the lows and highs of each day. Days of the same period are looked through together."""
    found: list[list[Spell]] = [[] for _day in untils]
    steps = np.array([_step(series.period_s[a:b]) for a, b in pairwise(cuts.tolist())])
    for step in np.unique(steps).tolist():
        if step >= 0:
            for place, spell in _spells_at(series, days, cuts, untils, step, steps == step):
                found[place].append(spell)
    return [tuple(sorted(spells, key=lambda s: s.start)) for spells in found]


def _step(period_s: npt.NDArray[np.int32]) -> int:
    """Return the step that a day's lows are looked for in, as metrics.episodes.episode_grid chooses it; -1 for none."""
    if not len(period_s):
        return -1
    step = int(period_s[0])
    if (period_s != step).any():
        return MIXED
    return step if step in STEPS_S else STEP_S


def _spells_at(
    series: Series, days: LocalDays, cuts: Int64, untils: Int64, step: int, chosen: npt.NDArray[np.bool_]
) -> Iterator[tuple[int, Spell]]:
    """Yield the spells of the *chosen* days, which all have the same *step*, each with the position of its day."""
    start, end = int(days.starts[0]), int(untils[-1])
    grid = Grid.of(series, days, start, end, step or STEP_S)
    first = -(-(days.starts[: len(untils)] - grid.start) // grid.step_s)
    grid = replace(grid, v=_apart(series, grid, cuts, first, chosen))
    if step == MIXED:
        grid = episode_grid(series, grid, start, end)
    # A hole before each day, so that nothing crosses midnight: a day's slots move by its own and all holes before it.
    holes = first + np.arange(len(first))
    v = np.insert(np.where(np.repeat(chosen, _lengths(first, grid)), grid.v, np.nan), first, np.nan)
    cut, order = episodes(replace(grid, v=v)), _order(series)
    for place, band, at, slots in _levels(cut, holes):
        begin = grid.start + grid.step_s * (at - place - 1)
        after = begin + grid.step_s * slots
        # A slot has glucose from the readings on both its sides: the one just before it belongs to the spell too.
        ends = (max(begin - grid.step_s + 1, int(days.starts[place])), after)
        low, high = np.searchsorted(series.ts, ends).tolist()
        part = order[low:high]
        i = low + int(part.argmin() if band <= Band.LOW else part.argmax())
        yield place, Spell(band, begin, after, int(series.mg_dl[i]), Flag(int(series.flag[i])))


def _lengths(first: Int64, grid: Grid) -> Int64:
    return np.diff(np.append(first, len(grid)))


def _apart(
    series: Series, grid: Grid, cuts: Int64, first: Int64, chosen: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return the grid's values without those that readings of two days make together."""
    v, lengths = grid.v.copy(), _lengths(first, grid)
    there = chosen & (np.diff(cuts) > 0)
    begin = np.where(there, series.ts[np.minimum(cuts[:-1], len(series) - 1)], np.iinfo(np.int64).max)
    end = np.where(there, series.ts[np.maximum(cuts[1:] - 1, 0)], np.iinfo(np.int64).min)
    ts = grid.ts
    v[(ts < np.repeat(begin, lengths)) | (ts > np.repeat(end, lengths))] = np.nan
    return v


def _levels(cut: Episodes, holes: Int64) -> Iterator[tuple[int, Band, int, int]]:
    """Yield position of the day, band, first slot and slots of each low and high."""
    for mild, deep, bands in (
        (cut.low_1, cut.low_2, (Band.LOW, Band.VERY_LOW)),
        (cut.high_1, cut.high_2, (Band.HIGH, Band.VERY_HIGH)),
    ):
        places = np.searchsorted(holes, mild.start) - 1
        deeper = _holds(mild, deep)
        for place, at, slots, is_deep in zip(places, mild.start, mild.slots, deeper, strict=True):
            yield int(place), bands[int(is_deep)], int(at), int(slots)


def _holds(mild: Events, deep: Events) -> npt.NDArray[np.bool_]:
    """Return which episodes of the first level have one of the second in them."""
    return np.searchsorted(deep.start, mild.start) < np.searchsorted(deep.start, mild.start + mild.slots)
