"""From the upstream's HTTP answers to stored rows, on both databases."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from cgm_dash.batch import Batch, Columns, Notice, Portion, Wearer
from cgm_dash.errors import StoreError, StoreUnavailable
from cgm_dash.reading import Flag, Kind, Reading
from ingestion.keeper import Keeper
from ingestion.pipeline import Pipeline
from ingestion.spool import Entry, Spool, SpoolFull
from sql.engine import make_engine
from sql.migrate import migrate
from sql.store import Store, assemble
from sql.vault import Vault
from tests.ingestion.conftest import NOON, Upstream


class OneBatch:
    """A source that has just this."""

    kind = "librelinkup"

    def __init__(
        self, *rows: Reading, name: str = "Mira", external_id: str = "p1", raw: list[str] | None = None
    ) -> None:
        columns = Columns.of(rows, raw)
        self.batch = Batch(self.kind, (Portion(Wearer(external_id, name, "DE", "mg/dL"), columns),))

    def fetch(self, now: float) -> Batch:
        return self.batch


def pipeline(store: Store, folder: Path, source: OneBatch, zone: str | None = None) -> Pipeline:
    upstream = store.upstreams.set_account("librelinkup", "f@example.org", "x").upstream_id
    keeper = Keeper(store=store, spool=Spool(folder / "spool.jsonl"), zone=zone, now=lambda: NOON)
    return Pipeline(source=source, keeper=keeper, upstream_id=upstream, now=lambda: NOON)


def stored(store: Store, person: int = 1) -> dict[tuple[int, int], int]:
    """Return mg/dL by (kind, instant)."""
    columns = store.readings.load(person).columns
    return dict(zip(zip(columns.kind.tolist(), columns.ts.tolist(), strict=True), columns.mg_dl.tolist(), strict=True))


def test_a_first_run_stores_what_the_upstream_offers(upstream: Upstream) -> None:
    outcome = upstream.pipeline.run()
    truth = upstream.world.truth(0, NOON - 12 * 3600, NOON + 1)
    graph = {(int(Kind.HISTORY), r.ts): r.mg_dl for r in upstream.world.graph(0)}
    newest = upstream.world.latest(0)
    assert newest is not None
    assert stored(upstream.store).items() >= graph.items()
    assert stored(upstream.store)[(Kind.LIVE, newest.ts)] == newest.mg_dl
    assert (outcome.code, outcome.stored, outcome.known) == ("ok", outcome.fetched, 0)
    assert outcome.newest_at == newest.ts
    assert len(truth.live) > 700
    run = upstream.store.runs.last(upstream.upstream_id)
    assert run is not None
    assert (run.outcome, run.stored) == ("ok", outcome.stored)


def test_running_twice_stores_nothing_twice(upstream: Upstream) -> None:
    upstream.pipeline.run()
    upstream.restart()
    again = upstream.pipeline.run()
    assert (again.stored, again.known, again.conflicts) == (0, again.fetched, 0)
    assert again.fetched > 100


def test_two_people_are_kept_apart(store: Store, tmp_path: Path) -> None:
    with Upstream(store, tmp_path, people=2, zones=("Europe/Berlin", "America/New_York")) as up:
        up.pipeline.run()
        names = [p.name for p in store.people.list()]
        assert sorted(names) == sorted(f"{p.first_name} {p.last_name}" for p in up.world.patients)
        for person in store.people.list():
            patient = next(p for p in up.world.patients if person.name.startswith(p.first_name))
            newest = up.world.latest(patient)
            assert newest is not None
            assert stored(store, person.id)[(Kind.LIVE, newest.ts)] == newest.mg_dl


def test_notice_about_who_is_no_longer_offered_names_that_person_and_nobody_else(store: Store, tmp_path: Path) -> None:
    source = OneBatch(Reading(int(NOON), 120))
    made = pipeline(store, tmp_path, source)
    made.run()
    (person,) = store.people.list()
    told = tuple(Notice("sharing-stopped", who) for who in ("p1", "never-here"))
    source.batch = Batch("librelinkup", (), notices=(*told, Notice("clock-wrong")))
    assert made.run().detail == f"sharing-stopped@{person.id} clock-wrong"


def test_an_mmol_account_is_stored_in_mg_dl(store: Store, tmp_path: Path) -> None:
    with Upstream(store, tmp_path, unit="mmol/L") as up:
        up.pipeline.run()
        newest = up.world.latest(0)
        assert newest is not None
        assert stored(store)[(Kind.LIVE, newest.ts)] == newest.mg_dl
        assert store.people.list()[0].unit == "mmol/L"


def test_the_wearers_zone_is_worked_out_but_not_taken_for_sure(upstream: Upstream) -> None:
    upstream.pipeline.run()
    (person,) = upstream.store.people.list()
    assert (person.zone, person.zone_confirmed) == ("Europe/Berlin", False)


def test_a_zone_in_the_settings_counts_as_confirmed(store: Store, tmp_path: Path) -> None:
    source = OneBatch(Reading(int(NOON) - 60, 120, offset_min=60))
    pipeline(store, tmp_path, source, zone="Europe/Vienna").run()
    (person,) = store.people.list()
    assert (person.zone, person.zone_confirmed) == ("Europe/Vienna", True)


def test_another_zone_in_the_settings_takes_the_place_of_the_old_one(store: Store, tmp_path: Path) -> None:
    source = OneBatch(Reading(int(NOON) - 60, 120, offset_min=60))
    for zone in ("Europe/Vienna", "Europe/Zurich"):
        pipeline(store, tmp_path, source, zone=zone).run()
        (person,) = store.people.list()
        assert (person.zone, person.zone_confirmed) == (zone, True)


def zone_after(store: Store, folder: Path, *offsets: int) -> str | None:
    """Return the wearer's zone after a batch from the USA, a reading a minute up to now, that tells these offsets."""
    rows = [Reading(int(NOON) - 60 * i, 120, offset_min=offset) for i, offset in enumerate(reversed(offsets), start=1)]
    source = OneBatch(*rows)
    (portion,) = source.batch.portions
    source.batch = Batch("librelinkup", (Portion(Wearer("p1", "Mira", "US", "mg/dL"), portion.columns),))
    pipeline(store, folder, source).run()
    return store.people.list()[0].zone


def test_one_garbled_time_of_day_moves_nobody_a_journey_does(store: Store, tmp_path: Path) -> None:
    assert zone_after(store, tmp_path, -300) == "America/New_York"
    assert zone_after(store, tmp_path, -480) == "America/New_York"
    assert zone_after(store, tmp_path, -300, -300, -300, -480) == "America/New_York"
    assert zone_after(store, tmp_path, -300, -360, -480, -420) == "America/New_York"
    assert zone_after(store, tmp_path, -300, -480, -480, -480) == "America/Los_Angeles"


def test_every_odd_record_has_a_defined_result(store: Store, tmp_path: Path) -> None:
    at = int(NOON)
    rows = [
        Reading(at - 120, 130),
        Reading(at - 60, 40, flag=Flag.LO),
        Reading(at - 180, 125),  # out of order
        Reading(at - 120, 130),  # twice
        Reading(at + 3600, 140),  # from the future
        Reading(at - 20 * 86_400, 110),  # too old for live polling
    ]
    outcome = pipeline(store, tmp_path, OneBatch(*rows, raw=[f'{{"n":{i}}}' for i in range(6)])).run()
    assert dict(outcome.rejected) == {"future": 1, "too-old": 1}
    assert (outcome.stored, outcome.known) == (3, 1)
    assert sorted(ts for _, ts in stored(store)) == [at - 180, at - 120, at - 60]
    assert {(r.reason, r.raw) for r in store.rejects.recent()} == {("future", '{"n":4}'), ("too-old", '{"n":5}')}


def test_a_rejected_record_that_comes_again_is_kept_once_and_counted(store: Store, tmp_path: Path) -> None:
    way = pipeline(store, tmp_path, OneBatch(Reading(int(NOON) + 3600, 140), raw=['{"n":1}']))
    way.run()
    way.run()
    (row,) = store.rejects.recent()
    assert row.times_seen == 2


def test_the_first_value_stays_and_a_different_one_is_a_conflict_kept_once(store: Store, tmp_path: Path) -> None:
    at = int(NOON) - 60
    pipeline(store, tmp_path, OneBatch(Reading(at, 120))).run()
    later = pipeline(store, tmp_path, OneBatch(Reading(at, 126)))
    assert later.run().conflicts == 1
    later.run()
    assert stored(store) == {(Kind.LIVE, at): 120}
    (conflict,) = store.readings.conflicts(1)
    assert (conflict.mg_dl, conflict.times_seen) == (126, 2)


def test_an_open_gap_is_counted_and_closes(store: Store, tmp_path: Path) -> None:
    at = int(NOON)
    hole = [Reading(at - 7200 + 60 * i, 120) for i in range(31)] + [Reading(at - 60, 120)]
    assert pipeline(store, tmp_path, OneBatch(*hole)).run().gap_seconds_open == 7200 - 1800 - 60 - 60
    fill = [Reading(at - 5400 + 300 * i, 120, Kind.HISTORY, period_s=300) for i in range(18)]
    assert pipeline(store, tmp_path, OneBatch(*fill)).run().gap_seconds_open == 0


def test_what_cannot_be_stored_waits_in_the_spool_and_comes_in_once(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.pipeline.run()
    add = upstream.store.readings.add

    def away(*_args: object, **_kwargs: object) -> object:
        raise StoreUnavailable("the database does not answer")

    offered: set[int] = set()
    monkeypatch.setattr(type(upstream.store.readings), "add", away)
    for _ in range(10):
        upstream.now += 60
        newest = upstream.world.latest(0)
        assert newest is not None
        offered.add(newest.ts)
        assert upstream.pipeline.run().code == "database-away"
    assert upstream.spool.waiting() >= 10
    monkeypatch.setattr(type(upstream.store.readings), "add", lambda _self, *a, **k: add(*a, **k))
    upstream.now += 60
    assert upstream.pipeline.run().code == "ok"
    live = {ts for kind, ts in stored(upstream.store) if kind == Kind.LIVE}
    assert live >= offered
    assert upstream.spool.waiting() == 0


def test_a_batch_the_database_refuses_for_good_does_not_hold_up_the_others(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = upstream.store.readings.add
    refused: list[object] = []

    def refuse_the_first(_self: object, *args: Any, **kwargs: Any) -> object:
        if len(refused) < 2:  # when it is fetched, and when it comes from the spool
            refused.append(args)
            raise StoreError("the database refused it")
        return add(*args, **kwargs)

    monkeypatch.setattr(type(upstream.store.readings), "add", refuse_the_first)
    assert upstream.pipeline.run().spooled
    upstream.now += 60
    assert upstream.pipeline.run().code == "ok"
    assert upstream.spool.waiting() == 0
    assert (upstream.folder / "spool.refused").read_bytes().count(b"\n") == 1


def minutes(store: Store, person: int) -> int:
    """Return how many live readings are stored."""
    return sum(kind == Kind.LIVE for kind, _ in stored(store, person))


def refusing(store: Store, person: int, error: StoreError) -> Any:
    """Return an `add` that raises *error* for one person and stores everybody else's."""
    add = store.readings.add

    def some(_self: object, person_id: int, *args: Any, **kwargs: Any) -> object:
        if person_id == person:
            raise error
        return add(person_id, *args, **kwargs)

    return some


def test_a_database_that_goes_away_between_two_people_costs_neither_a_reading(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Upstream(store, tmp_path, people=2) as up:
        up.pipeline.run()
        before = {p.id: minutes(store, p.id) for p in store.people.list()}
        up.now += 60
        with monkeypatch.context() as patched:
            patched.setattr(type(store.readings), "add", refusing(store, 2, StoreUnavailable("away")))
            assert up.pipeline.run().spooled
        up.now += 60
        assert up.pipeline.run().code == "ok"
        assert {p.id: minutes(store, p.id) - before[p.id] for p in store.people.list()} == {1: 2, 2: 2}
        assert up.spool.waiting() == 0


def test_what_is_refused_of_one_person_keeps_nobody_else_out(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Upstream(store, tmp_path, people=3) as up:
        up.pipeline.run()
        before = minutes(store, 3)
        monkeypatch.setattr(type(store.readings), "add", refusing(store, 2, StoreError("refused")))
        for _ in range(3):
            up.now += 60
            assert up.pipeline.run().spooled
        assert minutes(store, 3) == before + 3
        assert up.spool.waiting() == 1
        assert (tmp_path / "spool.refused").read_bytes().count(b"\n") == 2


@pytest.mark.postgres
def test_a_database_that_may_only_be_read_loses_nothing(postgres_url: str, tmp_path: Path) -> None:
    engine = make_engine(postgres_url)
    migrate(engine)
    store = assemble(engine, Vault.open(tmp_path / "keys"))
    allowed = {"options": "-c default_transaction_read_only=off"}
    admin = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool, connect_args=allowed)

    def read_only(yes: bool) -> None:
        with admin.connect() as connection:
            name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = {yes}")
        engine.dispose()

    with Upstream(store, tmp_path) as up:
        up.pipeline.run()
        offered: set[int] = set()
        read_only(True)
        for _ in range(3):
            up.now += 60
            newest = up.world.latest(0)
            assert newest is not None
            offered.add(newest.ts)
            assert up.pipeline.run().spooled
        assert up.spool.waiting() == 3
        read_only(False)
        up.now += 60
        assert up.pipeline.run().code == "ok"
        assert offered <= {ts for kind, ts in stored(store) if kind == Kind.LIVE}
        assert not (tmp_path / "spool.refused").exists()
    store.close()


def test_an_unreadable_spool_keeps_nothing_from_being_fetched(upstream: Upstream) -> None:
    (upstream.folder / "spool.jsonl").write_text("{}\n")
    assert upstream.pipeline.run().code == "ok"
    assert len(stored(upstream.store)) > 100
    assert (upstream.folder / "spool.refused").read_text() == "{}\n"


@pytest.mark.parametrize("error", [RuntimeError("defect"), PermissionError(13, "Permission denied")])
def test_a_replay_that_fails_in_any_way_keeps_nothing_from_being_fetched(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_args: object, **_kwargs: object) -> int:
        raise error

    upstream.spool.append(Entry(Batch("librelinkup"), NOON, upstream.upstream_id))
    monkeypatch.setattr(Spool, "replay", fails)
    assert upstream.pipeline.run().code == "ok"


def test_a_replay_that_breaks_off_is_said_once_not_at_every_tick(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away() -> None:
        raise StoreUnavailable("away")

    upstream.spool.append(Entry(Batch("librelinkup"), NOON, upstream.upstream_id))
    keeper = Keeper(store=upstream.store, spool=upstream.spool, ready=away, now=lambda: NOON)
    assert [keeper.replay() for _ in range(3)] == [0, 0, 0]
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    monkeypatch.setattr(keeper, "_ready", lambda: None)
    assert keeper.replay() == 1


def test_a_full_disk_is_an_outcome_not_a_silence(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    way = pipeline(store, tmp_path, OneBatch(Reading(int(NOON) - 60, 120)))

    def away(*_args: object, **_kwargs: object) -> object:
        raise StoreUnavailable("the disk is full")

    def full(*_args: object, **_kwargs: object) -> None:
        raise SpoolFull("no room")

    monkeypatch.setattr(type(store.readings), "add", away)
    monkeypatch.setattr(Spool, "append", full)
    outcome = way.run()
    assert (outcome.code, outcome.level.value, outcome.spooled) == ("disk-full", "operator", False)


def test_the_run_is_printed_as_the_contract_says(upstream: Upstream) -> None:
    document = upstream.pipeline.run().as_json()
    wanted = "source outcome level message next_try_at fetched stored known rejected newest_at gap_seconds_open"
    assert set(wanted.split()) <= set(document)
    assert (document["source"], document["outcome"], document["level"]) == ("librelinkup", "ok", "none")
    assert str(document["newest_at"]).endswith("+00:00")


def test_hours_of_polls_with_faults_end_with_everything_still_offered(upstream: Upstream) -> None:
    faults = {60: "http-500", 200: "net-reset", 400: "http-503-retry-after", 700: "body-html-200", 900: "http-401-once"}
    start = due = upstream.now
    failing, lost = False, list[int]()
    offered: dict[tuple[int, int], int] = {}
    for minute in range(60 * HOURS):
        upstream.now = start + 60 * minute
        if minute in faults:
            upstream.server.inject(faults[minute], times=5)
            failing = True
        if upstream.now >= due:
            outcome = upstream.pipeline.run()
            due = outcome.next_try_at or upstream.now
            failing = failing and outcome.code != "ok"
        newest = upstream.world.latest(0)
        assert newest is not None
        if failing:
            lost.append(minute)
        else:
            offered[Kind.LIVE, newest.ts] = newest.mg_dl
    # No fault costs more than its own five answers and the waits between them.
    assert {minute: sum(minute <= one < minute + 60 for one in lost) for minute in faults} == LOST_MINUTES
    assert len(lost) == sum(LOST_MINUTES.values())
    # The graph is asked every half hour at the latest, and ends some 20 minutes before now.
    first = min(r.ts for r in upstream.world.graph(0, start))
    history = upstream.world.truth(0, first, upstream.now - 50 * 60).history
    offered |= {(int(Kind.HISTORY), r.ts): r.mg_dl for r in history}
    assert len(offered) - len(history) == 60 * HOURS - len(lost)
    assert len(history) > (HOURS - 1 + 11) * 12
    columns = upstream.store.readings.load(1).columns
    rows = stored(upstream.store)
    assert len(columns) == len(rows)  # each once
    assert offered.items() <= rows.items()
    truth = upstream.world.truth(0, first, upstream.now + 1)
    true = {(int(r.kind), r.ts): r.mg_dl for r in (*truth.live, *truth.history)}
    assert {key: mg_dl for key, mg_dl in rows.items() if key[0] in (Kind.LIVE, Kind.HISTORY)}.items() <= true.items()
    assert int(np.diff(sorted({ts for kind, ts in rows if kind in (Kind.LIVE, Kind.HISTORY)})).max()) <= 330
    assert upstream.server.count("login") == 2


HOURS = 16
LOST_MINUTES = {60: 6, 200: 6, 400: 10, 700: 6, 900: 0}
"""By the minute at which a fault begins: for how many nothing comes. Five failures, the fifth with a wait of two
minutes; five times two minutes of Retry-After; a session that is renewed at once."""
