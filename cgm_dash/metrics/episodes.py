"""Episodes of low and high glucose: when they start and end, how many there are, how long they last."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S
from cgm_dash.grid import STEP_S, Grid
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Targets

Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

MINUTES = 15
"""Glucose must be beyond a limit for this long to open an episode, and back for this long to close it."""

EXTENDED_MINUTES = 120
EXTENDED_HIGH_MINUTES = 90
NIGHT_HOURS = (0, 6)
STEPS_S = (60, 300, 600, 900)
"""Nominal periods that episodes are looked for in; any other, and a mixture, in five minutes."""


@dataclass(frozen=True, slots=True)
class Events:
    """k episodes of one sort, in order.

    start: slot each begins in; slots: how many it lasts. ts: instant of the start, UTC epoch seconds. extreme: nadir or
    peak, mg/dL; mean: mg/dL. night: whether it starts from 00:00 to before 06:00. observed_days: the time looked at.
    """

    start: Int64
    slots: Int64
    ts: Int64
    extreme: Float
    mean: Float
    night: Bool
    step_s: int
    observed_days: float

    @property
    def count(self) -> int:
        """How many."""
        return len(self.start)

    @property
    def minutes(self) -> Float:
        """Duration of each, minutes."""
        return np.asarray(self.slots * (self.step_s / 60), np.float64)

    @property
    def instants(self) -> Int64:
        """Instant of every slot of every episode, UTC epoch seconds, in order."""
        return np.asarray(np.repeat(self.ts, self.slots) + self.step_s * _ranks(self.slots), np.int64)

    @property
    def total_minutes(self) -> float:
        """Duration of all together."""
        return float(self.minutes.sum())

    @property
    def mean_minutes(self) -> float | None:
        """Mean duration; None without an episode."""
        return self.total_minutes / self.count if self.count else None

    @property
    def per_day(self) -> float | None:
        """Episodes for each day of observed time; None where nothing was observed."""
        return self.count / self.observed_days if self.observed_days else None

    @property
    def per_week(self) -> float | None:
        """Episodes for each week of observed time."""
        return 7 * self.count / self.observed_days if self.observed_days else None


class Episodes(NamedTuple):
    """Every sort of episode. low_1 includes the deeper low_2; low_1_only are those that touch no low_2."""

    low_1: Events
    low_2: Events
    low_1_only: Events
    low_extended: Events
    high_1: Events
    high_2: Events
    high_extended: Events


def episode_grid(series: Series, grid: Grid, start: int, end: int) -> Grid:
    """Return the grid episodes of [start, end) are looked for in: of the series' own period, *grid* for five minutes.

    Mixed periods: *grid*, but a slot that holds readings denser than five minutes takes their mean.
    """
    if not len(series):
        return grid
    step = int(series.period_s[0])
    if (series.period_s == step).all():
        if step == grid.step_s or step not in STEPS_S:
            return grid
        return Grid.of(series, grid.days, start, end, step)
    dense = series.period_s < STEP_S
    slot = (series.ts[dense] - grid.start) // STEP_S
    inside = (slot >= 0) & (slot < len(grid))
    slot, glucose = slot[inside], series.mg_dl[dense][inside]
    count = np.bincount(slot, minlength=len(grid))
    total = np.bincount(slot, weights=glucose, minlength=len(grid))
    return replace(grid, v=np.divide(total, count, out=grid.v.copy(), where=count > 0))


def episodes(grid: Grid, limits: Targets = ADULT) -> Episodes:
    """Return the episodes in *grid*. limits: in place of the consensus's 70, 54, 180 and 250 mg/dL.

    Start: the first slot of 15 minutes or more in a row below 70 (below 54, above 180, above 250 mg/dL). End: the first
    slot of 15 minutes or more in a row back across the same limit, or a missing slot; shorter recoveries belong to it.
    Extended low: more than 120 minutes in a row below 70. Extended high: above 250 for 90 of 120 minutes, until 15
    minutes in a row at 180 or below.
    Sources: Danne et al. 2017, Diabetes Care 40(12):1631, doi:10.2337/dc17-1600; Battelino et al. 2023,
    doi:10.1016/S2213-8587(22)00319-9.

    >>> from datetime import UTC
    >>> from cgm_dash.days import LocalDays
    >>> v = [75, 69, 68, 66, 71, 69, 65, 72, 73, 74, 80, 53, 52, 51, 55, 60, 71, 72, 73, 75]
    >>> found = episodes(Grid.of(Series.every(300, v), LocalDays.between(UTC, 0, 6000), 0, 6000))
    >>> found.low_1.start.tolist(), found.low_1.minutes.tolist(), found.low_1.mean.tolist()
    ([1, 11], [30.0, 25.0], [68.0, 54.2])
    >>> found.low_2.start.tolist(), found.low_2.slots.tolist(), found.low_1_only.count
    ([11], [3], 1)
    """
    m, long = _slots(grid, MINUTES), EXTENDED_MINUTES * 60 // grid.step_s + 1
    v, missing = grid.v, np.isnan(grid.v)
    low, high = _states(v < limits.low, missing), _states(v > limits.high, missing)
    very_high = v > limits.very_high
    spans_low, spans_low_2 = _spans(low, m, m), _spans(_states(v < limits.very_low, missing), m, m)
    spans = (
        (spans_low, True),
        (spans_low_2, True),
        (_apart(spans_low, spans_low_2), True),
        (_spans(low, long, m), True),
        (_spans(high, m, m), False),
        (_spans(_states(very_high, missing), m, m), False),
        (_extended_high(very_high, missing, high, grid.step_s), False),
    )
    of_day = grid.days.local(grid.start + grid.step_s * np.concatenate([start for (start, _), _ in spans])) % DAY_S
    night = (of_day >= 3600 * NIGHT_HOURS[0]) & (of_day < 3600 * NIGHT_HOURS[1])
    parts = np.split(night, np.cumsum([len(start) for (start, _), _ in spans])[:-1])
    observed = (len(v) - int(np.count_nonzero(missing))) * grid.step_s / DAY_S
    return Episodes(*(_events(grid, at, low, part, observed) for (at, low), part in zip(spans, parts, strict=True)))


def low_episodes_lasting(grid: Grid, start_minutes: int, end_minutes: int) -> tuple[Int64, Int64]:
    """Return the starts of level 2 and of level-1-only lows, by other durations than 15 minutes."""
    missing = np.isnan(grid.v)
    m, n = _slots(grid, start_minutes), _slots(grid, end_minutes)
    level_1 = _spans(_states(grid.v < ADULT.low, missing), m, n)
    level_2 = _spans(_states(grid.v < ADULT.very_low, missing), m, n)
    return level_2[0], _apart(level_1, level_2)[0]


Spans = tuple[Int64, Int64]
"""First slot of each episode and the slot behind its last."""

INSIDE, MISSING = 1, 2


class States(NamedTuple):
    """A grid cut into runs of slots alike: first slot and length of each, and what its slots are."""

    first: Int64
    length: Int64
    state: npt.NDArray[np.int8]


def _slots(grid: Grid, minutes: int) -> int:
    return -(-minutes * 60 // grid.step_s)


def _states(inside: Bool, missing: Bool) -> States:
    state = inside.view(np.int8) | (missing.view(np.int8) << 1)
    first = np.append(0, np.flatnonzero(state[1:] != state[:-1]) + 1)[: len(state)]
    return States(first, np.diff(np.append(first, len(state))), state[first])


def _spans(states: States, to_open: int, to_close: int) -> Spans:
    """Return the episodes: a run inside of *to_open* slots opens, one outside of *to_close* slots or a hole closes."""
    inside = states.state == INSIDE
    opens = inside & (states.length >= to_open)
    closes = ~inside & ((states.length >= to_close) | (states.state == MISSING))
    marks = np.flatnonzero(opens | closes)
    opening = opens[marks]
    begins = opening & ~np.append(False, opening[:-1])
    ends = np.flatnonzero(~opening)
    start = marks[begins]
    # The next mark that closes; the end of the grid does where there is none.
    close = np.searchsorted(ends, np.flatnonzero(begins))
    first = np.append(states.first, states.first[-1] + states.length[-1]) if len(marks) else states.first
    stop = first[np.append(marks[ends], len(states.first))[close]] if len(marks) else start
    return states.first[start], stop


def _apart(spans: Spans, others: Spans) -> Spans:
    """Return the *spans* that overlap none of *others*; both are disjoint and rise."""
    begun = np.searchsorted(others[0], spans[1], side="left")
    over = np.searchsorted(others[1], spans[0], side="right")
    return spans[0][begun == over], spans[1][begun == over]


def _extended_high(above: Bool, missing: Bool, high: States, step_s: int) -> Spans:
    """Return the extended highs: *above* in 90 of 120 minutes; they end where the state of 180 mg/dL does."""
    width, enough = EXTENDED_MINUTES * 60 // step_s, EXTENDED_HIGH_MINUTES * 60 // step_s
    at_high = np.flatnonzero(above)
    if len(at_high) < enough:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    # A window that qualifies can be taken to begin at a slot above: moved on to its first one it loses none. Whether
    # 120 minutes without a hole fit around it is asked of the stretch between the holes, behind the episode before.
    last_needed = at_high[enough - 1 :]
    first_needed = at_high[: len(last_needed)]
    near = last_needed - first_needed < width
    first_needed, last_needed = first_needed[near], last_needed[near]
    behind, before = _between_holes(first_needed, np.flatnonzero(missing), len(above))
    fits = (before > last_needed) & (before - behind >= width)
    starts, behind, before = first_needed[fits], behind[fits], before[fits]
    closing = (high.state != INSIDE) & ((high.length >= -(-MINUTES * 60 // step_s)) | (high.state == MISSING))
    ends = np.append(high.first[closing], len(above))
    begin: list[int] = []
    stop: list[int] = [0]
    i = 0
    while i < len(starts):
        if before[i] - max(behind[i], stop[-1]) < width:
            i += 1
            continue
        begin.append(int(starts[i]))
        stop.append(int(ends[np.searchsorted(ends, starts[i], side="right")]))
        i = int(np.searchsorted(starts, stop[-1], side="left"))
    return np.array(begin, np.int64), np.array(stop[1:], np.int64)


def _between_holes(slots: Int64, holes: Int64, size: int) -> tuple[Int64, Int64]:
    """Return for each of *slots* the first slot of its stretch without a hole and the slot behind its last."""
    edges = np.concatenate(([-1], holes, [size]))
    after = np.searchsorted(edges, slots, side="right")
    return np.asarray(edges[after - 1] + 1, np.int64), np.asarray(edges[after], np.int64)


def _events(grid: Grid, spans: Spans, low: bool, night: Bool, observed_days: float) -> Events:
    start, slots = spans[0], spans[1] - spans[0]
    extreme = mean = np.zeros(0)
    if len(start):
        offset = np.append(0, np.cumsum(slots)[:-1])
        v = grid.v[np.repeat(start, slots) + _ranks(slots)]
        extreme = (np.minimum if low else np.maximum).reduceat(v, offset)
        mean = np.add.reduceat(v, offset) / slots
    ts = grid.start + grid.step_s * start
    return Events(start, slots, ts, extreme, mean, night, grid.step_s, observed_days)


def _ranks(slots: Int64) -> Int64:
    """Return 0, 1, 2 ... for each episode, one after the other.

    >>> _ranks(np.array([2, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.asarray(np.arange(int(slots.sum())) - np.repeat(np.cumsum(slots) - slots, slots), np.int64)
