"""The charts of Trends: gaps stay gaps, few days say so, labels keep apart, units change words alone."""

import base64
import itertools
import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.day_summary import NO_DAYS, DayTotals
from cgm_dash.goals import ADULT_GOALS, PREGNANCY_GOALS
from cgm_dash.metrics.periods import Length, Periods, periods
from cgm_dash.metrics.profile import Profile
from cgm_dash.metrics.ranges import PREGNANCY
from cgm_dash.series import Series
from cgm_dash.units import ADULT, Band, Targets, Unit
from cgm_dash.zones import midnight
from layouts import tokens
from layouts.figures import distribution, hours, profile, series, typical
from layouts.figures.typical import Look

UTC = ZoneInfo("UTC")
T0 = midnight(UTC, date(2026, 11, 2))
DAY_S = 86_400


def a_profile(days: int = 14, gap: slice = slice(0, 0), few: slice = slice(0, 0)) -> Profile:
    """Return a profile of values that rise through the day; *gap*: bins without readings; *few*: with three days."""
    middle = np.linspace(100, 160, 96)
    curves = np.stack([middle + shift for shift in (-40, -15, 0, 20, 60)])
    count = np.full(96, days)
    curves[:, gap] = np.nan
    count[gap], count[few] = 0, 3
    return Profile(curves, count, days)


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any]
    (found,) = [t for t in figure["data"] if t["name"] == name]
    return found


def names(figure: dict[str, Any]) -> list[str]:
    return [t["name"] for t in figure["data"]]


def numbers(told: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(told["bdata"]), f"<{told['dtype']}")


def cards(figure: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(figure["layout"]["meta"]["cards"])
    return found


# --- profile


def test_whole_profile_is_two_bands_and_a_median_that_meet_at_midnight() -> None:
    figure = profile.figure_of(a_profile(), Look())
    assert names(figure) == ["outer", "inner", "median"]
    median = trace(figure, "median")
    x, y = numbers(median["x"]), numbers(median["y"])
    assert (x[0], x[-1], len(x)) == (0, 1440, 98)
    assert y[0] == y[-1]
    assert median["line"]["dash"] == "solid"
    assert figure["layout"]["yaxis"]["range"] == [40, 350]


def test_bins_without_readings_break_line_and_bands_and_are_hatched() -> None:
    figure = profile.figure_of(a_profile(gap=slice(40, 48)), Look())
    assert names(figure) == ["outer", "inner", "gaps", "median"]
    assert np.isnan(numbers(trace(figure, "median")["y"])).sum() == 8
    for name in ("outer", "inner"):
        assert np.isnan(numbers(trace(figure, name)["x"])).sum() == 2  # two outlines
    assert numbers(trace(figure, "gaps")["x"])[[0, 2]].tolist() == [600, 720]
    assert len(cards(figure)) == 88


def test_few_days_have_a_dashed_median_and_no_bands() -> None:
    figure = profile.figure_of(a_profile(few=slice(10, 20)), Look())
    assert names(figure) == ["outer", "inner", "median", "median-few"]
    few = trace(figure, "median-few")
    assert few["line"]["dash"] == "5px,5px"
    assert np.isnan(numbers(trace(figure, "median")["y"])).sum() == 10
    assert (~np.isnan(numbers(few["y"]))).sum() == 12  # and the points beside them, so that the line goes on
    assert np.isnan(numbers(trace(figure, "outer")["x"])).sum() == 2
    assert "Too few days" in cards(figure)[10]["lines"][0]
    assert names(profile.figure_of(a_profile(days=4), Look())) == ["median-few"]


def test_the_axis_reaches_as_far_as_the_curves() -> None:
    high = a_profile()
    high = Profile(high.curves + 200, high.days, high.dates)
    figure = profile.figure_of(high, Look())
    assert np.nanmax(numbers(trace(figure, "outer")["y"])) > 410
    assert figure["layout"]["yaxis"]["range"] == [40, 450]
    assert figure["layout"]["yaxis"]["ticktext"] == ["250", "450"]  # no room for 54 beside 70
    assert "420" in cards(figure)[-1]["lines"][1]
    few = Profile(high.curves, np.full(96, 3), 3)  # the median alone, up to 360, is drawn
    assert profile.figure_of(few, Look())["layout"]["yaxis"]["range"] == [40, 400]


def test_names_of_curves_that_end_at_an_edge_stay_inside() -> None:
    flat = Profile(np.array([[40], [40], [120], [400], [400]]) + np.zeros(96), np.full(96, 9), 9)
    labels = profile.figure_of(flat, Look())["layout"]["annotations"][2:]
    places = [label["y"] for label in labels]
    assert [label["text"] for label in labels] == ["5 %", "25 %", "Median", "75 %", "95 %"]
    assert (places[0], places[4]) == (40, 400)  # what lies beyond the axis is not drawn at all
    assert places == sorted(places)


def test_labels_of_limits_close_to_each_other_make_room() -> None:
    look = Look(targets=Targets(60, 65, 180, 185))
    assert profile.figure_of(a_profile(), look)["layout"]["yaxis"]["ticktext"] == ["350"]


def test_mmol_changes_words_and_nothing_else() -> None:
    one, other = (profile.figure_of(a_profile(), Look(unit=unit)) for unit in Unit)
    assert [t["y"] for t in one["data"]] == [t["y"] for t in other["data"]]
    assert other["layout"]["yaxis"]["ticktext"] == ["3.0", "13.9", "19.4"]
    assert cards(other)[20]["value"] == "6.3"
    assert "mmol/L" in cards(other)[20]["lines"][0]


def test_pregnancy_limits_move_the_zone() -> None:
    figure = profile.figure_of(a_profile(), Look(targets=PREGNANCY))
    zone = figure["layout"]["shapes"][0]
    assert (zone["y0"], zone["y1"]) == (63, 140)
    assert [a["text"] for a in figure["layout"]["annotations"][:2]] == ["63", "140"]


@pytest.mark.parametrize("spread", [1, 8, 40])
def test_labels_at_the_right_end_stand_apart(spread: int) -> None:
    curves = np.stack([np.full(96, 120.0 + spread * k) for k in range(-2, 3)])
    figure = profile.figure_of(Profile(curves, np.full(96, 14), 14), Look())
    labels = figure["layout"]["annotations"][2:]
    assert [label["text"] for label in labels] == ["5 %", "25 %", "Median", "75 %", "95 %"]
    per_px = (350 - 40) / (356 - 16 - 28)
    assert (np.diff([label["y"] for label in labels]) / per_px >= 12.99).all()
    assert len(profile.figure_of(Profile(curves, np.full(96, 14), 14), Look(phone=True))["layout"]["annotations"]) == 2


@given(st.lists(st.floats(0, 400), max_size=8), st.floats(0.1, 30))
def test_values_moved_apart_keep_their_order_and_their_middle(values: list[float], least: float) -> None:
    moved = typical.apart(sorted(values), least)
    assert (np.diff(moved) >= least - 1e-6).all()
    assert sum(moved) == pytest.approx(sum(values), abs=1e-6)


def test_profile_without_readings_is_hatched_whole_and_says_so() -> None:
    nothing = Profile(np.full((5, 96), np.nan), np.zeros(96, np.int64), 0)
    figure = profile.figure_of(nothing, Look())
    assert names(figure) == ["gaps"]
    assert cards(figure) == []
    assert profile.alt_text(nothing, Unit.MG_DL) == "Glucose profile: no readings."


def test_sentence_tells_lowest_highest_and_where_days_differ() -> None:
    words = profile.alt_text(a_profile(), Unit.MG_DL)
    assert words.startswith("Glucose profile of 14 days. The median is lowest at 00:00 with 100 mg/dL")
    assert "highest at 23:45 with 160 mg/dL" in words
    assert "Days differ most at" in words


# --- hours


def some_hours() -> np.ndarray:
    seconds = np.zeros((5, 24), np.int64)
    seconds[Band.TARGET] = 3600
    seconds[:, 5] = (36, 324, 2880, 180, 180)
    seconds[:, 7] = 0
    return seconds


def test_hours_are_stacked_from_very_low_up_and_fill_the_whole() -> None:
    figure = hours.figure_of(some_hours(), Look())
    assert names(figure) == ["vlow", "low", "target", "high", "vhigh", "gaps"]
    assert sum(numbers(t["y"])[5] for t in figure["data"][:5]) == pytest.approx(100)
    assert numbers(trace(figure, "gaps")["x"])[[0, 2]].tolist() == [420, 480]
    assert len(cards(figure)) == 23
    card = cards(figure)[5]
    assert (card["title"], card["value"], card["beside"]) == ("05:00–06:00", "80 %", "in target")
    assert card["lines"] == ["Very high: 5 %", "High: 5 %", "Low: 9 %", "Very low: 1 %"]
    assert "pattern" in trace(figure, "low")["marker"]
    assert "pattern" not in trace(figure, "target")["marker"]


def test_hours_stand_on_the_profile_s_axis() -> None:
    for phone in (False, True):
        look = Look(phone=phone)
        above, below = profile.figure_of(a_profile(), look), hours.figure_of(some_hours(), look)
        for side in ("l", "r"):
            assert above["layout"]["margin"][side] == below["layout"]["margin"][side]
        assert above["layout"]["xaxis"]["range"] == below["layout"]["xaxis"]["range"]


def test_sentence_of_hours() -> None:
    words = hours.alt_text(some_hours())
    assert "least from 05:00–06:00 with 80 %" in words
    assert "Most time below target from 05:00–06:00 with 10.0 %" in words
    assert "no readings" in hours.alt_text(np.zeros((5, 24), np.int64))


# --- distribution


def test_bars_never_cross_a_limit_and_add_up() -> None:
    by_value = np.zeros(601, np.int64)
    by_value[[53, 54, 69, 70, 180, 181, 250, 251]] = 300
    for targets in (ADULT, PREGNANCY):
        bars = distribution.bars_of(by_value, targets)
        assert all(targets.band(bar.low) == targets.band(bar.high - 1) == bar.band for bar in bars)
        assert all(a.high == b.low for a, b in itertools.pairwise(bars))
        assert sum(bar.share for bar in bars) == pytest.approx(100)
        assert min(bar.high - bar.low for bar in bars) >= 3
    edges = [bar.low for bar in distribution.bars_of(by_value, ADULT)]
    assert {54, 70, 181, 251} <= set(edges)
    assert not {180, 250} & set(edges)


def test_area_of_a_bar_is_its_share() -> None:
    by_value = np.zeros(601, np.int64)
    by_value[50:60] = 60
    figure = distribution.figure_of(by_value, Look())
    heights = numbers(trace(figure, "share")["y"])
    assert heights[1] == pytest.approx(heights[2])  # 50 to 53 and 54 to 59: equally dense
    assert [c["value"] for c in cards(figure)[1:3]] == ["40.0 %", "60.0 %"]
    assert figure["data"][0]["marker"]["color"][1] == tokens.LIGHT["b-vlow"]
    assert distribution.figure_of(np.zeros(601, np.int64), Look())["data"] == []
    assert "no readings" in distribution.alt_text(np.zeros(601, np.int64), Unit.MG_DL)


# --- weeks and months


def of_weeks(minutes_a_day: tuple[int, ...], length: Length = "week") -> Periods:
    """Return the periods of days of which each has so many minutes of readings from midnight on."""
    parts = []
    for i, n in enumerate(minutes_a_day):
        if n:
            day = Series.every(60, [100 + i] * n, T0 + DAY_S * i)
            number = np.array([T0 // DAY_S + i])
            parts.append(DayTotals.of(day, number, np.array([[T0 + DAY_S * i], [T0 + DAY_S * (i + 1)]])))
    end = T0 + DAY_S * len(minutes_a_day)
    return periods(DayTotals.joined(parts), length, UTC, T0, end, ADULT)


def chart(name: str, found: Periods, **look: Any) -> dict[str, Any]:
    metric = series.metrics_of(found, ADULT_GOALS, look.get("unit", Unit.MG_DL))[name]
    return series.figure_of(metric, found, Look(**look), series.labels_of(found))


def test_points_are_hollow_where_too_little_is_covered_and_missing_where_nothing_is() -> None:
    found = of_weeks((1440,) * 7 + (600,) * 7 + (0,) * 7 + (1440,) * 3)
    figure = chart("mean", found)
    points = trace(figure, "points")
    surface, ink = tokens.LIGHT["surface"], tokens.LIGHT["profile"]
    assert points["marker"]["color"] == [ink, surface, surface, ink]
    assert np.isnan(numbers(points["y"])).tolist() == [False, False, True, False]
    assert numbers(points["marker"]["size"]).tolist() == [6, 6, 6, 9]
    told = cards(figure)
    assert [c["x"] for c in told] == [0, 1, 3]
    assert told[1]["lines"] == ["42 % covered by readings"]
    assert told[2]["lines"] == ["100 % covered by readings", "Part of the week"]
    assert told[0]["title"] == "2 Nov – 8 Nov 2026"


def test_what_is_short_of_a_goal_never_looks_like_it() -> None:
    found = series.metrics_of(of_weeks((1440,) * 7), ADULT_GOALS, Unit.MG_DL)
    written = [
        found[name].write(value) for name, value in (("tir", 69.7), ("below", 3.97), ("cv", 36.3), ("coverage", 69.7))
    ]
    assert written == ["69.7", "3.97", "36.3", "69.7"]
    assert found["very-low"].label == "Time below 54 mg/dL"


def test_goal_side_is_shaded_where_there_is_a_goal() -> None:
    found = of_weeks((1440,) * 14)
    tir, below, mean = (chart(name, found)["layout"] for name in ("tir", "below", "mean"))
    assert tir["shapes"][0]["y0"] == 70
    assert tir["shapes"][0]["y1"] == tir["yaxis"]["range"][1]
    assert below["shapes"][0]["y1"] == 4
    assert below["shapes"][0]["y0"] == below["yaxis"]["range"][0]
    assert mean["shapes"] == []
    assert "Time above 140" in series.metrics_of(found, PREGNANCY_GOALS, Unit.MG_DL)["above"].label
    assert series.metrics_of(found, PREGNANCY_GOALS, Unit.MG_DL)["very-high"].goal is None


@pytest.mark.parametrize("name", series.NAMES)
def test_axes_hold_every_value_and_no_share_beyond_its_bounds(name: str) -> None:
    for days in ((1440,) * 20, (0,) * 6 + (900,), (1440,) * 6 + (3,)):
        figure = chart(name, of_weeks(days))
        low, high = figure["layout"]["yaxis"]["range"]
        y = numbers(trace(figure, "points")["y"])
        y = y[~np.isnan(y)]
        assert low < high
        assert (y >= low).all()
        assert (y <= high).all()
        if name != "mean":
            assert low > -20
            assert high < 120


def test_months_are_named_and_nothing_is_nothing() -> None:
    figure = chart("cv", of_weeks((1440,) * 40, "month"))
    assert [a["text"] for a in figure["layout"]["annotations"]][1:] == ["Nov 2026", "Dec 2026"]
    assert cards(figure)[-1]["lines"][-1] == "Part of the month"
    nothing = periods(NO_DAYS, "week", UTC, T0, T0 + DAY_S, ADULT)
    metric = series.metrics_of(nothing, ADULT_GOALS, Unit.MG_DL)["tir"]
    assert series.newest(metric, nothing) == "–"
    assert series.alt_text(metric, nothing) == "Time in target: no readings."


def test_sentence_of_a_series() -> None:
    found = of_weeks((1440,) * 14)
    metric = series.metrics_of(found, ADULT_GOALS, Unit.MMOL_L)["mean"]
    words = series.alt_text(metric, found)
    assert words.startswith("Mean glucose: lowest 5.7 mmol/L (2 Nov – 8 Nov 2026), highest 6.1 mmol/L")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_only_kinds_of_traces_that_the_small_bundle_has(theme: str) -> None:
    look = Look(theme=theme)
    by_value = np.zeros(601, np.int64)
    by_value[100] = 60
    figures = [
        profile.figure_of(a_profile(gap=slice(3, 9)), look),
        hours.figure_of(some_hours(), look),
        distribution.figure_of(by_value, look),
        chart("tir", of_weeks((1440,) * 9), theme=theme),
    ]
    assert {t["type"] for figure in figures for t in figure["data"]} == {"scatter", "bar"}
