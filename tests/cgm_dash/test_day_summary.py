"""Packing loses nothing, and sums over days are those of the readings, however they are put together."""

import itertools
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm_dash.batch import NO_OFFSET
from cgm_dash.day_numbers import DayNumbers
from cgm_dash.day_pack import pack, unpack
from cgm_dash.day_summary import BinSums, DayTotals, EnvelopeSums, Seen
from cgm_dash.days import LocalDays
from cgm_dash.metrics.histogram import by_bin
from cgm_dash.metrics.profile import profile
from cgm_dash.series import EMPTY, Series

FIELDS = ("ts", "mg_dl", "flag", "kind", "trend", "period_s", "offset_min", "seconds")
DAY_S = 86_400
T0 = 1_790_000_000 // DAY_S * DAY_S


def same(a: Series, b: Series) -> None:
    for field in FIELDS:
        assert getattr(a, field).tolist() == getattr(b, field).tolist(), field
        assert getattr(a, field).dtype == getattr(b, field).dtype, field


def series_of(rows: list[tuple[int, ...]]) -> Series:
    """rows: (seconds since the one before, mg_dl, flag, kind, trend, period_s, offset_min, seconds)."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    ts = T0 + np.cumsum(columns[0]).astype(np.int64)
    types = (np.int16, np.int8, np.int8, np.int8, np.int32, np.int16, np.int32)
    return Series(ts, *(column.astype(dtype) for column, dtype in zip(columns[1:], types, strict=True)))


ROWS = st.tuples(
    st.sampled_from((1, 60, 61, 255, 256, 300, 40_000, 90_000)),
    st.integers(20, 600),
    st.integers(-1, 1),
    st.integers(0, 7),
    st.integers(0, 7),
    st.sampled_from((1, 60, 300, 900, 15_300, 15_360, 86_400)),
    st.sampled_from((NO_OFFSET, -720, 0, 60, 120, 840)),
    st.sampled_from((1, 60, 255, 256, 300, 86_400)),
)


@given(st.lists(st.lists(ROWS, min_size=1, max_size=30), min_size=1, max_size=4))
def test_packing_loses_nothing(parts: list[list[tuple[int, ...]]]) -> None:
    whole = series_of([row for part in parts for row in part])
    cuts = np.cumsum([0, *(len(part) for part in parts)])
    packs = []
    for first, end in itertools.pairwise(cuts):
        packs.append(pack(Series(*(getattr(whole, name)[first:end] for name in FIELDS))))
    same(unpack(packs), whole)


@pytest.mark.parametrize("period_s", [60, 61, 300, 900, 15_360])
def test_long_runs_and_dense_columns_of_every_width_come_back(period_s: int) -> None:
    values = (np.arange(1440) * 7 % 580 + 20).tolist()
    day = Series.every(period_s, values, T0)
    same(unpack([pack(day)]), day)
    assert len(pack(Series.every(60, values, T0))) < 3100  # nothing but the values changes


def test_nothing_is_the_empty_series() -> None:
    same(unpack([]), EMPTY)


@pytest.mark.parametrize("damage", [lambda b: b[:10], lambda b: b[:-1], lambda b: b + b"x", lambda b: b""])
def test_other_bytes_are_refused(damage) -> None:  # type: ignore[no-untyped-def]
    day = Series.every(60, [100, 120, 90], T0)
    with pytest.raises(ValueError, match="packed day"):
        unpack([damage(pack(day))])
    wall = day.ts
    for kind, sums in (
        (BinSums, BinSums.of(day, wall, wall // DAY_S)),
        (DayTotals, DayTotals.of(day, wall[:1] // DAY_S, np.array([[T0], [T0 + DAY_S]]))),
    ):
        with pytest.raises(ValueError, match="sums of a block"):
            kind.thaw(damage(sums.freeze()))


@given(st.lists(ROWS, min_size=1, max_size=40), st.sampled_from(("UTC", "Europe/Berlin", "Australia/Lord_Howe")))
def test_sums_of_blocks_are_the_histogram_of_the_readings(rows: list[tuple[int, ...]], zone: str) -> None:
    series, numbers = series_of(rows), DayNumbers(ZoneInfo(zone))
    days = LocalDays.between(numbers.zone, int(series.ts[0]), int(series.ts[-1]) + 1)
    wall = days.wall_clock(series)
    assert numbers.wall_clock(series).tolist() == wall.tolist()
    owner = days.day_of(series.ts)
    sums, flagged, n, seen = np.zeros((96, 601), np.int64), np.zeros((2, 601), np.int64), 0, []
    for part in (owner % 2 == 0, owner % 2 == 1):
        if part.any():
            picked = Series(*(getattr(series, name)[part] for name in FIELDS))
            bins = BinSums.thaw(BinSums.of(picked, wall[part], owner[part]).freeze())
            n += bins.add_to(sums, flagged, 1)
            seen.append(bins.seen)
    assert n == len(series)
    assert (sums == by_bin(series, wall)).all()
    plain = profile(series, days)
    days_of_bin, dates = Seen.joined(seen).counted()
    assert (days_of_bin.tolist(), dates) == (plain.days.tolist(), plain.dates)


@pytest.mark.parametrize(
    ("zone", "ts"),
    [
        ("Europe/Berlin", 1_774_742_400),  # 2026-03-29, 23 hours
        ("Europe/Berlin", 1_792_886_400),  # 2026-10-25, 25 hours
        ("Australia/Lord_Howe", 1_775_306_700),  # 2026-04-05, 24.5 hours
        ("America/Havana", 1_793_509_200),  # 2026-11-01, the clock goes back to midnight
        ("America/St_Johns", 1_289_100_600),  # 2010-11-07, from 00:01 back to the day before
        ("Pacific/Apia", 1_325_239_200),  # 2011-12-30 never was
    ],
)
def test_days_follow_each_other_without_hole_or_overlap(zone: str, ts: int) -> None:
    numbers = DayNumbers(ZoneInfo(zone))
    found = [numbers.of(t) for t in range(ts - 2 * DAY_S, ts + 2 * DAY_S, 30)]
    assert found == sorted(found)
    for t in range(ts - 2 * DAY_S, ts + 2 * DAY_S, 570):
        day = numbers.of(t)
        assert numbers.start(day) <= t < numbers.start(day + 1)


def test_rules_tell_the_zone_and_its_clock_changes() -> None:
    berlin, vienna = (DayNumbers(ZoneInfo(f"Europe/{name}")).rules for name in ("Berlin", "Vienna"))
    assert berlin.split() == ["Europe/Berlin", vienna.split()[1]]
    assert DayNumbers(ZoneInfo("Europe/London")).rules.split()[1] != vienna.split()[1]


@settings(max_examples=60)
@given(
    st.lists(ROWS, min_size=1, max_size=40),
    st.lists(st.integers(-DAY_S, 20 * DAY_S), min_size=2, max_size=12, unique=True),
)
def test_envelope_is_what_each_column_holds(rows: list[tuple[int, ...]], cuts: list[int]) -> None:
    """Days that lie whole in a column come as totals, the others reading by reading."""
    series, numbers = series_of(rows), DayNumbers(ZoneInfo("Europe/Berlin"))
    edges = T0 + np.sort(np.array(cuts, np.int64))
    days = np.unique([numbers.of(int(t)) for t in series.ts])
    totals = DayTotals.thaw(DayTotals.of(series, days, numbers.bounds(days.tolist())).freeze())
    sums = EnvelopeSums(edges)
    sums.add_days(totals)
    for i in np.flatnonzero(sums.splits(totals)).tolist():
        sums.add(series.between(totals.bounds[0, i], totals.bounds[1, i]))
    found = sums.envelope()
    for i in range(len(edges) - 1):
        part = series.between(edges[i], edges[i + 1])
        if not len(part):
            assert np.isnan(found.lowest[i])
            assert np.isnan(found.quartiles[:, i]).all()
            continue
        assert (found.lowest[i], found.highest[i]) == (part.mg_dl.min(), part.mg_dl.max())
        assert (found.lo[i], found.hi[i]) == ((part.flag == -1).sum(), (part.flag == 1).sum())
        assert found.seconds[i] == part.seconds.sum()
        each_second = np.repeat(part.mg_dl, part.seconds)
        assert found.quartiles[:, i] == pytest.approx(np.percentile(each_second, (25, 50, 75)))
