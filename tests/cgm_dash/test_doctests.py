"""The worked examples in the core's docstrings hold."""

import doctest
import importlib
import pkgutil

import pytest

import cgm_dash

MODULES = [
    m.name for m in pkgutil.walk_packages(cgm_dash.__path__, "cgm_dash.") if not m.name.endswith(("__main__", ".cli"))
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
