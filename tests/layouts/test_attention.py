"""What needs attention, in words: unit, local time, counts; and nothing where nothing does."""

import dataclasses
from datetime import datetime
from typing import Any

import pytest

from cgm_dash.attention import NIGHTS, Item, Kind
from cgm_dash.reading import Flag
from cgm_dash.trouble import trouble
from cgm_dash.units import Unit
from layouts.attention import attention_list
from tests.layouts.rendered import BERLIN, NOW, attribute, by_class, walk, words


def at(clock: str, day: int = 22) -> int:
    return int(datetime.fromisoformat(f"2026-11-{day} {clock}").replace(tzinfo=BERLIN).timestamp())


NIGHT = Item(kind=Kind.LOW_NIGHT, start=at("03:25"), end=at("06:00"), seconds=9300, mg_dl=48, at=at("04:35"), nights=1)


def told(*items: Item, unit: Unit = Unit.MG_DL) -> list[str]:
    """Return the entries in words, that of a lost server left out."""
    found = [c for c in walk(attention_list(items, unit, BERLIN, NOW)) if type(c).__name__ == "Li"]
    return [" ".join(words(entry).split()) for entry in found if getattr(entry, "className", None) != "lost-server"]


def test_a_low_of_the_night_tells_times_lowest_and_unit() -> None:
    assert told(NIGHT) == ["Low this night, 2 h 35 min 03:25 to 06:00, lowest 48 mg/dL at 04:35."]
    assert told(NIGHT, unit=Unit.MMOL_L) == ["Low this night, 2 h 35 min 03:25 to 06:00, lowest 2.7 mmol/L at 04:35."]


@pytest.mark.parametrize(
    ("nights", "end"),
    [
        (1, "04:35."),
        (2, "Second night in a row."),
        (3, "3 nights in a row."),
        (NIGHTS + 1, "More than 7 nights in a row."),
    ],
)
def test_nights_in_a_row_are_told(nights: int, end: str) -> None:
    assert told(dataclasses.replace(NIGHT, nights=nights))[0].endswith(end)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"count": 2}, "2 lows this night, 2 h 35 min in all 03:25 to 06:00, lowest 48 mg/dL at 04:35."),
        ({"kind": Kind.LOW_DAY}, "Low today, 2 h 35 min 03:25 to 06:00, lowest 48 mg/dL at 04:35."),
        (
            {"kind": Kind.LOW_DAY, "count": 3},
            "3 lows today, 2 h 35 min in all 03:25 to 06:00, lowest 48 mg/dL at 04:35.",
        ),
        ({"kind": Kind.LOW_NOW, "end": None}, "Low since 03:25 Lowest 48 mg/dL at 04:35."),
        (
            {"kind": Kind.LOW_LOST, "at": at("14:05")},
            "Low when readings stopped 48 mg/dL at 14:05, and nothing newer. Measure with a meter.",
        ),
        (
            {"flag": Flag.LO, "mg_dl": 40},
            "Low this night, 2 h 35 min 03:25 to 06:00, lowest LO (under 40 mg/dL) at 04:35.",
        ),
        (
            {"start": at("23:30", 21)},
            "Low this night, 2 h 35 min Sat 21 Nov 23:30 to 06:00, lowest 48 mg/dL at 04:35.",
        ),
        (
            {"kind": Kind.HIGH, "mg_dl": 286},
            "Above 180 mg/dL for 2 h 35 min 03:25 to 06:00, highest 286 mg/dL at 04:35.",
        ),
        (
            {"kind": Kind.HIGH, "mg_dl": 286, "count": 2},
            "2 times above 180 mg/dL, 2 h 35 min in all 03:25 to 06:00, highest 286 mg/dL at 04:35.",
        ),
        ({"kind": Kind.HIGH_NOW, "mg_dl": 244}, "Above 180 mg/dL since 03:25 Highest 244 mg/dL at 04:35."),
        (
            {"kind": Kind.SILENT},
            "No reading since 03:25 What is shown is old. If you need to know now, measure with a meter. Open Status",
        ),
        (
            {"kind": Kind.SILENT, "start": None},
            "No reading yet The first one appears by itself. Status tells how the source does. Open Status",
        ),
        (
            {"kind": Kind.WARMING, "start": at("14:14"), "end": at("15:14")},
            "New sensor is warming up Started 14:14. Values come from about 15:14 on; until then use a meter if you"
            " need to know.",
        ),
        (
            {"kind": Kind.SENSOR_ENDS, "end": at("21:10", 25)},
            "Sensor ends on Wednesday Have a new one ready: this one stops at about Wed 25 Nov 21:10.",
        ),
        (
            {"kind": Kind.SENSOR_ENDING, "end": at("23:50"), "seconds": 33_500},
            "Sensor ends in 9 h Have a new one ready: this one stops at about 23:50.",
        ),
        (
            {"kind": Kind.SENSOR_ENDING, "end": at("15:10"), "seconds": 2280},
            "Sensor ends in 38 min Have a new one ready: this one stops at about 15:10.",
        ),
        (
            {"kind": Kind.SENSOR_ENDED, "start": at("13:00")},
            "Sensor has ended It ended at 13:00. Readings go on with a new one.",
        ),
        ({"kind": Kind.GAPS, "seconds": 4200}, "1 h 10 min without readings today From 03:25 to 06:00. Open Status"),
        (
            {"kind": Kind.GAPS, "seconds": 4200, "count": 2},
            "1 h 10 min without readings today 2 gaps between 03:25 and 06:00. Open Status",
        ),
        (
            {"kind": Kind.ZONE},
            "Time zone is assumed Times are shown for Europe/Berlin. Confirm or change it. Open Settings",
        ),
        (
            {"kind": Kind.COVERAGE, "percent": 55.2},
            "Few readings lately They cover 55 % of the 14 days before today: figures may be off.",
        ),
    ],
)
def test_each_kind_has_its_words(more: dict[str, Any], expected: str) -> None:
    assert told(dataclasses.replace(NIGHT, **more)) == [expected]


def test_every_kind_has_words_and_a_sign() -> None:
    for kind in Kind:
        item = dataclasses.replace(NIGHT, kind=kind, trouble=trouble("terms"))
        (entry,) = told(item)
        assert len(entry) > 20
        assert "{" not in entry


def test_trouble_is_told_with_what_to_do() -> None:
    assert told(Item(kind=Kind.TROUBLE, trouble=trouble("terms")))[0].startswith(
        "Something for you to do LibreLinkUp has new terms of use."
    )
    (own,) = told(Item(kind=Kind.TROUBLE, trouble=trouble("disk-full")))
    assert own.startswith("This program needs attention The disk is full")


@pytest.mark.parametrize(
    ("more", "swatch"),
    [
        ({}, "b-vlow"),
        ({"mg_dl": 54}, "b-low"),
        ({"mg_dl": 60, "flag": Flag.LO}, "b-vlow"),
        ({"kind": Kind.HIGH, "mg_dl": 250}, "b-high"),
        ({"kind": Kind.HIGH, "mg_dl": 251}, "b-vhigh"),
        ({"kind": Kind.HIGH_NOW, "mg_dl": 240, "flag": Flag.HI}, "b-vhigh"),
    ],
)
def test_lows_and_highs_carry_the_colour_of_their_band(more: dict[str, Any], swatch: str) -> None:
    card = attention_list((dataclasses.replace(NIGHT, **more),), Unit.MG_DL, BERLIN, NOW)
    assert len(by_class(card, swatch)) == 1


def test_a_calm_day_says_so_and_a_lost_server_is_always_ready_to_be_told() -> None:
    calm = attention_list((), Unit.MG_DL, BERLIN, NOW)
    assert told() == ["Nothing needs attention."]
    for card in (calm, attention_list((NIGHT,), Unit.MG_DL, BERLIN, NOW)):
        (lost,) = by_class(card, "lost-server")
        assert "Server not answering" in words(lost)
        assert attribute(lost, "data-item") == "offline"
