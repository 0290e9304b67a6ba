"""The views' own small rules: zoom from the browser, runs of values, bands of flagged readings."""

import pytest

from cgm_dash.reading import Flag
from cgm_dash.units import Band, Targets
from layouts.views import band_of, chart_key, visible_of, zone_since
from tests.layouts.rendered import NOW, minutes, without


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "x",
        {"key": "1:24h", "range": [1, 2]},
        {"key": "1:12h"},
        {"key": "1:12h", "range": [2, 1]},
        {"key": "1:12h", "range": [1, 2, 3]},
        {"key": "1:12h", "range": ["1", "2"]},
        {"key": "1:12h", "range": [True, 2]},
        {"key": "1:12h", "range": [float("nan"), 2]},
        {"key": "1:12h", "range": [-5, 2]},
        {"key": "1:12h", "range": [1, 1e300]},
    ],
)
def test_a_zoom_that_makes_no_sense_or_belongs_elsewhere_is_ignored(stored: object) -> None:
    assert visible_of(stored, "1:12h") is None


def test_a_zoom_of_this_view_is_taken() -> None:
    assert visible_of({"key": chart_key("1", "12h"), "range": [10, 20.5]}, "1:12h") == (10.0, 20.5)


def test_a_flag_outweighs_own_limits() -> None:
    assert band_of(40, Flag.LO, Targets(20, 30, 180, 250)) is Band.VERY_LOW
    assert band_of(400, Flag.HI, Targets(54, 70, 180, 450)) is Band.VERY_HIGH
    assert band_of(70, Flag.NONE, Targets()) is Band.TARGET


def test_a_run_starts_where_the_side_changes_or_a_gap_ends() -> None:
    series = minutes(100, 200, 200, 100, 100)
    assert zone_since(series, NOW) == series.ts[3]
    assert zone_since(series, NOW - 200) == series.ts[1]
    broken = without(minutes(*([100] * 30)), 5, 20)
    assert zone_since(broken, NOW) == broken.ts[5]
    assert zone_since(minutes(100), NOW - 3600) is None
