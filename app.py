"""The composition root: puts settings, storage, ingestion and pages together. Importing it does nothing."""

import contextlib
import functools
import logging
import logging.config
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import requests
import sqlalchemy as sa
from dash import Dash, html
from dash.development.base_component import Component
from flask import Flask, g, request

import layouts
from callbacks import first_owner, register_all
from callbacks.frame import first_paint
from callbacks.server import register_routes
from callbacks.server.answers import THEME_COOKIE
from callbacks.server.files import bootstrap_address, plotly_address
from callbacks.server.pages import stable
from callbacks.server.suites import without_unused
from callbacks.services import Awake, NotAllowed, Services
from callbacks.visit import Viewer
from cgm_dash.access import Action
from cgm_dash.account import Credentials
from cgm_dash.errand import ErrandResult
from cgm_dash.errors import ConfigError, SourceAuthError, StoreDamaged, StoreError, StoreUnavailable
from cgm_dash.folder import least_room, make_usable
from cgm_dash.redaction import RedactingFormatter, Redactor
from cgm_dash.settings import Settings
from cgm_dash.trouble import Level
from ingestion.alarms import AlarmWatch, Watch, WatchFile
from ingestion.beside import Together
from ingestion.demo import InMemoryState, Past, demo_source, demo_world
from ingestion.errands import Errands, check_account
from ingestion.keeper import Keeper
from ingestion.leader import FileLock, Leader, Lock, Role
from ingestion.librelinkup import LibreLinkUp
from ingestion.nightly import Nightly
from ingestion.outcome import Outcome
from ingestion.outgoing import AT_HOME, get
from ingestion.outgoing import Way as Outgoing
from ingestion.pipeline import Pipeline
from ingestion.poll_status import PollStatus, StatusFile
from ingestion.poller import Asked, Poller, Way
from ingestion.scheduler import Ingestion
from ingestion.simulator import DEMO_EMAIL, DEMO_PASSWORD, SimulatorServer
from ingestion.source import SourceState
from ingestion.spool import Spool
from ingestion.systemd import alive_by
from layouts import shell, vendor
from sql import backup, backup_files
from sql.engine import check_health, gate, make_engine, sqlite_path
from sql.facts import database_facts
from sql.leadership import AdvisoryLock
from sql.people import Person
from sql.readiness import Readiness
from sql.real_account import RealAccount
from sql.series_cache import SeriesCache
from sql.soundness import Gate
from sql.sources import Account
from sql.store import assemble
from sql.vault import Vault

log = logging.getLogger(__name__)

TITLE = "CGM Data Insights"
LIBRELINKUP = "librelinkup"

UNKNOWN_UPSTREAM = 0
"""Stands in the spool for an account whose number the damaged database does not tell."""

UNIT_COOKIE, PHONE_COOKIE = "cgm_unit", "cgm_phone"
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
    watch_file: WatchFile


def ensure_first_owner(settings: Settings) -> str | None:
    """See to it that somebody can become the first owner; return what to tell who starts the server, None for nothing.

    For the process that starts the workers: what it opens is closed again. Raises ConfigError, StoreError.
    """
    services = compose(settings).services
    try:
        return first_owner.ensure_first_owner(services)
    finally:
        services.store.close()


def _not_by_itself() -> bool:
    """Restart nothing: whoever started this process must start it again."""
    return False


def compose(
    settings: Settings,
    now: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
    restart: Callable[[], bool] = _not_by_itself,
) -> Composition:
    """Return everything put together over *settings*; nothing is started.

    The real database is asked whether an account is stored, where the settings have none. The demo has a database and a
    data directory of its own, and opens the real ones for that question alone, and to store an account. Raises
    ConfigError, StoreError.
    """
    make_usable(settings.data_dir)
    real_account = RealAccount(LIBRELINKUP, settings.database_url, settings.data_dir, settings.secret_key)
    demo, stored = decide(settings, real_account.is_stored)
    if demo:
        folder = settings.data_dir / "demo"
        settings = replace(settings, data_dir=folder, database_url=f"sqlite:///{folder / 'cgm_dash.sqlite3'}")
    # Ten years of derived days need more room than the quarter of a year of readings that a page holds at most.
    series_mb = settings.cache_mb / 4
    engine = make_engine(settings.database_url)
    door = gate(engine)
    if door is not None:
        door.backups = settings.data_dir / backup_files.FOLDER
    vault = Vault.open(settings.data_dir, settings.secret_key)
    store = assemble(engine, vault, cache_mb=settings.cache_mb - series_mb)
    spool = Spool(settings.data_dir / "spool.jsonl")
    status = StatusFile(settings.data_dir / "polling.json")
    watch_file = WatchFile(settings.data_dir / "alarms.json")
    lock = lock_of(engine.url)
    services = Services(
        settings=settings,
        store=store,
        series=SeriesCache(store.readings, store.sources, series_mb),
        now=now,
        demo=demo,
        ready=Readiness(engine, settings.data_dir / backup_files.FOLDER).ensure,
        led=lock.is_taken,
        waiting=spool.waiting,
        polling=status.read,
        watched=watch_file.read,
        awake_since=Awake(now, monotonic).since,
        signing_key=vault.signing_key,
        stored_account=stored,
        real_account=real_account,
        restart=restart,
        last_backup=functools.partial(backup_files.last_backup, settings.data_dir / backup_files.FOLDER),
        damage=functools.partial(_damage, door),
        room=functools.partial(least_room, _folders(settings.data_dir, engine.url)),
    )
    return Composition(services, lock, spool, status, watch_file)


def decide(settings: Settings, is_stored: Callable[[], bool]) -> tuple[bool, bool]:
    """Return whether this is the demo, and whether the account is one stored in the real database.

    An account in the settings wins, then a stored one counts, then there is the demo unless that is forbidden. While it
    is not known whether one is stored, this is no demo: who connected a sensor must not be shown invented values.
    is_stored: asked where the settings have no account; raises StoreError. Raises ConfigError where a stored account
    goes with no demo that is forced, or not with these settings.
    """
    if settings.has_account:
        return False, False
    try:
        stored = is_stored()
    except StoreError as exc:
        if settings.demo:
            return True, False
        log.info("account stored=unknown reason=%s", exc)
        return False, True
    reason = settings.why_no_account() if stored else None
    if reason:
        raise ConfigError(f"{reason} (an account is stored)")
    return not stored and settings.demo is not False, stored


def _folders(data_dir: Path, url: sa.URL) -> tuple[Path, ...]:
    """Return where this installation writes: an SQLite file may lie on another disk than the rest."""
    return (data_dir, sqlite_path(url).parent) if url.get_backend_name() == "sqlite" else (data_dir,)


def _damage(door: Gate | None) -> str | None:
    return None if door is None else door.why


def lock_of(url: sa.URL) -> Lock:
    """Return the lock that decides who polls: the database server's, or a file beside the SQLite database."""
    if url.get_backend_name() == "postgresql":
        return AdvisoryLock(url)
    return FileLock(Path(str(url.database)).with_suffix(".leader"))


class _App(Dash):
    """Dash, but without the scripts that no page needs, and in each visitor's language."""

    def interpolate_index(self, *parts: Any, **named: Any) -> str:
        named["scripts"] = without_unused(named["scripts"])
        named["config"] = stable(named["config"])
        return shell.fitted(str(super().interpolate_index(*parts, **named)), request.path)  # type: ignore[no-untyped-call]


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
    owners = register_all(app, services)
    register_routes(app, services, owners)
    return app


def _layout(services: Services) -> Component:
    """Return the page for the request at hand; every visit gets a fresh one.

    Dash looks at it once by itself, at the first request, before it is known whose that is: then it is empty.
    """
    if g.get("caller") is None:
        return html.Div()
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
    """Log what a callback raised; the page keeps what it shows, and its clock tells how old that is.

    What whoever asks may not do is refused as a whole (callbacks/server/door.py).
    """
    if isinstance(error, NotAllowed):
        raise error
    log.error("callback outcome=defect", exc_info=error)


def poller_of(composition: Composition, polled: Callable[[], object] = lambda: None) -> Poller:
    """Return what polls the account, or the demo's simulator, when it is told to. polled: told of each run's end."""
    services = composition.services

    def report(status: PollStatus) -> None:
        composition.status.write(status)
        polled()

    return Poller(
        functools.partial(_demo_way if services.demo else _real_way, composition),
        services.settings.poll_seconds,
        services.now,
        replay=_keeper(composition).replay,
        report=report,
    )


def start_ingestion(composition: Composition) -> Ingestion:
    """Start this process's scheduler, which also does what pages ask of the upstream; without an account only that."""
    ingestion = make_ingestion(composition)
    ingestion.start()
    return ingestion


def make_ingestion(composition: Composition) -> Ingestion:
    """Return this process's scheduler with all it works with, not started yet."""
    services = composition.services
    leader = Leader(composition.lock)
    watch = Watch(alarm_watch(composition).look, lambda: leader.role is Role.LEADING)
    poller = poller_of(composition, watch.polled)

    def poll_now() -> Asked:
        asked = poller.ask()
        ingestion.poll_soon()
        return asked

    errands = Errands(
        store=services.store.errands,
        check=functools.partial(_check, composition),
        poll=poll_now,
        leads=lambda: leader.role is Role.LEADING,
        ready=services.ready,
        now=services.now,
    )
    ingestion = Ingestion(
        leader=leader,
        poll=poller.poll,
        asked=lambda: poller.is_asked,
        beside=Together(errands, watch, _nightly(composition, lambda: leader.role is Role.LEADING)),
        follow=poller.follow,
        take_role=poller.take_role,
        stopped=poller.close,
        poll_seconds=services.settings.poll_seconds,
        alive=alive_by(),
        now=services.now,
    )
    return ingestion


def alarm_watch(composition: Composition) -> AlarmWatch[Person]:
    """Return what looks after everybody's alarms, and calls CGM_DASH_HEARTBEAT_URL while all is well.

    Well: an account is polled (the demo's does not count), nothing is wrong that somebody must mend, and nobody is
    without data unacknowledged.
    """
    services = composition.services
    url = None if services.demo else services.settings.heartbeat_url

    def well() -> bool:
        trouble, _next_try_at = services.trouble(None)
        heals = trouble is None or trouble.level is Level.TIME
        return services.has_account and heals and services.upkeep() is None

    return AlarmWatch(
        people=services.store.people.list,
        facts=services.facts,
        kept=services.store.alarms,
        well=well,
        beat=None if url is None else functools.partial(get, url, Outgoing(AT_HOME)),
        file=composition.watch_file,
        now=services.now,
    )


def _nightly(composition: Composition, leads: Callable[[], bool]) -> Nightly:
    """Return what makes the nightly backups; of invented data there are none."""
    services, engine = composition.services, composition.services.store.engine
    folder = services.settings.data_dir / backup_files.FOLDER

    def write(target: Path) -> None:
        check_health(engine, backup.PATIENT_S)
        backup.back_up(engine, target)

    def wanted() -> bool:
        services.ready()
        return not services.demo and any(person.seq > 0 for person in services.store.people.list())

    def zone() -> ZoneInfo:
        return services.zone(next(iter(services.store.people.list()), None))

    return Nightly(
        folder=folder,
        ending=backup_files.POSTGRESQL if engine.dialect.name == "postgresql" else backup_files.SQLITE,
        write=write,
        leads=leads,
        wanted=wanted,
        size=lambda: database_facts(engine).size,
        zone=zone,
        done=lambda target: backup.note(engine, services.now(), Action.BACKUP_MADE, target.name),
        now=services.now,
    )


def poll_once(composition: Composition) -> Outcome:
    """Do one ingestion run and return what it came to. Raises StoreError, and ConfigError without an account."""
    services = composition.services
    if not services.demo and not services.has_account:
        raise ConfigError(
            "CGM_DASH_LLU_EMAIL: missing; set the follower account's e-mail and password, or connect it on the page"
        )
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


def _account(services: Services) -> Account | None:
    """Return the real account as the settings or the database have it now, None for none. Raises StoreError."""
    settings, upstreams = services.settings, services.store.upstreams
    if settings.llu_email is not None:
        given = settings.llu_email, settings.llu_password or ""
        return upstreams.set_account(LIBRELINKUP, *given, settings.llu_url, settings.llu_region)
    try:
        return _known(upstreams.account(LIBRELINKUP))
    except (StoreUnavailable, StoreDamaged):
        raise
    except StoreError as exc:  # sealed with another key: the database is well, the account must be connected again
        log.error("account stored=unreadable reason=%s", exc)
        raise SourceAuthError("not-configured", detail="another secret key") from exc


def _known(account: Account | None) -> Account | None:
    """Return *account* once the log knows what of it to mask."""
    if account is not None:
        redactor.know(account.email)
        redactor.know(account.password)
    return account


def _real_way(composition: Composition) -> Way:
    """Return the way to the real account. Raises StoreError, and SourceAuthError without one."""
    services, settings = composition.services, composition.services.settings
    try:
        services.ready()
    except StoreDamaged:
        return _way_past_damage(composition)
    account = _account(services)
    if services.has_account is (account is None):  # connected or disconnected since the start, maybe by another host
        services.restart()
    if account is None:
        raise SourceAuthError("not-configured")

    def stands() -> bool:
        try:
            return settings.has_account or services.store.upstreams.account(LIBRELINKUP) == account
        except StoreError:
            return True

    return _way_to(composition, account, services.store.upstreams.state_of(account.upstream_id), stands)


def _way_past_damage(composition: Composition) -> Way:
    """Return the way while the database is damaged: its readings go into the spool, until the file is whole again.

    The session is the one that can still be read from the file; it lives on in this process alone. Raises StoreError
    where neither the settings nor the file tell the account.
    """
    services, settings = composition.services, composition.services.settings
    salvaged, state = None, InMemoryState()
    try:
        salvaged = services.real_account.salvaged()
    except StoreError:
        if not settings.has_account:
            raise
    account, kept = salvaged or (None, {})
    if settings.llu_email is not None:
        given = settings.llu_email, settings.llu_password or ""
        if account is None or (account.email, account.password) != given:
            account, kept = Account(UNKNOWN_UPSTREAM, LIBRELINKUP, *given, settings.llu_url, settings.llu_region), {}
    if account is None:
        raise SourceAuthError("not-configured")
    state.save(kept)
    return _way_to(composition, account, state, lambda: services.damage() is not None)


def _way_to(composition: Composition, account: Account, state: SourceState, stands: Callable[[], bool]) -> Way:
    services, settings = composition.services, composition.services.settings
    session = requests.Session()
    source = LibreLinkUp(
        session,
        services.now,
        state,
        email=account.email,
        password=account.password,
        region=settings.llu_region or account.region,
        url=settings.llu_url,
        version=settings.llu_version,
        accept_terms=settings.llu_accept_terms,
        poll_seconds=settings.poll_seconds,
    )
    return Way(_pipeline(composition, source, account.upstream_id), source, session.close, stands)


def _session_for(services: Services, given: Credentials) -> InMemoryState:
    """Return a copy of the polled account's session where *given* are its credentials, else an empty one."""
    state = InMemoryState()
    if services.demo:
        return state
    with contextlib.suppress(StoreError, SourceAuthError):
        polled = _account(services)
        if polled is not None and (polled.email, polled.password) == (given.email, given.password):
            kept = services.store.upstreams.load_state(polled.upstream_id)
            state.save({name: value for name, value in kept.items() if not name.startswith("pause")})
    return state


def _check(composition: Composition, payload: Mapping[str, Any], seconds: float) -> ErrandResult:
    """Return what a check of the credentials in *payload* comes to: at the real upstream, also where this is the demo.

    The account that is polled is asked with its own session: one account is not signed in to twice.
    """
    services, settings = composition.services, composition.services.settings
    given = Credentials(payload["email"], payload["password"], settings.llu_region or payload["region"])
    redactor.know(given.email)
    redactor.know(given.password)
    return check_account(
        given,
        seconds,
        _session_for(services, given),
        services.now,
        url=settings.llu_url,
        version=settings.llu_version,
        accept_terms=settings.llu_accept_terms,
    )


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


redactor = Redactor()
"""Knows the secrets of this process; its log lines go through it."""


def configure_logging(level: str, settings: Settings | None = None) -> None:
    """Send this program's log lines to standard error, one a line, without secrets; those of *settings* are known."""
    for secret in settings.secrets if settings else ():
        redactor.know(secret)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(redactor, "%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("apscheduler", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


_restarts: list[Callable[[], bool]] = []


def restart_by(restart: Callable[[], bool]) -> None:
    """Have *restart* make the server's processes anew: said by whoever runs them, before anything is put together."""
    _restarts.append(restart)


@functools.cache
def composition(quiet: bool = False) -> Composition:
    """Return this process's composition, made of its environment at the first call. Raises ConfigError.

    quiet: for commands, whose own words say what happened: log lines only from warnings on, unless set otherwise.
    """
    settings = Settings.from_env()
    configure_logging("WARNING" if quiet and settings.log_level == "INFO" else settings.log_level, settings)
    return compose(settings, restart=_restarts[-1] if _restarts else _not_by_itself)


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
