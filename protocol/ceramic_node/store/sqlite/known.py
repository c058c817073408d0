"""What is there of a batch already: the answers that planning asks for, looked up for all of it at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from ceramic_node.short_keys import number_list, short_key
from ceramic_node.store.sqlite.capabilities import KnownCapabilities
from ceramic_node.store.sqlite.lookup import FOUND, FOUND_EVENTS
from ceramic_node.store.sqlite.records import CAPABILITY, HOME, Row, report_of
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import NewEvent

_COLUMNS: Final = ", ".join(f"row.{name}" for name in REPORT.split(", "))
_DELIVERED: Final = (
    f"WITH {FOUND} SELECT event.cid, event.position, stream.cid, length(event.car) FROM {FOUND_EVENTS}"
)
_WAITING: Final = (
    "SELECT waiting.cid, waiting.id FROM json_each(?) AS wanted"
    " CROSS JOIN waiting ON waiting.key = wanted.value"
)
_CHILDREN: Final = (
    f"SELECT row.id, NULL, stream.cid, {_COLUMNS} FROM json_each(?) AS wanted"
    " CROSS JOIN waiting AS row ON row.prev_key = wanted.value LEFT JOIN stream ON stream.id = row.stream"
    " ORDER BY row.id"
)
_REPORTS: Final = {
    table: f"SELECT NULL, NULL, stream.cid, {_COLUMNS} FROM {table} AS row"
    f" LEFT JOIN stream ON stream.id = row.stream WHERE row.{number} = ?"
    for table, number in (("event", "position"), ("waiting", "id"))
}


class Place(NamedTuple):
    """Where an event is: its row in `event`, with the stream that it belongs to, or its row in `waiting`.

    `is_pruned` says that its bytes aren't there any more.
    """

    position: int | None
    stream: Cid | None
    waiting: int | None
    is_pruned: bool = False


class KnownEvents:
    """Answers for one batch, within the transaction that puts it. `waiting` events wait in all."""

    def __init__(
        self,
        db: sqlite3.Connection,
        capabilities: KnownCapabilities,
        events: Sequence[NewEvent],
        waiting: int,
        max_waiting: int,
    ) -> None:
        self._db = db
        self._capabilities = capabilities
        self._room = max_waiting - waiting
        self._reports: dict[Cid, CheckedEvent] = {}
        self.places: dict[Cid, Place] = {}
        self._children: dict[Cid, list[CheckedEvent]] = {}
        cids = {event.checked.cid for event in events}
        prevs = {event.checked.prev for event in events} - {None}
        keys = number_list({short_key(cid) for cid in (*cids, *prevs) if cid})
        for cid, position, stream, size in db.execute(_DELIVERED, (keys,)):
            self.places[Cid(cid)] = Place(position, Cid(stream), None, not size)
        self._nobody_waits = not waiting
        if waiting:
            for cid, number in db.execute(_WAITING, (keys,)):
                self.places[Cid(cid)] = Place(None, None, number)
            self._children = {cid: [] for cid in cids}
            self._read_children(cids)

    def _read_children(self, prevs: Collection[Cid]) -> None:
        keys = number_list({short_key(cid) for cid in prevs})
        for row in self._db.execute(_CHILDREN, (keys,)).fetchall():
            report = self._decode(row)
            if report.prev is not None and report.prev in prevs:
                self._children[report.prev].append(report)
                self._reports[report.cid] = report
                self.places[report.cid] = Place(None, None, row[0])

    def _decode(self, row: Row) -> CheckedEvent:
        stream = row[HOME]
        shared = self._capabilities.of(self._db, (row[CAPABILITY],))
        return report_of(row, None if stream is None else Cid(stream), shared)

    def report(self, cid: Cid) -> CheckedEvent | None:
        """See `Kept`."""
        place = self.places.get(cid)
        if place is None:
            return None
        if cid not in self._reports:
            table, number = (
                ("waiting", place.waiting) if place.position is None else ("event", place.position)
            )
            self._reports[cid] = self._decode(self._db.execute(_REPORTS[table], (number,)).fetchone())
        return self._reports[cid]

    def delivered_in(self, cid: Cid) -> Cid | None:
        """See `Kept`."""
        place = self.places.get(cid)
        # Only prevs of the batch are asked for: what waited follows what the batch brings.
        return None if place is None else place.stream

    def waiting_for(self, cid: Cid) -> Iterable[CheckedEvent]:
        """See `Kept`."""
        if self._nobody_waits:
            return ()
        if cid not in self._children:
            self._children[cid] = []
            self._read_children((cid,))
        return self._children[cid]

    def is_pruned(self, cid: Cid) -> bool:
        """See `Kept`."""
        place = self.places.get(cid)
        return place is not None and place.is_pruned

    def room(self) -> int:
        """See `Kept`."""
        return self._room
