"""What a process does while it polls, and once another one leads."""

from cgm_dash.errors import StoreUnavailable
from ingestion.keeper import Keeper
from ingestion.leader import Role
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
