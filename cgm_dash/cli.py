"""The commands a person types. Exit status: 0 done, 1 failure, 2 wrong use or bad input."""

import argparse
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cgm_dash import __version__
from cgm_dash.errors import CgmDashError, ConfigError
from cgm_dash.settings import Settings

if TYPE_CHECKING:
    from ingestion.outcome import Outcome

DONE, FAILURE, WRONG_USE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; an error is one line on standard error."""
    args = _parser().parse_args(argv)
    try:
        return int(args.run(args))
    except (ConfigError, ValueError) as exc:
        print(f"cgm-dash: {exc}", file=sys.stderr)
        return WRONG_USE
    except CgmDashError as exc:
        print(f"cgm-dash: {exc}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
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

    simulate = commands.add_parser("simulate", help="serve invented people as LibreLinkUp would")
    simulate.add_argument("--port", type=int, default=8060, metavar="N", help="loopback port (default: 8060; 0: any)")
    simulate.add_argument("--seed", type=int, default=1, metavar="N", help="whose curve (default: 1)")
    simulate.add_argument("--days", type=int, metavar="N", help="days of data before now (default: any)")
    simulate.add_argument(
        "--fault", action="append", default=[], metavar="ID[:ARGS]", help="inject a fault; repeatable"
    )
    simulate.set_defaults(run=_simulate)

    migrate = commands.add_parser("migrate", help="bring the database's schema to this program's")
    migrate.set_defaults(run=_migrate)
    return parser


def _serve(_args: argparse.Namespace) -> int:
    """Become gunicorn; what would keep it from serving is said here, in one line."""
    import app

    settings = Settings.from_env()
    _refuse_unwritable(settings.data_dir)
    _refuse_used_port(settings.host, settings.port)
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
    from ingestion.simulator import serve_forever

    if not 0 <= args.port <= 65_535:
        raise ValueError(f"--port: expected 0 to 65535, got {args.port}")
    if args.days is not None and args.days < 1:
        raise ValueError(f"--days: expected at least 1, got {args.days}")
    serve_forever(args.port, args.seed, args.days, args.fault)
    return DONE


def _migrate(_args: argparse.Namespace) -> int:
    import app

    app.composition(quiet=True).services.ready()
    print("cgm-dash: the schema is current")
    return DONE


def _refuse_unwritable(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigError(f"CGM_DASH_DATA_DIR: '{folder}' cannot be made ({exc.strerror}); name another") from exc
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigError(f"CGM_DASH_DATA_DIR: '{folder}' cannot be read and written by this user; chown it")


def _refuse_used_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise ConfigError(
                f"CGM_DASH_PORT: {host}:{port} cannot be used ({exc.strerror}); stop what uses it, or set another port"
            ) from exc


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
