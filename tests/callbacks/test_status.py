"""The page Status, without a browser."""

from typing import Any

import pytest
from dash import Dash

from app import create_app
from callbacks import host, status
from callbacks.services import Services
from callbacks.visit import Viewer, visit_of
from cgm_dash.batch import Columns, Rejected, Wearer
from cgm_dash.reading import Kind, Reading
from cgm_dash.silence import Cause, Filling
from cgm_dash.units import Unit
from layouts import ids
from layouts.status import AREAS
from layouts.status_view import StatusView
from sql.runs import Run
from tests.callbacks.conftest import NOW, Add, Clock, call, texts
from tests.support.signed_in import let_in


def gathered(services: Services, search: str = "") -> StatusView:
    services.ready()
    return status.gather(services, visit_of(services, search, Viewer(Unit.MG_DL)))


def renew(app: Dash, **values: Any) -> Any:
    return call(app, f"{ids.STATUS_ANSWERS}.children", **{"url__pathname": "/status", **values})


def ran(services: Services, at: float, code: str = "ok", stored: int = 1, reason: str = "") -> None:
    run = Run(upstream_id=None, started=at, outcome=code, stored=stored, latency_ms=310, reason=reason)
    services.store.runs.record(run)


def test_status_tells_readings_requests_and_what_is_wrong(dash_app: Dash, services: Services, add_person: Add) -> None:
    add_person(minutes=1440)
    for i in range(60):
        ran(services, NOW - 3600 + 60 * i, "network" if i in (10, 59) else "ok")
    answer = renew(dash_app)
    answers = texts(answer[ids.STATUS_ANSWERS]["children"])
    assert "Newest reading just now" in answers
    assert "1\u202f440 of 1\u202f440 100.0 % of the time covered" in answers
    assert "2 failed of 60 11:10, 11:59" in answers
    assert "Waiting network" in answers
    assert "LibreLinkUp cannot be reached" in texts(answer[ids.STATUS_SOURCE]["children"])
    requests = texts(answer[ids.STATUS_REQUESTS]["children"])
    assert requests.startswith("Last requests Time Outcome New Took 11:59:00 not reached 1 0.31 s 11:58:00 ok 1 0.31 s")


def test_silence_is_explained_by_the_runs_in_it(services: Services, add_person: Add) -> None:
    person = add_person(minutes=0)
    (source,) = services.store.sources.of_person(person.id)
    live = [Reading(NOW - 60 * m, 120) for m in range(300) if not 100 <= m < 130]
    fives = [Reading(NOW - 300 * m, 120, Kind.HISTORY, period_s=300) for m in range(60)]
    services.store.readings.add(person.id, source.source_id, Columns.of(live + fives), arrived=NOW)
    for m in range(300):
        ran(services, NOW - 60 * m, "timeout" if 100 <= m < 130 else "ok")
    (one,) = gathered(services).silences
    assert (one.why.cause, one.why.code) == (Cause.FAILED, "timeout")
    assert (one.silence.filling, one.silence.values) == (Filling.HISTORY, 6)


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("sharing-stopped@1", Cause.NOT_SHARED),
        ("sharing-stopped", Cause.NOT_SHARED),
        ("sharing-stopped@2", Cause.NOTHING_OFFERED),
        ("clock-wrong", Cause.NOTHING_OFFERED),
    ],
)
def test_silence_of_who_no_longer_shares_is_not_laid_to_the_phone(
    dash_app: Dash, services: Services, add_person: Add, reason: str, cause: Cause
) -> None:
    person = add_person(minutes=60, until=NOW - 3600)
    assert person.id == 1
    for m in range(120):
        ran(services, NOW - 60 * m, stored=0, reason=reason if m < 59 else "")
    (one,) = gathered(services).silences
    assert (one.silence.end, one.why.cause) == (None, cause)
    told = " ".join(texts(renew(dash_app)[ids.STATUS_SILENCES]["children"]).split())
    assert ("The readings were not shared with this account sharing-stopped" in told) is (cause is Cause.NOT_SHARED)


def test_silence_older_than_the_days_told_of_is_told(dash_app: Dash, services: Services, add_person: Add) -> None:
    add_person(minutes=60, until=NOW - 40 * 86_400)
    for hour in range(14 * 24):
        for minute in range(0, 60, 4):
            ran(services, NOW - 3600 * hour - 60 * minute, "network" if hour < 9 * 24 else "ok", stored=0)
    (one,) = gathered(services).silences
    assert (one.silence.start, one.silence.end) == (NOW - 40 * 86_400 + 60, None)
    assert (one.why.cause, one.why.code) == (Cause.FAILED, "network")
    assert "There was none." not in texts(renew(dash_app)[ids.STATUS_SILENCES]["children"])
    add_person(minutes=60)
    (one,) = gathered(services).silences
    assert (one.silence.start, one.silence.end) == (NOW - 40 * 86_400 + 60, NOW - 30 - 59 * 60)


def test_page_before_anything_was_asked_claims_nothing(dash_app: Dash, services: Services) -> None:
    view = gathered(services)
    assert (view.expected, view.requests, view.silences, view.sources, view.program.clock_wrong) == (
        None,
        (),
        (),
        (),
        None,
    )
    answer = renew(dash_app)
    assert "Nothing was asked in this time." in texts(answer[ids.STATUS_ANSWERS]["children"])
    assert texts(answer[ids.STATUS_SILENCES]["children"]).endswith("There are no readings yet.")


def test_rejected_record_is_shown_as_plain_shortened_text(dash_app: Dash, services: Services) -> None:
    hostile = "<script>alert(1)</script>\x07" + "x" * 500
    services.store.rejects.record([Rejected("future", hostile), Rejected("new-word", "{}")], NOW - 60)
    services.store.rejects.record([Rejected("future", "old")], NOW - 31 * 86_400)
    shown = texts(renew(dash_app)[ids.STATUS_REJECTS]["children"])
    assert "2 in 30 days" in shown
    assert "Its time lies in the future." in shown
    assert "new-word" in shown
    assert "<script>alert(1)</script> xxx" in shown
    assert "x…" in shown
    assert "x" * 200 not in shown


def test_clock_is_doubted_when_the_last_answer_doubts_it(services: Services) -> None:
    ran(services, NOW - 60, reason="clock-wrong sharing-stopped@3")
    assert gathered(services).program.clock_wrong is True
    ran(services, NOW)
    assert gathered(services).program.clock_wrong is False


def test_every_person_has_their_sources_and_the_database_its_count(services: Services, add_person: Add) -> None:
    add_person("Mira", minutes=3)
    person = add_person("Jon", minutes=2)
    services.store.sources.attach(person.id, "file", "x")
    view = gathered(services)
    assert [(s.person, s.kind, s.live, s.newest) for s in view.sources] == [
        ("Mira", "librelinkup", True, NOW - 30),
        ("Jon", "librelinkup", True, NOW - 30),
        ("Jon", "file", False, None),
    ]
    assert (view.database.readings, view.database.oldest) == (5, NOW - 30 - 120)


def test_what_is_painted_already_is_not_drawn_again(dash_app: Dash, services: Services, clock: Clock) -> None:
    key = renew(dash_app)[ids.STATUS_PAINTED]["data"]
    assert renew(dash_app, status_painted__data=key) == {}
    ran(services, NOW)
    assert ids.STATUS_ANSWERS in renew(dash_app, status_painted__data=key)
    clock.now += 60
    assert set(renew(dash_app, status_painted__data=key)) >= {*AREAS, ids.STATUS_PAINTED}


@pytest.mark.parametrize("odd", [None, 7, "x" * 5000, ["a"], {"b": {}}, True, -1.5])
def test_junk_gives_a_page_or_nothing_but_never_a_fault(services: Services, odd: object) -> None:
    app = let_in(create_app(services), services)
    names = ("url__search", "unit_select__value", "viewer__data", "news__data", "status_painted__data")
    for name in names:
        renew(app, **{name: odd})
    assert renew(app, url__pathname=odd) == {} or odd is None


def test_host_tells_versions_and_memory() -> None:
    assert dict(host.versions())["Dash"].startswith("4.")
    assert all(version for _name, version in host.versions())
    assert (host.memory(1) or 0) > 10_000_000


def test_other_peoples_silences_are_not_shown(services: Services, add_person: Add) -> None:
    person = add_person(minutes=30)
    other = services.store.sources.resolve(None, "librelinkup", Wearer("id-other", "Other", "DE", "mg/dL"))
    rows = [Reading(NOW - 60 * m, 120) for m in range(90) if not 10 <= m < 50]
    services.store.readings.add(other.person_id, other.source_id, Columns.of(rows), arrived=NOW)
    ran(services, NOW - 7200)
    assert len(gathered(services, f"person={person.id}").silences) == 0
    assert len(gathered(services, f"person={other.person_id}").silences) == 1


def test_alarms_and_the_call_outside_are_told(
    dash_app: Dash, services: Services, add_person: Add, clock: Clock
) -> None:
    add_person(mg_dl=62)
    told = texts(renew(dash_app)[ids.STATUS_ALARMS]["children"])
    assert "Low alarm. Since" in told
    assert "Not acknowledged." in told
    assert "Not set up" in told
    (person,) = services.people()
    held = services.alarms(person)
    services.acknowledge(person, {kind: one.raised_at for kind, one in held.items()}, 30, "Olga")
    clock.now += 60
    assert "Acknowledged by Olga until" in texts(renew(dash_app)[ids.STATUS_ALARMS]["children"])
