"""Sensors: which serial a person wore, since when, seen from when to when."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.batch import SensorSeen
from sql.engine import looking, writing
from sql.schema import sensors
from sql.text import storable
from sql.upsert import insert

TEXT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Sensor:
    """One sensor. Times are UTC epoch seconds, None unknown; warmup_min: minutes without values at its start."""

    person_id: int
    serial: str
    source_id: int
    kind: str
    activated: int | None
    warmup_min: int
    life_days: int | None
    first_seen: int
    last_seen: int


class SensorStore:
    """The sensors table. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, person_id: int, source_id: int, seen: Iterable[SensorSeen], at: float) -> None:
        """Note that the upstream named these sensors at *at* (UTC epoch seconds).

        What it tells later fills in what was unknown and follows a corrected activation.
        """
        rows = {
            storable(sensor.serial, TEXT_LIMIT): {
                "person_id": person_id,
                "serial": storable(sensor.serial, TEXT_LIMIT),
                "source_id": source_id,
                "kind": storable(sensor.kind, TEXT_LIMIT),
                "activated": sensor.activated,
                "warmup_min": sensor.warmup_min,
                "life_days": sensor.life_days,
                "first_seen": int(at),
                "last_seen": int(at),
            }
            for sensor in seen
        }
        if not rows:
            return
        with writing(self._engine) as connection:
            statement = insert(connection, sensors)
            new, old = statement.excluded, sensors.c
            statement = statement.on_conflict_do_update(
                index_elements=["person_id", "serial"],
                set_={
                    "kind": sa.func.coalesce(sa.func.nullif(new.kind, ""), old.kind),
                    "activated": sa.func.coalesce(new.activated, old.activated),
                    "warmup_min": new.warmup_min,
                    "life_days": sa.func.coalesce(new.life_days, old.life_days),
                    "first_seen": sa.case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
                    "last_seen": sa.case((new.last_seen > old.last_seen, new.last_seen), else_=old.last_seen),
                },
            )
            connection.execute(statement, [rows[serial] for serial in sorted(rows)])

    def of_person(self, person_id: int) -> tuple[Sensor, ...]:
        """Return a person's sensors, the newest first."""
        c = sensors.c
        newest_first = (c.last_seen.desc(), c.first_seen.desc(), c.serial)
        wanted = sa.select(sensors).where(c.person_id == person_id).order_by(*newest_first)
        with looking(self._engine) as connection:
            return tuple(Sensor(**row._mapping) for row in connection.execute(wanted))
