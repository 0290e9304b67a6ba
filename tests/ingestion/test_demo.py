"""The demo's past: real HTTP answers, newest first, complete, and asked for only once."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cgm_dash.batch import Batch, Notice
from cgm_dash.errors import SourceUnavailable, StoreUnavailable
from cgm_dash.reading import Kind
from ingestion import demo
from ingestion.demo import Past, demo_world
from ingestion.keeper import Keeper
from ingestion.librelinkup import LibreLinkUp
from ingestion.outcome import Outcome
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


@pytest.mark.parametrize("error", [StoreUnavailable("locked"), SourceUnavailable("timeout")])
def test_a_step_that_fails_is_tried_again_after_a_pause(
    past: Past, store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    keep, fails = Pipeline.keep, [None, error, error]
    monkeypatch.setattr(demo, "PAUSES_S", (0, 0, 0))

    def sometimes(self: Pipeline, batch: Batch, at: float) -> Outcome:
        if fails and (raised := fails.pop(0)):
            raise raised
        return keep(self, batch, at)

    monkeypatch.setattr(Pipeline, "keep", sometimes)
    assert 10 <= past.fetch() <= 12
    assert min(history(store)) < NOON - 5 * 86_400 + 3600


def test_a_graph_that_did_not_come_is_asked_for_again(
    past: Past, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "PAUSES_S", (0,))
    graph, calls = LibreLinkUp._graph, list[float]()

    def second_fails(self: LibreLinkUp, one: Any, followed: Any, now: float, notices: list[Notice]) -> Any:
        calls.append(now)
        if len(calls) == 2:
            notices.append(Notice("timeout", one.wearer.external_id))
            return None
        return graph(self, one, followed, now, notices)

    monkeypatch.setattr(LibreLinkUp, "_graph", second_fails)
    past.fetch()
    assert calls[1] == calls[2]
    assert int(np.diff(sorted(history(store))).max()) <= 70 * 60


def test_a_step_that_fails_for_ever_ends_the_past_and_nothing_else(
    past: Past, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> Outcome:
        raise StoreUnavailable("away")

    monkeypatch.setattr(demo, "PAUSES_S", (0, 0))
    monkeypatch.setattr(Pipeline, "keep", away)
    past._run()
    assert caplog.text.count("past=paused") == 2
    assert caplog.text.count("past=broken-off") == 1


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
