"""What the events say of the keys of Recon: of those that came, and of those whose report was replaced.

Nothing is decoded but what decides on a key. A row is read at one moment with its latest report, so a
replaced one counts only for events that have been read before it was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from ceramic_node.store.offers import is_offered, prefix_of
from ceramic_node.store.sqlite.listing import head
from ceramic_node.store.sqlite.streams import Homes
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import RECON_SLICE_EVENTS
from ceramic_protocol.networks import Network
from ceramic_protocol.reasons import BY_CODE
from ceramic_protocol.stored import StoreHead

_COLUMNS: Final = "stream, cid, reason, position, coalesce(revised, 0)"
_FRESH: Final = f"SELECT {_COLUMNS} FROM event WHERE position > ? ORDER BY position LIMIT ?"
_REVISED: Final = (
    f"SELECT {_COLUMNS} FROM event INDEXED BY event_revision WHERE revised > ? AND position <= ?"
    " ORDER BY revised"
)
_STREAM, _POSITION, _VERSION = 0, 3, 4


class Offer(NamedTuple):
    """The key of an event, whether peers are told of it, and the version at which that was last settled."""

    key: bytes
    is_offered: bool
    revised: int


class Slice(NamedTuple):
    """The next step.

    Attributes:
        fresh: of events that came.
        revised: of events whose report was replaced; what it was before isn't known.
        cursor: up to where the keys follow from the events after that.
    """

    fresh: list[Offer]
    revised: list[Offer]
    cursor: StoreHead


class ReconEvents:
    """The events of one store. `homes` are its streams."""

    def __init__(self, homes: Homes, network: Network) -> None:
        self._homes = homes
        self._network = network

    def after(self, db: sqlite3.Connection, cursor: StoreHead) -> Slice:
        """A bounded number of what comes after a cursor.

        Raises:
            StoreCorruption: rows make no sense.
        """
        now = head(db)
        revised = _whole_versions(db.execute(_REVISED, (cursor.version, cursor.position)))
        if len(revised) >= RECON_SLICE_EVENTS:
            # What comes shows more reports than were followed up to here: it has to wait.
            seen = StoreHead(cursor.position, revised[-1][_VERSION])
            return Slice([], list(self._offers(db, revised)), seen)
        fresh = db.execute(_FRESH, (cursor.position, RECON_SLICE_EVENTS)).fetchall()
        seen = StoreHead(fresh[-1][_POSITION] if fresh else cursor.position, now.version)
        return Slice(list(self._offers(db, fresh)), list(self._offers(db, revised)), seen)

    def up_to(self, db: sqlite3.Connection, position: int) -> Iterator[list[Offer]]:
        """All events up to a position, so many at a time."""
        at = 0
        while rows := db.execute(_FRESH, (at, RECON_SLICE_EVENTS)).fetchall():
            at = rows[-1][_POSITION]
            yield list(self._offers(db, [row for row in rows if row[_POSITION] <= position]))
            if at >= position:
                return

    def _offers(self, db: sqlite3.Connection, rows: list[Any]) -> Iterator[Offer]:
        homes = self._homes.of(db, {row[_STREAM] for row in rows})
        prefixes = {number: prefix_of(home.facts, self._network) for number, home in homes.items()}
        for stream, cid, code, _position, revised in rows:
            prefix = prefixes[stream]
            if prefix is not None:
                yield Offer(prefix + cid, _is_offered(code), revised)


def _whole_versions(rows: Iterable[Any]) -> list[Any]:
    """So many rows, and beyond that those of the version with which they end."""
    found: list[Any] = []
    for row in rows:
        if len(found) >= RECON_SLICE_EVENTS and row[_VERSION] != found[-1][_VERSION]:
            break
        found.append(row)
    return found


def _is_offered(code: str | None) -> bool:
    try:
        return is_offered(None if code is None else BY_CODE[code])
    except KeyError:
        raise StoreCorruption(f"an event was refused for {code!r}, which is no reason") from None
