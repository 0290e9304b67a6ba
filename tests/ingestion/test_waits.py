"""The table of waits."""

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgm_dash.trouble import TROUBLES, Level
from ingestion import authentication, librelinkup, patience, transport, verdicts, waits

CODES = sorted(waits.SOON | waits.STEPS.keys() | waits.NEVER)
MINUTE = 60


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("network", [60, 60, 60, 60, 120, 120]),
        ("timeout", [60, 60, 60, 60, 120, 120]),
        ("server-error", [60, 60, 60, 60, 120, 120]),
        ("bad-answer", [60, 60, 60, 60, 120, 120]),
        ("no-data", [60, 60, 60, 60, 120, 120]),
        ("rate-limited", [300, 600, 900, 900]),
        ("maintenance", [300, 600, 900, 900]),
        ("blocked", [900, 900]),
        ("locked", [330, 3600, 3600]),
        ("terms", [1800, 1800]),
        ("verify-email", [1800]),
        ("two-factor", [1800]),
        ("wrong-password", [None, None]),
    ],
)
def test_waits_follow_the_table(code: str, expected: list[float | None]) -> None:
    assert [waits.wait_s(code, n) for n in range(1, len(expected) + 1)] == expected


def test_every_trouble_of_the_upstream_has_a_wait() -> None:
    named: set[str] = set()
    for module in (authentication, librelinkup, patience, transport, verdicts):
        tree = ast.parse(inspect.getsource(module))
        named |= {
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    assert (named & set(TROUBLES)) - {"clock-wrong"} <= set(CODES) <= set(TROUBLES)


@pytest.mark.parametrize(("asked", "wait"), [(0, 60), (42, 60), (90, 90), (7200, 7200), (10**9, waits.LONGEST_S)])
def test_retry_after_replaces_our_own_wait_within_reason(asked: float, wait: float) -> None:
    assert waits.wait_s("rate-limited", 3, retry_after_s=asked) == wait


def test_a_lock_out_is_waited_out_with_a_margin_and_then_an_hour() -> None:
    assert waits.wait_s("locked", 1, retry_after_s=600) == 630
    assert waits.wait_s("locked", 2, retry_after_s=600) == 3600


def test_a_fast_simulator_is_asked_again_at_its_own_pace() -> None:
    assert [waits.wait_s("network", n, poll_seconds=1) for n in (1, 5)] == [1, 2]


@given(st.sampled_from(CODES), st.integers(1, 10_000), st.none() | st.floats(0, 1e12), st.floats(1, 180))
def test_a_wait_is_never_shorter_than_a_poll_nor_longer_than_recovery_allows(
    code: str, n: int, asked: float | None, poll: float
) -> None:
    wait = waits.wait_s(code, n, retry_after_s=asked, poll_seconds=poll)
    if wait is None:
        assert TROUBLES[code].level is Level.USER
        return
    assert wait >= min(poll, 180)
    if asked is None:
        limit = {"locked": 3600.0}.get(code, 180.0 if code in waits.SOON else 1800.0)
        assert wait <= limit
