"""Users: who may sign in, with which role, and whose readings they see.

Of a password only its hash is kept, and the second factor's secret only encrypted; neither leaves this module. Whoever
looks at several rows before writing (is there an owner yet, is it the last one, is the name taken) does so alone.
"""

import builtins
import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.access import Role
from cgm_dash.credentials import (
    DUMMY_HASH,
    PASSWORD_FAULTS,
    STEP_S,
    hash_password,
    name_key,
    needs_rehash,
    password_fault,
    setup_digest,
    totp_step,
    verify_password,
)
from cgm_dash.errors import StoreError, UsageError
from cgm_dash.i18n import _
from sql.engine import looking, writing
from sql.schema import people as people_table
from sql.schema import sessions, setup_secrets, user_people, users
from sql.text import shown_name, storable
from sql.vault import Vault

log = logging.getLogger(__name__)

MOST_USERS = 1_000


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in. people: ids of whom they see, which counts where sees_all is False.

    has_totp: whether a second factor is asked for. created, last_seen: UTC epoch seconds; the latter of the last
    sign-in, None never. stamp: changes with what they sign in with, and tells nothing of it (`stamp_of`).
    """

    id: int
    name: str
    role: Role
    sees_all: bool
    people: frozenset[int]
    has_totp: bool
    created: int
    last_seen: int | None
    stamp: bytes = field(default=b"", repr=False, compare=False)


class UserStore:
    """The users. now: UTC epoch seconds. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        self._engine = engine
        self._vault = vault

    def any_owner(self) -> bool:
        """Return whether there is an owner: until then nobody can sign in, and a set-up secret is needed."""
        with looking(self._engine) as connection:
            return _owners(connection) > 0

    def list(self) -> tuple[User, ...]:
        """Return everyone, in the order they came."""
        return self._found(sa.true())

    def get(self, user_id: int) -> User | None:
        """Return one user, None where there is none of that id."""
        return next(iter(self._found(users.c.id == user_id)), None)

    def by_name(self, name: str) -> User | None:
        """Return the user who is called so, whatever the case; None for nobody."""
        return next(iter(self._found(users.c.name_key == _key(name))), None)

    def _found(self, which: sa.ColumnElement[bool]) -> tuple[User, ...]:
        with looking(self._engine) as connection:
            return _read(connection, which)

    def add(self, name: str, password: str, role: Role, now: float, *, people: Collection[int] | None) -> User:
        """Add a user and return it. people: ids of whom they see, None everyone; an owner always sees everyone.

        Raises UsageError, in words for the person, for a name that is taken or none, a password that is refused, and a
        person there is none of.
        """
        name = shown_name(name)
        hash_ = _hashed(password, name)
        with writing(self._engine) as connection:
            lock(connection)
            return _add(connection, name, hash_, role, now, people)

    def add_first_owner(self, name: str, password: str, secret: str, now: float) -> User | None:
        """Add the first owner and use the set-up secret up; None for a wrong one, and where there is an owner already.

        Raises UsageError as add() does; then the secret stands. A wrong one is told before anything else is looked at.
        """
        proof = setup_secrets.c.digest == setup_digest(secret)
        with looking(self._engine) as connection:
            if not connection.execute(sa.select(sa.exists().where(proof))).scalar():
                return None
        name = shown_name(name)
        hash_ = _hashed(password, name)
        with writing(self._engine) as connection:
            lock(connection)
            if _owners(connection) or not connection.execute(sa.delete(setup_secrets).where(proof)).rowcount:
                return None
            return _add(connection, name, hash_, Role.OWNER, now, None)

    def check(self, name: str, password: str) -> User | None:
        """Return the user who has this name and this password, else None, after the same time for an unknown name.

        A hash made with other parameters than today's is made anew. The user's stamp is of the password that was
        checked: where another one is set at the same moment, nobody has this one any more.
        """
        wanted = sa.select(users.c.id, users.c.password_hash).where(users.c.name_key == _key(name))
        with looking(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        right = verify_password(DUMMY_HASH if row is None else row.password_hash, password)
        if row is None or not right:
            return None
        hash_ = self._renewed(row.id, row.password_hash, password)
        if hash_ is None:  # by a sign-in at the same moment, or it is another password
            return self.check(name, password)
        with looking(self._engine) as connection:
            same = users.c.id == row.id, users.c.password_hash == hash_
            return next(iter(_read(connection, sa.and_(*same))), None)

    def _renewed(self, user_id: int, hash_: str, password: str) -> str | None:
        """Return the hash of *password* that is stored from now on: *hash_*, or one of today's parameters.

        None where *hash_* has been replaced meanwhile.
        """
        if not needs_rehash(hash_):
            return hash_
        anew = hash_password(password)
        with writing(self._engine) as connection:
            same = users.c.id == user_id, users.c.password_hash == hash_
            done = connection.execute(sa.update(users).where(*same).values(password_hash=anew))
        return anew if done.rowcount else None

    def set_password(self, user_id: int, password: str, keep: bytes | None = None) -> None:
        """Give a user another password and end all their sessions but that of digest *keep*.

        Raises UsageError for a password that is refused, where there is no such user, and where the session to keep has
        ended: who changes the own password must not undo what an owner has just set.
        """
        user = self.get(user_id)
        if user is None:
            raise _nobody()
        hash_ = _hashed(password, user.name)
        with writing(self._engine) as connection:
            _alter(connection, user_id, password_hash=hash_)
            _end_others(connection, user_id, keep)

    def change(self, user_id: int, *, role: Role, people: Collection[int] | None) -> None:
        """Give a user another role and other people to see (ids, None everyone); a new role ends their sessions.

        Raises UsageError where the last owner would be none any more, for a person there is none of and for no user.
        """
        with writing(self._engine) as connection:
            lock(connection)
            before = _role_of(connection, user_id)
            if role is not Role.OWNER:
                _refuse_last_owner(connection, before)
            _alter(connection, user_id, role=role.value, sees_all=_sees_all(role, people))
            connection.execute(sa.delete(user_people).where(user_people.c.user_id == user_id))
            _let_see(connection, user_id, role, people)
            if role is not before:
                _end_sessions(connection, user_id)

    def remove(self, user_id: int) -> None:
        """Remove a user with their sessions. Raises UsageError for the last owner and for no user."""
        with writing(self._engine) as connection:
            lock(connection)
            _refuse_last_owner(connection, _role_of(connection, user_id))
            connection.execute(sa.delete(users).where(users.c.id == user_id))

    def set_totp(self, user_id: int, secret: str | None, keep: bytes | None = None) -> None:
        """Set the second factor's secret, kept encrypted; None: it is asked for no longer.

        keep: the digest of the session whose user asks for it; all others of theirs end. Raises UsageError where there
        is no such user, and where that session has ended: by what an owner has just set.
        """
        sealed = None if secret is None else self._vault.encrypt(secret)
        with writing(self._engine) as connection:
            _alter(connection, user_id, totp_secret=sealed, totp_step=None)
            if keep is not None:
                _end_others(connection, user_id, keep)

    def take_code(self, user_id: int, code: str, now: float) -> bool:
        """Return whether *code* is right now and was never taken before; then it is taken, and so are those before it.

        Also of several who try it at once exactly one gets through.
        """
        mine = users.c.id == user_id
        with writing(self._engine) as connection:
            row = connection.execute(sa.select(users.c.totp_secret, users.c.totp_step).where(mine)).one_or_none()
            secret = None if row is None or row.totp_secret is None else self._opened(row.totp_secret)
            step = None if secret is None else totp_step(secret, code, now)
            if row is None or step is None or _is_taken(row.totp_step, step, now):
                return False
            # As it was read, or somebody was faster. The row is not locked: lock() and it would wait for each other.
            same = users.c.totp_secret == row.totp_secret, users.c.totp_step.is_not_distinct_from(row.totp_step)
            return connection.execute(sa.update(users).where(mine, *same).values(totp_step=step)).rowcount == 1

    def _opened(self, sealed: bytes) -> str | None:
        try:
            return self._vault.decrypt(sealed)
        except StoreError:
            log.error(
                "second-factor outcome=unreadable; put the secret key back, or use"
                " cgm-dash user password NAME --remove-second-factor"
            )
            return None


def stamp_of(password_hash: str, totp_secret: bytes | None) -> bytes:
    """Return what tells whether somebody still signs in with the same password and second factor."""
    return hashlib.sha256(password_hash.encode() + b"\0" + (totp_secret or b"")).digest()


def lock(connection: Connection) -> None:
    """Let one transaction at a time look at users and write them. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))


def _key(name: str) -> str:
    return storable(name_key(name[:1000]), 1000)


def _hashed(password: str, name: str) -> str:
    fault = password_fault(password, name)
    if fault:
        raise UsageError(_(PASSWORD_FAULTS[fault]))
    return hash_password(password)


def over() -> UsageError:
    """Return what is told to somebody whose session or sign-in has come to nothing meanwhile."""
    return UsageError(_("This sign-in was ended, or something about it was changed, just now. Sign in again."))


def _nobody() -> UsageError:
    return UsageError(_("There is no such user any more; look at the list again."))


def _owners(connection: Connection) -> int:
    wanted = sa.select(sa.func.count()).select_from(users).where(users.c.role == Role.OWNER.value)
    return int(connection.execute(wanted).scalar_one())


def _role_of(connection: Connection, user_id: int) -> Role:
    role = connection.execute(sa.select(users.c.role).where(users.c.id == user_id)).scalar()
    if role is None:
        raise _nobody()
    return Role(role)


def _refuse_last_owner(connection: Connection, role: Role) -> None:
    if role is Role.OWNER and _owners(connection) == 1:
        raise UsageError(_("The last owner stays one; make somebody else an owner first."))


def _alter(connection: Connection, user_id: int, **values: Any) -> None:
    statement = sa.update(users).where(users.c.id == user_id).values(**values)
    if not connection.execute(statement).rowcount:
        raise _nobody()


def _end_sessions(connection: Connection, user_id: int, keep: bytes | None = None) -> None:
    theirs = sa.delete(sessions).where(sessions.c.user_id == user_id)
    connection.execute(theirs if keep is None else theirs.where(sessions.c.digest != keep))


def _end_others(connection: Connection, user_id: int, keep: bytes | None) -> None:
    """End a user's sessions but that of digest *keep*. Raises UsageError, which undoes the rest, where that is over."""
    mine = sessions.c.digest == keep, sessions.c.user_id == user_id
    if keep is not None and not connection.execute(sa.select(sa.exists().where(*mine))).scalar():
        raise over()
    _end_sessions(connection, user_id, keep)


def _sees_all(role: Role, people: Collection[int] | None) -> bool:
    return people is None or role is Role.OWNER


def _add(connection: Connection, name: str, hash_: str, role: Role, now: float, people: Collection[int] | None) -> User:
    """Add a user inside a transaction that has the lock; with an owner no set-up secret is valid any more."""
    key = _key(name)
    if connection.execute(sa.select(sa.exists().where(users.c.name_key == key))).scalar():
        raise UsageError(_("There is a user of that name already; choose another name."))
    if connection.execute(sa.select(sa.func.count()).select_from(users)).scalar_one() >= MOST_USERS:
        raise UsageError(_("There are as many users as there can be; remove one first."))
    values: dict[str, Any] = {"name": name, "name_key": key, "role": role.value, "sees_all": _sees_all(role, people)}
    values |= {"password_hash": hash_, "created": int(now)}
    user_id = int(connection.execute(sa.insert(users).values(values).returning(users.c.id)).scalar_one())
    _let_see(connection, user_id, role, people)
    if role is Role.OWNER:
        connection.execute(sa.delete(setup_secrets))
    return _read(connection, users.c.id == user_id)[0]


def _let_see(connection: Connection, user_id: int, role: Role, people: Collection[int] | None) -> None:
    if people is None or _sees_all(role, people):
        return
    wanted = set(people)
    known = set(connection.execute(sa.select(people_table.c.id).where(people_table.c.id.in_(wanted))).scalars())
    if known != wanted:
        raise UsageError(_("There is no such person any more; look at the list again."))
    if wanted:
        rows = [{"user_id": user_id, "person_id": person_id} for person_id in sorted(wanted)]
        connection.execute(sa.insert(user_people), rows)


def _is_taken(newest: int | None, step: int, now: float) -> bool:
    """Return whether the code of *step* was taken, or one after it; a step that lies ahead is of a clock set back."""
    return newest is not None and step <= newest <= now // STEP_S + 1


def _read(connection: Connection, which: sa.ColumnElement[bool]) -> tuple[User, ...]:
    """Return the users for whom *which* holds: without password and secret."""
    rows = connection.execute(sa.select(users).where(which).order_by(users.c.id).limit(MOST_USERS)).all()
    seen: dict[int, builtins.list[int]] = {row.id: [] for row in rows}
    for pair in connection.execute(sa.select(user_people).where(user_people.c.user_id.in_(seen))):
        seen[pair.user_id].append(pair.person_id)
    return tuple(
        User(
            row.id,
            row.name,
            Role(row.role),
            row.sees_all,
            frozenset(seen[row.id]),
            row.totp_secret is not None,
            row.created,
            row.last_seen,
            stamp_of(row.password_hash, row.totp_secret),
        )
        for row in rows
    )
