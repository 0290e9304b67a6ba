"""Imports point inward: what each package may know of the others, and which third parties it must not know."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"app", "callbacks", "cgm_dash", "ingestion", "layouts", "sql"}
SCREEN = {"dash", "dash_bootstrap_components", "plotly"}
WEB_SERVER = {"flask", "flask_compress", "gunicorn", "werkzeug"}
WEB_CLIENT = {"requests", "urllib3"}
DATABASE = {"alembic", "psycopg2", "sqlalchemy"}
CLOCKWORK = {"apscheduler"}

# package: (which of ours it may import besides itself, which third parties it must not)
RULES = {
    "cgm_dash": (set[str](), SCREEN | WEB_SERVER | WEB_CLIENT | DATABASE | CLOCKWORK),
    "sql": ({"cgm_dash"}, SCREEN | WEB_SERVER | WEB_CLIENT | CLOCKWORK),
    "layouts": ({"cgm_dash"}, WEB_SERVER | WEB_CLIENT | DATABASE | CLOCKWORK),
    "ingestion": ({"cgm_dash", "sql"}, SCREEN | DATABASE),
    "callbacks": ({"cgm_dash", "layouts", "sql"}, WEB_CLIENT | DATABASE | CLOCKWORK),
}
COMPOSES_LIKE_APP = {ROOT / "cgm_dash" / name for name in ("cli.py", "people_commands.py")}


def _imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the first name of each import in *path*, wherever it stands, with its line."""
    for node in ast.walk(ast.parse(path.read_bytes(), filename=str(path))):
        if isinstance(node, ast.Import):
            yield from ((alias.name.split(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = path.relative_to(ROOT).parts[0] if node.level else node.module or ""
            yield module.split(".")[0], node.lineno


@pytest.mark.parametrize("package", RULES)
def test_imports_point_inward(package: str) -> None:
    ours, strangers = RULES[package]
    forbidden = (OURS - ours - {package}) | strangers
    files = sorted(set((ROOT / package).rglob("*.py")) - COMPOSES_LIKE_APP)
    assert files
    found = [f"{file.relative_to(ROOT)}:{line} {name}" for file in files for name, line in _imports(file)]
    assert [line for line in found if line.split()[-1] in forbidden] == []
