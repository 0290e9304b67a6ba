"""The database away for an hour of polls, and the process away for eleven hours."""

from pathlib import Path
from unittest import mock

import numpy as np

from callbacks.days import gather
from callbacks.visit import Viewer, visit_of
from cgm_dash.reading import Kind
from cgm_dash.series import Series
from cgm_dash.units import Unit
from tests.soak.outage import PAGES, Away, held_exclusively
from tests.soak.stage import HOUR, MINUTE, Stage
from tests.support.postgres import PrivateServer


def test_an_hour_without_postgresql_loses_nothing_and_every_page_says_so_at_once(
    tmp_path: Path, postgres_cluster: PrivateServer
) -> None:
    away = Away()
    with postgres_cluster.database() as url, Stage(tmp_path, url) as stage:
        stage.tick()
        postgres_cluster.stop()
        for minute in range(60):
            away.poll(stage)
            away.draw(stage, PAGES if minute == 30 else ("/",))
        postgres_cluster.start()
        stage.run(MINUTE)
        away.look(stage)
    assert away.polls >= 58
    assert away.without_banner == []
    assert away.slowest_s < 2, away.slowest_page
    assert (away.missing, away.wrong, away.sign_ins) == (set(), set(), 1)


def test_an_sqlite_file_that_another_process_holds_for_an_hour_loses_nothing(tmp_path: Path) -> None:
    """Reading goes on beside the other one; the wait for it is shortened here, the hour has sixty of them."""
    away = Away()
    shorter = mock.patch("sql.engine.BUSY_MS", 20), mock.patch("sql.migrate.BUSY_MS", 20)
    with shorter[0], shorter[1], Stage(tmp_path) as stage:
        stage.tick()
        with held_exclusively(tmp_path / "cgm_dash.sqlite3"):
            for _ in range(60):
                away.poll(stage)
        stage.run(MINUTE)
        away.look(stage)
    assert away.polls >= 58
    assert (away.missing, away.wrong, away.sign_ins) == (set(), set(), 1)


def test_pages_answer_at_once_while_another_process_holds_the_sqlite_file(tmp_path: Path) -> None:
    away = Away()
    with Stage(tmp_path) as stage:
        stage.tick()
        stage.run(3 * MINUTE)
        with held_exclusively(tmp_path / "cgm_dash.sqlite3"):
            away.draw(stage, PAGES)
    assert away.slowest_s < 2, away.slowest_page


def test_eleven_hours_down_are_a_gap_until_the_series_is_fetched_and_whole_afterwards(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.tick()
        stage.run(10 * MINUTE)
        stopped = stage.now
        stage.close()
        stage.now += 11 * HOUR
        stage.open()
        assert longest_break_s(series(stage)) < 0.5 * HOUR
        assert stage.now - series(stage).ts[-1] > 10.9 * HOUR
        stage.server.inject("http-500", endpoint="graph", times=1)
        stage.tick()
        assert 10.5 * HOUR < longest_break_s(series(stage)) < 11.5 * HOUR
        assert (day_gaps(stage) > 5 * HOUR).any()
        stage.run(30 * MINUTE)
        (patient,) = stage.world.patients
        history = {(k, ts, v) for k, ts, v in stage.rows(patient) if k == Kind.HISTORY}
        whole = {
            (int(r.kind), r.ts, r.mg_dl) for r in stage.world.truth(patient, stopped, stage.now - 25 * MINUTE).history
        }
        assert whole <= history
        assert longest_break_s(series(stage)) < 0.5 * HOUR
        assert stage.wrong(patient) == set()


def series(stage: Stage) -> Series:
    """Return what charts are drawn from: the last day."""
    return stage.made.services.series.between(1, stage.now - 24 * HOUR, stage.now + 1)


def longest_break_s(drawn: Series) -> float:
    """Return the longest stretch over which no line is drawn."""
    return float((np.diff(drawn.ts) * drawn.gap_after()).max())


def day_gaps(stage: Stage) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Return the lengths of the gaps in the chart of the page Days, over all of its days, in seconds."""
    services = stage.made.services
    visit = visit_of(services, "", Viewer(Unit.MG_DL))
    _page, shown = gather(services, visit, None, "7d")
    return np.asarray(np.diff(shown.ts) * shown.gap_after(), np.float64)
