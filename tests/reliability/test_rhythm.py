"""Two workers poll as one, for minutes."""

from pathlib import Path

import pytest

from tests.soak.rhythm import two_workers


@pytest.mark.long
def test_five_minutes_of_two_workers_have_a_poll_each_second_though_the_leader_is_killed(tmp_path: Path) -> None:
    seen = two_workers(tmp_path, seconds=300, interval=1)
    assert 0.97 <= seen.per_interval <= 1.03, seen
    assert seen.longest_s <= 15, seen
    assert seen.leaders == 2
    assert seen.sign_ins == 1
