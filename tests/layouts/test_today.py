"""Today beside the days before: whose shares, over which time, judged over which days; and the four figures."""

import dataclasses
from datetime import date

import pytest

from cgm_dash.reading import Flag
from cgm_dash.series import Series
from cgm_dash.units import Unit
from cgm_dash.zones import midnight
from layouts import ids
from layouts.today import figures, time_in_range
from tests.layouts.rendered import BERLIN, NOW, attribute, by_class, by_id, today_view, walk, words

MIDNIGHT = midnight(BERLIN, date(2026, 11, 22))
TODAY = 872
"""Minutes since midnight, 14 h 32 min."""


def fortnight(before: int = 100, today: int = 200) -> Series:
    """Return fourteen days of one value and today's minutes of another, the last one a minute ago."""
    n = 14 * 1440
    return Series.every(60, [before] * n + [today] * TODAY, MIDNIGHT - 60 * n)


def rows(series: Series) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tr in (c for c in walk(time_in_range(today_view(series))) if type(c).__name__ == "Tr"):
        cells = [" ".join(words(cell).split()) for cell in tr.children]
        found[cells[0]] = cells[1:]
    return found


def told(node: object) -> str:
    return " ".join(words(node).split())


def test_each_row_has_today_its_time_the_days_before_and_their_goal() -> None:
    table = rows(fortnight())
    assert table["Band, mg/dL"] == ["Today", "of 14 h 32 min", "14 days", "Goal over 14 days"]
    assert table["High 181–250"] == ["100 %", "14 h 32", "0 %", ""]
    assert table["In target 70–180"] == ["0 %", "0 min", "100 %", ">70 % met"]
    assert table["High and very high >180"] == ["100 %", "14 h 32", "0 %", "<25 % met"]
    assert table["Very low <54"] == ["0 %", "0 min", "0 %", "<1 % met"]


def test_goals_are_judged_by_the_days_before_never_by_today() -> None:
    assert rows(fortnight(before=200, today=100))["In target 70–180"][-1] == ">70 % missed"


def test_both_bars_are_named_and_only_today_s_is_the_page_s_bar() -> None:
    card = time_in_range(today_view(fortnight()))
    bars = by_class(card, "tir")
    assert [attribute(bar, "id") for bar in bars] == [ids.TIR_BAR, None]
    assert "High 100 %" in attribute(bars[0], "aria-label")
    assert "In target 100 %" in attribute(bars[1], "aria-label")
    assert [told(p) for p in by_class(card, "bar-name")] == ["Today 0 % in target", "14 days before 100 % in target"]
    assert words(bars[1]) == ""  # too thin for numbers


def test_it_says_how_long_today_is_and_what_both_rest_on() -> None:
    text = told(time_in_range(today_view(fortnight())))
    assert "Today so far, 14 h 32 min, beside the 14 days before" in text
    assert "Readings cover 100 % of today and 100 % of the 14 days before." in text
    half = fortnight().between(MIDNIGHT - 7 * 86_400, NOW)
    text = told(time_in_range(today_view(half)))
    assert "100 % of today and 50 % of the 14 days before" in text
    assert "Goals are judged over 14 days or more with 70 % coverage." in text
    assert rows(half)["In target 70–180"][-1] == ">70 %"


def test_without_readings_there_are_dashes_and_no_zeros() -> None:
    nothing = Series.every(60, [])
    assert rows(nothing)["In target 70–180"] == ["–", "–", "–", ">70 %"]
    assert rows(nothing)["Band, mg/dL"][1] == "Time"
    tiles = [told(tile) for tile in by_class(figures(today_view(nothing)), "n")]
    assert tiles == ["– mg/dL", "– mg/dL", "– mg/dL", "0 %"]


def test_the_four_figures_stand_with_unit_time_and_the_days_before() -> None:
    series = fortnight(before=150, today=100)
    series.mg_dl[14 * 1440 + 275] = 48
    series.mg_dl[14 * 1440 + 575] = 260
    card = figures(today_view(series))
    assert [told(n) for n in by_class(card, "n")] == ["100 mg/dL", "48 mg/dL", "260 mg/dL", "100 %"]
    assert [told(f) for f in by_class(card, "f")] == ["14 days: 150", "at 04:35", "at 09:35", "no gaps"]
    other = figures(today_view(series, unit=Unit.MMOL_L))
    assert [told(n) for n in by_class(other, "n")][:3] == ["5.6 mmol/L", "2.7 mmol/L", "14.4 mmol/L"]
    assert told(by_class(other, "f")[0]) == "14 days: 8.3"


def test_every_figure_explains_itself_behind_a_button() -> None:
    for tile in by_class(figures(today_view(fortnight())), "stat"):
        (pop,) = by_class(tile, "pop")
        assert "Rests on 872 readings of today." in told(pop)


@pytest.mark.parametrize(
    ("gaps", "foot"), [(((0, 4200),), "one gap, 1 h 10 min"), (((0, 600), (900, 1500)), "2 gaps, 20 min")]
)
def test_gaps_are_counted_and_summed_up(gaps: tuple[tuple[int, int], ...], foot: str) -> None:
    card = figures(dataclasses.replace(today_view(fortnight()), gaps=gaps))
    assert told(by_class(card, "f")[3]) == foot


def test_thin_coverage_is_a_warning() -> None:
    thin = fortnight().between(MIDNIGHT + 6 * 3600, NOW)
    card = figures(today_view(thin))
    assert told(by_class(card, "n")[3]) == "59 %"
    assert [told(warning) for warning in by_class(card, "warn")] == ["one gap, 6 h"]


def test_lo_and_hi_are_words_with_the_bound_and_the_time() -> None:
    series = fortnight(today=100)
    series.mg_dl[-400:-390], series.flag[-400:-390] = 40, Flag.LO
    series.mg_dl[-300:-290], series.flag[-300:-290] = 400, Flag.HI
    card = figures(today_view(series))
    assert [told(n) for n in by_class(card, "n")][1:3] == ["LO", "HI"]
    feet = [told(f) for f in by_class(card, "f")][1:3]
    assert feet == ["under 40 mg/dL, at 07:52", "over 400 mg/dL, at 09:32"]


def test_the_bar_of_a_page_without_readings_says_so() -> None:
    card = time_in_range(today_view(Series.every(60, [])))
    today, before = by_class(card, "tir")
    assert by_id(card, ids.TIR_BAR) is today
    assert words(today) == "No readings in this time"
    assert words(before) == ""
    assert attribute(before, "aria-label") == "No readings in this time"
