"""Pages of the feed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from ceramic_node.short_keys import number_list
from ceramic_node.store.sqlite.capabilities import KnownCapabilities
from ceramic_node.store.sqlite.names import find_name
from ceramic_node.store.sqlite.records import CAPABILITY, HOME, Row, car_of, reports
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_node.store.sqlite.streams import Homes, rows_of
from ceramic_protocol.limits import MAX_FEED_LOOK
from ceramic_protocol.stored import Delivered, FeedFilter, FeedPage

_ROW: Final = f"SELECT position, received, stream, {REPORT} FROM"
_FROM_POSITION: Final = f"{_ROW} event WHERE position > ? ORDER BY position LIMIT ?"
_AT_POSITIONS: Final = f"{_ROW} json_each(?) AS wanted CROSS JOIN event ON event.position = wanted.value"
_LAST: Final = "SELECT coalesce(max(position), 0) FROM event"
_RECEIVED: Final = "SELECT position, received FROM event WHERE position >= ? ORDER BY position LIMIT 1"


class Reader(NamedTuple):
    """What it takes to make entries of rows."""

    homes: Homes
    capabilities: KnownCapabilities

    def page(self, db: sqlite3.Connection, after: int, limit: int, *, with_cars: bool) -> FeedPage:
        """The entries after a position."""
        rows = db.execute(_FROM_POSITION, (after, limit)).fetchall()
        return FeedPage(self._entries(db, rows, with_cars=with_cars), rows[-1][0] if rows else after)

    def filtered(
        self, db: sqlite3.Connection, after: int, limit: int, wanted: FeedFilter, *, with_cars: bool
    ) -> FeedPage:
        """The entries after a position that fit."""
        index = _choose(db, wanted)
        if index is None or not self._may_fit(db, index, wanted):
            return FeedPage([], max(after, last_position(db)))
        positions, looked_to = _positions(db, index, after, limit, wanted)
        rows = db.execute(_AT_POSITIONS, (number_list(positions),)).fetchall()
        return FeedPage(self._entries(db, rows, with_cars=with_cars), looked_to)

    def _may_fit(self, db: sqlite3.Connection, index: _Index, wanted: FeedFilter) -> bool:
        if index.column != "stream" or index.number is None:
            return True
        return wanted.fits_stream(self.homes.of(db, (index.number,))[index.number].facts)

    def _entries(self, db: sqlite3.Connection, rows: Sequence[Row], *, with_cars: bool) -> list[Delivered]:
        homes = self.homes.of(db, {row[HOME] for row in rows})
        shared = self.capabilities.of(db, {row[CAPABILITY] for row in rows})
        streams = {number: home.stream for number, home in homes.items()}
        found = []
        for row, report in zip(rows, reports(rows, streams, shared), strict=True):
            car = car_of(row, shared) if with_cars else None
            found.append(Delivered(row[0], report, homes[row[HOME]].facts, car, row[1]))
        return found


class _Index(NamedTuple):
    """A column of `event` and what it has to be; None for no column at all."""

    column: str
    number: int | None
    model: int | None = None


def _choose(db: sqlite3.Connection, wanted: FeedFilter) -> _Index | None:
    """The index with the fewest entries that don't fit; None if nothing can fit."""
    model = None if wanted.model is None else find_name(db, "model", bytes(wanted.model))
    if wanted.model is not None and model is None:
        return None
    if wanted.stream is not None:
        row = rows_of(db, {wanted.stream}).get(wanted.stream)
        return None if row is None or row.begun is None else _Index("stream", row.number)
    if wanted.controller is not None:
        number = find_name(db, "controller", wanted.controller)
        return None if number is None else _Index("controller", number, model)
    return _Index("model", model) if model is not None else _Index("", None)


def _positions(
    db: sqlite3.Connection, index: _Index, after: int, limit: int, wanted: FeedFilter
) -> tuple[list[int], int]:
    """Positions of entries that fit, and up to where these are all of them."""
    rows = _candidates(db, index, after, needs_rows=wanted.kinds is not None or index.model is not None)
    kinds = None if wanted.kinds is None else set(map(int, wanted.kinds))
    found: list[int] = []
    for looked, (position, kind, model) in enumerate(rows, 1):
        if (kinds is None or kind in kinds) and index.model in {None, model}:
            found.append(position)
        if len(found) == limit or looked == MAX_FEED_LOOK:
            return found, position
    return found, max(after, last_position(db))


def _candidates(
    db: sqlite3.Connection, index: _Index, after: int, *, needs_rows: bool
) -> Iterable[tuple[Any, ...]]:
    columns = "position, kind, model" if needs_rows else "position, NULL, NULL"
    if not index.column:
        return db.execute(f"SELECT {columns} FROM event WHERE position > ? ORDER BY position", (after,))
    return db.execute(
        f"SELECT {columns} FROM event INDEXED BY event_{index.column}"
        f" WHERE {index.column} = ? AND position > ? ORDER BY position",
        (index.number, after),
    )


def last_position(db: sqlite3.Connection) -> int:
    """Where the feed ends."""
    found: int = db.execute(_LAST).fetchone()[0]
    return found


def position_at(db: sqlite3.Connection, time: int) -> int:
    """The last position of what came before a time."""
    # Times don't fall along the feed, so half of what is left can be left out at each step.
    low, high = 0, last_position(db)
    while low < high:
        middle = (low + high + 1) // 2
        position, received = db.execute(_RECEIVED, (middle,)).fetchone()
        if received < time:
            low = position
        else:
            high = middle - 1
    return low
