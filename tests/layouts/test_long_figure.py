"""A long range: columns of days, the single low among them, gaps, marks, words, and how much travels."""

import dataclasses
import itertools
import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from cgm_dash import window
from cgm_dash.day_summary import EnvelopeSums, RangeSums, flagged_seconds
from cgm_dash.metrics.histogram import BINS, by_bin
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import Unit
from cgm_dash.zones import local_date, midnight
from layouts import now as layout
from layouts import tokens
from layouts.figures import glucose, long
from layouts.views import ChartView
from tests.layouts.rendered import BERLIN, NOW, chart_view, words
from tests.layouts.test_glucose_figure import decoded, trace

DAY_S = 86_400
BUDGET = 150_000
TODAY = date(2026, 11, 22)


def sums_of(series: Series) -> RangeSums:
    return RangeSums(
        len(series), by_bin(series, series.ts), flagged_seconds(series), np.zeros(BINS, np.int64), len(series) // 1440
    )


def view_of(series: Series, days: int, columns: int = 720, **more: Any) -> ChartView:
    """Return the view of the last *days* in columns of whole days."""
    part = window.dated(TODAY - timedelta(days=days - 1), TODAY, NOW, BERLIN)
    inner = np.unique(np.linspace(0, days, columns + 1).round().astype(int))
    midnights = [midnight(BERLIN, TODAY - timedelta(days=days - 1 - int(n))) for n in inner]
    edges = np.array([*(t for t in midnights if t < part.end), part.end], np.int64)
    sums = EnvelopeSums(edges)
    sums.add(series)
    given = {"series": EMPTY, "window": part, "sums": sums_of(series), "envelope": sums.envelope()}
    return chart_view(**{**given, **more})


def every_hour(days: int, value: int = 120) -> Series:
    n = days * 24
    return Series.every(3600, [value] * n, int(NOW) - 3600 * n)


def steps(figure: dict[str, Any], name: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    found = trace(figure, name)
    assert found is not None, [t["name"] for t in figure["data"]]
    assert found["line"]["shape"] == "hv"
    return decoded(found["x"]), decoded(found["y"])


def test_a_single_low_minute_in_ten_years_is_seen() -> None:
    series = every_hour(3650)
    at = 40_000
    series.mg_dl[at] = 53
    figure = glucose.figure_of(view_of(series, 3650))
    for name, top in (("columns-low", 70), ("columns-vlow", 54)):
        x, y = steps(figure, name)
        assert (np.nanmin(y), np.nanmax(y)) == (53, top)
        assert x[0] <= series.ts[at] < x.max()
    low = trace(figure, "columns-vlow")
    assert low is not None
    assert low["line"]["width"] >= 1
    assert low["fillcolor"] == tokens.alpha(tokens.LIGHT["b-vlow"], 0.9)


def test_every_column_goes_from_its_lowest_to_its_highest_in_steps() -> None:
    series = every_hour(100)
    series.mg_dl[:] = np.random.default_rng(5).integers(60, 300, len(series))
    view = view_of(series, 100)
    assert view.envelope is not None
    figure = glucose.figure_of(view)
    x, y = steps(figure, "outer")
    n = 100
    assert x[:n].tolist() == view.envelope.edges[:-1].tolist()
    assert y[:n].tolist() == view.envelope.highest.tolist()
    assert y[n + 1 : 2 * n + 1].tolist() == view.envelope.lowest[::-1].tolist()
    inner = steps(figure, "inner")[1]
    assert inner[:n].tolist() == pytest.approx(view.envelope.quartiles[2].tolist())
    assert inner[n + 1 : 2 * n + 1].tolist() == pytest.approx(view.envelope.quartiles[0][::-1].tolist())
    assert steps(figure, "median")[1][:n].tolist() == pytest.approx(view.envelope.quartiles[1].tolist())
    fills = [t["fillcolor"] for t in figure["data"] if t["name"] in ("outer", "inner")]
    assert fills == [tokens.alpha(tokens.LIGHT["profile"], o) for o in (0.13, 0.24)]


def test_the_worst_ten_years_stay_below_their_weight() -> None:
    series = every_hour(3650)
    series.mg_dl[:] = np.random.default_rng(5).choice([40, 60, 300, 400], len(series))
    series.flag[:] = np.where(series.mg_dl == 40, -1, np.where(series.mg_dl == 400, 1, 0))
    holes = Series(*(getattr(series, f.name)[series.ts // DAY_S % 11 > 5] for f in dataclasses.fields(series)))
    for part in (series, holes):
        view = view_of(part, 3650)
        assert view.envelope is not None
        assert len(view.envelope.lowest) >= 719
        assert len(json.dumps(glucose.figure_of(view))) <= BUDGET


def test_columns_without_readings_are_never_bridged_and_hatched_where_wide() -> None:
    series = every_hour(400)
    day = (series.ts - series.ts[0]) // DAY_S
    part = Series(*(getattr(series, f.name)[(day < 100) | (day > 140)] for f in dataclasses.fields(series)))
    figure = glucose.figure_of(view_of(part, 400))
    x, y = steps(figure, "outer")
    assert np.isnan(y).sum() == 2
    gaps = trace(figure, "gaps")
    assert gaps is not None
    corners = decoded(gaps["x"])
    assert 39 * DAY_S <= int(corners.max()) - int(corners.min()) <= 41 * DAY_S
    inside = (x > corners.min()) & (x < corners.max())
    assert not inside.any()
    assert any(a["text"].startswith("no data<br>") for a in figure["layout"]["annotations"])
    assert words(layout.chart_key(view_of(part, 400))).endswith("no data")


def test_lo_and_hi_are_marks_at_their_columns_and_named_in_the_key() -> None:
    series = every_hour(200)
    for at, value, flag in ((500, 40, -1), (900, 500, 1)):
        series.mg_dl[at], series.flag[at] = value, flag
    view = view_of(series, 200)
    figure = glucose.figure_of(view)
    for name, value in (("lo", 40), ("hi", 500)):
        found = trace(figure, name)
        assert found is not None
        assert decoded(found["y"]).tolist() == [value]
    assert figure["layout"]["yaxis"]["range"] == [40, 520]
    key = words(layout.chart_key(view))
    assert "▽ LO" in key
    assert "△ HI" in key
    assert "LO" not in words(layout.chart_key(view_of(every_hour(200), 200)))


def test_marks_keep_their_distance() -> None:
    series = every_hour(3650)
    series.mg_dl[:], series.flag[:] = 40, -1
    found = trace(glucose.figure_of(view_of(series, 3650)), "lo")
    assert found is not None
    x = decoded(found["x"]).astype(np.int64)
    assert 30 < len(x) <= glucose.PLOT_PX / glucose.MARK_PX
    assert np.diff(x).min() >= glucose.MARK_PX * 3650 * DAY_S / glucose.PLOT_PX


@pytest.mark.parametrize(("days", "first"), [(3650, "2018"), (365, "Jan 2026"), (120, "Sun 2 Aug")])
def test_the_axis_tells_days_months_or_years(days: int, first: str) -> None:
    axis = glucose.figure_of(view_of(every_hour(days), days))["layout"]["xaxis"]
    assert first in axis["ticktext"]
    assert 3 <= len(axis["ticktext"]) <= 11
    for ts in axis["tickvals"]:
        assert midnight(BERLIN, local_date(BERLIN, ts)) == ts


def test_the_words_say_what_the_bands_are_and_what_they_hold() -> None:
    series = every_hour(3650)
    series.mg_dl[: len(series) // 2] = 160
    series.mg_dl[7], series.flag[7] = 40, -1
    view = view_of(series, 3650)
    text = glucose.alt_text(view)
    assert "lowest LO (under 40 mg/dL), highest 160 mg/dL; half of the time between 120 mg/dL and 160 mg/dL" in text
    assert "Readings cover 100 % of this time." in text
    assert "columns of about 5 days: the outer band from the lowest to the highest reading" in text
    assert "Drawn by columns of 1 day:" in glucose.alt_text(view_of(every_hour(200), 200))
    key = words(layout.chart_key(view))
    for part in (
        "lowest to highest",
        "middle half",
        "median",
        "lowest below 70 mg/dL",
        "target 70–180 mg/dL",
    ):
        assert part in key
    assert "no data" not in key
    mmol = dataclasses.replace(view, unit=Unit.MMOL_L)
    assert "2.2 mmol/L" in glucose.alt_text(mmol)
    assert "lowest below 3.9 mmol/L" in words(layout.chart_key(mmol))


def test_nothing_in_a_long_range_says_so() -> None:
    view = view_of(EMPTY, 400)
    figure = glucose.figure_of(view)
    assert [a["text"] for a in figure["layout"]["annotations"] if "no data" in a["text"]] == ["no data"]
    assert glucose.alt_text(view).endswith(": no readings.")


def test_the_card_gets_every_column() -> None:
    series = every_hour(200)
    view = view_of(series, 200)
    told = glucose.figure_of(view)["layout"]["meta"]["columns"]
    lengths = {name: len(decoded(told[name])) for name in told if name != "words"}
    assert set(lengths.values()) == {200}
    assert {"{low}", "{high}"} <= set(told["words"]["half"].split("time ")[1].replace("–", " ").split())
    assert "columns" not in glucose.figure_of(chart_view(series, "14d"))["layout"]["meta"]


def test_readings_stand_in_place_of_the_columns_of_the_part_zoomed_in_on() -> None:
    series = every_hour(3650)
    whole = view_of(series, 3650)
    assert whole.envelope is not None
    a, b = (float(whole.envelope.edges[i]) for i in (300, 306))
    view = dataclasses.replace(
        whole, series=series.between(a, b), loaded=(a, b), visible=(a + 8 * DAY_S, b - 8 * DAY_S)
    )
    figure = glucose.figure_of(view)
    line = trace(figure, "glucose")
    assert line is not None
    assert len(decoded(line["x"])) == len(view.series)
    outer = decoded(trace(figure, "outer")["x"])  # type: ignore[index]
    assert not ((outer > a) & (outer < b)).any()
    assert {int(a), int(b)} <= set(outer.tolist())
    assert trace(figure, "gaps") is None
    assert trace(figure, "last") is None
    axis = figure["layout"]["xaxis"]
    assert (axis["minallowed"], axis["range"]) == (whole.window.start, list(view.visible or ()))
    assert axis["maxallowed"] >= whole.window.end
    assert words(layout.chart_key(view)) == "glucose target 70–180 mg/dL"


def test_the_newest_dot_is_drawn_only_where_the_readings_reach_now() -> None:
    series = Series.every(60, [120] * 3000, int(NOW) - 3000 * 60)
    whole = view_of(series, 400)
    today = float(whole.window.end)
    near = dataclasses.replace(whole, series=series, loaded=(today - 2 * DAY_S, today), visible=(today - DAY_S, today))
    assert trace(glucose.figure_of(near), "last") is not None
    past = dataclasses.replace(near, series=series.between(0, today - DAY_S), loaded=(today - 2 * DAY_S, today - DAY_S))
    assert trace(glucose.figure_of(past), "last") is None


def test_runs_end_where_columns_do_not_touch() -> None:
    columns = long.Columns(*(np.array([0, 10, 30, 40]), np.array([10, 20, 40, 50]), *(np.full(4, 100.0),) * 7))
    x, _y = steps({"data": long.bands(columns, tokens.LIGHT)}, "outer")
    ends = np.flatnonzero(np.isnan(decoded(long.bands(columns, tokens.LIGHT)[0]["y"])))
    assert len(ends) == 2
    assert all(b - a <= 10 for a, b in itertools.pairwise(sorted(set(x[: ends[0]].tolist()))))
