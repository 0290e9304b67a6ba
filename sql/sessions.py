"""Sessions: who has signed in, or opened a shared link, in which browser. The cookie holds an id, the table its digest.

How long they last follows OWASP ASVS 5.0, V7.3: they end a while after the last request, and some day whatever happens.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.credentials import digest, new_secret
from cgm_dash.errors import StoreUnavailable
from sql.engine import MARK_MS, looking, writing
from sql.schema import sessions, shares, users
from sql.text import one_line
from sql.users import over, stamp_of

IDLE_S, ABSOLUTE_S = 12 * 3600, 30 * 86_400
"""After the last request, and at most."""

HALF_S = 10 * 60
"""How long the second factor is waited for."""

MARK_S = 60
"""A use is written down at most so often."""

MOST_EACH = 50
"""Sessions of one user or one link; the oldest go. Half ones are counted by themselves: whoever has but the password
must not push out those who have signed in."""

AHEAD_S = 86_400
"""One that began so much later than now is of a clock that has been set back since, and nobody knows how old."""

ADDRESS_LIMIT, AGENT_LIMIT = 60, 200


@dataclass(frozen=True, slots=True)
class Session:
    """One browser's session: of a user or of a shared link. half: the second factor is still to come; it opens nothing.

    digest: of the id in the cookie. created, last_seen (to the minute), expires: UTC epoch seconds. address: the
    client's at its beginning. agent: what the browser calls itself, cut.
    """

    digest: bytes
    user_id: int | None
    share_id: int | None
    half: bool
    created: int
    last_seen: int
    expires: int
    address: str
    agent: str


class SessionStore:
    """The sessions. now: UTC epoch seconds. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(
        self,
        now: float,
        *,
        user_id: int | None = None,
        share_id: int | None = None,
        half: bool = False,
        address: str = "",
        agent: str = "",
        expires: float | None = None,
        stamp: bytes | None = None,
        instead_of: bytes | None = None,
    ) -> str:
        """Begin a session of a user or of a shared link and return the id for the cookie: 256 random bits.

        expires: no later than the store's own limit, and ten minutes for a half one. A whole one of a user marks when
        the user was last seen. Raises StoreError where there is no such user or link, or both are named.

        stamp: of the user whose password was checked (sql/users.py). instead_of: the digest of the session that this
        one goes on from, which ends. Raises UsageError, in words for the person, where the user has another stamp by
        now, or that session has ended: no sign-in that was under way outlives a change of the password.
        """
        id_ = new_secret()
        longest = now + (HALF_S if half else ABSOLUTE_S)
        values: dict[str, Any] = {"digest": digest(id_), "user_id": user_id, "share_id": share_id, "half": half}
        values |= {"created": int(now), "last_seen": int(now), "expires": int(min(longest, expires or longest))}
        values |= {"address": one_line(address, ADDRESS_LIMIT), "agent": one_line(agent, AGENT_LIMIT)}
        with writing(self._engine) as connection:
            _hold(connection, user_id, share_id, None if half else now, stamp)
            _sweep(connection, now)
            if instead_of is not None:
                _end(connection, instead_of)
            connection.execute(sa.insert(sessions).values(values))
            _bound(connection, user_id, share_id, half)
        return id_

    def find(self, id_: str, now: float) -> Session | None:
        """Return the session whose id a cookie holds, None for one that is not known, idle for too long or over.

        That it was used is written down at most once a minute, and not where another process holds the database.
        """
        wanted = sa.select(sessions).where(sessions.c.digest == digest(id_), _is_live(now))
        with looking(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        session = Session(*row)
        if session.last_seen + MARK_S <= now:
            self._mark(session, now)
        return session

    def _mark(self, session: Session, now: float) -> None:
        still = sessions.c.digest == session.digest, sessions.c.last_seen < int(now)
        try:
            with writing(self._engine, MARK_MS) as connection:
                connection.execute(sa.update(sessions).where(*still).values(last_seen=int(now)))
        except StoreUnavailable:  # who may look need not wait until it can be noted that they did
            pass

    def end(self, id_or_digest: str | bytes) -> None:
        """End one session, named by its id or its digest."""
        key = digest(id_or_digest) if isinstance(id_or_digest, str) else id_or_digest
        with writing(self._engine) as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.digest == key))

    def end_all_of(self, user_id: int, keep: bytes | None = None) -> int:
        """End all sessions of a user but that of digest *keep*; return how many."""
        theirs = sa.delete(sessions).where(sessions.c.user_id == user_id)
        with writing(self._engine) as connection:
            ended = connection.execute(theirs if keep is None else theirs.where(sessions.c.digest != keep))
            return ended.rowcount

    def of_user(self, user_id: int, now: float) -> tuple[Session, ...]:
        """Return a user's sessions that are neither half nor over, the newest first."""
        theirs = sessions.c.user_id == user_id, ~sessions.c.half, _is_live(now)
        wanted = sa.select(sessions).where(*theirs).order_by(sessions.c.created.desc(), sessions.c.digest)
        with looking(self._engine) as connection:
            return tuple(Session(*row) for row in connection.execute(wanted.limit(MOST_EACH)))


def _is_live(now: float) -> sa.ColumnElement[bool]:
    return sa.and_(
        sessions.c.expires > now,
        sessions.c.last_seen > now - IDLE_S,
        sessions.c.created <= now + AHEAD_S,
    )


def _sweep(connection: Connection, now: float) -> None:
    """Forget what is over. Those that another transaction sweeps too are left to it: nobody waits for nobody."""
    over = sa.select(sessions.c.digest).where(~_is_live(now)).with_for_update(skip_locked=True)
    connection.execute(sa.delete(sessions).where(sessions.c.digest.in_(over)))


def _hold(
    connection: Connection, user_id: int | None, share_id: int | None, seen: float | None, stamp: bytes | None
) -> None:
    """Keep the row whose session it is: it stays as it is, and only one at a time opens a session of it.

    Raises UsageError where the user has another stamp.
    """
    if user_id is not None:
        mine, told = users.c.id == user_id, (users.c.password_hash, users.c.totp_secret)
        if seen is not None:
            found = connection.execute(sa.update(users).where(mine).values(last_seen=int(seen)).returning(*told))
        else:
            found = connection.execute(sa.select(*told).where(mine).with_for_update())
        row = found.one_or_none()
        if stamp is not None and (row is None or stamp_of(*row) != stamp):
            raise over()
    if share_id is not None:
        connection.execute(sa.select(shares.c.id).where(shares.c.id == share_id).with_for_update())


def _end(connection: Connection, key: bytes) -> None:
    """End the session of that digest. Raises UsageError where it has ended already."""
    if not connection.execute(sa.delete(sessions).where(sessions.c.digest == key)).rowcount:
        raise over()


def _bound(connection: Connection, user_id: int | None, share_id: int | None, half: bool) -> None:
    whose = sessions.c.share_id == share_id if user_id is None else sessions.c.user_id == user_id
    newest = sessions.c.last_seen.desc(), sessions.c.created.desc(), sessions.c.digest
    theirs = sa.and_(whose, sessions.c.half == half)
    wanted = sa.select(sessions.c.digest).where(theirs).order_by(*newest).offset(MOST_EACH).limit(1_000)
    for key in connection.execute(wanted).scalars().all():
        connection.execute(sa.delete(sessions).where(sessions.c.digest == key))
