"""Who polls, among processes on any number of machines that share a PostgreSQL: the one whose session holds a lock."""

import os
import threading
from contextlib import closing, suppress
from typing import Any

import psycopg2
from sqlalchemy.engine import URL, make_url

from sql.engine import guarded

# Advisory locks are told apart by a number within one database; ours for "this process polls".
LOCK_KEY = 4_717_210_002

_TAKE = "SELECT pg_try_advisory_lock(%(key)s)"
_TAKEN = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = %(key)s >> 32 AND objid = %(key)s & 4294967295)
"""
# Not only a sign of life: behind a pooler that deals out server sessions by the transaction, the lock may be gone
# while the connection lives.
_HELD = _TAKEN.replace("granted", "granted AND pid = pg_backend_pid()")

_LIMITS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # milliseconds: a question into a cut line fails then, not after many minutes
    "application_name": "cgm_dash leader",
}
# The server's side of the line: it must notice that our machine lost power, or the lock would stay taken for hours.
_SESSION = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 -c statement_timeout=5000"


class AdvisoryLock:
    """A session lock on one connection outside the pool: when the process or its machine dies, PostgreSQL frees it.

    Safe for several threads.
    """

    def __init__(self, url: str | URL, key: int = LOCK_KEY) -> None:
        self._url = make_url(url)
        self._key = key
        self._connection: Any = None
        self._owner = 0
        self._mutex = threading.Lock()

    def try_take(self) -> bool:
        """Take the lock if it is free and return whether this process holds it now. Raises StoreUnavailable."""
        with self._mutex:
            if self._is_held():
                return True
            self._close()
            taken = False
            try:
                with guarded():
                    self._connection, self._owner = self._connect(), os.getpid()
                    taken = self._ask(_TAKE)
            finally:
                if not taken:
                    self._close()
            return taken

    def held(self) -> bool:
        """Return whether this process holds it; asks the server: 0.2 ms on the same machine, 10 s at most."""
        with self._mutex:
            held = self._is_held()
            if not held:
                self._close()
            return held

    def is_taken(self) -> bool:
        """Return whether some process holds it, this one or another. Raises StoreUnavailable."""
        if self.held():
            return True
        with guarded(), closing(self._connect()) as connection, connection.cursor() as cursor:
            cursor.execute(_TAKEN, {"key": self._key})
            return bool(cursor.fetchone()[0])

    def release(self) -> None:
        """Give it up; harmless where it is not held."""
        with self._mutex:
            self._close()

    def _is_held(self) -> bool:
        if self._connection is None or self._owner != os.getpid():  # a child's copy of the connection is its parent's
            return False
        try:
            return self._ask(_HELD)
        except psycopg2.Error:
            return False

    def _ask(self, statement: str) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, {"key": self._key})
            return bool(cursor.fetchone()[0])

    def _connect(self) -> Any:
        """Open a connection; both ends notice within a minute that the other has lost power, and the lock is free."""
        given: dict[str, Any] = dict(self._url.query)
        given |= self._url.translate_connect_args(username="user", database="dbname")
        options = f"{given.get('options', '')} {_SESSION}".strip()
        connection: Any = psycopg2.connect(**{**given, **_LIMITS, "options": options})
        connection.autocommit = True  # a session's lock needs no transaction, and an open one would hold back VACUUM
        return connection

    def _close(self) -> None:
        """Let go of the connection, and with it of the lock; a parent's copy is left alone."""
        connection, self._connection = self._connection, None
        if connection is not None and self._owner == os.getpid():
            with suppress(psycopg2.Error):
                connection.close()
