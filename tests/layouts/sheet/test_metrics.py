"""The table of metrics: everything meant for people is in it, with name, value, unit, sentence and source."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.metrics.summary import RESEARCH, all_metrics
from cgm_dash.units import ADULT, Unit
from layouts.sheet.definitions import EPISODES, GROUPS, RESEARCH_INDICES, SOURCES, Definition, Kind
from layouts.sheet.metrics import GROUP_PX, MetricGroup, MetricRow, groups_of, pages_of, value_of
from layouts.sheet.view import Extra
from tests.layouts.sheet.made import days, report

FRAME = {
    *("definition", "person", "zone", "weighting", "min_day_coverage_percent", "from", "to", "seconds_covered"),
    *(
        "days",
        "window_days",
        "sufficient",
        "sufficient_for_lows",
        "limits_mg_dl",
        "episode_starts",
        "profile",
        "research",
    ),
}
"""What all_metrics says of the window, or gives as a list to draw."""


def figures() -> dict[str, object]:
    view = report(days(*[[60, 100, 190, 260]] * 14), extras=frozenset({Extra.METRICS}))
    assert view.metrics is not None
    return dict(view.metrics)


def definitions() -> Iterator[Definition]:
    for _name, group in GROUPS:
        yield from group


def row(name: str, unit: Unit = Unit.MG_DL) -> MetricRow:
    for group in groups_of(figures(), unit, ADULT):
        for each in group.rows:
            if each.name == name:
                return each
    raise AssertionError(name)


def test_every_metric_meant_for_people_is_in_the_table_once() -> None:
    keys = [each.key for each in definitions() if each not in EPISODES]
    assert sorted(keys) == sorted(set(figures()) - FRAME - {"episodes"})
    assert [each.key for each in EPISODES] == list(figures()["episodes"])  # type: ignore[call-overload]


def test_research_indices_stand_under_their_own_heading() -> None:
    assert {each.key for each in RESEARCH_INDICES} == set(RESEARCH) - {"adrr"}
    assert GROUPS[-1][0].startswith("Research")


def test_sources_named_are_listed_and_those_listed_are_named() -> None:
    assert {each.source for each in definitions()} - {""} == set(SOURCES)
    assert all("doi:10." in where for where in SOURCES.values())


def test_rows_say_value_unit_and_meaning() -> None:
    # A quarter of the time each: 60, 100, 190, 260 mg/dL; mean 152.5.
    assert row("Mean") == MetricRow("Mean", "153", "mg/dL", "Mean glucose over the time the readings stand for.")
    assert row("Time in range").value == "25 %"
    assert row("Time below range").value == "25.0 %"
    assert row("Time below range", Unit.MMOL_L).what == "Time below 3.9 mmol/L. (Battelino 2019)"
    assert row("Exposure above 180 mg/dL").unit == "mg/dL × h a day"


@pytest.mark.parametrize(
    ("value", "kind", "unit", "shown"),
    [
        (125.4, Kind.GLUCOSE, Unit.MG_DL, ("125", "mg/dL")),
        (126.0, Kind.GLUCOSE, Unit.MMOL_L, ("7.0", "mmol/L")),
        (27.0, Kind.PER_HOUR, Unit.MMOL_L, ("1.5", "mmol/L an hour")),
        (0.9, Kind.PER_MINUTE, Unit.MMOL_L, ("0.05", "mmol/L a minute")),
        (0.04, Kind.SHARE_BELOW, Unit.MG_DL, ("<0.1 %", "")),
        (0.4, Kind.SHARE, Unit.MG_DL, ("<1 %", "")),
        (6.898, Kind.PERCENT_1, Unit.MG_DL, ("6.9 %", "")),
        (51.9, Kind.MMOL_MOL, Unit.MG_DL, ("52", "mmol/mol")),
        ("B", Kind.WORD, Unit.MG_DL, ("B", "")),
        (None, Kind.GLUCOSE, Unit.MG_DL, ("–", "mg/dL")),
        (-3.0, Kind.GLUCOSE, Unit.MG_DL, ("−3", "mg/dL")),
    ],
)
def test_values_are_written_by_kind(value: object, kind: Kind, unit: Unit, shown: tuple[str, str]) -> None:
    assert value_of(value, kind, unit) == shown


def test_no_placeholder_is_left() -> None:
    for group in groups_of(figures(), Unit.MMOL_L, ADULT):
        for each in group.rows:
            assert not re.search(r"[{}]", " ".join((each.name, each.value, each.unit, each.what)))


@given(st.lists(st.lists(st.integers(1, 200), min_size=1, max_size=30), max_size=8), st.floats(80, 900))
def test_pages_hold_every_row_in_order_and_no_more_than_fits(lengths: list[list[int]], room: float) -> None:
    groups = [
        MetricGroup(str(i), tuple(MetricRow(f"{i}.{j}", "1", "", "x" * n) for j, n in enumerate(rows)))
        for i, rows in enumerate(lengths)
    ]
    pages = pages_of(groups, room)
    assert [r for page in pages for g in page for r in g.rows] == [r for g in groups for r in g.rows]
    for page in pages:
        used = sum(GROUP_PX + sum(r.height for r in g.rows) for g in page)
        assert used <= room or sum(len(g.rows) for g in page) == 1


def test_figures_of_nothing_are_dashes() -> None:
    view = report(days([100]))
    nothing = all_metrics(view.series.between(0, 1), view.window, view.zone)
    values = [each.value for group in groups_of(nothing, Unit.MG_DL, ADULT)[1:3] for each in group.rows]
    assert set(values) == {"–"}
