"""MAGE: known waves, and the algorithm written out slot by slot against random curves."""

import math
from datetime import UTC

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cgm_dash.days import LocalDays
from cgm_dash.grid import Grid
from cgm_dash.metrics.mage import Mage, mage
from cgm_dash.series import EMPTY, Series

START = 8 * 3600
K = np.arange(288)
WAVE = np.round(140 + 60 * np.sin(2 * np.pi * 5 * K / 240))
SLOW_WAVE = np.round(130 + 50 * np.sin(2 * np.pi * 5 * K / 300) + 25 * np.sin(2 * np.pi * 5 * K / 1440))
DAYS = LocalDays.between(UTC, 0, 3 * 86_400)


def of(values: list[float]) -> Mage:
    return mage(Grid(0, 300, np.array(values, np.float64), DAYS))


@pytest.mark.parametrize(("values", "expected"), [(WAVE, (110, 120, 115, 110)), (SLOW_WAVE, (89.2, 99.6, 94.4, 89.2))])
def test_known_waves(values: np.ndarray, expected: tuple[float, ...]) -> None:
    series = Series.every(300, values.astype(int).tolist(), START)
    end = START + 86_400
    found = mage(Grid.of(series, LocalDays.between(UTC, START, end), START, end))
    assert (found.up, found.down, found.average, found.service) == pytest.approx(expected, abs=1e-9)


def test_constant_glucose_has_no_swings() -> None:
    assert of([100.0] * 300) == Mage(None, None, None, None)
    assert of([]) == Mage(None, None, None, None)
    assert mage(Grid.of(EMPTY, DAYS, 0, 86_400)).average is None


def test_thirty_two_slots_are_needed() -> None:
    rise = [100.0] * 16 + [200.0] * 15
    assert of(rise).average is None
    assert of([*rise, 200.0]).average == 100


def test_parts_between_long_holes_weigh_by_their_length() -> None:
    first, second = WAVE.tolist(), (140 + (WAVE[:144] - 140) / 2).tolist()
    parts = [of(first), of(second)]
    assert parts[0].up is not None
    assert parts[1].up is not None
    expected = (288 * parts[0].up + 144 * parts[1].up) / 432
    assert of([*first, *[math.nan] * 37, *second]).up == pytest.approx(expected)
    assert of([*first, *[math.nan] * 36, *second]).up != pytest.approx(expected)


Swings = tuple[list[float], list[float], bool | None]


def slot_by_slot(v: list[float]) -> tuple[float | None, float | None, float | None]:
    """Return MAGE+, MAGE- and that of the first direction of one part, as the algorithm is told."""
    n = len(v)
    there = [g for g in v if not math.isnan(g)]
    if n < 32 or len(there) < 2 or np.std(there, ddof=1) < 1:
        return None, None, None
    sd = float(np.std(there, ddof=1))

    def trailing(i: int, width: int) -> float:
        at = max(i, width - 1)
        window = [g for g in v[at - width + 1 : at + 1] if not math.isnan(g)]
        return sum(window) / len(window) if window else math.nan

    d = [trailing(i, 5) - trailing(i, 32) for i in range(n)]
    d = [0.0 if abs(x) < 1e-9 else x for x in d]
    opens, kinds = [0], ["max" if d[0] > 0 else "min"]
    for i in range(1, n):
        if any(math.isnan(x) for x in (v[i], v[i - 1], d[i], d[i - 1])):
            continue
        if d[i] * d[i - 1] < 0:
            opens.append(i)
            kinds.append("min" if d[i] < d[i - 1] else "max")
        elif d[i] * d[opens[-1]] < 0:
            kinds.append("min" if d[i] < d[opens[-1]] else "max")
            opens.append(i)
    opens.append(n - 1)
    e, at = [], 0
    for k, kind in enumerate(kinds):
        span = [i for i in range(at, opens[k + 1] + 1) if not math.isnan(v[i])]
        best = (max if kind == "max" else min)(v[i] for i in span)
        at = next(i for i in span if v[i] == best)
        e.append(best)
    up, down = rises(e, sd, False), rises([-x for x in e], sd, True)
    plus = float(np.mean([h for h, _, _ in up])) if up else None
    minus = float(np.mean([h for h, _, _ in down])) if down else None
    if not up or not down:
        return plus, minus, plus if up else minus
    return plus, minus, plus if up[0][2] <= down[0][1] else minus


def rises(e: list[float], sd: float, keep: bool) -> list[tuple[float, int, int]]:
    found, j, prev = [], 0, 0
    while j < len(e):
        i = min(range(prev, j + 1), key=lambda k: (e[k], k))
        if e[j] - e[i] < sd:
            j += 1
            continue
        for k in range(j, len(e)):
            if e[k] > e[j]:
                j = k
            if e[k] - e[j] < -sd or k == len(e) - 1:
                found.append((e[j] - e[i], i, j))
                prev, j = (j if keep else k), k
                break
    return found


courses = st.lists(st.tuples(st.integers(60, 300), st.integers(1, 25)), min_size=3, max_size=16).map(
    lambda runs: [float(g) for g, n in runs for _ in range(n)]
)
walks = st.tuples(st.integers(0, 2**32), st.integers(32, 400)).map(
    lambda seed: np.clip(120 + np.cumsum(np.random.default_rng(seed[0]).integers(-9, 10, seed[1])), 40, 400).tolist()
)
holes = st.lists(st.tuples(st.integers(1, 350), st.integers(1, 36)), max_size=4)


@settings(max_examples=150, deadline=None)
@example([100.0] * 40 + [150.0] * 30 + [80.0] * 30 + [160.0] * 40, [])  # both means equal at first
@example([100.0] * 40 + [150.0] * 30, [])
@example([100.0] * 40 + [60.0] * 10 + [220.0] * 30 + [80.0] * 30 + [160.0] * 40, [(45, 30)])
@given(st.one_of(courses, walks), holes)
def test_any_curve_equals_the_algorithm_slot_by_slot(values: list[float], missing: list[tuple[int, int]]) -> None:
    v = np.array(values, np.float64)
    for at, length in missing:
        if at + length < len(v):
            v[at : at + length] = np.nan
    present = np.flatnonzero(~np.isnan(v))
    longest = int(np.diff(present).max(initial=1)) - 1
    v = v[present[0] : present[-1] + 1]
    if longest > 36:
        return
    found = mage(Grid(0, 300, v, DAYS))
    up, down, service = slot_by_slot(v.tolist())
    assert (found.up, found.down, found.service) == pytest.approx((up, down, service))
