"""Batches in any order, any number of times: what is stored is the union of what was offered."""

import itertools
import random
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlalchemy.engine import Engine

from cgm_dash.batch import Batch, Columns, Portion, Wearer
from cgm_dash.reading import Kind, Reading
from ingestion.keeper import Keeper
from ingestion.spool import Spool
from sql.engine import make_engine
from sql.migrate import migrate
from sql.store import Store, assemble
from sql.vault import Vault
from tests.soak.stage import NOON

Offer = tuple[int, int, int]
"""kind, minutes before noon, mg/dL."""

OFFERS = st.tuples(st.sampled_from((Kind.LIVE, Kind.HISTORY)), st.integers(0, 12), st.sampled_from((40, 120, 121, 400)))
BATCHES = st.lists(st.lists(OFFERS, max_size=8), min_size=1, max_size=4)
"""Few instants and values, so that batches overlap and contradict each other often."""

_numbers = itertools.count()


def keeper_of(store: Store, spool: Spool) -> Keeper:
    """Return a way into *store*."""
    return Keeper(store=store, spool=spool, now=lambda: NOON)


def quick_store(url: str, vault: Vault) -> Store:
    """Return an empty store that does not wait for the disk: a thousand examples write some ten thousand times."""
    engine = make_engine(url)
    migrate(engine)
    if engine.dialect.name == "sqlite":
        _do_not_sync(engine)
    store = assemble(engine, vault)
    store.upstreams.set_account("librelinkup", "f@example.org", "invented")
    return store


def _do_not_sync(engine: Engine) -> None:
    @event.listens_for(engine, "checkout")
    def off(connection: Any, _record: object, _proxy: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")


def offered(batches: Iterable[Sequence[Offer]]) -> set[Offer]:
    """Return the union of the *batches*, by instant."""
    return {(int(kind), int(NOON) - 60 * minute, value) for offers in batches for kind, minute, value in offers}


Kept = tuple[dict[tuple[int, int], int], set[Offer]]


def stored(keeper: Keeper, store: Store, batches: Iterable[Sequence[Offer]]) -> Kept:
    """Let a new wearer's *batches* in; return the stored value of each identity, and all values kept."""
    wearer = Wearer(f"id-{next(_numbers)}", "Ann")
    for offers in batches:
        columns = Columns.of([Reading(int(NOON) - 60 * minute, value, Kind(kind)) for kind, minute, value in offers])
        keeper.keep(Batch("librelinkup", (Portion(wearer, columns),)), NOON, 1)
    row = store.sources.find("librelinkup", wearer.external_id)
    if row is None:
        return {}, set()
    found = store.readings.load(row.person_id).columns
    first = {
        (kind, ts): value
        for kind, ts, value in zip(found.kind.tolist(), found.ts.tolist(), found.mg_dl.tolist(), strict=True)
    }
    others = {(int(c.kind), c.ts, c.mg_dl) for c in store.readings.conflicts(row.person_id)}
    return first, others | {(kind, ts, value) for (kind, ts), value in first.items()}


def unequal(keeper: Keeper, store: Store, examples: int) -> int:
    """Return in how many of so many *examples* the batches, shuffled and repeated, did not come to the union."""
    found = 0

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(BATCHES, st.randoms(use_true_random=False))
    def compare(batches: list[list[Offer]], dice: random.Random) -> None:
        nonlocal found
        others = [list(batch) for batch in (*batches, *batches[:2])]
        dice.shuffle(others)
        found += stored(keeper, store, others)[1] != offered(batches)

    compare()
    return found
