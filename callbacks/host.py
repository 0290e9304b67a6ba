"""What this process can tell of itself and of what it is made of."""

import functools
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import cgm_dash
from layouts import vendor

STATM = Path("/proc/self/statm")


@functools.cache
def versions() -> tuple[tuple[str, str], ...]:
    """Return names and versions of the program and of what a fault report must name."""
    return (
        ("CGM Data Insights", cgm_dash.__version__),
        ("Python", platform.python_version()),
        ("Dash", _of("dash")),
        ("plotly.js", vendor.plotly_version()),
        ("SQLAlchemy", _of("SQLAlchemy")),
    )


@functools.lru_cache(maxsize=1)
def memory(minute: int) -> int | None:
    """Return how many bytes this process holds in memory, None where the system does not tell (Linux does).

    *minute*: looked at once for each.
    """
    try:
        pages = STATM.read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
