"""Tests that look at pages have signed in: without that nobody is shown anything."""

import time
from collections.abc import Collection, Mapping
from typing import Any

import requests
import sqlalchemy as sa
from dash import Dash
from flask.testing import FlaskClient

from callbacks.server.door import NAME, caller_of
from callbacks.services import Services
from cgm_dash.access import Role
from cgm_dash.credentials import name_key
from sql.engine import make_engine, writing
from sql.schema import user_people, users
from sql.store import Store, assemble
from sql.vault import Vault
from tests.support.served import Served

OWNER = "Olga"
PASSWORD = "three small words of hers"
COOKIE = "cgm_session"
FROM_A_PAGE = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a request that a page of ours makes."""


def user_of(store: Store, name: str = OWNER, role: Role = Role.OWNER, people: Collection[int] | None = None) -> int:
    """Return the id of the user of that name, added where there is none yet: without a password, which takes time.

    people: ids of whom they see, None everyone.
    """
    found = store.users.by_name(name)
    if found is not None:
        return found.id
    values: Mapping[str, Any] = {
        "name": name,
        "name_key": name_key(name),
        "role": role.value,
        "sees_all": people is None,
        "password_hash": "",
        "created": 0,
    }
    with writing(store.engine) as connection:
        made = connection.execute(sa.insert(users).values(values).returning(users.c.id)).scalar_one()
        for person in people or ():
            connection.execute(sa.insert(user_people).values(user_id=made, person_id=person))
    return int(made)


def session_of(store: Store, now: float, name: str = OWNER, role: Role = Role.OWNER) -> str:
    """Return the id of a new session of that user, as the cookie holds it."""
    return store.sessions.open(now, user_id=user_of(store, name, role))


def let_in(app: Dash, services: Services, name: str = OWNER) -> Dash:
    """Have every test client of *app* come from a page of its own with a session of that user, the owner by default.

    The session was good a moment ago, so that it goes on where the test takes the database away.
    """

    before: list[str] = []

    class SignedIn(FlaskClient):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
            if services.demo:
                return
            store, now = services.store, services.now()
            session = store.sessions.find(before[-1], now) if before else None
            if session is None:
                before.append(session_of(store, now, name))
                session = store.sessions.find(before[-1], now)
            assert session is not None
            app.server.extensions[NAME].remember(session.digest, caller_of(services, session, now), now)
            self.set_cookie(COOKIE, before[-1])

    app.server.test_client_class = SignedIn
    return app


def visitor(served: Served, database_url: str = "") -> requests.Session:
    """Return a client of a real server that has signed in there as its owner. database_url: of another than its own."""
    made = requests.Session()
    made.headers.update(FROM_A_PAGE)
    made.cookies.set(COOKIE, session_at(served, database_url))
    return made


def session_at(served: Served, database_url: str = "") -> str:
    """Return the id of a new session of the owner's at a real server. database_url: of another than its own."""
    engine = make_engine(database_url or f"sqlite:///{served.folder / 'cgm_dash.sqlite3'}")
    store = assemble(engine, Vault.open(served.folder))
    try:
        return session_of(store, time.time())
    finally:
        store.close()
