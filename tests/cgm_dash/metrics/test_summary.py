"""The whole table: its names, what must hold for any readings, and what poor ones give."""

import json
import math
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm_dash.batch import Columns
from cgm_dash.metrics.histogram import Weighting
from cgm_dash.metrics.summary import RESEARCH, all_metrics
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.units import Targets, mmol_l
from cgm_dash.window import Window

S10 = [53, 54, 69, 70, 110, 140, 180, 181, 250, 251]
DAY_S = 86_400
BERLIN = ZoneInfo("Europe/Berlin")

PROMISED = """
definition person zone weighting from to n seconds_covered active_percent days sufficient
mean_mg_dl median_mg_dl sd_mg_dl cv_percent gmi_percent gmi_mmol_mol ea1c_percent
tbr2_percent tbr1_percent tbr_percent tir_percent titr_percent tar1_percent tar_percent tar2_percent
gri gri_hypo_component gri_hyper_component gri_zone lbgi hbgi bgri
mage_avg_mg_dl mage_service_mg_dl conga1_mg_dl conga2_mg_dl conga4_mg_dl conga24_mg_dl modd_mg_dl
mag_mg_dl_per_h gvp_percent j_index sd_within_day_mg_dl sd_between_daily_means_mg_dl roc_sd_mg_dl_per_min
p5_mg_dl p25_mg_dl p75_mg_dl p95_mg_dl episodes
"""

OF_TIME = """
mean_mg_dl median_mg_dl p5_mg_dl p25_mg_dl p75_mg_dl p95_mg_dl gmi_percent gri lbgi hbgi tbr2_percent tbr1_percent
tir_percent titr_percent tar1_percent tar2_percent seconds_covered
"""


def whole(series: Series, weighting: Weighting = "time", **options: Any) -> dict[str, Any]:
    start, end = int(series.ts[0]), int(series.ts[-1] + series.period_s[-1])
    window = Window("", start, end, math.ceil((end - start) / DAY_S))
    return all_metrics(series, window, UTC, weighting=weighting, **options)


def series_of(rows: list[tuple[int, int]], period_s: int = 300) -> Series:
    return merge([Columns.of([Reading(ts, g, Kind.HISTORY, period_s=period_s) for ts, g in rows])])


def test_every_promised_name_is_there_and_json_takes_it() -> None:
    found = whole(Series.every(300, S10 * 300))
    assert [name for name in PROMISED.split() if name not in found] == []
    assert found["definition"] == "metrics/1"
    assert " ".join(found["episodes"]) == "low_1 low_2 low_1_only low_extended high_1 high_2 high_extended"
    for events in found["episodes"].values():
        assert list(events) == ["count", "per_week", "mean_minutes", "total_minutes"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_ten_known_values_counted() -> None:
    found = whole(Series.every(300, S10), "count")
    expected = {
        "mean_mg_dl": 135.8,
        "median_mg_dl": 125,
        "sd_mg_dl": 76.97878496,
        "cv_percent": 56.68540866,
        "gmi_percent": 6.558336,
        "ea1c_percent": 6.358885,
        "ugmi_percent": 6.426425,
        "tbr2_percent": 10,
        "tbr1_percent": 20,
        "tbr_percent": 30,
        "tir_percent": 40,
        "titr_percent": 30,
        "tar1_percent": 20,
        "tar_percent": 30,
        "tar2_percent": 10,
        "pregnancy_tbr_percent": 20,
        "pregnancy_tir_percent": 40,
        "pregnancy_tar_percent": 40,
        "gri": 100,
        "gri_hypo_component": 26,
        "gri_hyper_component": 20,
        "lbgi": 5.38708972,
        "hbgi": 6.24064839,
        "bgri": 11.62773811,
        "mag_mg_dl_per_h": 264,
        "gvp_percent": 380.9439527,
        "gvi": 4.809439527,
        "roc_sd_mg_dl_per_min": 2.13808994,
        "auc_mean_mg_dl": 134,
        "iqr_mg_dl": 111.5,
        "mad_mg_dl": 83.0256,
        "j_index": 45.27481133,
        "m_value": 18.99254826,
        "grade": 9.63646126,
        "igc_80_140": 6.99019755,
        "cogi": 25.1702025,
        "p5_mg_dl": 53.45,
        "p25_mg_dl": 69.25,
        "p75_mg_dl": 180.75,
        "p95_mg_dl": 250.55,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=5e-7)
    assert found["max_mg_dl"] - found["min_mg_dl"] == 198


def test_pgs_is_made_of_lows_that_last() -> None:
    quiet = whole(Series.every(300, [120] * 2016))
    low = whole(Series.every(300, [120] * 1000 + [60] * 4 + [120] * 1012))
    brief = whole(Series.every(300, [120] * 1000 + [60] * 3 + [120] * 1013))
    assert low["pgs"] - quiet["pgs"] > 0.5
    assert brief["pgs"] - quiet["pgs"] < 0.1
    assert brief["episodes"]["low_1"]["count"] == 1


def test_the_risk_range_must_be_asked_for() -> None:
    series = Series.every(43_200, [60, 150, 100, 300])
    assert "adrr" not in whole(series)
    assert whole(series, adrr=True)["adrr"] == pytest.approx(25.44514747, abs=1e-8)
    assert "adrr" in RESEARCH


def test_research_indices_are_named() -> None:
    found = whole(Series.every(300, S10))
    assert found["research"] == [name for name in RESEARCH if name != "adrr"]


def test_a_window_takes_only_its_own_readings() -> None:
    series = Series.every(300, [100] * 288 + [200] * 288)
    found = all_metrics(series, Window("", DAY_S, 2 * DAY_S, 1), UTC)
    assert (found["n"], found["mean_mg_dl"], found["active_percent"], found["days"]) == (288, 200, 100, 1)
    assert (found["from"], found["to"]) == ("1970-01-02T00:00:00+00:00", "1970-01-03T00:00:00+00:00")


def test_half_a_fortnight_is_fifty_percent_and_not_enough() -> None:
    window = Window("14d", 0, 14 * DAY_S, 14)
    half = all_metrics(Series.every(300, [100] * 2016), window, UTC)
    assert (half["active_percent"], half["days"], half["sufficient"]) == (50, 7, False)
    assert all_metrics(Series.every(300, [100] * 4032), window, UTC)["sufficient"]


def test_days_of_little_coverage_are_left_out_unless_told() -> None:
    series = Series.every(300, [100] * 288 + [110, 130] * 144 + [300, 310] * 72)
    window = Window("", 0, 3 * DAY_S, 3)
    strict = all_metrics(series, window, UTC)
    assert strict["days_used"] == 2
    assert strict["sd_between_daily_means_mg_dl"] == pytest.approx(np.std([100, 120], ddof=1))
    loose = all_metrics(series, window, UTC, min_day_coverage=0)
    assert loose["days_used"] == 3
    assert loose["sd_between_daily_means_mg_dl"] == pytest.approx(np.std([100, 120, 305], ddof=1))


def test_limits_of_ones_own_move_only_the_ranges() -> None:
    own = whole(Series.every(300, S10), targets=Targets(54, 63, 140, 250))
    usual = whole(Series.every(300, S10))
    assert (own["tir_percent"], own["limits_mg_dl"]) == (40, [54, 63, 140, 250])
    assert own["tbr_percent"] == 20
    assert [own[name] for name in ("gri", "cogi", "titr_percent")] == [
        usual[name] for name in ("gri", "cogi", "titr_percent")
    ]


@pytest.mark.parametrize("start", [1_774_652_400, 1_792_792_800])  # the days before both clock changes in Berlin
def test_a_clock_change_loses_and_invents_nothing(start: int) -> None:
    series = Series.every(300, [110] * 864, start)
    found = all_metrics(series, Window("", start, start + 3 * DAY_S, 3), BERLIN)
    assert (found["tir_percent"], found["active_percent"], found["modd_mg_dl"]) == (100, 100, 0)
    assert found["episodes"]["low_1"]["per_week"] == 0


def test_nothing_at_all_is_null_everywhere() -> None:
    found = all_metrics(EMPTY, Window("", 0, DAY_S, 1), UTC)
    known = {name for name, value in found.items() if value is not None}
    frame = {"definition", "zone", "weighting", "min_day_coverage_percent", "from", "to", "n", "seconds_covered"}
    frame |= {"active_percent", "days", "window_days", "days_used", "sufficient", "sufficient_for_lows"}
    assert known == frame | {"limits_mg_dl", "episodes", "episode_starts", "profile", "research"}
    assert {e["per_week"] for e in found["episodes"].values()} == {None}
    json.dumps(found, allow_nan=False)


def test_an_empty_window_is_no_error() -> None:
    found = all_metrics(Series.every(300, S10), Window("", 600, 600, 0), UTC)
    assert (found["n"], found["active_percent"], found["mean_mg_dl"]) == (0, None, None)


def test_one_reading_has_a_mean_and_no_spread() -> None:
    found = whole(Series.every(300, [100]))
    assert (found["n"], found["mean_mg_dl"], found["tir_percent"]) == (1, 100, 100)
    for name in ("sd_mg_dl", "cv_percent", "j_index", "cogi", "mag_mg_dl_per_h", "conga1_mg_dl", "pgs"):
        assert found[name] is None


def test_constant_glucose_has_no_swings() -> None:
    found = whole(Series.every(300, [112] * 600))
    assert (found["hbgi"], found["sd_mg_dl"], found["mage_avg_mg_dl"], found["gvp_percent"]) == (0, 0, None, 0)
    assert whole(Series.every(300, [113] * 600))["lbgi"] == 0


readings = st.lists(
    st.tuples(st.integers(0, 3 * 288), st.integers(20, 600)), min_size=1, max_size=80, unique_by=lambda row: row[0]
).map(lambda rows: [(300 * slot, g) for slot, g in rows])


@settings(deadline=None, max_examples=60)
@given(readings, st.sampled_from(["time", "count"]))
def test_what_holds_for_any_readings(rows: list[tuple[int, int]], weighting: Weighting) -> None:
    found = whole(series_of(rows), weighting)
    bands = ("tbr2_percent", "tbr1_percent", "tir_percent", "tar1_percent", "tar2_percent")
    assert sum(found[name] for name in bands) == pytest.approx(100)
    order = [found[f"{name}_mg_dl"] for name in ("min", "p5", "p25", "median", "p75", "p95", "max")]
    assert order == sorted(order)
    plain = 3 * found["gri_hypo_component"] + 1.6 * found["gri_hyper_component"]
    assert found["gri"] == pytest.approx(min(100, plain))
    assert 0 < found["active_percent"] <= 100
    json.dumps(found, allow_nan=False)


@settings(deadline=None, max_examples=30)
@given(readings, st.randoms(use_true_random=False))
def test_order_of_arrival_changes_nothing(rows: list[tuple[int, int]], chance: Any) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert whole(series_of(rows)) == whole(series_of(shuffled))


@settings(deadline=None, max_examples=30)
@given(readings)
def test_splitting_readings_in_two_changes_no_figure_of_time(rows: list[tuple[int, int]]) -> None:
    coarse = series_of([(2 * ts, g) for ts, g in rows], 600)
    fine = series_of([(2 * ts + late, g) for ts, g in rows for late in (0, 300)], 300)
    a, b = whole(coarse), whole(fine)
    assert [a[name] for name in OF_TIME.split()] == pytest.approx([b[name] for name in OF_TIME.split()])


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, 500), min_size=1, max_size=80), st.integers(40, 400))
def test_holes_in_constant_glucose_change_no_share(slots: set[int], g: int) -> None:
    found = whole(series_of([(300 * slot, g) for slot in slots]))
    full = whole(Series.every(300, [g] * 500))
    shares = [
        name for name in found if name.endswith("_percent") and name.split("_")[0] in ("tbr", "tir", "tar", "titr")
    ]
    assert [found[name] for name in shares] == [full[name] for name in shares]
    assert found["mage_avg_mg_dl"] is None


def test_mmol_with_one_decimal_comes_back_to_the_same_ranges() -> None:
    ten = S10[:-1]
    back = [round(float(mmol_l(g)) * 18) for g in ten]
    a, b = whole(Series.every(300, ten)), whole(Series.every(300, back))
    shares = [name for name in a if name.startswith(("tbr", "tir", "tar", "titr", "pregnancy"))]
    assert [a[name] for name in shares] == [b[name] for name in shares]
    assert round(float(mmol_l(251)) * 18) == 250  # why classes are told by the stored whole mg/dL
