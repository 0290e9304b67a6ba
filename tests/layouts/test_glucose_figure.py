"""The glucose chart: what is drawn, where, in which colour, and how much of it travels."""

import base64
import dataclasses
import json
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from cgm_dash import window
from cgm_dash.series import Series
from cgm_dash.units import Targets, Unit
from cgm_dash.usual import Placed, Usual
from cgm_dash.zones import midnight
from layouts import tokens
from layouts.figures import glucose
from layouts.views import chart_key
from tests.layouts.rendered import BERLIN, NOW, chart_view, minutes, without

BUDGET = 100_000
IN_BASIC_BUNDLE = {"scatter", "bar", "pie"}


def decoded(array: dict[str, str]) -> npt.NDArray[Any]:
    dtype = {"u4": "<u4", "f4": "<f4"}[array["dtype"]]
    return np.frombuffer(base64.b64decode(array["bdata"]), dtype)


def trace(figure: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((t for t in figure["data"] if t["name"] == name), None)


def line(figure: dict[str, Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    found = trace(figure, "glucose")
    assert found is not None
    return decoded(found["x"]), decoded(found["y"])


def wild(days: int) -> Series:
    """Return minutes that jump as much as glucose never does: the worst a figure can be asked to hold."""
    rng = np.random.default_rng(7)
    n = days * 1440
    series = Series.every(60, [100], int(NOW) - 60 * n)
    many = {f.name: np.resize(getattr(series, f.name), n) for f in dataclasses.fields(series)}
    many["ts"] = int(NOW) - 60 * np.arange(n, 0, -1, dtype=np.int64)
    many["mg_dl"] = rng.choice(np.array([40, 60, 100, 200, 300, 400], np.int16), n)
    return Series(**many)


def full_of_holes(series: Series) -> Series:
    return Series(*(getattr(series, f.name)[np.arange(len(series)) % 40 > 12] for f in dataclasses.fields(series)))


@pytest.mark.parametrize("name", [*window.HOURS, *window.DAYS])
@pytest.mark.parametrize("holes", [False, True])
def test_any_named_range_stays_below_its_weight(name: str, holes: bool) -> None:
    series = full_of_holes(wild(91)) if holes else wild(91)
    figure = glucose.figure_of(chart_view(series, name))
    assert len(json.dumps(figure)) <= BUDGET
    assert {t["type"] for t in figure["data"]} <= IN_BASIC_BUNDLE


def test_ten_years_of_minutes_stay_below_the_weight_zoomed_and_whole() -> None:
    series = wild(3650)
    part = window.dated(date(2016, 11, 25), date(2026, 11, 22), NOW, BERLIN)
    for visible in (None, (NOW - 90 * 86_400, NOW - 80 * 86_400)):
        figure = glucose.figure_of(chart_view(series, window=part, visible=visible))
        assert len(json.dumps(figure)) <= BUDGET
        x, y = line(figure)
        assert np.nanmin(y) == 40
        assert np.nanmax(y) == 400
        assert (np.diff(x.astype(np.int64)) >= 0).all()


def test_a_fortnight_of_flagged_readings_stays_below_the_weight() -> None:
    series = wild(15)
    series.flag[:] = np.where(series.mg_dl == 40, -1, np.where(series.mg_dl == 400, 1, 0))
    assert len(json.dumps(glucose.figure_of(chart_view(series, "14d")))) <= BUDGET


def test_few_readings_are_all_drawn_at_their_true_instants() -> None:
    series = minutes(100, 110, 120)
    x, y = line(glucose.figure_of(chart_view(series, "3h")))
    assert x.tolist() == series.ts.tolist()
    assert y.tolist() == [100, 110, 120]


def test_every_column_keeps_its_extremes() -> None:
    series = wild(14)
    view = chart_view(series, "14d")
    x, y = line(glucose.figure_of(view))
    part = series.between(view.window.start, NOW + 1)
    edges = np.linspace(view.window.start, view.window.end + 0.05 * view.window.seconds, glucose.COLUMNS + 1)
    for column in range(0, glucose.COLUMNS, 37):
        here = part.between(edges[column], edges[column + 1])
        drawn = y[(x >= edges[column]) & (x < edges[column + 1])]
        if len(here):
            assert np.nanmin(drawn) == here.mg_dl.min()
            assert np.nanmax(drawn) == here.mg_dl.max()


def test_a_zoom_shows_readings_the_whole_range_had_no_room_for() -> None:
    series = wild(30)
    zoom = (NOW - 86_400, NOW)
    whole = line(glucose.figure_of(chart_view(series, "30d")))[0]
    finer = line(glucose.figure_of(chart_view(series, "30d", visible=zoom)))[0]
    assert (finer >= zoom[0]).sum() > 10 * (whole >= zoom[0]).sum()
    assert finer.min() < zoom[0] - 20 * 86_400


# --- gaps


def test_a_gap_breaks_the_line_and_is_hatched_and_named() -> None:
    series = without(minutes(*([100] * 200)), 60, 130)
    figure = glucose.figure_of(chart_view(series, "3h"))
    _x, y = line(figure)
    assert np.isnan(y).sum() == 1
    gaps = trace(figure, "gaps")
    assert gaps is not None
    corners = decoded(gaps["x"])
    assert {int(series.ts[59]), int(series.ts[60])} <= set(corners.tolist())
    assert any(a["text"] == "no data<br>1 h 11 min" for a in figure["layout"]["annotations"])


def test_five_missing_minutes_are_no_gap_and_six_are() -> None:
    whole = minutes(*([100] * 60))
    assert not np.isnan(line(glucose.figure_of(chart_view(without(whole, 20, 24), "3h")))[1]).any()
    assert np.isnan(line(glucose.figure_of(chart_view(without(whole, 20, 25), "3h")))[1]).any()


def test_silence_until_now_is_hatched() -> None:
    figure = glucose.figure_of(chart_view(minutes(*([100] * 60), age_s=1620), "3h"))
    gaps = trace(figure, "gaps")
    assert gaps is not None
    assert decoded(gaps["x"]).max() == int(NOW)


def test_no_reading_at_all_says_so() -> None:
    figure = glucose.figure_of(chart_view(Series.every(60, []), "3h"))
    assert [a["text"] for a in figure["layout"]["annotations"] if "no data" in a["text"]] == ["no data"]
    assert trace(figure, "last") is None


# --- marks, bands, axes


def test_excursions_are_filled_beyond_their_limits_only() -> None:
    figure = glucose.figure_of(chart_view(minutes(100, 190, 260, 190, 100, 60, 50, 60, 100), "3h"))
    names = [t["name"] for t in figure["data"] if t["name"].startswith("fill")]
    assert names == ["fill-high", "fill-vhigh", "fill-low", "fill-vlow"]
    for name, low, high in (("high", 180, 260), ("vhigh", 250, 260), ("low", 50, 70), ("vlow", 50, 54)):
        y = decoded(trace(figure, f"fill-{name}")["y"])  # type: ignore[index]
        assert (np.nanmin(y), np.nanmax(y)) == (low, high)


def test_lo_is_a_mark_at_the_bound_and_not_part_of_the_line() -> None:
    series = minutes(60, 50, 40, flag=-1)
    figure = glucose.figure_of(chart_view(series, "3h"))
    assert np.isnan(line(figure)[1][-1])
    lo = trace(figure, "lo")
    assert lo is not None
    assert lo["marker"]["symbol"] == "triangle-down-open"
    assert decoded(lo["y"]).tolist() == [40]
    assert trace(figure, "last") is None
    assert any(a["text"] == "LO" for a in figure["layout"]["annotations"])


def test_hi_lifts_the_axis_above_its_bound() -> None:
    figure = glucose.figure_of(chart_view(minutes(300, 400, flag=1), "3h"))
    assert figure["layout"]["yaxis"]["range"] == [40, 420]


@pytest.mark.parametrize(
    ("highest", "top"),
    [(285, 300), (286, 350), (335, 350), (336, 400), (400, 400), (401, 520), (500, 520), (501, 620), (600, 620)],
)
def test_the_axis_grows_by_steps(highest: int, top: int) -> None:
    figure = glucose.figure_of(chart_view(minutes(100, highest), "3h"))
    assert figure["layout"]["yaxis"]["range"][1] == top


def test_the_axis_does_not_fall_short_of_what_was_shown_before() -> None:
    calm, high, low = minutes(100, 120), minutes(100, 340), minutes(100, 39)
    for series, before, after in (
        (calm, (40, 350), [40, 350]),
        (calm, (20, 300), [20, 300]),
        (high, (40, 350), [40, 400]),
        (low, (40, 350), [20, 350]),
    ):
        view = chart_view(series, "3h", at_least=before)
        assert glucose.figure_of(view)["layout"]["yaxis"]["range"] == after


@pytest.mark.parametrize(
    ("unit", "labels", "limits"),
    [(Unit.MG_DL, ["54", "250", "300"], {"70", "180"}), (Unit.MMOL_L, ["3.0", "13.9", "16.7"], {"3.9", "10.0"})],
)
def test_the_unit_changes_labels_only(unit: Unit, labels: list[str], limits: set[str]) -> None:
    figure = glucose.figure_of(chart_view(minutes(100, 120), "3h", unit=unit))
    assert figure["layout"]["yaxis"]["ticktext"] == labels
    assert limits <= {a["text"] for a in figure["layout"]["annotations"]}
    assert line(figure)[1].tolist() == [100, 120]


def test_own_limits_move_bands_and_labels() -> None:
    figure = glucose.figure_of(chart_view(minutes(100, 150), "3h", targets=Targets(54, 63, 140, 250)))
    band = figure["layout"]["shapes"][0]
    assert (band["y0"], band["y1"]) == (63, 140)
    assert trace(figure, "fill-high") is not None


def test_a_stale_dot_is_hollow_and_grey_without_halo() -> None:
    fresh = glucose.figure_of(chart_view(minutes(100, 120), "3h"))
    stale = glucose.figure_of(chart_view(minutes(100, 120, age_s=900), "3h"))
    assert trace(fresh, "last")["marker"]["color"] == tokens.LIGHT["b-target-edge"]  # type: ignore[index]
    assert trace(fresh, "halo") is not None
    assert trace(stale, "last")["marker"]["color"] == tokens.LIGHT["surface"]  # type: ignore[index]
    assert trace(stale, "halo") is None


def test_dark_uses_the_dark_set_throughout() -> None:
    text = json.dumps(glucose.figure_of(chart_view(minutes(60, 100, 200), "3h", theme="dark")))
    for name in ("ink", "ink-3", "b-target-edge", "line-strong"):
        assert tokens.DARK[name] in text
        assert tokens.LIGHT[name] not in text


def test_a_past_day_has_no_now() -> None:
    day = window.dated(date(2026, 11, 20), date(2026, 11, 20), NOW, BERLIN)
    figure = glucose.figure_of(chart_view(minutes(*([100] * 5000)), window=day))
    assert trace(figure, "last") is None
    assert len(figure["layout"]["shapes"]) == 5
    assert figure["layout"]["xaxis"]["range"] == [day.start, day.end]


def test_a_reading_ahead_of_now_is_not_drawn() -> None:
    x, _y = line(glucose.figure_of(chart_view(minutes(100, 110, 120, age_s=-60), "3h")))
    assert x.max() <= NOW


# --- what is usual


def usual_band(name: str = "12h", thin: slice = slice(0, 0), top: float = 200.0) -> Placed:
    """Return a band of 60, 80 to 120 and *top* over a named range; quarter hours *thin* have none."""
    curves = np.repeat(np.array([[60.0], [80.0], [100.0], [120.0], [top]]), 96, axis=1)
    curves[:, thin] = np.nan
    part = window.named(name, NOW, BERLIN)
    return Usual(curves, 14).placed(BERLIN, part.start, part.end + 0.05 * part.seconds)


def test_the_usual_band_lies_under_gaps_and_line_and_reaches_to_the_right_edge() -> None:
    series = without(minutes(*([100] * 200)), 60, 130)
    figure = glucose.figure_of(chart_view(series, usual=usual_band()))
    names = [t["name"] for t in figure["data"]]
    assert names[:3] == ["usual-outer", "usual-inner", "gaps"]
    assert names.index("glucose") > 2
    outer, inner = (decoded(figure["data"][i]["y"]) for i in (0, 1))
    assert (np.nanmin(outer), np.nanmax(outer)) == (60, 200)
    assert (np.nanmin(inner), np.nanmax(inner)) == (80, 120)
    x = decoded(figure["data"][0]["x"])
    a, b = figure["layout"]["xaxis"]["range"]
    assert x.min() <= a
    assert x.max() >= b


def test_an_outline_runs_along_the_upper_edge_and_back_along_the_lower() -> None:
    band = usual_band("3h")
    band.inner[:] += np.arange(len(band.ts))
    figure = glucose.figure_of(chart_view(minutes(100, 110), "3h", usual=band))
    x, y = (decoded(figure["data"][1][side]) for side in ("x", "y"))
    n = len(band.ts)
    assert len(x) == 2 * n + 1
    assert x[:n].tolist() == band.ts.tolist()
    assert x[n : 2 * n].tolist() == band.ts[::-1].tolist()
    assert y[:n].tolist() == (120 + np.arange(n)).tolist()
    assert y[n : 2 * n].tolist() == (80 + np.arange(n))[::-1].tolist()
    assert np.isnan(y[-1])


def test_quarter_hours_without_a_band_break_it_and_no_band_draws_nothing() -> None:
    thin = glucose.figure_of(chart_view(minutes(100, 110), usual=usual_band(thin=slice(30, 34))))
    for i in (0, 1):
        assert np.isnan(decoded(thin["data"][i]["y"])).sum() == 2
    noon = midnight(BERLIN, date(2026, 11, 22)) + 30 * 900
    assert not ((decoded(thin["data"][0]["x"]) > noon) & (decoded(thin["data"][0]["x"]) < noon + 3600)).any()
    none = glucose.figure_of(chart_view(minutes(100, 110), usual=usual_band(thin=slice(0, 96))))
    assert not [t for t in none["data"] if t["name"].startswith("usual")]
    assert "usual" not in none["layout"]["meta"]
    assert "usual" not in glucose.alt_text(chart_view(minutes(100, 110)))


def test_the_card_at_the_pointer_knows_what_is_usual() -> None:
    view = chart_view(minutes(100, 110), "3h", usual=usual_band("3h", thin=slice(50, 52)))
    told = glucose.figure_of(view)["layout"]["meta"]["usual"]
    assert told == {"words": "usual {low}–{high} {unit}", "near": 450}
    assert "what is usual" in glucose.alt_text(view)


def test_the_band_neither_widens_the_axis_nor_makes_the_figure_heavy() -> None:
    bare = glucose.figure_of(chart_view(minutes(*([100] * 720))))
    full = glucose.figure_of(chart_view(minutes(*([100] * 720)), usual=usual_band(top=390.0)))
    assert full["layout"]["yaxis"]["range"] == bare["layout"]["yaxis"]["range"] == [40, 300]
    assert len(json.dumps(full)) - len(json.dumps(bare)) < 5_000


def test_the_target_zone_is_paler_under_the_band() -> None:
    bare, full = (glucose.figure_of(chart_view(minutes(100), usual=u)) for u in (None, usual_band()))
    fills = [f["layout"]["shapes"][0]["fillcolor"] for f in (bare, full)]
    assert [fill.rsplit(",", 1)[1] for fill in fills] == ["0.1)", "0.085)"]


def test_whether_anything_is_hatched_is_known_for_the_part_that_is_visible() -> None:
    series = without(minutes(*([100] * 720)), 200, 270)
    assert glucose.has_gaps(chart_view(series))
    assert not glucose.has_gaps(chart_view(minutes(*([100] * 725))))
    assert not glucose.has_gaps(chart_view(series, visible=(NOW - 7200, NOW - 600)))


# --- zoom


def test_zoom_stays_with_its_view_and_labels_follow_it() -> None:
    zoom = (NOW - 7200.0, NOW - 3600.0)
    view = chart_view(minutes(*([100] * 700)), "12h", visible=zoom)
    figure = glucose.figure_of(view)
    assert figure["layout"]["xaxis"]["range"] == list(zoom)
    ticks = figure["layout"]["xaxis"]["tickvals"]
    assert all(zoom[0] <= t <= zoom[1] for t in ticks)
    assert len(ticks) >= 4
    assert figure["layout"]["meta"]["zoomed"]


def test_the_same_view_keeps_its_name_while_time_passes() -> None:
    series = minutes(*([100] * 700))
    first = glucose.figure_of(chart_view(series, "12h"))["layout"]["uirevision"]
    later = glucose.figure_of(chart_view(series, "12h", now=NOW + 300))["layout"]["uirevision"]
    other = glucose.figure_of(chart_view(series, "24h"))["layout"]["uirevision"]
    assert first == later != other
    assert chart_key("1", "12h") != chart_key("2", "12h")


# --- clock changes


@pytest.mark.parametrize(("day", "offsets"), [(date(2026, 3, 29), [3600, 7200]), (date(2026, 10, 25), [7200, 3600])])
def test_both_sides_of_a_clock_change_are_labelled_by_their_own_offset(day: date, offsets: list[int]) -> None:
    later = NOW + 200 * 86_400
    part = window.dated(day, day, later, BERLIN)
    figure = glucose.figure_of(chart_view(Series.every(60, [100] * 300, part.start), window=part, now=later))
    meta = figure["layout"]["meta"]
    assert [offset for _ts, offset in meta["offsets"]] == offsets
    assert figure["layout"]["xaxis"]["range"] == [part.start, part.end]
    ticks = dict(zip(figure["layout"]["xaxis"]["ticktext"], figure["layout"]["xaxis"]["tickvals"], strict=True))
    noon = part.start + (11 if offsets[0] == 3600 else 13) * 3600
    assert ticks["12:00"] == noon


def test_offsets_of_a_zone_without_changes_are_one() -> None:
    meta = glucose.figure_of(chart_view(minutes(100, 110), "14d", zone=ZoneInfo("Asia/Kolkata")))["layout"]["meta"]
    assert [offset for _ts, offset in meta["offsets"]] == [19_800]


# --- words


def test_the_text_alternative_names_what_a_person_would_read_off() -> None:
    series = without(minutes(*([100] * 400), 48, 260, 125), 60, 130)
    text = glucose.alt_text(chart_view(series, "6h"))
    assert text == (
        "Last 6 hours: lowest 48 mg/dL, highest 260 mg/dL, newest 125 mg/dL at 14:31. No data for 1 h 11 min in all."
    )


def test_the_text_alternative_of_nothing() -> None:
    assert glucose.alt_text(chart_view(Series.every(60, []), "6h")) == "Last 6 hours: no readings."
