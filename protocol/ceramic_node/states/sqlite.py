"""A store of states in SQLite, in a file of its own beside the one of the events."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ceramic_node.states.delta import Delta, read_delta
from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import (
    PENDING_REASONS,
    Backlog,
    EventRow,
    StateChange,
    StateHead,
    StreamRow,
    StreamStateRow,
)
from ceramic_node.states.sqlite_file import StatesFile
from ceramic_node.states.sqlite_lookup import BY_CID, IN_ORDER, cid_values, read_events, read_streams
from ceramic_node.states.sqlite_rows import (
    EVENT,
    EVENT_COLUMNS,
    STREAM,
    Columns,
    event_row,
    of,
    state_change,
    stream_row,
)
from ceramic_node.states.sqlite_writer import SqliteWriter, read_head
from ceramic_protocol.cid import Cid
from ceramic_protocol.store_port import check_limit

# ruff: noqa: S608 - the only names that come into statements are those of columns and tables

_EVENT: Final = of("event", EVENT)
_STREAM: Final = of("stream", STREAM)
_WITH_TIP: Final = "LEFT JOIN event ON event.stream = stream.id AND event.cid = stream.tip"
_STREAM_STATE: Final = f"SELECT {_EVENT}, {_STREAM} FROM stream {_WITH_TIP} WHERE {BY_CID}"
_STREAM_STATES: Final = (
    f"SELECT {_EVENT}, {_STREAM} FROM {IN_ORDER} {_WITH_TIP}"
    " WHERE moved.number > ? AND stream.tip IS NOT NULL ORDER BY moved.number LIMIT ?"
)
_CHANGES: Final = (
    "SELECT change.position, change.old_tip, change.new_tip, change.undone, change.applied, change.cause,"
    " stream.cid, stream.stream_type FROM change JOIN stream ON stream.id = change.stream"
    " WHERE change.position > ? ORDER BY change.position LIMIT ?"
)
_EVENTS: Final = (
    f"SELECT {_EVENT}, {_STREAM} FROM event JOIN stream ON stream.id = event.stream"
    " WHERE event.position IS NOT NULL AND event.number > ? ORDER BY event.number LIMIT ?"
)
_VALID: Final = (
    f"SELECT {_EVENT.replace('event.data', 'NULL')} FROM stream JOIN event ON event.stream = stream.id"
    f" WHERE {BY_CID} AND event.reason IS NULL ORDER BY event.height, event.cid"
)
_WAITS: Final = (
    f"SELECT 1 FROM stream JOIN event ON event.stream = stream.id WHERE {BY_CID}"
    f" AND event.reason IN ({', '.join('?' * len(PENDING_REASONS))}) LIMIT 1"
)
_COUNTS: Final = {
    Backlog.WOKEN: "SELECT count(*) FROM wave",
    Backlog.LONG: "SELECT count(*) FROM long",
    Backlog.FAILED: "SELECT count(*) FROM stream WHERE failed IS NOT NULL",
}


class SqliteStates:
    """A `StateStore` that lasts. What a killed process has written is there; see `StatesFile`."""

    def __init__(self, path: Path, *, reads_only: bool = False, patience: float = 0.0) -> None:
        """Open the file, or make one; see `StatesFile`."""
        self._file = StatesFile(path, reads_only=reads_only, patience=patience)

    @contextmanager
    def writing(self) -> Iterator[StateWriter]:
        """See `StateStore`."""
        with self._file.changing() as db:
            writer = SqliteWriter(db)
            yield writer
            writer.finish()

    def head(self) -> StateHead:
        """See `StateStore`."""
        with self._file.reading() as db:
            return read_head(db)

    def stream(self, stream: Cid) -> StreamStateRow | None:
        """See `StateStore`."""
        with self._file.reading() as db:
            found = db.execute(_STREAM_STATE, cid_values(stream)).fetchone()
        return None if found is None else _with_tip(found)

    def event(self, cid: Cid, stream: Cid) -> EventRow | None:
        """See `StateStore`."""
        return self.events({cid: stream}).get(cid)

    def events(self, wanted: Mapping[Cid, Cid]) -> dict[Cid, EventRow]:
        """See `StateStore`."""
        with self._file.reading() as db:
            found = read_events(db, [(stream, cid) for cid, stream in wanted.items()])
        return {cid: row for (_stream, cid), row in found.items()}

    def streams(self, streams: Collection[Cid]) -> dict[Cid, StreamRow]:
        """See `StateStore`."""
        with self._file.reading() as db:
            return {row.stream: row for _number, row in read_streams(db, streams)}

    def changes(self, after: int, limit: int) -> list[StateChange]:
        """See `StateStore`."""
        check_limit(limit)
        with self._file.reading() as db:
            return [state_change(columns) for columns in db.execute(_CHANGES, (after, limit))]

    def event_page(self, after: int, limit: int) -> list[tuple[EventRow, StreamRow]]:
        """See `StateStore`."""
        check_limit(limit)
        found = []
        with self._file.reading() as db:
            for columns in db.execute(_EVENTS, (after, limit)):
                row = stream_row(columns[EVENT_COLUMNS:])
                found.append((event_row(columns[:EVENT_COLUMNS], row.stream), row))
        return found

    def stream_page(self, after: int, limit: int) -> list[StreamStateRow]:
        """See `StateStore`."""
        check_limit(limit)
        with self._file.reading() as db:
            return [_with_tip(columns) for columns in db.execute(_STREAM_STATES, (after, limit))]

    def delta(self, after: int, limit: int) -> Delta:
        """See `StateStore`."""
        check_limit(limit)
        with self._file.reading() as db:
            db.execute("BEGIN")
            try:
                return read_delta(db, read_head(db), after, limit)
            finally:
                db.execute("COMMIT")

    def valid_events(self, stream: Cid) -> list[EventRow]:
        """See `StateStore`."""
        with self._file.reading() as db:
            return [event_row(columns, stream) for columns in db.execute(_VALID, cid_values(stream))]

    def waits(self, stream: Cid) -> bool:
        """See `StateStore`."""
        with self._file.reading() as db:
            return db.execute(_WAITS, (*cid_values(stream), *PENDING_REASONS)).fetchone() is not None

    def count(self, what: Backlog) -> int:
        """See `StateStore`."""
        with self._file.reading() as db:
            number: int = db.execute(_COUNTS[what]).fetchone()[0]
            return number

    def failed(self, after: int, limit: int) -> list[StreamRow]:
        """See `StateStore`."""
        check_limit(limit)
        asked = f"SELECT {STREAM} FROM stream WHERE failed IS NOT NULL AND number > ? ORDER BY number LIMIT ?"
        with self._file.reading() as db:
            return [stream_row(columns) for columns in db.execute(asked, (after, limit))]

    def close(self) -> None:
        """See `StateStore`."""
        self._file.close()


def _with_tip(columns: Columns) -> StreamStateRow:
    row = stream_row(columns[EVENT_COLUMNS:])
    return StreamStateRow(
        row, event_row(columns[:EVENT_COLUMNS], row.stream) if row.tip is not None else None
    )
