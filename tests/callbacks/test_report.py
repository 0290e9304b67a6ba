"""The report's wiring: what is gathered, what the address of the file takes, that page and file agree."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from dash import Dash
from werkzeug.test import TestResponse

from callbacks import report
from callbacks.report_view import Order, gather
from callbacks.services import Services
from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.errors import StoreUnavailable
from cgm_dash.goals import TargetSet
from cgm_dash.reading import Kind, Reading
from cgm_dash.units import Unit
from cgm_dash.window import Window, dated, named
from cgm_dash.zones import local_date
from layouts import ids
from layouts.sheet.view import Extra, Paper
from layouts.sheet.words import words_of
from sql.people import Person
from tests.callbacks.conftest import NOW, Add, call, texts
from tests.layouts.sheet.made import pages_of, squeezed

Get = Callable[..., TestResponse]
DAY_S = 86_400


@pytest.fixture
def get(dash_app: Dash) -> Get:
    return lambda query="": dash_app.server.test_client().get(f"/report.pdf{query}")


def back(services: Services, person: Person, days: int, step: int = 900) -> None:
    """Store a reading each *step* seconds of the last *days*."""
    (source,) = services.store.sources.of_person(person.id)
    n = days * 86_400 // step
    rows = [Reading(NOW - 60 - step * i, 100 + i % 97, Kind.HISTORY, period_s=step, offset_min=60) for i in range(n)]
    services.store.readings.add_many(person.id, source.source_id, Columns.of(rows), arrived=NOW)


def order(services: Services, person: Person | None, name: str = "14d", **more: object) -> Order:
    return Order(named(name, NOW, services.zone(person)), Unit.MG_DL, **more)  # type: ignore[arg-type]


def test_a_report_holds_person_sensor_goals_and_the_last_fourteen_days(services: Services, add_person: Add) -> None:
    person = add_person("Mira", minutes=2)
    back(services, person, 40)
    services.store.people.set_target_set(person.id, TargetSet.PREGNANCY)
    (source,) = services.store.sources.of_person(person.id)
    services.store.sensors.record(person.id, source.source_id, [SensorSeen("0T1", "Libre 3", NOW, 60, 14)], NOW)
    view = gather(services, services.access(str(person.id)), order(services, person, "30d"), NOW)
    assert (view.person, view.sensor, view.goals.target_set) == ("Mira", "Libre 3", TargetSet.PREGNANCY)
    assert (view.first.isoformat(), view.last.isoformat()) == ("2026-10-24", "2026-11-22")
    assert [day.day for day in view.days] == [view.last - timedelta(days=13 - i) for i in range(14)]
    assert view.metrics is None
    assert view.zone_confirmed


def test_a_report_of_earlier_days_names_no_sensor_of_today(services: Services, add_person: Add) -> None:
    person = add_person("Mira", minutes=2)
    (source,) = services.store.sources.of_person(person.id)
    for kind, worn in (("Libre 2", NOW - 60 * DAY_S), ("Libre 3", NOW - DAY_S)):
        services.store.sensors.record(person.id, source.source_id, [SensorSeen(kind, kind, worn, 60, 14)], worn + 9)
    zone = services.zone(person)
    for end, kind in ((NOW, "Libre 3"), (NOW - 30 * DAY_S, ""), (NOW - 50 * DAY_S, "Libre 2")):
        last = local_date(zone, end)
        window = dated(last - timedelta(days=13), last, NOW, zone)
        assert gather(services, person, Order(window, Unit.MG_DL), NOW).sensor == kind


def test_further_pages_bring_all_days_and_the_metrics(services: Services, add_person: Add) -> None:
    person = add_person(minutes=2)
    back(services, person, 40)
    view = gather(services, person, order(services, person, "30d", extras=frozenset(Extra)), NOW)
    assert len(view.days) == 30
    assert view.metrics is not None
    assert view.metrics["mean_mg_dl"] == view.level.mean


def test_a_long_window_is_counted_from_sums_and_gives_the_same_figures(services: Services, add_person: Add) -> None:
    person = add_person(minutes=2)
    back(services, person, 100)
    zone, today = services.zone(person), local_date(services.zone(person), NOW)

    def words(window: Window) -> object:
        said = words_of(gather(services, person, Order(window, Unit.MG_DL), NOW))
        return said.bands, said.together, said.tiles[:3], said.facts[2]

    long = dated(today - timedelta(days=99), today, NOW, zone)
    whole = services.series.between(person.id, long.start, long.end)
    view = gather(services, person, Order(long, Unit.MG_DL, extras=frozenset(Extra)), NOW)
    assert view.level.n == len(whole)
    assert view.metrics is not None
    assert view.metrics["tir_percent"] == view.times.tir
    assert len(view.days) == 92
    assert words(long)


def test_nobody_has_an_empty_report(services: Services) -> None:
    view = gather(services, None, order(services, None), NOW)
    assert (view.person, view.level.n, view.days[-1].level.n) == ("", 0, 0)


def test_the_file_says_what_the_page_says(dash_app: Dash, services: Services, add_person: Add, get: Get) -> None:
    person = add_person(minutes=2)
    back(services, person, 20)
    answer = call(
        dash_app,
        "report-sheets.children",
        url__search=f"?person={person.id}&range=14d",
        report_paper__value="letter",
        report_extras__value=["metrics"],
        unit_select__value="mmol/L",
    )
    address = answer["report-pdf"]["href"]
    assert address == f"/report.pdf?person={person.id}&range=14d&paper=letter&pages=metrics&unit=mmol/L&at={NOW}"
    page = squeezed(texts(answer["report-sheets"]["children"]))
    file = get(address.removeprefix("/report.pdf"))
    text = squeezed(" ".join(pages_of(file.data)))
    view = gather(services, person, Order(named("14d", NOW, services.zone(person)), Unit.MMOL_L, Paper.LETTER), NOW)
    for row in words_of(view).tiles:
        assert squeezed(f"{row.number}{row.unit}") in page
        assert squeezed(f"{row.number}{row.unit}") in text
    assert file.headers["Content-Type"] == "application/pdf"
    assert file.headers["Cache-Control"] == "no-store"
    assert file.headers["Content-Disposition"] == 'attachment; filename="glucose-report-2026-11-09-to-2026-11-22.pdf"'


def test_chosen_dates_and_the_moment_of_the_page_come_with_the_link(
    services: Services, add_person: Add, get: Get
) -> None:
    person = add_person(minutes=2)
    back(services, person, 20)
    text = pages_of(get(f"?person={person.id}&range=2026-11-10..2026-11-12&at={NOW - 3600}").data)[0]
    assert "10 to 12 November 2026" in text
    assert "22 November 2026, 11:00" in text
    assert "22 November 2026, 12:00" in pages_of(get().data)[0]


def test_the_file_speaks_the_viewers_language(dash_app: Dash, services: Services, add_person: Add) -> None:
    back(services, add_person(minutes=2), 20)
    answer = dash_app.server.test_client().get("/report.pdf", headers={"Accept-Language": "de"})
    assert "Glukosebericht" in pages_of(answer.data)[0]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("?person=99", 404, "There is no such person here.\n"),
        ("?person=1%20OR%201", 400, "person: "),
        ("?person=" + "1" * 70, 400, "person: too long"),
        ("?range=5y", 400, "range: expected one of "),
        ("?range=12h", 400, "range: expected one of "),
        ("?range=2026-02-30..2026-03-01", 400, "range: expected one of "),
        ("?range=2026-11-20..2026-11-10", 400, "The first date lies after the last one. Swap them.\n"),
        ("?range=2030-01-01..2030-01-02", 400, "These dates have not come yet."),
        ("?paper=a3", 400, "paper: expected a4 or letter.\n"),
        ("?pages=days,all", 400, "pages: expected days, metrics,"),
        ("?unit=mg", 400, "unit: expected mg/dL or mmol/L.\n"),
        ("?at=99999999999", 400, "at: expected a moment"),
        (f"?at={NOW - 90_000}", 400, "at: expected a moment"),
        ("?at=-1", 400, "at: expected a moment"),
    ],
)
def test_a_bad_argument_is_a_plain_sentence(add_person: Add, get: Get, query: str, status: int, words: str) -> None:
    add_person()
    answer = get(query)
    assert (answer.status_code, answer.mimetype) == (status, "text/plain")
    assert answer.get_data(as_text=True).startswith(words)
    assert re.fullmatch(r"[^\n]+\n", answer.get_data(as_text=True))


def test_a_database_that_is_away_is_said(
    services: Services, get: Get, add_person: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person()

    def away(*_: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(type(services.store.people), "list", away)
    answer = get()
    assert (answer.status_code, answer.get_data(as_text=True)) == (
        503,
        "The database does not answer. Try again in a minute.\n",
    )


def test_without_anybody_the_file_still_opens(get: Get) -> None:
    assert "No readings in these days." in pages_of(get().data)[0]


def test_odd_choices_of_the_browser_fall_back(dash_app: Dash, add_person: Add) -> None:
    add_person()
    odd = {"report_paper__value": ["x"], "report_extras__value": {"days": 1, "all": 2}, "url__search": "?range=14d"}
    answer = call(dash_app, "report-sheets.children", **odd)
    assert "paper=a4&pages=days&" in answer["report-pdf"]["href"]
    answer = call(dash_app, "report-sheets.children", report_extras__value=7, url__search="?range=14d")
    assert "pages" not in answer["report-pdf"]["href"]


def test_what_is_painted_already_is_not_made_again(dash_app: Dash, add_person: Add) -> None:
    add_person()
    first = call(dash_app, "report-sheets.children", url__search="")
    key = first[ids.REPORT_PAINTED]["data"]
    assert call(dash_app, "report-sheets.children", url__search="", report_painted__data=key) == {}


def test_a_server_that_made_no_file_has_not_loaded_the_pdf_library() -> None:
    import subprocess
    import sys

    loaded = (
        "import app, sys; sys.exit(any(name.split('.')[0] in ('reportlab', 'pymupdf_fonts') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", loaded], check=False, timeout=60).returncode == 0


def test_the_route_is_where_the_page_links_to() -> None:
    from callbacks.server.report import PATH

    assert report.PDF_PATH == PATH
