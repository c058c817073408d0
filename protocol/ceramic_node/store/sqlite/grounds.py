"""What new events build on."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

from ceramic_node.store.sqlite.snapshots import streams_of
from ceramic_node.store.sqlite.streams import Homes, rows_of
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.stored import Grounds, stream_of


def grounds_of(db: sqlite3.Connection, homes: Homes, events: Collection[CheckedEvent]) -> Grounds:
    """The streams of events and their prevs, for as many as are there; the streams are remembered."""
    rows = rows_of(db, {stream for event in events if (stream := stream_of(event)) is not None})
    begun = {stream: row.number for stream, row in rows.items() if row.begun is not None}
    found = homes.of(db, begun.values())
    homes.remember(found)
    facts = {stream: found[number].facts for stream, number in begun.items()}
    prevs = {event.prev for event in events if event.prev is not None}
    # Many changes follow the init event, of which it is known by now.
    return Grounds(facts, (prevs & facts.keys()) | streams_of(db, prevs - facts.keys()).keys())
