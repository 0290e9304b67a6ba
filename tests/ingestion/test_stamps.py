"""Time stamps of the upstream."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import stamps

MOMENTS = st.integers(
    int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) - 1
).map(lambda ts: datetime.fromtimestamp(ts, UTC))


def written(t: datetime, *, padded: bool = False) -> str:
    hour, half = t.hour % 12 or 12, "PM" if t.hour >= 12 else "AM"
    if padded:
        return f"{t.month:02}/{t.day:02}/{t.year} {hour:02}:{t.minute:02}:{t.second:02} {half}"
    return f"{t.month}/{t.day}/{t.year} {hour}:{t.minute:02}:{t.second:02} {half}"


@given(MOMENTS, st.booleans())
def test_reading_what_was_written_gives_the_same_instant(moment: datetime, padded: bool) -> None:
    assert stamps.parse(written(moment, padded=padded)) == int(moment.timestamp())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11/22/2026 12:00:00 AM", "2026-11-22T00:00:00"),
        ("11/22/2026 12:30:00 PM", "2026-11-22T12:30:00"),
        ("2/29/2028 1:02:03 PM", "2028-02-29T13:02:03"),
        ("11/22/2026 9:14:07\u202fAM", "2026-11-22T09:14:07"),
        ("11/22/2026 13:14:07", "2026-11-22T13:14:07"),
        ("11/22/2026 0:14:07", "2026-11-22T00:14:07"),
        ("11/22/2026 00:14:07", "2026-11-22T00:14:07"),
    ],
)
def test_forms_that_can_mean_only_one_instant_are_read(text: str, expected: str) -> None:
    assert datetime.fromtimestamp(stamps.parse(text), UTC).isoformat()[:19] == expected


@pytest.mark.parametrize(
    "text",
    [
        None, 5, "", "yesterday", "11/22/2026", "2026-11-22 09:14:07", "22/11/2026 9:14:07 AM", "2/29/2026 1:02:03 PM",
        "11/22/2026 9:14:07", "11/22/2026 12:14:07", "11/22/2026 13:14:07 PM", "11/22/2026 0:14:07 AM",
        "11/22/2026 9:14:60 AM", "11/22/26 9:14:07 AM", "11/22/2026 9:14:07 am", " 11/22/2026 9:14:07 AM",
        "11/22/2026 9:14:07 AM\n", "١١/22/2026 9:14:07 AM", "11/22/2026 9:4:07 AM", "11/22/0000 9:14:07 AM",
    ],
)  # fmt: skip
def test_anything_else_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        stamps.parse(text)


@given(st.integers(-56, 60), st.integers(-449, 449))
def test_offset_is_the_nearest_quarter_hour(quarters: int, late_s: int) -> None:
    utc = stamps.parse("11/22/2026 9:14:07 AM")
    assert stamps.offset_min(utc + 900 * quarters + late_s, utc) == 15 * quarters


@pytest.mark.parametrize("minutes", [0, 60, 120, 330, 345, -210, -300, 765, 840, -720])
def test_offsets_in_use_are_exact(minutes: int) -> None:
    utc = datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC)
    wall = utc + timedelta(minutes=minutes)
    assert stamps.offset_min(stamps.parse(written(wall)), stamps.parse(written(utc))) == minutes
