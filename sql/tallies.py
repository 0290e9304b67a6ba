"""How many readings of each source and kind are stored, without counting ten years anew for every look.

Counted in blocks of time; what was counted stays in memory with the person's sequence, and only the blocks that a write
has touched since are counted again. So corrections and removals show as well as new readings do. A first look at ten
years of minutes takes about two seconds, any other some milliseconds.
"""

import threading
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from cgm_dash.reading import Kind
from sql.changes import changes_since
from sql.engine import looking
from sql.schema import readings

BLOCK_S = 32 * 86_400

Counts = dict[tuple[int, int], tuple[int, int, int]]
"""By source and kind: how many, the first and the last instant."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The readings of one source and kind. first, last: UTC epoch seconds."""

    source_id: int
    kind: Kind
    n: int
    first: int
    last: int


class TallyStore:
    """Counts of the readings table. Safe for several threads. Raises StoreUnavailable, StoreDamaged or StoreError."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._held: dict[int, tuple[int, dict[int, Counts]]] = {}
        self._lock = threading.Lock()

    def of_person(self, person_id: int) -> tuple[Tally, ...]:
        """Return what is stored of a person, by source and kind; nothing where nothing is."""
        with self._lock:  # one thread counts, the others then find it
            with looking(self._engine) as connection:
                seq, blocks = self._counted(connection, person_id)
            self._held[person_id] = seq, blocks
        together: Counts = {}
        for counts in blocks.values():
            for key, (n, first, last) in counts.items():
                had = together.get(key, (0, first, last))
                together[key] = had[0] + n, min(had[1], first), max(had[2], last)
        return tuple(Tally(source_id, Kind(kind), *together[source_id, kind]) for source_id, kind in sorted(together))

    def _counted(self, connection: Connection, person_id: int) -> tuple[int, dict[int, Counts]]:
        held_seq, held = self._held.get(person_id, (-1, {}))
        changes = changes_since(connection, person_id, held_seq)
        oldest, newest = _ends(connection, person_id)
        if oldest is None or newest is None:
            return changes.seq, {}
        whole = range(oldest // BLOCK_S, newest // BLOCK_S + 1)
        touched = set(whole) if changes.stretches is None or held_seq < 0 else set[int]()
        for first, last in changes.stretches or ():
            touched |= set(range(max(first // BLOCK_S, whole.start), min(last // BLOCK_S, whole.stop - 1) + 1))
        blocks = {block: counts for block, counts in held.items() if block in whole}
        blocks |= {block: _counts(connection, person_id, block) for block in sorted(touched)}
        return changes.seq, blocks


def _ends(connection: Connection, person_id: int) -> tuple[int | None, int | None]:
    """Return a person's first and last instant; each alone, which SQLite finds without reading all between."""
    of_person = readings.c.person_id == person_id
    first, last = (sa.select(end(readings.c.ts)).where(of_person) for end in (sa.func.min, sa.func.max))
    return connection.execute(first).scalar(), connection.execute(last).scalar()


def _counts(connection: Connection, person_id: int, block: int) -> Counts:
    c = readings.c
    numbers = (sa.func.count(), sa.func.min(c.ts), sa.func.max(c.ts))
    within = (c.person_id == person_id, c.ts >= block * BLOCK_S, c.ts < (block + 1) * BLOCK_S)
    rows = connection.execute(sa.select(c.source_id, c.kind, *numbers).where(*within).group_by(c.source_id, c.kind))
    return {(source_id, kind): (n, first, last) for source_id, kind, n, first, last in rows}
