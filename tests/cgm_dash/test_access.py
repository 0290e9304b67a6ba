"""Who may do what."""

import pytest

from cgm_dash.access import DEMO, OPERATOR, RIGHTS, Caller, Kind, Right, Role


@pytest.mark.parametrize(
    ("role", "may"),
    [(Role.OWNER, {"see", "acknowledge", "manage"}), (Role.CARER, {"see", "acknowledge"}), (Role.VIEWER, {"see"})],
)
def test_each_role_has_the_rights_of_its_name_alone(role: Role, may: set[str]) -> None:
    assert {right.value for right in Right if Caller(Kind.USER, rights=RIGHTS[role]).may(right)} == may


def test_a_caller_of_whom_nothing_is_known_may_nothing() -> None:
    caller = Caller(Kind.USER)
    assert not any(caller.may(right) for right in Right)
    assert not caller.may_see(1)
    assert not caller.may_open("now")


def test_a_share_sees_its_person_on_its_pages_alone() -> None:
    sees = frozenset({Right.SEE})
    share = Caller(Kind.SHARE, "Dr. Berg", sees, people=frozenset({2}), pages=frozenset({"report"}))
    assert [share.may_see(1), share.may_see(2)] == [False, True]
    assert [share.may_open("report"), share.may_open("settings")] == [True, False]
    assert not share.may(Right.ACKNOWLEDGE)
    assert share.label == "share:Dr. Berg"


def test_people_named_are_of_no_use_without_the_right_to_see() -> None:
    token = Caller(Kind.TOKEN, "grafana", people=None, pages=None)
    assert not token.may_see(1)
    assert not token.may_open("now")


def test_operator_and_demo_may_everything() -> None:
    for caller in (OPERATOR, DEMO):
        assert all(caller.may(right) for right in Right)
        assert caller.may_see(12)
        assert caller.may_open("settings")
    assert OPERATOR.label == "operator"
