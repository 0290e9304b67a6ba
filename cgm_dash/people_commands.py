"""The commands about who is let in: `user` for people, `token` for programs. They compose through cli.py's main()."""

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cgm_dash.access import OPERATOR, Action, Role, Scope
from cgm_dash.errors import UsageError

if TYPE_CHECKING:
    from callbacks.services import Services
    from sql.people import Person
    from sql.tokens import Token
    from sql.users import User


def add_user_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `user add|list|password|remove`."""
    user = commands.add_parser("user", help="people who may sign in")
    verbs = user.add_subparsers(required=True, metavar="add|list|password|remove")
    add = _verb(verbs, "add", _add_user, "let somebody in; the password is asked for, or read from standard input")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.VIEWER.value, help="default: viewer")
    add.add_argument("--person", action="append", metavar="NAME", help="whom they see (default: everyone); repeatable")
    shown = _verb(verbs, "list", _list_users, "who may sign in")
    shown.add_argument("--json", action="store_true", help="print one JSON document")
    password = _verb(verbs, "password", _set_password, "give somebody another password; ends all their sessions")
    password.add_argument("name", metavar="NAME")
    password.add_argument("--remove-second-factor", action="store_true", help="ask for no second factor any more")
    remove = _verb(verbs, "remove", _remove_user, "let somebody in no longer")
    remove.add_argument("name", metavar="NAME")


def add_token_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `token create|list|revoke`."""
    token = commands.add_parser("token", help="what programs sign in with")
    verbs = token.add_subparsers(required=True, metavar="create|list|revoke")
    create = _verb(verbs, "create", _create_token, "make a token for a program; it is shown this once")
    create.add_argument("name", metavar="NAME", help="of the program")
    scopes = [scope.value for scope in Scope]
    create.add_argument("--scope", action="append", choices=scopes, required=True, help="what it opens; repeatable")
    create.add_argument("--days", type=int, default=365, metavar="N", help="how long it is valid (default: 365)")
    create.add_argument("--person", metavar="NAME", help="whose readings (default: everyone's)")
    shown = _verb(verbs, "list", _list_tokens, "which tokens there are")
    shown.add_argument("--json", action="store_true", help="print one JSON document")
    revoke = _verb(verbs, "revoke", _revoke_token, "end a token")
    revoke.add_argument("name", metavar="NAME", help="of the program, or the token's number")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    does: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=does)
    parser.set_defaults(run=run)
    return parser


def _services() -> "Services":
    """Return the services over the real database, brought up to date. Raises UsageError in the demo."""
    import app

    services = app.composition(quiet=True).services
    if services.demo:
        raise UsageError("this is the demo, where nobody signs in; connect an account first, or set CGM_DASH_DEMO=0")
    services.ready()
    return services


def _note(services: "Services", action: Action, about: str) -> None:
    services.store.audit.note(services.now(), OPERATOR.label, action, about=about)


def _new_password() -> str:
    """Return the password asked for twice on a terminal, else one line of standard input. Raises UsageError."""
    if sys.stdin.isatty():
        password = getpass.getpass("New password: ")
        if getpass.getpass("Once more: ") != password:
            raise UsageError("the two passwords differ; try again")
        return password
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as exc:
        raise UsageError("password: standard input is not text of this machine's encoding") from exc
    if not line:
        raise UsageError("password: expected one line on standard input")
    return line.rstrip("\r\n")


def _persons(services: "Services", names: list[str]) -> "list[Person]":
    """Return the people that are meant by name or number. Raises UsageError for a name nobody or several have."""
    found = []
    for name in names:
        people = [p for p in services.people() if name in (p.name, str(p.id))]
        if len(people) != 1:
            many = f"{len(people)} people are called" if people else "there is nobody called"
            raise UsageError(f"--person: {many} '{name}'; give the name or number of one")
        found += people
    return found


def _user(services: "Services", name: str) -> "User":
    user = services.store.users.by_name(name)
    if user is None:
        raise UsageError(f"there is no user called '{name}'; cgm-dash user list names them")
    return user


def _add_user(args: argparse.Namespace) -> int:
    services = _services()
    people = None if args.person is None else [person.id for person in _persons(services, args.person)]
    if services.store.users.by_name(args.name):
        raise UsageError(f"there is a user called '{args.name}' already; choose another name")
    role = Role(args.role)
    user = services.store.users.add(args.name, _new_password(), role, services.now(), people=people)
    _note(services, Action.USER_ADDED, f"{user.name} ({role.value})")
    print(f"cgm-dash: {user.name} can sign in now, as {role.value}")
    return 0


def _set_password(args: argparse.Namespace) -> int:
    services = _services()
    user = _user(services, args.name)
    services.store.users.set_password(user.id, _new_password())
    _note(services, Action.PASSWORD_CHANGED, user.name)
    if args.remove_second_factor and user.has_totp:
        services.store.users.set_totp(user.id, None)
        _note(services, Action.SECOND_FACTOR_OFF, user.name)
    print(f"cgm-dash: {user.name} has a new password; all sessions were ended")
    return 0


def _remove_user(args: argparse.Namespace) -> int:
    services = _services()
    user = _user(services, args.name)
    services.store.users.remove(user.id)
    _note(services, Action.USER_REMOVED, user.name)
    print(f"cgm-dash: {user.name} was removed")
    return 0


def _list_users(args: argparse.Namespace) -> int:
    services = _services()
    names = {person.id: person.name for person in services.people()}
    rows = [
        {
            "name": user.name,
            "role": user.role.value,
            "people": None if user.sees_all else sorted(names.get(id_, str(id_)) for id_ in user.people),
            "second_factor": user.has_totp,
            "created": _time(user.created),
            "last_seen": _time(user.last_seen),
        }
        for user in services.store.users.list()
    ]
    _show(rows, args.json, "nobody can sign in yet; cgm-dash user add NAME --role owner")
    return 0


def _create_token(args: argparse.Namespace) -> int:
    services = _services()
    person = None if args.person is None else _persons(services, [args.person])[0].id
    scopes = {Scope(scope) for scope in args.scope}
    token, secret = services.store.tokens.create(
        args.name, scopes, services.now(), days=args.days, person_id=person, created_by=OPERATOR.label
    )
    _note(services, Action.TOKEN_CREATED, f"{token.name} ({', '.join(sorted(scopes))})")
    print(f"cgm-dash: this is shown once; it is valid until {_time(token.expires)}", file=sys.stderr)
    print(secret)
    return 0


def _list_tokens(args: argparse.Namespace) -> int:
    services = _services()
    names = {person.id: person.name for person in services.people()}
    rows = [
        {
            "id": token.id,
            "name": token.name,
            "scopes": sorted(token.scopes),
            "person": None if token.person_id is None else names.get(token.person_id, str(token.person_id)),
            "created_by": token.created_by,
            "created": _time(token.created),
            "expires": _time(token.expires),
            "last_used": _time(token.last_used),
            "last_address": token.last_address,
        }
        for token in services.store.tokens.list()
    ]
    _show(rows, args.json, "there are no tokens; cgm-dash token create NAME --scope read")
    return 0


def _revoke_token(args: argparse.Namespace) -> int:
    services = _services()
    token = _token(services, args.name)
    services.store.tokens.revoke(token.id)
    _note(services, Action.TOKEN_REVOKED, token.name)
    print(f"cgm-dash: the token of {token.name} opens nothing any more")
    return 0


def _token(services: "Services", name: str) -> "Token":
    tokens = services.store.tokens.list()
    found = [token for token in tokens if token.name == name] or [token for token in tokens if str(token.id) == name]
    if len(found) != 1:
        many = f"{len(found)} tokens are called" if found else "there is no token called"
        raise UsageError(f"{many} '{name}'; cgm-dash token list tells their numbers")
    return found[0]


def _time(ts: int | None) -> str | None:
    return None if ts is None else datetime.fromtimestamp(ts, UTC).isoformat()


def _show(rows: list[dict[str, Any]], as_json: bool, nothing: str) -> None:
    """Print *rows*: as JSON, else a line for each, with the names of its values."""
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    for row in rows:
        print("  ".join(_shown(name, value) for name, value in row.items() if value not in (None, "", False)))
    if not rows:
        print(f"cgm-dash: {nothing}")


def _shown(name: str, value: object) -> str:
    if isinstance(value, list):
        return f"{name}: {', '.join(map(str, value)) or 'nobody'}"
    return (
        str(value)
        if name in ("id", "name", "role")
        else name.replace("_", " ") + ("" if value is True else f": {value}")
    )
