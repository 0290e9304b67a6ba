"""At most one banner, the most serious; and the way to a sensor of one's own."""

import pytest

from cgm_dash.batch import SensorSeen
from cgm_dash.series import Series
from cgm_dash.trouble import TROUBLES, Level, trouble
from cgm_dash.units import Unit
from layouts import ids
from layouts.banners import banner, connect_panel, database_banner, trouble_banner
from layouts.problem import error_banner, failed, problem_page
from tests.layouts.rendered import BERLIN, NOW, attribute, by_class, by_id, hero_view, minutes, words


def test_all_well_has_no_banner() -> None:
    assert banner(hero_view(minutes(100))) is None
    assert banner(hero_view(minutes(300))) is None


@pytest.mark.parametrize("age_s", [0, 359, 360, 899])
def test_the_stale_banner_is_absent_while_the_value_is_current(age_s: int) -> None:
    assert by_id(banner(hero_view(minutes(100, age_s=age_s))), ids.STALE_BANNER) is None


def test_a_stale_value_is_told_with_its_age_and_the_source_s_state() -> None:
    view = hero_view(minutes(100, age_s=27 * 60), trouble=trouble("network"), next_try_at=NOW + 900)
    shown = banner(view)
    assert by_id(shown, ids.STALE_BANNER) is shown
    text = words(shown)
    for part in ("No reading for 27 minutes.", "do not rely on it", TROUBLES["network"].sentence, "Next try at 14:47."):
        assert part in text


def test_a_stale_low_is_told_as_old_not_as_low() -> None:
    assert by_id(banner(hero_view(minutes(60, age_s=1000))), ids.STALE_BANNER) is not None


@pytest.mark.parametrize(
    ("values", "flag", "start"),
    [
        ((90, 61), 0, "Low: 61 mg/dL"),
        ((90, 50), 0, "Very low: 50 mg/dL"),
        ((60, 40), -1, "Very low: LO"),
    ],
)
def test_a_low_value_is_told_before_what_the_source_needs(values: tuple[int, ...], flag: int, start: str) -> None:
    view = hero_view(minutes(*values, flag=flag, trend=2), trouble=trouble("terms"))
    text = words(banner(view))
    assert text.startswith(f"{start} and falling.")
    assert TROUBLES["terms"].sentence not in text
    assert view.untold is TROUBLES["terms"]  # told among what needs attention instead


@pytest.mark.parametrize(
    ("values", "age_s", "code"),
    [((100,), 60, "terms"), ((61,), 1200, "terms"), ((61,), 60, "network"), ((61,), 60, None)],
)
def test_what_the_banner_tells_or_only_time_mends_is_not_told_again(
    values: tuple[int, ...], age_s: int, code: str | None
) -> None:
    view = hero_view(minutes(*values, age_s=age_s), trouble=trouble(code) if code else None)
    assert view.untold is None


def test_low_is_told_in_the_chosen_unit() -> None:
    text = words(banner(hero_view(minutes(90, 61), unit=Unit.MMOL_L)))
    assert "Low: 3.4 mmol/L." in text
    assert "Below 3.9 mmol/L since 14:31." in text


@pytest.mark.parametrize("code", [c for c, t in TROUBLES.items() if t.level in (Level.USER, Level.OPERATOR)])
def test_what_a_person_must_do_is_told_even_while_values_arrive(code: str) -> None:
    shown = banner(hero_view(minutes(100), trouble=trouble(code)))
    assert (shown is None) == (code == "not-configured")
    if shown is not None:
        assert TROUBLES[code].sentence in words(shown)


@pytest.mark.parametrize("code", [c for c, t in TROUBLES.items() if t.level is Level.TIME])
def test_what_only_time_heals_is_told_once_values_are_late(code: str) -> None:
    assert banner(hero_view(minutes(100), trouble=trouble(code))) is None
    assert TROUBLES[code].sentence in words(banner(hero_view(minutes(100, age_s=400), trouble=trouble(code))))
    assert TROUBLES[code].sentence in words(banner(hero_view(Series.every(60, []), trouble=trouble(code))))


def test_a_sensor_that_warms_up_is_not_told_as_silence() -> None:
    sensor = SensorSeen("x", activated=int(NOW) - 600, warmup_min=60)
    assert banner(hero_view(minutes(100, age_s=2700), sensor=sensor)) is None


def test_a_wrong_password_names_the_settings_and_no_time() -> None:
    text = words(trouble_banner(trouble("wrong-password"), None, BERLIN, NOW))
    assert "CGM_DASH_LLU_EMAIL" in text
    assert "CGM_DASH_LLU_PASSWORD" in text
    assert "Next try" not in text


def test_operators_get_the_code() -> None:
    assert words(trouble_banner(trouble("redirect-loop"), None, BERLIN, NOW)).endswith("redirect-loop")


def test_a_database_that_is_away_counts_what_waits() -> None:
    assert "What 1 poll brought waits" in words(database_banner(1))
    assert "What 14 polls brought wait" in words(database_banner(14))
    assert "DB-AWAY" in words(database_banner(None))


@pytest.mark.parametrize(
    ("waiting", "spooling", "kept", "lost"),
    [
        (None, None, False, True),
        (0, None, False, True),
        (0, False, False, True),
        (0, True, True, False),
        (3, None, True, False),
        (3, True, True, False),
        (3, False, True, True),
    ],
)
def test_a_file_is_promised_only_where_there_is_one(
    waiting: int | None, spooling: bool | None, kept: bool, lost: bool
) -> None:
    text = words(database_banner(waiting, spooling))
    assert ("in a file" in text, "Nothing new is kept" in text) == (kept, lost)


def test_the_connect_panel_says_how() -> None:
    panel = connect_panel()
    text = words(panel)
    assert "invented" in text
    assert by_id(panel, ids.CONNECT_FORM) is not None
    blocked = connect_panel(blocked="CGM_DASH_DEMO: '1' shows invented data")
    assert "CGM_DASH_DEMO" in words(blocked)
    assert by_id(blocked, ids.CONNECT_FORM) is None


def test_the_way_out_of_a_problem_page_says_where_it_leads() -> None:
    (way_out,) = by_class(problem_page(error_banner("Nobody here has that number.")), "btn")
    assert (words(way_out), attribute(way_out, "href")) == ("Go to the start page", "/")


def test_a_banner_speaks_of_a_number_below_only_where_there_is_one() -> None:
    view = hero_view(minutes(100, age_s=27 * 60))
    assert "The number below is old" in words(banner(view))
    elsewhere = words(banner(view, with_value=False))
    assert "number below" not in elsewhere
    assert "Nothing on this page is newer." in elsewhere


def test_where_a_page_failed_there_is_what_has_it_loaded_again() -> None:
    kept = failed(database_banner(None))
    assert by_class(kept, "failed") == [kept]
    assert "The database does not answer" in words(kept)
