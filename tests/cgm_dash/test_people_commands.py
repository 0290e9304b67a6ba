"""Who is let in, by command: on the real database alone, with no secret on the command line, and written down."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app
from cgm_dash import cli
from cgm_dash.access import Role, Scope
from sql import Store

GOOD, OTHER = "drei kleine Schritte", "noch ein paar Worte"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a command; typed: what stands on standard input. Its status, output and complaint are returned."""
    monkeypatch.setenv("CGM_DASH_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CGM_DASH_DEMO", "0")
    app.composition.cache_clear()

    def run(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        status = cli.main(arguments)
        shown = capsys.readouterr()
        return status, shown.out, shown.err

    yield run
    app.composition(quiet=True).services.store.close()
    app.composition.cache_clear()


def store() -> Store:
    services = app.composition(quiet=True).services
    services.ready()
    return services.store


def noted() -> list[tuple[str, str, str]]:
    return [(entry.who, entry.action, entry.about) for entry in reversed(store().audit.newest())]


def test_a_user_is_added_with_a_password_from_standard_input(run: Run) -> None:
    store().people.create("Ann")
    assert run("user", "add", "Mira", "--role", "owner", typed=GOOD + "\nmore\n")[0] == 0
    assert run("user", "add", "Ben", "--person", "Ann", typed=GOOD)[0] == 0
    mira = store().users.check("mira", GOOD)
    assert mira is not None
    assert mira.role is Role.OWNER
    status, out, _ = run("user", "list", "--json")
    assert status == 0
    listed = json.loads(out)
    assert [(row["name"], row["role"], row["people"]) for row in listed] == [
        ("Mira", "owner", None),
        ("Ben", "viewer", ["Ann"]),
    ]
    assert listed[0]["created"].endswith("+00:00")
    out = run("user", "list")[1]
    assert out.splitlines()[1].startswith("Ben  viewer  people: Ann  created: ")
    assert noted() == [("operator", "user-added", "Mira (owner)"), ("operator", "user-added", "Ben (viewer)")]


def test_on_a_terminal_the_password_is_asked_for_twice(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    answers = [GOOD, OTHER, GOOD, GOOD]
    monkeypatch.setattr("getpass.getpass", lambda _prompt: answers.pop(0))
    monkeypatch.setattr(io, "StringIO", Terminal)
    status, _, err = run("user", "add", "Mira")
    assert (status, "differ" in err) == (2, True)
    assert run("user", "add", "Mira")[0] == 0
    assert store().users.check("Mira", GOOD) is not None


def test_another_password_ends_sessions_and_may_lift_the_second_factor(run: Run) -> None:
    run("user", "add", "Mira", typed=GOOD)
    mira = store().users.by_name("Mira")
    assert mira is not None
    store().users.set_totp(mira.id, "GEZDGNBVGY3TQOJQ")
    now = app.composition().services.now()
    id_ = store().sessions.open(now, user_id=mira.id)
    assert run("user", "password", "mira", typed=OTHER)[0] == 0
    assert store().sessions.find(id_, now) is None
    kept = store().users.check("mira", OTHER)
    assert kept is not None
    assert kept.has_totp
    assert run("user", "password", "mira", "--remove-second-factor", typed=GOOD)[0] == 0
    kept = store().users.by_name("Mira")
    assert kept is not None
    assert not kept.has_totp
    assert [action for _, action, _ in noted()][1:] == ["password-changed", "password-changed", "second-factor-off"]


def test_a_user_is_removed_but_not_the_last_owner(run: Run) -> None:
    run("user", "add", "Mira", "--role", "owner", typed=GOOD)
    run("user", "add", "Ben", typed=GOOD)
    assert run("user", "remove", "ben")[0] == 0
    status, _, err = run("user", "remove", "mira")
    assert (status, "last owner" in err) == (2, True)
    assert [user.name for user in store().users.list()] == ["Mira"]


def test_a_token_is_shown_once_alone_on_standard_output(run: Run) -> None:
    ann = store().people.create("Ann").id
    status, out, err = run("token", "create", "watch", "--scope", "read", "--scope", "metrics", "--person", "Ann")
    assert (status, "shown once" in err) == (0, True)
    token = store().tokens.find(out.strip(), app.composition().services.now())
    assert token is not None
    assert (token.scopes, token.person_id, token.created_by) == (frozenset(Scope), ann, "operator")
    assert token.expires - token.created == 365 * 86_400
    listed = json.loads(run("token", "list", "--json")[1])
    assert [(row["name"], row["scopes"], row["person"]) for row in listed] == [("watch", ["metrics", "read"], "Ann")]
    assert out.strip() not in json.dumps(listed)
    assert run("token", "revoke", "watch")[0] == 0
    assert store().tokens.list() == ()
    assert [action for _, action, _ in noted()] == ["token-created", "token-revoked"]


def test_tokens_of_one_name_are_told_apart_by_number(run: Run) -> None:
    for _ in range(2):
        run("token", "create", "watch", "--scope", "read")
    status, _, err = run("token", "revoke", "watch")
    assert (status, "2 tokens are called 'watch'" in err) == (2, True)
    newest = store().tokens.list()[0].id
    assert run("token", "revoke", str(newest))[0] == 0
    assert len(store().tokens.list()) == 1


def test_wrong_use_is_one_line_and_changes_nothing(run: Run) -> None:
    for arguments, typed, said in (
        (("user", "add", "Mira"), "", "one line on standard input"),
        (("user", "add", "Mira"), "short\n", "fewer than 12"),
        (("user", "add", "Mira", "--person", "Nobody"), GOOD, "nobody called 'Nobody'"),
        (("user", "password", "Mira"), GOOD, "no user called 'Mira'"),
        (("user", "remove", "Mira"), "", "no user called 'Mira'"),
        (("token", "create", "watch", "--scope", "read", "--days", "0"), "", "1 to 730 days"),
        (("token", "revoke", "watch"), "", "no token called 'watch'"),
    ):
        status, out, err = run(*arguments, typed=typed)
        assert (status, out, err.count("\n"), said in err) == (2, "", 1, True), err
    assert (store().users.list(), store().tokens.list(), noted()) == ((), (), [])
    assert "user add NAME" in run("user", "list")[1]
    assert json.loads(run("token", "list", "--json")[1]) == []


def test_in_the_demo_nobody_is_let_in(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CGM_DASH_DEMO", "1")
    status, _, err = run("user", "add", "Mira", typed=GOOD)
    assert (status, "this is the demo" in err) == (2, True)
    assert not (tmp_path / "cgm_dash.sqlite3").exists()
