"""Labels of the time axis: the wearer's clock, on both sides of every clock change."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from layouts.figures.ticks import time_ticks
from tests.layouts.rendered import BERLIN, NOW


def utc(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


def test_the_repeated_hour_is_labelled_twice_an_hour_apart() -> None:
    start = utc(2026, 10, 24, 22)
    values, labels = time_ticks(BERLIN, start, start + 6 * 3600)
    assert labels == ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00", "05:00"]
    assert {b - a for a, b in itertools.pairwise(values)} == {3600}


def test_the_skipped_hour_is_not_labelled() -> None:
    start = utc(2026, 3, 28, 23)
    values, labels = time_ticks(BERLIN, start, start + 6 * 3600)
    assert labels == ["00:00", "01:00", "03:00", "04:00", "05:00", "06:00", "07:00"]
    assert {b - a for a, b in itertools.pairwise(values)} == {3600}


@pytest.mark.parametrize("start", [(2026, 3, 28, 12), (2026, 10, 24, 12)])
def test_steps_of_hours_follow_the_clock_across_a_change(start: tuple[int, ...]) -> None:
    begin = utc(*start)
    _values, labels = time_ticks(BERLIN, begin, begin + 86_400)
    assert {int(label[:2]) % 3 for label in labels} == {0}


@pytest.mark.parametrize(("start", "seconds"), [((2026, 3, 28, 23), 23 * 3600), ((2026, 10, 24, 22), 25 * 3600)])
def test_days_are_labelled_at_local_midnights_of_any_length(start: tuple[int, ...], seconds: int) -> None:
    begin = utc(*start)
    values, labels = time_ticks(BERLIN, begin, begin + 4 * 86_400)
    assert values[0] == begin
    assert values[1] - values[0] == seconds
    assert labels[0].startswith("Sun ")


def test_half_hour_zones_are_labelled_on_their_own_clock() -> None:
    _values, labels = time_ticks(ZoneInfo("Australia/Lord_Howe"), NOW, NOW + 4 * 3600)
    assert all(label.endswith((":00", ":30")) for label in labels)


@pytest.mark.parametrize("phone", [False, True])
@pytest.mark.parametrize("hours", [0.2, 0.5, 1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 2160, 8760, 87_600])
def test_every_stretch_has_some_labels_and_not_too_many(hours: float, phone: bool) -> None:
    values, labels = time_ticks(BERLIN, NOW - hours * 3600, NOW, phone)
    assert 1 <= len(labels) <= (7 if phone else 10)
    assert values == sorted(set(values))
    assert all(NOW - hours * 3600 <= v <= NOW for v in values)


def test_zooming_gives_finer_labels() -> None:
    def step(hours: float) -> int:
        values, _labels = time_ticks(BERLIN, NOW - hours * 3600, NOW)
        return values[1] - values[0]

    assert [step(hours) for hours in (24, 12, 6, 3, 1)] == [10_800, 7200, 3600, 1800, 600]
