"""The plausibility gate: what may be stored as a reading, and why the rest may not."""

from dataclasses import dataclass

import numpy as np

from cgm_dash.batch import NO_OFFSET, Columns, Rejected
from cgm_dash.reading import MAX_MG_DL, MIN_MG_DL, Kind, Trend

FUTURE_SLACK_S = 300
"""A reading may be this many seconds ahead of the clock: phones and servers disagree by minutes, not more."""

LIVE_AGE_S = 15 * 86_400
"""Oldest reading accepted from live polling: an upstream offers at most two weeks."""

EPOCH_2000 = 946_684_800
"""Imports may bring any time since 2000-01-01 UTC; no sensor is older."""

MAX_OFFSET_MIN = 15 * 60


@dataclass(frozen=True, slots=True)
class Sifted:
    """What passed the gate, and what did not with its reason."""

    accepted: Columns
    rejected: tuple[Rejected, ...]


def sift(columns: Columns, now: float, *, max_age_s: float | None = LIVE_AGE_S) -> Sifted:
    """Return *columns* parted into readings that may be stored and rejected records.

    now: UTC epoch seconds by the pipeline's clock. max_age_s: None for imports (any time since 2000).
    Reasons: `out-of-range` (outside 20..600 mg/dL), `future`, `too-old`, `period` (not 1 s to 1 day), `kind`.
    An odd trend or offset is dropped, not the reading: a wrong arrow must not cost a value.
    """
    oldest = EPOCH_2000 if max_age_s is None else max(EPOCH_2000, now - max_age_s)
    faults = (
        ("kind", (columns.kind < 0) | (columns.kind > max(Kind))),
        ("out-of-range", (columns.mg_dl < MIN_MG_DL) | (columns.mg_dl > MAX_MG_DL)),
        ("future", columns.ts > now + FUTURE_SLACK_S),
        ("too-old", columns.ts < oldest),
        ("period", (columns.period_s < 1) | (columns.period_s > 86_400)),
    )
    bad = np.zeros(len(columns), np.bool_)
    rejected: list[Rejected] = []
    for reason, at_fault in faults:
        rejected += [Rejected(reason, columns.received(int(i))) for i in np.flatnonzero(at_fault & ~bad)]
        bad |= at_fault
    return Sifted(_tidied(columns.take(~bad) if bad.any() else columns), tuple(rejected))


def _tidied(columns: Columns) -> Columns:
    """Return *columns* with unknown trends and impossible offsets blanked."""
    trend_ok = (columns.trend >= min(Trend)) & (columns.trend <= max(Trend))
    offset_ok = np.abs(columns.offset_min.astype(np.int32)) <= MAX_OFFSET_MIN
    if (trend_ok | (columns.trend == 0)).all() and (offset_ok | (columns.offset_min == NO_OFFSET)).all():
        return columns
    return Columns(
        columns.kind,
        columns.ts,
        columns.mg_dl,
        columns.flag,
        np.where(trend_ok, columns.trend, 0).astype(np.int8),
        columns.period_s,
        np.where(offset_ok, columns.offset_min, NO_OFFSET).astype(np.int16),
        columns.raw,
    )
