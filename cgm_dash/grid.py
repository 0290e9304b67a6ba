"""The regular grid: glucose at equal steps of the wall clock, for figures that depend on the order of readings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S, LocalDays
from cgm_dash.series import Series

Int64 = npt.NDArray[np.int64]
Float = npt.NDArray[np.float64]

STEP_S = 300
"""Rates, MAGE and GVP depend on the step: always five minutes, whatever the sensor's own."""

LONGEST_BRIDGE_S = 45 * 60
"""Fonda et al. 2013, doi:10.1177/193229681300700110: long bridged gaps disturb SD and CONGA."""

_CHUNK = 1 << 18
"""Slots at a time: temporary arrays stay in the processor's cache, and small beside ten years of minutes."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Slots *step_s* apart from *start* (UTC epoch seconds); v: mg/dL in each, nan missing; days: around them."""

    start: int
    step_s: int
    v: Float
    days: LocalDays

    @classmethod
    def of(cls, series: Series, days: LocalDays, start: int, end: int, step_s: int = STEP_S) -> "Grid":
        """Return the grid of [start, end): linear between the readings on both sides of each slot.

        A slot between readings more than 45 minutes apart is missing, unless a reading stands on it; so is one before
        the first or after the last reading. Slots stand at 00:00, 00:05 ... of the wall clock of *days*.

        >>> s = Series.every(600, [100, 110])
        >>> from datetime import UTC
        >>> Grid.of(s, LocalDays.between(UTC, 0, 1200), 0, 1200).v.tolist()
        [100.0, 105.0, 110.0, nan]
        """
        first = start + int(-days.local(np.array([start], np.int64))[0]) % step_s
        v = np.full(max(0, -(-(end - first) // step_s)), np.nan)
        for at in range(0, len(v) if len(series) else 0, _CHUNK):
            part = v[at : at + _CHUNK]
            slots = first + step_s * np.arange(at, at + len(part), dtype=np.int64)
            _interpolate(series.ts, series.mg_dl, slots, part)
        return cls(first, step_s, v, days)

    def __len__(self) -> int:
        return len(self.v)

    @property
    def observed_days(self) -> float:
        """Time of the slots that are not missing, in days of 24 hours."""
        return int(np.count_nonzero(~np.isnan(self.v))) * self.step_s / DAY_S

    @property
    def ts(self) -> Int64:
        """Instant of each slot, UTC epoch seconds."""
        return self.start + self.step_s * np.arange(len(self.v), dtype=np.int64)

    def matrix(self) -> Float:
        """Return days x slots of the day, by the wall clock; nan where there is no value.

        Both passes of an hour that autumn repeats are averaged; the hour that spring skips is nan.
        """
        width = DAY_S // self.step_s
        if not len(self.v):
            return np.full((len(self.days), width), np.nan)
        first = self.days.dates[0].toordinal() - _EPOCH
        cell = (self.days.local(self.ts) - first * DAY_S) // self.step_s
        if len(self.days.changes) == 1:  # no clock change: every cell is met once, in order
            flat = np.full(len(self.days) * width, np.nan)
            flat[cell[0] : cell[0] + len(cell)] = self.v
            return flat.reshape(-1, width)
        present = ~np.isnan(self.v)
        cell, size = cell[present], len(self.days) * width
        count = np.bincount(cell, minlength=size)
        total = np.bincount(cell, weights=self.v[present], minlength=size)
        mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
        return np.asarray(mean, np.float64).reshape(-1, width)

    def differences(self, seconds: int) -> Float:
        """Return v(t) - v(t - seconds) for all slots where both exist, mg/dL."""
        lag = seconds // self.step_s
        if lag < 1:
            return np.zeros(0)
        d = self.v[lag:] - self.v[:-lag]
        return np.asarray(d[~np.isnan(d)], np.float64)


_EPOCH = 719_163
"""Ordinal of 1970-01-01."""


def _interpolate(ts: Int64, mg_dl: npt.NDArray[np.int16], slots: Int64, out: Float) -> None:
    """Write glucose at *slots* (rising) into *out*, which holds nan."""
    low = max(0, int(np.searchsorted(ts, slots[0], side="right")) - 1)
    high = int(np.searchsorted(ts, slots[-1], side="left")) + 1
    near, glucose = ts[low:high], mg_dl[low:high].astype(np.float64)
    if not len(near):
        return
    before = np.searchsorted(near, slots, side="right") - 1
    after = np.minimum(before + 1, len(near) - 1)
    before = np.maximum(before, 0)
    since, apart = slots - near[before], near[after] - near[before]
    between = (since > 0) & (since <= apart) & (apart <= LONGEST_BRIDGE_S)
    # Whole numbers times seconds are exact, and equal neighbours give exactly their value.
    rise = (glucose[after] - glucose[before]) * since / np.maximum(apart, 1)
    np.copyto(out, glucose[before] + rise, where=between)
    np.copyto(out, glucose[before], where=since == 0)
