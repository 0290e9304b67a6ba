"""Whether the database can be worked with: it answers, it is sound, its schema is this program's."""

import threading

from sqlalchemy.engine import Engine

from sql.engine import check_health
from sql.migrate import migrate


class Readiness:
    """Brings the database to where this program can work with it, at the first moment it answers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._done = False

    def ensure(self) -> None:
        """Check the database's health and migrate it, once; afterwards this costs nothing.

        Raises StoreUnavailable while it does not answer, StoreDamaged for a broken file, StoreError for a schema newer
        than this program. The next call tries again.
        """
        if self._done:
            return
        with self._lock:
            if not self._done:
                check_health(self._engine, inherited=True)
                migrate(self._engine)
                self._done = True
