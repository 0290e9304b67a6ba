"""/access: who may look. For owners: people who may sign in, programs' tokens, shared links."""

from flask import Flask, Response

from callbacks.server import access_links, access_people, access_programs
from callbacks.server.signed_in import guarded, moments, myself, page
from callbacks.services import Services
from cgm_dash.access import Right, Role
from sql.shares import Share
from sql.tokens import Token
from sql.users import User

PATH = "/access"
KEY = "<int(max=999999999):key>"


def register(server: Flask, services: Services) -> None:
    """Register the page and what its forms lead to."""

    def add(rule: str, name: str, view: object, *methods: str) -> None:
        guarded_view = guarded(services, view, Right.MANAGE)  # type: ignore[arg-type]
        server.add_url_rule(f"{PATH}{rule}", name, guarded_view, methods=methods)

    add("", "access", lambda: _overview(services), "GET")
    people = access_people.Pages(services)
    add("/people/new", "person_new", people.new, "GET")
    add("/people/new", "person_add", people.add, "POST")
    add(f"/people/{KEY}", "person", people.one, "GET")
    add(f"/people/{KEY}", "person_change", people.change, "POST")
    add(f"/people/{KEY}/password", "person_password", people.set_password, "POST")
    add(f"/people/{KEY}/second-factor", "person_factor", people.factor_off, "POST")
    add(f"/people/{KEY}/sessions", "person_sessions", people.end_sessions, "POST")
    add(f"/people/{KEY}/remove", "person_remove", people.remove, "POST")
    programs = access_programs.Pages(services)
    add("/programs/new", "program_new", programs.new, "GET")
    add("/programs/new", "program_add", programs.add, "POST")
    add(f"/programs/{KEY}/revoke", "program_revoke", programs.revoke, "POST")
    links = access_links.Pages(services)
    add("/links/new", "link_new", links.new, "GET")
    add("/links/new", "link_add", links.add, "POST")
    add(f"/links/{KEY}/revoke", "link_revoke", links.revoke, "POST")


def _overview(services: Services) -> Response:
    store, now = services.store, services.now()
    names = {person.id: person.name for person in services.people()}
    users, tokens, shares = store.users.list(), store.tokens.list(), store.shares.list(now)
    return page(
        services,
        "access.html",
        me=myself(services).user_id,
        users=[(user, _seen_by(user, names)) for user in users],
        tokens=[(token, _whose(token, names)) for token in tokens],
        shares=[(share, _whose(share, names)) for share in shares],
        now=now,
        moment=moments(services),
    )


def _seen_by(user: User, names: dict[int, str]) -> list[str] | None:
    """Return the names of whom a user may see, None for everyone."""
    if user.sees_all or user.role is Role.OWNER:
        return None
    return [name for id_, name in names.items() if id_ in user.people]


def _whose(made: Token | Share, names: dict[int, str]) -> str | None:
    """Return whose readings it opens, None for everyone's."""
    return None if made.person_id is None else names.get(made.person_id, "–")
