"""The compact series all analysis and every chart runs on: one wearer, one line, each reading with its weight."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cgm_dash.batch import NO_OFFSET, Columns
from cgm_dash.reading import Kind

Int64 = npt.NDArray[np.int64]

GAP_PERIODS = 3
GAP_MIN_S = 300
"""No line is drawn across more than three nominal periods, and never across less than five minutes: one missed
minute is not a gap anyone needs to see."""


@dataclass(frozen=True, slots=True)
class Series:
    """n readings in time order, no instant twice.

    ts: UTC epoch seconds. mg_dl: mg/dL. flag, kind: as in reading. trend: reading.Trend, 0 none. period_s: nominal
    period. offset_min: wearer's offset from UTC then, batch.NO_OFFSET unknown. seconds: the time each reading stands
    for (rule W: until the next reading, at most its own period, less what a better series covers).
    """

    ts: Int64
    mg_dl: npt.NDArray[np.int16]
    flag: npt.NDArray[np.int8]
    kind: npt.NDArray[np.int8]
    trend: npt.NDArray[np.int8]
    period_s: npt.NDArray[np.int32]
    offset_min: npt.NDArray[np.int16]
    seconds: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.ts)

    @classmethod
    def every(cls, period_s: int, mg_dl: Sequence[int], start: int = 0) -> "Series":
        """Return an unbroken series of *mg_dl*, one reading each *period_s* seconds from *start*."""
        n = len(mg_dl)
        return cls(
            start + period_s * np.arange(n, dtype=np.int64),
            np.array(mg_dl, np.int16),
            np.zeros(n, np.int8),
            np.full(n, Kind.HISTORY, np.int8),
            np.zeros(n, np.int8),
            np.full(n, period_s, np.int32),
            np.full(n, NO_OFFSET, np.int16),
            np.full(n, period_s, np.int32),
        )

    def between(self, start: float, end: float) -> "Series":
        """Return the readings with start <= ts < end; each keeps its weight, which belongs to its own instant."""
        first, last = np.searchsorted(self.ts, (start, end), side="left")
        part = slice(int(first), int(last))
        return Series(*(getattr(self, name)[part] for name in _FIELDS))

    def gap_after(self) -> npt.NDArray[np.bool_]:
        """Return for each reading but the last whether the line must break behind it (length n - 1)."""
        longest = np.maximum(self.period_s[:-1], self.period_s[1:]) * GAP_PERIODS
        return np.asarray(np.diff(self.ts) > np.maximum(longest, GAP_MIN_S), np.bool_)


_FIELDS = ("ts", "mg_dl", "flag", "kind", "trend", "period_s", "offset_min", "seconds")


def rule_w(ts: Int64, period_s: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return the seconds each reading stands for: the time to the next one, never longer than its own period.

    ts: rising UTC epoch seconds. The last reading stands for its whole period.

    >>> rule_w(np.array([0, 60, 1000, 1010]), np.array([60, 300, 300, 300], np.int32)).tolist()
    [60, 300, 10, 300]
    """
    if len(ts) == 0:
        return np.zeros(0, np.int32)
    return np.asarray(np.minimum(np.append(np.diff(ts), period_s[-1]), period_s), np.int32)


def merge(layers: Sequence[Columns]) -> Series:
    """Return one series from several of the same wearer, best first (live before history, first source before second).

    Each layer is weighed by rule W in itself. A reading of a later layer keeps only the seconds that no earlier layer
    covers; with none left it is left out, so that no moment counts twice and no gap is invented. Readings of one
    layer at the same second: the first stands.
    """
    covered = np.zeros((0, 2), np.int64)
    parts: list[tuple[Columns, npt.NDArray[np.int32]]] = []
    for layer in layers:
        ordered = _sorted_once(layer)
        seconds = rule_w(ordered.ts, ordered.period_s)
        spans = np.stack((ordered.ts, ordered.ts + seconds), axis=1)
        left = (seconds - _covered_seconds(spans, covered)).astype(np.int32) if len(covered) else seconds
        kept = left > 0
        parts.append((ordered.take(kept), left[kept]))
        covered = _union(covered, spans)
    return _joined(parts)


def _sorted_once(columns: Columns) -> Columns:
    """Return *columns* by time, one reading an instant."""
    ts = columns.ts
    if len(ts) < 2 or bool((np.diff(ts) > 0).all()):
        return columns
    order = np.argsort(ts, kind="stable")
    first = np.append(True, np.diff(ts[order]) > 0)
    return columns.take(order[first])


def _covered_seconds(spans: Int64, covered: Int64) -> Int64:
    """Return how many seconds of each span [start, end) lie inside *covered* (disjoint, rising)."""
    length = np.append(0, np.cumsum(covered[:, 1] - covered[:, 0]))

    def before(t: Int64) -> Int64:
        i = np.searchsorted(covered[:, 0], t, side="right")
        inside = np.clip(t - covered[np.maximum(i - 1, 0), 1], None, 0)
        return np.asarray(length[i] + np.where(i > 0, inside, 0), np.int64)

    return before(spans[:, 1]) - before(spans[:, 0])


def _union(a: Int64, b: Int64) -> Int64:
    """Return the union of two lists of spans as disjoint rising spans."""
    spans = np.concatenate((a, b))
    if len(spans) == 0:
        return spans
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    reach = np.maximum.accumulate(spans[:, 1])
    opens = np.append(True, spans[1:, 0] > reach[:-1])
    return np.stack((spans[opens, 0], reach[np.append(opens[1:], True)]), axis=1)


def _joined(parts: Sequence[tuple[Columns, npt.NDArray[np.int32]]]) -> Series:
    """Return the layers' readings as one series by time; at the same second the better layer stands first."""
    columns = [c for c, _ in parts] or [Columns.of(())]
    ts = np.concatenate([c.ts for c in columns])
    order = np.argsort(ts, kind="stable") if len(columns) > 1 else np.arange(len(ts))
    return Series(
        ts[order],
        np.concatenate([c.mg_dl for c in columns]).astype(np.int16)[order],
        np.concatenate([c.flag for c in columns])[order],
        np.concatenate([c.kind for c in columns])[order],
        np.concatenate([c.trend for c in columns])[order],
        np.concatenate([c.period_s for c in columns])[order],
        np.concatenate([c.offset_min for c in columns])[order],
        np.concatenate([w for _, w in parts] or [np.zeros(0, np.int32)])[order],
    )


EMPTY = merge(())
