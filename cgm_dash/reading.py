"""One reading and the words that describe it: kind, flag, trend, and the limits outside which nothing is glucose."""

import dataclasses
import enum

MIN_MG_DL = 20
MAX_MG_DL = 600
"""Plausible sensor glucose, mg/dL. Values outside are codes or faults; they are kept as rejected records."""


class Kind(enum.IntEnum):
    """Where a reading stands in its source. The numbers are stored: add, never renumber."""

    LIVE = 0
    """The newest value of a poll, once a minute while the sensor streams."""
    HISTORY = 1
    """The device's own regular series, every 5 or 15 minutes."""
    SCAN = 2
    ALARM = 3
    STRIP = 4
    """A fingerstick measured with a meter."""
    MANUAL = 5

    @property
    def counts(self) -> bool:
        """Whether statistics may use it: sensor values taken on a schedule, not picked by an event."""
        return self in (Kind.LIVE, Kind.HISTORY, Kind.SCAN)


class Flag(enum.IntEnum):
    """Whether the sensor could measure. The number of a flagged reading is the sensor's bound, not glucose."""

    LO = -1
    NONE = 0
    HI = 1


class Trend(enum.IntEnum):
    """Direction as the sensor's maker reports it, five steps; rates in mg/dL per minute."""

    FALLING_FAST = 1  # below -2
    FALLING = 2  # -2 to -1
    STEADY = 3  # -1 to +1
    RISING = 4  # +1 to +2
    RISING_FAST = 5  # above +2


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One stored sensor value, valid by construction.

    ts: UTC epoch seconds. mg_dl: 20..600, or ValueError. period_s: seconds until the next reading of its series is due.
    offset_min: the wearer's offset from UTC at that moment, minutes; None where the source did not tell.
    """

    ts: int
    mg_dl: int
    kind: Kind = Kind.LIVE
    flag: Flag = Flag.NONE
    trend: Trend | None = None
    period_s: int = 60
    offset_min: int | None = None

    def __post_init__(self) -> None:
        if not MIN_MG_DL <= self.mg_dl <= MAX_MG_DL:
            raise ValueError(f"{self.mg_dl} mg/dL is outside {MIN_MG_DL}..{MAX_MG_DL}")
        if self.period_s <= 0:
            raise ValueError(f"a period of {self.period_s} s is not positive")
