"""Databases with today's tables and nothing in them: copies of one that was migrated once, which takes a while."""

import os
import tempfile
from functools import cache
from pathlib import Path

from sql.engine import make_engine
from sql.migrate import migrate


def tables(url: str) -> None:
    """Make the tables in the empty database at *url*, as a first start does."""
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()


def sqlite(path: Path) -> str:
    """Make such an SQLite file at *path* and return its URL; the folder must be there."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(_sqlite_file())
    return f"sqlite:///{path}"


@cache
def _sqlite_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ready.sqlite3"
        tables(f"sqlite:///{path}")
        return path.read_bytes()
