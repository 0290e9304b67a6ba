"""What the project promises about itself: complete locks, no address of a third party in a page."""

import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import cgm_dash

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")

# A page may name these: an XML namespace is never fetched, and loopback is ourselves.
HARMLESS = ("http://www.w3.org/", "http://127.0.0.1", "http://localhost")
ADDRESS = re.compile(r"""(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s"'`)>]*""", re.IGNORECASE)
SENT_TO_BROWSERS = {".py", ".css", ".js", ".html", ".svg", ".json", ".webmanifest"}


def _setup() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def _requirements(text: str) -> list[Requirement]:
    lines = (line.strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def _entries(lock: str) -> dict[str, tuple[Version, list[str]]]:
    """Return each package of *lock* with its version and the hashes of its files; nothing else may stand there."""
    text = re.sub(r"^#.*\n", "", (ROOT / lock).read_text(encoding="utf-8"), flags=re.MULTILINE)
    entries = {}
    for line in text.replace("\\\n", " ").splitlines():
        head, *hashes = line.split(" --hash=")
        found = re.fullmatch(r"([a-z0-9-]+)==([^ ;]+)(?: ; .+)?", head.strip())
        assert found, f"not an exact pin: {line[:80]}"
        entries[found[1]] = Version(found[2]), [entry.strip() for entry in hashes]
    return entries


def _addresses() -> Iterator[str]:
    """Yield file, line and address of whatever looks like one in the screen's packages, the harmless left out."""
    for package in ("layouts", "callbacks"):
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix not in SENT_TO_BROWSERS or "vendor_files" in path.parts:
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                found = (match[0] for match in ADDRESS.finditer(line))
                yield from (f"{path.name}:{number} {it}" for it in found if not it.startswith(HARMLESS))


def test_no_page_names_a_third_party() -> None:
    assert list(_addresses()) == []


@pytest.mark.parametrize("text", ["https://cdn.example.net/x.js", "//cdn.example.net/x.css", "http://a.example"])
def test_an_address_is_seen(text: str) -> None:
    assert ADDRESS.search(f'<script src="{text}">')


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_exact_and_hashed(lock: str) -> None:
    entries = _entries(lock)
    assert len(entries) > 30
    for name, (_, hashes) in entries.items():
        assert hashes, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", entry) for entry in hashes), name


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_name_no_registry(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|//|\bindex\b|\bpypi\b|find-links|@ ", text, re.IGNORECASE)


@pytest.mark.parametrize("name", ["numpy", "cryptography", "psycopg2-binary", "orjson", "sqlalchemy", "brotli"])
def test_packages_built_for_each_platform_have_hashes_for_many(name: str) -> None:
    _, hashes = _entries("requirements.lock")[name]
    assert len(hashes) > 20  # five Pythons on Linux (x86-64, arm64) and macOS; one machine's own would be one or two


def test_tests_run_with_the_versions_that_are_shipped() -> None:
    tests = _entries("requirements-dev.lock")
    assert _entries("requirements.lock").items() <= tests.items()


@pytest.mark.parametrize(
    ("lock", "section", "option"),
    [
        ("requirements.lock", "options", "install_requires"),
        ("requirements-dev.lock", "options.extras_require", "dev"),
    ],
)
def test_ranges_admit_the_locked_versions(lock: str, section: str, option: str) -> None:
    entries = _entries(lock)
    asked = _requirements(_setup()[section][option])
    assert asked
    outside = [str(one) for one in asked if entries[canonicalize_name(one.name)][0] not in one.specifier]
    assert outside == []


def test_build_requirement_is_locked_too() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
    entries = _entries("requirements.lock")
    for one in map(Requirement, build["requires"]):
        assert entries[canonicalize_name(one.name)][0] in one.specifier


def test_version_is_read_from_the_package() -> None:
    assert _setup()["metadata"]["version"] == "attr: cgm_dash.__version__"
    assert str(Version(cgm_dash.__version__)) == cgm_dash.__version__
