"""Alarms: no way leads from no data to silence but a current reading or somebody's word."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgm_dash.alarm import (
    CHOICES,
    LOWS,
    Alarm,
    AlarmKind,
    Alarms,
    Cause,
    Facts,
    acknowledge,
    advance,
    cause_of,
    choices,
    told,
)
from cgm_dash.current import Current, State, state_of
from cgm_dash.reading import Flag
from cgm_dash.trouble import TROUBLES
from cgm_dash.units import Targets

STALE_S = 900
T = 1_795_345_200
NO_DATA, LOW, URGENT = AlarmKind.NO_DATA, AlarmKind.LOW, AlarmKind.URGENT_LOW


def loud(alarms: Alarms, now: float) -> AlarmKind | None:
    """Return the first of those told that somebody has not acknowledged."""
    return next((one.kind for one in told(alarms) if one.is_loud(now)), None)


def facts(mg_dl: int | None, age_s: float = 30, now: float = T, flag: Flag = Flag.NONE, behind: bool = False) -> Facts:
    """Return what is known with a newest reading *age_s* old, None for none at all."""
    if mg_dl is None:
        return Facts(Current(State.NONE), Targets(), STALE_S, Cause.NEVER)
    state = State.STALE if behind else state_of(age_s, STALE_S)
    known = Current(state, mg_dl, flag, int(now - age_s), 60, age_s)
    return Facts(known, Targets(), STALE_S, Cause.FUTURE_DATED if behind else Cause.SENSOR_QUIET)


def holding(alarms: Alarms) -> list[AlarmKind]:
    return [one.kind for one in told(alarms)]


def seen(alarms: Alarms) -> dict[AlarmKind, int]:
    return {one.kind: one.raised_at for one in told(alarms)}


@pytest.mark.parametrize(
    ("mg_dl", "flag", "expected"),
    [
        (70, Flag.NONE, []),
        (69, Flag.NONE, [LOW]),
        (54, Flag.NONE, [LOW]),
        (53, Flag.NONE, [URGENT, LOW]),
        (40, Flag.LO, [URGENT, LOW]),
        (60, Flag.LO, [URGENT, LOW]),
        (400, Flag.HI, []),
    ],
)
def test_a_low_is_judged_by_the_wearers_limits_and_lo_is_urgent(
    mg_dl: int, flag: Flag, expected: list[AlarmKind]
) -> None:
    assert holding(advance({}, facts(mg_dl, flag=flag), T)) == expected
    own = replace(facts(mg_dl, flag=flag), targets=Targets(30, 35, 180, 250))
    assert holding(advance({}, own, T)) == (expected if flag is Flag.LO else [])


def test_no_data_begins_with_the_limit_and_ends_with_a_current_reading() -> None:
    assert holding(advance({}, facts(120, 899), T)) == []
    alarms = advance({}, facts(120, 900 + 50), T)
    assert holding(alarms) == [NO_DATA]
    assert alarms[NO_DATA].raised_at == T - 50
    assert alarms[NO_DATA].cause is Cause.SENSOR_QUIET
    alarms = advance(alarms, facts(120, 20, T + 60), T + 60)
    assert holding(alarms) == []
    assert alarms[NO_DATA].ended_at == T + 60


@pytest.mark.parametrize(("mg_dl", "behind"), [(None, False), (120, True)])
def test_no_reading_ever_and_one_ahead_of_the_clock_are_no_data(mg_dl: int | None, behind: bool) -> None:
    alarms = advance({}, facts(mg_dl, 30, behind=behind), T)
    assert holding(alarms) == [NO_DATA]
    assert alarms[NO_DATA].raised_at == T


def test_a_low_that_silence_follows_stays_and_is_told_behind_no_data() -> None:
    alarms = advance({}, facts(62), T)
    for minute in range(1, 600):
        alarms = advance(alarms, facts(62, 30 + 60 * minute), T + 60 * minute)
    assert holding(alarms) == [NO_DATA, LOW]
    assert loud(alarms, T + 36_000) is NO_DATA
    # what comes in late tells of then, not of now
    alarms = advance(alarms, facts(130, 3600), T + 36_060)
    assert holding(alarms) == [NO_DATA, LOW]
    assert holding(advance(alarms, facts(130), T + 36_120)) == []


def test_acknowledged_is_silent_for_its_time_and_comes_back() -> None:
    alarms = acknowledge(advance({}, facts(62), T), {LOW: T - 30}, 30, "Ann", T)
    assert loud(alarms, T + 1799) is None
    later = advance(alarms, facts(62, now=T + 1800), T + 1800)
    assert loud(later, T + 1800) is LOW
    assert later[LOW].acknowledged_by == "Ann"


def test_an_end_and_a_new_beginning_is_another_alarm() -> None:
    alarms = acknowledge(advance({}, facts(62), T), {LOW: T - 30}, 60, "Ann", T)
    alarms = advance(alarms, facts(90, now=T + 60), T + 60)
    alarms = advance(alarms, facts(62, now=T + 120), T + 120)
    assert loud(alarms, T + 120) is LOW
    assert alarms[LOW].acknowledged_by == ""


def test_a_word_silences_only_what_was_told() -> None:
    low = advance({}, facts(62), T)
    deeper = advance(low, facts(50, now=T + 60), T + 60)
    assert loud(acknowledge(deeper, seen(low), 15, "Ann", T + 61), T + 61) is URGENT
    assert loud(acknowledge(deeper, seen(deeper), 15, "Ann", T + 61), T + 61) is None
    assert loud(acknowledge(low, {LOW: T - 31}, 15, "Ann", T), T) is LOW


def test_an_urgent_low_after_an_acknowledged_low_is_loud() -> None:
    low = acknowledge(advance({}, facts(62), T), {LOW: T - 30}, 60, "Ann", T)
    assert loud(advance(low, facts(50, now=T + 60), T + 60), T + 60) is URGENT


def test_for_how_long_follows_the_gravest_of_what_is_told() -> None:
    lost = advance(advance({}, facts(50), T), facts(50, 1000), T + 970)
    assert choices(lost) == CHOICES[URGENT]
    assert choices(advance({}, facts(None), T)) == CHOICES[NO_DATA]
    with pytest.raises(ValueError, match="choose one of 15, 5, 30"):
        acknowledge(lost, seen(lost), 240, "Ann", T)


def test_a_clock_set_back_does_not_lengthen_silence() -> None:
    alarms = acknowledge(advance({}, facts(None), T), {NO_DATA: T}, 60, "Ann", T)
    assert loud(alarms, T - 30) is None
    assert loud(alarms, T - 86_400) is NO_DATA


def test_every_trouble_has_a_cause_and_a_dead_process_is_told_from_a_stuck_one() -> None:
    found = {code: cause_of(code, polled=True, led=True, ever=True) for code in TROUBLES}
    assert found["terms"] is Cause.TERMS
    assert found["wrong-password"] is Cause.LOGIN_REFUSED
    assert found["network"] is Cause.UPSTREAM_ERROR
    assert found["database-away"] is Cause.DATABASE_DOWN
    assert found["polling-stopped"] is Cause.SCHEDULER_STUCK
    assert cause_of("polling-stopped", polled=True, led=False, ever=True) is Cause.PROCESS_DEAD
    assert cause_of(None, polled=True, led=True, ever=False) is Cause.NEVER
    assert cause_of(None, polled=False, led=True, ever=True) is Cause.NO_ACCOUNT
    assert cause_of(None, polled=True, led=True, ever=True, warming=True) is Cause.SENSOR_WARMING


STEP = st.tuples(
    st.sampled_from(("look", "look", "late", "restart", "acknowledge")),
    st.integers(-7200, 7200),
    st.one_of(st.none(), st.integers(40, 400)),
    st.integers(STALE_S, 90_000),
)


@settings(max_examples=1000, deadline=None)
@given(st.integers(40, 400), st.lists(STEP, max_size=8))
def test_no_way_leads_from_no_data_to_silence(first: int, steps: list[tuple[str, int, int | None, int]]) -> None:
    """Whatever happens but a current reading: clocks that jump, late readings, restarts, words about other alarms."""
    now = float(T)
    alarms = advance({}, facts(first, 1000), now)
    words: list[tuple[float, float]] = []
    for what, seconds, mg_dl, age_s in steps:
        now += seconds
        if what == "restart":
            alarms = {kind: replace(one) for kind, one in alarms.items()}
        elif what == "acknowledge" and seconds % 2:
            alarms = acknowledge(alarms, seen(alarms), choices(alarms)[0], "Ann", now)
            words.append((now - 61, now + 60 * choices(alarms)[0]))
        elif what == "acknowledge":
            alarms = acknowledge(
                alarms, {kind: at - 1 for kind, at in seen(alarms).items()}, choices(alarms)[0], "x", now
            )
        else:
            alarms = advance(alarms, facts(mg_dl, age_s, now, behind=bool(seconds % 2)), now)
        assert NO_DATA in holding(alarms)
        if not any(start <= now < end for start, end in words):
            assert loud(alarms, now) is NO_DATA


LOOKS = st.lists(st.tuples(st.integers(1, 1200), st.integers(40, 120), st.booleans()), min_size=1, max_size=6)


@settings(max_examples=1000, deadline=None)
@given(LOOKS)
def test_a_second_look_at_the_same_changes_nothing_but_its_time(looks: list[tuple[int, int, bool]]) -> None:
    alarms: Alarms = {}
    now = T
    for seconds, mg_dl, fresh in looks:
        now += seconds
        known = facts(mg_dl, 30 if fresh else 2000, now)
        alarms = advance(alarms, known, now)
        again = advance(alarms, known, now + 1)
        assert seen(again) == seen(alarms)
        assert {k: a.ended_at for k, a in again.items()} == {k: a.ended_at for k, a in alarms.items()}
        if fresh:
            assert [k for k in holding(alarms) if k in LOWS] == [
                k for k in holding(advance({}, known, now)) if k in LOWS
            ]
            assert NO_DATA not in holding(alarms)


def test_an_alarm_says_whether_it_holds() -> None:
    assert Alarm(LOW, T, T).holds
    assert not Alarm(LOW, T, T, ended_at=T).is_loud(T)
