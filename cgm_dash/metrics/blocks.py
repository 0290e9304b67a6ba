"""Levels and ranges by part of the day and by weekday."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from cgm_dash.days import DAY_S
from cgm_dash.metrics.histogram import BIN_S, BINS, Int64, Weighting
from cgm_dash.metrics.level import Level, level
from cgm_dash.metrics.ranges import TimeInRanges, time_in_ranges
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Targets

HOUR_BINS = 3600 // BIN_S

PARTS_OF_DAY: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"night": (0, 6), "day": (6, 24), "morning": (6, 11), "noon": (11, 16), "evening": (16, 22)}
)
"""Hours from and to: night and day as Danne et al. 2017 (doi:10.2337/dc17-1600) has them, and around meals."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Block:
    """What holds for one part of the time."""

    level: Level
    times: TimeInRanges


def by_part(
    series: Series,
    wall_clock: Int64,
    parts: Mapping[str, tuple[int, int]] = PARTS_OF_DAY,
    targets: Targets = ADULT,
    weighting: Weighting = "time",
) -> dict[str, Block]:
    """Return level and ranges of each part of the day, hours from and to by the wall clock (LocalDays.wall_clock)."""
    hour = (wall_clock % DAY_S) // 3600
    chosen = {name: (hour >= first) & (hour < last) for name, (first, last) in parts.items()}
    return {name: _block(series, which, targets, weighting) for name, which in chosen.items()}


def by_hour(
    series: Series, wall_clock: Int64, targets: Targets = ADULT, weighting: Weighting = "time"
) -> dict[str, Block]:
    """Return the same for each hour of the day, "00" to "23"."""
    hours = {f"{hour:02}": (hour, hour + 1) for hour in range(BINS // HOUR_BINS)}
    return by_part(series, wall_clock, hours, targets, weighting)


def by_weekday(
    series: Series, wall_clock: Int64, targets: Targets = ADULT, weighting: Weighting = "time"
) -> dict[str, Block]:
    """Return the same for each day of the week.

    >>> s = Series.every(86_400, [100, 110])
    >>> by_weekday(s, s.ts)["friday"].level.mean   # 1970-01-02
    110.0
    """
    weekday = (wall_clock // DAY_S + 3) % 7
    return {name: _block(series, weekday == i, targets, weighting) for i, name in enumerate(WEEKDAYS)}


def _block(series: Series, which: npt.NDArray[np.bool_], targets: Targets, weighting: Weighting) -> Block:
    part = replace(series, **{name: getattr(series, name)[which] for name in _COLUMNS})
    return Block(level(part, weighting), time_in_ranges(part, targets, weighting))


_COLUMNS = ("ts", "mg_dl", "flag", "kind", "trend", "period_s", "offset_min", "seconds")
