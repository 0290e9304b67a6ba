"""Whether a real account is stored can be asked without leaving a trace; storing one makes what it needs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.account import Credentials
from cgm_dash.errors import StoreDamaged, StoreUnavailable
from sql import migrate, schema_is_current
from sql.engine import make_engine, writing
from sql.real_account import RealAccount
from sql.schema import upstreams as table
from sql.sources import UpstreamStore
from sql.vault import Vault

KIND = "librelinkup"
MIRA = Credentials("a@example.org", "one", "eu")


@pytest.fixture
def database_url(empty_database_url: str) -> str:
    """A database without a table: making them is what this is about."""
    return empty_database_url


@pytest.fixture
def real(database_url: str, tmp_path: Path) -> RealAccount:
    return RealAccount(KIND, database_url, tmp_path / "data")


@pytest.fixture
def upstreams(engine: Engine, tmp_path: Path) -> Callable[[], UpstreamStore]:
    return lambda: UpstreamStore(engine, Vault.open(tmp_path / "data"))


def test_an_account_is_stored_where_nothing_was_and_forgotten_again(
    real: RealAccount, upstreams: Callable[[], UpstreamStore]
) -> None:
    assert not real.is_stored()
    real.keep(MIRA, "http://127.0.0.1:9")
    assert real.is_stored()
    store = upstreams()
    kept = store.account()
    assert kept is not None
    assert (kept.email, kept.password, kept.url, kept.region) == ("a@example.org", "one", "http://127.0.0.1:9", "eu")
    store.save_state(kept.upstream_id, {"token": "t"})
    real.forget()
    assert not real.is_stored()
    assert store.account() is None
    assert store.load_state(kept.upstream_id) == {}


def test_connecting_the_same_account_again_lifts_its_latch(
    real: RealAccount, upstreams: Callable[[], UpstreamStore]
) -> None:
    real.keep(MIRA, None)
    store = upstreams()
    account = store.account()
    assert account is not None
    store.save_state(account.upstream_id, {"pause_code": "wrong-password"})
    real.keep(MIRA, None)
    assert store.load_state(account.upstream_id) == {}


def test_an_account_is_kept_whole_or_not_at_all(
    real: RealAccount, upstreams: Callable[[], UpstreamStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    real.keep(MIRA, None)
    begun = 0

    @contextmanager
    def away_after_the_first(engine: Engine) -> Iterator[Connection]:
        nonlocal begun
        begun += 1
        if begun > 1:
            raise StoreUnavailable("the database does not answer")
        with writing(engine) as connection:
            yield connection

    monkeypatch.setattr("sql.sources.writing", away_after_the_first)
    real.keep(Credentials("b@example.org", "two"), None)  # a second transaction could fail when the first one stands
    account = upstreams().account()
    assert account is not None
    assert account.email == "b@example.org"


def test_looking_makes_and_changes_nothing(real: RealAccount, database_url: str, tmp_path: Path) -> None:
    assert not real.is_stored()
    assert list(tmp_path.iterdir()) == []
    real.forget()
    if database_url.startswith("sqlite"):
        assert list(tmp_path.iterdir()) == []


def test_an_older_schema_is_asked_and_not_migrated(engine: Engine, real: RealAccount) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE upstreams (id INTEGER, kind TEXT, secrets INTEGER)")
        connection.exec_driver_sql("INSERT INTO upstreams VALUES (1, 'librelinkup', 7)")
    assert real.is_stored()
    assert not schema_is_current(engine)


def test_a_forgotten_account_is_none(engine: Engine, real: RealAccount, upstreams: Callable[[], UpstreamStore]) -> None:
    migrate(engine)
    store = upstreams()
    store.set_account(KIND, "a@example.org", "one")
    store.set_account("other", "a@example.org", "one")
    store.forget_account(KIND)
    assert not real.is_stored()


def test_what_cannot_be_asked_is_said(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.sqlite3"
    damaged.write_bytes(b"this is no database at all" * 400)
    with pytest.raises(StoreDamaged):
        RealAccount(KIND, f"sqlite:///{damaged}", tmp_path).is_stored()
    with pytest.raises(StoreUnavailable):
        RealAccount(KIND, "postgresql+psycopg2://u@127.0.0.1:1/none", tmp_path).is_stored()
    assert damaged.read_bytes() == b"this is no database at all" * 400


def test_the_state_of_a_forgotten_account_is_not_kept(engine: Engine, upstreams: Callable[[], UpstreamStore]) -> None:
    migrate(engine)
    store = upstreams()
    account = store.set_account(KIND, "a@example.org", "one")
    store.forget_account(KIND)
    with pytest.raises(Exception, match="no account of that number"):
        store.save_state(account.upstream_id, {"token": "t"})
    assert store.load_state(account.upstream_id) == {}


def test_an_account_of_before_regions_is_the_same_account(
    engine: Engine, upstreams: Callable[[], UpstreamStore]
) -> None:
    migrate(engine)
    store = upstreams()
    account = store.set_account(KIND, "a@example.org", "one")
    old = store._seal({"email": "a@example.org", "password": "one", "url": None})
    with engine.begin() as connection:
        connection.execute(sa.update(table).values(secrets=old))
    store.save_state(account.upstream_id, {"token": "t"})
    assert store.account() == account
    assert store.set_account(KIND, "a@example.org", "one") == account
    assert store.load_state(account.upstream_id) == {"token": "t"}


def test_the_file_of_a_look_is_closed_again(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    migrate(engine)
    engine.dispose()
    assert not RealAccount(KIND, f"sqlite:///{tmp_path / 'x.sqlite3'}", tmp_path).is_stored()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.sqlite3"]
