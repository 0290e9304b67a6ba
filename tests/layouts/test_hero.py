"""The newest reading: what each state shows, and what it must not show."""

import pytest

from cgm_dash.batch import SensorSeen
from cgm_dash.current import Current, State
from cgm_dash.reading import Flag
from cgm_dash.series import Series
from cgm_dash.units import Unit
from layouts import ids
from layouts.hero import hero
from tests.layouts.rendered import NOW, attribute, by_class, by_id, hero_view, minutes, shown, without, words

RISING = tuple(range(100, 126, 2))


def test_a_fresh_value_shows_number_unit_arrow_change_band_and_age() -> None:
    card = hero(hero_view(minutes(*RISING, trend=4)))
    assert words(by_id(card, ids.CURRENT_VALUE)) == "124"
    assert words(by_id(card, ids.CURRENT_UNIT)) == "mg/dL"
    assert attribute(by_id(card, ids.CURRENT_TREND), "aria-label") == "Trend: rising"  # type: ignore[arg-type]
    text = shown(card, "fresh")
    for part in ("1 minute ago", "+10 mg/dL", "In target", "rising", "14:31", "In target for 13 minutes"):
        assert part in text
    assert "Not current" not in text


def test_the_age_carries_what_the_browser_s_clock_needs() -> None:
    age = by_id(hero(hero_view(minutes(100, 101), stale_minutes=20)), ids.CURRENT_AGE)
    assert age is not None
    values = {n: attribute(age, f"data-{n}") for n in ("measured-at", "state", "age-s", "late-s", "stale-s")}
    assert values == {
        "measured-at": str(int(NOW) - 60),
        "state": "fresh",
        "age-s": "60.000",
        "late-s": "360",
        "stale-s": "1200",
    }


@pytest.mark.parametrize("unit", list(Unit))
def test_a_stale_value_comes_without_arrow_change_band_and_title(unit: Unit) -> None:
    card = hero(hero_view(minutes(*RISING, age_s=27 * 60, trend=4), unit=unit))
    assert by_id(card, ids.CURRENT_TREND) is None
    assert not by_class(card, "on-current")
    assert not by_class(card, "target")
    text = shown(card, "stale")
    assert "27 minutes ago" in text
    assert "Not current" in text
    assert "Nothing newer than 14:05" in text
    assert "+" not in text
    assert attribute(card, "data-band") == "none"
    value = words(by_id(card, ids.CURRENT_VALUE))
    assert value not in "".join(
        str(attribute(card, f"data-title-{s}")) for s in ("current", "stale", "offline", "none")
    )


def test_a_value_that_goes_old_in_the_browser_loses_arrow_change_and_band_too() -> None:
    card = hero(hero_view(minutes(*RISING, trend=4)))
    for state in ("stale", "offline"):
        text = shown(card, state)
        assert "rising" not in text
        assert "+10" not in text
        assert "In target" not in text
        assert "unknown" in text
        assert "Old value, not current:" in text
    assert "Last known" in shown(card, "offline")
    assert "124" not in str(attribute(card, "data-title-offline")) + str(attribute(card, "data-title-stale"))


def test_a_late_value_is_still_current() -> None:
    card = hero(hero_view(minutes(*RISING, age_s=480, trend=4)))
    assert attribute(card, "data-state") == "late"
    assert "In target" in shown(card, "late")
    assert by_id(card, ids.CURRENT_TREND) is not None


def test_lo_and_hi_are_words_with_the_bound_and_without_a_change() -> None:
    low = hero(hero_view(minutes(80, 70, 60, 55, 50, 40, flag=-1, trend=2)))
    assert words(by_id(low, ids.CURRENT_VALUE)) == "LO"
    assert "Below what the sensor can measure (under 40 mg/dL)." in shown(low, "fresh")
    assert attribute(low, "data-band") == "vlow"
    high = hero(hero_view(minutes(380, 400, flag=1), unit=Unit.MMOL_L))
    assert words(by_id(high, ids.CURRENT_VALUE)) == "HI"
    assert "over 22.2 mmol/L" in shown(high, "fresh")
    assert attribute(high, "data-title-current") == "HI (over 22.2 mmol/L) · Mira"


def test_without_any_reading_there_is_nothing_to_mistake_for_a_value() -> None:
    card = hero(hero_view(Series.every(60, [])))
    assert words(by_id(card, ids.CURRENT_VALUE)) == "– –"
    age = by_id(card, ids.CURRENT_AGE)
    assert age is not None
    assert attribute(age, "data-state") == "none"
    assert attribute(age, "data-measured-at") is None
    assert "No reading yet" in shown(card, "none")


def test_a_new_sensor_says_when_its_first_value_comes() -> None:
    sensor = SensorSeen("x", activated=int(NOW) - 18 * 60, warmup_min=60, life_days=14)
    card = hero(hero_view(minutes(100, age_s=2700), sensor=sensor))
    text = shown(card, "stale")
    assert "First reading in about 42 minutes" in text
    assert "Warming up" in text
    assert words(by_id(card, ids.CURRENT_VALUE)) == "– –"


def test_a_running_sensor_does_not_hide_a_current_value() -> None:
    sensor = SensorSeen("x", activated=int(NOW) - 18 * 60, warmup_min=60)
    assert words(by_id(hero(hero_view(minutes(100), sensor=sensor)), ids.CURRENT_VALUE)) == "100"


@pytest.mark.parametrize(
    ("values", "words_"),
    [
        ((100,) * 190, "In target for 3 h 10 min"),
        ((100, 65, 64, 63), "Below 70 mg/dL for 3 minutes"),
        ((100, 185), "Above 180 mg/dL for 1 minute"),
    ],
)
def test_it_says_since_when_the_value_lies_where_it_lies(values: tuple[int, ...], words_: str) -> None:
    assert words_ in shown(hero(hero_view(minutes(*values))), "fresh")


@pytest.mark.parametrize(
    ("unit", "told"),
    [(Unit.MG_DL, "Usual at this time 110–172 mg/dL"), (Unit.MMOL_L, "Usual at this time 6.1–9.6 mmol/L")],
)
def test_what_is_usual_at_this_time_stands_among_the_facts(unit: Unit, told: str) -> None:
    for age_s, state in ((60, "fresh"), (27 * 60, "stale")):
        card = hero(hero_view(minutes(100, age_s=age_s), unit=unit, usual=(110.0, 172.4)))
        assert told in " ".join(shown(card, state).split())


def test_without_enough_days_it_says_what_is_missing() -> None:
    text = " ".join(shown(hero(hero_view(minutes(100))), "fresh").split())
    assert "Usual at this time – needs 5 days" in text


def test_a_gap_ends_the_run_that_is_told() -> None:
    series = without(minutes(*((100,) * 60)), 20, 40)
    assert "In target for 20 minutes" in shown(hero(hero_view(series)), "fresh")


def test_the_demo_says_so_in_the_title() -> None:
    card = hero(hero_view(minutes(100), demo=True))
    for state in ("current", "stale", "offline", "none"):
        assert "Demo: invented data" in str(attribute(card, f"data-title-{state}"))


def test_the_reading_s_own_offset_tells_its_time_of_day() -> None:
    given = Current(State.FRESH, 100, Flag.NONE, int(NOW) - 60, -300, 60.0)
    assert "08:31" in shown(hero(hero_view(minutes(100), current=given)), "fresh")


def test_the_title_says_that_a_sensor_warms_up() -> None:
    warming = SensorSeen("x", activated=int(NOW) - 600, warmup_min=60)
    for series in (minutes(100, age_s=27 * 60), Series.every(60, [])):
        card = hero(hero_view(series, sensor=warming))
        titles = [str(attribute(card, f"data-title-{state}")) for state in ("stale", "none", "offline")]
        assert [title.split(" · ")[0] for title in titles] == ["Warming up", "Warming up", "Offline"]
