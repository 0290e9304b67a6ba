"""The report's words: rounding, goals, what is said where there is too little."""

import dataclasses
from datetime import date
from typing import Any

import pytest

from cgm_dash.goals import ADULT_GOALS, HIGH_RISK_GOALS, PREGNANCY_GOALS, TargetSet, goals_of
from cgm_dash.metrics.coverage import Coverage
from cgm_dash.metrics.ranges import TimeInRanges
from cgm_dash.series import EMPTY
from cgm_dash.units import Band, Targets, Unit
from layouts.sheet.view import ReportView
from layouts.sheet.words import ReportWords, share_words, words_of
from tests.layouts.sheet.made import days, report

HOUR = 3600


def of_shares(*percent: float, **more: Any) -> ReportView:
    """Return a report of fourteen full days with these shares, very low first, in hundredths of a percent."""
    seconds = [round(100 * share) for share in percent]
    return report(
        days(*[[100]] * 14), times=TimeInRanges((seconds[0], seconds[1], seconds[2], seconds[3], seconds[4])), **more
    )


def shares(words: ReportWords) -> list[str]:
    return [words.bands[band].share for band in Band]


def tile(words: ReportWords, name: str) -> tuple[str, str, str]:
    (found,) = [t for t in words.tiles if t.name == name]
    return found.number, found.unit, " ".join(found.notes)


def test_a_day_that_sits_on_every_limit() -> None:
    # 53 54 69 70 110 140 180 181 250 251: one in very low, two low, four in target, two high, one very high.
    ten = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
    words = words_of(report(days(*[ten * 10] * 14), times=TimeInRanges((10, 20, 40, 20, 10))))
    assert shares(words) == ["10 %", "20 %", "40 %", "20 %", "10 %"]
    assert [row.share for row in words.together] == ["30 %", "30 %"]
    assert words.bands[Band.TARGET].detail == "9 h 36 min a day · goal >70 % not met"
    assert words.bands[Band.LOW].detail == "4 h 48 min a day"
    assert "Percentages are rounded and may not add to 100." not in words.notes


def test_shares_are_whole_percent_and_less_than_one_says_so() -> None:
    words = words_of(of_shares(0.4, 1.5, 68.6, 25.5, 4))
    assert shares(words) == ["<1 %", "2 %", "69 %", "26 %", "4 %"]
    assert "Percentages are rounded and may not add to 100." in words.notes


def test_a_share_below_one_beside_100_percent_is_noted_too() -> None:
    words = words_of(of_shares(0.4, 0, 99.6, 0, 0))
    assert shares(words) == ["<1 %", "0 %", "100 %", "0 %", "0 %"]
    assert "Percentages are rounded and may not add to 100." in words.notes


def test_figures_that_do_not_add_to_100_are_left_as_they_are_and_noted() -> None:
    words = words_of(of_shares(0, 10.4, 69.3, 20.3, 0))
    assert shares(words) == ["0 %", "10 %", "69 %", "20 %", "0 %"]
    assert "Percentages are rounded and may not add to 100." in words.notes


def test_a_figure_told_more_finely_than_whole_percent_counts_as_it_is_shown() -> None:
    words = words_of(of_shares(0, 10, 69.7, 20.3, 0))
    assert shares(words) == ["0 %", "10 %", "69.7 %", "20 %", "0 %"]
    assert "Percentages are rounded and may not add to 100." in words.notes


@pytest.mark.parametrize(
    ("bands", "share", "shown"),
    [
        ((Band.TARGET,), 69.7, "69.7 %"),
        ((Band.TARGET,), 69.97, "69.97 %"),
        ((Band.TARGET,), 70.0, "70 %"),
        ((Band.VERY_HIGH,), 4.6, "4.6 %"),
        ((Band.VERY_LOW, Band.LOW), 4.3, "4.3 %"),
        ((Band.LOW,), 4.3, "4 %"),
        ((Band.VERY_LOW,), 0.99, "<1 %"),
    ],
)
def test_no_share_is_rounded_to_the_limit_of_its_goal(bands: tuple[Band, ...], share: float, shown: str) -> None:
    assert share_words(bands, share, ADULT_GOALS) == shown


def test_goals_are_those_of_the_person() -> None:
    words = words_of(of_shares(0, 0.5, 55, 44.5, 0, goals=HIGH_RISK_GOALS))
    assert words.bands[Band.TARGET].detail == "13 h 12 min a day · goal >50 % met"
    assert words.together[1].detail.endswith("goal <1 % met")
    assert words.ranges_sub == "mg/dL, goals for older people and people at high risk"
    pregnant = words_of(of_shares(0, 0, 100, 0, 0, goals=PREGNANCY_GOALS))
    assert (pregnant.bands[Band.TARGET].limits, pregnant.together[0].limits) == ("63–140", ">140")
    own = words_of(of_shares(0, 0, 100, 0, 0, goals=goals_of(TargetSet.CUSTOM, Targets(54, 80, 160, 250))))
    assert own.bands[Band.TARGET].detail == "24 h a day"
    assert not [note for note in own.notes if note.startswith("Goals")]


def test_mmol_l_everywhere() -> None:
    words = words_of(report(days(*[[126]] * 14), unit=Unit.MMOL_L))
    assert tile(words, "mean")[:2] == ("7.0", "mmol/L")
    assert words.bands[Band.TARGET].limits == "3.9–10.0"
    assert words.days_sub == "midnight to midnight, 2.2 to 18.9 mmol/L; percent of time in target"


def test_four_figures() -> None:
    words = words_of(report(days(*[[100, 200]] * 14)))
    assert tile(words, "mean")[:2] == ("150", "mg/dL")
    assert tile(words, "gmi")[0] == "6.9"  # 3.31 + 0.02392 x 150 = 6.898
    assert tile(words, "cv")[0] == "33"  # 50 / 150
    assert tile(words, "active") == ("100", "%", "14 of 14 days with readings")
    assert not any(t.weak for t in words.tiles)


def test_in_pregnancy_gmi_is_weak_and_says_why() -> None:
    view = report(days(*[[100, 120]] * 14), goals=PREGNANCY_GOALS)
    (gmi,) = [t for t in words_of(view).tiles if t.name == "gmi"]
    assert gmi.weak
    assert gmi.notes == ("Does not stand in for HbA1c in pregnancy.", "Estimated from the mean.")
    (short,) = [t for t in words_of(report(days([100, 120]), goals=PREGNANCY_GOALS)).tiles if t.name == "gmi"]
    assert short.notes[0].startswith("Needs ")


def test_a_cv_just_above_its_limit_does_not_look_as_if_it_met_it() -> None:
    # Half the time 64, half 136.2 would give 36.0...; 64 and 137: mean 100.5, SD 36.5, CV 36.3 %.
    words = words_of(report(days(*[[64, 137]] * 14)))
    assert tile(words, "cv")[0] == "36.3"


def test_too_few_days_are_told_and_goals_not_judged() -> None:
    words = words_of(report(days([100], [120], [110]), count=3))
    assert words.profile_lack == "Needs at least 5 days with readings; these dates hold 3."
    assert [t.name for t in words.tiles if t.weak] == ["gmi", "cv"]
    assert "Needs 14 days; these dates hold 3." in tile(words, "gmi")[2]
    assert words.bands[Band.TARGET].detail == "24 h a day · goal >70 %"
    assert "Goals are judged over 14 days or more with 70 % coverage." in words.notes


def test_poor_coverage_is_never_hidden() -> None:
    words = words_of(report(days(*[[100]] * 7)))
    assert tile(words, "active") == ("50", "%", "Below 70 %: figures may be off. 7 of 14 days with readings")
    assert "Needs 70 % coverage; this is 50 %." in tile(words, "gmi")[2]
    assert ("CGM active", "50 %") in words.facts


def test_coverage_just_short_of_what_is_asked_for_does_not_look_enough() -> None:
    view = report(days(*[[100]] * 14))
    words = words_of(dataclasses.replace(view, coverage=Coverage(843_494, 69.73, 14)))
    assert tile(words, "active")[0] == "69.7"
    assert ("CGM active", "69.7 %") in words.facts
    assert "Needs 70 % coverage; this is 69.7 %." in tile(words, "gmi")[2]


def test_no_readings_at_all() -> None:
    words = words_of(report(EMPTY))
    assert shares(words) == ["–"] * 5
    assert tile(words, "mean")[0] == tile(words, "gmi")[0] == tile(words, "cv")[0] == "–"
    assert words.days_lack == "No readings in these days."
    assert words.profile_lack.endswith("these dates hold 0.")


def test_lows_and_cv_settle_after_28_days() -> None:
    note = "Time below range and CV settle over 28 days or more."
    assert note in words_of(report(days(*[[100]] * 14))).notes
    assert note not in words_of(report(days(*[[100]] * 28), count=28)).notes


@pytest.mark.parametrize(
    ("first", "count", "period"),
    [
        (date(2026, 11, 9), 14, "9 to 22 November 2026"),
        (date(2026, 10, 27), 14, "27 October 2026 to 9 November 2026"),
        (date(2026, 12, 25), 14, "25 December 2026 to 7 January 2027"),
        (date(2026, 11, 9), 1, "9 November 2026"),
    ],
)
def test_the_period_in_words(first: date, count: int, period: str) -> None:
    assert words_of(report(days(*[[100]] * count, first=first), count=count, first=first)).period == period


def test_the_foot_says_program_moment_and_what_this_is_not() -> None:
    words = words_of(report(days(*[[100]] * 14), demo=True, zone_confirmed=False))
    assert words.made.startswith("CGM Data Insights ")
    assert words.made.endswith(" · 23 November 2026, 00:00")
    assert words.place == "Times: Europe/Berlin (assumed). Not a medical device. No dosing advice."
    assert words.demo == "Demo: invented data"


def test_days_have_weekday_share_mean_and_coverage() -> None:
    words = words_of(report(days([100], [200])))
    first, second = words.first_days[:2]
    assert (first.name, first.date, first.share, first.detail) == (
        "Mon 9",
        "Mon 9 Nov",
        "100 %",
        "mean 100 mg/dL, 100 % covered",
    )
    assert (second.name, second.share) == ("Tue 10", "0 %")
    assert words.first_days[2].detail == "no readings"
