"""PostgreSQL's own programs, for backups: pg_dump writes our tables' rows, pg_restore reads them back.

Rows alone: the schema is what the migrations make of the revision that stands in the backup. Programs of the server's
own major version are asked for: an older pg_dump refuses, and what a newer one writes an older server may not take.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from cgm_dash.errors import ProgramMissing, StoreError, StoreUnavailable, UsageError
from sql.engine import looking, writing
from sql.migrate import bring_to, refuse_unknown_revision
from sql.schema import metadata

Tables = Callable[[Connection], Sequence[str]]

DUMP, RESTORE = "pg_dump", "pg_restore"
DEBIAN = Path("/usr/lib/postgresql")
LONGEST_S = 3600


def program(name: str, major: int, roots: Sequence[Path] = (DEBIAN,)) -> str:
    """Return the path of *name* of that major version: the one in PATH, else Debian's. Raises ProgramMissing."""
    found = []
    on_path = shutil.which(name)
    for path in [*([on_path] if on_path else []), *(str(root / str(major) / "bin" / name) for root in roots)]:
        version = _major_of(path)
        if version == major:
            return path
        if version is not None:
            found.append(f"{path} is of version {version}")
    told = "; ".join(found) or "none was found in PATH"
    raise ProgramMissing(
        f"{name} of PostgreSQL {major}, as the server is, is needed for backups: {told}; install"
        f" postgresql-client-{major}"
    )


def dump(engine: Engine, part: Path, tables: Tables) -> Mapping[str, int]:
    """Write the rows of our tables to *part* and return how many, counted in the same snapshot and in the file."""
    with looking(engine.execution_options(isolation_level="REPEATABLE READ")) as connection:
        path = program(DUMP, server_major(connection))
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one()
        names = tables(connection)
        counts = {n: int(connection.execute(_count(n)).scalar_one()) for n in names}
        wanted = [f"--table={name}" for name in names]
        given = ["--format=custom", "--data-only", f"--snapshot={snapshot}", f"--file={part}", *wanted]
        _run(engine.url, [path, *given, "--dbname", engine.url.database or ""])
        reader = program(RESTORE, server_major(connection))
    if _counts_in(reader, part) != counts:
        raise StoreError("the backup does not hold the rows that the database has; try again")
    return counts


def restore(source: Path, engine: Engine, tables: Tables) -> Mapping[str, int]:
    """Make the schema the backup was made of and read its rows, in one transaction; return how many."""
    with looking(engine) as connection:
        path = program(RESTORE, server_major(connection))
    counts = _counts_in(path, source)
    revision = _revision_in(path, source)
    refuse_unknown_revision(revision)
    with looking(engine) as connection:
        there = tables(connection)
    if there:
        _drop_all(engine)
    bring_to(engine, revision)
    with writing(engine) as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
    given = ["--data-only", "--single-transaction", "--exit-on-error", "--no-owner"]
    try:
        _run(engine.url, [path, *given, "--dbname", engine.url.database or "", str(source)])
    except StoreError:
        _drop_all(engine)  # empty as before: half of a schema would keep a start from making its own
        raise
    return counts


def server_major(connection: Connection) -> int:
    """Return the server's major version."""
    return int(connection.execute(sa.text("SHOW server_version_num")).scalar_one()) // 10_000


def _drop_all(engine: Engine) -> None:
    """Remove what a start has made, empty as it is, to make it as of the backup's revision."""
    with writing(engine) as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        connection.execute(sa.text("DROP FUNCTION IF EXISTS audit_refuse()"))


def _count(name: str) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(sa.table(name))


def _counts_in(path: str, source: Path) -> dict[str, int]:
    """Return the rows by table that the file holds, by reading all of it. Raises UsageError where it is damaged."""
    counts: dict[str, int] = {}
    name = ""
    with subprocess.Popen(
        [path, "--data-only", "--file=-", str(source)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as reading:
        for line in reading.stdout or ():
            if name and line == b"\\.\n":
                name = ""
            elif name:
                counts[name] += 1
            elif match := re.match(rb"COPY (?:\w+\.)?(\w+) \(", line):
                name = match[1].decode()
                counts[name] = 0
    if reading.returncode or name:
        raise UsageError(f"'{source}' is damaged: pg_restore cannot read it to its end; name another backup")
    return counts


def _revision_in(path: str, source: Path) -> str:
    given = [path, "--data-only", "--table=alembic_version", "--file=-", str(source)]
    done = subprocess.run(given, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=LONGEST_S)
    found = re.search(rb"COPY (?:\w+\.)?alembic_version .*\n(\w+)\n", done.stdout)
    if found is None:
        raise UsageError(f"'{source}' does not tell of which revision it is; name another backup")
    return found[1].decode()


def _major_of(path: str) -> int | None:
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(rb"\(PostgreSQL\) (\d+)", done.stdout)
    return int(found[1]) if found else None


def _run(url: URL, command: Sequence[str]) -> None:
    """Run one of the programs against the database of *url*; the password goes by the environment, seen by nobody."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **_environment(url)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            timeout=LONGEST_S,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise StoreUnavailable(f"{command[0]}: cannot be run ({type(exc).__name__})") from exc
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise StoreError(f"{Path(command[0]).name} ended with {done.returncode}: {(said or [''])[0][:200]}")


def _environment(url: URL) -> dict[str, str]:
    given = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    query = {_QUERY[name]: value for name, value in url.query.items() if name in _QUERY}
    return {name: str(value) for name, value in {**given, **query}.items() if value is not None}


_QUERY = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
}
"""What a URL may say of the connection, by the environment variable of PostgreSQL's programs."""
