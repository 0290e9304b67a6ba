"""Whether the database can be worked with: it answers, it is sound, its schema is this program's."""

import logging
import os
import threading
from pathlib import Path

from sqlalchemy.engine import Engine

from cgm_dash.errors import ProgramMissing, StoreUnavailable
from sql.backup import back_up
from sql.backup_files import POSTGRESQL
from sql.engine import check_health
from sql.migrate import migrate

log = logging.getLogger(__name__)


class Readiness:
    """Brings the database to where this program can work with it, at the first moment it answers.

    backups: the folder for what PostgreSQL held before an older schema was brought up to date; None: it is not kept.
    """

    def __init__(self, engine: Engine, backups: Path | None = None) -> None:
        self._engine = engine
        self._backups = backups
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
                migrate(self._engine, copy=self._copy)
                self._done = True

    def _copy(self, revision: str) -> None:
        """Keep what the database holds at *revision*. Without pg_dump the log says so, and the upgrade goes on.

        It is one transaction, so that nothing is lost by it; the copy is for whoever wants the older program back.
        """
        if self._backups is None:
            return
        target = self._backups / f"before-update-from-{revision}{POSTGRESQL}"
        if target.exists():
            return
        try:
            self._backups.mkdir(mode=0o700, parents=True, exist_ok=True)
            back_up(self._engine, target)
        except ProgramMissing as exc:
            log.error("migrate pid=%d copy=none reason=%s", os.getpid(), exc)
        except OSError as exc:
            raise StoreUnavailable(f"'{self._backups}' cannot be made ({exc.strerror}); check its permissions") from exc
