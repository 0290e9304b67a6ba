"""Wall-clock times as files tell them: without an offset, or with one that changes along the way."""

import math
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

import numpy as np
import numpy.typing as npt


class LocalTimes:
    """Turns the local times of one series into instants, told in the order in which they were written.

    In the hour that autumn repeats, a step back by that hour is the clock change; any other step back is a late row of
    the pass it is in. A time that spring skips is read by the offset before the change.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._last: datetime | None = None
        self._is_second = False

    def instant(self, local: datetime) -> int:
        """Return the instant of *local* (without offset), UTC epoch seconds.

        >>> from zoneinfo import ZoneInfo
        >>> berlin = LocalTimes(ZoneInfo("Europe/Berlin"))
        >>> told = [datetime(2026, 10, 25, 2, 55), datetime(2026, 10, 25, 2, 0), datetime(2026, 10, 25, 2, 5)]
        >>> first, *others = [berlin.instant(t) for t in told]
        >>> [t - first for t in others]
        [300, 600]
        """
        first = math.floor(local.replace(tzinfo=self._zone, fold=0).timestamp())
        second = math.floor(local.replace(tzinfo=self._zone, fold=1).timestamp())
        if second <= first:
            self._last, self._is_second = None, False
            return first
        if self._last is not None:
            step, hour = (local - self._last).total_seconds(), second - first
            self._is_second |= -hour <= step <= -hour / 2
        self._last = local
        return second if self._is_second else first


class OffsetsSeen(tzinfo):
    """The clock that readings' own offsets tell: each holds from the first reading that has it."""

    def __init__(self, changes: list[int], offsets: list[int]) -> None:
        """changes: UTC epoch seconds, rising. offsets: seconds from each on; the first holds before it too."""
        self._changes, self._offsets = changes, offsets

    @classmethod
    def of(cls, ts: npt.NDArray[np.int64], offset_min: npt.NDArray[np.int16]) -> "OffsetsSeen":
        """Return the clock of readings in time order."""
        new = np.append(True, np.diff(offset_min) != 0)
        return cls(ts[new].tolist(), (60 * offset_min[new].astype(np.int64)).tolist())

    def fromutc(self, dt: datetime) -> datetime:
        """Return the wall clock at *dt*, whose fields are UTC. In a repeated hour the second pass has fold 1."""
        ts = int(dt.replace(tzinfo=UTC).timestamp())
        offset = self._at(ts)
        local = dt + timedelta(seconds=offset)
        earlier = self._of_local(ts + offset, 0)
        return local.replace(fold=int(earlier != offset))

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Return the offset at the wall-clock time *dt*."""
        if dt is None:
            return None
        local = int(dt.replace(tzinfo=UTC).timestamp())
        return timedelta(seconds=self._of_local(local, dt.fold))

    def dst(self, _dt: datetime | None) -> None:
        """Return that nobody knows."""

    def tzname(self, dt: datetime | None) -> str | None:
        """Return the offset as text."""
        return None if dt is None else f"{dt:%z}"

    def __str__(self) -> str:
        return "offsets of the readings"

    def _at(self, ts: int) -> int:
        after = [offset for change, offset in zip(self._changes, self._offsets, strict=True) if change <= ts]
        return after[-1] if after else self._offsets[0]

    def _of_local(self, local: int, fold: int) -> int:
        """Return the offset whose stretch holds *local*: the earlier of two for fold 0; before a skipped hour, its."""
        edges = [-math.inf, *self._changes[1:], math.inf]
        holds = [
            offset for (a, b), offset in zip(pairwise(edges), self._offsets, strict=True) if a <= local - offset < b
        ]
        if holds:
            return holds[-1] if fold else holds[0]
        ended = [offset for offset, b in zip(self._offsets, edges[1:], strict=True) if local - offset >= b]
        return ended[-1] if ended else self._offsets[0]
