"""The set-up secret: who reads what the server printed at its start may become the first owner; kept as a digest."""

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from cgm_dash.access import Role
from cgm_dash.credentials import new_setup_secret, setup_digest
from sql.engine import writing
from sql.schema import setup_secrets, users
from sql.upsert import insert
from sql.users import lock


class SetupSecret:
    """At most one. now: UTC epoch seconds. Every method raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def renew(self, now: float) -> str | None:
        """Return a new secret to print, four groups of five characters; the one before it is void.

        None where there is an owner: then none is valid.
        """
        secret = new_setup_secret()
        with writing(self._engine) as connection:
            lock(connection)
            if connection.execute(sa.select(sa.exists().where(users.c.role == Role.OWNER.value))).scalar():
                connection.execute(sa.delete(setup_secrets))
                return None
            values = {"digest": setup_digest(secret), "made_at": int(now)}
            row = insert(connection, setup_secrets).values(id=1, **values)
            connection.execute(row.on_conflict_do_update(index_elements=["id"], set_=values))
        return secret
