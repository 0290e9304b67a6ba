"""One process at a time holds the lock, whatever becomes of the one before."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cgm_dash.errors import StoreUnavailable
from sql.engine import make_engine
from sql.leadership import AdvisoryLock
from tests.support import postgres

ROOT = Path(__file__).parents[2]

HOLDER = """
import sys, time
from sql.engine import make_engine
from sql.leadership import AdvisoryLock
lock = AdvisoryLock(sys.argv[1])
print(lock.try_take(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def locks(postgres_url: str) -> Iterator[tuple[AdvisoryLock, AdvisoryLock]]:
    pair = AdvisoryLock(postgres_url), AdvisoryLock(postgres_url)
    yield pair
    for lock in pair:
        lock.release()


def test_one_holds_it_and_the_other_after_its_release(locks: tuple[AdvisoryLock, AdvisoryLock]) -> None:
    one, two = locks
    assert not one.is_taken()
    assert one.try_take()
    assert one.try_take()
    assert one.held()
    assert one.is_taken()
    assert two.is_taken()
    assert not two.try_take()
    assert not two.held()
    one.release()
    one.release()
    assert not one.held()
    assert two.try_take()
    assert one.is_taken()


def test_racing_for_it_one_wins(postgres_url: str) -> None:
    locks = [AdvisoryLock(postgres_url) for _ in range(5)]
    together = threading.Barrier(len(locks))
    won: list[bool] = []

    def race(lock: AdvisoryLock) -> None:
        together.wait()
        won.append(lock.try_take())

    threads = [threading.Thread(target=race, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False] * 4 + [True]
    for lock in locks:
        lock.release()


def test_another_database_of_the_server_has_a_lock_of_its_own(postgres_server: postgres.Server) -> None:
    with postgres_server.database() as first, postgres_server.database() as second:
        one, two = AdvisoryLock(first), AdvisoryLock(second)
        assert one.try_take()
        assert not two.is_taken()
        assert two.try_take()
        one.release()
        two.release()


def test_killed_holder_frees_it(locks: tuple[AdvisoryLock, AdvisoryLock], postgres_url: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, postgres_url], cwd=ROOT, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline().strip() == b"True"
        assert not locks[0].try_take()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    deadline = time.monotonic() + 5
    while not locks[0].try_take():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_holder_whose_session_ended_knows_it(locks: tuple[AdvisoryLock, AdvisoryLock], postgres_url: str) -> None:
    one, two = locks
    assert one.try_take()
    engine = make_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cgm_dash leader'"
        )
    engine.dispose()
    assert not one.held()
    assert two.try_take()
    assert not one.try_take()


def test_server_that_is_away_is_said_and_the_lock_won_again_after(postgres_cluster: postgres.PrivateServer) -> None:
    with postgres_cluster.database() as url:
        lock = AdvisoryLock(url)
        assert lock.try_take()
        postgres_cluster.stop("immediate")
        assert not lock.held()
        with pytest.raises(StoreUnavailable):
            lock.try_take()
        with pytest.raises(StoreUnavailable):
            lock.is_taken()
        postgres_cluster.start()
        assert lock.try_take()
        lock.release()


def test_child_process_does_not_hold_what_its_parent_holds(locks: tuple[AdvisoryLock, AdvisoryLock]) -> None:
    one, two = locks
    assert one.try_take()
    child = os.fork()
    if child == 0:
        os._exit(0 if not one.held() and not one.try_take() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert one.held()
    assert not two.try_take()
