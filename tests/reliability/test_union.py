"""Storing is idempotent, does not ask for an order, and comes to the union of everything offered."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.keeper import Keeper
from ingestion.spool import Spool
from sql.store import Store
from sql.vault import Vault
from tests.soak.union import BATCHES, Offer, keeper_of, offered, quick_store, stored

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""On each database: 1,000 together. `make soak` has more."""


@pytest.fixture
def store(database_url: str, tmp_path: Path) -> Iterator[Store]:
    made = quick_store(database_url, Vault.open(tmp_path / "keys"))
    yield made
    made.close()


@pytest.fixture
def keeper(store: Store, tmp_path: Path) -> Keeper:
    return keeper_of(store, Spool(tmp_path / "spool.jsonl"))


@MANY
@given(BATCHES, st.randoms(use_true_random=False), st.integers(0, 3))
def test_any_order_and_any_repetition_come_to_the_union(
    keeper: Keeper, store: Store, batches: list[list[Offer]], dice: random.Random, again: int
) -> None:
    first, kept = stored(keeper, store, batches)
    assert kept == offered(batches)
    assert first.keys() == {offer[:2] for offer in kept}
    others = [list(batch) for batch in (*batches, *batches[:again])]
    dice.shuffle(others)
    for batch in others:
        dice.shuffle(batch)
    assert stored(keeper, store, others)[1] == kept
