"""A bar on a terminal that tells how far a long command has come."""

import sys
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

T = TypeVar("T")

WIDTH = 30
_CLEAR = "\r\x1b[K"


def progress(items: Iterable[T], count: int, out: TextIO | None = None) -> Iterator[T]:
    """Give the *items*, *count* of them; while the next is made, a bar stands on *out* (standard error).

    Nothing is written where *out* is no terminal. The bar is gone whenever an item is given: what the caller prints
    for it stands on a line of its own.

    >>> list(progress("abc", 3))
    ['a', 'b', 'c']
    """
    out = sys.stderr if out is None else out
    if not out.isatty() or count < 2:
        yield from items
        return
    rest = iter(items)
    for done in range(count):
        full = WIDTH * done // count
        out.write(f"{_CLEAR}[{'#' * full}{'.' * (WIDTH - full)}] {done} of {count}")
        out.flush()
        try:
            item = next(rest)
        except StopIteration:
            return
        finally:
            out.write(_CLEAR)
            out.flush()
        yield item
