"""Nights in which the clock changes: nothing lost, doubled or shifted, stored and shown."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm_dash.days import LocalDays
from cgm_dash.series import Series
from cgm_dash.zones import offset_s, offsets_between
from tests.soak.nights import MINUTE, ZONES, nights, poll_through

CHANGES = [(zone, change) for zone in ZONES for change in nights(zone)]


def test_each_zone_has_its_two_nights() -> None:
    assert [zone for zone, _ in CHANGES] == [zone for zone in ZONES for _ in range(2)]


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_polling_through_the_night_keeps_each_reading_once_at_its_own_time(
    zone: str, change: int, tmp_path: Path
) -> None:
    night = poll_through(tmp_path, zone, change, around_s=65 * MINUTE, poll_seconds=240)
    assert night.faults == 0, night
    assert sum(night.told.values()) > 150


FORTNIGHT_S = 14 * 86_400


@cache
def changing() -> list[str]:
    """Return the zones whose clock changes in these years; no zone keeps a changed one for less than a fortnight."""
    instants = range(1_600_000_000, 1_800_000_000, FORTNIGHT_S)
    return sorted(
        name
        for name in available_timezones()
        if "/" in name and not name.startswith("Etc") and len({offset_s(ZoneInfo(name), ts) for ts in instants}) > 1
    )


@st.composite
def changing_nights(draw: st.DrawFn) -> tuple[str, int]:
    """Return a zone and an instant at which its clock changed or will."""
    zone = draw(st.sampled_from(changing()))
    changes = [ts for ts, _ in offsets_between(ZoneInfo(zone), 1.6e9, 1.9e9)][1:]
    return zone, draw(st.sampled_from(changes))


@settings(deadline=None)
@given(changing_nights(), st.integers(-7200, 7200), st.sampled_from((60, 300)))
def test_days_and_wall_clock_around_any_change_are_the_zones_own(
    night: tuple[str, int], begin: int, period: int
) -> None:
    zone, change = ZoneInfo(night[0]), night[1]
    first = change - 13 * 3600 + begin
    series = Series.every(period, [120] * (26 * 3600 // period), first)
    days = LocalDays.between(zone, first, int(series.ts[-1]) + 1)
    wall, owner = days.wall_clock(series), days.day_of(series.ts)
    for ts, local, day in zip(series.ts.tolist()[::7], wall.tolist()[::7], owner.tolist()[::7], strict=True):
        right = datetime.fromtimestamp(ts, zone)
        assert datetime.fromtimestamp(local, UTC).replace(tzinfo=None) == right.replace(tzinfo=None)
        assert days.dates[day] == right.date()
    assert int(days.observed(series).sum()) == int(series.seconds.sum())
    assert (np.diff(days.starts) > 0).all()
