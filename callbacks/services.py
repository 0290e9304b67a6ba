"""What pages may ask for: one typed bundle, put together by app.py and given as an argument, never imported."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import g, has_request_context

from cgm_dash.access import OPERATOR, REFUSALS, Action, Caller, Right
from cgm_dash.account import Credentials, masked
from cgm_dash.alarm import AlarmKind, Alarms, Facts, acknowledge, advance, cause_of
from cgm_dash.batch import Columns, SensorSeen
from cgm_dash.current import current
from cgm_dash.errand import Errand, ErrandKind
from cgm_dash.errors import CgmDashError, ConfigError, StoreError
from cgm_dash.folder import Room
from cgm_dash.gate import FUTURE_SLACK_S
from cgm_dash.sensor import Phase, sensor_state
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.settings import Settings
from cgm_dash.trouble import LOOKS_AGAIN_S, TROUBLES, UPKEEP, Level, Trouble, trouble
from sql.backup_files import LastBackup
from sql.people import Person
from sql.real_account import RealAccount
from sql.runs import Run
from sql.store import Store

log = logging.getLogger(__name__)

UTC_ZONE = ZoneInfo("UTC")

RECENT_S = 24 * 3600
"""How far back the newest reading, its change and the time since it entered its band are looked for."""

AHEAD_S = 366 * 86_400
"""How far ahead of now a reading may lie that makes those before it old."""

SILENT_POLLS, SILENT_S = 3, 60
"""Polling has stopped when nothing was heard of it for so many intervals and seconds after a try was due."""

SLEPT_S = 30
"""More than this that the wall clock gains on the steady one is a sleep, not a correction."""

LIVE_SOURCES = ("librelinkup",)
"""Whoever has one of these is looked after from the start, before it has brought anything."""

BACKUP_DUE_S = 3600
"""A machine that was off or asleep has so long to make up for a backup."""

MANY_RUNS = 1_000
"""How many runs dated ahead of now may hide the last true one."""


class NoSuchPerson(CgmDashError):
    """The address names a person there is none of, or whom the viewer may not see; the two look alike on purpose."""


class NotAllowed(CgmDashError):
    """Whoever asks may not do that."""


class SeriesSource(Protocol):
    """Merged readings of one person, from memory where they are held there."""

    def between(self, person_id: int, start: float, end: float) -> Series:
        """Return the readings with start <= ts < end, UTC epoch seconds. Raises StoreUnavailable."""


class Polling(Protocol):
    """What the process that polls says of its last run. at, next_try_at: UTC epoch seconds. code: `ok` or a trouble's.

    spooled: what is fetched is kept in a file, the database does not take it.
    """

    @property
    def at(self) -> float: ...
    @property
    def code(self) -> str: ...
    @property
    def next_try_at(self) -> float | None: ...
    @property
    def spooled(self) -> bool: ...


class Watched(Protocol):
    """What the process that looks after alarms last did, UTC epoch seconds, None never.

    beat: what the last call to the world outside came to, "" where none is made. delivered_at, failed_at, failure: when
    one last got through, when one last did not and why.
    """

    @property
    def looked_at(self) -> float | None: ...
    @property
    def beat(self) -> str: ...
    @property
    def delivered_at(self) -> float | None: ...
    @property
    def failed_at(self) -> float | None: ...
    @property
    def failure(self) -> str: ...


class Awake:
    """Since when this process has run without a pause: a machine that slept has missed polls that nobody could make.

    now: UTC epoch seconds. monotonic: a clock that stands still while the machine sleeps.
    """

    def __init__(self, now: Callable[[], float], monotonic: Callable[[], float]) -> None:
        self._now, self._monotonic = now, monotonic
        self._since, self._ahead = now(), now() - monotonic()

    def since(self) -> float:
        """Return when the process began or was last woken, UTC epoch seconds; a clock that was set counts as waking."""
        ahead = self._now() - self._monotonic()
        if abs(ahead - self._ahead) > SLEPT_S:
            self._since, self._ahead = self._now(), ahead
        return self._since


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """settings; store; series: merged readings; now: UTC epoch seconds; demo: whether everything shown is invented.

    ready: raises StoreUnavailable, StoreDamaged or StoreError while the database cannot be worked with. led: whether
    some process polls. waiting: how many fetches wait in the spool. polling: what the process that polls here last said
    of itself, None for nothing yet. watched: what came of looking after alarms. awake_since: when this process began or
    was last woken, UTC epoch seconds. signing_key: signs what Dash hands out. stored_account: whether the account
    stands in the real database and not in the settings, or may while that does not answer. real_account: the one in the
    real database. restart: makes the server's processes anew, put together as the settings and the real database then
    say; False where that must be done by hand. damage: why the database file is not touched, with
    the remedy; None where it is whole. room: what the disk has left, None where that cannot be told. last_backup: how
    the last nightly backup went, None before the first.
    """

    settings: Settings
    store: Store
    series: SeriesSource
    now: Callable[[], float]
    demo: bool
    ready: Callable[[], None]
    led: Callable[[], bool]
    waiting: Callable[[], int]
    polling: Callable[[], Polling | None]
    watched: Callable[[], Watched]
    awake_since: Callable[[], float]
    signing_key: bytes = field(repr=False)
    stored_account: bool
    real_account: RealAccount
    restart: Callable[[], bool]
    damage: Callable[[], str | None] = lambda: None
    room: Callable[[], Room | None] = lambda: None
    last_backup: Callable[[], LastBackup | None] = lambda: None

    @property
    def has_account(self) -> bool:
        """Whether a real account is polled, from the settings or stored."""
        return self.stored_account or self.settings.has_account

    def account_shown(self) -> str | None:
        """Return the e-mail of the account that is polled, masked; None for none, and where it cannot be read now."""
        if self.settings.llu_email is not None:
            return masked(self.settings.llu_email)
        if self.demo or not self.stored_account:
            return None
        try:
            account = self.store.upstreams.account()
        except StoreError:
            return None
        return None if account is None else masked(account.email)

    def why_not_connect(self) -> str | None:
        """Return what in the settings keeps an account from being connected here, None where one can be.

        A sentence for whoever runs the server; it begins with the setting's name.
        """
        if self.settings.has_account:
            return "CGM_DASH_LLU_EMAIL: the account stands in the settings; change it there"
        return self.settings.why_no_account()

    def ask_check(self, email: str, password: str, region: str | None = None) -> str:
        """Have the process that polls sign in once with these credentials; return the id of the errand.

        region: a region's code, None or `auto` to have it found. Raises UsageError for what cannot be credentials,
        TooSoon, ConfigError where no account can be connected, StoreError.
        """
        self.require(Right.MANAGE)
        self._refuse_unconnectable()
        given = Credentials.of(email, password, region)
        payload = {"email": given.email, "password": given.password, "region": given.region}
        self.ready()
        return self.store.errands.ask(ErrandKind.CHECK_ACCOUNT, self.now(), payload)

    def ask_poll(self) -> str:
        """Have the account polled at once, though a wait is in force; return the id of the errand.

        Waits that the upstream itself asked for stay. Raises TooSoon, StoreError.
        """
        self.require(Right.MANAGE)
        self.ready()
        return self.store.errands.ask(ErrandKind.POLL_NOW, self.now())

    def errand(self, id_: str) -> Errand | None:
        """Return how far an errand is and what came of it, None for one that is not known. Raises StoreError."""
        self.require(Right.MANAGE)
        return self.store.errands.result(id_, self.now())

    def connect(self, email: str, password: str, region: str | None = None) -> bool:
        """Make this the account that is polled: store it in the real database and restart the server's processes.

        Returns False where it is stored, but the server must be restarted by hand. Raises UsageError, ConfigError,
        StoreError; then nothing has changed.
        """
        self.require(Right.MANAGE)
        self._refuse_unconnectable()
        given = Credentials.of(email, password, region)
        self.note(Action.ACCOUNT_CONNECTED)
        self.real_account.keep(given, self.settings.llu_url)
        return self.restart()

    def disconnect(self) -> bool:
        """Forget the stored account and its session, keep the readings, and restart as connect() does."""
        self.require(Right.MANAGE)
        self._refuse_unconnectable()
        self.note(Action.ACCOUNT_DISCONNECTED)
        self.real_account.forget()
        return self.restart()

    def _refuse_unconnectable(self) -> None:
        reason = self.why_not_connect()
        if reason:
            raise ConfigError(reason)

    def caller(self) -> Caller:
        """Return who asks: the one whom the door let in; outside a request it is whoever runs a command here.

        Raises NotAllowed in a request of nobody.
        """
        if not has_request_context():
            return OPERATOR
        found = g.get("caller")
        if not isinstance(found, Caller):
            raise NotAllowed("nobody has signed in")
        return found

    def may(self, right: Right) -> bool:
        """Return whether whoever asks has *right*."""
        return self.caller().may(right)

    def require(self, right: Right) -> None:
        """Raise NotAllowed where whoever asks has not *right*."""
        if not self.may(right):
            raise NotAllowed(f"needs the right to {right.value}")

    def note(self, action: Action, about: str = "", who: str | None = None) -> None:
        """Write into the audit what whoever asks has done. who: another than the caller. Raises StoreError.

        The demo has none: nobody is known there, and nothing is true.
        """
        if self.demo:
            return
        client = g.get("client") if has_request_context() else None
        address = client.address if client else ""
        if action in REFUSALS:
            log.warning("attempt outcome=%s client=%s", action.value, address)
        self.store.audit.note(
            self.now(), self.caller().label if who is None else who, action, address=address, about=about
        )

    def people(self) -> tuple[Person, ...]:
        """Return the people whoever asks may see, in the order they came."""
        caller = self.caller()
        return tuple(person for person in self.store.people.list() if caller.may_see(person.id))

    def access(self, person_id: str) -> Person:
        """Return the person of that id if the viewer may see them, else raise NoSuchPerson.

        The one place where a person's id becomes a person.
        """
        known = person_id.isascii() and person_id.isdigit() and len(person_id) < 10
        if known and self.caller().may_see(int(person_id)):
            person = self.store.people.get(int(person_id))
            if person is not None:
                return person
        raise NoSuchPerson("there is no such person here; choose one from the list")

    def zone(self, person: Person | None) -> ZoneInfo:
        """Return the wearer's zone, UTC while it is not known or this machine's time zone data do not know it."""
        if person is None or not person.zone:
            return UTC_ZONE
        try:
            return ZoneInfo(person.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return UTC_ZONE

    def recent(self, person: Person | None, now: float) -> Series:
        """Return the last day's readings and any ahead of now; with none before now, the newest one there is.

        Those ahead prove the clock wrong; the newest one has an age that can be told.
        """
        if person is None:
            return EMPTY
        series = self.series.between(person.id, now - RECENT_S, now + AHEAD_S)
        if len(series) and series.ts[0] <= now:
            return series
        newest = self.store.readings.newest(person.id, before=now)
        return merge([Columns.of([newest])]) if newest else series

    def trouble(self, person: Person | None) -> tuple[Trouble | None, float | None]:
        """Return what is wrong with what *person*'s page shows, and when it is tried again; None, None when well.

        By the last stored run or, where that is newer, by what the polling process says itself: it may have no database
        to say it in.
        """
        now = self.now()
        if person is not None and self._clock_is_behind(person, now):
            return trouble("clock-wrong"), None
        if not self.demo and not self.has_account:
            return None, None
        run, status = self._last_run(now), self._status(now)
        said = status if status is not None and (run is None or status.at >= run.started + 1) else None
        at, code, retry_at = (said.at, said.code, said.next_try_at) if said else _told_by(run)
        if self._is_silent(max(at, self.awake_since()), retry_at, now):
            return trouble("polling-stopped"), None
        if code in TROUBLES:
            return trouble(code), retry_at
        return (_noticed(run, person) if run else None), None

    def upkeep(self) -> Trouble | None:
        """Return what threatens what is kept, None where nothing does or whoever asks cannot see to it."""
        if not self.may(Right.MANAGE):
            return None
        room, backup, now = self.room(), self.last_backup(), self.now()
        if room is not None and room.is_low:
            return UPKEEP["disk-low"]
        if backup is None:
            return None
        overdue = backup.is_old(now) and now - self.awake_since() > BACKUP_DUE_S
        return UPKEEP["backup-failed"] if backup.reason or overdue else None

    def sensor(self, person: Person | None) -> SensorSeen | None:
        """Return the wearer's newest sensor, None where the source names none."""
        known = self.store.sensors.of_person(person.id) if person else ()
        newest = max(known, key=lambda s: s.activated or 0, default=None)
        if newest is None:
            return None
        return SensorSeen(newest.serial, newest.kind, newest.activated, newest.warmup_min, newest.life_days)

    def is_watched(self, person: Person) -> bool:
        """Return whether a silence of this person is an alarm: whether live readings come, or should."""
        sources = self.store.sources.of_person(person.id)
        return any(source.has_live or source.kind in LIVE_SOURCES for source in sources)

    def facts(self, person: Person) -> Facts | None:
        """Return what alarms are judged by now; None for who has no source of live readings, as one from a file."""
        if not self.is_watched(person):
            return None
        now, stale_s = self.now(), 60 * self.settings.stale_minutes
        known = current(self.recent(person, now), now, stale_s)
        what, _next_try_at = self.trouble(person)
        cause = cause_of(
            what.code if what else None,
            polled=self.demo or self.has_account,
            led=self.led(),
            ever=known.measured_at is not None,
            warming=sensor_state(self.sensor(person), now, known.is_current).phase is Phase.WARMING,
        )
        return Facts(known, person.targets, stale_s, cause)

    def alarms(self, person: Person) -> Alarms:
        """Return a person's alarms as they are now, also while nobody is there who writes them down."""
        facts = self.facts(person)
        return {} if facts is None else advance(self.store.alarms.of_person(person.id), facts, self.now())

    def acknowledge(self, person: Person, seen: Mapping[AlarmKind, int], minutes: int, by: str) -> Alarms:
        """Silence for some minutes what somebody was told of, and return the alarms. Raises ValueError, StoreError."""
        self.require(Right.ACKNOWLEDGE)
        facts, now = self.facts(person), self.now()

        def change(alarms: Alarms) -> Alarms:
            held = alarms if facts is None else advance(alarms, facts, now)
            return acknowledge(held, seen, minutes, by, now)

        return self.store.alarms.change(person.id, change)

    def spooling(self) -> bool:
        """Return whether what is fetched now is kept in a file of this installation while the database is away."""
        now = self.now()
        status = self._status(now)
        return status is not None and status.spooled and not self._is_silent(status.at, status.next_try_at, now)

    def _clock_is_behind(self, person: Person, now: float) -> bool:
        newest = self.store.readings.newest(person.id)
        return newest is not None and newest.ts > now + FUTURE_SLACK_S

    def _last_run(self, now: float) -> Run | None:
        """Return the newest run that does not lie in the future: those that do were made by a clock set back since."""
        for n in (1, MANY_RUNS):
            runs = self.store.runs.recent(n)
            past = next((run for run in runs if run.started <= now + FUTURE_SLACK_S), None)
            if past is not None or len(runs) < n:
                return past
        return None

    def _status(self, now: float) -> Polling | None:
        status = self.polling()
        return status if status is not None and status.at <= now + FUTURE_SLACK_S else None

    def _is_silent(self, since: float, retry_at: float | None, now: float) -> bool:
        """Return whether a poll is overdue: the last one was at *since*, the next try is due at *retry_at*."""
        # However long a wait was announced, the poller looks again within the hour.
        due = max(since, min(retry_at or since, since + LOOKS_AGAIN_S))
        return now - due > SILENT_POLLS * self.settings.poll_seconds + SILENT_S


def _told_by(run: Run | None) -> tuple[float, str, float | None]:
    return (run.started, run.outcome, run.retry_at) if run else (0.0, "", None)


def _noticed(run: Run, person: Person | None) -> Trouble | None:
    """Return the most serious notice of a run that concerns *person* or everybody."""
    who = ("", str(person.id) if person else "")
    codes = (code for code, _at, whom in (notice.partition("@") for notice in run.reason.split()) if whom in who)
    found = (trouble(code) for code in codes if code in TROUBLES)
    return next((one for one in found if one.level in (Level.USER, Level.OPERATOR)), None)
