"""Whether SQLite's write-ahead log has lost what was committed: SQLite itself drops everything from the first broken
frame on without a word, as it must after a power cut.

A power cut can break only the transaction that was being written: each commit is synced before the next one begins
(synchronous=FULL). So two or more commits behind a broken frame are damage of another sort.
Format: sqlite.org/fileformat2.html, section 4.
"""

import struct
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cgm_dash.errors import StoreUnavailable

_HEADER, _FRAME = 32, 24
_MAGIC_LITTLE, _MAGIC_BIG = 0x377F0682, 0x377F0683
_TORN_AT_MOST = 1
_AGAIN_S = 0.2
"""A second look after that: what another process was writing in the first one is whole by then."""

_Words = npt.NDArray[np.uint32]


def lost_commits(database: Path) -> int:
    """Return how many commits lie behind a broken frame in the log of *database*; 0 where that is none or one.

    Raises StoreUnavailable where the log cannot be read.
    """
    first = _look(database)
    if not first:
        return 0
    time.sleep(_AGAIN_S)
    return _look(database)


def _look(database: Path) -> int:
    try:
        data = database.with_name(f"{database.name}-wal").read_bytes()
    except FileNotFoundError:
        return 0
    except OSError as exc:
        raise StoreUnavailable(f"{database}-wal: cannot be read ({exc.strerror}); check its permissions") from exc
    lost = _commits_behind_break(data)
    return lost if lost > _TORN_AT_MOST else 0


def _commits_behind_break(data: bytes) -> int:
    """Return the commits behind the first broken frame, all of them where the header itself is broken."""
    if len(data) <= _HEADER + _FRAME:
        return 0
    magic, version, page_size, _number, *salts = struct.unpack(">8I", data[:_HEADER])[:6]
    order = ">u4" if magic == _MAGIC_BIG else "<u4"
    header = np.frombuffer(data, order, 6).astype(np.uint32)
    sound = magic in (_MAGIC_LITTLE, _MAGIC_BIG) and version == 3_007_000
    start = _sums(header.reshape(1, -1), np.zeros(2, np.uint32))
    if not sound or tuple(start[0]) != struct.unpack(">2I", data[24:32]):
        return _commits_of_broken_header(data)
    size = _FRAME + page_size
    frames = np.frombuffer(data, np.uint8, (len(data) - _HEADER) // size * size, _HEADER).reshape(-1, size)
    heads = frames[:, :_FRAME].copy().view(">u4").reshape(-1, 6)
    same = (heads[:, 2:4] == np.array(salts, np.uint32)).all(axis=1)
    body = np.concatenate([frames[:, :8], frames[:, _FRAME:]], axis=1).view(order).astype(np.uint32)
    good = same & (_sums(body, start[0]) == heads[:, 4:6]).all(axis=1)
    whole = len(good) if good.all() else int(np.argmin(good))
    return int((same[whole:] & (heads[whole:, 1] != 0)).sum())


def _commits_of_broken_header(data: bytes) -> int:
    """Return the commits of the log whose header is broken, by the first page size for which frames agree."""
    for page_size in (1 << i for i in range(9, 17)):
        size = _FRAME + page_size
        n = (len(data) - _HEADER) // size
        if n < 1:
            continue
        frames = np.frombuffer(data, np.uint8, n * size, _HEADER).reshape(-1, size)
        heads = frames[:, :_FRAME].copy().view(">u4").reshape(-1, 6)
        same = (heads[:, 2:4] == heads[0, 2:4]).all(axis=1)
        commits = int((same & (heads[:, 1] != 0)).sum())
        if commits > _TORN_AT_MOST:
            return commits
    return 0


def _sums(rows: _Words, start: _Words) -> _Words:
    """Return the running checksum after each row of 32-bit words, begun with *start*.

    s0 += x0 + s1, s1 += x1 + s0 for each pair of words, modulo 2**32: linear, so a row adds a product with fixed
    weights to the sums before it, themselves multiplied by a fixed matrix.
    """
    pairs = rows.shape[1] // 2
    step = np.array([[1, 1], [1, 2]], np.uint64)
    entry = np.array([[1, 0], [1, 1]], np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    powers = [np.eye(2, dtype=np.uint64)]
    for _ in range(pairs):
        powers.append(powers[-1] @ step & mask)
    weights = np.concatenate([(power @ entry & mask).T for power in powers[pairs - 1 :: -1]]).astype(np.uint32)
    added = np.stack([(rows * weights[:, i]).sum(axis=1, dtype=np.uint32) for i in (0, 1)], axis=1)
    sums = np.empty((len(rows), 2), np.uint32)
    now = start.astype(np.uint64)
    for i, more in enumerate(added.astype(np.uint64)):
        now = (powers[pairs] @ now + more) & mask
        sums[i] = now
    return sums
