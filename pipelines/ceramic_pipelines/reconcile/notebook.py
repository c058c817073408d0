"""Notes on the events of both sides in a temporary database, so that memory stays bounded.

Notes are rows without order; one index is made when all are there, and both sides are compared in its order.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from ceramic_connectors.outside import outside
from ceramic_pipelines.reconcile.values import Difference, Side, SideCounts
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.reasons import Reason


class Standing(IntEnum):
    """As what a side has an event; of several copies the lowest counts."""

    REJECTED = 0
    """By the side's own verdict, for what it says of itself."""
    HELD = 1
    """With its bytes."""
    TOLD = 2
    """Without them."""
    BROKEN = 3
    """In a copy that is no event."""


class Note(NamedTuple):
    """An event on a side: what it tells, and the range of ordinals in which the source has it."""

    cid: Cid
    standing: Standing
    kind: Kind | None = None
    stream: Cid | None = None
    stream_type: int | None = None
    prev: Cid | None = None
    start: int | None = None
    stop: int | None = None


_SCHEMA: Final = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -65536;
CREATE TABLE note (
    side INTEGER, cid BLOB, standing INTEGER, kind INTEGER, stream BLOB, stream_type INTEGER, prev BLOB,
    start INTEGER, stop INTEGER
);
CREATE TABLE lacking (
    side INTEGER, cid BLOB PRIMARY KEY, standing INTEGER, kind INTEGER, stream BLOB, prev BLOB,
    start INTEGER, stop INTEGER, reason TEXT, passed INTEGER DEFAULT 0, waits INTEGER DEFAULT 0
);
CREATE TABLE tip (side INTEGER, stream BLOB, stream_id BLOB, cid BLOB);
"""
_COMPARE: Final = """
CREATE INDEX note_cid ON note (cid, side, standing, kind);
INSERT INTO lacking (side, cid, standing, kind, stream, prev, start, stop)
SELECT 1 - side, cid, standing, kind, stream, prev, start, stop FROM (
    SELECT side, cid, min(standing) AS standing, kind, stream, prev, start, stop
    FROM (SELECT cid AS alone FROM note GROUP BY cid HAVING min(side) = max(side))
    CROSS JOIN note ON cid = alone GROUP BY cid
) WHERE standing IN (1, 2);
CREATE INDEX lacking_prev ON lacking (prev);
CREATE INDEX lacking_start ON lacking (side, start);
"""
_ASTRAY: Final = """
UPDATE lacking SET reason = ? WHERE reason IS NULL AND EXISTS (
    SELECT 1 FROM note WHERE note.cid = lacking.prev AND standing IN (1, 2) AND note.stream != lacking.stream
)
"""
_DESCENDANTS: Final = """
UPDATE lacking SET reason = ? WHERE reason IS NULL AND cid IN (
    WITH RECURSIVE unfit (cid, side) AS (
        SELECT cid, side FROM lacking WHERE reason IS NOT NULL
        UNION
        SELECT lacking.cid, lacking.side
        FROM unfit CROSS JOIN lacking INDEXED BY lacking_prev ON lacking.prev = unfit.cid
        WHERE lacking.side = unfit.side
    )
    SELECT cid FROM unfit
)
"""
_WAITING: Final = """
UPDATE lacking SET waits = 1 WHERE side = :side AND reason IS NULL AND cid NOT IN (
    WITH RECURSIVE placed (cid) AS (
        SELECT cid FROM lacking WHERE side = :side AND reason IS NULL AND (
            prev IS NULL OR EXISTS (
                SELECT 1 FROM note WHERE note.cid = lacking.prev AND note.side = :side AND standing IN (1, 2)
            )
        )
        UNION
        SELECT lacking.cid
        FROM placed CROSS JOIN lacking INDEXED BY lacking_prev ON lacking.prev = placed.cid
        WHERE lacking.side = :side AND lacking.reason IS NULL
    )
    SELECT cid FROM placed
)
"""
_KINDS: Final = """
SELECT standing IN (1, 2), kind, count(*) FROM (
    SELECT min(standing) AS standing, kind FROM note WHERE side = ? GROUP BY cid
) GROUP BY 1, 2
"""
_TIPS: Final = """
FROM (
    SELECT stream, max(stream_id) AS stream_id, max(cid) FILTER (WHERE side = 0) AS a,
    max(cid) FILTER (WHERE side = 1) AS b FROM tip GROUP BY stream
) AS tips WHERE a IS NOT b
"""
_OF_BOTH: Final = """
AND 2 = (SELECT count(DISTINCT side) FROM note WHERE note.cid = tips.stream AND standing IN (1, 2))
"""
"""Where one side lacks the init event, that is told as an event which is missing."""
_TYPE: Final = "SELECT stream_type FROM note WHERE cid = ? AND stream_type IS NOT NULL LIMIT 1"
_FIT: Final = "reason IS NULL AND NOT waits"
_UNKNOWN: Final = "unknown"


class Notebook:
    """The database, in a file. A context manager, for one thread at a time; others may open the file again.

    Raises:
        OutsideError: from every call, if the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        """Open it, or make it."""
        self.path = path
        is_new = not path.exists()
        with self._using():
            # A reader in Beam may be advanced by another thread than the one that started it.
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            if is_new:
                self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it; the file stays."""
        self._db.close()

    def add(self, side: Side, notes: Iterable[Note]) -> None:
        """Note events of a side."""
        self._many("INSERT INTO note VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ((side, *note) for note in notes))

    def add_tips(self, side: Side, tips: Iterable[tuple[StreamId, Cid | None]]) -> int:
        """Note the tips of a side's streams; how many they were."""
        rows = [(side, stream.cid, stream, tip) for stream, tip in tips]
        self._many("INSERT INTO tip VALUES (?, ?, ?, ?)", rows)
        return len(rows)

    def compare(self) -> None:
        """Find what only one side has; once, when all events are noted."""
        with self._using():
            self._db.executescript(_COMPARE)

    def mark_checked(self, checked: Iterable[tuple[Cid, Reason | None]]) -> None:
        """Say of events that only one side has whether a copy passed its own checks, or why it didn't."""
        self._many(
            "UPDATE lacking SET passed = passed OR ? IS NULL,"
            " reason = CASE WHEN passed OR ? IS NULL THEN NULL ELSE ? END WHERE cid = ?",
            ((*(reason.value if reason else None for reason in (found,) * 3), cid) for cid, found in checked),
        )

    def mark_descendants(self) -> None:
        """Say the same of what builds on another stream, or on what didn't pass; when all are checked."""
        with self._using():
            self._db.execute(_ASTRAY, (Reason.PREV_OTHER_STREAM.value,))
            self._db.execute(_DESCENDANTS, (Reason.PREV_INVALID.value,))

    def mark_waiting(self, side: Side) -> None:
        """Tell those apart that a side can't show, as what they build on isn't there."""
        with self._using():
            self._db.execute(_WAITING, {"side": side})

    def count(self, side: Side, found: SideCounts) -> None:
        """Put the numbers of a side in."""
        with self._using():
            for is_event, kind, number in self._db.execute(_KINDS, (side,)):
                if is_event:
                    found.events[_kind_name(kind) or _UNKNOWN] += number
                else:
                    found.rejected += number
            asked = (
                f"SELECT kind, reason IS NOT NULL, waits, standing = {Standing.TOLD:d}, count(*) FROM lacking"
                " WHERE side = ? GROUP BY 1, 2, 3, 4"
            )
            for kind, is_unfit, waits, is_told, number in self._db.execute(asked, (side,)):
                if is_unfit:
                    found.unfit += number
                elif waits:
                    found.waiting += number
                else:
                    found.missing[_kind_name(kind) or _UNKNOWN] += number
                    found.without_bytes += number * is_told

    def count_tips(self, *, of_both: bool = True) -> int:
        """How many streams have another tip on each side; only those whose init event both have, or all."""
        with self._using():
            asked = f"SELECT count(*) {_TIPS} {_OF_BOTH if of_both else ''}"
            found: int = self._db.execute(asked).fetchone()[0]
            return found

    def tips(self, *, of_both: bool = True, most: int = -1) -> Iterator[Difference]:
        """These streams, in order; `most` of them, or all."""
        asked = f"SELECT stream_id, a, b {_TIPS} {_OF_BOTH if of_both else ''} ORDER BY stream LIMIT ?"
        with self._using():
            for stream_id, *found in self._db.execute(asked, (most,)):
                a, b = (None if tip is None else Cid(tip) for tip in found)
                yield Difference(None, None, StreamId(stream_id), None, (a, b))

    def differences(self) -> Iterator[Difference]:
        """Events that a side lacks, those of A first, by stream and CID; then streams with two tips."""
        asked = f"SELECT side, cid, stream, kind FROM lacking WHERE {_FIT} ORDER BY side, stream, cid"
        with self._using():
            for side, cid, stream, kind in self._db.execute(asked):
                yield Difference(Side(side), Cid(cid), self._stream_id(stream), _kind_name(kind))
        yield from self.tips()

    def lacks(self, side: Side, cid: Cid, *, is_fit: bool = False) -> bool:
        """Whether only the other side has an event, with its bytes; if asked, one that should be brought."""
        asked = "SELECT 1 FROM lacking WHERE cid = ? AND side = ? AND standing = 1"
        with self._using():
            wanted = f"{asked} AND {_FIT}" if is_fit else asked
            return self._db.execute(wanted, (cid, side)).fetchone() is not None

    def ranges(self, side: Side, *, is_fit: bool = False) -> Iterator[tuple[int, int]]:
        """Where the other side's source has what a side lacks; see `lacks`. In order."""
        fit = f"AND {_FIT}" if is_fit else ""
        asked = (
            f"SELECT DISTINCT start, stop FROM lacking WHERE side = ? AND standing = 1 {fit} ORDER BY start"
        )
        with self._using():
            yield from self._db.execute(asked, (side,))

    def _stream_id(self, stream: bytes | None) -> StreamId | None:
        found = None if stream is None else self._db.execute(_TYPE, (stream,)).fetchone()
        return None if found is None or stream is None else StreamId.of(found[0], Cid(stream))

    def _many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        with self._using():
            self._db.execute("BEGIN")
            self._db.executemany(statement, rows)
            self._db.execute("COMMIT")

    @contextmanager
    def _using(self) -> Iterator[None]:
        with outside(f"use the work file {self.path}"):
            yield


def _kind_name(kind: int | None) -> str | None:
    return None if kind is None else Kind(kind).name.lower()
