"""How gunicorn serves the app; `cgm-dash serve`, `python app.py` and `gunicorn app:server` all read this file."""

import functools
import os
import signal
import sys
from collections.abc import Iterable
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http import wsgi

import app
from cgm_dash.errors import CgmDashError, ConfigError
from cgm_dash.redaction import RedactingFormatter
from cgm_dash.settings import Settings, server_processes
from ingestion.scheduler import Ingestion


def _checked_settings() -> tuple[Settings, bool, int]:
    """Return the settings, whether an account is stored, and the number of workers, once all could be put together;
    else end with one line."""
    try:
        settings = Settings.from_env()
        return settings, _put_together(settings), server_processes()
    except CgmDashError as exc:
        _say(exc)
        sys.exit(2 if isinstance(exc, ConfigError) else 1)


def _put_together(settings: Settings) -> bool:
    """Put everything together and close it again; return whether an account is stored. Raises CgmDashError."""
    services = app.compose(settings).services
    services.store.close()
    return services.stored_account


def _say(what: object) -> None:
    sys.stderr.write(f"cgm-dash: {what}\n")
    sys.stderr.flush()


_settings, _stored_account, workers = _checked_settings()


class _Redacting(Logger):  # type: ignore[misc]  # gunicorn ships no annotations
    """gunicorn's own log lines, which quote addresses and exceptions, without secrets."""

    def setup(self, cfg: Any) -> None:
        """Set the log up as gunicorn does, then have each line redacted."""
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(RedactingFormatter(app.redactor, self.error_fmt, self.datefmt))


for _secret in _settings.secrets:
    app.redactor.know(_secret)

logger_class = _Redacting
wsgi_app = "app:server"
bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 6
"""SIGTERM to exit stays under ten seconds, on a busy machine too: half a request, from a client that sends no more,
holds a worker for all of it. A poll or a check that hangs is abandoned (worker_exit)."""
preload_app = False
"""With preloading the master would hold connections and threads that its workers cannot use."""
control_socket_disable = True
"""The control socket would be written under the home directory, which a service user may not have."""
umask = 0o077
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
"""A browser sends some twenty fields; the longest line of ours is an address of a few hundred letters."""
keepalive = 10
"""An open page asks every three seconds; a connection that waits takes no thread."""
_MEMORY = "/dev/shm"  # nosec B108  # noqa: S108  gunicorn makes a file there that nobody else can open
worker_tmp_dir = _MEMORY if os.access(_MEMORY, os.W_OK) else None
"""A worker's sign of life is a file: on a disk that hangs, a worker that is well would be killed."""
wsgi.SERVER = "web"
"""What serves, and in which version, is nobody's business."""
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
"""What proxies say of a request is believed in one place only (callbacks/server/client.py), and from those named."""
accesslog = None
proc_name = "cgm-dash"

_STOP_S = 4.0
_APP_LOAD_ERROR = 4
"""gunicorn's word for a worker that need not be started again: the server ends."""

_ingestion: list[Ingestion] = []


def when_ready(server: Any) -> None:
    """End the server before its first worker, where its sockets reach further than the settings allow."""
    refused = _refused(server.LISTENERS)
    if refused:
        _say(refused)
        server.halt(exit_status=2)
    _see_to_an_owner()


def on_reload(_server: Any) -> None:
    """See to an owner also where the processes are made anew: the first account may have been connected just now."""
    _see_to_an_owner()


def _see_to_an_owner() -> None:
    """Say how to become the first owner, where there is none: here, once for all workers."""
    try:
        said = app.ensure_first_owner(_settings)
    except CgmDashError as exc:
        said = str(exc)
    if said:
        _say(said)


def _refused(listeners: Iterable[Any]) -> str | None:
    """Return why these sockets must not be served, None where they may: --bind and systemd never ask the settings."""
    for listener in listeners:
        name = listener.getsockname()  # (host, port, ...), or a Unix socket's path, which no network reaches
        reason = _settings.why_not_open_to(name[0], _stored_account) if isinstance(name, tuple) else None
        if reason:
            return f"--bind: '{name[0]}' {reason}"
    return None


def post_fork(server: Any, worker: Any) -> None:
    """Tell the worker how to have all workers made anew, before it puts anything together."""
    app.restart_by(functools.partial(_restart, worker))


def _restart(worker: Any) -> bool:
    """Have the master replace its workers, each once its requests are answered; return False where that cannot be."""
    # With --preload the new ones would be copies of what the master put together at its start.
    if worker.cfg.preload_app or os.getppid() != worker.ppid:
        return False
    if not worker.alive:  # this one is being replaced already
        return True
    try:
        _put_together(Settings.from_env())
    except CgmDashError as exc:  # the master would end, and with it the page that could say why
        _say(exc)
        return False
    os.kill(worker.ppid, signal.SIGHUP)
    return True


def post_worker_init(worker: Any) -> None:
    """Start the scheduler in every worker; the one that gets the lock polls."""
    refused = _refused(worker.sockets)  # those of --reuse-port are made here, those of a reload were not seen before
    if refused:
        _say(refused)
        sys.exit(_APP_LOAD_ERROR)
    _ingestion.append(app.start_ingestion(app.composition()))


def worker_exit(server: Any, worker: Any) -> None:
    """Stop the scheduler; a run that does not end in time is abandoned, which the database takes as never begun."""
    for started in _ingestion:
        if not started.stop(_STOP_S):
            worker.log.warning("a poll or a check was still under way and is abandoned")
            os._exit(0)
