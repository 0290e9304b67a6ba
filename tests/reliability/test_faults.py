"""A fault of each outcome, through the whole way from the scheduler to the store, for ten minutes each.

`make soak ARGS=faults` does the same with all of them; tests/ingestion/test_faults.py asks the client about each.
"""

from pathlib import Path

import pytest

from ingestion.simulator import DEMO_PASSWORD
from ingestion.simulator.faults import FAULTS, Fault
from sql.engine import make_engine
from sql.migrate import migrate
from tests.soak.faults import TICK_SLACK_S, suffer
from tests.soak.stage import DAY, HOUR, Stage

ONE_OF_EACH = tuple({fault.expect: fault for fault in FAULTS}.values())
"""The last one of each outcome."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file, migrated and empty."""
    path = tmp_path_factory.mktemp("empty") / "cgm_dash.sqlite3"
    engine = make_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@pytest.mark.parametrize("fault", ONE_OF_EACH, ids=lambda fault: fault.id)
def test_a_fault_ends_by_the_time_shown_and_leaves_nothing_wrong(fault: Fault, tmp_path: Path, empty: Path) -> None:
    """Faults that spoil only values or fields last three minutes here, all others ten."""
    seen = suffer(tmp_path, fault, 180 if fault.expect.code == "ok" else 600, empty)
    assert seen.most_requests <= 60, seen
    if seen.is_lasting:
        assert seen.sign_ins == 1
        return
    assert seen.back_s is not None, seen
    assert seen.shown_s <= seen.allowed_s, seen
    assert seen.back_s <= max(seen.shown_s, 60) + TICK_SLACK_S, seen
    assert (seen.wrong, seen.missing) == (set(), set())


def test_a_wrong_password_signs_in_once_in_days_and_over_restarts(tmp_path: Path) -> None:
    with Stage(tmp_path, settings={"LLU_PASSWORD": "not this"}) as stage:
        stage.tick()
        stage.run(HOUR)
        for _ in range(3):
            stage.restart()
            stage.run(600)
            stage.now += DAY
            stage.tick()
        assert stage.status.code == "wrong-password"
        assert stage.server.count("login") == stage.server.count() - stage.server.count("config") == 1
        stage.settings["LLU_PASSWORD"] = DEMO_PASSWORD
        stage.restart()
        stage.tick()
        assert stage.status.code == "ok"
        assert stage.server.count("login") == 2
