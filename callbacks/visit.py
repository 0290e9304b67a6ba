"""One look at a page: who looks at whom, and how. Everything in it may have been written by a stranger."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from callbacks.address import Address, parse
from callbacks.services import Services
from cgm_dash.units import Unit
from cgm_dash.window import HOURS, Window, dated, named
from cgm_dash.zones import local_date
from layouts.controls import date_fault
from layouts.views import PersonView, RangeView
from sql.people import Person


@dataclass(frozen=True, slots=True)
class Viewer:
    """How one viewer looks at the page, as the browser tells; everything is checked here."""

    unit: Unit
    theme: str = "light"
    phone: bool = False

    @classmethod
    def of(cls, unit: object, told: object, default: Unit) -> "Viewer":
        """Return the viewer's choices, the defaults for what is missing or odd."""
        told = told if isinstance(told, Mapping) else {}
        known = [u for u in Unit if u.value == unit]
        theme = "dark" if told.get("theme") == "dark" else "light"
        return cls(known[0] if known else default, theme, told.get("phone") is True)


@dataclass(frozen=True, slots=True)
class Ranges:
    """What a page offers to choose from, and what it shows where the address names none of it."""

    names: tuple[str, ...]
    default: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The stretch of time to show. error: why chosen dates were refused, "" where they were not."""

    window: Window
    view: RangeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """address: what the link asks for. person: None where there is nobody yet. now: UTC epoch seconds."""

    address: Address
    viewer: Viewer
    now: float
    people: tuple[Person, ...]
    person: Person | None
    zone: ZoneInfo

    @property
    def person_id(self) -> str:
        """The person's id as addresses write it, "" for nobody."""
        return "" if self.person is None else str(self.person.id)

    @property
    def people_views(self) -> tuple[PersonView, ...]:
        """Everyone the viewer may choose."""
        return tuple(PersonView(str(p.id), p.name) for p in self.people)

    @property
    def fault(self) -> str:
        """Why the dates that the address names cannot be shown, in words; "" where they can."""
        return date_fault(*self.address.dates, local_date(self.zone, self.now)) if self.address.dates else ""

    def chosen(self, ranges: Ranges) -> Chosen:
        """Return the stretch that the address asks for, or the page's default.

        A range in hours is for pages that offer some; every page takes every range of days, and chosen dates.
        """
        asked = self.address
        hours = any(name in HOURS for name in ranges.names)
        name = asked.range if asked.range and (hours or asked.range not in HOURS) else ranges.default
        today = local_date(self.zone, self.now)
        first, last = asked.dates or (today - timedelta(days=13), today)
        fault = self.fault
        if asked.dates and not fault:
            window = dated(first, last, self.now, self.zone)
        else:
            window = named(ranges.default if fault else name, self.now, self.zone)
        view = RangeView(chosen=name, first=first, last=last, today=today, error=fault, names=ranges.names)
        return Chosen(window, view)

    @property
    def begun(self) -> int:
        """How often the number of the person's changes has doubled, from 1 for the first; 0 without any.

        A new store gets its past in few changes: without this, slow pages would go on showing its first moment.
        """
        return 0 if self.person is None else self.person.seq.bit_length()

    def key(self, news_s: int) -> str:
        """Return what decides that something else must be drawn; time counts in steps of *news_s* seconds.

        Readings are not in it: a page that must show each one adds person.seq.
        """
        who = self.person
        about = () if who is None else (who.id, who.name, who.zone, who.zone_confirmed, who.goals, self.begun)
        return short(f"{about}|{self.address}|{self.viewer}|{int(self.now // news_s)}")


def short(key: str) -> str:
    """Return sixteen characters that stand for a long key: it travels to the browser and back with every question.

    The same in every process.
    """
    return hashlib.blake2s(key.encode(), digest_size=8).hexdigest()


def visit_of(services: Services, search: object, viewer: Viewer) -> Visit:
    """Return the visit that an address's query asks for. Raises StoreError, and NoSuchPerson for a stranger's id."""
    address = parse(search)
    people = services.people()
    person = services.access(address.person or str(people[0].id)) if people or address.person else None
    return Visit(
        address=address,
        viewer=viewer,
        now=services.now(),
        people=people,
        person=person,
        zone=services.zone(person),
    )


def nobody(services: Services, viewer: Viewer) -> Visit:
    """Return a visit with nobody to look at: for an address that names a person there is none of."""
    now, zone = services.now(), services.zone(None)
    return Visit(address=Address(), viewer=viewer, now=now, people=(), person=None, zone=zone)
