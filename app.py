"""The composition root: puts settings, storage, ingestion and pages together. Importing it does nothing."""

import contextlib
import functools
import logging
import logging.config
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa
from dash import Dash
from dash.development.base_component import Component
from flask import Flask, request

import layouts
from callbacks import register_all
from callbacks.frame import first_paint
from callbacks.server import register_routes
from callbacks.server.files import bootstrap_address, plotly_address
from callbacks.server.suites import without_unused
from callbacks.services import Awake, Services
from callbacks.visit import Viewer
from cgm_dash.errors import ConfigError, StoreError
from cgm_dash.settings import Settings
from ingestion.demo import Past, demo_source, demo_world
from ingestion.keeper import Keeper
from ingestion.leader import FileLock, Leader, Lock
from ingestion.librelinkup import LibreLinkUp
from ingestion.outcome import Outcome
from ingestion.pipeline import Pipeline
from ingestion.poll_status import StatusFile
from ingestion.poller import Poller, Way
from ingestion.scheduler import Ingestion
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer
from ingestion.spool import Spool
from layouts import shell, vendor
from sql.engine import make_engine
from sql.leadership import AdvisoryLock
from sql.readiness import Readiness
from sql.series_cache import SeriesCache
from sql.store import assemble
from sql.vault import Vault

log = logging.getLogger(__name__)

TITLE = "CGM Data Insights"
LIBRELINKUP = "librelinkup"

THEME_COOKIE, UNIT_COOKIE, PHONE_COOKIE = "cgm_theme", "cgm_unit", "cgm_phone"
"""Set by the browser (layouts/assets), so that the first paint has the viewer's look and unit already."""

PAGE_HEADER = "X-Page"
"""Which page's layout the browser asks for: Dash has one address for all of them (layouts/assets/address.js)."""


@dataclass(frozen=True, slots=True)
class Composition:
    """The services of the pages, and what only ingestion needs."""

    services: Services
    lock: Lock
    spool: Spool
    status: StatusFile


def compose(
    settings: Settings, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
) -> Composition:
    """Return everything put together over *settings*; nothing is started and no database is asked.

    The demo has a database and a data directory of its own, and never opens the real ones.
    """
    demo = settings.demo if settings.demo is not None else not settings.has_account
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if demo:
        folder = settings.data_dir / "demo"
        settings = replace(settings, data_dir=folder, database_url=f"sqlite:///{folder / 'cgm_dash.sqlite3'}")
    # Ten years of derived days need more room than the quarter of a year of readings that a page holds at most.
    series_mb = settings.cache_mb / 4
    engine = make_engine(settings.database_url)
    vault = Vault.open(settings.data_dir, settings.secret_key)
    store = assemble(engine, vault, cache_mb=settings.cache_mb - series_mb)
    spool = Spool(settings.data_dir / "spool.jsonl")
    status = StatusFile(settings.data_dir / "polling.json")
    lock = _lock_of(engine.url)
    services = Services(
        settings=settings,
        store=store,
        series=SeriesCache(store.readings, store.sources, series_mb),
        now=now,
        demo=demo,
        ready=Readiness(engine).ensure,
        led=lock.is_taken,
        waiting=spool.waiting,
        polling=status.read,
        awake_since=Awake(now, monotonic).since,
        signing_key=vault.signing_key,
    )
    return Composition(services, lock, spool, status)


def _lock_of(url: sa.URL) -> Lock:
    """Return the lock that decides who polls: the database server's, or a file beside the SQLite database."""
    if url.get_backend_name() == "postgresql":
        return AdvisoryLock(url)
    return FileLock(Path(str(url.database)).with_suffix(".leader"))


class _App(Dash):
    """Dash, but without the scripts that no page needs, and in each visitor's language."""

    def interpolate_index(self, *parts: Any, **named: Any) -> str:
        named["scripts"] = without_unused(named["scripts"])
        return shell.in_language(str(super().interpolate_index(*parts, **named)))  # type: ignore[no-untyped-call]


def create_app(services: Services) -> Dash:
    """Return a Dash app over *services*; no thread, no network, no migration."""
    server = Flask(__name__)
    server.secret_key = services.signing_key
    _configure_compression(server)
    app = _App(
        __name__,
        server=server,  # type: ignore[arg-type]  # Dash takes a Flask app and says bool
        title=TITLE,
        update_title="",
        assets_folder=str(Path(layouts.__file__).with_name("assets")),
        assets_ignore=shell.ASSETS_IGNORE,
        meta_tags=list(shell.META_TAGS),
        index_string=shell.index_string(bootstrap=bootstrap_address(), plotly=plotly_address()),
        suppress_callback_exceptions=True,
        compress=True,
        on_error=_log_defect,
    )
    app.layout = functools.partial(_layout, services)
    register_all(app, services)
    register_routes(app, services)
    return app


def _layout(services: Services) -> Component:
    """Return the page for the request at hand; every visit gets a fresh one."""
    cookies = request.cookies
    told = {"theme": cookies.get(THEME_COOKIE), "phone": cookies.get(PHONE_COOKIE) == "1"}
    viewer = Viewer.of(cookies.get(UNIT_COOKIE), told, services.settings.unit)
    path = request.headers.get(PAGE_HEADER, "/")
    return first_paint(services, path, request.query_string.decode("ascii", "replace"), viewer)


def _configure_compression(server: Flask) -> None:
    """Set what Dash's compression reads once, when the app is made."""
    server.config["COMPRESS_ALGORITHM"] = ["br", "gzip"]
    server.config["COMPRESS_BR_LEVEL"] = 5
    # Without the assets' endpoint here, they would lose their 304 answers.
    server.config["COMPRESS_STREAMING_ENDPOINT_CONDITIONAL"] = ["static", "_dash_assets.static"]
    server.config["SEND_FILE_MAX_AGE_DEFAULT"] = 31_536_000


def _log_defect(error: Exception) -> None:
    """Log what a callback raised; the page keeps what it shows, and its clock tells how old that is."""
    log.error("callback outcome=defect", exc_info=error)


def start_ingestion(composition: Composition) -> Ingestion | None:
    """Start this process's scheduler; None where there is nothing to poll."""
    services = composition.services
    if not services.demo and not services.settings.has_account:
        return None
    open_way = functools.partial(_demo_way if services.demo else _real_way, composition)
    poller = Poller(
        open_way,
        services.settings.poll_seconds,
        services.now,
        replay=_keeper(composition).replay,
        report=composition.status.write,
    )
    ingestion = Ingestion(
        leader=Leader(composition.lock),
        poll=poller.poll,
        follow=poller.follow,
        take_role=poller.take_role,
        stopped=poller.close,
        poll_seconds=services.settings.poll_seconds,
        now=services.now,
    )
    ingestion.start()
    return ingestion


def poll_once(composition: Composition) -> Outcome:
    """Do one ingestion run and return what it came to. Raises StoreError, and ConfigError without an account."""
    services = composition.services
    if not services.demo and not services.settings.has_account:
        raise ConfigError("CGM_DASH_LLU_EMAIL: missing; set the follower account's e-mail and password")
    way = _demo_way(composition, past=False) if services.demo else _real_way(composition)
    try:
        return way.pipeline.run()
    finally:
        way.close()


def _keeper(composition: Composition) -> Keeper:
    services = composition.services
    return Keeper(
        store=services.store,
        spool=composition.spool,
        zone=services.settings.zone,
        ready=services.ready,
        now=services.now,
    )


def _pipeline(composition: Composition, source: LibreLinkUp, upstream_id: int) -> Pipeline:
    now = composition.services.now
    return Pipeline(source=source, keeper=_keeper(composition), upstream_id=upstream_id, now=now)


def _real_way(composition: Composition) -> Way:
    """Return the way to the configured account."""
    services, settings = composition.services, composition.services.settings
    services.ready()
    email, password = settings.llu_email or "", settings.llu_password or ""
    account = services.store.upstreams.set_account(LIBRELINKUP, email, password, settings.llu_url)
    session = requests.Session()
    source = LibreLinkUp(
        session,
        services.now,
        services.store.upstreams.state_of(account.upstream_id),
        email=email,
        password=password,
        region=settings.llu_region,
        url=settings.llu_url,
        version=settings.llu_version,
        accept_terms=settings.llu_accept_terms,
        poll_seconds=settings.poll_seconds,
    )
    return Way(_pipeline(composition, source, account.upstream_id), source, session.close)


def _demo_way(composition: Composition, past: bool = True) -> Way:
    """Return the way to the simulator, started here on a loopback port, with the invented past on its way in."""
    services = composition.services
    services.ready()
    account = services.store.upstreams.set_account(LIBRELINKUP, DEMO_EMAIL, DEMO_PASSWORD)
    simulator = SimulatorServer(demo_world(services.now)).start()
    source = demo_source(simulator.url, services.now, services.settings.poll_seconds)
    history = Past(services.store, lambda s: _pipeline(composition, s, account.upstream_id), services.now)
    if past:
        history.start()

    def close() -> None:
        history.stop()
        simulator.stop()

    return Way(_pipeline(composition, source, account.upstream_id), source, close)


def configure_logging(level: str) -> None:
    """Send this program's log lines to standard error, one a line."""
    logging.basicConfig(
        stream=sys.stderr, level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for name in ("apscheduler", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


@functools.cache
def composition(quiet: bool = False) -> Composition:
    """Return this process's composition, made of its environment at the first call. Raises ConfigError.

    quiet: for commands, whose own words say what happened: log lines only from warnings on, unless set otherwise.
    """
    settings = Settings.from_env()
    configure_logging("WARNING" if quiet and settings.log_level == "INFO" else settings.log_level)
    return compose(settings)


@functools.cache
def _server() -> Flask:
    made = composition()
    with contextlib.suppress(StoreError):  # said on the page and by /readyz; the next request tries again
        made.services.ready()
    vendor.compress_in_background()
    server: Flask = create_app(made.services).server
    return server


def __getattr__(name: str) -> Any:
    """Build `server`, which gunicorn serves, when it is asked for: importing this module must do nothing."""
    if name == "server":
        return _server()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    from cgm_dash.cli import main

    sys.exit(main(["serve", *sys.argv[1:]]))
