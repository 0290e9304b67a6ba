"""How gunicorn serves the app; `cgm-dash serve`, `python app.py` and `gunicorn app:server` all read this file."""

import os

import app
from cgm_dash.settings import Settings
from ingestion.scheduler import Ingestion

_settings = Settings.from_env()

wsgi_app = "app:server"
bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = 8
timeout = 60
graceful_timeout = 8
"""SIGTERM to exit stays under ten seconds; a poll that hangs is abandoned (worker_exit)."""
preload_app = False
"""With preloading the master would hold connections and threads that its workers cannot use."""
control_socket_disable = True
"""The control socket would be written under the home directory, which a service user may not have."""
umask = 0o077
accesslog = None
proc_name = "cgm-dash"

_STOP_S = 4.0
_ingestion: list[Ingestion] = []


def post_worker_init(worker):  # type: ignore[no-untyped-def]  # gunicorn's hooks have no types
    """Start the scheduler in every worker; the one that gets the lock polls."""
    started = app.start_ingestion(app.composition())
    if started is not None:
        _ingestion.append(started)


def worker_exit(server, worker):  # type: ignore[no-untyped-def]
    """Stop the scheduler; a run that does not end in time is abandoned, which the database takes as never begun."""
    for started in _ingestion:
        if not started.stop(_STOP_S):
            worker.log.warning("a poll was still under way and is abandoned")
            os._exit(0)
