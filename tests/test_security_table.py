"""SECURITY.md's table: every requirement of the first level once, nothing left empty, every test it names is there."""

import ast
import functools
import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")

FIRST_LEVEL = {
    "1.2": (1, 2, 3, 4, 5),
    "1.3": (1, 2),
    "1.5": (1,),
    "2.1": (1,),
    "2.2": (1, 2),
    "2.3": (1,),
    "3.2": (1, 2),
    "3.3": (1,),
    "3.4": (1, 2),
    "3.5": (1, 2, 3),
    "4.1": (1,),
    "4.4": (1,),
    "5.2": (1, 2),
    "5.3": (1, 2),
    "6.1": (1,),
    "6.2": (1, 2, 3, 4, 5, 6, 7, 8),
    "6.3": (1, 2),
    "6.4": (1, 2),
    "7.2": (1, 2, 3, 4),
    "7.4": (1, 2),
    "8.1": (1,),
    "8.2": (1, 2),
    "8.3": (1,),
    "9.1": (1, 2, 3),
    "9.2": (1,),
    "10.4": (1, 2, 3, 4, 5),
    "11.3": (1, 2),
    "11.4": (1,),
    "12.1": (1,),
    "12.2": (1, 2),
    "13.4": (1,),
    "14.2": (1,),
    "14.3": (1,),
    "15.1": (1,),
    "15.2": (1,),
    "15.3": (1,),
}
"""Section and last numbers of each requirement of level 1: OWASP Application Security Verification Standard 5.0.0."""

BY_REVIEW, NOTHING = "by review", "-"


class Row(NamedTuple):
    """One requirement as the table has it."""

    number: str
    level: str
    asks: str
    how: str
    shown: str


def _rows() -> list[Row]:
    lines = [line for line in TEXT.splitlines() if re.match(r"\| \d+\.\d+\.\d+ \|", line)]
    return [Row(*(cell.strip() for cell in line.strip("|").split("|"))) for line in lines]


@functools.cache
def _tests_of(path: Path) -> frozenset[str]:
    """Return the names of the test functions of the file *path*, none where there is no such file."""
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_bytes(), filename=str(path))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def _named(text: str) -> list[tuple[str, str]]:
    """Return file and name of each test that *text* names, without a class between or a parameter behind them."""
    return re.findall(r"`(tests/[\w/]+\.py)(?:::Test\w+)?::(test_\w+)(?:\[[^]]*\])?`", text)


def test_every_requirement_of_the_first_level_stands_there_once() -> None:
    wanted = [f"{section}.{last}" for section, numbers in FIRST_LEVEL.items() for last in numbers]
    assert len(wanted) == 70
    assert [row.number for row in _rows() if row.level == "1"] == wanted


def test_no_number_stands_twice_and_the_levels_are_one_and_two() -> None:
    numbers = [row.number for row in _rows()]
    assert len(numbers) == len(set(numbers))
    assert {row.level for row in _rows()} == {"1", "2"}


def test_numbers_are_in_order() -> None:
    numbers = [tuple(map(int, row.number.split("."))) for row in _rows()]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.number)
def test_every_row_is_full_and_names_tests_that_are_there(row: Row) -> None:
    assert all(row)
    named = _named(row.shown)
    assert named or row.shown in (BY_REVIEW, NOTHING), row.shown
    assert len(named) == row.shown.count("`") // 2
    missing = [f"{path}::{name}" for path, name in named if name not in _tests_of(ROOT / path)]
    assert missing == []


@pytest.mark.parametrize("row", [row for row in _rows() if row.shown == NOTHING], ids=lambda row: row.number)
def test_what_nothing_shows_does_not_apply_or_is_said_not_to_be_met(row: Row) -> None:
    assert re.search(r"does not apply|not met|as 9\.1\.1", row.how), row.how


def test_the_table_points_to_headings_that_are_there() -> None:
    headings = set(re.findall(r"^## (.*)$", TEXT, re.MULTILINE))
    pointed = set(re.findall(r'(?:under|see) "([^"]+)"', TEXT))
    assert pointed
    assert pointed <= headings
