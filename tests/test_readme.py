"""README says what is there: every setting, command and address, and nothing that is not."""

import re
from pathlib import Path

import pytest

from cgm_dash import cli, settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", settings.names())
def test_every_setting_is_in_the_table(name: str) -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `CGM_DASH_")]
    assert any(f"`{name}`" in row.split("|")[1] for row in rows), f"{name} has no row in README's settings table"


def test_readme_names_no_setting_that_is_none() -> None:
    assert set(re.findall(r"CGM_DASH_[A-Z_]+", README)) <= set(settings.names())


def test_every_command_is_described() -> None:
    parser = cli._parser()
    (commands,) = [a.choices for a in parser._actions if isinstance(a.choices, dict)]
    missing = [name for name in commands if f"`{name}" not in README]
    assert missing == []


def test_every_make_command_in_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_files_and_pictures_named_in_readme_exist() -> None:
    for path in re.findall(r"`((?:ingestion|sql|layouts|callbacks|cgm_dash|tests)/[\w/.-]+)`|\]\(([\w/.-]+)\)", README):
        assert (ROOT / (path[0] or path[1])).exists(), path


def test_readme_says_what_this_is_not() -> None:
    flat = " ".join(README.split())
    for words in ("not a medical device", "not affiliated with or endorsed by Abbott", "may end any day"):
        assert words in flat
