"""Upstreams (configured accounts, their secrets and state) and sources (a wearer as an upstream knows them)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.batch import Wearer
from cgm_dash.errors import StoreError
from cgm_dash.units import ADULT, Targets, Unit
from sql.changes import EVER, note_change
from sql.engine import looking, writing
from sql.people import NAME_LIMIT, insert_person, no_person
from sql.schema import people, sources, upstreams
from sql.text import storable
from sql.vault import Vault

ID_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Account:
    """A configured upstream with its secrets in clear; they never show in its text form.

    url: None the maker's own. region: None found by itself.
    """

    upstream_id: int
    kind: str
    email: str = field(repr=False)
    password: str = field(repr=False)
    url: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source. rank: 0 the person's best. has_live: a live reading was ever stored, so its scans do not count."""

    source_id: int
    person_id: int
    upstream_id: int | None
    kind: str
    external_id: str
    name: str
    rank: int
    has_live: bool


class UpstreamStore:
    """The configured accounts; secrets and state are encrypted. Every method raises StoreUnavailable or StoreError."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def set_account(
        self,
        kind: str,
        email: str,
        password: str,
        url: str | None = None,
        region: str | None = None,
        *,
        afresh: bool = False,
    ) -> Account:
        """Make this the account of *kind* and return it.

        The same account again changes nothing. Anything new about it clears the state: a token belongs to the old
        account, and new settings are what lifts a latch. afresh: clear the state whatever was there.
        """
        wanted: dict[str, Any] = {"email": email, "password": password, "url": url, "region": region}
        with writing(self._engine) as connection:
            lock_sources(connection)
            row = _upstream_of(connection, kind)
            if row is None:
                added = sa.insert(upstreams).values(kind=kind, secrets=self._seal(wanted)).returning(upstreams.c.id)
                return Account(connection.execute(added).scalar_one(), kind, **wanted)
            kept = self._opened_or_none(row.secrets)
            if afresh or kept is None or {"region": None, **kept} != wanted:  # older rows tell no region
                changed = sa.update(upstreams).where(upstreams.c.id == row.id)
                connection.execute(changed.values(secrets=self._seal(wanted), state=None))
            return Account(row.id, kind, **wanted)

    def account(self, kind: str = "librelinkup") -> Account | None:
        """Return the account of *kind*, None where none is configured. Raises StoreError with another secret key."""
        with looking(self._engine) as connection:
            row = _upstream_of(connection, kind)
        if row is None or row.secrets is None:
            return None
        return Account(row.id, kind, **self._open(row.secrets))

    def known_id(self, upstream_id: int, kind: str) -> int | None:
        """Return *upstream_id* where it is of *kind*, else the id of the account of that kind, None without one.

        For what was fetched while there was no database to tell the number, or before an older one was restored.
        """
        with looking(self._engine) as connection:
            found = connection.execute(
                sa.select(upstreams.c.id).where(upstreams.c.id == upstream_id, upstreams.c.kind == kind)
            ).scalar()
            row = _upstream_of(connection, kind) if found is None else None
            return row.id if row is not None else found

    def forget_account(self, kind: str) -> None:
        """Remove the secrets and the state of the account of *kind*; readings and runs stay."""
        with writing(self._engine) as connection:
            connection.execute(sa.update(upstreams).where(upstreams.c.kind == kind).values(secrets=None, state=None))

    def state_of(self, upstream_id: int) -> "UpstreamState":
        """Return where the upstream keeps what it must not forget (ingestion's SourceState)."""
        return UpstreamState(self, upstream_id)

    def load_state(self, upstream_id: int) -> dict[str, Any]:
        """Return the state last saved, empty at first and where it was sealed with another secret key."""
        with looking(self._engine) as connection:
            sealed = connection.execute(sa.select(upstreams.c.state).where(upstreams.c.id == upstream_id)).scalar()
        return self._opened_or_none(sealed) or {}

    def save_state(self, upstream_id: int, state: Mapping[str, Any]) -> None:
        """Keep *state* in place of the old one. Raises StoreError where the account was forgotten: so is its state."""
        with writing(self._engine) as connection:
            mine = upstreams.c.id == upstream_id, upstreams.c.secrets.is_not(None)
            changed = sa.update(upstreams).where(*mine).values(state=self._seal(state))
            if connection.execute(changed.returning(upstreams.c.id)).one_or_none() is None:
                raise StoreError(f"upstream {upstream_id}: there is no account of that number; connect it again")

    def _seal(self, value: Mapping[str, Any]) -> bytes:
        return self._vault.encrypt(json.dumps(dict(value), sort_keys=True))

    def _open(self, sealed: bytes) -> dict[str, Any]:
        opened: dict[str, Any] = json.loads(self._vault.decrypt(sealed))
        return opened

    def _opened_or_none(self, sealed: bytes | None) -> dict[str, Any] | None:
        """Return what was sealed; None where nothing was, or with another key: a token can be had anew."""
        try:
            return None if sealed is None else self._open(sealed)
        except StoreError:
            return None


@dataclass(frozen=True, slots=True)
class UpstreamState:
    """What one upstream must not forget, kept encrypted."""

    _store: UpstreamStore
    _upstream_id: int

    def load(self) -> Mapping[str, Any]:
        """Return the state last saved, empty at first. Raises StoreUnavailable."""
        return self._store.load_state(self._upstream_id)

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep *state* in place of the old one. Raises StoreUnavailable."""
        self._store.save_state(self._upstream_id, state)


class SourceStore:
    """The sources table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resolve(self, upstream_id: int | None, kind: str, wearer: Wearer) -> SourceRow:
        """Return the source of *wearer*; at first sight make it, and a person with the name, unit and targets it tells.

        Later sights keep what the upstream calls the wearer in the source; the person's own name is the user's. A look
        is all it costs when nothing has changed.
        """
        external_id, name = storable(wearer.external_id, ID_LIMIT), storable(wearer.name, NAME_LIMIT)
        with looking(self._engine) as connection:
            row = _source_of(connection, kind, external_id)
        if row is not None and row.upstream_id == upstream_id and (row.name == name or not name):
            return row
        with writing(self._engine) as connection:
            lock_sources(connection)
            row = _source_of(connection, kind, external_id)
            if row is None:
                unit, targets = _unit_of(wearer), _targets_of(wearer)
                person_id = insert_person(connection, name, unit=unit, targets=targets, country=wearer.country)
                return _insert(connection, person_id, upstream_id, kind, external_id, name)
            values = {"upstream_id": upstream_id, "name": name or row.name}
            connection.execute(sa.update(sources).where(sources.c.id == row.source_id).values(values))
            return _by_id(connection, row.source_id)

    def attach(self, person_id: int, kind: str, external_id: str, name: str = "") -> SourceRow:
        """Return the source of *kind* and *external_id*, made for that person and ranked last where it is new.

        For files and pushes, where a user says whose readings they are. Raises StoreError where it is another person's.
        """
        external_id = storable(external_id, ID_LIMIT)
        with writing(self._engine) as connection:
            lock_sources(connection)
            row = _source_of(connection, kind, external_id)
            if row is None:
                return _insert(connection, person_id, None, kind, external_id, storable(name, NAME_LIMIT))
            if row.person_id != person_id:
                raise StoreError(
                    f"source {row.source_id}: is person {row.person_id}'s, not {person_id}'s; choose that one"
                )
            return row

    def get(self, source_id: int) -> SourceRow | None:
        """Return one source, None where there is none of that id."""
        with looking(self._engine) as connection:
            row = connection.execute(sa.select(sources).where(sources.c.id == source_id)).one_or_none()
            return None if row is None else _source(row)

    def find(self, kind: str, external_id: str) -> SourceRow | None:
        """Return the source of *kind* and *external_id*, None where there is none."""
        with looking(self._engine) as connection:
            return _source_of(connection, kind, storable(external_id, ID_LIMIT))

    def of_person(self, person_id: int) -> tuple[SourceRow, ...]:
        """Return a person's sources, the best first."""
        with looking(self._engine) as connection:
            return sources_of(connection, person_id)

    def rank(self, person_id: int, source_ids: tuple[int, ...]) -> None:
        """Put a person's sources into this order, best first; those left out follow in their old order.

        The merged series changes over all time, so the person's sequence is raised.
        """
        with writing(self._engine) as connection:
            seq = lock_person(connection, person_id) + 1
            old = [row.source_id for row in sources_of(connection, person_id)]
            order = [*source_ids, *(i for i in old if i not in source_ids)]
            if sorted(order) != sorted(old):
                raise StoreError(f"person {person_id}: has sources {old}, got {list(source_ids)}")
            for rank, source_id in enumerate(order):
                connection.execute(sa.update(sources).where(sources.c.id == source_id).values(rank=rank))
            note_change(connection, person_id, seq, *EVER)


def lock_person(connection: Connection, person_id: int) -> int:
    """Lock the person's row for the rest of a write transaction and return its sequence. Raises StoreError for none."""
    wanted = sa.select(people.c.seq).where(people.c.id == person_id).with_for_update(key_share=True)
    found = connection.execute(wanted).scalar()
    if found is None:
        raise no_person(person_id)
    return int(found)


def lock_sources(connection: Connection) -> None:
    """Let one transaction at a time look for an upstream or a source and make it. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE sources IN SHARE ROW EXCLUSIVE MODE"))


def sources_of(connection: Connection, person_id: int) -> tuple[SourceRow, ...]:
    """Return a person's sources, the best first, as this connection sees them."""
    wanted = sa.select(sources).where(sources.c.person_id == person_id).order_by(sources.c.rank, sources.c.id)
    return tuple(_source(row) for row in connection.execute(wanted))


def _insert(
    connection: Connection, person_id: int, upstream_id: int | None, kind: str, external_id: str, name: str
) -> SourceRow:
    behind = sa.select(sa.func.count()).where(sources.c.person_id == person_id).scalar_subquery()
    added = sa.insert(sources).values(
        person_id=person_id,
        upstream_id=upstream_id,
        kind=kind,
        external_id=external_id,
        name=name,
        rank=behind,
        has_live=False,
    )
    return _source(connection.execute(added.returning(*sources.c)).one())


def _upstream_of(connection: Connection, kind: str) -> sa.Row[Any] | None:
    newest = sa.select(upstreams).where(upstreams.c.kind == kind).order_by(upstreams.c.id.desc()).limit(1)
    return connection.execute(newest).one_or_none()


def _source_of(connection: Connection, kind: str, external_id: str) -> SourceRow | None:
    wanted = sa.select(sources).where(sources.c.kind == kind, sources.c.external_id == external_id)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _source(row)


def _by_id(connection: Connection, source_id: int) -> SourceRow:
    return _source(connection.execute(sa.select(sources).where(sources.c.id == source_id)).one())


def _source(row: sa.Row[Any]) -> SourceRow:
    return SourceRow(
        row.id, row.person_id, row.upstream_id, row.kind, row.external_id, row.name, row.rank, row.has_live
    )


def _unit_of(wearer: Wearer) -> Unit:
    return next((unit for unit in Unit if unit.lower() == wearer.unit.lower()), Unit.MG_DL)


def _targets_of(wearer: Wearer) -> Targets:
    """Return the consensus limits with the wearer's own target range, where it lies between level 2 low and high."""
    low = ADULT.low if wearer.target_low is None else wearer.target_low
    high = ADULT.high if wearer.target_high is None else wearer.target_high
    try:
        return Targets(ADULT.very_low, low, high, ADULT.very_high)
    except ValueError:
        return ADULT
