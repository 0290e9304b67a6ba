"""People: the wearers, as their users want them shown."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.errors import StoreError
from cgm_dash.goals import Goals, TargetSet, check_own, goals_for, goals_of
from cgm_dash.units import ADULT, Targets, Unit
from sql.engine import looking, writing
from sql.schema import people
from sql.text import storable

NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Person:
    """One wearer. zone: IANA name, None not known yet; zone_confirmed: False where it was worked out.

    goals: with the limits. country: ISO 3166 code, empty unknown. seq: raised by every change of the person's readings.
    """

    id: int
    name: str
    zone: str | None
    zone_confirmed: bool
    unit: Unit
    goals: Goals
    country: str
    seq: int

    @property
    def target_set(self) -> TargetSet:
        """Whose limits and goals the person is judged by."""
        return self.goals.target_set

    @property
    def targets(self) -> Targets:
        """The limits of the five bands, mg/dL."""
        return self.goals.targets


class PeopleStore:
    """The people table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def list(self) -> tuple[Person, ...]:
        """Return everyone, in the order they came."""
        with looking(self._engine) as connection:
            rows = connection.execute(sa.select(people).order_by(people.c.id))
            return tuple(_person(row) for row in rows)

    def get(self, person_id: int) -> Person | None:
        """Return one person, None where there is none of that id."""
        with looking(self._engine) as connection:
            row = connection.execute(sa.select(people).where(people.c.id == person_id)).one_or_none()
            return None if row is None else _person(row)

    def create(
        self,
        name: str,
        *,
        unit: Unit = Unit.MG_DL,
        targets: Targets = ADULT,
        country: str = "",
        zone: str | None = None,
    ) -> Person:
        """Add a person and return it; a *zone* given counts as confirmed.

        Limits other than the adult ones make the target set custom, without goals. Raises ValueError outside 40..400.
        """
        check_own(targets)
        with writing(self._engine) as connection:
            person_id = insert_person(connection, name, unit=unit, targets=targets, country=country, zone=zone)
            return _person(connection.execute(sa.select(people).where(people.c.id == person_id)).one())

    def rename(self, person_id: int, name: str) -> None:
        """Give a person another name; no source changes it back."""
        self._set(person_id, name=storable(name, NAME_LIMIT))

    def set_zone(self, person_id: int, zone: str | None, confirmed: bool) -> None:
        """Set the wearer's zone. confirmed: a person said so. Raises ValueError for no IANA name."""
        self._set(person_id, zone=None if zone is None else _known_zone(zone), zone_confirmed=confirmed)

    def set_target_set(
        self,
        person_id: int,
        target_set: TargetSet,
        limits: Targets | None = None,
        goal_tir: int | None = None,
        goal_tbr: int | None = None,
    ) -> None:
        """Set whose limits and goals a person is judged by.

        Custom takes *limits*, mg/dL, each in 40..400, and may take goals in percent, 1..99: of time in target to
        exceed, of time below low to stay under. The other sets bring both. Raises ValueError for anything else.
        """
        goals = goals_of(target_set, limits, goal_tir, goal_tbr)
        check_own(goals.targets, goal_tir, goal_tbr)
        self._set(person_id, **_judged(goals), goal_tir=goal_tir, goal_tbr=goal_tbr)

    def _set(self, person_id: int, **values: Any) -> None:
        statement = sa.update(people).where(people.c.id == person_id).values(**values).returning(people.c.id)
        with writing(self._engine) as connection:
            if connection.execute(statement).one_or_none() is None:
                raise no_person(person_id)


def insert_person(
    connection: Connection, name: str, *, unit: Unit, targets: Targets, country: str, zone: str | None = None
) -> int:
    """Add a person inside a write transaction and return the id."""
    values = {"name": storable(name, NAME_LIMIT), "country": storable(country, 8), "unit": str(unit), "seq": 0}
    values |= {"zone": zone, "zone_confirmed": zone is not None, **_judged(goals_for(targets))}
    return int(connection.execute(sa.insert(people).values(values).returning(people.c.id)).scalar_one())


def no_person(person_id: int) -> StoreError:
    """Return the error for an id nobody has."""
    return StoreError(f"person {person_id}: there is none of that number; reload the page")


def _known_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise ValueError(f"zone: expected an IANA name such as Europe/Berlin, got '{name}'") from exc


def _judged(goals: Goals) -> dict[str, str | int]:
    """Return the columns of set and limits; the limits in force stand in the row whatever the set."""
    limits = {name: getattr(goals.targets, name) for name in ("very_low", "low", "high", "very_high")}
    return {"target_set": str(goals.target_set), **limits}


def _goals(row: sa.Row[Any]) -> Goals:
    target_set = TargetSet(row.target_set)
    if target_set is not TargetSet.CUSTOM:
        return goals_of(target_set)
    limits = Targets(row.very_low, row.low, row.high, row.very_high)
    return goals_of(target_set, limits, row.goal_tir, row.goal_tbr)


def _person(row: sa.Row[Any]) -> Person:
    unit = Unit(row.unit)
    return Person(row.id, row.name, row.zone, row.zone_confirmed, unit, _goals(row), row.country, row.seq)
