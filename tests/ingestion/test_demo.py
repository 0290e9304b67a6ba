"""The demo's past: real HTTP answers, newest first, complete, and asked for only once."""

from pathlib import Path

import numpy as np
import pytest

from cgm_dash.reading import Kind
from ingestion import demo
from ingestion.demo import Past, demo_world
from ingestion.keeper import Keeper
from ingestion.librelinkup import LibreLinkUp
from ingestion.pipeline import Pipeline
from ingestion.spool import Spool
from sql.store import Store
from tests.ingestion.conftest import NOON


@pytest.fixture
def past(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """Five days of past instead of ninety, ending at noon."""
    monkeypatch.setattr(demo, "DAYS", 5)
    upstream = store.upstreams.set_account("librelinkup", "demo", "demo").upstream_id

    def pipeline(source: LibreLinkUp) -> Pipeline:
        keeper = Keeper(store=store, spool=Spool(tmp_path / "spool.jsonl"), now=lambda: NOON)
        return Pipeline(source=source, keeper=keeper, upstream_id=upstream, now=lambda: NOON)

    return Past(store, pipeline, lambda: NOON)


def history(store: Store) -> dict[int, int]:
    columns = store.readings.load(1).columns
    rows = columns.take(columns.kind == Kind.HISTORY)
    return dict(zip(rows.ts.tolist(), rows.mg_dl.tolist(), strict=True))


def test_the_past_is_what_the_simulated_service_answers(past: Past, store: Store) -> None:
    steps = past.fetch()
    stored = history(store)
    truth = {r.ts: r.mg_dl for r in demo_world(lambda: NOON).truth(0, NOON - 5 * 86_400, NOON - 1800).history}
    assert {ts: mg_dl for ts, mg_dl in stored.items() if NOON - 5 * 86_400 <= ts < NOON - 1800} == truth
    assert 10 <= steps <= 12
    # A sensor's first hour without values is the longest hole there may be.
    assert int(np.diff(sorted(stored)).max()) <= 70 * 60


def test_asking_again_fetches_nothing_again(past: Past, store: Store) -> None:
    past.fetch()
    before = history(store)
    assert past.fetch() <= 1
    assert history(store) == before


def test_an_interrupted_past_is_completed_by_the_next_start(past: Past, store: Store) -> None:
    keep = Pipeline.keep
    done: list[float] = []

    def stop_after_three(self: Pipeline, batch: object, at: float) -> object:
        done.append(at)
        if len(done) == 3:
            past._stop.set()
        return keep(self, batch, at)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Pipeline, "keep", stop_after_three)
        assert past.fetch() == 3
    assert done == sorted(done, reverse=True)
    some = history(store)
    past._stop.clear()
    past.fetch()
    assert len(history(store)) > 2 * len(some)
    assert min(history(store)) < NOON - 5 * 86_400 + 3600
