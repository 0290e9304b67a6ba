"""What is true now: the newest reading, its age, whether it may still be called current, where it is going."""

import enum
from dataclasses import dataclass

import numpy as np

from cgm_dash.gate import FUTURE_SLACK_S
from cgm_dash.reading import Flag, Trend
from cgm_dash.series import Series

LATE_S = 6 * 60
CHANGE_S = 5 * 60
CHANGE_SLACK_S = 90
"""The earlier value of a change over five minutes may be this much off five minutes."""


class State(enum.StrEnum):
    """Freshness of the newest reading. `offline` exists only in the browser, which alone can tell."""

    FRESH = "fresh"
    LATE = "late"
    STALE = "stale"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Current:
    """The newest reading that is not in the future.

    mg_dl, flag, measured_at (UTC epoch seconds), offset_min as stored; None without any reading. age_s: by the server's
    clock. trend and change_mg_dl (over five minutes) are None unless the value is fresh or late, and change_mg_dl also
    where no reading stands five minutes before or one of the two is flagged LO or HI.
    """

    state: State
    mg_dl: int | None = None
    flag: Flag = Flag.NONE
    measured_at: int | None = None
    offset_min: int | None = None
    age_s: float | None = None
    trend: Trend | None = None
    change_mg_dl: int | None = None

    @property
    def is_current(self) -> bool:
        """Whether the value may be shown as what is true now."""
        return self.state in (State.FRESH, State.LATE)


def state_of(age_s: float, stale_s: float) -> State:
    """Return the freshness of a reading *age_s* seconds old; *stale_s*: from when on it is no longer current.

    >>> [state_of(a, 900).value for a in (0, 359, 360, 899, 900)]
    ['fresh', 'fresh', 'late', 'late', 'stale']
    """
    if age_s < LATE_S:
        return State.FRESH
    return State.LATE if age_s < stale_s else State.STALE


def current(series: Series, now: float, stale_s: float) -> Current:
    """Return what may be shown as true at *now* (UTC epoch seconds). A reading dated ahead of now is passed over.

    *series* must reach ahead of now: a reading further ahead than the gate lets in proves that the clock is behind, no
    age is true then, and nothing may pass for young.
    """
    i = int(np.searchsorted(series.ts, now, side="right")) - 1
    if i < 0:
        return Current(State.NONE)
    age = now - float(series.ts[i])
    behind = float(series.ts[-1]) > now + FUTURE_SLACK_S
    state = State.STALE if behind else state_of(age, stale_s)
    young = state in (State.FRESH, State.LATE)
    trend = int(series.trend[i])
    return Current(
        state,
        int(series.mg_dl[i]),
        Flag(int(series.flag[i])),
        int(series.ts[i]),
        int(series.offset_min[i]),
        age,
        Trend(trend) if young and trend else None,
        _change(series, i) if young else None,
    )


def _change(series: Series, i: int) -> int | None:
    """Return reading *i* less the reading nearest to five minutes before it; None where there is none near enough."""
    wanted = int(series.ts[i]) - CHANGE_S
    j = int(np.searchsorted(series.ts[:i], wanted))
    near = [k for k in (j - 1, j) if 0 <= k < i and abs(int(series.ts[k]) - wanted) <= CHANGE_SLACK_S]
    if not near or series.flag[i]:
        return None
    k = min(near, key=lambda k: abs(int(series.ts[k]) - wanted))
    return None if series.flag[k] else int(series.mg_dl[i]) - int(series.mg_dl[k])
