"""The live page's own pieces: what the key of the chart names, and which cards the page has in which order."""

from typing import Any

import numpy as np
import pytest

from cgm_dash.series import Series
from cgm_dash.units import Targets, Unit
from cgm_dash.usual import Usual
from layouts import ids
from layouts.now import chart_key
from layouts.views import ChartView
from tests.layouts.rendered import BERLIN, NOW, attribute, by_id, chart_view, live_page, minutes, walk, without, words

WHOLE = minutes(*([100] * 725))


def entries(view: ChartView) -> list[str]:
    return [words(part) for part in chart_key(view)]


def test_the_key_names_what_is_there_and_nothing_else() -> None:
    band = Usual(np.full((5, 96), 100.0), 14).placed(BERLIN, NOW - 43_200, NOW)
    assert entries(chart_view(WHOLE)) == ["glucose", "target 70–180 mg/dL"]
    assert entries(chart_view(WHOLE, usual=band)) == [
        *("glucose", "usual, half of days", "usual, 9 of 10 days", "target 70–180 mg/dL")
    ]
    assert entries(chart_view(without(WHOLE, 100, 200)))[-1] == "no data"


def test_a_gap_that_is_not_visible_is_not_named() -> None:
    assert "no data" not in entries(chart_view(without(WHOLE, 100, 200), visible=(NOW - 7200, NOW)))


@pytest.mark.parametrize(
    ("more", "limits"),
    [
        ({"unit": Unit.MMOL_L}, "target 3.9–10.0 mmol/L"),
        ({"targets": Targets(54, 63, 140, 250)}, "target 63–140 mg/dL"),
    ],
)
def test_the_key_tells_the_wearer_s_limits_in_the_viewer_s_unit(more: dict[str, Any], limits: str) -> None:
    assert limits in entries(chart_view(WHOLE, **more))


def test_the_cards_stand_in_the_order_a_person_asks() -> None:
    page = live_page(WHOLE)
    order = [attribute(c, "id") for c in walk(page) if attribute(c, "id")]
    wanted = [ids.BANNER, ids.HERO, ids.CHART, ids.TIME_IN_RANGE, ids.SENSOR, ids.ATTENTION, ids.FIGURES, ids.WEEK]
    assert [id_ for id_ in order if id_ in wanted] == wanted


def test_every_card_has_a_heading() -> None:
    page = live_page(Series.every(60, []))
    headings = [words(c) for c in walk(by_id(page, ids.PAGE)) if type(c).__name__ == "H2"]
    assert headings[1:] == ["Time in range", "Sensor", "Attention", "Last seven days"]


@pytest.mark.parametrize(("series", "unfolded"), [(Series.every(60, []), True), (WHOLE, False)])
def test_the_form_of_an_account_stands_open_only_where_no_number_would_wait_below_it(
    series: Series, unfolded: bool
) -> None:
    page = live_page(series, connect=True)
    (form,) = (c for c in walk(by_id(page, ids.CONNECT)) if attribute(c, "className") == "how")
    assert attribute(form, "open") is unfolded
