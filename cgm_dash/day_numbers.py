"""Local dates as numbers, and the instants at which they begin: the calendar that stored days are cut by."""

import functools
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cgm_dash.batch import NO_OFFSET
from cgm_dash.days import LocalDays
from cgm_dash.series import Series
from cgm_dash.zones import local_date, midnight, offset_s

Int64 = npt.NDArray[np.int64]

EPOCH = date(1970, 1, 1).toordinal()

_RULES_FROM, _RULES_TO, _WEEK_S = 946_684_800, 2_208_988_800, 604_800
"""2000 to 2040 (UTC epoch seconds): where the rules of a zone are sampled, once a week."""


@dataclass(frozen=True, slots=True)
class DayNumbers:
    """The local days of one zone, counted from 1970-01-01."""

    zone: ZoneInfo

    def of(self, ts: int) -> int:
        """Return the day that *ts* (UTC epoch seconds) belongs to.

        >>> DayNumbers(ZoneInfo("Asia/Tokyo")).of(15 * 3600)
        1
        """
        day = local_date(self.zone, ts).toordinal() - EPOCH
        # A clock put back over midnight shows the old date once more; the new day has begun all the same.
        return day + 1 if self.start(day + 1) <= ts else day

    def start(self, day: int) -> int:
        """Return the instant at which *day* begins, UTC epoch seconds."""
        return midnight(self.zone, self.date(day))

    def bounds(self, days: Iterable[int]) -> Int64:
        """Return the instants at which each of *days* begins and ends, 2 x d."""
        known: dict[int, int] = {}
        for day in days:
            for wanted in (day, day + 1):
                if wanted not in known:
                    known[wanted] = self.start(wanted)
        return np.array([[known[d] for d in days], [known[d + 1] for d in days]], np.int64).reshape(2, -1)

    def date(self, day: int) -> date:
        """Return the calendar date of *day*."""
        return date.fromordinal(day + EPOCH)

    def wall_clock(self, series: Series) -> Int64:
        """Return the wall clock at each reading, as days.LocalDays.wall_clock; the zone is not asked in vain."""
        if len(series) == 0 or bool((series.offset_min != NO_OFFSET).all()):
            return series.ts + 60 * series.offset_min.astype(np.int64)
        return LocalDays.between(self.zone, int(series.ts[0]), int(series.ts[-1]) + 1).wall_clock(series)

    @property
    def rules(self) -> str:
        """The zone with a fingerprint of its offsets: another one once the time zone database changed them."""
        return _rules(self.zone.key)


@functools.cache
def _rules(name: str) -> str:
    zone = ZoneInfo(name)
    offsets = [offset_s(zone, ts) for ts in range(_RULES_FROM, _RULES_TO, _WEEK_S)]
    return f"{name} {zlib.crc32(np.array(offsets, np.int32).tobytes()):08x}"
