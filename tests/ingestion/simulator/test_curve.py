"""The curve is a pure function of seed, person and minute, and looks like glucose."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.simulator import curve as curve_module
from ingestion.simulator.curve import STRIDE, Curve, history_second, live_second

START = 29_900_000
SPAN = 3 * STRIDE
CURVE = Curve(1, 0, zone="Europe/Berlin")
WHOLE = CURVE.mg_dl(np.arange(START, START + SPAN))
QUARTER = np.arange(START, START + 90 * 1440)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, SPAN - 1), max_size=8))
def test_any_split_of_a_span_gives_the_same_values(cuts: list[int]) -> None:
    fresh = Curve(1, 0, zone="Europe/Berlin")
    edges = [0, *sorted(cuts), SPAN]
    parts = [fresh.mg_dl(np.arange(START + a, START + b)) for a, b in itertools.pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(parts), WHOLE)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, SPAN - 1), min_size=1, max_size=50))
def test_order_of_asking_does_not_matter(places: list[int]) -> None:
    np.testing.assert_array_equal(CURVE.mg_dl(START + np.array(places)), WHOLE[places])


def test_another_process_gives_the_same_values() -> None:
    program = (
        "import numpy as np; from ingestion.simulator.curve import Curve;"
        f"v = Curve(1, 0, zone='Europe/Berlin').mg_dl(np.arange({START} + 777, {START} + {SPAN}));"
        "print(*v[::97])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert [int(word) for word in out.split()] == WHOLE[777::97].tolist()


@pytest.mark.parametrize("other", [Curve(2, 0), Curve(1, 1)], ids=["seed", "person"])
def test_seed_and_person_change_the_curve(other: Curve) -> None:
    assert (other.mg_dl(QUARTER[:1440]) != Curve(1, 0).mg_dl(QUARTER[:1440])).mean() > 0.9


def test_blocks_are_joined_without_a_step() -> None:
    first = -(-START // STRIDE) * STRIDE
    edges = np.arange(first, first + 200 * STRIDE, STRIDE)
    step = np.abs(np.log(CURVE.mg_dl(edges)) - np.log(CURVE.mg_dl(edges - 1)))
    inside = np.abs(np.diff(np.log(CURVE.mg_dl(QUARTER))))
    assert step.mean() == pytest.approx(inside.mean(), rel=0.25)
    assert step.max() <= inside.max()


def test_clock_change_makes_no_step() -> None:
    change = 1_792_890_000 // 60  # 2026-10-25 01:00 UTC: Berlin leaves summer time
    daily = CURVE._daily_part(np.arange(change - 1440, change + 1440))
    assert np.abs(np.diff(daily)).max() < 0.01


@pytest.mark.parametrize("person", range(3))
def test_statistics_are_those_of_a_person_with_type_1_diabetes(person: int) -> None:
    v = Curve(1, person, zone="Europe/Vienna").mg_dl(QUARTER)
    assert v.dtype.kind == "i"
    assert (v.min() >= 40, v.max() <= 500) == (True, True)
    assert 120 <= v.mean() <= 180
    assert 0.55 <= ((v >= 70) & (v <= 180)).mean() <= 0.80
    assert 0.005 <= (v < 70).mean() <= 0.06
    assert 0.10 <= (v > 180).mean() <= 0.40


def test_meals_and_the_daily_curve_follow_the_wall_clock() -> None:
    """The same person has the same day in Tokyo and in Lima, fourteen hours apart by UTC."""

    def day(zone: str, offset_h: int) -> list[float]:
        local_hour = (QUARTER // 60 + offset_h) % 24
        v = Curve(3, 0, zone=zone).mg_dl(QUARTER)
        return [float(v[local_hour == hour].mean()) for hour in range(24)]

    assert np.corrcoef(day("Asia/Tokyo", 9), day("America/Lima", -5))[0, 1] > 0.9


def test_values_beyond_the_sensor_are_clamped() -> None:
    raw = np.concatenate([Curve(1, person).unclamped(QUARTER) for person in range(6)])
    shown = np.concatenate([Curve(1, person).mg_dl(QUARTER) for person in range(6)])
    assert raw.min() < 40
    np.testing.assert_array_equal(shown, np.clip(raw, 40, 500))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curve_module, "CACHED_BLOCKS", 3)
    few = Curve(1, 0)
    few.mg_dl(np.arange(START, START + 6 * STRIDE, 60))
    assert few._block.cache_info().currsize == 3


def test_the_first_minutes_of_1970_exist() -> None:
    assert len(Curve(0, 0).mg_dl(np.arange(0, 10))) == 10


def test_live_seconds_drift_by_at_most_two_and_keep_order() -> None:
    second = live_second(1, 0, QUARTER)
    assert (second.min() >= 0, second.max() <= 59) == (True, True)
    assert np.unique(np.abs(np.diff(second))).tolist() == [0, 1, 2]
    assert np.diff(60 * QUARTER + second).min() > 0


def test_history_is_every_five_minutes_and_never_meets_the_live_series() -> None:
    for person in range(5):
        minutes = QUARTER[::5]
        spacing = np.diff(60 * minutes + history_second(1, person, minutes))
        assert (spacing.min() >= 298, spacing.max() <= 302) == (True, True)
        assert not (history_second(1, person, QUARTER) == live_second(1, person, QUARTER)).any()
