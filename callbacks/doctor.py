"""What `cgm-dash check` looks at: gathers the facts for the rules of cgm_dash.doctor, folder and sql.check."""

import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from callbacks.services import Services
from cgm_dash import doctor
from cgm_dash.doctor import Polls
from cgm_dash.errors import StoreError
from cgm_dash.folder import folder_problems
from sql.backup_files import FOLDER, newest_file
from sql.check import account_problems, database_problems, durability_problems, server_clock

DAY_S = 86_400


def problems(services: Services, upstream_clock: Callable[[], float | None] | None = None) -> tuple[list[str], bool]:
    """Return what is wrong, a line each with its remedy, and whether the database can be looked into.

    upstream_clock: asks the upstream for its time, UTC epoch seconds; None: it is not asked.
    """
    found = [*_machine(services), *_clocks(services, upstream_clock)]
    unusable = [*database_problems(services.store)]
    found += unusable
    if not unusable:
        try:
            found += _inside(services)
        except StoreError as exc:
            return [*found, str(exc)], False
    return found, not unusable


def _machine(services: Services) -> Iterator[str]:
    """Give what is wrong outside of the database."""
    settings = services.settings
    url = services.store.engine.url
    database = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
    yield from folder_problems(settings.data_dir, database)
    yield from doctor.proxy_problems(settings)
    yield from doctor.port_problems(settings.host, settings.port, doctor.serves_here)
    folder = settings.data_dir
    served = doctor.serves_here(settings.host, settings.port)
    yield from doctor.spool_problems(services.waiting(), _size(folder / "spool.refused"), str(folder), served)


def _clocks(services: Services, upstream_clock: Callable[[], float | None] | None) -> Iterator[str]:
    try:
        of_server = server_clock(services.store.engine)
    except StoreError:
        of_server = None
    yield from doctor.clock_problems(time.time(), of_server, "the database server's")
    if upstream_clock is not None:
        told = upstream_clock()
        if told is None:
            yield "the service could not be asked for its time; check the network"
        else:
            yield from doctor.clock_problems(time.time(), told, "the service's")


def _inside(services: Services) -> list[str]:
    """Return what is wrong with what the database holds. Raises StoreError."""
    store, now = services.store, services.now()
    newest = [reading.ts for person in services.people() if (reading := store.readings.newest(person.id)) is not None]
    runs = store.runs.recent(1)
    parts = [
        durability_problems(store.engine),
        account_problems(store) if services.stored_account else (),
        doctor.stored_time_problems(now, max(newest, default=None), runs[0].started if runs else None),
        doctor.polling_problems(_polls(services, now)),
        _backups(services, now),
        doctor.owner_problems(store.users.any_owner(), services.demo),
    ]
    return list(chain.from_iterable(parts))


def _polls(services: Services, now: float) -> Polls:
    runs = services.store.runs
    failures = runs.failures(now - DAY_S, now + 1, 5000)
    return Polls(
        hour=sum(slot.runs for slot in runs.slots(now - 3600, 3600, 1)),
        limited=sum(run.failed or 0 for run in failures if run.outcome == "rate-limited"),
        refused=sum(run.failed or 0 for run in failures if run.outcome == "session-refused"),
        poll_seconds=services.settings.poll_seconds,
    )


def _backups(services: Services, now: float) -> Iterator[str]:
    if services.demo:
        return
    folder, last = services.settings.data_dir / FOLDER, services.last_backup()
    newest = newest_file(folder)
    last_ok = None if newest is None else newest.stat().st_mtime if last is None else last.ok_at
    why = "" if last is None or not last.reason else f"{last.reason}: {last.detail}"
    yield from doctor.backup_problems(now, services.store.runs.oldest_at(), last_ok, why, str(folder))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
