"""The rhythm of polls against an upstream whose delay is known."""

import random
from dataclasses import dataclass, field

import pytest

from ingestion.phase import Phase

START = 1_795_338_860.0
HOUR = 3600.0


@dataclass
class Upstream:
    """Wearers whose readings come at a second of the minute and appear `delay` seconds later."""

    seconds: tuple[float, ...]
    delays: tuple[float, ...]
    jitter: float = 0.0
    dice: random.Random = field(default_factory=lambda: random.Random(5))
    appears: dict[tuple[int, int], float] = field(default_factory=dict)

    def time_of(self, who: int, minute: int) -> float:
        return self.seconds[who] + 60.0 * minute

    def appeared(self, who: int, minute: int) -> float:
        late = self.delays[who] + self.dice.uniform(0, self.jitter)
        return self.appears.setdefault((who, minute), self.time_of(who, minute) + late)

    def newest(self, who: int, at: float) -> int:
        minute = int((at - self.seconds[who]) // 60)
        while self.appeared(who, minute) > at:
            minute -= 1
        return minute


@dataclass
class Polled:
    """What happened: times of polls, waits of readings first seen (time, seconds), readings never seen."""

    polls: list[float]
    waits: list[tuple[float, float]]
    missed: int

    @property
    def mean_wait(self) -> float:
        """Of the time after the first hour."""
        late = [wait for at, wait in self.waits if at > START + HOUR]
        return sum(late) / len(late)

    @property
    def steps(self) -> list[float]:
        return [b - a for a, b in zip(self.polls, self.polls[1:], strict=False)]


def polled(upstream: Upstream, polls: int, start: float = START, poll_seconds: float = 60.0) -> Polled:
    phase, at, seen = Phase(poll_seconds, seed=3), start, dict[int, int]()
    result = Polled([start], [], 0)
    for _ in range(polls):
        found = {who: upstream.newest(who, at) for who in range(len(upstream.seconds))}
        for who, minute in found.items():
            if who in seen and minute > seen[who]:
                result.missed += minute - seen[who] - 1
                result.waits.append((at, at - upstream.appeared(who, minute)))
        seen = found
        times = {str(who): upstream.time_of(who, minute) for who, minute in found.items()}
        at = phase.next_poll(at + 0.3, at, times)
        result.polls.append(at)
    return result


@pytest.mark.parametrize("delay", [0.0, 5.0, 20.0, 45.0, 56.0, 75.0])
@pytest.mark.parametrize("jitter", [0.0, 2.0])
def test_it_asks_soon_after_the_minute_and_misses_none(delay: float, jitter: float) -> None:
    result = polled(Upstream((7.0,), (delay,), jitter), 600)
    assert result.missed == 0
    assert result.mean_wait < 4.0


def test_it_keeps_its_budget() -> None:
    result = polled(Upstream((7.0,), (5.0,)), 600)
    assert min(result.steps) >= 50.0
    assert len(result.steps) * 60 / (result.polls[-1] - result.polls[0]) == pytest.approx(1.0, abs=0.01)


def test_several_people_get_the_smallest_mean_wait() -> None:
    together = polled(Upstream((7.0, 20.0), (5.0, 5.0)), 600)
    # just after the second: the first waits 13 s, the second none; the other way round it were 0 and 47
    assert together.mean_wait == pytest.approx(6.5 + 1.6, abs=1.0)
    assert together.missed == 0


def test_three_people_spread_over_the_minute_lose_nothing() -> None:
    assert polled(Upstream((0.0, 20.0, 40.0), (5.0, 5.0, 5.0), 2.0), 600).missed == 0


def test_a_silent_sensor_is_asked_at_the_plain_interval() -> None:
    phase = Phase()
    assert phase.next_poll(START, START, {"a": START - 3600}) == START + 60
    assert phase.next_poll(START, START + 60, {}) == START + 120


def test_one_late_upload_does_not_teach_a_late_habit() -> None:
    upstream = Upstream((7.0,), (5.0,))
    minute = int((START + HOUR) // 60)
    upstream.appears[0, minute] = upstream.time_of(0, minute) + 40
    assert polled(upstream, 600).mean_wait < 8.0


def test_a_failed_poll_teaches_nothing() -> None:
    upstream, phase = Upstream((7.0,), (5.0,)), Phase(seed=3)
    at = START
    for i in range(300):
        seen = {} if i % 3 == 2 else {"0": upstream.time_of(0, upstream.newest(0, at))}
        at = phase.next_poll(at, at, seen)
    delay = phase.delay_s("0")
    assert delay is not None
    assert delay < 10


def test_a_clock_that_went_back_starts_afresh() -> None:
    phase = Phase()
    phase.next_poll(START, START, {"a": START - 10})
    assert phase.next_poll(START - 7200, START - 7200, {}) == START - 7200 + 60
    assert phase.delay_s("a") is None


@pytest.mark.parametrize("poll_seconds", [1.0, 10.0])
def test_a_fast_simulator_keeps_its_plain_interval(poll_seconds: float) -> None:
    assert Phase(poll_seconds).next_poll(START + 0.2, START, {"a": START - 10}) == START + poll_seconds


def test_it_never_names_a_time_that_is_over() -> None:
    assert Phase().next_poll(START + 500, START, {"a": START - 10}) == START + 500


def test_slow_polls_keep_the_phase_too() -> None:
    result = polled(Upstream((7.0,), (5.0,)), 100, poll_seconds=300.0)
    assert min(result.steps) >= 250
    assert max(result.steps) <= 311
    assert result.mean_wait < 12
