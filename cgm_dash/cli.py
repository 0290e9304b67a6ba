"""The commands a person types. Exit status: 0 done, 1 failure, 2 wrong use or bad input."""

import argparse
import errno
import functools
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cgm_dash import __version__
from cgm_dash.errors import CgmDashError, ConfigError, UsageError
from cgm_dash.folder import BACKUPS, make_usable
from cgm_dash.people_commands import add_token_commands, add_user_commands
from cgm_dash.settings import Settings, server_processes
from cgm_dash.zones import local_date

if TYPE_CHECKING:
    from callbacks.services import Services
    from cgm_dash.metrics.of_file import Asked
    from cgm_dash.window import Window
    from ingestion.outcome import Outcome
    from sql.people import Person

DONE, FAILURE, WRONG_USE = 0, 1, 2

DEMO = "Demo: invented data"

NOBODY = "the store holds no readings yet; connect a sensor"

OF_THE_PORT = (errno.EADDRINUSE, errno.EACCES)
"""What is wrong with a port; all else is wrong with the address."""

SIMULATOR_PORT = 8060
"""ingestion.simulator.DEFAULT_PORT, which is not imported for every command; a test holds them together."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; an error is one line on standard error."""
    args = _parser().parse_args(argv)
    try:
        status = int(args.run(args))
        sys.stdout.flush()
        return status
    except (ConfigError, UsageError) as exc:
        print(f"cgm-dash: {exc}", file=sys.stderr)
        return WRONG_USE
    except CgmDashError as exc:
        print(f"cgm-dash: {exc}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return FAILURE
    except BrokenPipeError:
        # Who read the output, like `head`, has gone. What is left in the buffer would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cgm-dash", description="A self-hosted home for glucose readings.")
    parser.add_argument("--version", action="version", version=f"cgm-dash {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve the pages and poll the sensor's account")
    serve.set_defaults(run=_serve)

    poll = commands.add_parser("poll", help="do one ingestion run now")
    poll.add_argument("--json", action="store_true", help="print one JSON document")
    poll.set_defaults(run=_poll)

    _add_simulate(commands)
    _add_metrics(commands)
    _add_report(commands)
    _add_backups(commands)
    add_user_commands(commands)
    add_token_commands(commands)

    migrate = commands.add_parser("migrate", help="bring the database's schema to this program's")
    migrate.set_defaults(run=_migrate)

    check = commands.add_parser("check", help="say what is wrong with the set-up, and the remedy")
    check.add_argument("--json", action="store_true", help="print one JSON document")
    check.add_argument("--ask-upstream", action="store_true", help="also compare the clock with LibreLinkUp's")
    check.set_defaults(run=_check)
    return parser


def _add_simulate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    simulate = commands.add_parser("simulate", help="serve invented people as LibreLinkUp would")
    simulate.add_argument(
        "--port",
        type=int,
        default=SIMULATOR_PORT,
        metavar="N",
        help=f"loopback port (default: {SIMULATOR_PORT}; 0: any)",
    )
    simulate.add_argument("--seed", type=int, default=1, metavar="N", help="whose curve (default: 1)")
    simulate.add_argument("--days", type=int, metavar="N", help="days of data before now (default: any)")
    simulate.add_argument(
        "--fault", action="append", default=[], metavar="ID[:ARGS]", help="inject a fault; repeatable"
    )
    simulate.set_defaults(run=_simulate)


def _add_backups(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    backup = commands.add_parser("backup", help="write a whole copy of the database to a file, while it is used")
    backup.add_argument("file", metavar="FILE", help="where to write it; it gets 0600, and must not be there yet")
    backup.set_defaults(run=_backup)

    restore = commands.add_parser("restore", help="fill an empty database from a backup; the server must be stopped")
    restore.add_argument("file", metavar="FILE", help="what `cgm-dash backup` or a night wrote")
    restore.add_argument(
        "--keep-damaged", action="store_true", help="move a damaged SQLite file aside first, under a dated name"
    )
    restore.set_defaults(run=_restore)


def _add_metrics(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    metrics = commands.add_parser("metrics", help="compute every metric, of the store or straight from a CSV file")
    metrics.add_argument("file", nargs="?", metavar="FILE", help="CSV: timestamp, glucose_mg_dl or glucose_mmol_l")
    metrics.add_argument("--all", action="store_true", help="everyone's, as a list")
    metrics.add_argument("--from", dest="first", metavar="D", help="first local date, like 2026-03-01")
    metrics.add_argument("--to", dest="last", metavar="D", help="last local date (default: 14 days up to today)")
    metrics.add_argument("--zone", metavar="IANA", help="the wearer's zone, like Europe/Berlin")
    metrics.add_argument("--person", metavar="NAME", help="whose readings")
    metrics.add_argument("--weighting", default="time", metavar="time|count", help="what a reading counts")
    metrics.add_argument("--min-day-coverage", default="70", metavar="PERCENT", help="for figures that compare days")
    metrics.add_argument("--json", action="store_true", help="print one JSON document")
    metrics.set_defaults(run=_metrics)


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser("report", help="write the glucose report as a PDF")
    report.add_argument("--days", default="14", metavar="N", help="how many local days (default: 14)")
    report.add_argument("--end", metavar="D", help="last local date, like 2026-03-01 (default: today)")
    report.add_argument("--person", metavar="NAME", help="whose readings")
    report.add_argument("--paper", default="a4", metavar="a4|letter", help="what it is laid out for (default: a4)")
    report.add_argument("--unit", metavar="UNIT", help="mg/dL or mmol/L (default: CGM_DASH_UNIT)")
    report.add_argument("--pages", default="", metavar="NAME[,NAME]", help="further pages: days, metrics")
    report.add_argument("--lang", default="en", metavar="CODE", help="language, en or de (default: en)")
    report.add_argument("--out", required=True, metavar="FILE", help="where to write it")
    report.set_defaults(run=_report)


def _serve(_args: argparse.Namespace) -> int:
    """Become gunicorn; what would keep it from serving is said here, in one line."""
    import app

    settings = Settings.from_env()
    server_processes()  # gunicorn reads it while it is imported, and would say no name
    make_usable(settings.data_dir)
    try:
        _try_port(settings.host, settings.port)
    except OSError as exc:
        if exc.errno not in OF_THE_PORT:
            raise ConfigError(_no_address_here(settings.host, exc)) from exc
        raise ConfigError(f"CGM_DASH_PORT: {_used(settings.host, settings.port, exc)}") from exc
    made = app.compose(settings)
    print(f"cgm-dash: open http://{_shown_host(settings.host)}:{settings.port}/", file=sys.stderr)
    if made.services.demo:
        print("cgm-dash: no sensor is connected yet: this is the demo, with invented data", file=sys.stderr)
    made.services.store.close()
    return _run_gunicorn(_gunicorn_config(Path(app.__file__)))


def _run_gunicorn(config: Path) -> int:
    """Be gunicorn from here on. In this process: a new one would import everything once more, a second of a start."""
    from gunicorn.app import wsgiapp

    # What `python -m gunicorn` would have; gunicorn also starts itself with it again (SIGUSR2).
    program = Path(wsgiapp.__file__).parents[1] / "__main__.py"
    sys.argv = [str(program), "--config", str(config), "--chdir", os.getcwd()]
    wsgiapp.run(prog="gunicorn")
    return DONE


def _poll(args: argparse.Namespace) -> int:
    """Do one ingestion run, unless a running server polls already: an account has one poller."""
    import app

    made = app.composition(quiet=True)
    made.services.ready()
    if not made.lock.try_take():
        raise CgmDashError("a running server polls this account already; its runs are what the page shows")
    try:
        outcome = app.poll_once(made)
    finally:
        made.lock.release()
    if args.json:
        print(json.dumps(outcome.as_json(), indent=2))
    else:
        print(_sentence(outcome))
    return DONE if outcome.code == "ok" else FAILURE


def _sentence(outcome: "Outcome") -> str:
    if outcome.code != "ok":
        return f"{outcome.code}: {outcome.message}"
    refused = ", ".join(f"{count} {reason}" for reason, count in sorted(outcome.rejected.items())) or "none"
    return (
        f"{outcome.fetched} fetched, {outcome.stored} stored, {outcome.known} known already,"
        f" {outcome.conflicts} in conflict; rejected: {refused}"
    )


def _simulate(args: argparse.Namespace) -> int:
    from ingestion.simulator import fault_named, serve_forever

    if not 0 <= args.port <= 65_535:
        raise UsageError(f"--port: expected 0 to 65535, got {args.port}")
    if args.seed < 0:
        raise UsageError(f"--seed: expected 0 or more, got {args.seed}")
    if args.days is not None and args.days < 1:
        raise UsageError(f"--days: expected at least 1, got {args.days}")
    with _words_for_the_person("--fault: "):
        for fault in args.fault:
            fault_named(fault)
    try:
        _try_port("127.0.0.1", args.port)
    except OSError as exc:
        raise UsageError(f"--port: {_used('127.0.0.1', args.port, exc)}") from exc
    serve_forever(args.port, args.seed, args.days, args.fault)
    return DONE


@contextmanager
def _words_for_the_person(before: str = "") -> Iterator[None]:
    """Make wrong use of the ValueError of a function that reads what was typed: around nothing else."""
    try:
        yield
    except ValueError as exc:
        raise UsageError(f"{before}{exc}") from exc


def _metrics(args: argparse.Namespace) -> int:
    """Compute everything: of a file alone, without database or settings, or of the people in the store."""
    from cgm_dash.metrics.of_file import metrics_of_file

    asked = _asked(args)
    if args.file is None:
        _show_people(args, *_metrics_of_store(args, asked))
        return DONE
    with _words_for_the_person():
        tables = metrics_of_file(Path(args.file), asked)
    _show_people(args, len(tables), iter(tables))
    return DONE


def _asked(args: argparse.Namespace) -> "Asked":
    from cgm_dash.metrics.of_file import Asked

    first, last = _date("--from", args.first), _date("--to", args.last)
    if first and last and first > last:
        raise UsageError(f"--from {first} comes after --to {last}; swap them")
    if args.weighting not in ("time", "count"):
        raise UsageError(f"--weighting: expected time or count, got '{args.weighting}'")
    try:
        coverage = float(args.min_day_coverage)
    except ValueError:
        coverage = -1
    if not 0 <= coverage <= 100:
        raise UsageError(f"--min-day-coverage: expected 0 to 100, got '{args.min_day_coverage}'")
    return Asked(first, last, _zone(args.zone), args.person, args.weighting, coverage)


def _date(option: str, text: str | None) -> date | None:
    from cgm_dash.csv_series import YEARS

    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise UsageError(f"{option}: expected a date like 2026-03-01, got {text[:40]!r}") from exc
    if day.year not in YEARS:
        raise UsageError(f"{option}: expected a year from {YEARS[0]} to {YEARS[-1]}, got {day}")
    return day


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise UsageError(f"--zone: expected an IANA name such as Europe/Berlin, got '{name}'") from exc


def _metrics_of_store(args: argparse.Namespace, asked: "Asked") -> "tuple[int, Iterator[dict[str, Any]]]":
    """Return how many people are asked for and their metrics, one after the other."""
    import app

    services = app.composition().services
    services.ready()
    people = _people(services, asked.person)
    if not people:
        raise UsageError("the store holds no readings; connect a sensor, or name a CSV file")
    if not args.all and len(people) > 1:
        raise UsageError(f"{len(people)} people are meant; name one with --person, or give --all")
    now = services.now()
    zones = [asked.zone or services.zone(person) for person in people]
    windows = [_window(asked, zone, now) for zone in zones]  # a bad date is refused before anything is printed
    return len(people), (
        _metrics_of_person(services, person, zone, window, asked)
        for person, zone, window in zip(people, zones, windows, strict=True)
    )


def _people(services: "Services", name: str | None) -> "list[Person]":
    """Return everyone, or those that *name* means."""
    people = [p for p in services.people() if name is None or name in (p.name, str(p.id))]
    if name is not None and not people:
        raise UsageError(f"--person: there is nobody called '{name}'; leave it out or name another")
    return people


def _window(asked: "Asked", zone: ZoneInfo, now: float) -> "Window":
    """Return the local days asked for, the last fourteen up to now if none are."""
    from cgm_dash.window import dated, named

    if asked.first is None and asked.last is None:
        return named("14d", now, zone)
    last = asked.last or local_date(zone, now)
    with _words_for_the_person():
        return dated(asked.first or last - timedelta(days=13), last, now, zone)


def _metrics_of_person(
    services: "Services", person: "Person", zone: ZoneInfo, window: "Window", asked: "Asked"
) -> dict[str, Any]:
    from cgm_dash.metrics.summary import all_metrics

    figures = all_metrics(
        services.store.days.series(person.id, window.start, window.end),
        window,
        zone,
        weighting=asked.weighting,
        min_day_coverage=asked.min_day_coverage,
        person=person.name,
    )
    return {"note": DEMO, **figures} if services.demo else figures


def _show_people(args: argparse.Namespace, count: int, tables: "Iterator[dict[str, Any]]") -> None:
    """Print each table as soon as it is made: as JSON an object, or a list where there may be several."""
    from cgm_dash.metrics.table import table
    from cgm_dash.progress import progress

    as_list = args.json and (args.all or count > 1)
    if as_list:
        print("[")
    for i, figures in enumerate(progress(tables, count), start=1):
        if args.json:
            print(json.dumps(figures, indent=2, allow_nan=False), end=",\n" if i < count else "\n", flush=True)
        else:
            text = "\n\n".join(filter(None, (figures.get("note"), table(figures))))
            print(text, end="\n\n" if i < count else "\n", flush=True)
    if as_list:
        print("]")


def _report(args: argparse.Namespace) -> int:
    """Write the glucose report of one person."""
    import app
    from callbacks.report_view import Order, gather
    from cgm_dash.i18n import LANGUAGES, speaking
    from cgm_dash.units import Unit
    from layouts.sheet.pdf import render
    from layouts.sheet.view import Extra, Paper

    days, end, out = _days(args.days), _date("--end", args.end), _new_file(args.out)
    paper = Paper(_choice("--paper", args.paper, [paper.value for paper in Paper]))
    names = [_choice("--pages", name, [extra.value for extra in Extra]) for name in args.pages.split(",") if name]
    code = _choice("--lang", args.lang, [*LANGUAGES])
    unit = None if args.unit is None else Unit(_choice("--unit", args.unit, [unit.value for unit in Unit]))
    services = app.composition(quiet=True).services
    services.ready()
    people, now = _people(services, args.person), services.now()
    if len(people) != 1:
        raise UsageError(f"{len(people)} people are meant; name one with --person" if people else NOBODY)
    window = _last_days(days, end, services.zone(people[0]), now)
    order = Order(window, unit or services.settings.unit, paper, frozenset(Extra(name) for name in names))
    view = gather(services, people[0], order, now)
    if not view.level.n:
        raise CgmDashError(f"there are no readings from {view.first} to {view.last}; nothing was written")
    with speaking(code):
        _write(out, render(view))
    print(f"cgm-dash: {out} holds the report of {view.first} to {view.last}{f' ({DEMO})' if services.demo else ''}")
    return DONE


def _days(text: str) -> int:
    from cgm_dash.window import LONGEST_DAYS

    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:6]) <= LONGEST_DAYS or len(text) > 6:
        raise UsageError(f"--days: expected a whole number from 1 to {LONGEST_DAYS}, got '{text[:40]}'")
    return int(text)


def _last_days(days: int, end: date | None, zone: ZoneInfo, now: float) -> "Window":
    """Return the window of so many local days up to *end*, included; up to now without it."""
    from cgm_dash.window import dated

    today = local_date(zone, now)
    last = end or today
    if last > today:
        raise UsageError(f"--end: {last} has not come yet; choose {today} or earlier")
    with _words_for_the_person("--days, --end: "):
        return dated(last - timedelta(days=days - 1), last, now, zone)


def _choice(option: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise UsageError(f"{option}: expected {' or '.join(known)}, got '{value[:40]}'")
    return value


def _new_file(name: str, option: str = "--out") -> Path:
    """Return the path of a file that may be written, in a folder that is there."""
    out = Path(name)
    if not name or out.is_dir():
        raise UsageError(f"{option}: expected the name of a file, got '{name}'")
    if not out.parent.is_dir():
        raise UsageError(f"{option}: there is no folder '{out.parent}'; make it, or name another")
    return out


def _write(out: Path, data: bytes) -> None:
    """Write a file whole or not at all; what stood there before stays until then. Only its owner may read it."""
    try:
        with tempfile.NamedTemporaryFile(dir=out.parent, prefix=f".{out.name[:40]}.", delete=False) as file:
            try:
                file.write(data)
                file.flush()
                os.replace(file.name, out)
            except OSError:
                os.unlink(file.name)
                raise
    except OSError as exc:
        raise CgmDashError(f"'{out}' cannot be written ({exc.strerror}); name another file") from exc


def _migrate(_args: argparse.Namespace) -> int:
    import app

    app.composition(quiet=True).services.ready()
    print("cgm-dash: the schema is current")
    return DONE


def _backup(args: argparse.Namespace) -> int:
    """Write a backup of the real database, never of the demo's."""
    from cgm_dash.access import Action
    from sql import backup
    from sql.engine import make_engine
    from sql.readiness import Readiness

    out, settings = _new_file(args.file, "FILE"), Settings.from_env()
    if out.exists():
        raise UsageError(f"FILE: '{out}' is there already; name another")
    _refuse_missing(settings)
    engine = make_engine(settings.database_url)
    try:
        Readiness(engine).ensure()
        counts = backup.back_up(engine, out)
        backup.note(engine, time.time(), Action.BACKUP_MADE, out.name)
    finally:
        engine.dispose()
    print(f"cgm-dash: {out} holds {sum(counts.values())} rows of {len(counts)} tables; keep secret.key apart from it")
    return DONE


def _restore(args: argparse.Namespace) -> int:
    """Fill the real database from a backup, holding the lock by which a running server is known."""
    import app
    from sql import backup
    from sql.engine import gate, make_engine

    settings = Settings.from_env()
    make_usable(settings.data_dir)
    backup.kind_of(Path(args.file))
    engine = make_engine(settings.database_url)
    door = gate(engine)
    if door is not None:
        door.backups = settings.data_dir / BACKUPS
    lock = app.lock_of(engine.url)
    if not lock.try_take():
        raise CgmDashError("a server runs on this database; stop it, then restore")
    try:
        counts = backup.restore(Path(args.file), engine, time.time(), args.keep_damaged)
    finally:
        lock.release()
        engine.dispose()
    print(f"cgm-dash: restored {sum(counts.values())} rows of {len(counts)} tables; everybody must sign in anew")
    return DONE


def _refuse_missing(settings: Settings) -> None:
    """Refuse to back up a database that is not there: making an engine would make it."""
    scheme, _, path = settings.database_url.partition(":///")
    if scheme == "sqlite" and not Path(path).is_file():
        raise CgmDashError(f"{path}: there is no database yet; nothing was written")


def _check(args: argparse.Namespace) -> int:
    """Look at the whole set-up and at everybody's days; print each problem with its remedy."""
    import app
    from callbacks.doctor import problems
    from cgm_dash.progress import progress
    from ingestion.upstream_clock import upstream_time
    from sql.check import person_problems

    services = app.composition(quiet=True).services
    asked = functools.partial(upstream_time, services.settings) if args.ask_upstream else None
    found, usable = problems(services, asked)
    people = services.people() if usable else ()
    looked_at = progress((person_problems(services.store, person) for person in people), len(people))
    found += [problem for told in looked_at for problem in told]
    if args.json:
        print(json.dumps({"ok": not found, "people": len(people), "problems": found}, indent=2))
    else:
        whose = f"{len(people)} {'person' if len(people) == 1 else 'people'}"
        print("\n".join(found) if found else f"cgm-dash: nothing is wrong; the days of {whose} were looked at")
    return FAILURE if found else DONE


def _try_port(host: str, port: int) -> None:
    """Take the port as a server would, for an instant. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def _used(host: str, port: int, error: OSError) -> str:
    remedy = "stop what uses it, or set another port"
    if error.errno == errno.EACCES:
        remedy = "ports below 1024 are the system's; set another port, and put a proxy in front"
    return f"{host}:{port} cannot be used ({error.strerror}); {remedy}"


def _no_address_here(host: str, error: OSError) -> str:
    return (
        f"CGM_DASH_HOST: '{host}' is no address of this machine ({error.strerror}); use 127.0.0.1, or an address that"
        " this machine has"
    )


def _shown_host(host: str) -> str:
    if host in ("0.0.0.0", "::"):  # noqa: S104  only compared
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _gunicorn_config(app_file: Path) -> Path:
    """Return gunicorn.conf.py: beside app.py in a checkout, under share/ where the package is installed."""
    places = (app_file.with_name("gunicorn.conf.py"), Path(sys.prefix) / "share" / "cgm-dash" / "gunicorn.conf.py")
    for place in places:
        if place.exists():
            return place
    raise ConfigError(f"gunicorn.conf.py: not found at {places[0]} or {places[1]}; install the program again")
