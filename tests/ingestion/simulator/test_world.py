"""The truth a test may judge by is what the answers say, and everything is decided by the arguments."""

import doctest
import importlib
from collections.abc import Callable
from typing import Any

import pytest

from cgm_dash.reading import Kind, Reading
from ingestion.simulator import World, wire

MINUTE, HOUR, DAY = 60, 3600, 86_400


def written(patient: Any, readings: list[Reading]) -> list[dict[str, Any]]:
    return [wire.measurement(patient, reading) for reading in readings]


def test_truth_of_the_history_is_what_graphs_show(follower: Any, clock: Any) -> None:
    world = follower.server.world
    seen: dict[str, Any] = {}
    start = clock()
    for _ in range(6):
        seen |= {p["FactoryTimestamp"]: p for p in follower.graph(1)["graphData"]}
        clock.advance(4 * HOUR)
    truth = world.truth(1, start - 11 * HOUR, start + 19 * HOUR).history
    assert len(truth) == 30 * 12
    assert [seen[wire.stamp(reading.ts)] for reading in truth] == written(world.patients[1], truth)


def test_truth_of_the_live_series_is_what_polls_show(follower: Any, clock: Any) -> None:
    world, seen = follower.server.world, []
    start = clock()
    for _ in range(20):
        seen.append(follower.connections()[0]["glucoseMeasurement"])
        clock.advance(MINUTE)
    truth = world.truth(0, start - 61, start + 19 * MINUTE).live
    assert seen == written(world.patients[0], truth)[-20:]
    assert all(r.kind is Kind.LIVE and r.trend and r.period_s == 60 and r.offset_min == 60 for r in truth)


@pytest.mark.parametrize("aside", [-1, 0, 1, 17])
@pytest.mark.parametrize("kind", [Kind.LIVE, Kind.HISTORY])
def test_truth_of_a_span_is_the_truth_of_its_parts(clock: Any, kind: Kind, aside: int) -> None:
    world = World.build(clock=clock)
    a, b = clock() - DAY, clock()
    whole = world.truth(0, a, b)
    cut = [r for r in (*whole.live, *whole.history) if r.kind is kind][100].ts + aside
    left, right = world.truth(0, a, cut), world.truth(0, cut, b)
    assert left.live + right.live == whole.live
    assert left.history + right.history == whole.history
    assert all(reading.ts < cut for reading in (*left.live, *left.history))
    assert (len(whole.live), len(whole.history)) == (24 * 60, 24 * 12)


def test_same_arguments_make_the_same_world(clock: Any) -> None:
    one, two = World.build(seed=7, people=3, clock=clock), World.build(seed=7, people=3, clock=clock)
    assert one.patients == two.patients
    assert [p.patient_id for p in one.patients] == [p.patient_id for p in two.patients]
    assert one.follower == two.follower
    assert one.latest(2) == two.latest(2)


def test_another_seed_makes_other_ids_and_values(clock: Any) -> None:
    one, two = World.build(seed=1, clock=clock), World.build(seed=2, clock=clock)
    assert one.patients[0].patient_id != two.patients[0].patient_id
    assert one.truth(0, clock() - HOUR, clock()) != two.truth(0, clock() - HOUR, clock())


def test_the_first_people_are_mira_in_berlin_and_jonas_in_vienna() -> None:
    mira, jonas = World.build(people=2, unit=("mg/dL", "mmol/L")).patients
    assert (mira.first_name, mira.last_name, mira.zone_name, mira.mmol) == ("Mira", "Demo", "Europe/Berlin", False)
    assert (jonas.first_name, jonas.last_name, jonas.zone_name, jonas.mmol) == ("Jonas", "Demo", "Europe/Vienna", True)


def test_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="mg/dL or mmol/L, got 'mg'"):
        World.build(unit="mg")


def test_clock_may_go_back_and_forth(follower: Any, clock: Any) -> None:
    now = follower.connections()
    clock.advance(-30 * DAY)
    follower.login()
    then = follower.connections()
    assert then != now
    clock.advance(30 * DAY)
    assert follower.connections() == now


def test_nothing_exists_before_the_first_moment(simulate: Callable[..., Any], clock: Any) -> None:
    follower = simulate(first=clock() - 2 * HOUR)
    follower.login()
    points = follower.graph()["graphData"]
    assert 18 <= len(points) <= 22
    assert follower.server.world.truth(0, 0, clock() - 2 * HOUR) == ([], [])
    clock.advance(-3 * HOUR)
    assert follower.server.world.latest(0) is None


def test_without_warm_ups_no_minute_is_missing(clock: Any) -> None:
    world = World.build(clock=clock, warmups=False)
    put_on = world.patients[0].sensor_at(clock()).activated
    assert len(world.truth(0, put_on - HOUR, put_on + HOUR).live) == 120
    assert World.build(clock=clock).truth(0, put_on, put_on + HOUR).live == []


def test_a_session_outlives_a_restart_of_the_simulator(simulate: Callable[..., Any]) -> None:
    before, after = simulate(), simulate()
    before.login()
    after.headers = before.headers
    assert after.get("user").status_code == 200


def test_another_worlds_session_is_refused(simulate: Callable[..., Any]) -> None:
    one, two = simulate(seed=1), simulate(seed=2)
    one.login()
    two.headers = one.headers
    assert two.get("user").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é.è.ê"])
def test_forged_tokens_are_refused(follower: Any, token: str) -> None:
    assert follower.server.world.tickets.read(token, 0) is None


def test_token_looks_like_a_jwt_and_names_the_account(follower: Any, clock: Any) -> None:
    token = follower.headers["authorization"].removeprefix("Bearer ")
    session = follower.server.world.tickets.read(token, clock())
    assert token.count(".") == 2
    assert session.user_id == follower.server.world.follower.id


@pytest.mark.parametrize("name", ["exchange", "faults", "edits", "people", "wire"])
def test_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(importlib.import_module(f"ingestion.simulator.{name}"))
    assert (result.failed, result.attempted > 0) == (0, True)
