"""Local days of whatever length the zone gives them, and the wall clock that readings and slots are told by."""

from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np
import numpy.typing as npt

from cgm_dash.batch import NO_OFFSET
from cgm_dash.series import Series
from cgm_dash.zones import days_between, midnight, offsets_between

Int64 = npt.NDArray[np.int64]

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class LocalDays:
    """The n local dates that a stretch of time touches, and the zone's offsets in it.

    dates: in order, without a hole. starts: n + 1 instants (UTC epoch seconds), each day's midnight and the end of the
    last day. A day is as long as its zone makes it: 23, 23.5, 24, 24.5 or 25 hours. changes, offsets: from each instant
    on the zone is that many seconds ahead of UTC.
    """

    dates: tuple[date, ...]
    starts: Int64
    changes: Int64
    offsets: Int64

    @classmethod
    def between(cls, zone: tzinfo, start: float, end: float) -> "LocalDays":
        """Return the local days that [start, end) touches, each of them whole.

        >>> from datetime import UTC, datetime
        >>> from zoneinfo import ZoneInfo
        >>> noon = datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()
        >>> LocalDays.between(ZoneInfo("Europe/Berlin"), noon, noon + 1).seconds.tolist()
        [82800]
        """
        dates = tuple(days_between(zone, start, end))
        if not dates:
            return cls((), np.array([int(start)], np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))
        after = date.fromordinal(dates[-1].toordinal() + 1)
        starts = np.array([midnight(zone, day) for day in (*dates, after)], np.int64)
        pairs = np.array(offsets_between(zone, int(starts[0]), int(starts[-1])), np.int64)
        return cls(dates, starts, pairs[:, 0], pairs[:, 1])

    def __len__(self) -> int:
        return len(self.dates)

    @property
    def seconds(self) -> Int64:
        """Length of each day."""
        return np.diff(self.starts)

    def day_of(self, ts: Int64) -> Int64:
        """Return the position of the day that each instant belongs to."""
        return np.asarray(np.searchsorted(self.starts, ts, side="right") - 1, np.int64)

    def local(self, ts: Int64) -> Int64:
        """Return the zone's wall clock at each instant, as seconds since 1970-01-01 00:00 by that clock."""
        if len(self.changes) == 1:
            return np.asarray(ts + self.offsets[0], np.int64)
        return np.asarray(ts + self.offsets[np.searchsorted(self.changes, ts, side="right") - 1], np.int64)

    def wall_clock(self, series: Series) -> Int64:
        """Return the wearer's wall clock at each reading: by its stored offset, by the zone where it has none."""
        known = series.offset_min != NO_OFFSET
        if not known.any():
            return self.local(series.ts)
        told = series.ts + 60 * series.offset_min.astype(np.int64)
        return told if known.all() else np.where(known, told, self.local(series.ts))

    def observed(self, series: Series) -> Int64:
        """Return the seconds of each day that its readings stand for."""
        return self.sums(series.ts, series.seconds)

    def sums(self, ts: Int64, values: npt.NDArray[np.int32]) -> Int64:
        """Return the sum of whole *values* in each day; ts rises."""
        first = np.searchsorted(ts, self.starts)
        sums = np.add.reduceat(np.append(values, np.int32(0)), first[:-1], dtype=np.int64)
        return np.where(np.diff(first) > 0, sums, 0)

    def usable(self, series: Series, min_day_coverage: float) -> npt.NDArray[np.bool_]:
        """Return which days have a reading and at least *min_day_coverage* percent of their time covered.

        Figures that compare days take only these (70 percent unless told otherwise): Danne et al. 2017,
        doi:10.2337/dc17-1600, ask it of the whole record; half a day would pass for a quiet one.
        """
        observed = self.observed(series)
        return np.asarray((observed > 0) & (100 * observed >= min_day_coverage * self.seconds), np.bool_)
