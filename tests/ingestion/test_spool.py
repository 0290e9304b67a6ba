"""The spool keeps what was fetched until the database is back."""

import errno
import os
import threading
from pathlib import Path

import pytest

from cgm_dash.batch import Batch, Columns, Notice, Portion, Rejected, SensorSeen, Wearer
from cgm_dash.errors import StoreUnavailable
from cgm_dash.reading import Flag, Kind, Reading, Trend
from ingestion.spool import LONGEST_S, Entry, Spool, SpoolFull

NOW = 1_800_000_000.0


def batch(ts: int) -> Batch:
    rows = [Reading(ts, 120, Kind.LIVE, Flag.NONE, Trend.RISING, 60, 60), Reading(ts - 300, 40, Kind.HISTORY, Flag.LO)]
    portion = Portion(
        Wearer("patient", "Mira", "DE", "mg/dL", 70, 180),
        Columns.of(rows, ['{"a":1}', '{"b":2}']),
        (SensorSeen("0TST", "Libre 3", ts - 86_400),),
        (Rejected("no-time", "{}"),),
    )
    return Batch("librelinkup", (portion,), (Rejected("no-patient", "[]"),), (Notice("sharing-stopped", "other"),))


def entry(ts: int, at: float = NOW) -> Entry:
    return Entry(batch(ts), at, 1)


def nothing(_: Entry) -> None:
    """Keep an entry, as far as the spool can tell."""


def flat(b: Batch) -> object:
    (p,) = b.portions
    return (b.kind, p.wearer, p.columns.as_lists(), p.columns.raw, p.sensors, p.rejected, b.rejected, b.notices)


def test_everything_comes_back_in_order_and_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "data" / "spool.jsonl")
    for i in range(3):
        spool.append(entry(1000 + i, NOW + i))
    seen: list[tuple[object, float, int]] = []
    assert spool.waiting() == 3
    assert spool.replay(lambda e: seen.append((flat(e.batch), e.at, e.upstream_id))) == 3
    assert seen == [(flat(batch(1000 + i)), NOW + i, 1) for i in range(3)]
    assert spool.waiting() == 0
    assert spool.replay(nothing) == 0


def test_a_replay_that_fails_half_way_loses_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    for i in range(3):
        spool.append(entry(1000 + i, NOW + i))
    kept: list[float] = []

    def fails_at_the_second(one: Entry) -> None:
        if len(kept) == 1:
            raise StoreUnavailable("away again")
        kept.append(one.at)

    with pytest.raises(StoreUnavailable):
        spool.replay(fails_at_the_second)
    spool.append(entry(1003, NOW + 3))
    assert spool.waiting() == 3
    again: list[float] = []
    assert spool.replay(lambda e: again.append(e.at)) == 3
    assert again == [NOW + 1, NOW + 2, NOW + 3]


def test_a_long_replay_goes_on_at_the_next_poll_so_that_new_readings_do_not_wait(tmp_path: Path) -> None:
    clock, seen = [0.0], list[float]()
    spool = Spool(tmp_path / "spool.jsonl", monotonic=lambda: clock[0])
    for i in range(10):
        spool.append(entry(1000 + i, NOW + i))

    def keep(one: Entry) -> None:
        seen.append(one.at)
        clock[0] += LONGEST_S / 4

    assert [spool.replay(keep), spool.waiting()] == [4, 6]
    spool.append(entry(2000, NOW + 10))
    assert [spool.replay(keep), spool.waiting()] == [4, 3]
    assert [spool.replay(keep), spool.waiting()] == [3, 0]
    assert seen == [NOW + i for i in range(11)]


def test_a_line_cut_off_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(entry(1000))
    spool.append(entry(1001, NOW + 1))
    path.write_bytes(path.read_bytes()[:-40])
    assert spool.replay(nothing) == 1


def test_a_full_disk_is_said_and_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(entry(1000))
    before = path.read_bytes()
    real_write = os.write

    def half_then_full(handle: int, data: bytes) -> int:
        if len(data) > 100:
            return real_write(handle, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ingestion.spool.os.write", half_then_full)
    with pytest.raises(SpoolFull, match="make room"):
        spool.append(entry(1001))
    assert path.read_bytes() == before


def test_the_spool_is_bounded(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl", max_bytes=1500)
    spool.append(entry(1000))
    spool.append(entry(1001))
    with pytest.raises(SpoolFull, match="1500 bytes"):
        spool.append(entry(1002))
    assert spool.waiting() == 2


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append(entry(1000))
    assert (tmp_path / "spool.jsonl").stat().st_mode & 0o777 == 0o600


def test_however_long_it_waited_it_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    for days in (400, 8, 0, -30):  # the last was fetched while the clock was ahead
        spool.append(entry(1000 + days, NOW - days * 86_400))
    assert spool.replay(nothing) == 4
    assert not (tmp_path / "spool.refused").exists()


def test_two_processes_never_replay_at_once(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    Spool(path).append(entry(1000))
    inner: list[int] = []

    def other_process_tries(_: Entry) -> None:
        inner.append(Spool(path).replay(nothing))

    assert Spool(path).replay(other_process_tries) == 1
    assert inner == [0]


def test_the_lead_changes_hands_while_the_old_leader_replays_and_no_batch_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new leader appends in the very moment in which the old one moves the spool aside, and it takes its time."""
    path = tmp_path / "spool.jsonl"
    Spool(path).append(entry(1000))
    with pytest.raises(StoreUnavailable):
        Spool(path).replay(away)  # leaves a .replaying, so that the next replay joins both
    Spool(path).append(entry(1001, NOW + 1))
    appending: list[threading.Thread] = []
    read_bytes = Path.read_bytes

    def slowly(self: Path) -> bytes:
        found = read_bytes(self)
        if self == path and not appending:
            appending.append(threading.Thread(target=Spool(path).append, args=(entry(1002, NOW + 2),)))
            appending[0].start()
            appending[0].join(0.3)
        return found

    monkeypatch.setattr(Path, "read_bytes", slowly)
    seen: list[float] = []
    Spool(path).replay(lambda e: seen.append(e.at))
    appending[0].join()
    Spool(path).replay(lambda e: seen.append(e.at))
    assert seen == [NOW, NOW + 1, NOW + 2]


def test_a_batch_appended_while_the_spool_is_renamed_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spool.jsonl"
    Spool(path).append(entry(1000))
    opened, seen = os.open, list[float]()
    replaying: list[threading.Thread] = []

    def slowly(name: object, *args: int) -> int:
        handle = opened(name, *args)  # type: ignore[arg-type]
        if name == path and not replaying:
            replaying.append(threading.Thread(target=Spool(path).replay, args=(lambda e: seen.append(e.at),)))
            replaying[0].start()
            replaying[0].join(0.3)
        return handle

    monkeypatch.setattr("ingestion.spool.os.open", slowly)
    Spool(path).append(entry(1001, NOW + 1))
    replaying[0].join()
    Spool(path).replay(lambda e: seen.append(e.at))
    assert seen == [NOW, NOW + 1]


def away(_: Entry) -> None:
    raise StoreUnavailable("away")


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"at":1,"upstream":1,"batch":{"kind":"x","portions":7}}',
        b'{"at":"soon","upstream":1,"batch":{"kind":"x","portions":[],"rejected":[],"notices":[]}}',
        b"[" * 100_000,
    ],
)
def test_a_line_that_is_no_batch_is_set_aside_as_it_is_and_the_others_come_in(
    tmp_path: Path, line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(entry(1000))
    with path.open("ab") as file:
        file.write(line + b"\n")
    spool.append(entry(1001, NOW + 1))
    assert spool.waiting() == 3
    seen: list[float] = []
    assert spool.replay(lambda e: seen.append(e.at)) == 2
    assert seen == [NOW, NOW + 1]
    assert (tmp_path / "spool.refused").read_bytes() == line + b"\n"
    assert (tmp_path / "spool.refused").stat().st_mode & 0o777 == 0o600
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert spool.waiting() == 0


def test_a_batch_the_store_cannot_digest_is_set_aside_too(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append(entry(1000))
    line = (tmp_path / "spool.jsonl").read_bytes()

    def defect(_: Entry) -> None:
        raise AttributeError("a name that is a number")

    assert spool.replay(defect) == 0
    assert (tmp_path / "spool.refused").read_bytes() == line


def test_half_a_line_left_by_kill_9_does_not_swallow_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(entry(1000))
    spool.append(entry(1001, NOW + 1))
    path.write_bytes(path.read_bytes()[:-40])
    spool.append(entry(1002, NOW + 2))
    seen: list[float] = []
    assert spool.replay(lambda e: seen.append(e.at)) == 2
    assert seen == [NOW, NOW + 2]


def test_counting_what_waits_reads_the_file_only_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append(entry(1000))
    assert spool.waiting() == 1
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", lambda _: pytest.fail("the spool was read again"))
        assert spool.waiting() == 1
    spool.append(entry(1001))
    assert spool.waiting() == 2


def test_a_full_disk_during_a_replay_loses_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(entry(1000))
    with path.open("ab") as file:
        file.write(b"{}\n")
    spool.append(entry(1001, NOW + 1))

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ingestion.spool.os.write", full)
        with pytest.raises(OSError, match="No space"):
            spool.replay(nothing)
    seen: list[float] = []
    spool.replay(lambda e: seen.append(e.at))
    assert seen[-1] == NOW + 1
    assert (tmp_path / "spool.refused").read_bytes() == b"{}\n"
