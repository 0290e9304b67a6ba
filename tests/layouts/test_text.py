"""Numbers, spans and times as they are written."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.i18n import LANGUAGES, calendar_names, speaking
from cgm_dash.reading import Flag
from cgm_dash.units import Band, Targets, Unit
from cgm_dash.window import dated, named
from layouts import text
from tests.layouts.rendered import BERLIN, NOW


@pytest.mark.parametrize(
    ("mg_dl", "unit", "written"),
    [(5, Unit.MG_DL, "+5"), (-7, Unit.MG_DL, "\u22127"), (0, Unit.MMOL_L, "0.0"), (-5, Unit.MMOL_L, "\u22120.3")],
)
def test_change_carries_its_sign(mg_dl: int, unit: Unit, written: str) -> None:
    assert text.change(mg_dl, unit) == written


@pytest.mark.parametrize(
    ("share", "whole", "fine"),
    [
        (None, "–", "–"),
        (0, "0 %", "0 %"),
        (0.04, "<1 %", "<0.1 %"),
        (0.96, "<1 %", "1.0 %"),
        (1, "1 %", "1.0 %"),
        (69.5, "70 %", "69.5 %"),
        (100, "100 %", "100.0 %"),
    ],
)
def test_shares_are_rounded_by_the_rules_of_the_page(share: float | None, whole: str, fine: str) -> None:
    assert (text.percent(share), text.percent_fine(share)) == (whole, fine)


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "just now"),
        (59.9, "just now"),
        (60, "1 minute ago"),
        (5400, "90 minutes ago"),
        (5460, "1 h 31 min ago"),
        (7800, "2 h 10 min ago"),
        (-4, "just now"),
    ],
)
def test_age_is_told_in_minutes_then_in_hours(seconds: float, written: str) -> None:
    assert text.age(seconds) == written


def test_table_times_keep_two_digits_of_minutes() -> None:
    assert [text.duration_short(s) for s in (3900, 3599, 30, 29, 0)] == ["1 h 05", "1 h 00", "1 min", "<1 min", "0 min"]


def test_limits_follow_the_integer_bands_in_both_units() -> None:
    mg = [text.limits(b, Targets(), Unit.MG_DL) for b in Band]
    mmol = [text.limits(b, Targets(), Unit.MMOL_L) for b in Band]
    assert mg == ["<54", "54–69", "70–180", "181–250", ">250"]
    assert mmol == ["<3.0", "3.0–3.8", "3.9–10.0", "10.1–13.9", ">13.9"]


def test_neighbouring_bands_never_seem_to_share_a_limit() -> None:
    pregnancy = [text.limits(b, Targets(54, 63, 140, 250), Unit.MMOL_L) for b in Band]
    own = [text.limits(b, Targets(54, 80, 160, 240), Unit.MMOL_L) for b in Band]
    assert pregnancy == ["<3.0", "3.0–3.4", "3.5–7.8", ">7.8–13.9", ">13.9"]
    assert own == ["<3.0", "3.0–<4.4", "4.4–8.9", ">8.9–13.3", ">13.3"]


def test_lo_and_hi_are_words_with_their_bound() -> None:
    assert text.reading_in(40, Flag.LO, Unit.MG_DL) == "LO (under 40 mg/dL)"
    assert text.reading_in(400, Flag.HI, Unit.MMOL_L) == "HI (over 22.2 mmol/L)"
    assert text.reading(40, Flag.LO, Unit.MG_DL) == "LO"


def test_a_moment_of_another_day_carries_its_date_and_of_another_year_its_year() -> None:
    assert text.moment(NOW - 60, BERLIN, NOW) == "14:31"
    assert text.moment(NOW - 86_400, BERLIN, NOW) == "Sat 21 Nov 14:32"
    assert text.moment(NOW - 400 * 86_400, BERLIN, NOW) == "Sat 18 Oct 2025 15:32"


def test_a_reading_keeps_the_wall_clock_it_was_measured_by() -> None:
    assert text.clock(NOW, BERLIN, offset_min=60) == "14:32"
    assert text.clock(NOW, ZoneInfo("Asia/Kolkata")) == "19:02"


def test_a_wall_clock_that_is_not_the_zones_names_its_offset() -> None:
    assert text.clock(NOW, BERLIN, offset_min=-300) == "08:32 (UTC\u22125)"
    assert text.clock(NOW, BERLIN, offset_min=330) == "19:02 (UTC+5:30)"
    assert text.moment(NOW, BERLIN, NOW, offset_min=840) == "Mon 23 Nov 03:32 (UTC+14)"


def test_ranges_are_named() -> None:
    assert text.range_long(named("12h", NOW, BERLIN), BERLIN, NOW) == "Last 12 hours"
    monday, friday = text.local(NOW - 6 * 86_400, BERLIN).date(), text.local(NOW - 2 * 86_400, BERLIN).date()
    assert text.range_long(dated(monday, friday, NOW, BERLIN), BERLIN, NOW) == "Mon 16 Nov – Fri 20 Nov"
    across = dated(date(2025, 11, 24), date(2026, 11, 22), NOW, BERLIN)
    assert text.range_long(across, BERLIN, NOW) == "Mon 24 Nov 2025 – Sun 22 Nov 2026"
    before = dated(date(2025, 3, 1), date(2025, 3, 2), NOW, BERLIN)
    assert text.range_long(before, BERLIN, NOW) == "Sat 1 Mar 2025 – Sun 2 Mar 2025"


# --- German


@pytest.fixture
def german() -> Iterator[None]:
    with speaking("de"):
        yield


@pytest.mark.usefixtures("german")
def test_german_numbers_have_a_decimal_comma_and_a_point_between_thousands() -> None:
    assert (text.glucose(100, Unit.MMOL_L), text.glucose_in(101, Unit.MMOL_L)) == ("5,6", "5,6 mmol/L")
    assert text.change(-7, Unit.MMOL_L) == "\u22120,4"
    assert (text.decimal(6.85, 1), text.count(2016), text.count(1_234_567)) == ("6,9", "2.016", "1.234.567")
    assert text.limits(Band.TARGET, Targets(), Unit.MMOL_L) == "3,9–10,0"
    assert text.reading_in(400, Flag.HI, Unit.MMOL_L) == "HI (über 22,2 mmol/L)"


@pytest.mark.usefixtures("german")
def test_german_percent_signs_stand_behind_a_space_that_does_not_break() -> None:
    assert [text.percent(share) for share in (None, 0, 0.2, 69.5)] == ["–", "0\xa0%", "<1\xa0%", "70\xa0%"]
    assert [text.percent_fine(share) for share in (0, 0.04, 0.44)] == ["0\xa0%", "<0,1\xa0%", "0,4\xa0%"]


def test_a_rounded_number_is_a_number_in_every_language() -> None:
    for code in LANGUAGES:
        with speaking(code):
            assert text.rounded(4.95, 1) == Decimal("5.0")
            assert text.rounded(-0.25, 1) == Decimal("-0.3")


@pytest.mark.usefixtures("german")
def test_german_dates() -> None:
    sunday = date(2026, 11, 22)
    assert (text.day_long(sunday), text.day(sunday)) == ("Sonntag, 22. November", "So., 22. Nov.")
    assert text.day(date(2026, 3, 2)) == "Mo., 2. März"
    assert text.moment(NOW - 60, BERLIN, NOW) == "14:31"
    assert text.moment(NOW - 400 * 86_400, BERLIN, NOW) == "Sa., 18. Okt. 2025 15:32"


@pytest.mark.usefixtures("german")
def test_german_spans() -> None:
    spans = [text.duration(s) for s in (9300, 2100, 7200, 20, 180_000, 86_400)]
    assert spans == ["2 h 35 min", "35 min", "2 h", "<1 min", "2 T 2 h", "1 T"]
    assert [text.duration_short(s) for s in (3900, 2100, 0)] == ["1:05 h", "35 min", "0 min"]
    assert [text.age(s) for s in (0, 60, 1620, 7800)] == [
        *("gerade eben", "vor 1 Minute", "vor 27 Minuten", "vor 2 h 10 min")
    ]
    assert text.in_about(240) == "in etwa 4 Minuten"


@pytest.mark.usefixtures("german")
def test_german_ranges_are_named() -> None:
    assert text.range_long(named("12h", NOW, BERLIN), BERLIN, NOW) == "Letzte 12 Stunden"
    first, last = date(2026, 11, 16), date(2026, 11, 20)
    assert text.range_long(dated(first, last, NOW, BERLIN), BERLIN, NOW) == "Mo., 16. Nov. – Fr., 20. Nov."


def test_the_names_in_dates_are_those_of_the_calendar() -> None:
    known = calendar_names("de")
    assert {*text.WEEKDAYS, *text.WEEKDAYS_SHORT, *text.MONTHS, *text.MONTHS_SHORT} == set(known)
    # Monday first, as date.weekday() counts.
    assert [date(2026, 11, 16 + i).strftime("%A") for i in range(7)] == list(text.WEEKDAYS)


def test_a_language_that_is_none_of_ours_writes_as_english_does() -> None:
    with speaking("xx"):
        assert (text.percent(70), text.count(2016), text.decimal(1.5, 1)) == ("70 %", "2\u202f016", "1.5")


@given(st.integers(-600, 600), st.sampled_from(list(Unit)))
def test_every_language_writes_the_same_number(mg_dl: int, unit: Unit) -> None:
    english = text.glucose(mg_dl, unit)
    with speaking("de"):
        assert text.glucose(mg_dl, unit) == english.replace(".", ",")
