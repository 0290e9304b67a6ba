"""/metrics: how this installation does, for a program that watches it (Prometheus). No glucose, no name, no e-mail.

What is told of readings and polls comes from the database and is the same whichever process answers; what is told of
requests, connections and memory is the answering process's own, which its number names. Wearers are told by number.
"""

import os
import resource
import time
from collections.abc import Iterator

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from callbacks.services import Services
from cgm_dash import __version__
from cgm_dash.errors import StoreError

PATH = "/metrics"
RECENT_RUNS_S = 3600
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
GROUPS = {"_dash-update-component": "callback", "_dash-layout": "layout", "_dash-component-suites": "file"}
FILES = ("assets", "vendor", "manifest.webmanifest", "service-worker.js", "offline", "favicon.ico")
PROGRAMS = ("api", "healthz", "readyz", "metrics", "report.pdf")


def register(server: Flask, services: Services) -> None:
    """Register the address, and a look at how long every answer takes."""
    registry = CollectorRegistry(auto_describe=False)
    times = Histogram("cgm_request_seconds", "Time to answer.", ["worker", "group"], buckets=SECONDS, registry=registry)
    answers = Counter("cgm_requests", "Answers.", ["worker", "group", "status"], registry=registry)
    registry.register(Figures(services))

    @server.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @server.after_request
    def count(response: Response) -> Response:
        worker, group = str(os.getpid()), group_of(request.path)
        if "began" in g:
            times.labels(worker, group).observe(time.perf_counter() - g.began)
        answers.labels(worker, group, f"{response.status_code // 100}xx").inc()
        return response

    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    server.add_url_rule(PATH, "metrics", metrics)


def group_of(path: str) -> str:
    """Return in which of a few groups a request is counted: paths are strangers' to choose, and without end.

    >>> group_of("/trends"), group_of("/_dash-update-component"), group_of("/api/now"), group_of("/assets/x.css")
    ('page', 'callback', 'api', 'file')
    """
    first = path.lstrip("/").partition("/")[0]
    if first in GROUPS:
        return GROUPS[first]
    if first in FILES:
        return "file"
    return first.partition(".")[0] if first in PROGRAMS else "page"


class Figures(Collector):
    """Looks at the database, the pool, the spool and this process at each question."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yield what is known now; while the database is away, what can be told without it."""
        services = self._services
        yield _labelled("cgm_build_info", "The version of this program.", {"version": __version__}, 1)
        yield from self._process()
        yield from self._upkeep()
        yield GaugeMetricFamily("cgm_spool_waiting", "Fetches that wait for the database.", services.waiting())
        try:
            services.ready()
            services.store.ping()
            found = [*self._polls(), *self._people()]
        except StoreError:
            yield GaugeMetricFamily("cgm_database_up", "Whether the database answers.", 0)
            return
        yield GaugeMetricFamily("cgm_database_up", "Whether the database answers.", 1)
        yield GaugeMetricFamily("cgm_ingestion_led", "Whether some process polls.", int(services.led()))
        yield from found

    def _process(self) -> Iterator[Metric]:
        worker = {"worker": str(os.getpid())}
        in_use, kept = self._services.store.connections()
        yield _labelled("cgm_pool_in_use", "Database connections in use.", worker, in_use)
        yield _labelled("cgm_pool_size", "Database connections kept.", worker, kept)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        yield _labelled("cgm_memory_peak_bytes", "The most memory the process has had.", worker, peak)

    def _upkeep(self) -> Iterator[Metric]:
        room, backup = self._services.room(), self._services.last_backup()
        if room is not None:
            yield GaugeMetricFamily("cgm_disk_free_bytes", "Free on the disk that runs full first.", room.free)
        if backup is not None and backup.ok_at is not None:
            age = self._services.now() - backup.ok_at
            yield GaugeMetricFamily("cgm_last_backup_age_seconds", "Since the last good nightly backup.", age)

    def _polls(self) -> Iterator[Metric]:
        services = self._services
        now = services.now()
        outcomes = GaugeMetricFamily(
            "cgm_polls_last_hour", "Polls of the last hour by how they ended.", labels=["outcome"]
        )
        by_outcome: dict[str, int] = {}
        for run in services.store.runs.recent(2 * RECENT_RUNS_S // services.settings.poll_seconds):
            if now - RECENT_RUNS_S < run.started <= now:
                by_outcome[run.outcome] = by_outcome.get(run.outcome, 0) + 1
        for outcome, n in sorted(by_outcome.items()):
            outcomes.add_metric([outcome], n)
        yield outcomes
        newest = services.store.runs.recent(1)
        if newest:
            yield GaugeMetricFamily("cgm_last_poll_age_seconds", "Since the last poll.", now - newest[0].started)

    def _people(self) -> Iterator[Metric]:
        services = self._services
        now = services.now()
        age = GaugeMetricFamily("cgm_newest_reading_age_seconds", "Age of the newest reading.", labels=["person"])
        rows = CounterMetricFamily("cgm_readings", "Readings stored.", labels=["person"])
        caller = services.caller()  # the door has seen the scope; it needs no right to see readings
        for person in (one for one in services.store.people.list() if caller.is_about(one.id)):
            reading = services.store.readings.newest(person.id, before=now)
            if reading is not None:
                age.add_metric([str(person.id)], now - reading.ts)
            rows.add_metric([str(person.id)], sum(tally.n for tally in services.store.tallies.of_person(person.id)))
        yield age
        yield rows


def _labelled(name: str, words: str, labels: dict[str, str], value: float) -> Metric:
    found = GaugeMetricFamily(name, words, labels=list(labels))
    found.add_metric(list(labels.values()), value)
    return found
