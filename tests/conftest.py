"""Fixtures that every test may use: databases of both kinds, and what a browser needs to start."""

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from selenium.webdriver.chrome.options import Options
from werkzeug.routing import Rule

from tests.support import postgres, ready

BROWSER_APT_LINE = "apt-get install -y --no-install-recommends chromium chromium-driver"
BROWSER_PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "chromedriver": ("chromedriver",)}

# A browser under test asks nobody for updates, lists or experiments: every request in a log is the page's own.
BROWSER_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    # a dot that breathes is painted sixty times a second, by the processor where there is no graphics card
    "--force-prefers-reduced-motion",
    "--no-default-browser-check",
    "--no-first-run",
    "--lang=en-US",
)

MARKS_BY_FIXTURE = {
    "browser": {"dash_br", "dash_duo", "dash_duo_mp"},
    "postgres": {"postgres_server", "postgres_url", "ready_postgres", "postgres_cluster"},
}


MEMORY = Path("/dev/shm")
MEMORY_BYTES = 2_000_000_000

# To compile what the tests import takes each process longer than all else it does before the first test. So the
# modules are kept compiled, as an installation has them, whatever the environment here says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long it takes to make up an example and to try it says how busy the machine is.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the tests' files in memory where there is room, unless TMPDIR or --basetemp says where else.

    A database that the tests fill writes each of its commits to the disk, milliseconds each, many thousand of them.
    What a killed process leaves behind is the same in memory; what a machine without power does no test can show.
    """
    if "TMPDIR" in os.environ or config.option.basetemp or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free > MEMORY_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def pytest_collection_finish() -> None:
    """Leave what was collected alone: the garbage collector would look through all of it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def addresses_compiled_once() -> Iterator[None]:
    """Compile what builds an address once for all apps that the tests make; it took half of the time to make one.

    It is a function of the address's rule alone. A server compiles each of its fifty only once anyway.
    """
    compile_builder = Rule._compile_builder
    compiled: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}

    def once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:
            return compile_builder(rule, append_unknown)
        key = (repr(rule), tuple(rule._trace), append_unknown)
        if key not in compiled:
            compiled[key] = compile_builder(rule, append_unknown)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", once)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by the fixtures it asks for, so that `make test-quick` leaves out the right ones."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        for mark, fixtures in MARKS_BY_FIXTURE.items():
            if names & fixtures:
                item.add_marker(mark)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """A PostgreSQL server for the whole run: the one TEST_POSTGRES_URL names, else a private one."""
    url = os.environ.get("TEST_POSTGRES_URL")
    if url:
        named = postgres.NamedServer(url)
        yield named
        named.close()
        return
    try:
        with postgres.private_server() as server:
            yield server
    except postgres.PostgresMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def postgres_url(postgres_server: postgres.Server) -> Iterator[str]:
    """The SQLAlchemy URL of an empty PostgreSQL database that only this test has."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def ready_postgres(postgres_server: postgres.Server) -> Iterator[ready.PostgresDatabases]:
    """PostgreSQL databases with today's tables, one for each test."""
    with closing(ready.PostgresDatabases(postgres_server)) as databases:
        yield databases


@pytest.fixture
def ready_postgres_url(ready_postgres: ready.PostgresDatabases) -> Iterator[str]:
    """The SQLAlchemy URL of a PostgreSQL database with today's tables that only this test has."""
    with ready_postgres.database() as url:
        yield url


@pytest.fixture
def postgres_cluster() -> Iterator[postgres.PrivateServer]:
    """A running server that only this test has: it may `stop()` and `start()` it. Costs about a second."""
    try:
        with postgres.private_server() as server:
            yield server
    except postgres.PostgresMissingError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of a database with today's tables: the test runs on SQLite (a file) and on PostgreSQL."""
    if request.param == "sqlite":
        return ready.sqlite(tmp_path / "cgm.sqlite3")
    url: str = request.getfixturevalue("ready_postgres_url")
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The SQLAlchemy URL of a database without any table, of each kind, for what makes them."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'cgm.sqlite3'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


def pytest_setup_options() -> Options:
    """Return the options of dash's browser fixtures; without a browser or driver the test fails, it never skips."""
    found = {name: _first_on_path(programs) for name, programs in BROWSER_PROGRAMS.items()}
    missing = [name for name, path in found.items() if path is None]
    if missing:
        pytest.fail(f"{' and '.join(missing)} not found; install with: {BROWSER_APT_LINE}", pytrace=False)
    # Named outright, so that selenium does not go looking for a driver on the network.
    os.environ.setdefault("SE_CHROMEDRIVER", str(found["chromedriver"]))
    options = Options()
    options.binary_location = str(found["chromium"])
    for argument in BROWSER_ARGUMENTS:
        options.add_argument(argument)
    return options


def _first_on_path(programs: tuple[str, ...]) -> str | None:
    return next((path for path in map(shutil.which, programs) if path), None)
