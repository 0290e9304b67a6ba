"""What pages may ask for: one typed bundle, put together by app.py and given as an argument, never imported."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from zoneinfo import ZoneInfo

from cgm_dash.batch import Columns
from cgm_dash.errors import CgmDashError
from cgm_dash.series import EMPTY, Series, merge
from cgm_dash.settings import Settings
from cgm_dash.trouble import TROUBLES, Level, Trouble, trouble
from sql.people import Person
from sql.store import Store

UTC_ZONE = ZoneInfo("UTC")

RECENT_S = 24 * 3600
"""How far back the newest reading, its change and the time since it entered its band are looked for."""


class NoSuchPerson(CgmDashError):
    """The address names a person there is none of, or whom the viewer may not see; the two look alike on purpose."""


class SeriesSource(Protocol):
    """Merged readings of one person, from memory where they are held there."""

    def between(self, person_id: int, start: float, end: float) -> Series:
        """Return the readings with start <= ts < end, UTC epoch seconds. Raises StoreUnavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """settings; store; series: merged readings; now: UTC epoch seconds; demo: whether everything shown is invented.

    ready: raises StoreUnavailable, StoreDamaged or StoreError while the database cannot be worked with. led: whether
    some process polls. waiting: how many readings wait in the spool. signing_key: signs what Dash hands out.
    """

    settings: Settings
    store: Store
    series: SeriesSource
    now: Callable[[], float]
    demo: bool
    ready: Callable[[], None]
    led: Callable[[], bool]
    waiting: Callable[[], int]
    signing_key: bytes = field(repr=False)

    def people(self) -> tuple[Person, ...]:
        """Return the people this viewer may see, in the order they came."""
        return self.store.people.list()

    def access(self, person_id: str) -> Person:
        """Return the person of that id if the viewer may see them, else raise NoSuchPerson.

        The one place that knows about rights; until people can sign in, everyone may see everyone.
        """
        if person_id.isascii() and person_id.isdigit() and len(person_id) < 10:
            person = self.store.people.get(int(person_id))
            if person is not None:
                return person
        raise NoSuchPerson("there is no such person here; choose one from the list")

    def zone(self, person: Person | None) -> ZoneInfo:
        """Return the wearer's zone, UTC while it is not known."""
        return ZoneInfo(person.zone) if person is not None and person.zone else UTC_ZONE

    def recent(self, person: Person | None, now: float) -> Series:
        """Return the last day's readings; with none, the newest one there is, so that its age can be told."""
        if person is None:
            return EMPTY
        series = self.series.between(person.id, now - RECENT_S, now + 1)
        if len(series):
            return series
        newest = self.store.readings.newest(person.id, before=now)
        return merge([Columns.of([newest])]) if newest else series

    def trouble(self, person: Person | None) -> tuple[Trouble | None, float | None]:
        """Return what is wrong with the upstream by the last run, and when it is tried again; None, None when well."""
        last = next(iter(self.store.runs.recent(1)), None)
        if last is None:
            return None, None
        if last.outcome in TROUBLES:
            return trouble(last.outcome), last.retry_at
        notices = [notice.partition("@") for notice in last.reason.split()]
        mine = [
            code for code, _at, who in notices if code in TROUBLES and who in ("", str(person.id if person else ""))
        ]
        serious = [trouble(code) for code in mine if trouble(code).level in (Level.USER, Level.OPERATOR)]
        return (serious[0], None) if serious else (None, None)
