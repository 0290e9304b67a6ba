"""Time in range and the tiles beside it: shares, times, goals and what they rest on."""

import dataclasses
from typing import Any

import pytest
from dash.development.base_component import Component

from cgm_dash.goals import ADULT_GOALS, CONSENSUS, HIGH_RISK_GOALS, PREGNANCY_GOALS, Goals, TargetSet, goals_of
from cgm_dash.series import Series
from cgm_dash.units import Band, Targets, Unit
from layouts import ids
from layouts.cards import coverage_tile, cv_tile, footnotes, gmi_tile, range_table, share_words, tir_bar
from layouts.views import StatisticsView
from tests.layouts.rendered import NOW, attribute, by_class, by_id, statistics_view, walk, words

OWN_GOALS = goals_of(TargetSet.CUSTOM, Targets(55, 80, 160, 240), 60, 2)
NO_GOALS = goals_of(TargetSet.CUSTOM, Targets(55, 80, 160, 240))
S10 = (53, 54, 69, 70, 110, 140, 180, 181, 250, 251)


def days(n: int, *values: int) -> Series:
    """Return *n* days of 5-minute readings that repeat *values*."""
    count = n * 288
    return Series.every(300, [values[i % len(values)] for i in range(count)], int(NOW) - 300 * count)


def judged(series: Series, goals: Goals, name: str = "14d", unit: Unit = Unit.MG_DL) -> StatisticsView:
    """Return the view of *series* counted and judged by *goals*."""
    return statistics_view(series, name, targets=goals.targets, goals=goals, unit=unit)


def time_in_range(view: StatisticsView) -> list[Component]:
    """Return the bar, the table and what stands below them, as pages put them together."""
    return [tir_bar(view), range_table(view), *footnotes(view)]


def figures(view: StatisticsView) -> list[Component]:
    """Return the tiles."""
    return [gmi_tile(view), cv_tile(view), coverage_tile(view)]


def tile_of(name: str, view: StatisticsView) -> Any:
    """Return the tile of one figure."""
    (tile,) = [t for t in by_class(figures(view), "stat") if attribute(t, "data-figure") == name]
    return tile


def goal_cells(view: StatisticsView) -> dict[str, str]:
    """Return the goals the table shows, by the name of their row."""
    return {name: cells[2] for name, cells in rows(time_in_range(view)).items() if cells[2] not in ("", "Goal")}


def rows(card: object) -> dict[str, list[str]]:
    """Return the table: name of the row to its cells."""
    table: dict[str, list[str]] = {}
    for tr in (c for c in walk(card) if type(c).__name__ == "Tr"):
        cells = [words(cell) for cell in tr.children]
        table[cells[0]] = cells[1:]
    return table


def test_the_table_holds_all_five_bands_and_both_sums() -> None:
    table = rows(time_in_range(statistics_view(days(15, *S10))))
    assert table["Band, mg/dL"] == ["Share", "A day", "Goal"]
    assert {name: cells[:2] for name, cells in table.items() if name != "Band, mg/dL"} == {
        "Very high >250": ["10 %", "2 h 24"],
        "High 181–250": ["20 %", "4 h 48"],
        "High and very high >180": ["30 %", "7 h 12"],
        "In target 70–180": ["40 %", "9 h 36"],
        "Low and very low <70": ["30.0 %", "7 h 12"],
        "Low 54–69": ["20.0 %", "4 h 48"],
        "Very low <54": ["10.0 %", "2 h 24"],
    }


def test_limits_are_told_in_the_chosen_unit() -> None:
    table = rows(time_in_range(statistics_view(days(15, *S10), unit=Unit.MMOL_L)))
    assert {"Very high >13.9", "High 10.1–13.9", "In target 3.9–10.0", "Low 3.0–3.8", "Very low <3.0"} <= table.keys()


def test_short_ranges_tell_the_time_itself() -> None:
    series = Series.every(300, [100] * 132, int(NOW) - 300 * 132)
    table = rows(time_in_range(statistics_view(series, "12h")))
    assert table["Band, mg/dL"][1] == "of 11 h"
    assert table["In target 70–180"][:2] == ["100 %", "11 h 00"]


def test_goals_are_judged_on_the_unrounded_share() -> None:
    good = rows(time_in_range(statistics_view(days(15, *([100] * 96), 60, 190, 190, 190))))
    assert [good[r][2] for r in good if good[r][2]] == [
        "Goal",
        "<5 % met",
        "<25 % met",
        ">70 % met",
        "<4 % met",
        "<1 % met",
    ]
    bad = rows(time_in_range(statistics_view(days(15, *S10))))
    assert bad["In target 70–180"][2] == ">70 % missed"
    assert bad["Very low <54"][2] == "<1 % missed"


def test_reaching_a_limit_exactly_is_not_meeting_it() -> None:
    table = rows(time_in_range(statistics_view(days(15, *([100] * 7), *([190] * 3)))))
    assert table["In target 70–180"][::2] == ["70 %", ">70 % missed"]


@pytest.mark.parametrize(
    ("bands", "share", "shown"),
    [
        ((Band.VERY_HIGH,), 4.6, "4.6 %"),
        ((Band.VERY_HIGH,), 5.3, "5.3 %"),
        ((Band.VERY_HIGH,), 4.97, "4.97 %"),
        ((Band.VERY_HIGH,), 5.0, "5 %"),
        ((Band.VERY_HIGH,), 4.4, "4 %"),
        ((Band.HIGH, Band.VERY_HIGH), 24.6, "24.6 %"),
        ((Band.HIGH,), 24.6, "25 %"),
        ((Band.TARGET,), 69.6, "69.6 %"),
        ((Band.TARGET,), 70.2, "70.2 %"),
        ((Band.VERY_LOW, Band.LOW), 3.97, "3.97 %"),
        ((Band.VERY_LOW,), 0.97, "0.97 %"),
        ((Band.VERY_LOW,), 0.3, "0.3 %"),
        ((Band.VERY_LOW,), 0.0, "0 %"),
        ((Band.TARGET,), None, "–"),
    ],
)
def test_a_share_never_looks_like_the_limit_it_is_not(bands: tuple[Band, ...], share: float | None, shown: str) -> None:
    assert share_words(bands, share, ADULT_GOALS) == shown


@pytest.mark.parametrize(
    ("goals", "bands", "share", "shown"),
    [
        (HIGH_RISK_GOALS, (Band.VERY_LOW, Band.LOW), 0.97, "0.97 %"),
        (HIGH_RISK_GOALS, (Band.VERY_LOW, Band.LOW), 1.02, "1.02 %"),
        (HIGH_RISK_GOALS, (Band.VERY_LOW,), 0.97, "1.0 %"),
        (HIGH_RISK_GOALS, (Band.VERY_HIGH,), 9.6, "9.6 %"),
        (HIGH_RISK_GOALS, (Band.VERY_HIGH,), 4.6, "5 %"),
        (HIGH_RISK_GOALS, (Band.TARGET,), 50.3, "50.3 %"),
        (PREGNANCY_GOALS, (Band.VERY_HIGH,), 4.6, "5 %"),
        (PREGNANCY_GOALS, (Band.HIGH, Band.VERY_HIGH), 24.6, "24.6 %"),
        (OWN_GOALS, (Band.TARGET,), 59.8, "59.8 %"),
        (OWN_GOALS, (Band.TARGET,), 69.8, "70 %"),
        (OWN_GOALS, (Band.VERY_LOW, Band.LOW), 1.98, "1.98 %"),
        (NO_GOALS, (Band.VERY_LOW, Band.LOW), 3.97, "4.0 %"),
    ],
)
def test_that_limit_is_the_one_of_the_goals_in_force(
    goals: Goals, bands: tuple[Band, ...], share: float, shown: str
) -> None:
    assert share_words(bands, share, goals) == shown


def test_older_people_and_people_at_high_risk_are_judged_by_their_goals() -> None:
    # Of 100 readings: 40 above 180, 5 of them above 250; 58 in target; 2 below 70, 1 of them below 54.
    view = judged(days(25, *([190] * 35), *([260] * 5), *([100] * 58), 60, 50), HIGH_RISK_GOALS)
    assert goal_cells(view) == {
        "Very high >250": "<10 % met",
        "High and very high >180": "<50 % met",
        "In target 70–180": ">50 % met",
        "Low and very low <70": "<1 % missed",
    }
    told = words(time_in_range(view))
    assert "older people and people at high risk of lows, with type 1 or type 2 diabetes (Battelino 2019)." in told
    assert "For very low alone no number is agreed; it counts in the time below 70 mg/dL." in told


def test_pregnancy_is_judged_between_its_own_limits() -> None:
    # Of 100 readings: 24 above 140, 10 of them above 250; 73 from 63 to 140; 3 below 63, 1 of them below 54.
    view = judged(days(25, *([141] * 14), *([260] * 10), *([63] * 73), 62, 54, 53), PREGNANCY_GOALS)
    table = rows(time_in_range(view))
    assert {name: [cells[0], cells[2]] for name, cells in table.items() if name != "Band, mg/dL"} == {
        "Very high >250": ["10 %", ""],
        "High 141–250": ["14 %", ""],
        "High and very high >140": ["24 %", "<25 % met"],
        "In target 63–140": ["73 %", ">70 % met"],
        "Low and very low <63": ["3.0 %", "<4 % met"],
        "Low 54–62": ["2.0 %", ""],
        "Very low <54": ["1.0 %", "<1 % missed"],
    }
    told = words(time_in_range(view))
    assert "pregnancy with type 1 diabetes (Battelino 2019), on limited evidence." in told
    assert "For type 2 and gestational diabetes the limits are the same, but no percentages are agreed." in told


def test_limits_in_pregnancy_part_the_bands_in_mmol_too() -> None:
    table = rows(time_in_range(judged(days(15, *S10), PREGNANCY_GOALS, unit=Unit.MMOL_L)))
    assert [name for name in table if name != "Band, mmol/L"] == [
        "Very high >13.9",
        "High >7.8–13.9",
        "High and very high >7.8",
        "In target 3.5–7.8",
        "Low and very low <3.5",
        "Low 3.0–3.4",
        "Very low <3.0",
    ]


def test_own_goals_are_judged_and_told_to_be_one_s_own() -> None:
    # Of 100 readings: 61 from 80 to 160, 2 below 80, 37 above 160.
    view = judged(days(25, *([161] * 37), *([80] * 61), 79, 54), OWN_GOALS)
    assert goal_cells(view) == {"In target 80–160": ">60 % met", "Low and very low <80": "<2 % missed"}
    told = words(time_in_range(view))
    assert "Your own goals and limits, not those of a consensus." in told
    assert "Battelino" not in told


def test_limits_without_goals_judge_nothing_and_say_so() -> None:
    for view in (judged(days(5, *S10), NO_GOALS), statistics_view(days(5, *S10), targets=NO_GOALS.targets)):
        assert goal_cells(view) == {}
        told = words(time_in_range(view))
        assert "Your own limits. No goals are set for them." in told
        assert "Goals are judged" not in told
        assert "Battelino" not in told


@pytest.mark.parametrize("goals", [*CONSENSUS.values(), OWN_GOALS], ids=str)
def test_short_ranges_judge_by_no_set(goals: Goals) -> None:
    view = judged(days(5, *S10), goals, "7d")
    shown = goal_cells(view)
    assert len(shown) == len(goals.by_bands)
    assert not any("met" in cell or "missed" in cell for cell in shown.values())
    assert "Goals are judged over 14 days or more" in words(time_in_range(view))


def test_goals_of_other_limits_than_the_times_were_counted_by_are_refused() -> None:
    with pytest.raises(ValueError, match="other limits"):
        statistics_view(days(1, *S10), goals=PREGNANCY_GOALS)


@pytest.mark.parametrize("name", ["12h", "7d"])
def test_short_ranges_show_goals_without_judging(name: str) -> None:
    card = time_in_range(statistics_view(days(5, *S10), name))
    assert rows(card)["In target 70–180"][2] == ">70 %"
    assert "Goals are judged over 14 days or more" in words(card)


def test_thin_coverage_is_not_judged_either() -> None:
    view = statistics_view(days(5, *S10), "14d")
    assert not view.coverage.sufficient
    assert rows(time_in_range(view))["In target 70–180"][2] == ">70 %"


def test_the_bar_shows_numbers_only_where_they_fit() -> None:
    bar = tir_bar(statistics_view(days(15, *([100] * 18), 190, 60)))
    assert by_id(bar, ids.TIR_BAR) is bar
    assert [words(part) for part in bar.children] == ["", "90 %", ""]
    assert "Low 5.0 %" in attribute(bar, "aria-label")
    assert [part.className for part in bar.children] == ["b-low", "b-target", "b-high"]
    on_a_phone_it_would_be_cut_off = tir_bar(statistics_view(days(15, *([100] * 17), 190, 190)))
    assert [words(part) for part in on_a_phone_it_would_be_cut_off.children] == ["89 %", ""]


def test_rounded_shares_that_do_not_add_up_are_explained() -> None:
    assert "may not add to 100" in words(time_in_range(statistics_view(days(15, 100, 190, 260))))
    assert "may not add to 100" not in words(time_in_range(statistics_view(days(15, *S10))))


def test_no_reading_is_a_dash_everywhere_and_no_zero() -> None:
    card = time_in_range(statistics_view(Series.every(60, [])))
    assert all(cells[:2] == ["–", "–"] for name, cells in rows(card).items() if name != "Band, mg/dL")
    assert "No readings in this time" in words(card)
    tiles = by_class(figures(statistics_view(Series.every(60, []))), "n")
    assert [" ".join(words(tile).split()) for tile in tiles] == ["– %", "– %", "0 %"]


def test_every_figure_stands_with_its_unit() -> None:
    tiles = by_class(figures(statistics_view(days(15, *S10))), "n")
    assert [" ".join(words(tile).split()) for tile in tiles] == ["6.6 %", "54 %", "100 %"]


def test_too_few_days_grey_gmi_and_cv_and_say_why() -> None:
    card = figures(statistics_view(days(5, *S10), "7d"))
    weak = by_class(card, "weak")
    assert [attribute(tile, "data-figure") for tile in weak] == ["gmi", "cv"]
    assert all("Needs 14 days; these dates hold 7." in words(tile) for tile in weak)
    assert "6.6" in words(weak[0])


def test_ranges_in_hours_are_told_in_hours() -> None:
    card = figures(statistics_view(days(1, *S10), "12h"))
    assert all("Needs 14 days; this is 12 hours." in words(tile) for tile in by_class(card, "weak"))
    assert len(by_class(card, "weak")) == 2
    assert "Rests on 288 readings over 12 hours." in words(card)


def test_thin_coverage_greys_them_too_and_warns_beside_the_coverage() -> None:
    card = figures(statistics_view(days(5, *S10), "14d"))
    assert "Needs 70 % coverage; this is 37 %." in words(card)
    assert "Below 70 %: figures may be off." in words(card)


def test_enough_is_not_greyed() -> None:
    assert not by_class(figures(statistics_view(days(15, *S10))), "weak")


def test_the_stable_limit_of_the_cv_is_36() -> None:
    view = statistics_view(days(15, *S10))
    for cv, words_ in ((36.0, "Stable, up to 36 %"), (36.1, "Unstable, above 36 %")):
        assert words_ in words(figures(dataclasses.replace(view, level=dataclasses.replace(view.level, cv=cv))))


@pytest.mark.parametrize(
    ("figure", "parts"),
    [
        ("gmi", ("HbA1c", "goal", "Bergenstal 2018")),
        ("cv", ("how much glucose swings", "Up to 36 %", "Danne 2017")),
        ("coverage", ("the readings cover", "Goal: 70 %", "Battelino 2019")),
    ],
)
def test_every_tile_tells_what_it_is_its_goal_its_source_and_its_data(figure: str, parts: tuple[str, ...]) -> None:
    card = figures(statistics_view(days(15, *S10)))
    (tile,) = [t for t in by_class(card, "stat") if attribute(t, "data-figure") == figure]
    told = words(by_class(tile, "pop"))
    assert all(part in told for part in parts), told
    assert "Rests on 4\u202f320 readings over 14 days." in told
    assert words(tile).count("Rests on") == 1


def test_gmi_is_greyed_in_pregnancy_with_the_reason() -> None:
    tile = tile_of("gmi", judged(days(15, *S10), PREGNANCY_GOALS))
    assert "weak" in tile.className.split()
    told = words(tile)
    assert "Does not stand in for HbA1c in pregnancy." in told
    assert "In pregnancy it does not stand in for HbA1c (Meek 2025)." in told
    assert "goal is the one agreed" not in told
    other = tile_of("gmi", judged(days(15, *S10), HIGH_RISK_GOALS))
    assert "pregnancy" not in words(other)
    assert "weak" not in other.className.split()


@pytest.mark.parametrize(("cv", "shown"), [(36.0, "36 %"), (36.3, "36.3 %"), (35.7, "35.7 %"), (40.2, "40 %")])
def test_a_cv_never_looks_like_the_limit_it_is_not(cv: float, shown: str) -> None:
    view = statistics_view(days(15, *S10))
    view = dataclasses.replace(view, level=dataclasses.replace(view.level, cv=cv))
    assert shown in " ".join(words(tile_of("cv", view)).split())


def test_coverage_just_short_of_what_is_asked_for_does_not_look_enough() -> None:
    view = statistics_view(days(15, *S10))
    view = dataclasses.replace(view, coverage=dataclasses.replace(view.coverage, percent=69.6))
    assert "69.6 %" in " ".join(words(tile_of("coverage", view)).split())
    assert "Needs 70 % coverage; this is 69.6 %." in words(tile_of("gmi", view))


def test_the_cv_is_held_to_the_limit_of_the_set() -> None:
    view = judged(days(15, *S10), dataclasses.replace(ADULT_GOALS, cv_percent=60))
    told = words(tile_of("cv", view))
    assert "Stable, up to 60 %" in told
    assert "Up to 60 % counts as stable" in told


def test_the_source_of_the_goals_stands_below_them() -> None:
    assert "(Battelino 2019)" in words(time_in_range(statistics_view(days(15, *S10))))
