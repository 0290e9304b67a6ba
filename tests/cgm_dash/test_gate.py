"""The plausibility gate."""

import json

import numpy as np
import pytest

from cgm_dash.batch import NO_OFFSET, Columns
from cgm_dash.gate import sift
from cgm_dash.reading import Kind, Reading

NOW = 1_800_000_000.0


def one(
    ts: float = NOW, mg_dl: int = 100, kind: int = Kind.LIVE, trend: int = 0, period: int = 60, offset: int = 60
) -> Columns:
    return Columns(
        np.array([kind], np.int8), np.array([ts], np.int64), np.array([mg_dl], np.int32), np.zeros(1, np.int8),
        np.array([trend], np.int8), np.array([period], np.int32), np.array([offset], np.int16), ('{"as":"received"}',),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (one(mg_dl=19), "out-of-range"),
        (one(mg_dl=601), "out-of-range"),
        (one(mg_dl=0), "out-of-range"),
        (one(mg_dl=-5), "out-of-range"),
        (one(mg_dl=9999), "out-of-range"),
        (one(ts=NOW + 301), "future"),
        (one(ts=NOW - 15 * 86_400 - 1), "too-old"),
        (one(ts=0), "too-old"),
        (one(period=0), "period"),
        (one(kind=9), "kind"),
    ],
)
def test_what_cannot_be_a_reading_is_kept_as_received_with_its_reason(columns: Columns, reason: str) -> None:
    result = sift(columns, NOW)
    assert len(result.accepted) == 0
    assert [(r.reason, r.raw) for r in result.rejected] == [(reason, '{"as":"received"}')]


@pytest.mark.parametrize("columns", [one(mg_dl=20), one(mg_dl=600), one(ts=NOW + 300), one(ts=NOW - 15 * 86_400)])
def test_limits_themselves_pass(columns: Columns) -> None:
    result = sift(columns, NOW)
    assert len(result.accepted) == 1
    assert result.rejected == ()


def test_imports_may_be_old_but_not_older_than_any_sensor() -> None:
    assert len(sift(one(ts=946_684_800), NOW, max_age_s=None).accepted) == 1
    assert [r.reason for r in sift(one(ts=946_684_799), NOW, max_age_s=None).rejected] == ["too-old"]


def test_an_odd_arrow_or_offset_does_not_cost_the_value() -> None:
    accepted = sift(one(trend=6, offset=2000), NOW).accepted
    assert accepted.trend.tolist() == [0]
    assert accepted.offset_min.tolist() == [NO_OFFSET]


def test_without_a_raw_record_the_columns_are_kept() -> None:
    future = Columns.of([Reading(int(NOW) + 1000, 100)])
    (rejected,) = sift(future, NOW).rejected
    assert json.loads(rejected.raw)["ts"] == int(NOW) + 1000
