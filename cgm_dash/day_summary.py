"""What is known of whole local days without opening them: sums that add up exactly over any stretch of days.

A block of days has two parts. BinSums serve statistics and the glucose profile: how many seconds stand at each mg/dL in
each quarter hour, over all its days together. DayTotals serve long charts, calendars and series of weeks: the same day
by day, over all hours.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cgm_dash.metrics.histogram import BIN_S, BINS, VALUES, by_bin
from cgm_dash.metrics.profile import Profile
from cgm_dash.quantiles import quantiles
from cgm_dash.reading import MAX_MG_DL, Flag
from cgm_dash.series import Series
from cgm_dash.units import Band, Targets

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Whole = npt.NDArray[np.integer[Any]]
Bits = npt.NDArray[np.uint8]
Float = npt.NDArray[np.float64]

FORMAT = 2
"""Raised with every change of what freeze() gives: what was frozen before is then made anew."""

QUARTILES = (25, 50, 75)

MONDAY = 4
"""The first Monday's number, counted from 1970-01-01, a Thursday."""


@dataclass(frozen=True, slots=True)
class Seen:
    """On which dates of the wall clock each quarter hour has a reading: m rows, by rising day.

    day: the local day the readings belong to, by the wearer's zone, counted from 1970-01-01. date: the date their own
    offset tells, another one only on a journey. bits: m x 12 bytes, one bit for each of 96 quarter hours.
    """

    day: Int32
    date: Int32
    bits: Bits

    @classmethod
    def of(cls, wall_clock: Int64, day: Int64) -> "Seen":
        """Return it for readings in time order. wall_clock: seconds since 1970 by the clock; day: of each reading."""
        quarter = wall_clock // BIN_S
        key = (day << 32) + quarter // BINS  # a reading's day, then its date
        starts = np.append(0, np.flatnonzero(np.diff(key)) + 1)[: len(key)]
        rows, place = np.unique(key[starts], return_inverse=True)
        seen = np.zeros((len(rows), BINS), np.bool_)
        seen[np.repeat(place, np.diff(starts, append=len(key))), quarter % BINS] = True
        owner = rows >> 32
        return cls(owner.astype(np.int32), (rows - (owner << 32)).astype(np.int32), np.packbits(seen, axis=1))

    @classmethod
    def joined(cls, parts: Sequence["Seen"]) -> "Seen":
        """Return the rows of all *parts*."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("day", "date", "bits")))

    def of_days(self, first: int, end: int) -> "Seen":
        """Return the rows of first <= day < end."""
        i, j = (int(k) for k in np.searchsorted(self.day, (first, end)))
        return Seen(self.day[i:j], self.date[i:j], self.bits[i:j])

    def of_weekdays(self, chosen: Sequence[int]) -> "Seen":
        """Return the rows of days that are one of the weekdays *chosen*, 0 Monday to 6 Sunday."""
        kept = np.isin(weekday(self.day), chosen)
        return Seen(self.day[kept], self.date[kept], self.bits[kept])

    def counted(self) -> tuple[Int64, int]:
        """Return on how many dates each of the 96 quarter hours has a reading, and on how many any has."""
        date, bits = self.date, self.bits
        if not len(date):
            return np.zeros(BINS, np.int64), 0
        if not (np.diff(date) > 0).all():  # a date in two rows: joined at an edge, or a journey
            order = np.argsort(date, kind="stable")
            starts = np.flatnonzero(np.diff(date[order], prepend=date[order[0]] - 1))
            date, bits = date[order][starts], np.bitwise_or.reduceat(bits[order], starts, axis=0)
        return np.unpackbits(bits, axis=1).sum(axis=0, dtype=np.int64), len(date)


NEVER_SEEN = Seen(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros((0, BINS // 8), np.uint8))


@dataclass(frozen=True, slots=True)
class RangeSums:
    """A stretch of time in sums. n: readings. by_bin: 96 x 601 seconds, quarter hour of the wall clock and mg/dL.

    flagged: 2 x 601, the seconds among them that are LO, and those that are HI. days_of_bin: on how many dates each
    quarter hour has a reading; dates: on how many there is any.
    """

    n: int
    by_bin: Int64
    flagged: Int64
    days_of_bin: Int64
    dates: int

    @property
    def by_value(self) -> Int64:
        """Seconds at each whole mg/dL, index 0 to 600."""
        return np.asarray(self.by_bin.sum(axis=0), np.int64)

    @property
    def judged(self) -> Int64:
        """The same as ranges are judged: LO below every limit, HI above (metrics.ranges.judged)."""
        sums: Int64 = self.by_value - self.flagged.sum(axis=0)
        sums[0] += self.flagged[0].sum()
        sums[MAX_MG_DL] += self.flagged[1].sum()
        return sums

    def judged_by_bin(self, targets: Targets) -> Int64:
        """Return by_bin as *targets* judge: LO and HI stand where very low and very high begin, unless beyond already.

        Only limits of one's own that reach the sensor's bound make a difference. When some of the time at such a bound
        is not flagged, the flagged part of it is taken from every quarter hour alike.
        """
        sums = self.by_bin
        for flagged, band, beyond in (
            (self.flagged[0], Band.VERY_LOW, targets.very_low - 1),
            (self.flagged[1], Band.VERY_HIGH, targets.very_high + 1),
        ):
            for value in np.flatnonzero(flagged).tolist():
                if targets.band(value) is not band:
                    sums = sums.copy() if sums is self.by_bin else sums
                    part = sums[:, value] * flagged[value] // sums[:, value].sum()
                    sums[:, value] -= part
                    sums[:, beyond] += part
        return sums

    @property
    def seconds(self) -> int:
        """Seconds the readings stand for."""
        return int(self.by_bin.sum())

    def profile(self) -> Profile:
        """Return the percentiles of each quarter hour, as metrics.profile.profile does from the series."""
        return Profile(quantiles(self.by_bin, Profile.PERCENTS).T, self.days_of_bin, self.dates)


@dataclass(frozen=True, slots=True)
class BinSums:
    """Some days together. n: readings. low: mg/dL of the first column. by_bin: 96 x width seconds.

    flagged: 2 x width, seconds that are LO, and HI. seen: which quarter hours have readings.
    """

    n: int
    low: int
    by_bin: npt.NDArray[np.unsignedinteger]
    flagged: npt.NDArray[np.unsignedinteger]
    seen: Seen

    @classmethod
    def of(cls, series: Series, wall_clock: Int64, day: Int64) -> "BinSums":
        """Return the sums of *series*. wall_clock, day: of each reading, as Seen.of takes them."""
        whole, flagged = by_bin(series, wall_clock), flagged_seconds(series)
        low, end = _occupied(whole)
        seen = Seen.of(wall_clock, day)
        return cls(len(series), low, _narrow(whole[:, low:end]), _narrow(flagged[:, low:end]), seen)

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return self.by_bin.nbytes + self.flagged.nbytes + self.seen.bits.nbytes + 2 * self.seen.day.nbytes

    def add_to(self, by_bin: Whole, flagged: Whole, sign: int) -> int:
        """Add the sums to whole arrays, or take them off (*sign* -1), and return *sign* times the readings."""
        columns = slice(self.low, self.low + self.by_bin.shape[1])
        change = np.add if sign > 0 else np.subtract
        for whole, part in ((by_bin[:, columns], self.by_bin), (flagged[:, columns], self.flagged)):
            change(whole, part, out=whole)
        return sign * self.n

    def freeze(self) -> bytes:
        """Return it as bytes."""
        head = np.array([self.n, self.low], np.int64)
        return _freeze(head, self.by_bin, self.flagged, self.seen.day, self.seen.date, self.seen.bits)

    @classmethod
    def thaw(cls, data: bytes) -> "BinSums":
        """Return what freeze() gave. Raises ValueError for other bytes."""
        head, sums, flagged, day, date, bits = _thaw(data, 6)
        return cls(int(head[0]), int(head[1]), sums, flagged, Seen(day, date, bits))


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Some days one by one: d of them, those with readings. day: counted from 1970-01-01.

    bounds: 2 x d, the instants at which each begins and ends, UTC epoch seconds. n: readings of each. flags: 2 x d,
    readings that are LO, and HI. low: mg/dL of the first column. seconds: d x width. flagged: m x 4, the seconds that
    are LO or HI: position of the day, 0 or 1, mg/dL, seconds.
    """

    day: Int32
    bounds: Int64
    n: Int32
    flags: Int32
    low: int
    seconds: npt.NDArray[np.unsignedinteger]
    flagged: Int32

    @classmethod
    def of(cls, series: Series, days: Int64, bounds: Int64) -> "DayTotals":
        """Return the totals of *days*, each of which has readings in *series*; bounds: of each day, 2 x d."""
        place = np.searchsorted(bounds[0], series.ts, side="right") - 1
        cell, size = place * VALUES + series.mg_dl, len(days) * VALUES
        sums = np.bincount(cell, weights=series.seconds, minlength=size).astype(np.int64).reshape(-1, VALUES)
        low, end = _occupied(sums)
        n, *flags = (
            np.bincount(place[which], minlength=len(days)).astype(np.int32)
            for which in (slice(None), series.flag == Flag.LO, series.flag == Flag.HI)
        )
        marked = _flagged_by_day(series, place)
        return cls(days.astype(np.int32), bounds, n, np.array(flags), low, _narrow(sums[:, low:end]), marked)

    @classmethod
    def joined(cls, parts: Sequence["DayTotals"]) -> "DayTotals":
        """Return the days of all *parts*, which follow each other in time, no day twice."""
        there = [part for part in parts if len(part.day)]
        if not there:
            return NO_DAYS
        low, end = min(p.low for p in there), max(p.low + p.seconds.shape[1] for p in there)
        first = np.cumsum([0, *(len(part.day) for part in there)])
        seconds = np.zeros((int(first[-1]), end - low), np.result_type(*(part.seconds.dtype for part in there)))
        for at, part in zip(first.tolist(), there, strict=False):
            seconds[at : at + len(part.day), part.low - low : part.low - low + part.seconds.shape[1]] = part.seconds
        moved = [p.flagged + np.array([at, 0, 0, 0], np.int32) for at, p in zip(first.tolist(), there, strict=False)]
        day, n = (np.concatenate([getattr(part, name) for part in there]) for name in ("day", "n"))
        bounds, flags = (np.concatenate([getattr(p, name) for p in there], axis=1) for name in ("bounds", "flags"))
        return cls(day, bounds, n, flags, low, seconds, np.concatenate(moved))

    def of_days(self, first: int, end: int) -> "DayTotals":
        """Return those of first <= day < end."""
        i, j = (int(k) for k in np.searchsorted(self.day, (first, end)))
        if j - i == len(self.day):
            return self
        moved = self.flagged[(self.flagged[:, 0] >= i) & (self.flagged[:, 0] < j)] - np.array([i, 0, 0, 0], np.int32)
        bounds, flags = self.bounds[:, i:j], self.flags[:, i:j]
        return DayTotals(self.day[i:j], bounds, self.n[i:j], flags, self.low, self.seconds[i:j], moved)

    def by_value(self, place: int) -> Int64:
        """Return the seconds at each whole mg/dL, index 0 to 600, of the day at *place*."""
        return self._spread(self.seconds[place])

    @property
    def total(self) -> Int64:
        """The same of all days together."""
        return self._spread(self.seconds.sum(axis=0, dtype=np.int64))

    def _spread(self, row: Whole) -> Int64:
        whole = np.zeros(VALUES, np.int64)
        whole[self.low : self.low + len(row)] = row
        return whole

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        arrays = (self.seconds, self.bounds, self.flags, self.day, self.n, self.flagged)
        return sum(array.nbytes for array in arrays)

    def freeze(self) -> bytes:
        """Return it as bytes."""
        head = np.array([self.low], np.int64)
        return _freeze(head, self.day, self.bounds, self.n, self.flags, self.seconds, self.flagged)

    @classmethod
    def thaw(cls, data: bytes) -> "DayTotals":
        """Return what freeze() gave. Raises ValueError for other bytes."""
        head, day, bounds, n, flags, seconds, flagged = _thaw(data, 7)
        return cls(day, bounds, n, flags, int(head[0]), seconds, flagged)


NO_DAYS = DayTotals(
    np.zeros(0, np.int32),
    np.zeros((2, 0), np.int64),
    np.zeros(0, np.int32),
    np.zeros((2, 0), np.int32),
    0,
    np.zeros((0, 0), np.uint16),
    np.zeros((0, 4), np.int32),
)


@dataclass(frozen=True, slots=True)
class WeekdaySums:
    """Some days together, Mondays apart from Tuesdays and so on. low: mg/dL of the first column.

    by_bin: 7 x 96 x width seconds, weekday, quarter hour and mg/dL. flagged: 7 x 2 x 601, seconds that are LO, and HI.
    n: 7, readings. A weekday is that of the local day in the wearer's zone.
    """

    n: Int64
    low: int
    by_bin: npt.NDArray[np.unsignedinteger]
    flagged: npt.NDArray[np.unsignedinteger]

    @classmethod
    def of(cls, series: Series, wall_clock: Int64, day: Int64) -> "WeekdaySums":
        """Return the sums of *series*. wall_clock, day: of each reading, as Seen.of takes them."""
        row = weekday(day)
        cell = (row * BINS + wall_clock // BIN_S % BINS) * VALUES + series.mg_dl
        sums = np.bincount(cell, series.seconds, 7 * BINS * VALUES).astype(np.int64).reshape(7, BINS, VALUES)
        marked = np.flatnonzero(series.flag)
        cell = (row[marked] * 2 + (series.flag[marked] == Flag.HI)) * VALUES + series.mg_dl[marked]
        flagged = np.bincount(cell, series.seconds[marked], 7 * 2 * VALUES).astype(np.int64).reshape(7, 2, VALUES)
        low, end = _occupied(sums.reshape(-1, VALUES))
        return cls(np.bincount(row, minlength=7), low, _narrow(sums[:, :, low:end]), _narrow(flagged))

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return self.by_bin.nbytes + self.flagged.nbytes + self.n.nbytes

    def add_to(self, by_bin: Int64, flagged: Int64, chosen: Sequence[int]) -> int:
        """Add the weekdays *chosen* to whole arrays, 96 x 601 and 2 x 601, and return how many readings they have."""
        columns = slice(self.low, self.low + self.by_bin.shape[2])
        for row in chosen:
            by_bin[:, columns] += self.by_bin[row]
            flagged += self.flagged[row]
        return int(self.n[list(chosen)].sum())


def weekday(day: Int32 | Int64) -> Int64:
    """Return the weekday of each day counted from 1970-01-01: 0 Monday to 6 Sunday.

    >>> weekday(np.array([0, 4, 10]))
    array([3, 0, 6])
    """
    return np.asarray((day - MONDAY) % 7, np.int64)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A long line in c columns of time, column i from edges[i] to edges[i + 1] (UTC epoch seconds, end excluded).

    lowest, highest: mg/dL, every reading counts, LO and HI at the sensor's bound. quartiles: 3 x c, of time, quantiles
    as in quantiles.quantiles. nan: no reading. lo, hi: readings with that flag. seconds: covered by readings.
    """

    edges: Int64
    lowest: Float
    highest: Float
    quartiles: Float
    lo: Int64
    hi: Int64
    seconds: Int64


class EnvelopeSums:
    """What an Envelope is made of, added part by part: seconds at each mg/dL in each column."""

    def __init__(self, edges: Int64) -> None:
        self._edges = edges
        columns = max(0, len(edges) - 1)
        self._seconds = np.zeros((columns, VALUES), np.int64)
        self._flags = np.zeros((2, columns), np.int64)

    def splits(self, totals: DayTotals) -> npt.NDArray[np.bool_]:
        """Return which days of *totals* no column holds whole, though one holds a part."""
        first, last = self._columns(totals)
        inside = (last >= 0) & (first < len(self._seconds))
        return np.asarray(inside & ((first != last) | (first < 0)), np.bool_)

    def add_days(self, totals: DayTotals) -> None:
        """Add the days that one column holds whole."""
        first, last = self._columns(totals)
        whole = np.flatnonzero((first == last) & (first >= 0) & (first < len(self._seconds)))
        if not len(whole):
            return
        column = first[whole]
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        values = slice(totals.low, totals.low + totals.seconds.shape[1])
        self._seconds[column[starts], values] += np.add.reduceat(totals.seconds[whole], starts, axis=0, dtype=np.int64)
        for flags, counts in zip(self._flags, totals.flags[:, whole], strict=True):
            np.add.at(flags, column, counts)

    def add(self, series: Series) -> None:
        """Add readings one by one."""
        column = np.searchsorted(self._edges, series.ts, side="right") - 1
        low, high = (int(i) for i in np.searchsorted(column, (0, len(self._seconds))))
        if low == high:
            return
        column, part, first = column[low:high], slice(low, high), int(column[low])
        cell = (column - first) * VALUES + series.mg_dl[part]
        sums = np.bincount(cell, weights=series.seconds[part])
        after = -(-len(sums) // VALUES)
        sums.resize(after * VALUES)
        self._seconds[first : first + after] += sums.astype(np.int64).reshape(-1, VALUES)
        for flags, flag in zip(self._flags, (Flag.LO, Flag.HI), strict=True):
            np.add.at(flags, column[series.flag[part] == flag], 1)

    def envelope(self) -> Envelope:
        """Return the envelope of all that was added."""
        there = self._seconds > 0
        none = ~there.any(axis=1)
        lowest = np.where(none, np.nan, there.argmax(axis=1))
        highest = np.where(none, np.nan, MAX_MG_DL - there[:, ::-1].argmax(axis=1))
        quartiles = quantiles(self._seconds, QUARTILES).T
        lo, hi = self._flags
        return Envelope(self._edges, lowest, highest, quartiles, lo, hi, self._seconds.sum(axis=1))

    def _columns(self, totals: DayTotals) -> tuple[Int64, Int64]:
        """Return the columns of each day's first and last second; -1 before the first, their number behind the last."""
        found = (np.searchsorted(self._edges, ts, side="right") - 1 for ts in (totals.bounds[0], totals.bounds[1] - 1))
        first, last = found
        return first, last


def flagged_seconds(series: Series) -> Int64:
    """Return 2 x 601: the seconds at each mg/dL of the readings that are LO, and of those that are HI."""
    sums = np.zeros((2, VALUES), np.int64)
    if series.flag.any():
        for row, flag in zip(sums, (Flag.LO, Flag.HI), strict=True):
            which = series.flag == flag
            row += np.bincount(series.mg_dl[which], series.seconds[which], VALUES).astype(np.int64)
    return sums


def _flagged_by_day(series: Series, place: Int64) -> Int32:
    """Return the seconds that are LO or HI as rows of place, 0 or 1, mg/dL, seconds."""
    marked = np.flatnonzero(series.flag)
    key = (place[marked] * 2 + (series.flag[marked] == Flag.HI)) * VALUES + series.mg_dl[marked]
    cells, where = np.unique(key, return_inverse=True)
    sums = np.bincount(where, series.seconds[marked], len(cells)).astype(np.int64)
    return np.stack((cells // (2 * VALUES), cells // VALUES % 2, cells % VALUES, sums), axis=1).astype(np.int32)


def _occupied(sums: Int64) -> tuple[int, int]:
    """Return the first column that holds anything, and the one behind the last."""
    columns = np.flatnonzero(sums.any(axis=0))
    return (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 0)


def _narrow(sums: Int64) -> npt.NDArray[np.unsignedinteger]:
    """Return *sums* in two bytes each where they fit, else in four: a day has 90,000 seconds at most."""
    small = not sums.size or int(sums.max()) < 1 << 16
    return sums.astype("<u2" if small else "<u4")


def _freeze(*arrays: npt.NDArray[Any]) -> bytes:
    """Return the arrays one after the other, their types and shapes before them."""
    heads = [struct.pack(f"<3sB{a.ndim}I", a.dtype.str.encode(), a.ndim, *a.shape) for a in arrays]
    return b"".join((*heads, *(a.tobytes() for a in arrays)))


def _thaw(data: bytes, count: int) -> list[npt.NDArray[Any]]:
    """Return the *count* arrays that _freeze() was given, as views of *data*."""
    try:
        at, shapes = 0, []
        for _ in range(count):
            name, dimensions = struct.unpack_from("<3sB", data, at)
            shapes.append((np.dtype(name.decode()), struct.unpack_from(f"<{dimensions}I", data, at + 4)))
            at += 4 + 4 * dimensions
        arrays = []
        for dtype, shape in shapes:
            size = int(np.prod(shape))
            arrays.append(np.frombuffer(data, dtype, size, at).reshape(shape))
            at += size * dtype.itemsize
    except (struct.error, TypeError, ValueError) as exc:
        raise ValueError("the sums of a block of days cannot be read") from exc
    if at != len(data):
        raise ValueError(f"the sums of a block of days have {len(data)} bytes, their head tells of {at}")
    return arrays
