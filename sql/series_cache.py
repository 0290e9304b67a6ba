"""Each person's merged series in memory, one cache a process, always as the database has it.

A cached series carries the person's sequence. Each question asks for the sequence first (one short query); where it has
risen, the stretches that changed are read, merged and put in place of the old ones, with a margin of the longest period
on each side: rule W and the merging of layers look no further. So another worker's writes, late readings and
corrections show at once, and a new minute costs a copy of the arrays, not a merge of the year.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cgm_dash.batch import Columns
from cgm_dash.reading import Kind
from cgm_dash.series import EMPTY, Series, merge
from sql.changes import Changes
from sql.readings import FOREVER, ReadingStore
from sql.sources import SourceRow, SourceStore
from sql.stored import Stored

DAY_S = 86_400
"""The longest period a reading may have (cgm_dash.gate): no reading reaches further to either side."""

MOST_STRETCHES = 32
"""More changes than this since the last look are one reload."""

_COLUMNS = ("ts", "mg_dl", "flag", "kind", "trend", "period_s", "offset_min", "seconds")
_LOCKS = 16


def layers(sources: Sequence[SourceRow], stored: Stored) -> list[Columns]:
    """Return the layers to merge, best first: each source by rank with live, history, and scan where it has no live.

    Alarm, strip and manual readings belong to no series.
    """
    scheduled = (Kind.LIVE, Kind.HISTORY)
    wanted = [(s.source_id, kind) for s in sources for kind in (scheduled if s.has_live else (*scheduled, Kind.SCAN))]
    return [layer for layer in (stored.layer(source_id, kind) for source_id, kind in wanted) if len(layer)]


@dataclass(frozen=True, slots=True)
class Held:
    """A person's merged series of start <= ts < end at sequence seq. period_s: the longest period of its readings."""

    start: int
    end: int
    seq: int
    period_s: int
    series: Series

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return sum(int(getattr(self.series, name).nbytes) for name in _COLUMNS)

    @property
    def is_tail(self) -> bool:
        """Whether it goes on to the newest reading and any later one."""
        return self.end == FOREVER

    def covers(self, start: int, end: int) -> bool:
        """Return whether it answers for start <= ts < end."""
        return self.start <= start and end <= self.end


class SeriesCache:
    """The merged series of the people last asked for, at most *max_mb* megabytes. Safe for several threads.

    A person's newest days are held as far back as was asked for, and beside them one stretch of the past. The arrays
    given out are never written again. Every method raises StoreUnavailable, StoreDamaged or StoreError.
    """

    def __init__(self, readings: ReadingStore, sources: SourceStore, max_mb: float) -> None:
        self._readings = readings
        self._sources = sources
        self._max_bytes = int(max_mb * 2**20)
        self._held: OrderedDict[int, tuple[Held, ...]] = OrderedDict()
        self._lock = threading.Lock()
        self._person_locks = tuple(threading.Lock() for _ in range(_LOCKS))

    @property
    def size(self) -> int:
        """Bytes held now."""
        with self._lock:
            return self._size()

    def series(self, person_id: int) -> Series:
        """Return the person's whole merged series."""
        return self.between(person_id, 0, FOREVER)

    def between(self, person_id: int, start: float, end: float) -> Series:
        """Return the merged series of start <= ts < end (UTC epoch seconds), each reading weighed as in the whole."""
        first, last = max(0, _ceil(start)), min(FOREVER, _ceil(end))
        if first >= last:
            return EMPTY
        with self._person_locks[person_id % _LOCKS]:  # one thread loads, the others then find it
            with self._lock:
                held = self._held.get(person_id, ())
            seq = self._readings.sequence(person_id)
            found = next((h for h in held if h.covers(first, last)), None)
            fresh = self._widened(person_id, held, first, last) if found is None else found
            if fresh.seq != seq:
                fresh = self._updated(person_id, fresh)
            if fresh is not found or held[-1] is not fresh:
                others = tuple(h for h in held if h is not found and h.is_tail != fresh.is_tail)
                held = (*others, fresh)
            self._keep(person_id, held)
        return fresh.series.between(first, last)

    def _widened(self, person_id: int, held: Sequence[Held], start: int, end: int) -> Held:
        """Return one that covers [start, end): the newest days taken further back, or a stretch of its own."""
        start = max(0, start // DAY_S - 1) * DAY_S
        tail = next((h for h in held if h.is_tail), None)
        if tail is not None and end > tail.start:
            wider = replace(tail, start=min(start, tail.start))
            return self._replaced(person_id, wider, [(wider.start, tail.start)], DAY_S)
        newest = self._readings.newest(person_id)
        reaches_newest = newest is None or end > newest.ts
        return self._loaded(person_id, start, FOREVER if reaches_newest else -(-end // DAY_S) * DAY_S)

    def _loaded(self, person_id: int, start: int, end: int) -> Held:
        stored = self._readings.load(person_id, start - DAY_S, min(FOREVER, end + DAY_S))
        merged = layers(self._sources.of_person(person_id), stored)
        series = _read_only(merge(merged).between(start, end))
        return Held(start, end, stored.seq, _longest(merged), series)

    def _updated(self, person_id: int, held: Held) -> Held:
        """Return *held* as it is now."""
        changes = self._readings.changes(person_id, held.seq)
        stretches = _stretches_in(held, changes)
        if stretches is None:
            return self._loaded(person_id, held.start, held.end)
        return replace(self._replaced(person_id, held, stretches, held.period_s), seq=changes.seq)

    def _replaced(self, person_id: int, held: Held, stretches: Sequence[tuple[int, int]], margin: int) -> Held:
        """Return *held* with what stands in and around *stretches* read and merged anew.

        margin: seconds that no period met so far exceeds; a longer one among the new readings widens it.
        """
        if not stretches:
            return held
        sources = self._sources.of_person(person_id)
        series, longest = held.series, held.period_s
        for first, last in stretches:
            while True:
                stored = self._readings.load(person_id, first - 2 * margin, last + 2 * margin + 1)
                merged = layers(sources, stored)
                if _longest(merged) <= margin:
                    break
                margin = _longest(merged)
            start, end = max(held.start, first - margin), min(held.end, last + margin + 1)
            if start < end:
                series = _spliced(series, merge(merged).between(start, end), start, end)
            longest = max(longest, _longest(merged))
        return replace(held, period_s=longest, series=_read_only(series))

    def _keep(self, person_id: int, held: tuple[Held, ...]) -> None:
        """Hold them as used last; above the bound the longest unused go. What alone exceeds it is not held."""
        with self._lock:
            self._held.pop(person_id, None)
            if sum(h.size for h in held) > self._max_bytes:
                held = held[-1:] if held[-1].size <= self._max_bytes else ()
            if held:
                self._held[person_id] = held
            while self._size() > self._max_bytes:
                self._held.popitem(last=False)

    def _size(self) -> int:
        return sum(held.size for person in self._held.values() for held in person)


def _ceil(ts: float) -> int:
    return -int(-ts // 1)


def _longest(merged: Sequence[Columns]) -> int:
    return max((int(layer.period_s.max()) for layer in merged), default=1)


def _stretches_in(held: Held, changes: Changes) -> list[tuple[int, int]] | None:
    """Return the changed stretches that can touch *held*, joined where they meet; None where a reload is cheaper."""
    if changes.stretches is None:
        return None
    low, high = held.start - DAY_S, min(FOREVER, held.end + DAY_S)
    clipped = sorted((max(low, a), min(high, b)) for a, b in changes.stretches if a <= high and b >= low)
    joined: list[tuple[int, int]] = []
    for first, last in clipped:
        if joined and first <= joined[-1][1] + 4 * held.period_s:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    if len(joined) > MOST_STRETCHES or any(first <= held.start and last >= held.end - 1 for first, last in joined):
        return None
    return joined


def _spliced(series: Series, part: Series, start: int, end: int) -> Series:
    """Return *series* with *part* in place of its readings of start <= ts < end."""
    i, j = (int(k) for k in np.searchsorted(series.ts, (start, end), side="left"))
    pieces = ((getattr(series, name), getattr(part, name)) for name in _COLUMNS)
    return Series(*(np.concatenate((old[:i], new, old[j:])) for old, new in pieces))


def _read_only(series: Series) -> Series:
    """Return *series*, whose arrays several threads will hold, guarded against a write by mistake."""
    for name in _COLUMNS:
        getattr(series, name).setflags(write=False)
    return series
