"""The spool keeps what was fetched until the database is back."""

import errno
import os
from pathlib import Path

import pytest

from cgm_dash.batch import Batch, Columns, Notice, Portion, Rejected, SensorSeen, Wearer
from cgm_dash.errors import StoreUnavailable
from cgm_dash.reading import Flag, Kind, Reading, Trend
from ingestion.spool import Spool, SpoolFull

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


def flat(b: Batch) -> object:
    (p,) = b.portions
    return (b.kind, p.wearer, p.columns.as_lists(), p.columns.raw, p.sensors, p.rejected, b.rejected, b.notices)


def test_everything_comes_back_in_order_and_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "data" / "spool.jsonl")
    for i in range(3):
        spool.append(batch(1000 + i), NOW + i)
    seen: list[tuple[object, float]] = []
    assert spool.waiting() == 6
    assert spool.replay(lambda b, at: seen.append((flat(b), at)), NOW) == 3
    assert seen == [(flat(batch(1000 + i)), NOW + i) for i in range(3)]
    assert spool.waiting() == 0
    assert spool.replay(lambda b, at: seen.append((b, at)), NOW) == 0


def test_a_replay_that_fails_half_way_loses_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    for i in range(3):
        spool.append(batch(1000 + i), NOW + i)
    kept: list[float] = []

    def fails_at_the_second(_: Batch, at: float) -> None:
        if len(kept) == 1:
            raise StoreUnavailable("away again")
        kept.append(at)

    with pytest.raises(StoreUnavailable):
        spool.replay(fails_at_the_second, NOW)
    spool.append(batch(1003), NOW + 3)
    again: list[float] = []
    assert spool.replay(lambda _, at: again.append(at), NOW) == 4
    assert again == [NOW, NOW + 1, NOW + 2, NOW + 3]


def test_a_line_cut_off_by_a_crash_costs_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(batch(1000), NOW)
    spool.append(batch(1001), NOW + 1)
    path.write_bytes(path.read_bytes()[:-40])
    assert spool.replay(lambda _b, _at: None, NOW) == 1


def test_a_full_disk_is_said_and_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append(batch(1000), NOW)
    before = path.read_bytes()
    real_write = os.write

    def half_then_full(handle: int, data: bytes) -> int:
        if len(data) > 100:
            return real_write(handle, data[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("ingestion.spool.os.write", half_then_full)
    with pytest.raises(SpoolFull, match="make room"):
        spool.append(batch(1001), NOW)
    assert path.read_bytes() == before


def test_the_spool_is_bounded(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl", max_bytes=1500)
    spool.append(batch(1000), NOW)
    spool.append(batch(1001), NOW)
    with pytest.raises(SpoolFull, match="1500 bytes"):
        spool.append(batch(1002), NOW)
    assert spool.waiting() == 4


def test_only_the_owner_reads_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append(batch(1000), NOW)
    assert (tmp_path / "spool.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_is_older_than_a_week_is_dropped_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append(batch(1000), NOW - 8 * 86_400)
    assert spool.replay(lambda _b, _at: None, NOW) == 0
    assert "older-than-7-days" in caplog.text


def test_two_processes_never_replay_at_once(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    Spool(path).append(batch(1000), NOW)
    inner: list[int] = []

    def other_process_tries(_batch: Batch, _at: float) -> None:
        inner.append(Spool(path).replay(lambda _b, _a: None, NOW))

    assert Spool(path).replay(other_process_tries, NOW) == 1
    assert inner == [0]
