"""Accounts are kept encrypted, wearers are made at first sight, and what a user changed stays."""

import threading
from pathlib import Path

import pytest

from cgm_dash.batch import Wearer
from cgm_dash.errors import StoreError
from cgm_dash.goals import TargetSet
from cgm_dash.units import Targets, Unit
from sql import Store, migrate, open_store
from sql.sources import SourceRow
from sql.vault import Vault

CANARY = "canary-Pa55-7c1f"


def test_account_comes_back_as_it_was_given(store: Store) -> None:
    assert store.upstreams.account() is None
    given = store.upstreams.set_account("librelinkup", "a@example.org", "secret word", "http://127.0.0.1:9")
    assert store.upstreams.account() == given
    assert "secret" not in repr(given)
    assert "example" not in repr(given)


def test_state_survives_the_same_account_and_not_another(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    state = store.upstreams.state_of(account.upstream_id)
    assert state.load() == {}
    state.save({"token": "t", "latch": {"until": 5}})
    again = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    assert again == account
    assert state.load() == {"token": "t", "latch": {"until": 5}}
    assert store.upstreams.set_account("librelinkup", "a@example.org", "two").upstream_id == account.upstream_id
    assert state.load() == {}


def test_forgotten_account_leaves_no_secret(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    store.upstreams.state_of(account.upstream_id).save({"token": "t"})
    store.upstreams.forget_account("librelinkup")
    assert store.upstreams.account() is None
    assert store.upstreams.state_of(account.upstream_id).load() == {}


def test_state_of_an_unknown_upstream_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="upstream 99"):
        store.upstreams.state_of(99).save({})


def test_no_secret_stands_in_the_database_files(sqlite_url: str, vault: Vault, tmp_path: Path) -> None:
    store = open_store(sqlite_url, vault)
    migrate(store.engine)
    account = store.upstreams.set_account(
        "librelinkup", f"{CANARY}@example.org", CANARY, f"https://{CANARY}.example.org"
    )
    store.upstreams.state_of(account.upstream_id).save({"token": CANARY})
    files = list(tmp_path.glob("only.sqlite3*"))
    assert files
    assert not [file for file in files if CANARY.encode() in file.read_bytes()]
    store.close()


def test_another_key_opens_no_account_and_says_what_to_do(store: Store, tmp_path: Path) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    store.upstreams.state_of(account.upstream_id).save({"token": "t"})
    stranger = type(store.upstreams)(store.engine, Vault.open(tmp_path, "k" * 32))
    with pytest.raises(StoreError, match="CGM_DASH_SECRET_KEY"):
        stranger.account()
    assert stranger.load_state(account.upstream_id) == {}
    stranger.set_account("librelinkup", "a@example.org", "one")
    found = stranger.account()
    assert found is not None
    assert found.password == "one"


def test_first_sight_makes_a_person_with_what_the_upstream_tells(store: Store) -> None:
    wearer = Wearer("p1", "Ann", "DE", "mmol/L", 80, 160)
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    source = store.sources.resolve(account.upstream_id, "librelinkup", wearer)
    person = store.people.get(source.person_id)
    assert person is not None
    assert (person.name, person.country, person.unit, person.zone) == ("Ann", "DE", Unit.MMOL_L, None)
    assert person.targets == Targets(54, 80, 160, 250)
    assert store.sources.resolve(account.upstream_id, "librelinkup", wearer) == source
    assert store.people.list() == (person,)


def test_what_a_user_changed_is_never_changed_back(store: Store) -> None:
    source = store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann", unit="mg/dL"))
    store.people.rename(source.person_id, "Mum")
    store.people.set_target_set(source.person_id, TargetSet.PREGNANCY)
    store.people.set_zone(source.person_id, "Europe/Berlin", True)
    again = store.sources.resolve(None, "librelinkup", Wearer("p1", "Anna", unit="mmol/L", target_low=70))
    person = store.people.get(source.person_id)
    assert person is not None
    assert (again.name, person.name, person.unit) == ("Anna", "Mum", Unit.MG_DL)
    assert (person.targets.high, person.zone, person.zone_confirmed) == (140, "Europe/Berlin", True)


@pytest.mark.parametrize(
    "odd", [Wearer("p1", "a\0b\ud800", target_low=300), Wearer("p1", unit="furlong", target_high=0)]
)
def test_odd_wearers_are_taken_with_what_can_be_used(store: Store, odd: Wearer) -> None:
    person = store.people.get(store.sources.resolve(None, "librelinkup", odd).person_id)
    assert person is not None
    assert person.targets == Targets()
    assert person.unit is Unit.MG_DL


def test_two_that_see_a_wearer_first_make_one_person(store: Store) -> None:
    together = threading.Barrier(4)
    seen: list[SourceRow] = []

    def look() -> None:
        together.wait()
        seen.append(store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann")))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 4
    assert len(set(seen)) == 1
    assert len(store.people.list()) == 1


def test_two_workers_that_set_the_account_make_one(store: Store) -> None:
    together = threading.Barrier(4)
    made: list[int] = []

    def start() -> None:
        together.wait()
        made.append(store.upstreams.set_account("librelinkup", "a@example.org", "one").upstream_id)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert len(set(made)) == 1


def test_same_wearer_through_another_account_is_the_same_source(store: Store) -> None:
    account = store.upstreams.set_account("librelinkup", "a@example.org", "one")
    first = store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))
    second = store.sources.resolve(account.upstream_id, "librelinkup", Wearer("p1", ""))
    assert (second.source_id, second.person_id, second.name) == (first.source_id, first.person_id, "Ann")
    assert second.upstream_id == account.upstream_id


def test_sources_keep_their_order_until_it_is_changed(store: Store) -> None:
    first = store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))
    second = store.sources.attach(first.person_id, "libreview", "file")
    third = store.sources.attach(first.person_id, "nightscout", "n")
    assert store.sources.attach(first.person_id, "libreview", "file") == second
    assert [s.source_id for s in store.sources.of_person(first.person_id)] == [1, 2, 3]
    store.sources.rank(first.person_id, (third.source_id,))
    assert [s.source_id for s in store.sources.of_person(first.person_id)] == [3, 1, 2]
    assert store.readings.sequence(first.person_id) == 1
    with pytest.raises(StoreError, match="has sources"):
        store.sources.rank(first.person_id, (99,))


def test_source_of_one_person_is_not_given_to_another(store: Store) -> None:
    source = store.sources.resolve(None, "librelinkup", Wearer("p1", "Ann"))
    other = store.people.create("Bob", zone="Europe/Vienna")
    assert other.zone_confirmed
    with pytest.raises(StoreError, match="is person"):
        store.sources.attach(other.id, "librelinkup", "p1")
    assert store.sources.get(source.source_id) == source
    assert store.sources.get(99) is None


def test_nobody_cannot_be_changed(store: Store) -> None:
    with pytest.raises(StoreError, match="person 7"):
        store.people.rename(7, "x")
    with pytest.raises(ValueError, match="zone"):
        store.people.set_zone(7, "../etc", True)
