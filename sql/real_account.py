"""The account in the real database, asked for and changed also while this process shows the demo."""

import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, make_url

from cgm_dash.account import Credentials
from cgm_dash.errors import StoreUnavailable
from sql.backup_files import FOLDER
from sql.engine import looking, make_engine, reading_engine
from sql.readiness import Readiness
from sql.schema import upstreams
from sql.sources import Account, UpstreamStore
from sql.vault import Vault


@dataclass(frozen=True, slots=True)
class RealAccount:
    """The account of *kind* in the database at *url*, sealed with the key of *data_dir*. Nothing is open between calls.

    secret_key: as Vault.open. Every method raises StoreUnavailable, StoreDamaged or StoreError.
    """

    kind: str
    url: str = field(repr=False)
    data_dir: Path
    secret_key: str | None = field(repr=False, default=None)

    def is_stored(self) -> bool:
        """Return whether there is one. A look alone: no file is made or changed, though it may be damaged; nothing is
        migrated, no key is needed."""
        if self._file_is_missing():
            return False
        with self._disposed(reading_engine(self.url)) as engine, looking(engine) as connection:
            if not sa.inspect(connection).has_table("upstreams"):
                return False
            newest = sa.select(upstreams.c.secrets).where(upstreams.c.kind == self.kind).order_by(upstreams.c.id.desc())
            return connection.execute(newest.limit(1)).scalar() is not None

    def salvaged(self) -> tuple[Account, dict[str, Any]] | None:
        """Return the account and its state as far as a damaged database still tells them, None where there is none.

        Nothing is changed. Raises StoreError where they cannot be read.
        """
        vault = Vault.open(self.data_dir, self.secret_key)
        with self._disposed(reading_engine(self.url)) as engine:
            kept = UpstreamStore(engine, vault)
            account = kept.account(self.kind)
            return None if account is None else (account, kept.load_state(account.upstream_id))

    def keep(self, credentials: Credentials, upstream_url: str | None) -> None:
        """Store *credentials*, encrypted; the database is made or brought up to date for it.

        Also the same ones again begin afresh: who connects has acted, and no latch outlasts that. It is one
        transaction: where an error is raised, the account before it stands.
        """
        vault = Vault.open(self.data_dir, self.secret_key)
        with self._engine() as engine:
            self._ready(engine)
            given = credentials.email, credentials.password
            UpstreamStore(engine, vault).set_account(self.kind, *given, upstream_url, credentials.region, afresh=True)

    def forget(self) -> None:
        """Remove the credentials and the session; readings stay."""
        if self._file_is_missing():
            return
        with self._engine() as engine:
            self._ready(engine)
            UpstreamStore(engine, Vault.open(self.data_dir, self.secret_key)).forget_account(self.kind)

    def _ready(self, engine: Engine) -> None:
        Readiness(engine, self.data_dir / FOLDER).ensure()

    def _engine(self) -> AbstractContextManager[Engine]:
        return self._disposed(make_engine(self.url))

    @staticmethod
    @contextmanager
    def _disposed(engine: Engine) -> Iterator[Engine]:
        try:
            yield engine
        finally:
            engine.dispose()

    def _file_is_missing(self) -> bool:
        url = make_url(self.url)
        if url.get_backend_name() != "sqlite" or not url.database:
            return False
        try:
            return not stat.S_ISREG(Path(url.database).stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError as exc:
            raise StoreUnavailable(f"{url.database}: cannot be reached ({exc.strerror}); check permissions") from exc
