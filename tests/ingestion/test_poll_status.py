"""What the polling process says of itself gets across, also on a full disk."""

import errno
import os
from pathlib import Path

import pytest

from ingestion.poll_status import PollStatus, StatusFile

SAID = PollStatus(1_800_000_000.5, "disk-full", 1_800_000_900.0, "spooling", spooled=True)


def test_another_process_reads_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "data" / "polling.json"
    assert StatusFile(path).read() is None
    for status in (SAID, PollStatus(1_800_000_060.0, "ok", None, "leading")):
        StatusFile(path).write(status)
        assert StatusFile(path).read() == status
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["polling.json"]


def test_a_full_disk_is_told_to_every_process_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A full disk has no room for a new file; what is there can still be written over."""
    path = tmp_path / "polling.json"
    mine = StatusFile(path)
    mine.write(PollStatus(1.0, "ok"))
    real_open = os.open

    def full(name: str | Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_open(name, flags, mode)

    monkeypatch.setattr("ingestion.poll_status.os.open", full)
    for _ in range(3):
        mine.write(SAID)
    assert mine.read() == StatusFile(path).read() == SAID
    assert [r.levelname for r in caplog.records] == ["WARNING"]


def test_a_folder_that_cannot_be_written_leaves_the_status_known_here(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    status = StatusFile(tmp_path / "file" / "polling.json")
    status.write(SAID)
    assert status.read() == SAID


def test_what_this_process_could_not_write_does_not_hide_what_another_wrote_later(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.write_text("in the way")
    mine = StatusFile(folder / "polling.json")
    mine.write(PollStatus(1.0, "disk-full"))
    folder.unlink()
    StatusFile(folder / "polling.json").write(PollStatus(2.0, "ok"))
    assert mine.read() == PollStatus(2.0, "ok")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b'{"at":"x","code":"ok","next_try_at":null,"role":"","spooled":1}']
)
def test_anything_else_in_the_file_is_no_status(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "polling.json").write_bytes(content)
    assert StatusFile(tmp_path / "polling.json").read() is None
