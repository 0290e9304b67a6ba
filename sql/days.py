"""Any stretch of a person's time at once: statistics, profile, chart and series from derived days, exact.

Beside the readings stand, by person and local day, the merged series in packed form (day_pack) and, by blocks of 32
days, sums that add up exactly (day_summary). Each has its use: sums alone cannot give the order of readings nor a part
of a day, packed days alone would have to be opened by the thousand for ten years' statistics (0.2 s against 20 ms).

Every question first asks where the person's days stand (one short query), brings them up with the readings where a
write has touched them (day_rows), and is answered on one snapshot of the database. What was read stays in memory, at
most so many megabytes a process; what a write touched is dropped from it by the log of changes.
"""

import dataclasses
import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection, Engine

from cgm_dash import day_pack
from cgm_dash.day_summary import (
    NEVER_SEEN,
    NO_DAYS,
    BinSums,
    DayTotals,
    Envelope,
    EnvelopeSums,
    RangeSums,
    Seen,
    WeekdaySums,
    flagged_seconds,
    weekday,
)
from cgm_dash.metrics.histogram import BINS, VALUES, by_bin
from cgm_dash.series import EMPTY, Series
from sql import day_rows
from sql.changes import EVER, Changes, changes_since, note_change
from sql.day_rows import BINS_PART, BLOCK, TOTALS_PART, Blobs, State
from sql.engine import PATIENCE_MS, writing
from sql.readings import FOREVER
from sql.sources import lock_person

log = logging.getLogger(__name__)

Int64 = npt.NDArray[np.int64]
T = TypeVar("T")

DAY_S = 86_400

ATTEMPTS = 3
"""How often a question tries to find the days unchanged before it is answered under the person's lock."""

SUPER = 8
"""Blocks added at once in memory: 115 blocks are 14 of these and a few more."""

SPLIT_DAYS = 128
"""Days opened at a time for a chart: what they need beside stays small."""

TAIL_BYTES = 23
"""What a reading of a Series takes in memory."""

_LOCKS = 16


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Days, *first* to *last*, both included, of which something kept is not what the readings give; what: in words."""

    person_id: int
    first: date
    last: date
    what: str


class DayStore:
    """Derived days of every person. Safe for several threads and processes.

    max_mb: how much of them this process may hold in memory. Times are UTC epoch seconds. Every method raises
    StoreUnavailable, StoreDamaged or StoreError.
    """

    def __init__(self, engine: Engine, max_mb: float = 64) -> None:
        self._engine = engine
        self._max_bytes = int(max_mb * 2**20)
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._lock = threading.Lock()
        self._person_locks = tuple(threading.Lock() for _ in range(_LOCKS))

    @property
    def size(self) -> int:
        """Bytes held now."""
        with self._lock:
            return self._size()

    def _size(self) -> int:
        return sum(held.size for held in self._held.values())

    def series(self, person_id: int, start: float = 0, end: float = FOREVER) -> Series:
        """Return the merged series of start <= ts < end, as SeriesCache.between does."""
        span = _whole(start), _whole(end)
        return self._ask(person_id, lambda reader: reader.series(*span))

    def sums(self, person_id: int, start: float, end: float) -> RangeSums:
        """Return the readings of start <= ts < end in sums: all that statistics and the glucose profile need."""
        span = _whole(start), _whole(end)
        return self._ask(person_id, lambda reader: reader.sums(*span))

    def sums_of_weekdays(self, person_id: int, start: float, end: float, weekdays: Sequence[int]) -> RangeSums:
        """Return the same of those local days in the stretch that are one of *weekdays*, 0 Monday to 6 Sunday.

        The first question about a stretch opens its days, ten years of minutes in a fifth of a second; what it finds
        stays in memory as the rest does (5 MB for ten years).
        """
        span, chosen = (_whole(start), _whole(end)), sorted(set(weekdays) & set(range(7)))
        if len(chosen) == 7:
            return self.sums(person_id, start, end)
        return self._ask(person_id, lambda reader: reader.sums_of_weekdays(*span, chosen))

    def by_day(self, person_id: int, start: float, end: float) -> DayTotals:
        """Return the same day by day: each local day of start <= ts < end with a reading; bounds: its part of that."""
        span = _whole(start), _whole(end)
        return self._ask(person_id, lambda reader: reader.by_day(*span))

    def envelope(self, person_id: int, edges: npt.NDArray[np.float64] | Int64) -> Envelope:
        """Return extremes and quartiles of the columns of a chart between rising *edges*.

        Fastest where columns of a day and more end at midnights (day_edges): else each day with an edge is opened.
        """
        whole = np.ceil(edges).astype(np.int64)
        return self._ask(person_id, lambda reader: reader.envelope(whole))

    def day_edges(self, person_id: int, start: float, end: float, columns: int) -> Int64:
        """Return edges of at most *columns* columns over [start, end), all but the ends at midnights of the wearer."""
        return self._ask(person_id, lambda reader: reader.day_edges(_whole(start), _whole(end), columns))

    def rebuild(self, person_id: int) -> None:
        """Make all of a person's days anew. Raises StoreError for nobody."""
        with writing(self._engine) as connection:
            note_change(connection, person_id, lock_person(connection, person_id) + 1, *EVER)
        day_rows.catch_up(self._engine, person_id)

    def catch_up(self, person_id: int) -> None:
        """Bring a person's days up with the readings now, so that the next question need not."""
        day_rows.catch_up(self._engine, person_id)

    def check(self, person_id: int) -> tuple[Disagreement, ...]:
        """Compare everything kept with what the readings give and return where they differ; none is the rule.

        Days that cannot even be opened are told as one disagreement over all of them, and made anew.
        """
        try:
            return self._checked(person_id)
        except day_rows.UnreadableError as exc:
            self.rebuild(person_id)
            return (Disagreement(person_id, date.min, date.max, f"days cannot be opened: {exc}"),)

    def _checked(self, person_id: int) -> tuple[Disagreement, ...]:
        for _ in range(ATTEMPTS):
            day_rows.catch_up(self._engine, person_id)
            with day_rows.snapshot(self._engine) as connection:
                state = day_rows.state_of(connection, person_id)
                if state is None:
                    return ()
                if state.is_current:
                    return tuple(_differences(connection, state))
        with writing(self._engine) as connection:
            state = day_rows.catch_up_here(connection, person_id)
            return () if state is None else tuple(_differences(connection, state))

    def _ask(self, person_id: int, question: "Callable[[_Reader], T]") -> T:
        """Return the answer to *question*; days that cannot be opened are made anew, once."""
        with self._person_locks[person_id % _LOCKS]:
            try:
                return self._answer(person_id, question)
            except day_rows.UnreadableError as exc:
                log.warning("days pid=%d person=%d outcome=rebuild reason=%s", os.getpid(), person_id, exc)
                self._forget(person_id)
                self.rebuild(person_id)
                return self._answer(person_id, question)

    def _answer(self, person_id: int, question: "Callable[[_Reader], T]") -> T:
        for _ in range(ATTEMPTS):
            with day_rows.snapshot(self._engine) as connection:
                state = day_rows.state_of(connection, person_id)
                if state is None:
                    return question(_Reader(connection, _Held(_NOBODY, EMPTY)))
                if state.is_current:
                    return self._read(connection, state, question)
            day_rows.catch_up(self._engine, person_id, PATIENCE_MS)
        with writing(
            self._engine, PATIENCE_MS
        ) as connection:  # someone imports: between catching up and looking it changes again
            state = day_rows.catch_up_here(connection, person_id)
            return self._read(connection, state or _NOBODY, question)

    def _read(self, connection: Connection, state: State, question: "Callable[[_Reader], T]") -> T:
        with self._lock:
            old = self._held.get(state.person_id)
        held = _brought_up(connection, old, state)
        try:
            return question(_Reader(connection, held))
        finally:
            self._keep(held)

    def _forget(self, person_id: int) -> None:
        with self._lock:
            self._held.pop(person_id, None)

    def _keep(self, held: "_Held") -> None:
        """Hold it as used last; above the bound the longest unused go, then the packed days of this one, then it."""
        if held.weigh() > self._max_bytes:
            held.packs.clear()
        person, fits = held.state.person_id, held.weigh() <= self._max_bytes
        with self._lock:
            self._held.pop(person, None)
            if fits:
                self._held[person] = held
            while self._size() > self._max_bytes:
                self._held.popitem(last=False)


@dataclass(slots=True)
class _Held:
    """What one process has read of one person's days, as of state.seq; by block, None where it has no readings.

    tail: the merged series from state.end_ts on. supers, weekdays: sums of SUPER blocks. size: bytes when last weighed.
    """

    state: State
    tail: Series
    packs: dict[int, Blobs] = field(default_factory=dict)
    bins: dict[int, BinSums | None] = field(default_factory=dict)
    totals: dict[int, DayTotals | None] = field(default_factory=dict)
    supers: dict[int, BinSums] = field(default_factory=dict)
    weekdays: dict[int, WeekdaySums | None] = field(default_factory=dict)
    starts: dict[int, int] = field(default_factory=dict)
    size: int = 0

    def weigh(self) -> int:
        """Count the bytes held and return them."""
        sums = (*self.bins.values(), *self.totals.values(), *self.supers.values(), *self.weekdays.values())
        packed = sum(len(data) for blobs in self.packs.values() for _, data in blobs)
        self.size = packed + sum(s.size for s in sums if s is not None) + TAIL_BYTES * len(self.tail)
        return self.size

    def drop(self, first: int, last: int) -> None:
        """Drop the blocks from *first* to *last*, both included."""
        for kept in (self.packs, self.bins, self.totals):
            for block in [b for b in kept if first <= b <= last]:
                del kept[block]
        for grouped in (self.supers, self.weekdays):
            for group in [g for g in grouped if first // SUPER <= g <= last // SUPER]:
                del grouped[group]

    def start_of_block(self, block: int) -> int:
        """Return the instant at which a block begins; of one behind the last, where everything kept ends."""
        if block * BLOCK > self.state.end_day:
            return self.state.end_ts
        if block not in self.starts:
            self.starts[block] = self.state.numbers.start(block * BLOCK)
        return self.starts[block]


_NOBODY = State(0, 0, None, None, None, 0, 0, 1, None)


def _brought_up(connection: Connection, held: _Held | None, state: State) -> _Held:
    """Return what is held as of *state*, which is current: what changes touched is dropped, the tail read again."""
    if held is not None and held.state == state:
        return held
    tail, _ = day_rows.merged(connection, state.person_id, state.end_ts, FOREVER, state.period_s)
    for column in dataclasses.fields(tail):  # several threads will hold it
        getattr(tail, column.name).setflags(write=False)
    if held is None or held.state.made_for != state.made_for:
        return _Held(state, tail)
    changes = changes_since(connection, state.person_id, held.state.seq)
    if changes.stretches is None or EVER in changes.stretches:
        return _Held(state, tail)
    kept = {name: getattr(held, name).copy() for name in ("packs", "bins", "totals", "supers", "weekdays")}
    fresh = _Held(state, tail, **kept, starts=held.starts)
    fresh.drop(held.state.end_day // BLOCK, state.end_day // BLOCK)
    for first, last in _blocks_touched(changes, state):
        fresh.drop(first, last)
    return fresh


def _blocks_touched(changes: Changes, state: State) -> Iterable[tuple[int, int]]:
    """Return the blocks that each change reached, first and last."""
    numbers = state.numbers
    for first, last in changes.stretches or ():
        if first - state.period_s < state.end_ts:
            until = min(last + state.period_s, state.end_ts)
            yield numbers.of(first - state.period_s) // BLOCK, numbers.of(until) // BLOCK


class _Reader:
    """Answers questions from what is held, reading what is missing by one connection, all as of one moment."""

    def __init__(self, connection: Connection, held: _Held) -> None:
        self._connection = connection
        self._held = held
        self._state = held.state
        self._last = self._state.end_day // BLOCK
        """The block that everything kept ends in: not whole, its sums are made here."""

    def series(self, start: int, end: int) -> Series:
        """Return the merged series of start <= ts < end."""
        if start >= end:
            return EMPTY
        tail = self._held.tail.between(start, end)
        if start >= self._state.end_ts:
            return tail
        packs = self._packed(start, min(end, self._state.end_ts))
        if not packs:
            return tail
        if len(tail):
            packs.append(day_pack.pack(tail))
        return day_rows.opened(packs).between(start, end)

    def sums(self, start: int, end: int) -> RangeSums:
        """Return the sums of start <= ts < end."""
        total = _Total(self._state)
        kept_end = min(end, self._state.end_ts)
        if start < kept_end:
            self._add_kept(total, start, kept_end)
        total.add(self._held.tail.between(start, max(start, end)))
        return total.sums()

    def _add_kept(self, total: "_Total", start: int, end: int) -> None:
        """Add days kept: whole blocks between the block borders nearest to both ends, and what is over or missing."""
        first, last = self._nearest_border(start), self._nearest_border(end)
        if first >= last:
            total.add(self._part(start, end))
            return
        numbers = self._state.numbers
        first_day, end_day = numbers.of(start - 1) + 1, numbers.of(end)
        total.see(self._part(start, min(end, numbers.start(first_day))))
        self._load_bins(min(first, first_day // BLOCK), max(last, -(-end_day // BLOCK)))
        for block in range(first_day // BLOCK, -(-end_day // BLOCK)):
            bins = self._held.bins[block]
            if bins is not None:
                total.seen.append(bins.seen.of_days(first_day, end_day))
        total.see(self._part(numbers.start(end_day), end))
        for bins in self._whole(first, last):
            total.n += bins.add_to(total.by_bin, total.flagged, 1)
        self._correct(total, start, self._held.start_of_block(first), 1)
        self._correct(total, end, self._held.start_of_block(last), -1)

    def _correct(self, total: "_Total", wanted: int, border: int, sign: int) -> None:
        """Add what lies between *wanted* and a block's *border* behind it, or take off what lies between them."""
        part = self._part(min(wanted, border), max(wanted, border))
        total.add(part, sign if wanted < border else -sign, seen=False)

    def _nearest_border(self, ts: int) -> int:
        """Return the block that begins nearest to *ts*; behind the last, the end of all that is kept counts as one."""
        block = min(self._state.numbers.of(ts) // BLOCK, self._last)
        before, after = self._held.start_of_block(block), self._held.start_of_block(block + 1)
        return block if ts - before <= after - ts else block + 1

    def _whole(self, first: int, end: int) -> Iterable[BinSums]:
        """Return the sums of the blocks from *first* to before *end*, eight at once where they lie so."""
        block = first
        while block < end:
            group = block // SUPER
            if block % SUPER == 0 and block + SUPER <= min(end, self._last):
                if group not in self._held.supers:
                    self._held.supers[group] = _together([self._held.bins[b] for b in range(block, block + SUPER)])
                yield self._held.supers[group]
                block += SUPER
                continue
            bins = self._held.bins[block]
            if bins is not None:
                yield bins
            block += 1

    def sums_of_weekdays(self, start: int, end: int, chosen: Sequence[int]) -> RangeSums:
        """Return the sums of start <= ts < end on the weekdays *chosen*."""
        total = _Total(self._state)
        kept_end = min(end, self._state.end_ts)
        if start < kept_end:
            self._add_weekdays(total, start, kept_end, chosen)
        total.add(self._on(chosen, self._held.tail.between(start, max(start, end))))
        return total.sums()

    def _add_weekdays(self, total: "_Total", start: int, end: int, chosen: Sequence[int]) -> None:
        """Add days kept: groups of blocks that lie whole in the stretch, and what is before and behind them."""
        numbers, span = self._state.numbers, SUPER * BLOCK
        first = -(-(numbers.of(start - 1) + 1) // span)
        last = min(numbers.of(end) // span, self._last // SUPER)
        borders = [self._held.start_of_block(group * SUPER) for group in (first, max(first, last))]
        before, behind = (min(max(ts, start), end) for ts in borders) if first < last else (end, end)
        total.add(self._on(chosen, self._part(start, before)))
        if first < last:
            self._load_bins(first * SUPER, last * SUPER)
        for group in range(first, last):
            sums = self._weekdays(group)
            if sums is not None:
                total.n += sums.add_to(total.by_bin, total.flagged, chosen)
                found = (self._held.bins[block] for block in range(group * SUPER, (group + 1) * SUPER))
                total.seen += [bins.seen.of_weekdays(chosen) for bins in found if bins is not None]
        total.add(self._on(chosen, self._part(behind, end)))

    def _weekdays(self, group: int) -> WeekdaySums | None:
        """Return the sums by weekday of SUPER whole blocks; the days are opened for them and not held."""
        if group not in self._held.weekdays:
            days = (group * SUPER * BLOCK, (group + 1) * SUPER * BLOCK)
            packs = day_rows.fetch_days(self._connection, self._state.person_id, *days)
            self._held.weekdays[group] = day_rows.weekdays_of(self._state.numbers, packs) if packs else None
        return self._held.weekdays[group]

    def _on(self, chosen: Sequence[int], series: Series) -> Series:
        """Return the readings of days that are one of the weekdays *chosen*."""
        if not len(series):
            return series
        days, bounds = self._days_of(series)
        kept = np.isin(weekday(day_rows.owners(series, days, bounds)), chosen)
        return Series(*(getattr(series, column.name)[kept] for column in dataclasses.fields(Series)))

    def _days_of(self, series: Series) -> tuple[Int64, Int64]:
        """Return the days from the first reading to the last, and when each begins and ends."""
        numbers = self._state.numbers
        days = np.arange(numbers.of(int(series.ts[0])), numbers.of(int(series.ts[-1])) + 1)
        return days, numbers.bounds(days.tolist())

    def by_day(self, start: int, end: int) -> DayTotals:
        """Return the totals of each day of start <= ts < end."""
        kept_end = min(end, self._state.end_ts)
        parts = [*self._days_kept(start, kept_end)] if start < kept_end else []
        parts.append(self._totals_of(self._held.tail.between(start, max(start, end))))
        joined = DayTotals.joined(parts)
        return replace(joined, bounds=np.clip(joined.bounds, start, end))

    def _days_kept(self, start: int, end: int) -> Iterable[DayTotals]:
        """Yield the totals of days kept: the rest of one, whole ones, the beginning of one."""
        numbers = self._state.numbers
        first, stop = numbers.of(start - 1) + 1, numbers.of(end)
        midnights = numbers.start(first), numbers.start(stop)
        yield self._totals_of(self._part(start, min(end, midnights[0])))
        self._load_totals(first // BLOCK, -(-stop // BLOCK))
        for block in range(first // BLOCK, -(-stop // BLOCK)):
            totals = self._held.totals[block]
            if totals is not None:
                yield totals.of_days(first, stop)
        yield self._totals_of(self._part(max(midnights), end))

    def _totals_of(self, series: Series) -> DayTotals:
        """Return the totals of a few days that are opened."""
        if not len(series):
            return NO_DAYS
        days, bounds = self._days_of(series)
        there = np.unique(np.searchsorted(bounds[0], series.ts, side="right") - 1)
        return DayTotals.of(series, days[there], bounds[:, there])

    def envelope(self, edges: Int64) -> Envelope:
        """Return extremes and quartiles of the columns between *edges*."""
        sums = EnvelopeSums(edges)
        if len(edges) > 1:
            start, end = int(edges[0]), min(int(edges[-1]), self._state.end_ts)
            if start < end and edges[-1] - edges[0] < DAY_S * (len(edges) - 1):
                sums.add(self._part(start, end))
            elif start < end:
                self._add_days(sums, start, end)
            sums.add(self._held.tail)
        return sums.envelope()

    def _add_days(self, sums: EnvelopeSums, start: int, end: int) -> None:
        """Add days kept: whole ones by their totals, those that an edge splits by their readings."""
        numbers = self._state.numbers
        first, last = numbers.of(start) // BLOCK, numbers.of(end - 1) // BLOCK
        self._load_totals(first, last + 1)
        split: list[int] = []
        for block in range(first, last + 1):
            totals = self._held.totals[block]
            if totals is not None:
                sums.add_days(totals)
                split += totals.day[sums.splits(totals)].tolist()
        for at in range(0, len(split), SPLIT_DAYS):
            wanted = set(split[at : at + SPLIT_DAYS])
            self._load_packs(min(wanted) // BLOCK, max(wanted) // BLOCK + 1)
            packs = [self._held.packs[block] for block in sorted({day // BLOCK for day in wanted})]
            sums.add(day_rows.opened([data for blobs in packs for day, data in blobs if day in wanted]))

    def day_edges(self, start: int, end: int, columns: int) -> Int64:
        """Return edges over [start, end), all but the ends at midnights, as even as whole days are."""
        numbers = self._state.numbers
        first, last = numbers.of(start), numbers.of(end)
        inner = np.unique(np.linspace(first, last + 1, columns).round().astype(np.int64))[1:-1]
        midnights = (numbers.start(day) for day in inner.tolist())
        return np.array([start, *(ts for ts in midnights if start < ts < end), end], np.int64)

    def _part(self, start: int, end: int) -> Series:
        """Return the series of a stretch of days kept."""
        packs = self._packed(start, end) if start < end else []
        return day_rows.opened(packs).between(start, end) if packs else EMPTY

    def _packed(self, start: int, end: int) -> list[bytes]:
        """Return the packed days that [start, end) touches."""
        numbers = self._state.numbers
        if self._state.newest is None or start > self._state.newest:
            return []
        first, last = numbers.of(start), numbers.of(end - 1)
        self._load_packs(first // BLOCK, last // BLOCK + 1)
        found = (self._held.packs[block] for block in range(first // BLOCK, last // BLOCK + 1))
        return [data for blobs in found for day, data in blobs if first <= day <= last]

    def _load_packs(self, first: int, end: int) -> None:
        missing = [block for block in range(first, end) if block not in self._held.packs]
        if not missing:
            return
        low, high = missing[0], missing[-1] + 1
        found: dict[int, Blobs] = {block: [] for block in range(low, high)}
        last = min(high * BLOCK, self._state.end_day)
        for item in day_rows.fetch_days(self._connection, self._state.person_id, low * BLOCK, last):
            found[item[0] // BLOCK].append(item)
        self._held.packs.update(found)

    def _load_bins(self, first: int, end: int) -> None:
        missing = [block for block in range(first, end) if block not in self._held.bins]
        if missing:
            blobs = self._blocks(BINS_PART, missing[0], missing[-1] + 1)
            self._held.bins.update(dict.fromkeys(missing))
            self._held.bins.update({block: day_rows.thawed(BinSums, data) for block, data in blobs})
            self._sum_last(missing)

    def _load_totals(self, first: int, end: int) -> None:
        missing = [block for block in range(first, end) if block not in self._held.totals]
        if missing:
            blobs = self._blocks(TOTALS_PART, missing[0], missing[-1] + 1)
            self._held.totals.update(dict.fromkeys(missing))
            self._held.totals.update({block: day_rows.thawed(DayTotals, data) for block, data in blobs})
            self._sum_last(missing)

    def _blocks(self, part: int, first: int, end: int) -> Blobs:
        """Return one part of the whole blocks from *first* to before *end*."""
        return day_rows.fetch_blocks(self._connection, self._state.person_id, part, first, min(end, self._last))

    def _sum_last(self, missing: list[int]) -> None:
        """Make both sums of the block that everything kept ends in, where it is among the *missing*."""
        if self._last in missing:
            self._load_packs(self._last, self._last + 1)
            packs = self._held.packs[self._last]
            both = day_rows.sums_of(self._state.numbers, packs) if packs else (None, None)
            self._held.bins[self._last], self._held.totals[self._last] = both


class _Total:
    """Sums under way."""

    def __init__(self, state: State) -> None:
        self._numbers = state.numbers
        self.n = 0
        self.by_bin = np.zeros((BINS, VALUES), np.int64)
        self.flagged = np.zeros((2, VALUES), np.int64)
        self.seen = [NEVER_SEEN]

    def add(self, series: Series, sign: int = 1, seen: bool = True) -> None:
        """Add readings, or take them off (*sign* -1). seen: they also tell on which dates there are readings."""
        if len(series) == 0:
            return
        wall_clock = self._numbers.wall_clock(series)
        self.by_bin += sign * by_bin(series, wall_clock)
        self.flagged += sign * flagged_seconds(series)
        self.n += sign * len(series)
        if seen:
            self.see(series)

    def see(self, series: Series) -> None:
        """Let readings tell only on which dates there are any."""
        wall_clock = self._numbers.wall_clock(series)
        self.seen.append(Seen.of(wall_clock, np.zeros_like(wall_clock)))

    def sums(self) -> RangeSums:
        """Return what came together."""
        return RangeSums(self.n, self.by_bin, self.flagged, *Seen.joined(self.seen).counted())


def _together(blocks: Iterable[BinSums | None]) -> BinSums:
    """Return several blocks' sums as one; which days they saw stays with each."""
    sums, flagged, n = np.zeros((BINS, VALUES), np.uint32), np.zeros((2, VALUES), np.uint32), 0
    for bins in blocks:
        if bins is not None:
            n += bins.add_to(sums, flagged, 1)
    return BinSums(n, 0, sums, flagged, NEVER_SEEN)


def _whole(ts: float) -> int:
    return min(FOREVER, max(0, -int(-ts // 1)))


def _differences(connection: Connection, state: State) -> Iterable[Disagreement]:
    """Tell where days kept are not what the readings give. state: current."""
    end = state.end_day
    wrong = _beyond(connection, state)
    first = day_rows.first_day(connection, state)
    for block in range(first // BLOCK, -(-end // BLOCK), day_rows.STEP_BLOCKS):
        stop = min(end, (block + day_rows.STEP_BLOCKS) * BLOCK)
        series, _ = day_rows.series_of(connection, state, block * BLOCK, stop, DAY_S)
        right = day_rows.packed(state.numbers, series, block * BLOCK, stop)
        kept = day_rows.fetch_days(connection, state.person_id, block * BLOCK, stop)
        wrong += [(day, day, "the day") for day in _unequal(right, kept)]
        until = stop // BLOCK
        sums = day_rows.summed(state.numbers, [item for item in right if item[0] < until * BLOCK])
        for part, name in ((BINS_PART, "the sums by quarter hour"), (TOTALS_PART, "the sums by day")):
            expected = [(b, data) for p, b, data in sums if p == part]
            there = day_rows.fetch_blocks(connection, state.person_id, part, block, until)
            wrong += [(b * BLOCK, b * BLOCK + BLOCK - 1, name) for b in _unequal(expected, there)]
    for low, high, what in wrong:
        text = f"{what} kept is not what the readings give" if what == "the day" else f"{what} are not the readings'"
        yield Disagreement(state.person_id, state.numbers.date(low), state.numbers.date(high), text)


def _unequal(right: Blobs, kept: Blobs) -> list[int]:
    """Return the numbers whose data differ or that one side lacks, rising."""
    a, b = dict(right), dict(kept)
    return sorted(number for number in a.keys() | b.keys() if a.get(number) != b.get(number))


def _beyond(connection: Connection, state: State) -> list[tuple[int, int, str]]:
    """Return what is kept behind the end of all that is kept: (first day, last day, what)."""
    far, block = day_rows.LAST_DAY, state.end_day // BLOCK
    extra = [(day, day, "the day") for day, _ in day_rows.fetch_days(connection, state.person_id, state.end_day, far)]
    for part, name in ((BINS_PART, "the sums by quarter hour"), (TOTALS_PART, "the sums by day")):
        there = day_rows.fetch_blocks(connection, state.person_id, part, block, far)
        extra += [(b * BLOCK, b * BLOCK + BLOCK - 1, name) for b, _ in there]
    return extra
