"""The sensor's card in every phase, and the dial of its days."""

import re

import numpy as np
import pytest

from cgm_dash.batch import SensorSeen
from cgm_dash.current import Current, State
from cgm_dash.sensor import SensorState, sensor_state
from layouts.sensor import dial, sensor_card
from tests.layouts.rendered import BERLIN, NOW, attribute, by_class, walk, words
from tests.support.paths import strokes

NOW_S = int(NOW)
DAY_S = 86_400
FRESH = Current(State.FRESH, 120, measured_at=NOW_S - 60, age_s=60)
STALE = Current(State.STALE, 120, measured_at=NOW_S - 27 * 60, age_s=27 * 60)
NONE = Current(State.NONE)


def worn(seconds: int, life: int | None = 14, now: Current = FRESH) -> SensorState:
    return sensor_state(SensorSeen("x", "Libre 3", NOW_S - seconds, 60, life), NOW, now.is_current)


def told(state: SensorState, now: Current = FRESH) -> str:
    return " ".join(words(sensor_card(state, now, BERLIN, NOW)).split())


def arcs(state: SensorState) -> dict[str, int]:
    """Return how many arcs the dial has in each colour."""
    svg = str(attribute(dial(state), "svg"))
    paths = re.findall(r'<path d="([^"]+)" fill="var\(--([\w-]+)\)"', svg)
    return {colour: path.count("Z") for path, colour in paths}


def test_a_running_sensor_tells_its_day_its_end_and_what_is_left() -> None:
    assert told(worn(int(10.7 * DAY_S))) == (
        "3 days left Running As last known Day 11 of 14 until Wed 21:44 Started Wed 11 Nov Model Libre 3"
    )


@pytest.mark.parametrize(
    ("age_s", "current", "parts"),
    [
        (18 * 60, STALE, ("13 days left", "Warming up", "Day 1 of 14", "until Sun 6 Dec 14:14", "Started today 14:14")),
        (13 * DAY_S + 14 * 3600, FRESH, ("10 hours left", "Ends soon", "Day 14 of 14", "until Mon 00:32")),
        (14 * DAY_S - 3700, FRESH, ("1 hour left", "until 15:33")),
        (12 * DAY_S + 60, FRESH, ("1 day left", "Day 13 of 14")),
        (15 * DAY_S, STALE, ("0 days left", "Ended", "since Sat 21 Nov 14:32")),
        (15 * DAY_S, FRESH, ("Past its 14 days",)),
        (3 * DAY_S, STALE, ("Quiet since 14:05", "Day 4 of 14")),
    ],
)
def test_each_phase_has_its_words(age_s: int, current: Current, parts: tuple[str, ...]) -> None:
    text = told(worn(age_s, now=current), current)
    for part in parts:
        assert part in text


def test_a_sensor_without_a_known_life_has_no_end() -> None:
    text = told(worn(40 * DAY_S, None))
    assert "– left Running" in text
    assert "Day 41" in text
    assert "until" not in text


def test_a_sensor_nobody_names_is_said_to_be_unknown() -> None:
    unknown = sensor_state(None, NOW)
    assert told(unknown, NONE) == "– left Nothing known As last known Its source does not tell when it was started."
    assert "Running" in told(unknown, FRESH)
    assert not by_class(sensor_card(unknown, FRESH, BERLIN, NOW), "facts")


@pytest.mark.parametrize(
    ("age_s", "life", "expected"),
    [
        (18 * 60, 14, {"line": 13, "accent": 1}),
        (int(10.7 * DAY_S), 14, {"line": 3, "accent": 11}),
        (15 * DAY_S, 14, {"accent": 14}),
        (2 * DAY_S, 10, {"line": 7, "accent": 3}),
        (40 * DAY_S, None, {"line": 1}),
        (40 * DAY_S, 180, {"line": 1}),
    ],
)
def test_the_dial_has_an_arc_for_each_day(age_s: int, life: int | None, expected: dict[str, int]) -> None:
    assert arcs(worn(age_s, life)) == expected


def test_the_dial_fills_clockwise_from_the_top() -> None:
    svg = str(attribute(dial(worn(18 * 60)), "svg"))
    (first,) = re.findall(r'<path d="([^"]+)" fill="var\(--accent\)"', svg)
    points = np.concatenate(strokes(first))
    assert points[:, 0].min() >= 48
    assert points[:, 1].max() < 48


def test_the_picture_is_hidden_from_screen_readers_whose_words_stand_beside_it() -> None:
    card = sensor_card(worn(10 * DAY_S), FRESH, BERLIN, NOW)
    svg = [str(attribute(c, "svg")) for c in walk(card) if type(c).__name__ == "Drawing"]
    assert len(svg) == 1
    assert 'aria-hidden="true"' in svg[0]
