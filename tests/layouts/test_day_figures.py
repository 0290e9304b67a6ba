"""The charts of the page Days: one day at its true length, and several laid over one another by the wall clock."""

import base64
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cgm_dash.days import LocalDays
from cgm_dash.reading import Flag
from cgm_dash.series import Series
from cgm_dash.units import Unit
from cgm_dash.window import DATES, Window
from cgm_dash.zones import midnight
from layouts.figures import day as day_figure
from layouts.figures.overlay import Line, figure_of, line_of
from layouts.figures.typical import Look
from layouts.views import ChartView
from tests.layouts.rendered import BERLIN, NOW

LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def chart(series: Series, day: date, zone: ZoneInfo = BERLIN, **more: Any) -> dict[str, Any]:
    start, end = midnight(zone, day), midnight(zone, day + timedelta(days=1))
    given = {"series": series, "window": Window(DATES, start, end, 1), "unit": Unit.MG_DL, "zone": zone, "now": NOW}
    return day_figure.figure_of(ChartView(**{**given, "key": "1", **more}))


def filled(day: date, zone: ZoneInfo = BERLIN, mg_dl: int = 100, days: int = 1) -> Series:
    start = midnight(zone, day)
    return Series.every(300, [mg_dl] * ((midnight(zone, day + timedelta(days=days)) - start) // 300), start)


@pytest.mark.parametrize(
    ("zone", "day", "hours", "labels"),
    [
        (BERLIN, date(2026, 11, 21), 24, ["00:00", "03:00", "06:00"]),
        (BERLIN, date(2026, 3, 29), 23, ["00:00", "03:00", "06:00"]),
        (BERLIN, date(2026, 10, 25), 25, ["00:00", "03:00", "06:00"]),
        (LORD_HOWE, date(2026, 4, 5), 24.5, ["00:00", "03:00", "06:00"]),
    ],
)
def test_a_day_is_as_long_as_it_was_and_labelled_by_the_wall_clock(
    zone: ZoneInfo, day: date, hours: float, labels: list[str]
) -> None:
    axis = chart(filled(day, zone), day, zone)["layout"]["xaxis"]
    assert (axis["range"][1] - axis["range"][0]) / 3600 == hours
    assert (axis["minallowed"], axis["maxallowed"]) == tuple(axis["range"])
    assert axis["ticktext"][:3] == labels
    assert axis["ticktext"][-1] == "24:00"
    shift = {23: 2, 25: 4, 24: 3, 24.5: 3.5}[hours]  # of 03:00, which on these days stands behind the change
    assert axis["tickvals"][1] - axis["tickvals"][0] == shift * 3600


def test_the_axis_stands_at_the_left_from_40_to_350_and_further_only_for_readings() -> None:
    day = date(2026, 11, 21)
    layout = chart(filled(day), day)["layout"]
    assert (layout["yaxis"]["range"], layout["yaxis"]["side"]) == ([40, 350], "left")
    assert all(a["x"] == 0 for a in layout["annotations"] if a.get("xref") == "paper")
    assert chart(filled(day, mg_dl=390), day)["layout"]["yaxis"]["range"] == [40, 400]


def test_what_is_to_come_of_today_is_neither_drawn_nor_hatched() -> None:
    today = date(2026, 11, 22)
    start = midnight(BERLIN, today)
    figure = chart(Series.every(300, [100] * 60, start), today)
    axis = figure["layout"]["xaxis"]
    assert axis["range"] == [axis["minallowed"], axis["maxallowed"]] == [start, start + 86_400]
    (gaps,) = [t for t in figure["data"] if t.get("name") == "gaps"]
    assert np.frombuffer(base64.b64decode(gaps["x"]["bdata"]), "<u4").max() == NOW


def test_a_zoom_keeps_its_part_and_the_way_back() -> None:
    day = date(2026, 11, 21)
    start = midnight(BERLIN, day)
    layout = chart(filled(day), day, visible=(start + 3600.0, start + 7200.0))["layout"]
    assert layout["xaxis"]["range"] == [start + 3600, start + 7200]
    assert (layout["meta"]["full"], layout["meta"]["zoomed"]) == ([start, start + 86_400], True)


def lines(series: Series, first: date, days: int, zone: ZoneInfo = BERLIN) -> list[Line]:
    start, end = midnight(zone, first), midnight(zone, first + timedelta(days=days))
    found = LocalDays.between(zone, start, end)
    return [line_of(series, found, i) for i in range(days)]


def test_an_hour_that_autumn_repeats_is_drawn_twice_without_a_line_between() -> None:
    day = date(2026, 10, 25)
    (line,) = lines(filled(day), day, 1)
    there = ~np.isnan(line.mg_dl)
    again = np.flatnonzero(np.diff(line.minutes[there]) < 0)
    assert len(again) == 1
    assert line.minutes[there][again[0]] > 170
    assert line.minutes[there][again[0] + 1] == 120
    at = np.flatnonzero(~there)
    assert len(at) == 1
    assert (line.minutes.min(), line.minutes.max()) == (0, 1435)


def test_an_hour_that_spring_skips_stays_empty() -> None:
    day = date(2026, 3, 29)
    (line,) = lines(filled(day), day, 1)
    there = line.minutes[~np.isnan(line.mg_dl)]
    assert not ((there >= 120) & (there < 180)).any()
    assert np.isnan(line.mg_dl).sum() == 1


def test_the_chosen_day_is_dark_and_over_the_others_and_the_last_trace_waits_for_the_pointer() -> None:
    first = date(2026, 11, 18)
    figure = figure_of(lines(filled(first, days=3), first, 3), first, Look())
    names = [trace["name"] for trace in figure["data"]]
    assert names == ["2026-11-19", "2026-11-20", "2026-11-18", "raised"]
    assert figure["data"][2]["line"]["color"] == Look().colours["ink"]
    assert figure["data"][-1]["x"] == []


def test_lo_and_hi_are_marks_and_the_axis_makes_room() -> None:
    day = date(2026, 11, 21)
    series = filled(day)
    series.flag[5], series.mg_dl[5] = Flag.LO, 40
    series.flag[9], series.mg_dl[9] = Flag.HI, 400
    figure = figure_of(lines(series, day, 1), day, Look())
    assert {"lo", "hi"} <= {trace["name"] for trace in figure["data"]}
    assert figure["layout"]["yaxis"]["range"] == [40, 420]


def test_marks_of_one_stretch_stand_half_an_hour_apart() -> None:
    day = date(2026, 11, 21)
    series = filled(day)
    series.flag[12:36], series.mg_dl[12:36] = Flag.LO, 40  # from 01:00 to 03:00
    (line,) = lines(series, day, 1)
    assert line.lo[0].tolist() == [60, 90, 120, 150]


def test_no_days_make_an_empty_figure() -> None:
    figure = figure_of([], date(2026, 11, 21), Look(unit=Unit.MMOL_L))
    assert [trace["name"] for trace in figure["data"]] == ["raised"]
    assert figure["layout"]["yaxis"]["ticktext"][-1] == "19.4"
