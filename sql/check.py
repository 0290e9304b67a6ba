"""Whether everything kept is sound, and what to do about what is not: the database's side of `cgm-dash check`."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.errors import StoreError
from sql.engine import DURABILITY, check_health, looking
from sql.migrate import refuse_unknown_revision, schema_is_current, stored_revision
from sql.people import Person
from sql.schema import REVISION
from sql.store import Store


def database_problems(store: Store) -> Iterator[str]:
    """Give what keeps the database from being worked with, each in a line with its remedy."""
    try:
        check_health(store.engine)
        if not schema_is_current(store.engine):
            with looking(store.engine) as connection:
                revision = stored_revision(connection)
            if revision is not None and revision > REVISION:
                refuse_unknown_revision(revision)
            if revision is None:
                yield "there is nothing in the database yet; start the server, or run: cgm-dash migrate"
            else:
                yield "the database's schema is not this program's; run: cgm-dash migrate"
    except StoreError as exc:
        yield str(exc)


def durability_problems(engine: Engine) -> Iterator[str]:
    """Give the settings of PostgreSQL under which a power cut loses what was said to be stored."""
    if engine.dialect.name != "postgresql":
        return
    with looking(engine) as connection:
        for name in DURABILITY:
            if connection.execute(sa.select(sa.func.current_setting(name))).scalar() == "off":
                yield f"PostgreSQL has {name} off: a power cut may lose or damage what is stored; set it to on"


def server_clock(engine: Engine) -> float | None:
    """Return the database server's time, UTC epoch seconds; None for SQLite, whose clock is ours. Raises StoreError."""
    if engine.dialect.name != "postgresql":
        return None
    with looking(engine) as connection:
        return float(connection.execute(sa.text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


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
