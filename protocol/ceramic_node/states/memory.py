"""A store of states in memory: for tests, for networks of one process, and to show what the port means."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from threading import RLock
from typing import Any, TypeVar
from uuid import uuid4

from ceramic_node.states.delta import Changed, Delta, delta_of
from ceramic_node.states.memory_tables import Journal, Numbered, Table
from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import (
    PENDING_REASONS,
    Awaited,
    Backlog,
    EventRow,
    StateChange,
    StateHead,
    StreamRow,
    StreamStateRow,
)
from ceramic_node.states.waking import Wave, take
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.store_port import check_limit

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class _Data:
    """All that there is; a `StateWriter`, and `Waves`. Not for several threads."""

    def __init__(self) -> None:
        self.journal = journal = Journal()
        self._head = StateHead(0, 0, 0, uuid4().hex, "")
        self.events_by_cid: Table[Cid, EventRow] = Table(journal)
        self.event_order = Numbered(journal)
        self.other_order = Numbered(journal)
        self.streams_by_cid: Table[Cid, StreamRow] = Table(journal)
        self.tip_order = Numbered(journal)
        self.tipless_order = Numbered(journal)
        self.failed_order = Numbered(journal)
        self.turns = Numbered(journal)
        self.members: Table[Cid, Table[Cid, None]] = Table(journal)
        self.of_model: Table[StreamId, Table[Cid, None]] = Table(journal)
        self.needs: Table[Cid, Table[Cid, int]] = Table(journal)
        self.waves: Table[Cid, Wave] = Table(journal)
        self.long: Table[Cid, None] = Table(journal)
        self.all_changes: list[StateChange] = []

    @property
    def head(self) -> StateHead:
        return self._head

    def _set_head(self, head: StateHead) -> None:
        old, self._head = self._head, head
        self.journal.note(lambda: setattr(self, "_head", old))

    def draw(self) -> int:
        self._set_head(self._head._replace(number=self._head.number + 1))
        return self._head.number

    def move_to(self, *, version: int | None = None, at: int | None = None, rules: str | None = None) -> None:
        head = self._head
        self._set_head(
            head._replace(
                version=head.version if version is None else version,
                at=head.at if at is None else at,
                rules=head.rules if rules is None else rules,
            )
        )

    def stream(self, stream: Cid) -> StreamRow | None:
        return self.streams_by_cid.rows.get(stream)

    def events(self, wanted: Mapping[Cid, Cid]) -> dict[Cid, EventRow]:
        rows = self.events_by_cid.rows
        return {cid: row for cid, stream in wanted.items() if (row := rows.get(cid)) and row.stream == stream}

    def events_of(self, stream: Cid) -> Iterable[EventRow]:
        members = self.members.rows.get(stream)
        return () if members is None else map(self.events_by_cid.rows.__getitem__, members.rows)

    def read_ahead(self, streams: Collection[Cid], events: Mapping[Cid, Cid]) -> None:
        """See `StateWriter`: all of it is at hand."""

    def is_awaited(self) -> bool:
        """See `StateWriter`."""
        return bool(self.needs.rows or self.waves.rows)

    def put_stream(self, row: StreamRow) -> None:
        stream = row.stream
        self.streams_by_cid.put(stream, row)
        _enter(self.tip_order, stream, None if row.tip is None else row.number)
        _enter(self.tipless_order, stream, row.number if row.tip is None else None)
        _enter(self.failed_order, stream, None if row.failed is None else row.number)
        _enter(self.turns, stream, row.turns_at)
        dimensions = row.dimensions
        if (
            dimensions is not None
            and dimensions.model is not None
            and dimensions.stream_type == MODEL_INSTANCE
        ):
            self._inner(self.of_model, dimensions.model).put(stream, None)

    def put_events(self, rows: Iterable[EventRow]) -> None:
        for row in rows:
            self.events_by_cid.put(row.cid, row)
            self._inner(self.members, row.stream).put(row.cid, None)
            _enter(self.event_order, row.cid, row.number if row.is_concluded else None)
            _enter(self.other_order, row.cid, None if row.is_concluded else row.number)

    def add_change(self, stream: Cid, correction: Correction) -> None:
        del stream
        changes = self.all_changes
        changes.append(StateChange(self.draw(), correction))
        self.journal.note(changes.pop)

    def need(self, stream: Cid, targets: Iterable[Cid]) -> None:
        for target in targets:
            noted = self._inner(self.needs, target)
            if stream not in noted.rows:
                noted.put(stream, self.draw())

    def wake(self, target: Cid, model: StreamId | None = None) -> bool:
        documents = () if model is None else self._documents(model)
        is_needed = bool(self.needs.rows.get(target, Table(self.journal)).rows)
        if is_needed or documents:
            self.waves.put(target, Wave(target, self._head.number, model, 0, len(documents)))
        return is_needed

    def take_woken(self, limit: int) -> list[Awaited]:
        return take(self, limit)

    def next_wave(self) -> Wave | None:
        wave = next(iter(self.waves.rows.values()), None)
        if wave is not None:
            self.waves.drop(wave.target)
        return wave

    def put_back(self, wave: Wave) -> None:
        self.waves.put(wave.target, wave)

    def take_needs(self, wave: Wave, limit: int) -> list[Cid]:
        noted = self.needs.rows.get(wave.target)
        if noted is None:
            return []
        fitting = (stream for stream, number in noted.rows.items() if number <= wave.last_need)
        streams = list(islice(fitting, limit))
        for stream in streams:
            noted.drop(stream)
        if not noted.rows:
            self.needs.drop(wave.target)
        return streams

    def documents(self, wave: Wave, limit: int) -> tuple[list[Cid], int]:
        if wave.model is None:
            return [], wave.after
        stop = min(wave.last, wave.after + limit)
        return list(islice(self._documents(wave.model), wave.after, stop)), stop

    def _documents(self, model: StreamId) -> Collection[Cid]:
        found = self.of_model.rows.get(model)
        return () if found is None else found.rows

    def due(self, at: int, limit: int) -> list[Cid]:
        return self.turns.to(at, limit)

    def defer(self, stream: Cid) -> None:
        self.long.put(stream, None)

    def settle(self, stream: Cid) -> None:
        self.long.drop(stream)

    def deferred(self) -> list[Cid]:
        return list(self.long.rows)

    def clear(self) -> None:
        for table in self._all():
            table.clear()
        old, self.all_changes = self.all_changes, []
        self.journal.note(lambda: setattr(self, "all_changes", old))
        self._set_head(self._head._replace(version=0, at=0))

    def _all(self) -> Iterator[Table[Any, Any] | Numbered]:
        return (value for value in vars(self).values() if isinstance(value, Table | Numbered))

    def _inner(self, outer: Table[_Key, Table[Cid, _Value]], key: _Key) -> Table[Cid, _Value]:
        if key not in outer.rows:
            outer.put(key, Table(self.journal))
        return outer.rows[key]


def _enter(order: Numbered, cid: Cid, number: int | None) -> None:
    if number is None:
        order.drop(cid)
    else:
        order.put(cid, number)


class MemoryStates:
    """A `StateStore` that lasts as long as its process."""

    def __init__(self) -> None:
        """Make an empty one."""
        self._lock = RLock()
        self._data = _Data()

    @contextmanager
    def writing(self) -> Iterator[StateWriter]:
        """See `StateStore`."""
        # Readers wait meanwhile; it takes no longer than the follower lets it.
        with self._lock, self._data.journal.transaction():
            yield self._data

    def head(self) -> StateHead:
        """See `StateStore`."""
        with self._lock:
            return self._data.head

    def stream(self, stream: Cid) -> StreamStateRow | None:
        """See `StateStore`."""
        with self._lock:
            row = self._data.stream(stream)
            return None if row is None else self._with_tip(row)

    def _with_tip(self, row: StreamRow) -> StreamStateRow:
        return StreamStateRow(row, None if row.tip is None else self._data.events_by_cid.rows[row.tip])

    def event(self, cid: Cid, stream: Cid) -> EventRow | None:
        """See `StateStore`."""
        return self.events({cid: stream}).get(cid)

    def events(self, wanted: Mapping[Cid, Cid]) -> dict[Cid, EventRow]:
        """See `StateStore`."""
        with self._lock:
            return self._data.events(wanted)

    def streams(self, streams: Collection[Cid]) -> dict[Cid, StreamRow]:
        """See `StateStore`."""
        with self._lock:
            rows = self._data.streams_by_cid.rows
            return {stream: rows[stream] for stream in streams if stream in rows}

    def changes(self, after: int, limit: int) -> list[StateChange]:
        """See `StateStore`."""
        check_limit(limit)
        with self._lock:
            changes = self._data.all_changes
            start = bisect_right(changes, after, key=lambda change: change.position)
            return changes[start : start + limit]

    def event_page(self, after: int, limit: int) -> list[tuple[EventRow, StreamRow]]:
        """See `StateStore`."""
        check_limit(limit)
        with self._lock:
            events = [
                self._data.events_by_cid.rows[cid] for cid in self._data.event_order.after(after, limit)
            ]
            return [(event, self._data.streams_by_cid.rows[event.stream]) for event in events]

    def stream_page(self, after: int, limit: int) -> list[StreamStateRow]:
        """See `StateStore`."""
        check_limit(limit)
        with self._lock:
            return [self._with_tip(row) for row in self._rows(self._data.tip_order.after(after, limit))]

    def delta(self, after: int, limit: int) -> Delta:
        """See `StateStore`."""
        check_limit(limit)
        with self._lock:
            data = self._data
            streams = self._rows(
                cid for order in (data.tip_order, data.tipless_order) for cid in order.after(after, limit)
            )
            changed = Changed(
                self.event_page(after, limit),
                [(data.events_by_cid.rows[cid].number, cid) for cid in data.other_order.after(after, limit)],
                sorted(streams, key=lambda row: row.number)[:limit],
            )
            firsts = data.event_order.first, data.tip_order.first
            return delta_of(data.head, after, limit, changed, firsts, is_whole=not data.long.rows)

    def failed(self, after: int, limit: int) -> list[StreamRow]:
        """See `StateStore`."""
        check_limit(limit)
        with self._lock:
            return self._rows(self._data.failed_order.after(after, limit))

    def _rows(self, streams: Iterable[Cid]) -> list[StreamRow]:
        return [self._data.streams_by_cid.rows[stream] for stream in streams]

    def valid_events(self, stream: Cid) -> list[EventRow]:
        """See `StateStore`."""
        with self._lock:
            rows = self._data.events_of(stream)
            valid = (row._replace(data=None) for row in rows if row.reason is None)
            return sorted(valid, key=lambda row: (row.height, row.cid))

    def waits(self, stream: Cid) -> bool:
        """See `StateStore`."""
        with self._lock:
            rows = self._data.events_of(stream)
            return any(row.reason is not None and row.reason.value in PENDING_REASONS for row in rows)

    def count(self, what: Backlog) -> int:
        """See `StateStore`."""
        with self._lock:
            data = self._data
            counted = {
                Backlog.WOKEN: len(data.waves.rows),
                Backlog.LONG: len(data.long.rows),
                Backlog.FAILED: len(data.failed_order),
            }
            return counted[what]

    def close(self) -> None:
        """See `StateStore`."""
