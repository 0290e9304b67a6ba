"""Private PostgreSQL servers for tests: temporary folder, own Unix socket, the machine's clusters are never touched."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url

APT_LINE = "apt-get install -y --no-install-recommends postgresql"
SUPERUSER = "postgres"

# Safe only for data nobody keeps: a crash of the machine may lose everything, and each test is some ten times faster.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "log_min_messages": "warning",
}

_numbers = count(1)


class PostgresMissingError(RuntimeError):
    """No server programs on this machine; the message holds the command that installs them."""


class PostgresStartError(RuntimeError):
    """The private server refused; the message holds what it said."""


def find_binaries(roots: Sequence[Path] = (Path("/usr/lib/postgresql"),), path: str | None = None) -> Path:
    """Return the folder that holds initdb, pg_ctl and postgres: the newest below *roots*, else the one on *path*."""
    versions = [found for root in roots for found in root.glob("*/bin") if (found / "initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: [int(part) for part in folder.parent.name.split(".") if part.isdigit()])
    on_path = shutil.which("initdb", path=path)
    if on_path:
        return Path(on_path).resolve().parent
    raise PostgresMissingError(f"no PostgreSQL server programs found; install them with: {APT_LINE}")


class Server:
    """A PostgreSQL server on which tests may make databases: the one that *admin* (a SQLAlchemy URL) names."""

    def __init__(self, admin: URL) -> None:
        self._admin = admin
        self._engine = create_engine(admin, isolation_level="AUTOCOMMIT", pool_pre_ping=True)

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of *database* on this server."""
        return self._admin.set(database=database).render_as_string(hide_password=False)

    @contextmanager
    def database(self) -> Iterator[str]:
        """Yield the URL of an empty database of its own, dropped with every open connection at the end."""
        name = self.create_database()
        try:
            yield self.url(name)
        finally:
            self.drop_database(name)

    def create_database(self, template: str = "template1") -> str:
        """Make a database and return its name. template: the one that it is a copy of, an empty one by default."""
        name = self.unused_name()
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database *name* with every open connection."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def unused_name(self) -> str:
        """Return a name for a database that none has had."""
        return f"cgm_test_{os.getpid()}_{next(_numbers)}"

    def close(self) -> None:
        """Let go of the server."""
        self._engine.dispose()

    def execute(self, statement: str) -> None:
        """Run *statement* outside any transaction, as statements about whole databases must be."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(statement)


class NamedServer(Server):
    """A server that is there already, from TEST_POSTGRES_URL; its user must be allowed to create databases."""

    def __init__(self, url: str) -> None:
        super().__init__(make_url(url).set(drivername="postgresql+psycopg2"))


class PrivateServer(Server):
    """A server of our own in *folder*, reached by a Unix socket there and by 127.0.0.1 on a free port.

    `stop` and `start` make an outage; folder, port and so every URL stay the same across it.
    """

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self._binaries = binaries
        query = {"host": str(folder), "port": str(self.port)}
        super().__init__(URL.create("postgresql+psycopg2", SUPERUSER, database="postgres", query=query))

    def tcp_url(self, database: str) -> str:
        """Return the URL of *database* over 127.0.0.1, for what a socket cannot show (proxies, lost packets)."""
        url = URL.create("postgresql+psycopg2", SUPERUSER, host="127.0.0.1", port=self.port, database=database)
        return url.render_as_string(hide_password=False)

    def create(self) -> None:
        """Make the data folder; the server is not started yet."""
        self._run("initdb", "--no-sync", "--auth=trust", f"--username={SUPERUSER}", "--encoding=UTF8", "--locale=C")
        lines = [f"{name} = {value}" for name, value in _SETTINGS.items()]
        lines += ["listen_addresses = '127.0.0.1'", f"port = {self.port}"]
        lines += [f"unix_socket_directories = '{self.folder}'"]
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n".join(["", *lines, ""]))

    def start(self) -> None:
        """Start the server and return when it answers."""
        self._run("pg_ctl", "start", "--wait", f"--log={self._log}")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server and return when it is gone; mode `immediate` is a crash: open transactions are cut off."""
        self._run("pg_ctl", "stop", "--wait", f"--mode={mode}")

    @property
    def running(self) -> bool:
        """Whether a server process holds the data folder."""
        return (self._data / "postmaster.pid").exists()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _run(self, program: str, *arguments: str) -> None:
        """Run a server program as the folder's owner; its output is the error's text when it fails."""
        # A file, not a pipe: the server inherits the output and would keep a pipe open for ever.
        with tempfile.TemporaryFile() as output:
            command = [*_as_owner(), str(self._binaries / program), f"--pgdata={self._data}", *arguments]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder)
            if done.returncode:
                output.seek(0)
                said = output.read().decode(errors="replace")
                log = self._log.read_text(errors="replace") if self._log.exists() else ""
                raise PostgresStartError(f"{program} ended with {done.returncode}: {said}\n{log[-2000:]}".strip())


@contextmanager
def private_server() -> Iterator[PrivateServer]:
    """Yield a running server in a temporary folder; server and folder are gone afterwards."""
    binaries = find_binaries()
    # Not the system's temporary folder: a socket's path may have some hundred characters, and macOS spends half on it.
    folder = Path(tempfile.mkdtemp(prefix="cgm-pg-", dir="/tmp"))
    try:
        if _is_root():
            owner = pwd.getpwnam(SUPERUSER)
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        server = PrivateServer(folder, binaries)
        server.create()
        server.start()
        try:
            yield server
        finally:
            if server.running:
                server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_root() -> bool:
    return os.geteuid() == 0


def _as_owner() -> list[str]:
    """Return the start of a command line: PostgreSQL refuses to run as root, so root steps down to its user."""
    if not _is_root():
        return []
    return ["setpriv", f"--reuid={SUPERUSER}", f"--regid={SUPERUSER}", "--clear-groups", "--"]


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
