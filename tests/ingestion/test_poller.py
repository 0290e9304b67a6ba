"""What a process does while it polls, and once another one leads."""

import pytest

from cgm_dash.errors import StoreDamaged, StoreError, StoreUnavailable
from ingestion.keeper import Keeper
from ingestion.leader import Role
from ingestion.poll_status import PollStatus
from ingestion.poller import Poller, Way
from ingestion.spool import Entry, Spool
from tests.ingestion.conftest import NOON, Upstream


def closed() -> Way:
    raise StoreUnavailable("the database does not answer")


def test_a_follower_stores_what_a_leader_before_it_left_though_it_has_no_way_open(upstream: Upstream) -> None:
    left = upstream.source.fetch(NOON)
    Spool(upstream.folder / "spool.jsonl").append(Entry(left, NOON, upstream.upstream_id))
    keeper = Keeper(store=upstream.store, spool=upstream.spool, now=lambda: NOON)
    follower = Poller(closed, 60, lambda: NOON, replay=keeper.replay)
    follower.follow()
    assert upstream.spool.waiting() == 0
    assert upstream.store.readings.count(1) == len(left.portions[0].columns)


def test_a_follower_whose_replay_broke_off_tries_again_at_the_next_tick(upstream: Upstream) -> None:
    answers = iter([StoreUnavailable("away"), None])

    def ready() -> None:
        if (error := next(answers)) is not None:
            raise error

    upstream.spool.append(Entry(upstream.source.fetch(NOON), NOON, upstream.upstream_id))
    keeper = Keeper(store=upstream.store, spool=upstream.spool, ready=ready, now=lambda: NOON)
    poller = Poller(closed, 60, lambda: NOON, replay=keeper.replay)
    poller.follow()
    assert upstream.spool.waiting() == 1
    poller.follow()
    assert upstream.spool.waiting() == 0


def test_a_leader_that_follows_closes_its_way(upstream: Upstream) -> None:
    ended: list[str] = []
    way = Way(upstream.pipeline, upstream.source, lambda: ended.append("closed"))
    poller = Poller(lambda: way, 60, lambda: upstream.now)
    poller.poll(Role.LEADING)
    poller.follow()
    poller.follow()
    assert ended == ["closed"]


def test_every_run_and_every_change_of_role_is_told(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[PollStatus] = []
    way = Way(upstream.pipeline, upstream.source, lambda: None)
    poller = Poller(lambda: way, 60, lambda: upstream.now, report=told.append)
    poller.take_role(Role.LEADING)
    assert told == []
    poller.poll(Role.LEADING)
    poller.take_role(Role.SPOOLING)
    monkeypatch.setattr(type(upstream.store.readings), "add", away)
    upstream.now += 60
    poller.poll(Role.SPOOLING)
    assert told == [
        PollStatus(NOON, "ok", None, "leading"),
        PollStatus(NOON, "ok", None, "spooling", spooled=True),
        PollStatus(NOON + 60, "database-away", None, "spooling", spooled=True),
    ]


def away(*_args: object, **_kwargs: object) -> object:
    raise StoreUnavailable("the database does not answer")


def test_a_full_disk_is_told_and_no_file_promised(upstream: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[PollStatus] = []
    way = Way(upstream.pipeline, upstream.source, lambda: None)
    poller = Poller(lambda: way, 60, lambda: upstream.now, report=told.append)
    monkeypatch.setattr(type(upstream.store.readings), "add", away)
    monkeypatch.setattr("ingestion.spool._append", no_room)
    poller.poll(Role.LEADING)
    poller.take_role(Role.SPOOLING)
    assert [(s.code, s.role, s.spooled) for s in told] == [
        ("disk-full", "leading", False),
        ("disk-full", "spooling", False),
    ]


def no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("error", "code"), [(StoreUnavailable("away"), "database-away"), (StoreDamaged("broken"), "database-damaged")]
)
def test_a_way_that_does_not_open_is_told(error: StoreError, code: str) -> None:
    told: list[PollStatus] = []

    def shut() -> Way:
        raise error

    assert Poller(shut, 60, lambda: NOON, report=told.append).poll(Role.LEADING) == NOON + 60
    assert told == [PollStatus(NOON, code, NOON + 60, "leading")]


def test_a_process_that_followed_does_not_tell_of_its_old_runs(upstream: Upstream) -> None:
    told: list[PollStatus] = []
    way = Way(upstream.pipeline, upstream.source, lambda: None)
    poller = Poller(lambda: way, 60, lambda: upstream.now, report=told.append)
    poller.poll(Role.LEADING)
    poller.follow()
    poller.take_role(Role.LEADING)
    assert len(told) == 1


def test_a_source_that_fails_meanwhile_does_not_end_the_promise_of_the_file(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[PollStatus] = []
    poller = Poller(
        lambda: Way(upstream.pipeline, upstream.source, lambda: None), 60, lambda: upstream.now, report=told.append
    )
    with monkeypatch.context() as patched:
        patched.setattr(type(upstream.store.readings), "add", away)
        poller.poll(Role.SPOOLING)
        upstream.server.inject("http-500")
        upstream.now += 60
        poller.poll(Role.SPOOLING)
    assert [(status.code, status.spooled) for status in told] == [("database-away", True), ("server-error", True)]
    upstream.server.clear()
    upstream.now += 120
    poller.poll(Role.LEADING)
    assert (told[-1].code, told[-1].spooled) == ("ok", False)
