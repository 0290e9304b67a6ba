"""Whether everything kept is sound, and what to do about what is not: the database's side of `cgm-dash check`."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cgm_dash.errors import StoreError
from sql.engine import check_health
from sql.migrate import schema_is_current
from sql.people import Person
from sql.store import Store


def database_problems(store: Store) -> Iterator[str]:
    """Give what keeps the database from being worked with, each in a line with its remedy."""
    try:
        check_health(store.engine)
        if not schema_is_current(store.engine):
            yield "the database's schema is not this program's; run: cgm-dash migrate"
    except StoreError as exc:
        yield str(exc)


def account_problems(store: Store) -> Iterator[str]:
    """Give why the stored account cannot be polled: it was sealed with another secret key."""
    try:
        store.upstreams.account()
    except StoreError as exc:
        yield str(exc)


def person_problems(store: Store, person: Person) -> list[str]:
    """Return what is wrong with one person: an unknown zone, derived days that are not what the readings give.

    Days found wrong are made anew at once, since the readings they come from are at hand; they are told all the same.
    """
    found = list(_zone_problems(person))
    if found and person.zone is not None:
        return found  # its days cannot be cut
    try:
        wrong = store.days.check(person.id)
        if wrong:
            store.days.rebuild(person.id)
    except StoreError as exc:
        return [*found, f"person {person.id}: {exc}"]
    for one in wrong:
        span = f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}"
        found.append(
            f"person {person.id}, {span}: {one.what}; made anew from the readings: check the disk if it recurs"
        )
    return found


def _zone_problems(person: Person) -> Iterator[str]:
    if person.zone is None:
        if person.seq > 0:
            yield f"person {person.id}: the wearer's zone is not known, so days are cut in UTC; set CGM_DASH_ZONE"
        return
    try:
        ZoneInfo(person.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield f"person {person.id}: this machine does not know the zone '{person.zone}'; install or update tzdata"
