"""The live page's callbacks, without a browser."""

import base64
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dash import Dash

from app import compose, create_app
from callbacks.address import parse
from callbacks.frame import PAGES
from callbacks.now import Painted, gather
from callbacks.services import NoSuchPerson, Services
from callbacks.stretch import figures_of
from callbacks.visit import Viewer, visit_of
from cgm_dash.account import Credentials
from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.errors import StoreUnavailable
from cgm_dash.metrics.coverage import coverage
from cgm_dash.metrics.level import level
from cgm_dash.metrics.ranges import time_in_ranges
from cgm_dash.reading import Flag, Kind, Reading
from cgm_dash.settings import Settings
from cgm_dash.units import ADULT
from cgm_dash.zones import local_date, midnight
from sql.runs import Run
from tests.callbacks.conftest import LO, LOW, NOW, Add, Clock, call, find, ids_of, opened, shown, texts
from tests.support.signed_in import let_in


def renew(app: Dash, **values: Any) -> Any:
    """Ask as an open page does: for the frame, then for the live page; return both answers as one."""
    values.setdefault("url__pathname", "/")
    values.setdefault("shown__data", "/")
    return {**call(app, "hero.children", **values), **call(app, "heartbeat.children", **values)}


def both(answer: Any) -> dict[str, Any]:
    """Return the keys of what is painted, as the browser sends them back."""
    return {"painted__data": answer["painted"]["data"], "frame_painted__data": answer["frame-painted"]["data"]}


def test_the_newest_value_is_shown_with_unit_trend_change_and_age(dash_app: Dash, add_person: Add) -> None:
    add_person()
    answer = renew(dash_app)
    hero = answer["hero"]["children"]
    assert shown(hero, "current-value")["children"] == "120"
    assert "mg/dL" in texts(shown(hero, "current-unit")["children"])
    age = shown(hero, "current-age")
    assert (age["data-measured-at"], age["data-state"]) == (str(NOW - 30), "fresh")
    assert find(hero, "current-trend") is not None


def test_the_unit_is_the_viewers(dash_app: Dash, add_person: Add) -> None:
    add_person()
    answer = renew(dash_app, unit_select__value="mmol/L")
    assert shown(answer["hero"]["children"], "current-value")["children"] == "6.7"
    assert "mmol/L" in texts(answer["time-in-range"]["children"])


def test_a_stale_value_has_a_banner_and_no_trend(dash_app: Dash, add_person: Add, clock: Clock) -> None:
    add_person()
    clock.now = NOW + 27 * 60
    answer = renew(dash_app)
    assert find(answer["banner"]["children"], "stale-banner") is not None
    assert shown(answer["hero"]["children"], "current-age")["data-state"] == "stale"
    assert "steady" not in texts(answer["hero"]["children"])


def test_a_fresh_value_has_no_stale_banner(dash_app: Dash, add_person: Add) -> None:
    add_person()
    assert find(renew(dash_app)["banner"]["children"], "stale-banner") is None


@pytest.mark.parametrize(("last", "value"), [(LOW, "62"), (LO, "LO")])
def test_a_low_has_a_banner_of_its_own(dash_app: Dash, add_person: Add, last: dict[str, Any], value: str) -> None:
    add_person(**last)
    answer = renew(dash_app)
    assert shown(answer["hero"]["children"], "current-value")["children"] == value
    assert answer["banner"]["children"] is not None


def test_a_tick_without_news_answers_with_a_sign_of_life_only(dash_app: Dash, add_person: Add, clock: Clock) -> None:
    add_person()
    painted = both(renew(dash_app))
    clock.now += 3
    answer = renew(dash_app, tick__n_intervals=1, **painted)
    assert list(answer) == ["heartbeat"]
    assert answer["heartbeat"]["children"] == f"{NOW + 3}.000"


def test_a_late_reading_changes_what_is_painted(dash_app: Dash, add_person: Add, services: Services) -> None:
    person = add_person()
    painted = both(renew(dash_app))
    (source,) = services.store.sources.of_person(person.id)
    late = Columns.of([Reading(NOW - 5 * 3600 + 7, 300, Kind.HISTORY, period_s=300)])
    services.store.readings.add(person.id, source.source_id, late, arrived=NOW)
    answer = renew(dash_app, **painted)
    assert "glucose-graph" in answer
    assert "news" in answer


def points(answer: Any) -> int:
    (line,) = [t for t in answer["glucose-graph"]["figure"]["data"] if t.get("name") == "glucose"]
    y = np.frombuffer(base64.b64decode(line["y"]["bdata"]), "<f4")
    return int(np.isfinite(y).sum())


def test_an_update_adds_its_point_and_loses_none(dash_app: Dash, add_person: Add, services: Services) -> None:
    person = add_person()
    before = points(renew(dash_app))
    (source,) = services.store.sources.of_person(person.id)
    new = Columns.of([Reading(NOW - 1, 130, Kind.LIVE, offset_min=60)])
    services.store.readings.add(person.id, source.source_id, new, arrived=NOW)
    assert points(renew(dash_app)) == before + 1 == 721


def test_a_link_shows_its_person_and_range(dash_app: Dash, add_person: Add) -> None:
    add_person("Mira")
    jonas = add_person("Jonas", mg_dl=200)
    answer = renew(dash_app, url__search=f"?person={jonas.id}&range=3h")
    assert shown(answer["hero"]["children"], "current-value")["children"] == "200"
    assert "3 hours" in texts(answer["chart-title"]["children"])
    assert points(answer) == 180


def test_chosen_dates_are_whole_days_of_the_wearer(dash_app: Dash, add_person: Add) -> None:
    add_person(minutes=3 * 1440)
    answer = renew(dash_app, url__search="?range=2026-11-21..2026-11-21")
    assert points(answer) == 1440
    assert answer["dates-fault"]["data"] == ""


def test_reversed_dates_are_refused_in_words(dash_app: Dash, add_person: Add) -> None:
    add_person()
    answer = renew(dash_app, url__search="?range=2026-11-21..2026-11-20")
    assert "Swap them" in answer["dates-fault"]["data"]


@pytest.mark.parametrize(
    "search",
    [
        "?range=5h",
        "?person=x&range=../..",
        "?" + "&" * 3000,
        "?range=2026-02-30..2026-03-01",
        "?range=2026-02-30..2026-03-40",
        "?range=0000-01-01..2026-03-01",
        "?range=0001-01-01..0001-01-02",
        "?range=9999-12-30..9999-12-31",
        "?person=%00",
    ],
)
def test_a_mistyped_link_still_opens(dash_app: Dash, add_person: Add, search: str) -> None:
    add_person()
    assert shown(renew(dash_app, url__search=search)["hero"]["children"], "current-value")["children"] == "120"


def test_dates_no_calendar_has_mean_the_default_range() -> None:
    for search in ("?range=2026-02-30..2026-03-40", "?range=2026-02-29..2026-03-01", "?range=0000-01-01..2026-03-01"):
        asked = parse(search)
        assert (asked.range, asked.dates) == ("", None)
    assert parse("?range=2024-02-29..2024-03-01").range == "dates"


def test_a_person_nobody_knows_is_not_replaced_by_another(services: Services, add_person: Add) -> None:
    add_person()
    for asked in ("99", "1; DROP TABLE people", "", "٣"):
        with pytest.raises(NoSuchPerson):
            services.access(asked)


def test_a_link_to_nobody_shows_nobodys_number_and_the_page_stays_alive(dash_app: Dash, add_person: Add) -> None:
    add_person()
    answer = renew(dash_app, url__search="?person=99")
    assert shown(answer["hero"]["children"], "current-age")["data-state"] == "none"
    assert "no such person here. Choose one from the list." in texts(answer["banner"]["children"])
    assert answer["person-name"]["children"] == ""
    assert answer["heartbeat"]["children"]
    page = dash_app.server.test_client().get("/_dash-layout?person=99").get_data(as_text=True)
    assert "no such person here. The start page shows who is." in page
    assert "Mira" not in page


def test_everything_that_names_the_person_follows_a_switch(dash_app: Dash, add_person: Add, services: Services) -> None:
    add_person("Mira Rau")
    jonas = add_person("Jonas Demo")
    services.store.people.set_zone(jonas.id, "America/New_York", confirmed=False)
    answer = renew(dash_app, url__search=f"?person={jonas.id}")
    assert answer["person-name"]["children"] == answer["topbar-name"]["children"] == "Jonas Demo"
    assert answer["person-avatar"]["children"] == "JD"
    assert answer["zone-note"]["children"] == "Times are Jonas Demo's local time, America/New_York (assumed)."
    assert [o["label"] for o in answer["person-select"]["options"]] == ["Mira Rau", "Jonas Demo"]
    assert answer["person-box"]["className"] == "person many"


def test_a_page_opened_before_the_first_reading_learns_who_it_is(dash_app: Dash, add_person: Add) -> None:
    painted = both(renew(dash_app))
    add_person("Mira")
    answer = renew(dash_app, **painted)
    assert answer["person-name"]["children"] == "Mira"
    assert "Europe/Berlin" in answer["zone-note"]["children"]


@pytest.mark.parametrize(
    "odd",
    [
        {"url__search": 5},
        {"url__search": [1]},
        {"url__search": True},
        {"unit_select__value": {"a": 1}},
        {"viewer__data": [1, 2]},
        {"visible__data": {"key": "1:12h", "range": [10**400, 10**401]}},
        {"visible__data": {"key": "1:12h", "range": ["a", None]}},
        {"visible__data": 7},
        {"tick__n_intervals": "x"},
        {"painted__data": {"a": []}},
    ],
)
def test_odd_values_do_not_stop_the_page(dash_app: Dash, add_person: Add, odd: dict[str, Any]) -> None:
    add_person()
    assert renew(dash_app, **odd)["heartbeat"]["children"]


def test_without_anybody_the_page_still_answers(dash_app: Dash) -> None:
    answer = renew(dash_app)
    assert shown(answer["hero"]["children"], "current-age")["data-state"] == "none"


def test_trouble_upstream_is_said_in_words_when_nothing_fresh_is_there(
    dash_app: Dash, add_person: Add, services: Services
) -> None:
    add_person(until=NOW - 600)
    upstream = services.store.upstreams.set_account("librelinkup", "f@example.org", "x").upstream_id
    services.store.runs.record(Run(upstream_id=upstream, started=NOW, outcome="wrong-password"))
    assert "refused this e-mail and password" in texts(renew(dash_app)["banner"]["children"])


def test_a_notice_about_one_person_is_not_shown_to_another(services: Services, add_person: Add) -> None:
    mira, jonas = add_person("Mira"), add_person("Jonas")
    upstream = services.store.upstreams.set_account("librelinkup", "f@example.org", "x").upstream_id
    reason = f"sharing-stopped@{jonas.id}"
    services.store.runs.record(Run(upstream_id=upstream, started=NOW, outcome="ok", reason=reason))
    assert services.trouble(mira) == (None, None)
    trouble, _ = services.trouble(jonas)
    assert trouble is not None
    assert trouble.code == "sharing-stopped"


def test_a_database_that_is_away_gives_a_banner_and_the_server_stays_alive(
    dash_app: Dash, add_person: Add, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person()

    def away(_self: object) -> None:
        raise StoreUnavailable("the database does not answer")

    monkeypatch.setattr(type(services.store.people), "list", away)
    answer = renew(dash_app)
    assert "The database does not answer" in texts(answer["problem"]["children"])
    assert "banner" not in answer  # a low told there outranks it
    assert answer["heartbeat"]["children"]
    assert "hero" not in answer
    page = dash_app.server.test_client().get("/_dash-layout")
    assert "The database does not answer" in page.get_data(as_text=True)
    monkeypatch.undo()
    assert renew(dash_app, frame_painted__data="")["problem"]["children"] is None


def test_the_first_paint_has_what_the_link_and_the_viewer_ask_for(dash_app: Dash, add_person: Add) -> None:
    add_person(minutes=3 * 1440)
    browser = dash_app.server.test_client()
    browser.set_cookie("cgm_unit", "mmol/L")
    browser.set_cookie("cgm_theme", "dark")
    page = browser.get("/_dash-layout?range=3d").json
    assert shown(page, "current-value")["children"] == "6.7"
    assert shown(page, "range-select")["value"] == "3d"
    assert shown(page, "unit-select")["value"] == "mmol/L"
    answer = renew(
        dash_app,
        url__search="?range=3d",
        unit_select__value="mmol/L",
        viewer__data=shown(page, "viewer")["data"],
        painted__data=shown(page, "painted")["data"],
        frame_painted__data=shown(page, "frame-painted")["data"],
    )
    assert list(answer) == ["heartbeat"]


@pytest.fixture
def every_app(services: Services, tmp_path: Path, clock: Clock) -> Iterator[list[Dash]]:
    """The app with an account in its settings, as the demo, and with an account connected on its page."""
    settings = Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path / "b"), "CGM_DASH_LLU_URL": "http://127.0.0.1:9"})
    demo = compose(settings, clock, clock).services
    demo.real_account.keep(Credentials.of("f@example.org", "invented"), None)
    stored = compose(settings, clock, clock).services
    assert demo.demo
    assert stored.stored_account
    yield [let_in(create_app(each), each) for each in (services, demo, stored)]
    for each in (demo, stored):
        each.store.close()


def test_every_id_of_the_callbacks_is_on_some_page_and_no_output_is_doubled(
    every_app: list[Dash], add_person: Add
) -> None:
    add_person()
    browsers = [app.server.test_client() for app in every_app]
    pages = [ids_of(b.get("/_dash-layout", headers={"X-Page": path}).json) for b in browsers for path in PAGES]
    outputs: list[str] = []
    for spec in browsers[0].get("/_dash-dependencies").json:
        here = [o.rsplit(".", 1) for o in spec["output"].strip(".").split("...") if "." in o]
        names = {*(e["id"] for e in (*spec["inputs"], *spec["state"])), *(i for i, _ in here)}
        outputs += [".".join(o) for o in here]
        # The browser complains where a callback begins on a page that has a part of what it names, and not all of it:
        # with its outputs, or where it is not called at first, with an input that changes.
        begins = {e["id"] for e in spec["inputs"]} if spec["prevent_initial_call"] else {i for i, _ in here}
        there = [names & page for page in pages]
        assert names in there, names
        assert all(found == names or not begins & found for found in there), names
    assert len(outputs) == len(set(outputs))


def test_making_an_app_starts_no_thread(services: Services) -> None:
    before = set(threading.enumerate())
    create_app(services)
    assert set(threading.enumerate()) == before


def test_two_apps_in_one_process_are_independent(services: Services) -> None:
    first, second = (let_in(create_app(services), services) for _ in range(2))
    for app in (first, second):
        assert len(app.server.test_client().get("/_dash-dependencies").json) == len(first.callback_map) > 3


# --- today beside the days before


def days_of(add_person: Add, services: Services, days: int, mg_dl: int = 100) -> int:
    """Store a person with *days* whole days of five-minute readings before today and today at 120; return their id."""
    person = add_person(minutes=720)
    (source,) = services.store.sources.of_person(person.id)
    start = NOW - 12 * 3600
    rows = [
        Reading(start - 300 * i, mg_dl + 40 * ((i // 288) % 2), Kind.HISTORY, period_s=300, offset_min=60)
        for i in range(1, 288 * days + 1)
    ]
    services.store.readings.add(person.id, source.source_id, Columns.of(rows), arrived=NOW)
    return person.id


def test_the_band_behind_the_line_comes_from_the_days_before_today(
    dash_app: Dash, services: Services, add_person: Add
) -> None:
    days_of(add_person, services, 14)
    answer = renew(dash_app)
    figure = answer["glucose-graph"]["figure"]
    names = [t.get("name") for t in figure["data"]]
    assert names[:2] == ["usual-outer", "usual-inner"]
    y = np.frombuffer(base64.b64decode(figure["data"][1]["y"]["bdata"]), "<f4")
    assert (np.nanmin(y), np.nanmax(y)) == (100, 140)
    assert "100–140" in texts(answer["hero"]["children"])
    assert "usual, half of days" in texts(answer["chart-key"]["children"])


@pytest.mark.parametrize(("search", "there"), [("?range=24h", True), ("?range=3d", False), ("?range=7d", False)])
def test_longer_ranges_have_no_band(
    dash_app: Dash, services: Services, add_person: Add, search: str, there: bool
) -> None:
    days_of(add_person, services, 14)
    answer = renew(dash_app, url__search=search)
    names = [t.get("name") for t in answer["glucose-graph"]["figure"]["data"]]
    assert ("usual-inner" in names) is there
    assert ("usual" in texts(answer["chart-key"]["children"])) is there


def test_four_days_are_too_few_for_a_band_and_the_hero_says_so(
    dash_app: Dash, services: Services, add_person: Add
) -> None:
    days_of(add_person, services, 4)
    answer = renew(dash_app)
    assert not [t for t in answer["glucose-graph"]["figure"]["data"] if str(t.get("name")).startswith("usual")]
    assert "needs 5 days" in texts(answer["hero"]["children"])


def test_today_stands_beside_the_days_before(dash_app: Dash, services: Services, add_person: Add) -> None:
    days_of(add_person, services, 14, mg_dl=150)
    answer = renew(dash_app)
    words = texts(answer["time-in-range"]["children"])
    assert "Today so far, 12 h , beside the 14 days before" in words or "Today so far, 12 h, beside" in words
    assert find(answer["time-in-range"]["children"], "tir-bar") is not None
    figures = texts(answer["figures"]["children"])
    assert "14 days: 170" in figures
    assert "Mean today" in figures
    assert "123" in figures  # readings of 120 to 126, evenly


def test_the_sensor_and_what_needs_attention_have_cards(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person(**LOW)
    (source,) = services.store.sources.of_person(person.id)
    sensor = SensorSeen("x", "Libre 3", NOW - 11 * DAY_S, 60, 14)
    services.store.sensors.record(person.id, source.source_id, [sensor], NOW)
    services.store.people.set_zone(person.id, "Europe/Berlin", confirmed=False)
    answer = renew(dash_app)
    told = texts(answer["sensor"]["children"])
    assert "Day 12 of 14" in told
    assert "Libre 3" in told
    attention = texts(answer["attention"]["children"])
    assert "Sensor ends on Wednesday" in attention
    assert "Time zone is assumed" in attention


def test_what_the_source_needs_is_told_once(dash_app: Dash, services: Services, add_person: Add) -> None:
    add_person(until=NOW - 420)
    upstream = services.store.upstreams.set_account("librelinkup", "f@example.org", "x").upstream_id
    services.store.runs.record(Run(upstream_id=upstream, started=NOW, outcome="terms"))
    answer = renew(dash_app)
    assert "new terms of use" in texts(answer["banner"]["children"])
    assert "new terms of use" not in texts(answer["attention"]["children"])


def test_what_the_source_needs_moves_down_where_a_low_s_banner_takes_its_place(
    dash_app: Dash, services: Services, add_person: Add
) -> None:
    add_person(until=NOW - 420, **LOW)
    upstream = services.store.upstreams.set_account("librelinkup", "f@example.org", "x").upstream_id
    services.store.runs.record(Run(upstream_id=upstream, started=NOW, outcome="terms"))
    answer = renew(dash_app)
    assert "new terms of use" not in texts(answer["banner"]["children"])
    assert "new terms of use" in texts(answer["attention"]["children"])


def axis(answer: Any) -> list[float]:
    found: list[float] = answer["glucose-graph"]["figure"]["layout"]["yaxis"]["range"]
    return found


def test_the_axis_does_not_shrink_while_the_page_is_open_and_starts_anew_with_another_person(
    dash_app: Dash, services: Services, add_person: Add, clock: Clock
) -> None:
    person = add_person(minutes=60)
    high = add_person("Jonas", minutes=60)
    (source,) = services.store.sources.of_person(high.id)
    peak = Columns.of([Reading(NOW - 4 * 3600, 340, Kind.HISTORY, period_s=300)])
    services.store.readings.add(high.id, source.source_id, peak, arrived=NOW)
    first = renew(dash_app, url__search=f"?person={high.id}")
    assert axis(first) == [40, 400]
    clock.now += 60
    later = renew(dash_app, url__search=f"?person={high.id}&range=3h", painted__data=first["painted"]["data"])
    assert axis(later) == [40, 400]
    other = renew(dash_app, url__search=f"?person={person.id}", painted__data=later["painted"]["data"])
    assert axis(other) == [40, 300]


def test_an_axis_that_nobody_drew_is_not_believed(dash_app: Dash, add_person: Add) -> None:
    id_ = str(add_person().id)
    parts: tuple[object, ...] = (
        *(
            [id_, 0, 9999, "", "", ""],
            [id_, "0", "500", "", "", ""],
            [id_, float("nan"), 500, "", "", ""],
            [id_, True, 500, "", "", ""],
        ),
        *([id_, 0, 500], [id_, 0, 500, 1, 2, 3], {"a": 1}, 7, None),
    )
    for told in (*map(json.dumps, parts), "[" * 100_000, '{"', 7, None, ["x"]):
        assert axis(renew(dash_app, painted__data=told)) == [40, 300]


def test_another_range_or_zoom_draws_the_chart_alone(dash_app: Dash, services: Services, add_person: Add) -> None:
    id_ = days_of(add_person, services, 14)
    painted = {"painted__data": renew(dash_app)["painted"]["data"]}
    key = f"{id_}:12h"
    zoom = {"key": key, "range": [NOW - 7200, NOW - 3600]}
    for asked in ({"url__search": "?range=3h"}, {"visible__data": zoom}, {"viewer__data": {"theme": "dark"}}):
        answer = call(dash_app, "hero.children", url__pathname="/", **asked, **painted)
        assert set(answer) - {"problem"} == {"glucose-graph", "chart-title", "chart-alt", "chart-key", "painted"}
        whole = renew(dash_app, **asked)
        assert answer["glucose-graph"] == whole["glucose-graph"]
        assert answer["painted"] == whole["painted"]
    assert "hero" in renew(dash_app, unit_select__value="mmol/L", **painted)


def test_a_new_reading_draws_everything_again(dash_app: Dash, services: Services, add_person: Add) -> None:
    person = add_person()
    painted = both(renew(dash_app))
    (source,) = services.store.sources.of_person(person.id)
    new = Columns.of([Reading(NOW - 1, 130, Kind.LIVE, offset_min=60)])
    services.store.readings.add(person.id, source.source_id, new, arrived=NOW)
    answer = renew(dash_app, **painted)
    shown_ = {"hero", "glucose-graph", "time-in-range", "figures", "sensor", "attention", "today-tile", "day"}
    assert shown_ <= set(answer)
    assert "week" not in answer


def test_the_last_seven_days_are_tiles_that_lead_to_their_days(
    dash_app: Dash, services: Services, add_person: Add
) -> None:
    id_ = days_of(add_person, services, 14)
    page = opened(dash_app.server.test_client().get("/_dash-layout").json)
    card = shown(page, "week")
    words = texts(card["children"])
    assert [name for name in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Today") if name in words.split()] == [
        *("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Today")
    ]
    assert f"/days?person={id_}&day=2026-11-16" in json.dumps(card)
    assert "40–340 mg/dL" in words
    assert shown(page, "today-tile") is not None


def test_a_late_reading_of_a_past_day_draws_the_week_again(dash_app: Dash, services: Services, add_person: Add) -> None:
    id_ = days_of(add_person, services, 14)
    painted = {"painted__data": renew(dash_app)["painted"]["data"]}
    (source,) = services.store.sources.of_person(id_)
    late = Columns.of([Reading(NOW - 3 * DAY_S + 7, 300, Kind.HISTORY, period_s=300)])
    services.store.readings.add(id_, source.source_id, late, arrived=NOW)
    assert "week" in renew(dash_app, **painted)


# --- long ranges

DAY_S = 86_400
TWO_YEARS = "?range=2024-11-23..2026-11-22"


@pytest.fixture
def two_years(services: Services, add_person: Add) -> int:
    """A person with two years of five-minute history, holes, LO and HI in it; return their id."""
    person = add_person(minutes=1)
    (source,) = services.store.sources.of_person(person.id)
    n = 730 * 288
    number = np.arange(n)
    keep = (number // 288 % 50 > 2) & (number % 17 > 0)
    rng = np.random.default_rng(11)
    mg_dl = np.clip(140 + 60 * np.sin(number / 40) + rng.normal(0, 25, n), 40, 400).astype(np.int32)
    flag = np.where(mg_dl == 40, int(Flag.LO), np.where(mg_dl == 400, int(Flag.HI), 0))
    mg_dl[n // 2], flag[n // 2] = 400, int(Flag.HI)
    columns = Columns(
        kind=np.full(n, int(Kind.HISTORY), np.int8),
        ts=NOW - 300 * (n - number) - 600,
        mg_dl=mg_dl,
        flag=flag.astype(np.int8),
        trend=np.zeros(n, np.int8),
        period_s=np.full(n, 300, np.int32),
        offset_min=np.full(n, 60, np.int16),
    )
    services.store.readings.add_many(person.id, source.source_id, columns.take(np.flatnonzero(keep)), arrived=NOW)
    return person.id


def view_of(services: Services, search: str, zoom: object = None) -> Any:
    viewer = Viewer.of("mg/dL", {}, services.settings.unit)
    return gather(services, visit_of(services, search, viewer), zoom)


def test_a_long_range_has_the_figures_of_its_readings_to_the_last_digit(services: Services, two_years: int) -> None:
    chart = view_of(services, TWO_YEARS).chart
    assert chart.sums is not None
    window = chart.window
    series = services.series.between(two_years, window.start, window.end)
    told = figures_of(chart.series, chart.sums, window, ADULT)
    assert told == (time_in_ranges(series), level(series), coverage(series, window))


@pytest.mark.parametrize(
    ("first", "phone", "drawn"),
    [
        ("2026-10-23", False, True),
        ("2026-10-22", False, False),
        ("2026-11-09", True, True),
        ("2026-11-08", True, False),
    ],
)
def test_a_month_of_readings_is_drawn_and_a_fortnight_on_a_phone_beyond_it_columns_of_days(
    services: Services, two_years: int, first: str, phone: bool, drawn: bool
) -> None:
    viewer = Viewer.of("mg/dL", {"phone": phone}, services.settings.unit)
    chart = gather(services, visit_of(services, f"?range={first}..2026-11-22", viewer), None).chart
    assert (len(chart.series) > 1000) is drawn
    assert chart.bands is not drawn
    if not drawn:
        assert chart.envelope is not None
        assert len(chart.envelope.edges) == chart.window.days + 1


def test_a_long_range_never_loads_its_readings(
    dash_app: Dash, services: Services, two_years: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.store.days.catch_up(two_years)
    asked: list[float] = []
    between = type(services.series).between

    def noted(self: Any, person: int, start: float, end: float) -> Any:
        asked.append(start)
        return between(self, person, start, end)

    monkeypatch.setattr(type(services.series), "between", noted)
    figure = renew(dash_app, url__search=TWO_YEARS)["glucose-graph"]["figure"]
    assert min(asked) >= NOW - 15 * DAY_S  # today and the days it is compared with
    assert services.series.size < 150_000  # type: ignore[attr-defined]
    names = [t["name"] for t in figure["data"]]
    assert {"outer", "inner", "median"} <= set(names)
    assert points({"glucose-graph": {"figure": figure}}) == 0


def test_zooming_in_gives_the_readings_of_the_part_and_half_as_much_on_each_side(
    services: Services, two_years: int
) -> None:
    a, b = NOW - 300.5 * DAY_S, NOW - 280.5 * DAY_S
    key = f"{two_years}:dates:2024-11-23:2026-11-22"
    chart = view_of(services, TWO_YEARS, {"key": "other", "range": [a, b]}).chart
    assert chart.visible is None
    chart = view_of(services, f"{TWO_YEARS}&person={two_years}", {"key": key, "range": [a, b]}).chart
    assert chart.visible == (a, b)
    low, high = chart.loaded
    assert a - 11 * DAY_S <= low <= a - 10 * DAY_S
    assert b + 10 * DAY_S <= high <= b + 11 * DAY_S
    real = services.series.between(two_years, low, high)
    assert chart.series.ts.tolist() == real.ts.tolist()
    assert chart.series.mg_dl.tolist() == real.mg_dl.tolist()
    assert view_of(services, TWO_YEARS, {"key": key, "range": [a, b]}).chart.sums is not None


def test_a_longer_zoom_gives_columns_of_its_own_at_the_wearers_midnights(services: Services, two_years: int) -> None:
    key = f"{two_years}:dates:2017-11-24:2026-11-22"
    search = "?range=2017-11-24..2026-11-22"
    whole = view_of(services, search).chart
    finer = view_of(services, search, {"key": key, "range": [NOW - 200 * DAY_S, NOW - 20 * DAY_S]}).chart
    for chart, span in ((whole, 4 * DAY_S), (finer, DAY_S)):
        assert chart.loaded is None
        edges = chart.envelope.edges
        assert (edges[0], edges[-1]) == (chart.window.start, chart.window.end)
        inside = edges[(edges > NOW - 200 * DAY_S) & (edges < NOW - 20 * DAY_S)]
        assert np.median(np.diff(inside)) == pytest.approx(span, abs=1.5 * DAY_S if span > DAY_S else 0)
        zone = services.zone(services.people()[0])
        assert all(midnight(zone, local_date(zone, int(t))) == t for t in edges[:-1])
        assert len(edges) <= 721 + 120


def test_a_person_without_readings_has_an_empty_long_range(dash_app: Dash, add_person: Add) -> None:
    add_person(minutes=0)
    answer = renew(dash_app, url__search=TWO_YEARS)
    assert "no readings" in answer["chart-alt"]["children"]
    assert renew(dash_app, url__search=f"{TWO_YEARS}&person=99")["heartbeat"]["children"]


def test_days_that_cannot_be_derived_give_the_banner_of_a_database_that_is_away(
    dash_app: Dash, services: Services, two_years: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: object) -> None:
        raise StoreUnavailable("the database is read-only")

    monkeypatch.setattr("sql.day_rows.catch_up", away)
    assert "The database does not answer" in texts(renew(dash_app, url__search=TWO_YEARS)["problem"]["children"])
    page = dash_app.server.test_client().get(f"/_dash-layout{TWO_YEARS}").get_data(as_text=True)
    assert "The database does not answer" in page


@pytest.mark.parametrize("told", ["[" * 3900, "NaN", '["1",NaN,1,"","",""]', "[]", 7, ["x"], '["1",true,1,"","",""]'])
def test_what_a_browser_says_it_shows_may_be_anything(told: object) -> None:
    assert Painted.read(told) == Painted()
