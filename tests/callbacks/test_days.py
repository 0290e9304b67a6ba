"""The callbacks of the page Days, without a browser."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from dash import Dash

from callbacks.days import content, gather
from callbacks.services import Services
from callbacks.visit import Viewer, visit_of
from cgm_dash.batch import NO_OFFSET, Columns, Wearer
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.reading import Kind, Reading
from cgm_dash.series import EMPTY
from cgm_dash.units import Unit
from cgm_dash.window import DATES, Window
from cgm_dash.zones import midnight
from layouts import text
from sql.people import Person
from tests.callbacks.conftest import NOW, Add, Clock, call, find, shown, texts

TODAY = date(2026, 11, 22)
Record = Callable[..., Person]


@pytest.fixture
def add_days(services: Services) -> Record:
    """Return a function that stores a wearer of *zone* with readings each five minutes over whole local days."""

    def add(first: date, days: int, zone: str = "Europe/Berlin", until: int = NOW - 60) -> Person:
        store, where = services.store, ZoneInfo(zone)
        row = store.sources.resolve(None, "librelinkup", Wearer("id-Mira", "Mira", "DE", "mg/dL"))
        store.people.set_zone(row.person_id, zone, confirmed=True)
        end = min(midnight(where, first + timedelta(days=days)), until)
        ts = np.arange(midnight(where, first), end, 300, dtype=np.int64)
        n = len(ts)
        mg_dl = 120 + 80 * np.sin(ts / 4000) + 30 * np.sin(ts / 21_000)
        columns = Columns(
            kind=np.full(n, int(Kind.HISTORY), np.int8),
            ts=ts,
            mg_dl=mg_dl.astype(np.int32),
            flag=np.zeros(n, np.int8),
            trend=np.zeros(n, np.int8),
            period_s=np.full(n, 300, np.int32),
            offset_min=np.full(n, NO_OFFSET, np.int16),
        )
        store.readings.add_many(row.person_id, row.source_id, columns, arrived=NOW)
        person = store.people.get(row.person_id)
        assert person is not None
        return person

    return add


def renew(app: Dash, search: str = "", **values: Any) -> Any:
    """Ask as an open page does."""
    given = {"url__pathname": "/days", "url__search": search, "days_overlay__value": "7d", **values}
    return call(app, "days-graph.figure", **given)


def painted(answer: Any) -> dict[str, Any]:
    return {"days_painted__data": answer["days-painted"]["data"]}


def tiles_of(answer: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer["days-tiles"]["children"]["props"]["children"]
    return [item["props"]["children"]["props"] for item in items if item["props"]["children"]]


CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29), "23 h"),
    ("Europe/Berlin", date(2026, 10, 25), "25 h"),
    ("America/St_Johns", date(2026, 3, 8), "23 h"),
    ("America/St_Johns", date(2026, 11, 1), "25 h"),
    ("Australia/Lord_Howe", date(2026, 4, 5), "24 h 30 min"),
    ("Australia/Lord_Howe", date(2026, 10, 4), "23 h 30 min"),
]


@pytest.mark.parametrize(("zone", "day", "length"), CHANGES)
def test_every_figure_of_a_day_is_that_of_all_metrics_when_the_clocks_change_too(
    dash_app: Dash, services: Services, add_days: Record, zone: str, day: date, length: str
) -> None:
    person = add_days(day - timedelta(days=2), 4, zone)
    answer = renew(dash_app, f"?day={day}")
    where = ZoneInfo(zone)
    window = Window(DATES, midnight(where, day), midnight(where, day + timedelta(days=1)), 1)
    figures = all_metrics(services.series.between(person.id, window.start, window.end), window, where)
    words = texts([answer["days-facts"]["children"], answer["days-rest"]["children"]])
    assert length in answer["days-sub"]["children"]
    assert text.percent(figures["tir_percent"]) in words
    assert f"Mean glucose {text.glucose_in(figures['mean_mg_dl'], Unit.MG_DL)}" in words
    assert f"Lowest {figures['min_mg_dl']} mg/dL" in words
    assert f"Highest {figures['max_mg_dl']} mg/dL" in words
    assert f"Variation (CV) {text.percent(figures['cv_percent'])}" in words
    assert f"Coverage {text.percent(figures['active_percent'])}" in words
    lows, highs = (figures["episodes"][name]["count"] for name in ("low_1", "high_1"))
    assert lows + highs > 0
    assert (words.count("lowest "), words.count("highest ")) == (lows, highs)
    assert f"{lows} low" in answer["days-alt"]["children"]
    (tile,) = [t for t in tiles_of(answer) if t.get("aria-current")]
    assert texts(tile["children"]).endswith(
        f"{text.percent(figures['tir_percent'])} Ø {text.glucose(figures['mean_mg_dl'], Unit.MG_DL)}"
    )


def test_without_a_day_today_is_shown_and_its_share_is_of_the_day_so_far(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    answer = renew(dash_app)
    assert "Today, Sunday, 22 November" in answer["days-name"]["children"]
    assert "100 % of the day so far" in texts(answer["days-facts"]["children"])
    assert len(tiles_of(answer)) == 14
    assert texts(tiles_of(answer)[-1]["children"]).startswith("Today 22 Nov")


def test_while_today_has_no_reading_the_last_day_with_one_is_shown(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 17)
    assert "Wednesday, 18 November" in renew(dash_app)["days-name"]["children"]


def test_a_day_without_readings_is_shown_as_such(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=3), 4)
    answer = renew(dash_app, "?day=2026-11-15")
    assert answer["days-name"]["children"].startswith("Sunday, 15 November")
    assert "No readings on this day." in texts(answer["days-facts"]["children"])
    assert "no data" in texts(tiles_of(answer)[6]["children"])


@pytest.mark.parametrize("day", ["2026-11-23", "1999-12-31", "2026-02-30", "x"])
def test_a_day_that_cannot_be_shown_falls_back_to_the_pages_own(dash_app: Dash, add_days: Record, day: str) -> None:
    add_days(TODAY - timedelta(days=3), 4)
    assert "Sunday, 22 November" in renew(dash_app, f"?day={day}")["days-name"]["children"]


@pytest.mark.parametrize("query", ["", "&day=2011-12-30", "&day=2011-12-31"])
@pytest.mark.parametrize("dates", ["2011-12-28..2012-01-02", "2011-12-30..2011-12-30"])
def test_a_date_that_the_zone_left_out_breaks_no_page(
    dash_app: Dash, services: Services, add_days: Record, dates: str, query: str
) -> None:
    add_days(date(2011, 12, 28), 6, "Pacific/Apia")
    search = f"?range={dates}{query}"
    content(services, visit_of(services, search, Viewer(Unit.MG_DL)))
    assert "30 December" not in renew(dash_app, search)["days-name"]["children"]


def test_nobodys_page_is_empty_and_whole(dash_app: Dash) -> None:
    answer = renew(dash_app)
    assert "No readings on this day." in texts(answer["days-facts"]["children"])
    assert answer["days-overlay-names"]["children"] == []


def test_previous_and_next_keep_person_and_range_and_end_at_today(dash_app: Dash, add_days: Record) -> None:
    person = add_days(TODAY - timedelta(days=20), 21)
    answer = renew(dash_app, f"?person={person.id}&range=7d&day=2026-11-18")
    assert answer["days-previous"]["href"] == f"/days?person={person.id}&range=7d&day=2026-11-17"
    assert answer["days-next"]["href"] == f"/days?person={person.id}&range=7d&day=2026-11-19"
    assert answer["days-next"]["aria-label"] == "Next day: Thu 19 Nov"
    after = renew(dash_app)["days-next"]
    assert (after["href"], after["aria-disabled"]) == (None, "true")


def test_an_older_day_moves_the_range_and_a_long_range_says_what_is_left_out(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=150), 151)
    head = texts(renew(dash_app, "?range=7d&day=2026-11-10")["days-tiles-head"]["children"])
    assert head.startswith("7 days Mon 9 Nov – Sun 15 Nov.")
    answer = renew(dash_app, "?range=1y")
    assert "The range holds 365 days; the newest 92 are shown." in texts(answer["days-tiles-head"]["children"])
    assert len(tiles_of(answer)) == 92


def test_a_tick_with_a_new_reading_sends_today_alone(
    dash_app: Dash, add_days: Record, services: Services, clock: Clock
) -> None:
    person = add_days(TODAY - timedelta(days=20), 21)
    first = renew(dash_app, "?day=2026-11-20")
    (source,) = services.store.sources.of_person(person.id)
    clock.now += 60
    assert renew(dash_app, "?day=2026-11-20", **painted(first)).get("days-graph") is None
    new = Columns.of([Reading(int(clock.now) - 1, 130, Kind.LIVE, offset_min=60)])
    services.store.readings.add(person.id, source.source_id, new, arrived=clock.now)
    answer = renew(dash_app, "?day=2026-11-20", **painted(first))
    assert set(answer) - {"problem"} == {"days-today", "days-overlay-graph", "days-painted"}
    assert texts(answer["days-today"]["children"]).startswith("Today")
    assert renew(dash_app, "?day=2026-11-20", **painted(answer)) == {}


def test_another_day_leaves_the_tiles_as_they_are(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    answer = renew(dash_app, "?day=2026-11-19", **painted(renew(dash_app, "?day=2026-11-20")))
    assert answer["days-name"] == {"children": "Thursday, 19 November", "data-day": "2026-11-19"}
    assert {"days-tiles", "days-today", "days-tiles-head"}.isdisjoint(answer)


def test_what_a_stranger_sends_as_painted_costs_a_full_answer_and_no_more(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    for odd in ("{", "[]", "[" * 100_000, 7, {"all": 1}, '{"all": 3, "tiles": [1]}'):
        assert "days-graph" in renew(dash_app, days_painted__data=odd)


def test_days_lie_over_one_another_by_choice(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=60), 61)
    for choice, n, title in (
        ("7d", 7, "7 days, one on another"),
        ("14d", 14, "14 days, one on another"),
        ("weekday", 8, "Friday: 8 days, one on another"),
    ):
        answer = renew(dash_app, "?range=28d&day=2026-11-20", days_overlay__value=choice)
        names = [t["name"] for t in answer["days-overlay-graph"]["figure"]["data"]]
        assert texts(answer["days-overlay-head"]["children"]).startswith(title)
        assert (len(names), names[-2:]) == (n + 1, ["2026-11-20", "raised"])
        assert len(answer["days-overlay-names"]["children"]) == n


def test_the_table_is_sent_when_it_is_opened(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    assert renew(dash_app)["days-table"]["children"] is None
    opened = renew(dash_app, days_as_table__n_clicks=1)["days-table"]["children"]
    words = texts(opened)
    assert "Mean, mg/dL" in words
    assert words.index("Today, Sun 22 Nov") < words.index("Sat 21 Nov") < words.index("Mon 9 Nov")


def test_an_open_table_gets_todays_row_alone(dash_app: Dash, add_days: Record, clock: Clock) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    first = renew(dash_app, days_as_table__n_clicks=1)
    clock.now += 60
    answer = renew(dash_app, days_as_table__n_clicks=1, **painted(first))
    assert "days-table" not in answer
    assert texts(answer["days-today-row"]["children"]).startswith("Today, Sun 22 Nov")


def test_the_unit_is_the_viewers(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    answer = renew(dash_app, "?day=2026-11-20", unit_select__value="mmol/L")
    everything = texts([answer[k].get("children") for k in answer if "children" in answer[k]])
    assert "mg/dL" not in everything
    assert "mmol/L" in everything


def test_a_phone_has_the_newest_day_first(services: Services, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    visit = visit_of(services, "", Viewer(Unit.MG_DL, phone=True))
    page, series = gather(services, visit, None, "7d")
    assert page.tiles.phone
    assert series is not EMPTY
    body = content(services, visit).body
    assert body


def test_a_person_who_is_not_there_has_no_days(dash_app: Dash, add_person: Add) -> None:
    add_person()
    answer = renew(dash_app, "?person=99")
    assert "No readings on this day." in texts(answer["days-facts"]["children"])


def test_the_first_paint_is_what_a_renewal_finds_unchanged(dash_app: Dash, add_days: Record) -> None:
    add_days(TODAY - timedelta(days=20), 21)
    layout = dash_app.server.test_client().get("/_dash-layout", headers={"X-Page": "/days"}).json
    key = shown(layout, "days-painted")["data"]
    viewer = {"theme": "light", "phone": False}
    assert renew(dash_app, days_painted__data=key, viewer__data=viewer, unit_select__value="mg/dL") == {}
    assert find(layout, "tir-bar") is not None
