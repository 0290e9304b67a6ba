"""Trends without a browser: every figure shown is the one that metrics gives for the same stretch of time."""

import json
import re
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from dash import Dash

from callbacks.services import Services
from callbacks.trends import is_open, step_of, weekdays_of, year_metric_of
from cgm_dash.batch import NO_OFFSET, Columns, Wearer
from cgm_dash.goals import TargetSet
from cgm_dash.metrics.summary import all_metrics
from cgm_dash.reading import Flag, Kind, Reading
from cgm_dash.units import Targets, Unit
from cgm_dash.window import Window, dated, named
from cgm_dash.zones import midnight
from layouts import ids, text
from tests.callbacks.conftest import NOW, Add, Clock, call, texts

BERLIN = ZoneInfo("Europe/Berlin")
DAY_S = 86_400
DAYS = 70
TODAY = date(2026, 11, 22)
"""A Sunday; the clock went back on 25 October."""


@pytest.fixture
def mira(services: Services) -> int:
    """Seventy days of a reading each five minutes up to now, without the mornings of each fifth, today among them."""
    row = services.store.sources.resolve(None, "librelinkup", Wearer("id-Mira", "Mira", "DE", "mg/dL"))
    services.store.people.set_zone(row.person_id, BERLIN.key, confirmed=True)
    n = DAYS * 288
    ts = NOW - 300 * np.arange(n, dtype=np.int64)[::-1]
    rng = np.random.default_rng(5)
    plain = 130 + 60 * np.sin(ts / 13_000) + 40 * np.sin(ts / 90_000) + rng.normal(0, 12, n)
    columns = Columns(
        kind=np.full(n, int(Kind.HISTORY), np.int8),
        ts=ts,
        mg_dl=np.clip(plain, 40, 400).astype(np.int32),
        flag=np.where(plain < 40, int(Flag.LO), 0).astype(np.int8),
        trend=np.zeros(n, np.int8),
        period_s=np.full(n, 300, np.int32),
        offset_min=np.full(n, NO_OFFSET, np.int16),
    )
    missing = (ts // DAY_S % 5 == NOW // DAY_S % 5) & (ts % DAY_S < 30_000)
    services.store.readings.add_many(row.person_id, row.source_id, columns.take(~missing), arrived=NOW)
    return row.person_id


def metrics(services: Services, person: int, window: Window) -> dict[str, Any]:
    """Return what `cgm-dash metrics` gives for *window*."""
    series = services.store.days.series(person, window.start, window.end)
    targets = services.access(str(person)).targets
    return all_metrics(series, window, BERLIN, targets=targets)


def ask(app: Dash, output: str, search: str = "?range=14d", **given: Any) -> dict[str, Any]:
    """Ask for one part of the page."""
    controls = {
        "trends_weekdays__value": "all",
        "trends_picked__value": list(range(7)),
        "trends_year_metric__value": "tir",
        "trends_step__value": "week",
        "unit_select__value": "mg/dL",
        "viewer__data": {"theme": "light", "phone": False},
    }
    answer: dict[str, Any] = call(app, output, url__search=search, **(controls | given))
    return answer


def tile(answer: dict[str, Any], name: str) -> str:
    """Return what a tile says."""
    tiles = answer[ids.TRENDS_TILES]["children"]["props"]["children"]
    (found,) = [each for each in tiles if each["props"]["data-figure"] == name]
    return " ".join(texts(found).split())


def cards(figure: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the card says at each point of a chart."""
    told: list[dict[str, Any]] = json.loads(figure["layout"]["meta"]["cards"])
    return told


def table(answer: dict[str, Any], name: str) -> list[list[str]]:
    """Return the rows of a table that is open, the head's first."""
    box = answer[f"{name}-table"]["children"]["props"]["children"]
    _caption, head, body = box["props"]["children"]
    rows = [head["props"]["children"], *body["props"]["children"]]
    return [[texts(cell) for cell in row["props"]["children"]] for row in rows]


PROFILE = f"{ids.TRENDS_PROFILE}.figure"


@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("name", ["7d", "14d", "30d"])
def test_tiles_are_what_metrics_gives(dash_app: Dash, services: Services, mira: int, name: str, unit: Unit) -> None:
    expected = metrics(services, mira, named(name, NOW, BERLIN))
    answer = ask(dash_app, PROFILE, f"?range={name}", unit_select__value=unit.value)
    for tile_name, wanted in (
        ("tir", text.percent(expected["tir_percent"])),
        ("mean", f"{text.glucose(expected['mean_mg_dl'], unit)} {unit}"),
        ("gmi", f"{text.decimal(expected['gmi_percent'], 1)} %"),
        ("cv", f"{text.decimal(expected['cv_percent'], 0)} %"),
        ("below", text.percent_fine(expected["tbr_percent"])),
        ("coverage", text.percent(expected["active_percent"])),
    ):
        assert f" {wanted}" in tile(answer, tile_name), tile_name
    assert f"{text.count(expected['n'])} readings".split() == tile(answer, "tir").split("on ")[1].split()[:3]
    assert text.percent(expected["active_percent"]) in answer[ids.TRENDS_SPAN]["children"]


def test_mean_is_compared_with_as_many_days_before(dash_app: Dash, services: Services, mira: int) -> None:
    before = dated(date(2026, 10, 26), date(2026, 11, 8), NOW, BERLIN)
    expected = metrics(services, mira, before)["mean_mg_dl"]
    assert f"14 days before: {text.glucose(expected, Unit.MG_DL)} mg/dL" in tile(ask(dash_app, PROFILE), "mean")
    assert "Too few readings in the 90 days before" in tile(ask(dash_app, PROFILE, "?range=90d"), "mean")


def test_profile_is_what_metrics_gives(dash_app: Dash, services: Services, mira: int) -> None:
    expected = metrics(services, mira, named("14d", NOW, BERLIN))["profile"]
    found = cards(ask(dash_app, PROFILE)[ids.TRENDS_PROFILE]["figure"])
    assert len(found) == 96
    rows = table(ask(dash_app, "trends-profile-table", trends_profile_open__n_clicks=1), ids.TRENDS_PROFILE)
    assert rows[0] == ["Time", "5 %", "25 %", "Median", "75 %", "95 %", "Days"]
    for i, card in enumerate(found):
        p5, p25, p50, p75, p95 = (text.glucose(expected[f"p{p}_mg_dl"][i], Unit.MG_DL) for p in (5, 25, 50, 75, 95))
        assert card["value"] == p50
        assert card["lines"] == [f"half of days {p25}–{p75} mg/dL", f"9 of 10 days {p5}–{p95} mg/dL"]
        assert card["title"].endswith(f" · {expected['days'][i]} days")
        assert rows[1 + i][1:] == [p5, p25, p50, p75, p95, str(expected["days"][i])]
    assert found[20]["title"].startswith("05:00–05:15")


def test_profile_of_weekdays_rests_on_those_days_alone(dash_app: Dash, services: Services, mira: int) -> None:
    answer = ask(dash_app, PROFILE, "?range=30d", trends_weekdays__value="pick", trends_picked__value=[2])
    wednesdays = [TODAY - timedelta(days=d) for d in range(30) if (TODAY - timedelta(days=d)).weekday() == 2]
    parts = [
        services.store.days.series(mira, midnight(BERLIN, day), midnight(BERLIN, day + timedelta(days=1)))
        for day in wednesdays
    ]
    assert answer["trends-profile-sub"]["children"][0].startswith("4 days laid over one another")
    first = cards(answer[ids.TRENDS_PROFILE]["figure"])[-1]
    in_bin = np.concatenate(
        [p.mg_dl[p.ts >= midnight(BERLIN, d + timedelta(days=1)) - 900] for p, d in zip(parts, wednesdays, strict=True)]
    )
    each_second = np.repeat(in_bin, 300)
    assert first["value"] == text.glucose(float(np.percentile(each_second, 50)), Unit.MG_DL)
    nobody = ask(dash_app, PROFILE, trends_weekdays__value="pick", trends_picked__value=[])
    assert nobody["trends-profile-sub"]["children"] == ["Choose at least one day of the week."]
    assert cards(nobody[ids.TRENDS_PROFILE]["figure"]) == []
    assert tile(nobody, "tir") == tile(ask(dash_app, PROFILE), "tir")


def test_hours_and_distribution_add_up_to_the_whole(dash_app: Dash, services: Services, mira: int) -> None:
    expected = metrics(services, mira, named("14d", NOW, BERLIN))
    opened: dict[str, Any] = {"trends_hours_open__n_clicks": 1, "trends_spread_open__n_clicks": 3}
    answer = ask(dash_app, "trends-profile-table", **opened)
    hours, spread = table(answer, ids.TRENDS_HOURS), table(answer, ids.TRENDS_SPREAD)
    assert len(hours) == 25
    assert answer["trends-profile-table"]["children"] is None
    assert sum(float(row[2].strip("<").split()[0]) for row in spread[1:]) == pytest.approx(100, abs=2)
    low = [row for row in spread[1:] if row[1] in ("Low", "Very low")]
    shares = [float(row[2].strip("<").split()[0]) for row in low]
    assert sum(shares) == pytest.approx(expected["tbr_percent"], abs=0.3)


def test_hours_and_distribution_judge_lo_and_hi_as_the_bar_does(dash_app: Dash, services: Services) -> None:
    row = services.store.sources.resolve(None, "librelinkup", Wearer("id-Leo", "Leo", "DE", "mg/dL"))
    services.store.people.set_zone(row.person_id, BERLIN.key, confirmed=True)
    # A day of 5-minute readings: LO, 40 and 120 and HI by turns, the sensor's bounds being limits of one's own.
    turns = [(40, Flag.LO), (40, Flag.NONE), (120, Flag.NONE), (400, Flag.HI)]
    readings = [
        Reading(NOW - 300 * i, value, Kind.HISTORY, flag=flag, period_s=300)
        for i, (value, flag) in enumerate(turns * 72)
    ]
    services.store.readings.add_many(row.person_id, row.source_id, Columns.of(readings), arrived=NOW)
    own = Targets(40, 80, 180, 400)
    services.store.people.set_target_set(row.person_id, TargetSet.CUSTOM, own)
    answer = ask(dash_app, "trends-profile-table", trends_hours_open__n_clicks=1, trends_spread_open__n_clicks=1)
    hours, spread = table(answer, ids.TRENDS_HOURS), table(answer, ids.TRENDS_SPREAD)
    assert hours[1][1:] == ["25.0 %", "25.0 %", "25 %", "0 %", "25 %"]
    assert [row for row in spread[1:] if row[2] != "0 %"] == [
        ["30–39", "Very low", "25.0 %"],
        ["40–49", "Low", "25.0 %"],
        ["120–129", "In target", "25.0 %"],
        ["401–409", "Very high", "25.0 %"],
    ]


def test_each_week_and_month_is_what_metrics_gives(dash_app: Dash, services: Services, mira: int) -> None:
    for step, first in (("week", date(2026, 9, 7)), ("month", date(2026, 9, 1))):
        opened: dict[str, Any] = {"trends_series_open__n_clicks": 1, "trends_step__value": step}
        rows = table(ask(dash_app, "trends-series-table", **opened), ids.TRENDS_SERIES)[1:]
        begins = first
        for row in reversed(rows):
            ends = begins + timedelta(days=6) if step == "week" else (begins + timedelta(days=31)).replace(day=1)
            last = ends if step == "week" else ends - timedelta(days=1)
            found = metrics(services, mira, dated(begins, last, NOW, BERLIN))
            assert row[1:] == [
                *(text.percent(found["tir_percent"]).removesuffix(" %"),),
                *(text.percent_fine(found[k]).removesuffix(" %") for k in ("tbr_percent", "tbr2_percent")),
                *(text.percent(found[k]).removesuffix(" %") for k in ("tar_percent", "tar2_percent")),
                *(text.glucose(found[k], Unit.MG_DL) for k in ("mean_mg_dl", "sd_mg_dl")),
                text.decimal(found["cv_percent"], 0),
                text.decimal(found["gmi_percent"], 1),
                text.percent(found["active_percent"]).removesuffix(" %"),
                str(found["days"]),
                text.count(found["n"]),
            ], row[0]
            begins = last + timedelta(days=1)
        assert begins > TODAY


def test_calendar_tells_each_day_as_metrics_does(dash_app: Dash, services: Services, mira: int) -> None:
    answer = ask(dash_app, f"{ids.TRENDS_YEAR}.children")
    (box, _legend) = answer[ids.TRENDS_YEAR]["children"]
    cells = box["props"]["children"]["props"]["children"]
    links = [cell["props"] for cell in cells if cell["type"] == "A"]
    assert len(links) == 52 * 7 + 7
    assert [link["tabIndex"] for link in links].count(0) == 1
    assert links[-1]["href"] == f"/days?person={mira}&day=2026-11-22"
    assert "today" in links[-1]["className"].split()
    assert "today so far" in links[-1]["aria-label"]
    for back in range(69):
        day = TODAY - timedelta(days=back)
        found = metrics(services, mira, dated(day, day, NOW, BERLIN))
        label = links[-1 - back]["aria-label"]
        assert f"{text.glucose(found['mean_mg_dl'], Unit.MG_DL)} mg/dL" in label
        assert text.percent(found["active_percent"]) in label
        assert text.percent(found["tir_percent"]) in label
        assert ("too few" in label) == (found["active_percent"] < 70)
        assert ("few" in links[-1 - back]["className"].split()) == (found["active_percent"] < 70)
    assert links[0]["aria-label"] == "Mon 17 Nov 2025: no readings."


def test_time_a_day_beside_the_bar_is_that_of_the_table(dash_app: Dash, mira: int) -> None:
    content = ask(dash_app, PROFILE)[ids.TRENDS_RANGES]["children"]
    (svg,) = [each["props"]["svg"] for each in content if "svg" in each["props"]]
    beside = [minutes(words) for words in re.findall(r">([^<>]*) a day", svg.replace("&lt;", ""))]
    _summary, shown = content[-1]["props"]["children"]
    rows = [row["props"]["children"] for row in shown["props"]["children"][2]["props"]["children"]]
    in_table = [minutes(texts(cells[2])) for cells in rows if not texts(cells[0]).startswith(("High and", "Low and"))]
    assert beside == in_table
    assert sum(beside) > 1400


def minutes(words: str) -> int:
    """Return the minutes of "1 h 5 min", "1 h 05", "5 min" or "<1 min"."""
    found = re.fullmatch(r"<?(?:(\d+) h ?)?(?:(\d+)(?: min)?)?", words)
    assert found is not None, words
    return 60 * int(found[1] or 0) + int(found[2] or 0)


def test_chosen_targets_move_limits_and_goals(dash_app: Dash, services: Services, mira: int) -> None:
    services.store.people.set_target_set(mira, TargetSet.PREGNANCY)
    found = metrics(services, mira, named("14d", NOW, BERLIN))
    answer = ask(dash_app, PROFILE)
    assert text.percent(found["pregnancy_tir_percent"]) in tile(answer, "tir")
    assert "Time below 63 mg/dL" in tile(answer, "below")
    assert 63 in [shape.get("y0") for shape in answer[ids.TRENDS_PROFILE]["figure"]["layout"]["shapes"]]


def test_nothing_new_is_not_drawn_again(dash_app: Dash, mira: int) -> None:
    for output, store in (
        (PROFILE, ids.TRENDS_PAINTED),
        (f"{ids.TRENDS_YEAR}.children", ids.TRENDS_YEAR_PAINTED),
        ("trends-series-title", ids.TRENDS_SERIES_PAINTED),
    ):
        first = ask(dash_app, output)
        painted = {f"{store.replace('-', '_')}__data": first[store]["data"]}
        assert ask(dash_app, output, **painted) == {}
        assert ask(dash_app, output, unit_select__value="mmol/L", **painted) != {}
    year = ask(dash_app, f"{ids.TRENDS_YEAR}.children")[ids.TRENDS_YEAR_PAINTED]["data"]
    given = {"trends_year_painted__data": year}
    assert ask(dash_app, f"{ids.TRENDS_YEAR}.children", "?range=90d", **given) == {}
    assert ask(dash_app, "trends-profile-table", trends_tables_painted__data="") == {}


@pytest.mark.parametrize(
    ("output", "store"),
    [
        (PROFILE, ids.TRENDS_PAINTED),
        (f"{ids.TRENDS_YEAR}.children", ids.TRENDS_YEAR_PAINTED),
        ("trends-series-title", ids.TRENDS_SERIES_PAINTED),
    ],
)
def test_the_past_that_a_new_store_gets_is_drawn_at_once_and_a_reading_a_minute_is_not(
    dash_app: Dash, add_person: Add, output: str, store: str
) -> None:
    add_person(minutes=60)
    painted = {f"{store.replace('-', '_')}__data": ask(dash_app, output)[store]["data"]}
    add_person(minutes=1440, until=NOW - 4000)
    answer = ask(dash_app, output, **painted)
    assert answer != {}
    painted = {f"{store.replace('-', '_')}__data": answer[store]["data"]}
    add_person(minutes=1, until=NOW - 20)
    assert ask(dash_app, output, **painted) == {}


def test_nobody_and_a_person_without_readings_have_an_empty_page(dash_app: Dash, add_person: Add) -> None:
    for search in ("", "?person=77"):
        answer = ask(dash_app, PROFILE, search)
        assert "no readings" in answer["trends-profile-alt"]["children"]
        assert "–" in tile(answer, "mean")
    add_person(minutes=0)
    assert "no readings" in ask(dash_app, PROFILE)["trends-profile-alt"]["children"]
    assert ask(dash_app, "trends-series-title")["trends-series-title"]["children"] == "Week by week"


def test_few_days_have_a_median_alone_and_say_so(dash_app: Dash, add_person: Add) -> None:
    add_person(minutes=3000)
    answer = ask(dash_app, PROFILE)
    names = [trace["name"] for trace in answer[ids.TRENDS_PROFILE]["figure"]["data"]]
    assert names == ["median-few"]
    assert "needs at least 5 days" in texts(answer["trends-profile-sub"]["children"])


@pytest.mark.parametrize("odd", [None, 3, "x", ["all"], {"a": 1}, True])
def test_controls_may_say_anything(odd: Any) -> None:
    assert weekdays_of(odd, odd) == tuple(range(7))
    assert year_metric_of(odd) == "tir"
    assert step_of(odd) == "week"
    assert not is_open(odd) or odd == 3
    assert weekdays_of("pick", odd) == ()


def test_another_zone_than_the_readings_own_gives_no_day_more_than_the_range_has(
    dash_app: Dash, services: Services, add_person: Add, clock: Clock
) -> None:
    clock.now = NOW + 14 * 3600  # evening in New York, the next day already in Berlin
    person = add_person(minutes=16 * 1440, until=NOW + 14 * 3600 - 30)
    services.store.people.set_zone(person.id, "America/New_York", confirmed=True)
    answer = call(dash_app, "trends-profile.figure", url__search="?range=14d", url__pathname="/trends")
    assert "14 days" in texts(answer["trends-profile-sub"]["children"])
