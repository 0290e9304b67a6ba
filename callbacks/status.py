"""The wiring of the page Status."""

from collections.abc import Sequence
from dataclasses import replace

from dash import Dash

from callbacks import alarm, asking, host
from callbacks.pages import Pieces, keep_fresh
from callbacks.services import Services
from callbacks.visit import Visit
from cgm_dash.access import Right
from cgm_dash.batch import SensorSeen
from cgm_dash.current import current
from cgm_dash.series import EMPTY, Series
from cgm_dash.silence import NOT_SHARED, Ask, Silence, expected, silences, why
from layouts import ids
from layouts import status as layout
from layouts.status_view import (
    DatabaseView,
    MarkView,
    ProgramView,
    RejectView,
    RequestView,
    SilenceView,
    SourceView,
    StatusView,
    WatchView,
)
from layouts.strip import MARKS, WIDTH_S
from layouts.views import Content
from sql.facts import database_facts
from sql.people import Person
from sql.runs import OK, Asked, Run

PATH = "/status"

DAY_S = 86_400
SILENT_DAYS = 7
REJECTED_DAYS = 30
MOST_SILENCES = 20
MOST_REQUESTS = 8
MOST_REJECTS = 8
MOST_FAILURES = 4
BEFORE_S = 3600
"""So long before a silence a request may have begun to wait for the next one."""

STEP_POLLS, STEP_S = 3, 60
"""A request counts as answering for so many intervals and seconds: then another one was overdue."""


def content(services: Services, visit: Visit) -> Content:
    """Return the whole page as *visit* asks for it. Raises StoreError."""
    return layout.page(gather(services, visit), _key(services, visit))


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks on *app*."""

    def draw(visit: Visit, painted: object) -> Pieces:
        key = _key(services, visit)
        return (None if key == painted else layout.areas(gather(services, visit))), key

    asking.register(app, services)
    keep_fresh(app, services, PATH, [(id_, "children") for id_ in layout.AREAS], ids.STATUS_PAINTED, draw)


def _key(services: Services, visit: Visit) -> str:
    """Return what decides that the page must be drawn again: a reading, a run, a minute."""
    last = services.store.runs.recent(1)
    seq = visit.person.seq if visit.person else 0
    return f"{visit.key(60)}|{seq}|{last[0].started if last else 0}|{alarm.key(services, visit)}"


def gather(services: Services, visit: Visit) -> StatusView:
    """Return everything the page shows. Raises StoreError."""
    person, now, store, settings = visit.person, visit.now, services.store, services.settings
    series = _series(services, person, now)
    asked_since = store.runs.oldest_at()
    found = silences(series, now - SILENT_DAYS * DAY_S, now, asked_since)
    slots = store.runs.slots((now // WIDTH_S - MARKS + 1) * WIDTH_S, WIDTH_S, MARKS)
    manages = services.may(Right.MANAGE)
    # What could not be read may be anybody's: it is kept as it came.
    rejected, rejects = store.rejects.since(now - REJECTED_DAYS * DAY_S, MOST_REJECTS) if manages else (0, ())
    trouble, next_try_at = services.trouble(person)
    polled = services.demo or services.has_account
    last = store.runs.recent(MOST_REQUESTS)
    return StatusView(
        now=now,
        zone=visit.zone,
        person=person.name if person else "",
        demo=services.demo,
        polled=polled,
        poll_seconds=settings.poll_seconds,
        current=current(services.recent(person, now), now, 60 * settings.stale_minutes),
        expected=expected(series, now - DAY_S, now),
        marks=tuple(MarkView(s.start, s.runs, s.failed, s.stored) for s in slots),
        failures=_requests(store.runs.failures(slots[0].start, now + 1, MOST_FAILURES)),
        requests=_requests(last),
        silences=_explained(services, person, found[:MOST_SILENCES], asked_since, now),
        more_silences=max(0, len(found) - MOST_SILENCES),
        rejects=tuple(RejectView(r.last_seen, r.reason, r.raw, r.raw_bytes, r.times_seen) for r in rejects),
        rejected=rejected,
        database=_database(services, visit),
        program=_program(services, now, polled, last),
        sources=tuple(source for who in visit.people for source in _sources(services, who)),
        trouble=trouble,
        next_try_at=next_try_at,
        upkeep=services.upkeep(),
        waiting=services.waiting(),
        source=(services.account_shown() or "") if manages else "",
        manages=manages,
        alarms=alarm.views(services, visit),
        watch=_watch(services),
    )


def _watch(services: Services) -> WatchView:
    told, calls = services.watched(), services.settings.heartbeat_url is not None and not services.demo
    return WatchView(told.looked_at, calls, told.delivered_at, told.failed_at, told.failure)


def _series(services: Services, person: Person | None, now: float) -> Series:
    """Return the readings of the days told of, from the last one before them on: a silence may be older than they."""
    if person is None:
        return EMPTY
    start = now - (SILENT_DAYS + 1) * DAY_S
    before = services.store.readings.newest(person.id, before=int(start))
    return services.series.between(person.id, start if before is None else before.ts, now + 1)


def _requests(runs: Sequence[Run]) -> tuple[RequestView, ...]:
    return tuple(RequestView(run.started, run.outcome, run.stored, run.latency_ms, run.runs) for run in runs)


def _explained(
    services: Services, person: Person | None, found: Sequence[Silence], asked_since: float | None, now: float
) -> tuple[SilenceView, ...]:
    """Return the silences with what is known of why they were, of a longer one in the days told of.

    Of older requests only hours are kept, which do not tell how long each of them answered for.
    """
    if person is None or not found:
        return ()
    runs, step_s = services.store.runs, STEP_POLLS * services.settings.poll_seconds + STEP_S
    sensors = [
        SensorSeen(s.serial, s.kind, s.activated, s.warmup_min) for s in services.store.sensors.of_person(person.id)
    ]
    views = []
    for one in found:
        start, end = max(one.start, int(now) - (SILENT_DAYS + 1) * DAY_S), now if one.end is None else one.end
        asks = [Ask(a.at, _came_to(a, person), a.retry_at) for a in runs.asked(start - BEFORE_S, end)]
        views.append(SilenceView(one, why(replace(one, start=start), asks, asked_since, sensors, step_s, now)))
    return tuple(views)


def _came_to(asked: Asked, person: Person) -> str:
    """Return what a request came to for *person*: an answer may say that the sharing of just theirs has ended."""
    told = asked.notices.split()
    return NOT_SHARED if NOT_SHARED in told or f"{NOT_SHARED}@{person.id}" in told else asked.code


def _database(services: Services, visit: Visit) -> DatabaseView:
    facts, room, backup = database_facts(services.store.engine), services.room(), services.last_backup()
    tallies = [tally for who in visit.people for tally in services.store.tallies.of_person(who.id)]
    return DatabaseView(
        kind=facts.kind,
        version=facts.version,
        size=facts.size,
        revision=facts.revision,
        is_current=facts.is_current,
        free=None if room is None else room.free,
        backup_at=None if backup is None else backup.ok_at,
        backup_failed_at=backup.at if backup is not None and backup.reason else None,
        readings=sum(tally.n for tally in tallies),
        oldest=min((tally.first for tally in tallies), default=None),
    )


def _program(services: Services, now: float, polled: bool, last: Sequence[Run]) -> ProgramView:
    return ProgramView(
        versions=host.versions(),
        since=services.awake_since(),
        led=services.led(),
        polled=polled,
        memory=host.memory(int(now // 60)),
        clock_wrong=_clock_wrong(last),
    )


def _clock_wrong(runs: Sequence[Run]) -> bool | None:
    """Return whether the last answer came with a doubt of our clock; None where there was none yet."""
    answered = next((run for run in runs if run.outcome == OK), None)
    return None if answered is None else "clock-wrong" in answered.reason.split()


def _sources(services: Services, person: Person) -> tuple[SourceView, ...]:
    last: dict[int, int] = {}
    for tally in services.store.tallies.of_person(person.id):
        last[tally.source_id] = max(tally.last, last.get(tally.source_id, 0))
    rows = services.store.sources.of_person(person.id)
    return tuple(SourceView(person.name, r.kind, r.name, r.has_live, last.get(r.source_id)) for r in rows)
