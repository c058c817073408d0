"""Single events, and all events of a stream."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, groupby, islice
from operator import itemgetter
from typing import Final

from ceramic_node.short_keys import ANY_OF, number_list, short_key
from ceramic_node.store.sqlite.capabilities import KnownCapabilities
from ceramic_node.store.sqlite.lookup import FOUND, FOUND_EVENTS
from ceramic_node.store.sqlite.pruning import are_pruned
from ceramic_node.store.sqlite.records import CAPABILITY, HOME, Row, car_of, report_of, reports
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_node.store.sqlite.streams import rows_of
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.stored import EventPlace, StoredEvent, StreamSnapshot

_ROW: Final = ", ".join(f"event.{name}" for name in REPORT.split(", "))
# Along the feed the versions at which a stream's events were delivered don't fall.
_DELIVERED: Final = (
    f"SELECT position, max(version, coalesce(revised, 0)), stream, {REPORT}"
    " FROM (SELECT CAST(key AS INTEGER) AS number, value AS since FROM json_each(?)) AS wanted"
    " CROSS JOIN event INDEXED BY event_stream ON event.stream = wanted.number AND event.position > coalesce("
    "(SELECT position FROM event AS before INDEXED BY event_stream WHERE before.stream = wanted.number"
    " AND before.version <= wanted.since ORDER BY position DESC LIMIT 1), 0)"
)
_REVISED: Final = (
    f"SELECT position, max(version, revised), stream, {REPORT} FROM event INDEXED BY event_revised"
    " WHERE stream = ? AND revised > ? AND version <= ?"
)
_WAS_REVISED: Final = "SELECT 1 FROM event INDEXED BY event_revision WHERE revised IS NOT NULL LIMIT 1"
_WAITING: Final = f"SELECT NULL, version, stream, {REPORT} FROM waiting WHERE stream = ? AND version > ?"
_WAITS: Final = "SELECT 1 FROM waiting WHERE stream IS NOT NULL LIMIT 1"
_EVENTS: Final = f"WITH {FOUND} SELECT event.position, NULL, stream.cid, {_ROW} FROM {FOUND_EVENTS}"
_EVENT: Final = f"{_EVENTS} WHERE event.cid = ?"
_INITS: Final = (
    f"SELECT event.position, NULL, stream.cid, {_ROW} FROM {ANY_OF} AS wanted"
    " CROSS JOIN stream ON stream.id = wanted.value CROSS JOIN event ON event.position = stream.begun"
)
_WAITING_EVENT: Final = (
    f"SELECT NULL, NULL, stream.cid, {_ROW} FROM waiting AS event"
    " LEFT JOIN stream ON stream.id = event.stream WHERE event.key = ? AND event.cid = ?"
)
_STREAMS_OF: Final = (
    f"WITH {FOUND} SELECT event.cid, stream.cid FROM {FOUND_EVENTS}",
    (
        f"SELECT waiting.cid, stream.cid FROM {ANY_OF} AS wanted CROSS JOIN waiting"
        " ON waiting.key = wanted.value JOIN stream ON stream.id = waiting.stream"
    ),
)


def event_of(db: sqlite3.Connection, capabilities: KnownCapabilities, cid: Cid) -> StoredEvent | None:
    """An event by its CID."""
    key = short_key(cid)
    row = (
        db.execute(_EVENT, (number_list((key,)), cid)).fetchone()
        or db.execute(_WAITING_EVENT, (key, cid)).fetchone()
    )
    if row is None:
        return None
    shared = capabilities.of(db, (row[CAPABILITY],))
    stream = row[HOME]
    report = report_of(row, None if stream is None else Cid(stream), shared)
    return StoredEvent(car_of(row, shared), report, row[0])


def reports_of(
    db: sqlite3.Connection,
    capabilities: KnownCapabilities,
    cids: Collection[Cid],
    numbers: Mapping[Cid, int],
) -> dict[Cid, CheckedEvent]:
    """What is known of events that were delivered; `numbers` as in `rows_of`."""
    inits = {numbers[cid] for cid in cids if cid in numbers}
    keys = {short_key(cid) for cid in cids if cid not in numbers}
    asked = ((_INITS, inits), (_EVENTS, keys))
    rows = [row for find, some in asked if some for row in db.execute(find, (number_list(some),))]
    homes = {row[HOME]: Cid(row[HOME]) for row in rows}
    found = reports(rows, homes, capabilities.of(db, {row[CAPABILITY] for row in rows}))
    wanted = set(cids)
    return {report.cid: report for report in found if report.cid in wanted}


def streams_of(db: sqlite3.Connection, cids: Collection[bytes]) -> dict[bytes, Cid]:
    """To which streams events belong."""
    keys = number_list({short_key(cid) for cid in cids})
    rows = chain.from_iterable(db.execute(statement, (keys,)) for statement in _STREAMS_OF)
    wanted = {bytes(cid): cid for cid in cids}
    return {wanted[cid]: Cid(stream) for cid, stream in rows if cid in wanted}


def snapshots(
    db: sqlite3.Connection,
    capabilities: KnownCapabilities,
    streams: Mapping[Cid, int],
    limit: int,
    numbers: Mapping[Cid, int],
) -> dict[Cid, StreamSnapshot]:
    """The events of streams, or those that changed after a version, as far as there is room.

    `numbers` as in `rows_of`.
    """
    known = rows_of(db, streams.keys(), numbers)
    found = {stream: StreamSnapshot(stream, 0, {}) for stream in streams if stream not in known}
    wanted = {known[stream].number: since for stream, since in streams.items() if stream in known}
    rows = dict(_rows(db, wanted, limit))
    homes = {row.number: stream for stream, row in known.items()}
    shared = capabilities.of(db, {row[CAPABILITY] for some in rows.values() for row in some})
    pruned = are_pruned(db, rows)
    for number, some in rows.items():
        stream = homes[number]
        events = {report.cid: report for report in reports(some, homes, shared)}
        places = {cid: EventPlace(row[0], row[1]) for cid, row in zip(events, some, strict=True)}
        found[stream] = StreamSnapshot(stream, known[stream].version, events, number in pruned, places)
    return found


def _rows(db: sqlite3.Connection, wanted: Mapping[int, int], limit: int) -> Iterator[tuple[int, list[Row]]]:
    """Rows of streams by their numbers, each since a version, as far as there is room."""
    # Most stores have none of these, or few, and most streams.
    were_revised, are_waiting = (db.execute(one).fetchone() is not None for one in (_WAS_REVISED, _WAITS))
    for number, delivered in _delivered(db, wanted):
        since = max(wanted[number], 0)
        revised = db.execute(_REVISED, (number, since, since)) if were_revised and since else ()
        waiting = db.execute(_WAITING, (number, since)) if are_waiting else ()
        rows = list(islice(chain(delivered, revised, waiting), limit + 1))
        limit -= len(rows)
        if limit < 0:
            return
        yield number, rows


def _delivered(db: sqlite3.Connection, wanted: Mapping[int, int]) -> Iterator[tuple[int, Iterable[Row]]]:
    asked = ",".join(f'"{number}":{since}' for number, since in wanted.items())
    none = dict.fromkeys(wanted)
    for number, rows in groupby(db.execute(_DELIVERED, (f"{{{asked}}}",)), key=itemgetter(HOME)):
        del none[number]
        yield number, rows
    yield from ((number, ()) for number in none)
