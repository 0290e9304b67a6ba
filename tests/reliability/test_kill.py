"""A process killed in the middle of its work leaves nothing doubled, wrong or lost."""

from pathlib import Path

from tests.soak.ingesting import kill_often


def test_processes_killed_at_random_moments_leave_every_reading_once_and_the_database_sound(
    database_url: str, tmp_path: Path
) -> None:
    left = kill_often(database_url, tmp_path, kills=6, seed=11)
    assert left.faults == 0, left
    assert left.stored > 50
    assert left.polled >= 2
