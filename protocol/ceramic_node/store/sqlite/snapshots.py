"""Single events, and all events of a stream."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from itertools import chain, takewhile
from typing import Final

from ceramic_node.store.sqlite.capabilities import KnownCapabilities
from ceramic_node.store.sqlite.keys import number_list, short_key
from ceramic_node.store.sqlite.pruning import is_pruned
from ceramic_node.store.sqlite.records import CAPABILITY, HOME, Row, car_of, report_of, reports
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_node.store.sqlite.streams import rows_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import StoredEvent, StreamSnapshot

_ROW: Final = ", ".join(f"event.{name}" for name in REPORT.split(", "))
_OF_STREAM: Final = f"SELECT position, NULL, NULL, {REPORT} FROM event WHERE stream = ? ORDER BY position"
_SINCE: Final = f"SELECT position, version, NULL, {REPORT} FROM event INDEXED BY"
_LATEST_FIRST: Final = f"{_SINCE} event_stream WHERE stream = ? ORDER BY position DESC"
_REVISED: Final = f"{_SINCE} event_revised WHERE stream = ? AND revised > ?"
_WAITING: Final = f"SELECT NULL, NULL, NULL, {REPORT} FROM waiting WHERE stream = ? AND version > ?"
_EVENT: Final = (
    f"SELECT event.position, NULL, stream.cid, {_ROW} FROM event JOIN stream ON stream.id = event.stream"
    " WHERE event.key = ? AND event.cid = ?"
)
_WAITING_EVENT: Final = (
    f"SELECT NULL, NULL, stream.cid, {_ROW} FROM waiting AS event"
    " LEFT JOIN stream ON stream.id = event.stream WHERE event.key = ? AND event.cid = ?"
)
_STREAMS_OF: Final = tuple(
    f"SELECT row.cid, stream.cid FROM json_each(?) AS wanted CROSS JOIN {table} AS row"
    " ON row.key = wanted.value JOIN stream ON stream.id = row.stream"
    for table in ("event", "waiting")
)
_VERSION: Final = 1


def event_of(db: sqlite3.Connection, capabilities: KnownCapabilities, cid: Cid) -> StoredEvent | None:
    """An event by its CID."""
    wanted = (short_key(cid), bytes(cid))
    row = db.execute(_EVENT, wanted).fetchone() or db.execute(_WAITING_EVENT, wanted).fetchone()
    if row is None:
        return None
    shared = capabilities.of(db, (row[CAPABILITY],))
    stream = row[HOME]
    report = report_of(row, None if stream is None else Cid(stream), shared)
    return StoredEvent(car_of(row, shared), report, row[0])


def streams_of(db: sqlite3.Connection, cids: Collection[bytes]) -> dict[bytes, Cid]:
    """To which streams events belong."""
    keys = number_list({short_key(cid) for cid in cids})
    rows = chain.from_iterable(db.execute(statement, (keys,)) for statement in _STREAMS_OF)
    wanted = {bytes(cid): cid for cid in cids}
    return {wanted[cid]: Cid(stream) for cid, stream in rows if cid in wanted}


def snapshot(
    db: sqlite3.Connection, capabilities: KnownCapabilities, stream: Cid, since: int
) -> StreamSnapshot:
    """The events of a stream, or those that changed after a version."""
    row = rows_of(db, (stream,)).get(stream)
    if row is None:
        return StreamSnapshot(stream, 0, {})
    rows = list(_rows_since(db, row.number, since)) if since > 0 else _all_rows(db, row.number)
    shared = capabilities.of(db, {found[CAPABILITY] for found in rows})
    told = reports(rows, {None: stream}, shared)
    events = {report.cid: report for report in told}
    return StreamSnapshot(stream, row.version, events, is_pruned(db, row.number))


def _all_rows(db: sqlite3.Connection, number: int) -> list[Row]:
    return db.execute(_OF_STREAM, (number,)).fetchall() + db.execute(_WAITING, (number, 0)).fetchall()


def _rows_since(db: sqlite3.Connection, number: int, since: int) -> Iterable[Row]:
    # Along the feed the versions at which a stream's events were delivered don't fall.
    latest = takewhile(lambda row: row[_VERSION] > since, db.execute(_LATEST_FIRST, (number,)))
    revised = (row for row in db.execute(_REVISED, (number, since)) if row[_VERSION] <= since)
    yield from chain(latest, revised)
    yield from db.execute(_WAITING, (number, since))
