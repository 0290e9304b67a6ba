"""What the code must never do, whatever its reason: run text as code, unpickle, hand a line to a shell, glue SQL."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("callbacks", "cgm_dash", "ingestion", "layouts", "sql")
FILES = sorted(
    [ROOT / "app.py", ROOT / "gunicorn.conf.py", *(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))]
)

CALLS = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "yaml.load", "yaml.unsafe_load"}
MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "jsonpickle", "xml", "yaml", "telnetlib", "ftplib"}
"""xml: its parsers follow entities; nothing here reads XML."""
RUNS_SQL = {"text", "exec_driver_sql", "execute", "executemany", "executescript", "scalar", "scalars"}

OURS_IN_SQL = {
    "WAIT_MS",
    "BUSY_MS",
    "int(milliseconds)",
    "int(patience_ms)",
    "options.get('sqlite_begin', 'DEFERRED')",
}
"""What may stand in a statement's text, since it is the program's own: a constant, a whole number, a word of ours.
PRAGMA, SET and BEGIN take no parameters."""


def _name(node: ast.expr) -> str:
    """Return the dotted name of what is called, its last part alone where the rest is no name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = _name(node.value)
        return f"{before}.{node.attr}" if before else node.attr
    return ""


def _is_glued(node: ast.expr) -> bool:
    """Return whether *node* is a text put together from parts that are no constants."""
    if isinstance(node, ast.JoinedStr):
        values = [ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        return not OURS_IN_SQL.issuperset(values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return any(_is_text(side) for side in (node.left, node.right))
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr in ("format", "join") and not _takes_whole_numbers(node)


def _takes_whole_numbers(call: ast.Call) -> bool:
    """Return whether all that *call* is given are int(...) or *map(int, ...)."""
    given = [ast.unparse(one) for one in (*call.args, *(keyword.value for keyword in call.keywords))]
    return all(one.startswith(("int(", "*map(int, ")) for one in given)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _faults(code: str) -> Iterator[str]:
    """Yield line and reason of each thing in *code* that must not be there."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (f"{node.lineno} import {name}" for name in names if name.split(".")[0] in MODULES)
        if isinstance(node, ast.Call):
            name = _name(node.func)
            if name in CALLS:
                yield f"{node.lineno} {name}()"
            if any(keyword.arg == "shell" for keyword in node.keywords):
                yield f"{node.lineno} shell="
            if name.split(".")[-1] in RUNS_SQL and node.args and _is_glued(node.args[0]):
                yield f"{node.lineno} SQL from parts"


def _formats(code: str) -> Iterator[str]:
    """Yield line and text of each .format() of *code* that is given anything but whole numbers."""
    for node in ast.walk(ast.parse(code)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr == "format" and not _takes_whole_numbers(node):
            yield f"{node.lineno} {ast.unparse(node)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_from_text_no_shell_no_glued_sql(path: Path) -> None:
    assert list(_faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", sorted((ROOT / "sql").rglob("*.py")), ids=lambda path: path.stem)
def test_statements_are_formatted_with_whole_numbers_alone(path: Path) -> None:
    assert list(_formats(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "eval('1')",
        "exec(text)",
        "import pickle",
        "from pickle import loads",
        "import xml.etree.ElementTree",
        "subprocess.run(command, shell=True)",
        "os.system(line)",
        "connection.execute(sa.text(f'SELECT {name}'))",
        "connection.exec_driver_sql('SELECT ' + name)",
        "connection.exec_driver_sql('SELECT %s' % name)",
        "sa.text('SELECT {}'.format(name))",
        "cursor.execute(f'DELETE FROM {table}')",
    ],
)
def test_each_of_these_is_seen(code: str) -> None:
    assert list(_faults(code)) != []


@pytest.mark.parametrize("code", ["sa.text('SELECT 1')", "connection.execute(sa.select(t.c.id))", "canvas.text(x, y)"])
def test_what_is_harmless_passes(code: str) -> None:
    assert list(_faults(code)) == []


# --- what is sent to browsers

SCRIPTS = sorted((ROOT / "layouts" / "assets").glob("*.js"))
TEMPLATES = sorted((ROOT / "layouts" / "templates").glob("*.html"))
IN_SCRIPTS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function|javascript:"
    r"|set(?:Timeout|Interval)\(\s*['\"`]|addEventListener\(\s*['\"]message|onpaste|['\"]paste['\"]"
)
"""What would run text as code or take it for markup, listen to other windows, or keep a password manager out."""
IN_TEMPLATES = re.compile(r"\|\s*safe\b|autoescape\s+false|<script(?![^>]*\bsrc=)|\bon[a-z]+\s*=|javascript:|style=")
"""What would leave a value unescaped, or be script or style beside the files."""
IN_PAGES = re.compile(r"dangerously_allow_html|srcDoc|DangerouslySetInnerHTML|Markup\(|Access-Control-|debug=True")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_no_script_takes_text_for_markup_or_code(path: Path) -> None:
    assert IN_SCRIPTS.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_leaves_a_value_unescaped(path: Path) -> None:
    assert IN_TEMPLATES.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_is_given_raw_markup_or_opened_to_other_sites(path: Path) -> None:
    assert IN_PAGES.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_fields_for_passwords_are_masked_and_open_to_password_managers(path: Path) -> None:
    fields = re.findall(r"\{\{ field\((.*?)\) \}\}", path.read_text(encoding="utf-8"), re.DOTALL)
    for field in fields:
        if re.search(r'"(?:current-|new-)?password"', field) or "password" in field.split(",")[0]:
            assert 'type="password"' in field, field
            if field.startswith('"pin"'):  # of a link, which nobody's password manager has
                continue
            assert re.search(r'autocomplete="(?:current|new)-password"', field), field


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (IN_SCRIPTS, "node.innerHTML = words"),
        (IN_SCRIPTS, 'setTimeout("go()", 5)'),
        (IN_SCRIPTS, "window.addEventListener('message', take)"),
        (IN_TEMPLATES, "{{ name | safe }}"),
        (IN_TEMPLATES, "<script>go()</script>"),
        (IN_TEMPLATES, '<p onclick="go()">'),
        (IN_PAGES, "dcc.Markdown(text, dangerously_allow_html=True)"),
        (IN_PAGES, 'headers["Access-Control-Allow-Origin"] = "*"'),
    ],
)
def test_each_of_these_in_a_page_is_seen(pattern: re.Pattern[str], text: str) -> None:
    assert pattern.search(text)
