"""Runs are kept minute by minute, then hour by hour; rejected records once each; sensors from first to last sight."""

import dataclasses

from cgm_dash.batch import Rejected, SensorSeen, Wearer
from sql import Store
from sql.rejects import RAW_LIMIT
from sql.runs import KEPT_S, Asked, Run, Slot

T0 = 1_790_000_000 // 3600 * 3600


def test_run_comes_back_as_it_was_recorded(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    run = Run(
        upstream_id=account.upstream_id,
        started=T0,
        outcome="rate-limited",
        fetched=5,
        stored=1,
        known=2,
        conflicts=1,
        rejected={"future": 1},
        latency_ms=230,
        reason="status 429",
        newest_at=T0 - 20,
        retry_at=T0 + 300,
        failed=1,
    )
    store.runs.record(run)
    assert store.runs.recent() == (run,)
    assert store.runs.last(account.upstream_id) == run
    assert store.runs.last(99) is None


def test_newest_runs_come_first(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    for i, outcome in enumerate(("ok", "ok", "network")):
        store.runs.record(Run(upstream_id=account.upstream_id, started=T0 + 60 * i, outcome=outcome))
    store.runs.record(Run(upstream_id=None, started=T0 + 300, outcome="ok"))
    assert [run.started - T0 for run in store.runs.recent(2)] == [300, 120]


def test_old_runs_become_one_row_an_hour_that_adds_up(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    outcomes = ["ok", "network", "network", "timeout"] + ["ok"] * 116
    for i, outcome in enumerate(outcomes):
        rejected = {"future": 2} if i == 5 else {}
        run = Run(upstream_id=account.upstream_id, started=T0 + 60 * i, outcome=outcome, stored=1, latency_ms=i)
        store.runs.record(dataclasses.replace(run, rejected=rejected))
    now = T0 + 3600 + KEPT_S + 1800  # the second hour is not whole yet
    assert store.runs.thin(now) == 60
    assert store.runs.thin(now) == 0
    kept = store.runs.recent(1000)
    assert len(kept) == 61
    hour = kept[-1]
    assert (hour.started, hour.hourly, hour.runs, hour.failed, hour.outcome) == (T0, True, 60, 3, "network")
    assert (hour.stored, dict(hour.rejected), hour.latency_ms) == (60, {"future": 2}, 59)
    assert store.runs.thin(now + 3600) == 60
    assert sum(run.runs for run in store.runs.recent()) == len(outcomes)
    assert sum(run.stored for run in store.runs.recent()) == len(outcomes)


def test_rejected_record_is_kept_once_with_how_often_it_came(store: Store) -> None:
    source = store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))
    record = Rejected("future", '{"v": 1}')
    store.rejects.record([record, record], T0, source=source)
    store.rejects.record([record, Rejected("out-of-range", '{"v": 1}')], T0 + 60, source=source)
    kept = {row.reason: row for row in store.rejects.recent()}
    assert {reason: row.times_seen for reason, row in kept.items()} == {"future": 3, "out-of-range": 1}
    future = kept["future"]
    assert (future.raw, future.first_seen, future.last_seen) == ('{"v": 1}', T0, T0 + 60)
    assert (future.person_id, future.source_id) == (source.person_id, source.source_id)
    assert store.rejects.counts() == {"future": 1, "out-of-range": 1}


def test_record_nobody_owns_is_kept_too(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    store.rejects.record([Rejected("no-time", "x")], T0, upstream_id=account.upstream_id)
    store.rejects.record([], T0)
    (row,) = store.rejects.recent()
    assert (row.person_id, row.source_id, row.upstream_id) == (None, None, account.upstream_id)


def test_huge_or_unprintable_record_is_kept_cut_and_counted_whole(store: Store) -> None:
    store.rejects.record([Rejected("shape", "\0\ud800" + "x" * 100_000), Rejected("shape", "x" * 100_001)], T0)
    rows = store.rejects.recent()
    assert {len(row.raw.encode()) for row in rows} == {RAW_LIMIT}
    assert {row.raw_bytes for row in rows} == {100_007, 100_001}


def test_only_the_records_seen_last_are_kept_for_ever(store: Store) -> None:
    for i in range(12):
        store.rejects.record([Rejected("shape", str(i))], T0 + i)
    assert store.rejects.thin(5) == 7
    assert store.rejects.thin(5) == 0
    assert [row.raw for row in store.rejects.recent()] == ["11", "10", "9", "8", "7"]


def test_sensor_keeps_first_and_last_sight_and_learns_more(store: Store) -> None:
    source = store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))
    who = (source.person_id, source.source_id)
    store.sensors.record(*who, [SensorSeen("S1"), SensorSeen("S1")], T0)
    store.sensors.record(*who, [SensorSeen("S1", "libre3", T0 - 900, 60, 14)], T0 + 60)
    store.sensors.record(*who, [SensorSeen("S1")], T0 + 30)
    store.sensors.record(*who, [SensorSeen("S2")], T0 + 120)
    store.sensors.record(*who, [], T0 + 180)
    two, one = store.sensors.of_person(source.person_id)
    assert two.serial == "S2"
    assert (one.kind, one.activated, one.life_days) == ("libre3", T0 - 900, 14)
    assert (one.first_seen, one.last_seen) == (T0, T0 + 60)


def test_slots_sum_up_what_was_asked_and_leave_none_out(store: Store) -> None:
    for at, outcome, stored in ((0, "ok", 1), (599, "ok", 0), (600, "network", 0), (1800, "ok", 2), (2400, "ok", 9)):
        store.runs.record(Run(upstream_id=None, started=T0 + at, outcome=outcome, stored=stored))
    assert store.runs.slots(T0, 600, 4) == (
        Slot(T0, 2, 0, 1),
        Slot(T0 + 600, 1, 1, 0),
        Slot(T0 + 1200, 0, 0, 0),
        Slot(T0 + 1800, 1, 0, 2),
    )


def test_failures_come_newest_first_and_bounded(store: Store) -> None:
    for at, outcome in ((0, "network"), (60, "ok"), (120, "timeout"), (180, "network"), (240, "network")):
        store.runs.record(Run(upstream_id=None, started=T0 + at, outcome=outcome))
    found = store.runs.failures(T0, T0 + 240, 3)
    assert [(run.started - T0, run.outcome) for run in found] == [(180, "network"), (120, "timeout"), (0, "network")]
    assert len(store.runs.failures(T0, T0 + 240, 2)) == 2


def test_asked_gives_a_row_a_minute_and_outcome(store: Store) -> None:
    assert store.runs.oldest_at() is None
    for at, outcome in ((0, "ok"), (1, "ok"), (2, "network"), (59, "ok"), (60, "ok")):
        store.runs.record(Run(upstream_id=None, started=T0 + at, outcome=outcome, retry_at=T0 + at + 7))
    assert store.runs.asked(T0, T0 + 61) == (
        Asked(T0, "ok", T0 + 66),
        Asked(T0 + 2, "network", T0 + 9),
        Asked(T0 + 60, "ok", T0 + 67),
    )
    assert store.runs.asked(T0 + 60, T0 + 60) == ()
    assert store.runs.oldest_at() == T0


def test_asked_tells_apart_what_answers_said_beside_and_no_details_of_failures(store: Store) -> None:
    for at, outcome, reason in (
        (0, "ok", ""),
        (1, "ok", "sharing-stopped@2"),
        (2, "network", "a"),
        (3, "network", "b"),
    ):
        store.runs.record(Run(upstream_id=None, started=T0 + at, outcome=outcome, reason=reason))
    assert store.runs.asked(T0, T0 + 60) == (
        Asked(T0, "ok"),
        Asked(T0 + 1, "ok", notices="sharing-stopped@2"),
        Asked(T0 + 2, "network"),
    )


def test_rejects_since_counts_all_and_gives_the_last(store: Store) -> None:
    for i in range(4):
        store.rejects.record([Rejected("future", f"{i}")], T0 + i)
    total, rows = store.rejects.since(T0 + 1, 2)
    assert (total, [row.raw for row in rows]) == (3, ["3", "2"])
