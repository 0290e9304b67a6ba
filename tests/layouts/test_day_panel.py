"""The small picture of a day: its scale and true length, what is missing, what lies beyond the limits."""

import re
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from cgm_dash.day_facts import facts_of_days
from cgm_dash.days import LocalDays
from cgm_dash.reading import Flag
from cgm_dash.series import EMPTY, Series
from cgm_dash.units import Band
from cgm_dash.zones import midnight
from layouts.drawings.day import DayPanel, day_panel, panels_of
from layouts.drawings.svg import SvgCanvas
from tests.support.paths import Point, strokes

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 21)
START = midnight(BERLIN, DAY)


def panels(series: Series, first: date = DAY, days: int = 1, now: float | None = None) -> tuple[DayPanel, ...]:
    start, end = midnight(BERLIN, first), midnight(BERLIN, first + timedelta(days=days))
    facts = facts_of_days(series, LocalDays.between(BERLIN, start, end), float(end) if now is None else now)
    return panels_of(series, facts)


def markup(panel: DayPanel) -> str:
    canvas = SvgCanvas(240, 150, places=0)
    day_panel(canvas, panel, 0, 0, 240, 150, scale=2)
    return canvas.markup()


def trace(svg: str) -> list[list[Point]]:
    return strokes(re.findall(r'<path d="([^"]*)"[^>]*var\(--ink\)', svg)[-1])


def test_midnight_to_midnight_is_the_whole_width_and_40_to_340_the_height() -> None:
    values = [40, 340, 190, 190]
    assert trace(markup(panels(Series.every(21_600, values, START))[0])) == [[(0, 150), (60, 0), (120, 75), (180, 75)]]


def test_values_beyond_the_scale_are_cut_at_its_edge() -> None:
    (line,) = trace(markup(panels(Series.every(21_600, [30, 400, 30, 400], START))[0]))
    assert line == [(0, 150), (60, 0), (120, 150), (180, 0)]


@pytest.mark.parametrize(("day", "x"), [(date(2026, 3, 29), 125), (date(2026, 10, 25), 115)])
def test_a_day_of_a_clock_change_has_its_own_length(day: date, x: int) -> None:
    start = midnight(BERLIN, day)
    series = Series.every(43_200, [100, 100], start)
    (line,) = trace(markup(panels(series, day)[0]))
    assert line[-1] == (x, 120)  # twelve hours of 23 or of 25


def test_the_line_breaks_at_gaps_which_are_hatched_and_what_is_to_come_stays_blank() -> None:
    series = Series.every(300, [100] * 60, START)  # until 05:00
    panel = panels(series, now=START + 8 * 3600)[0]
    assert list(panel.gaps) == [(START + 59 * 300, START + 8 * 3600 + 1)]
    svg = markup(panel)
    assert '<rect x="49.17" y="0" width="30.84" height="150" fill="var(--surface-2)"/>' in svg
    assert max(x for stroke in trace(svg) for x, _y in stroke) <= 81  # 08:00 of 24 h


def test_a_day_without_readings_is_hatched_whole_and_has_no_line() -> None:
    panel = panels(EMPTY)[0]
    assert list(panel.gaps) == [(START, START + 86_400)]
    assert "--ink)" not in markup(panel)


def test_areas_beyond_the_limits_end_where_the_line_crosses_them() -> None:
    series = Series.every(3600, [160, 200, 160, 90, 50, 90], START)
    areas = {band: (x - START).tolist() for band, x, _y in panels(series)[0].areas}
    assert set(areas) == {Band.HIGH, Band.LOW, Band.VERY_LOW}
    assert areas[Band.HIGH][:-1] == [1800, 1800, 3600, 5400, 5400]
    assert areas[Band.LOW][:-1] == [12_600, 12_600, 14_400, 16_200, 16_200]


def test_a_line_or_an_area_never_crosses_midnight() -> None:
    series = Series.every(300, [200] * 576, START)
    both = panels(series, days=2)
    for panel in both:
        finite = panel.ts[~np.isnan(panel.mg_dl)]
        assert panel.start <= finite.min() <= finite.max() < panel.end
        assert all(panel.start <= x.min() <= x.max() < panel.end for _band, x, _y in panel.areas)
        for _band, _x, y in panel.areas:  # closed outlines, each with a NaN behind it
            assert (y[0], y[-2], np.isnan(y[-1])) == (180, 180, True)
    alone = panels(series, DAY + timedelta(days=1))[0]
    assert both[1].ts.tolist() == alone.ts.tolist()


def test_lo_and_hi_are_marks_and_the_line_stops_before_them() -> None:
    series = Series.every(300, [100, 90, 40, 40, 90, 400], START)
    series.flag[2:4], series.flag[5] = Flag.LO, Flag.HI
    panel = panels(series)[0]
    assert [(flag, mg_dl.tolist()) for flag, _ts, mg_dl in panel.marks] == [(Flag.LO, [40, 40]), (Flag.HI, [400])]
    assert np.isnan(panel.mg_dl[panel.ts == series.ts[2]]).all()
    svg = markup(panel)
    assert (svg.count("--b-vlow-edge"), svg.count("--b-vhigh-edge")) == (1, 1)


def test_a_reading_alone_is_a_dot() -> None:
    assert "<circle" in markup(panels(Series.every(300, [100], START))[0])


@pytest.mark.parametrize("period", [60, 300, 900])
def test_a_picture_stays_small_whatever_the_period_and_keeps_its_extremes(period: int) -> None:
    i = np.arange(0, 86_400, period)
    values = (150 + 70 * np.sin(i / 5000) + 15 * np.sin(i / 1100)).astype(int)
    panel = panels(Series.every(period, values.tolist(), START))[0]
    assert len(markup(panel)) < 2000
    assert (np.nanmin(panel.mg_dl), np.nanmax(panel.mg_dl)) == (values.min(), values.max())
