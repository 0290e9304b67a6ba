"""Where a sensor stands in its life: warming up, running, about to end, ended."""

import enum
from dataclasses import dataclass

from cgm_dash.batch import SensorSeen

DAY_S = 86_400
HOUR_S = 3600
SOON_S = DAY_S
"""A sensor with less than this left ends soon."""


class Phase(enum.StrEnum):
    """What a sensor does."""

    UNKNOWN = "unknown"
    WARMING = "warming"
    RUNNING = "running"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SensorState:
    """A sensor at one moment. kind: as its source calls it. Times are UTC epoch seconds, None where not known.

    day: which day of its life it has reached, from 1 on. warm_until: when its first values come, while it warms up.
    ends: when its life is over. left_s: seconds until then, never below 0. life_days: whole days of its life.
    """

    phase: Phase
    kind: str = ""
    started: int | None = None
    day: int | None = None
    life_days: int | None = None
    warm_until: int | None = None
    ends: int | None = None
    left_s: float | None = None

    @property
    def days_left(self) -> int | None:
        """Whole days left."""
        return None if self.left_s is None else int(self.left_s // DAY_S)


def sensor_state(sensor: SensorSeen | None, now: float, is_current: bool = False) -> SensorState:
    """Return what *sensor* does at *now*.

    Without an activation, or with one that is still to come, it is not known. is_current: whether a value arrives that
    is true now; then nothing warms up, whatever the source says of it. Without a length of life it runs on.

    >>> state = sensor_state(SensorSeen("x", activated=0, life_days=14), 10.5 * DAY_S)
    >>> state.phase.value, state.day, state.days_left
    ('running', 11, 3)
    """
    if sensor is None or sensor.activated is None or sensor.activated > now:
        return SensorState(Phase.UNKNOWN, "" if sensor is None else sensor.kind)
    age = now - sensor.activated
    warm_until = sensor.activated + 60 * sensor.warmup_min
    ends = None if sensor.life_days is None else sensor.activated + sensor.life_days * DAY_S
    left = None if ends is None else max(ends - now, 0.0)
    if left is not None and left <= 0:
        phase = Phase.ENDED
    elif now < warm_until and not is_current:
        phase = Phase.WARMING
    else:
        phase = Phase.ENDING if left is not None and left <= SOON_S else Phase.RUNNING
    return SensorState(
        phase,
        sensor.kind,
        sensor.activated,
        int(age // DAY_S) + 1,
        sensor.life_days,
        warm_until if phase is Phase.WARMING else None,
        ends,
        left,
    )
