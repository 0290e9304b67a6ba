"""Users: one first owner, one last owner, one of each name, one use of each code; on both databases, also at once."""

from collections.abc import Callable

import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.engine import Engine

from cgm_dash import credentials
from cgm_dash.access import Role
from cgm_dash.credentials import STEP_S, needs_rehash, new_totp_secret
from cgm_dash.errors import UsageError
from sql import Store
from sql.engine import looking, writing
from sql.schema import sessions, setup_secrets, users
from sql.setup_secret import SetupSecret
from sql.users import User, UserStore
from sql.vault import Vault
from tests.support.together import together

NOW = 1_795_345_200.0
GOOD, OTHER = "drei kleine Schritte", "noch ein paar Worte"
OWNER, CARER, VIEWER = Role.OWNER, Role.CARER, Role.VIEWER


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hash costs is not the matter here."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(credentials, "_hasher", cheap)


def added(store: Store, name: str = "Mira", role: Role = VIEWER) -> User:
    return store.users.add(name, GOOD, role, NOW, people=None)


def refused(words: str) -> "pytest.RaisesExc[UsageError]":
    return pytest.raises(UsageError, match=words)


def code_at(secret: str, at: float) -> str:
    return pyotp.TOTP(secret).generate_otp(int(at // STEP_S))


def test_a_user_is_kept_as_added(store: Store) -> None:
    assert (store.users.list(), store.users.any_owner()) == ((), False)
    mira = store.users.add("  Mira Muster ", GOOD, OWNER, NOW + 0.5, people=None)
    assert mira == User(mira.id, "Mira Muster", OWNER, True, frozenset(), False, int(NOW), None)
    assert store.users.list() == (mira,)
    assert store.users.get(mira.id) == mira
    assert store.users.get(mira.id + 1) is None
    assert store.users.any_owner()


def test_a_user_sees_the_people_named_and_an_owner_everyone(store: Store) -> None:
    ann, ben = (store.people.create(name).id for name in ("Ann", "Ben"))
    some = store.users.add("some", GOOD, CARER, NOW, people=[ben, ben])
    assert (some.sees_all, some.people) == (False, frozenset({ben}))
    nobody = store.users.add("nobody", GOOD, VIEWER, NOW, people=[])
    assert (nobody.sees_all, nobody.people) == (False, frozenset())
    owner = store.users.add("owner", GOOD, OWNER, NOW, people=[ann])
    assert (owner.sees_all, owner.people) == (True, frozenset())
    assert store.users.list() == (some, nobody, owner)


def test_nobody_can_be_let_see_a_person_there_is_none_of(store: Store) -> None:
    with refused("no such person"):
        store.users.add("some", GOOD, CARER, NOW, people=[7])
    assert store.users.list() == ()


def test_a_name_that_is_none_is_refused_and_not_repeated(store: Store) -> None:
    for name in ("", "   ", "x" * 81, "a\nb", "a\0b", "\ud800", "a\u202eb"):
        with refused("1 to 80 printable") as caught:
            added(store, name)
        assert not name.strip() or name not in str(caught.value)


def test_a_name_is_taken_however_it_is_written(store: Store) -> None:
    mira = added(store, "Mira Müller")
    for other in ("mira müller", " MIRA  MÜLLER ", "Mira Mu\u0308ller", "Ｍira Müller"):
        with refused("that name already"):
            added(store, other)
        assert store.users.by_name(other) == mira
    assert store.users.by_name("mira") is None


def test_a_password_that_is_refused_is_told_in_words(store: Store) -> None:
    mira = added(store, "Mira Muster")
    for password, words in (
        ("short", "fewer than 12"),
        ("x y z " * 43, "more than 256"),
        ("qwerty123456", "tried first"),
        ("Mira Muster!", "more than the name"),
    ):
        with refused(words):
            store.users.add("Mira Muster", password, VIEWER, NOW, people=None)
        with refused(words):
            store.users.set_password(mira.id, password)


def test_only_the_right_password_of_a_known_name_is_let_in(store: Store) -> None:
    mira = added(store)
    assert store.users.check("mira", GOOD) == mira
    for name, password in (("mira", OTHER), ("mira", ""), ("nobody", GOOD), ("", ""), ("x" * 100_000, GOOD)):
        assert store.users.check(name, password) is None


def test_an_unknown_name_costs_a_hash_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    added(store)
    checked = list[str]()

    def verify(hash_: str, _password: str) -> bool:
        checked.append(hash_)
        return False

    monkeypatch.setattr("sql.users.verify_password", verify)
    store.users.check("mira", OTHER)
    store.users.check("nobody", OTHER)
    assert len(checked) == 2
    assert checked[1] == credentials.DUMMY_HASH


def test_a_hash_of_other_parameters_is_made_anew_at_the_next_sign_in(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(store)
    monkeypatch.setattr(credentials, "_hasher", PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
    old = hash_of(store)
    assert needs_rehash(old)
    assert store.users.check("mira", OTHER) is None
    assert hash_of(store) == old
    assert store.users.check("mira", GOOD) is not None
    assert not needs_rehash(hash_of(store))
    assert store.users.check("mira", GOOD) is not None


def hash_of(store: Store) -> str:
    with looking(store.engine) as connection:
        return str(connection.execute(sa.select(users.c.password_hash)).scalar_one())


def test_another_password_ends_all_sessions_but_one(store: Store) -> None:
    mira, ben = added(store), added(store, "Ben")
    mine, lost, his = (store.sessions.open(NOW, user_id=user) for user in (mira.id, mira.id, ben.id))
    store.users.set_password(mira.id, OTHER, keep=credentials.digest(mine))
    assert [store.sessions.find(id_, NOW) is not None for id_ in (mine, lost, his)] == [True, False, True]
    assert store.users.check("mira", GOOD) is None
    assert store.users.check("mira", OTHER) is not None
    store.users.set_password(mira.id, GOOD)
    assert store.sessions.find(mine, NOW) is None


@pytest.mark.parametrize("secret", ["A" * 32, None])
def test_another_second_factor_ends_all_sessions_but_the_one_that_asked(store: Store, secret: str | None) -> None:
    mira, ben = added(store), added(store, "Ben")
    mine, lost, his = (store.sessions.open(NOW, user_id=user) for user in (mira.id, mira.id, ben.id))
    store.users.set_totp(mira.id, secret, keep=credentials.digest(mine))
    assert [store.sessions.find(id_, NOW) is not None for id_ in (mine, lost, his)] == [True, False, True]


def test_who_was_signed_out_just_now_sets_no_second_factor(store: Store) -> None:
    mira = added(store)
    mine = credentials.digest(store.sessions.open(NOW, user_id=mira.id))
    store.users.set_totp(mira.id, "A" * 32, keep=mine)
    store.users.set_password(mira.id, OTHER)
    with pytest.raises(UsageError, match="Sign in again"):
        store.users.set_totp(mira.id, None, keep=mine)
    found = store.users.get(mira.id)
    assert found is not None
    assert found.has_totp


def test_no_sign_in_outlives_a_change_of_what_is_signed_in_with(store: Store) -> None:
    added(store)
    changes: tuple[Callable[[int], None], ...] = (
        lambda user: store.users.set_password(user, OTHER),
        lambda user: store.users.set_totp(user, new_totp_secret()),
        lambda user: store.users.set_totp(user, None),
    )
    for change in changes:
        came = store.users.check("mira", GOOD) or store.users.check("mira", OTHER)
        assert came is not None
        for half in (False, True):  # nothing has changed yet
            assert store.sessions.find(store.sessions.open(NOW, user_id=came.id, half=half, stamp=came.stamp), NOW)
        change(came.id)  # between the check and the session
        store.sessions.end_all_of(came.id)
        for half in (False, True):
            with refused("Sign in again"):
                store.sessions.open(NOW, user_id=came.id, half=half, stamp=came.stamp)
        assert store.sessions.of_user(came.id, NOW) == ()


def test_the_stamp_is_of_the_password_that_was_checked(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    mira = added(store)
    verify = credentials.verify_password

    def another_is_set(hash_: str, password: str) -> bool:
        right = verify(hash_, password)
        monkeypatch.setattr("sql.users.verify_password", verify)
        store.users.set_password(mira.id, OTHER)
        return right

    monkeypatch.setattr("sql.users.verify_password", another_is_set)
    assert store.users.check("mira", GOOD) is None


def test_a_new_role_ends_sessions_and_other_people_do_not(store: Store) -> None:
    ann = store.people.create("Ann").id
    mira = added(store)
    id_ = store.sessions.open(NOW, user_id=mira.id)
    store.users.change(mira.id, role=VIEWER, people=[ann])
    changed = store.users.get(mira.id)
    assert changed is not None
    assert (changed.sees_all, changed.people) == (False, frozenset({ann}))
    assert store.sessions.find(id_, NOW) is not None
    store.users.change(mira.id, role=CARER, people=None)
    changed = store.users.get(mira.id)
    assert changed is not None
    assert (changed.role, changed.sees_all, changed.people) == (CARER, True, frozenset())
    assert store.sessions.find(id_, NOW) is None


def test_a_change_that_is_refused_changes_nothing(store: Store) -> None:
    mira = added(store)
    with refused("no such person"):
        store.users.change(mira.id, role=CARER, people=[99])
    assert store.users.list() == (mira,)


def test_the_last_owner_stays(store: Store) -> None:
    first = added(store, "first", OWNER)
    with refused("last owner"):
        store.users.remove(first.id)
    with refused("last owner"):
        store.users.change(first.id, role=CARER, people=None)
    store.users.change(first.id, role=OWNER, people=[])
    second = added(store, "second", OWNER)
    store.users.remove(first.id)
    with refused("last owner"):
        store.users.remove(second.id)
    assert [user.name for user in store.users.list()] == ["second"]


def test_a_removed_user_is_gone_with_sessions_and_never_comes_back_as_another(store: Store) -> None:
    mira = store.users.add("Mira", GOOD, CARER, NOW, people=[store.people.create("Ann").id])
    id_ = store.sessions.open(NOW, user_id=mira.id)
    store.users.remove(mira.id)
    assert store.sessions.find(id_, NOW) is None
    with looking(store.engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(sessions)).scalar() == 0
    assert store.users.check("mira", GOOD) is None
    assert added(store).id > mira.id


def test_what_is_done_to_nobody_is_told(store: Store) -> None:
    with refused("no such user"):
        store.users.remove(9)
    with refused("no such user"):
        store.users.set_password(9, GOOD)
    with refused("no such user"):
        store.users.change(9, role=CARER, people=None)
    with refused("no such user"):
        store.users.set_totp(9, None)


def test_users_are_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sql.users.MOST_USERS", 2)
    added(store, "a")
    added(store, "b")
    with refused("as many users as"):
        added(store, "c")


def test_a_code_is_taken_once_and_none_before_it(store: Store) -> None:
    mira, secret = added(store), new_totp_secret()
    assert not store.users.take_code(mira.id, code_at(secret, NOW), NOW)
    store.users.set_totp(mira.id, secret)
    kept = store.users.get(mira.id)
    assert kept is not None
    assert kept.has_totp
    assert secret not in repr(kept)
    assert not store.users.take_code(mira.id, "abcdef", NOW)
    assert store.users.take_code(mira.id, code_at(secret, NOW), NOW)
    assert not store.users.take_code(mira.id, code_at(secret, NOW), NOW + 1)
    assert not store.users.take_code(mira.id, code_at(secret, NOW - 30), NOW + 1)
    assert store.users.take_code(mira.id, code_at(secret, NOW + 30), NOW + 2)
    assert not store.users.take_code(mira.id + 1, code_at(secret, NOW + 60), NOW + 60)
    store.users.set_totp(mira.id, None)
    assert not store.users.take_code(mira.id, code_at(secret, NOW + 60), NOW + 60)


def test_a_clock_set_back_locks_nobody_out(store: Store) -> None:
    mira, secret = added(store), new_totp_secret()
    store.users.set_totp(mira.id, secret)
    assert store.users.take_code(mira.id, code_at(secret, NOW + 86_400), NOW + 86_400)
    assert store.users.take_code(mira.id, code_at(secret, NOW), NOW)
    assert not store.users.take_code(mira.id, code_at(secret, NOW), NOW)


def test_a_secret_sealed_with_another_key_lets_nobody_in_and_says_why(
    store: Store, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mira, secret = added(store), new_totp_secret()
    stranger = UserStore(store.engine, Vault.open(tmp_path_factory.mktemp("other")))
    stranger.set_totp(mira.id, secret)
    assert not store.users.take_code(mira.id, code_at(secret, NOW), NOW)
    assert "--remove-second-factor" in caplog.text


def test_of_several_who_use_a_code_at_once_one_gets_in(store: Store, vault: Vault, database_url: str) -> None:
    mira, secret = added(store), new_totp_secret()
    store.users.set_totp(mira.id, secret)
    for at in (NOW, NOW + 60, NOW + 120):

        def work(engine: Engine, _number: int, at: float = at) -> bool:
            return UserStore(engine, vault).take_code(mira.id, code_at(secret, at), at)

        assert sorted(map(str, together(database_url, 6, work))) == ["False"] * 5 + ["True"]


def test_of_several_who_take_a_name_at_once_one_gets_it(store: Store, vault: Vault, database_url: str) -> None:
    def work(engine: Engine, number: int) -> str:
        return UserStore(engine, vault).add("mIrA" if number % 2 else "Mira", GOOD, VIEWER, NOW, people=None).name

    came = together(database_url, 6, work)
    assert len([one for one in came if isinstance(one, str)]) == 1
    assert len([one for one in came if isinstance(one, UsageError) and "that name" in str(one)]) == 5
    assert len(store.users.list()) == 1


def is_kept(store: Store) -> bool:
    """Return whether a set-up secret is valid now."""
    with looking(store.engine) as connection:
        return bool(connection.execute(sa.select(sa.exists().select_from(setup_secrets))).scalar())


def test_the_first_owner_needs_the_secret_and_uses_it_up(store: Store) -> None:
    secret = store.setup_secret.renew(NOW)
    assert secret is not None
    assert is_kept(store)
    assert store.users.add_first_owner("Mira", GOOD, "AAAAA-AAAAA-AAAAA-AAAAA", NOW) is None
    with refused("fewer than 12"):
        store.users.add_first_owner("Mira", "short", secret, NOW)
    mira = store.users.add_first_owner("Mira", GOOD, secret.lower().replace("-", " "), NOW)
    assert mira is not None
    assert (mira.role, mira.sees_all) == (OWNER, True)
    assert not is_kept(store)
    assert store.users.add_first_owner("Ben", GOOD, secret, NOW) is None
    assert store.setup_secret.renew(NOW) is None


def test_a_taken_name_does_not_use_the_secret_up(store: Store) -> None:
    added(store)
    secret = store.setup_secret.renew(NOW)
    assert secret is not None
    with refused("that name already"):
        store.users.add_first_owner("mira", GOOD, secret, NOW)
    assert store.users.add_first_owner("owner", GOOD, secret, NOW) is not None


def test_of_several_first_owners_at_once_there_is_one(store: Store, vault: Vault, database_url: str) -> None:
    secret = store.setup_secret.renew(NOW)
    assert secret is not None

    def work(engine: Engine, number: int) -> User | None:
        return UserStore(engine, vault).add_first_owner(f"owner {number}", GOOD, secret, NOW)

    came = together(database_url, 6, work)
    assert len([one for one in came if isinstance(one, User)]) == 1
    assert came.count(None) == 5
    assert len(store.users.list()) == 1


def test_only_the_newest_setup_secret_is_valid(store: Store) -> None:
    first, second = store.setup_secret.renew(NOW), store.setup_secret.renew(NOW + 1)
    assert first is not None
    assert second is not None
    assert store.users.add_first_owner("Mira", GOOD, first, NOW) is None
    assert store.users.add_first_owner("Mira", GOOD, second, NOW) is not None


def test_an_owner_added_by_hand_voids_the_setup_secret(store: Store) -> None:
    store.setup_secret.renew(NOW)
    added(store, "viewer")
    assert is_kept(store)
    added(store, "owner", OWNER)
    assert not is_kept(store)


def test_two_who_renew_the_secret_at_once_leave_one_that_works(store: Store, vault: Vault, database_url: str) -> None:
    came = together(database_url, 4, lambda engine, _number: SetupSecret(engine).renew(NOW))
    secrets = [one for one in came if isinstance(one, str)]
    assert len(secrets) == 4
    assert [store.users.add_first_owner("Mira", GOOD, one, NOW) is not None for one in secrets].count(True) == 1


def test_two_owners_at_once_cannot_both_go(store: Store, vault: Vault, database_url: str) -> None:
    for round_ in range(4):
        owners = [added(store, f"{round_} {n}", OWNER).id for n in range(2)]

        def work(engine: Engine, number: int, owners: list[int] = owners) -> bool:
            mine = UserStore(engine, vault)
            if number:
                mine.remove(owners[number])
            else:
                mine.change(owners[number], role=VIEWER, people=None)
            return True

        came = together(database_url, 2, work)
        assert came.count(True) == 1
        assert [str(one) for one in came if isinstance(one, UsageError)] == [
            "The last owner stays one; make somebody else an owner first."
        ]
        assert store.users.any_owner()
        with writing(store.engine) as connection:
            connection.execute(sa.delete(users))
