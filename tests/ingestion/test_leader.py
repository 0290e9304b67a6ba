"""One process polls; its death frees the lock."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cgm_dash.errors import StoreUnavailable
from ingestion.leader import FileLock, Leader, Role


def test_the_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert first.try_take()
    assert first.held()
    assert not second.try_take()
    assert first.is_taken()
    assert second.is_taken()
    first.release()
    assert not second.is_taken()
    assert second.try_take()
    assert not first.held()


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    program = textwrap.dedent(f"""
        import sys, time; from pathlib import Path; from ingestion.leader import FileLock
        lock = FileLock(Path({str(tmp_path / "lock")!r})); print(lock.try_take(), flush=True); time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        mine = FileLock(tmp_path / "lock")
        assert not mine.try_take()
        child.kill()
        child.wait()
        assert mine.try_take()


def test_a_lock_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        FileLock(tmp_path / "file" / "lock").try_take()


class FakeLock:
    """A lock whose database can go away."""

    def __init__(self) -> None:
        self.away = False
        self.taken_by_another = False
        self.mine = False

    def try_take(self) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        self.mine = not self.taken_by_another
        return self.mine

    def held(self) -> bool:
        return self.mine and not self.away

    def is_taken(self) -> bool:
        return self.mine or self.taken_by_another

    def release(self) -> None:
        self.mine = False


def test_only_the_last_leader_goes_on_while_the_database_is_away() -> None:
    leading, following = FakeLock(), FakeLock()
    following.taken_by_another = True
    leader, follower = Leader(leading), Leader(following)
    assert (leader.decide(), follower.decide()) == (Role.LEADING, Role.FOLLOWING)
    leading.away = following.away = True
    assert (leader.decide(), follower.decide()) == (Role.SPOOLING, Role.FOLLOWING)
    assert leader.decide() is Role.SPOOLING
    leading.away, leading.taken_by_another = False, True
    leading.mine = False
    assert leader.decide() is Role.FOLLOWING


def test_a_database_that_is_away_is_said_once_and_its_return_once(caplog: pytest.LogCaptureFixture) -> None:
    lock = FakeLock()
    leader = Leader(lock)
    for away in (False, True, True, True, False, False):
        lock.away = away
        leader.decide()
    assert [r.getMessage().split(" ", 2)[2] for r in caplog.records] == ["database=away reason=away", "database=back"]


def test_a_leader_that_resigns_follows(tmp_path: Path) -> None:
    leader = Leader(FileLock(tmp_path / "lock"))
    leader.decide()
    leader.resign()
    assert leader.role is Role.FOLLOWING
    assert FileLock(tmp_path / "lock").try_take()
