"""OPERATING.md tells each bound as the code has it; two that have no test elsewhere are held here."""

from pathlib import Path

import pytest

from app import compose
from callbacks.server.door import MOST_REMEMBERED, Door
from cgm_dash import redaction
from cgm_dash.access import OPERATOR
from cgm_dash.batch import Batch
from cgm_dash.settings import Settings
from ingestion import spool
from ingestion.spool import Entry, Spool
from sql import attempts, audit, backup_files, changes, errands, rejects, runs, sessions, shares, tokens, users

OPERATING = (Path(__file__).parents[1] / "OPERATING.md").read_text(encoding="utf-8")
DAY_S = 86_400

BOUNDS = {
    "Polls": [f"{runs.KEPT_S // DAY_S} days"],
    "Readings not taken": [f"the {rejects.KEPT:,}", f"{rejects.RAW_LIMIT // 1024} kB"],
    "Audit": [f"{audit.KEPT_S // DAY_S} days", f"{audit.MOST:,} entries"],
    "Sessions": [f"{sessions.MOST_EACH} of each", f"{sessions.ABSOLUTE_S // DAY_S} days"],
    "Counted tries": [f"{attempts.MOST_ROWS:,} rows"],
    "Errands of pages": [f"{errands.KEPT_S // 3600} hour"],
    "Changes that caches go by": [f"{changes.KEPT} of"],
    "Users, tokens, links": [
        f"{users.MOST_USERS:,} users",
        f"{tokens.MOST_TOKENS} tokens",
        f"{shares.MOST_SHARES} links",
        f"go {tokens.KEPT_S // DAY_S} days",
        f"go {shares.KEPT_S // DAY_S} days",
    ],
    "Spool": [f"{spool.MAX_BYTES // 10**6} MB, and {spool.MAX_BYTES // 10**6} MB"],
    "Nightly backups": [f"{backup_files.DAYS} days", f"{backup_files.WEEKS} weeks"],
    "Memory": [f"({Settings.from_env({'CGM_DASH_DATA_DIR': 'none'}).cache_mb:g})", f"{MOST_REMEMBERED:,} sessions"],
    "Log": [f"{redaction.LONGEST:,} characters"],
}


@pytest.mark.parametrize("what", BOUNDS)
def test_each_bound_is_told_truly(what: str) -> None:
    (row,) = [line for line in OPERATING.splitlines() if line.startswith(f"| {what} |")]
    assert [words for words in BOUNDS[what] if words not in row] == []


def test_what_the_spool_sets_aside_is_bounded(tmp_path: Path) -> None:
    kept = Spool(tmp_path / "spool.jsonl", max_bytes=1000)

    def refuse(_: Entry) -> None:
        raise ValueError

    for at in range(40):
        kept.append(Entry(Batch("live", ()), float(at), 1))
        kept.replay(refuse)
    assert 500 < (tmp_path / "spool.refused").stat().st_size <= 1000


def test_sessions_remembered_for_an_outage_are_bounded(tmp_path: Path) -> None:
    door = Door(compose(Settings.from_env({"CGM_DASH_DATA_DIR": str(tmp_path)})).services)
    for n in range(MOST_REMEMBERED + 50):
        door.remember(n.to_bytes(4, "big"), OPERATOR, 0.0)
    assert len(door._seen) == MOST_REMEMBERED
