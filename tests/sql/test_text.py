"""Text from outside fits both databases."""

import doctest

import sql.text


def test_examples_hold() -> None:
    assert doctest.testmod(sql.text) == doctest.TestResults(failed=0, attempted=2)
