"""What the page knows of polling, and that no clock makes an old reading young."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from dash import Dash

from app import compose
from callbacks.services import Awake, Services
from cgm_dash.current import State, current
from cgm_dash.settings import Settings
from cgm_dash.trouble import TROUBLES
from ingestion.poll_status import PollStatus, StatusFile
from sql.engine import writing
from sql.runs import Run
from tests.callbacks.conftest import NOW, Add, Clock

HOUR = 3600


@pytest.fixture
def upstream(services: Services) -> int:
    return services.store.upstreams.set_account("librelinkup", "f@example.org", "x").upstream_id


@pytest.fixture
def status(tmp_path: Path, services: Services) -> StatusFile:
    """The file this installation's polling process writes."""
    return StatusFile(services.settings.data_dir / "polling.json")


@pytest.fixture
def ran(services: Services, upstream: int) -> Callable[..., None]:
    """Return a function that stores a run."""

    def run(at: float, outcome: str = "ok", retry_at: float | None = None) -> None:
        services.store.runs.record(Run(upstream_id=upstream, started=at, outcome=outcome, retry_at=retry_at))

    return run


Ran = Callable[..., None]


def code(services: Services) -> str | None:
    trouble, _ = services.trouble(None)
    return None if trouble is None else trouble.code


@pytest.mark.parametrize("said", ["disk-full", "database-away", "database-damaged", "network"])
def test_what_the_poller_says_counts_where_it_is_newer_than_the_last_stored_run(
    services: Services, status: StatusFile, ran: Ran, said: str
) -> None:
    ran(NOW - 120)
    status.write(PollStatus(NOW - 60, said, NOW + 300, "leading"))
    assert services.trouble(None) == (TROUBLES[said], NOW + 300)
    ran(NOW - 1)
    assert code(services) is None


def test_an_old_word_of_the_poller_does_not_hide_the_last_run(services: Services, status: StatusFile, ran: Ran) -> None:
    status.write(PollStatus(NOW - 7 * 86_400, "ok", None, "leading"))
    ran(NOW - 10, "wrong-password")
    assert code(services) == "wrong-password"


def test_runs_and_words_from_the_future_are_passed_over(services: Services, status: StatusFile, ran: Ran) -> None:
    ran(NOW - 10, "wrong-password")
    for i in range(3):
        ran(NOW + HOUR + i)
    status.write(PollStatus(NOW + HOUR, "ok"))
    assert code(services) == "wrong-password"


def test_polling_that_has_stopped_is_said(services: Services, ran: Ran, clock: Clock) -> None:
    ran(NOW)
    for after, expected in ((240, None), (241, "polling-stopped")):
        clock.now = NOW + after
        assert code(services) == expected


def test_polling_that_never_began_is_said_too(services: Services, clock: Clock) -> None:
    assert code(services) is None
    clock.now = NOW + 241
    assert code(services) == "polling-stopped"


def test_a_wait_that_was_announced_is_no_silence(services: Services, ran: Ran, clock: Clock) -> None:
    ran(NOW, "rate-limited", NOW + 900)
    for after, expected in ((899, "rate-limited"), (1140, "rate-limited"), (1141, "polling-stopped")):
        clock.now = NOW + after
        assert code(services) == expected


def test_a_program_that_starts_after_a_night_does_not_call_itself_stopped(services: Services, ran: Ran) -> None:
    ran(NOW - 8 * HOUR)
    assert code(services) is None


def test_where_nothing_is_to_be_polled_nothing_has_stopped(
    services: Services, tmp_path: Path, ran: Ran, clock: Clock
) -> None:
    ran(NOW - 8 * HOUR, "network")
    services.store.upstreams.forget_account("librelinkup")
    made = compose(Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path), "CGM_DASH_DEMO": "0"}), clock)
    made.services.ready()
    clock.now += HOUR
    assert code(made.services) is None
    made.services.store.close()


@pytest.mark.parametrize(
    ("said", "after", "spooling"),
    [
        (PollStatus(NOW, "database-away", None, "spooling", spooled=True), 0, True),
        (PollStatus(NOW, "disk-full", None, "spooling"), 0, False),
        (PollStatus(NOW, "ok", None, "leading"), 0, False),
        (PollStatus(NOW, "database-away", None, "spooling", spooled=True), 241, False),
        (PollStatus(NOW + HOUR, "database-away", None, "spooling", spooled=True), 0, False),
        (None, 0, False),
    ],
)
def test_a_file_is_promised_only_while_somebody_writes_it(
    services: Services, status: StatusFile, clock: Clock, said: PollStatus | None, after: int, spooling: bool
) -> None:
    if said is not None:
        status.write(said)
    clock.now = NOW + after
    assert services.spooling() is spooling


def shown(services: Services, add: Add, until: int) -> State:
    person = add(until=until)
    return current(services.recent(person, services.now()), services.now(), 900).state


@pytest.mark.parametrize("ahead_s", [301, 2 * HOUR, 11 * HOUR, 200 * 86_400, NOW - 1000])
def test_a_server_clock_that_is_behind_shows_nothing_as_fresh(
    services: Services, add_person: Add, clock: Clock, ahead_s: int
) -> None:
    """The newest reading lies ahead of the clock; others lie just before it and would pass for fresh."""
    clock.now = NOW - ahead_s
    assert shown(services, add_person, NOW) in (State.STALE, State.NONE)
    (person,) = services.people()
    trouble, _ = services.trouble(person)
    assert trouble is TROUBLES["clock-wrong"]


def test_a_reading_within_the_slack_accuses_no_clock(services: Services, add_person: Add, clock: Clock) -> None:
    clock.now = NOW - 299
    assert shown(services, add_person, NOW) is State.FRESH
    (person,) = services.people()
    assert services.trouble(person) == (None, None)


def test_an_old_newest_reading_is_still_found(services: Services, add_person: Add, clock: Clock) -> None:
    person = add_person(minutes=5)
    clock.now = NOW + 40 * 86_400
    found = current(services.recent(person, clock.now), clock.now, 900)
    assert (found.state, found.measured_at) == (State.STALE, NOW - 30)


def test_a_wait_announced_for_hours_is_heard_of_every_hour(services: Services, ran: Ran, clock: Clock) -> None:
    ran(NOW, "rate-limited", NOW + 6 * HOUR)
    clock.now = NOW + HOUR + 200
    assert code(services) == "rate-limited"
    clock.now = NOW + HOUR + 300
    assert code(services) == "polling-stopped"


def test_a_machine_that_slept_does_not_accuse_its_poller() -> None:
    wall, steady = [float(NOW)], [0.0]
    awake = Awake(lambda: wall[0], lambda: steady[0])
    wall[0] += 600
    steady[0] += 600
    assert awake.since() == NOW
    wall[0] += 8 * HOUR
    assert awake.since() == NOW + 600 + 8 * HOUR
    wall[0] += 60
    steady[0] += 60
    assert awake.since() == NOW + 600 + 8 * HOUR


def test_a_zone_this_machine_does_not_know_costs_no_page(services: Services, add_person: Add, dash_app: Dash) -> None:
    person = add_person()
    with writing(services.store.engine) as connection:
        connection.execute(sa.text("UPDATE people SET zone = 'Mars/Base'"))
    browser = dash_app.server.test_client()
    assert browser.get(f"/api/now?person={person.id}").status_code == 200
    page = browser.get("/_dash-layout").get_data(as_text=True)
    assert "UTC (assumed)" in page
    long = browser.get("/_dash-layout?range=2025-01-01..2026-11-20").get_data(as_text=True)
    assert "time zone data" in long
