"""Whatever write fails, at whichever moment: nothing is half stored, and all that is still offered is stored after it.

The n-th commit, statement, write or sync fails, for n = 1, 2, 3 ... until a whole poll passes without meeting it.
"""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from ingestion.demo import InMemoryState
from ingestion.outcome import Outcome
from sql.engine import looking, writing
from sql.schema import conflicts, people, readings, sources
from sql.soundness import inspect
from sql.store import Store
from tests.ingestion.conftest import Upstream

MOST = 200
"""A poll makes some forty database calls; one that needs more has changed beyond recognition."""


HOUR_S = 3700


class Failing:
    """Lets calls through and counts them; the n-th raises, and so do as many as *times* in all."""

    def __init__(self, n: int, error: Callable[[], Exception], times: int = 1) -> None:
        self.n, self.error, self.times, self.calls, self.met = n, error, times, 0, False

    def __call__(self) -> None:
        self.calls += 1
        if self.n <= self.calls < self.n + self.times:
            self.met = True
            raise self.error()


@contextmanager
def failing_database(store: Store, failing: Failing) -> Iterator[None]:
    """Have the n-th statement or commit on the database fail as the driver would when its server or disk goes."""

    def statement(*_: object) -> None:
        failing()

    def commit(_: object) -> None:
        failing()

    event.listen(store.engine, "before_cursor_execute", statement)
    event.listen(store.engine, "commit", commit)
    try:
        yield
    finally:
        event.remove(store.engine, "before_cursor_execute", statement)
        event.remove(store.engine, "commit", commit)


def database_error(store: Store) -> Callable[[], Exception]:
    def made() -> Exception:
        if store.engine.dialect.name == "postgresql":
            return psycopg2.OperationalError("server closed the connection unexpectedly")
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR  # what the driver sets
        return error

    return made


def assert_consistent(store: Store) -> None:
    """Every reading has its person and source, numbers agree with the person's, no moment is there twice."""
    with looking(store.engine) as connection:
        orphans = (
            sa.select(sa.func.count()).select_from(readings).where(readings.c.person_id.not_in(sa.select(people.c.id)))
        )
        assert connection.execute(orphans).scalar() == 0
        strays = sa.select(sa.func.count()).where(sources.c.person_id.not_in(sa.select(people.c.id)))
        assert connection.execute(strays).scalar() == 0
        late = sa.select(sa.func.count()).where(readings.c.person_id == people.c.id, readings.c.seq > people.c.seq)
        assert connection.execute(late).scalar() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(conflicts)).scalar() == 0
    if store.engine.dialect.name == "sqlite":
        assert inspect(Path(str(store.engine.url.database)))


def stored(store: Store) -> set[tuple[int, int, int]]:
    with looking(store.engine) as connection:
        found = connection.execute(sa.select(readings.c.ts, readings.c.kind, readings.c.mg_dl))
        return {(int(ts), int(kind), int(value)) for ts, kind, value in found}


def forget(upstream: Upstream) -> None:
    """Begin again with an empty store and spool, the account aside."""
    with writing(upstream.store.engine) as connection:
        for name in ("readings", "conflicts", "changes", "sensors", "runs", "stale_days", "day_states", "days"):
            connection.execute(sa.delete(sa.table(name)))
        connection.execute(sa.delete(sources))
        connection.execute(sa.delete(people))
    for path in upstream.folder.glob("spool.*"):
        path.unlink()
    upstream.state = InMemoryState()
    upstream.restart()


def whole_poll(upstream: Upstream) -> set[tuple[int, int, int]]:
    """Return what a poll stores that nothing hinders."""
    assert upstream.pipeline.run().code == "ok"
    return stored(upstream.store)


def recovered(upstream: Upstream, offered: set[tuple[int, int, int]]) -> None:
    """Poll twice without restarting anything; everything offered is stored then, and nothing waits."""
    last: Outcome = upstream.pipeline.run()
    last = upstream.pipeline.run()
    assert last.code == "ok"
    assert stored(upstream.store) == offered
    assert upstream.spool.waiting() == 0
    assert_consistent(upstream.store)


def all_offered_is_stored(upstream: Upstream) -> None:
    """Go on for an hour, in which everything is asked for again; what a new client is offered then is all stored."""
    began = upstream.now
    upstream.now += HOUR_S
    assert upstream.pipeline.run().code == "ok"
    held = stored(upstream.store)
    upstream.state = InMemoryState()
    upstream.restart()
    batch = upstream.source.fetch(upstream.now)
    columns = [portion.columns for portion in batch.portions]
    offered = {(int(ts), int(kind)) for one in columns for ts, kind in zip(one.ts, one.kind, strict=True)}
    assert len(offered) > 100
    assert offered <= {(ts, kind) for ts, kind, _value in held}
    assert_consistent(upstream.store)
    upstream.now = began


def test_the_nth_database_call_fails_for_every_n(upstream: Upstream) -> None:
    offered = whole_poll(upstream)
    for n in range(1, MOST):
        forget(upstream)
        failing = Failing(n, database_error(upstream.store))
        with failing_database(upstream.store, failing):
            outcome = upstream.pipeline.run()
        assert_consistent(upstream.store)
        if not failing.met:
            break
        points = n
        assert outcome.code in ("ok", "database-away")
        assert stored(upstream.store) <= offered
        recovered(upstream, offered)
    else:
        raise AssertionError(f"a poll made more than {MOST} calls")
    assert points > 20


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Failing]:
    """Have the n-th write, sync or cut of a file fail with ENOSPC, where a Failing is put into the list."""
    armed: list[Failing] = []

    def guarded(real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            for failing in armed:
                failing()
            return real(*args)

        return call

    for name in ("write", "fsync"):
        monkeypatch.setattr(f"ingestion.spool.os.{name}", guarded(getattr(os, name)))
    return armed


def no_space() -> Exception:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("times", [1, MOST], ids=["once", "from then on"])
def test_the_nth_write_of_the_spool_meets_a_full_disk_for_every_n(
    upstream: Upstream, files: list[Failing], times: int
) -> None:
    offered = whole_poll(upstream)
    for n in range(1, MOST):
        forget(upstream)
        away = Failing(1, database_error(upstream.store), times=10**6)
        failing = Failing(n, no_space, times)
        files[:] = [failing]
        with failing_database(upstream.store, away):
            told = [upstream.pipeline.run().code for _ in range(2)]
        upstream.pipeline.run()  # the database is back, the disk is still full
        files.clear()
        assert_consistent(upstream.store)
        if "disk-full" not in told:
            recovered(upstream, offered)
        else:
            all_offered_is_stored(upstream)
        if not failing.met:
            assert told == ["database-away"] * 2
            break
        assert "disk-full" in told or n > 2
    assert n > 4


def test_sqlite_meets_a_full_disk_at_every_page_and_goes_on_when_there_is_room(
    upstream: Upstream, database_url: str
) -> None:
    store = upstream.store
    if store.engine.dialect.name != "sqlite":
        test_the_nth_database_call_fails_for_every_n(upstream)
        return
    offered = whole_poll(upstream)
    refused = 0
    for room in range(MOST):
        forget(upstream)
        with looking(store.engine) as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        used = vacuumed(store)
        limit(store, used + room)
        first = upstream.pipeline.run()
        assert_consistent(store)
        assert store.people.list() is not None  # reads go on
        limit(store, None)
        if first.code == "ok" and not first.spooled:
            break
        refused += 1
        assert (first.code, first.spooled) == ("database-away", True)
        recovered(upstream, offered)
    assert refused > 0


def vacuumed(store: Store) -> int:
    """Give back free pages and return how many pages there are."""
    store.engine.dispose()
    bare = sqlite3.connect(str(store.engine.url.database), isolation_level=None)
    bare.execute("VACUUM")
    (pages,) = bare.execute("PRAGMA page_count").fetchone()
    bare.close()
    return int(pages)


_limits: dict[int, Callable[..., None]] = {}


def limit(store: Store, pages: int | None) -> None:
    """Bound the file to so many pages, as a disk without room does; None: lift that."""
    store.engine.dispose()
    known = _limits.pop(id(store), None)
    if known is not None:
        event.remove(store.engine, "connect", known)
    if pages is not None:

        def bound(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages}")

        _limits[id(store)] = bound
        event.listen(store.engine, "connect", bound)
