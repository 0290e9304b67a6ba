"""Several at once: threads that begin at the same moment, each with a database engine of its own, as workers have."""

import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.engine import Engine

from sql.engine import make_engine

T = TypeVar("T")


def together(url: str, count: int, work: Callable[[Engine, int], T]) -> list[T | Exception]:
    """Return what *work* gave, or raised, for each of *count* threads that call it at once with engine and number."""
    barrier, came = threading.Barrier(count), list[T | Exception]()

    def run(number: int) -> None:
        engine = make_engine(url)
        try:
            barrier.wait(30)
            came.append(work(engine, number))
        except Exception as exc:  # noqa: BLE001  the test judges it
            came.append(exc)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came
