"""Putting a batch: what was planned, as rows, within one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from ceramic_node.short_keys import short_key
from ceramic_node.store.planning import BatchPlan
from ceramic_node.store.sqlite.capabilities import KeptCapabilities
from ceramic_node.store.sqlite.known import KnownEvents
from ceramic_node.store.sqlite.names import KeptNames
from ceramic_node.store.sqlite.pruning import note_restored
from ceramic_node.store.sqlite.records import to_columns
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_node.store.sqlite.streams import Home, Homes, StreamRow, rows_of
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.event_ids import MODEL_SEPARATOR
from ceramic_protocol.stored import NewEvent, StreamFacts, stream_of

_COUNT: Final = REPORT.count(",") + 1
_MARKS: Final = ", ".join("?" * _COUNT)
_SETTERS: Final = ", ".join(f"{name} = ?" for name in REPORT.split(", "))
_EVENT: Final = f"INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, NULL, ?, {_MARKS})"
_WAITING: Final = (
    f"INSERT INTO waiting (key, prev_key, stream, version, {REPORT}) VALUES (?, ?, ?, ?, {_MARKS})"
)
_MOVE: Final = f"INSERT INTO event SELECT ?, key, ?, ?, ?, ?, NULL, ?, {REPORT} FROM waiting WHERE id = ?"
_REVISE: Final = f"UPDATE event SET revised = ?, {_SETTERS} WHERE position = ?"
_REVISE_WAITING: Final = f"UPDATE waiting SET version = ?, {_SETTERS} WHERE id = ?"
_INIT: Final = "INSERT INTO init VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_STREAM: Final = "INSERT INTO stream VALUES (?, ?, ?, ?, ?)"
_CHANGE: Final = "INSERT INTO change VALUES (?, ?)"


@dataclass(slots=True)
class Counters:
    """The last numbers given out, when the last entry of the feed came, and how many events wait."""

    position: int
    version: int
    stream: int
    received: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What the writer remembers from one batch to the next."""

    capabilities: KeptCapabilities = field(default_factory=KeptCapabilities)
    names: KeptNames = field(default_factory=KeptNames)

    def clear(self) -> None:
        """Forget everything: what was remembered may not have come to be."""
        self.capabilities.clear()
        self.names.clear()


@dataclass(slots=True)
class BatchWriter:
    """Puts one batch. If that fails, it is thrown away, with the numbers that it has drawn."""

    db: sqlite3.Connection
    kept: Kept
    homes: Homes
    known: KnownEvents
    plan: BatchPlan
    counters: Counters
    _streams: dict[Cid, StreamRow] = field(default_factory=dict)
    _homes: dict[int, Home] = field(default_factory=dict)
    _positions: dict[Cid, int] = field(default_factory=dict)

    def write(self, now: int) -> dict[Cid, int]:
        """Write all of it; `now` is in unix milliseconds. Gives the new versions of streams."""
        plan, counters = self.plan, self.counters
        self._positions = {cid: counters.position + place for place, cid in enumerate(plan.placed, 1)}
        counters.position += len(self._positions)
        counters.received = max(counters.received, now)
        touched = dict.fromkeys(self._touched())
        versions = {stream: counters.version + place for place, stream in enumerate(touched, 1)}
        counters.version += len(versions)
        self._keep_streams(versions)
        self._keep_inits()
        self._read_homes()
        self._deliver(versions)
        self._let_wait(versions)
        self._revise(versions)
        self._move(versions)
        return versions

    def remember(self) -> None:
        """Keep in mind what was read and written, after it was committed."""
        self.homes.remember(self._homes)

    def _touched(self) -> Iterable[Cid]:
        for event in (*self.plan.kept.values(), *self.plan.better.values()):
            stream = stream_of(event.checked)
            if stream is not None:
                yield stream
        yield from self.plan.placed.values()

    def _keep_streams(self, versions: dict[Cid, int]) -> None:
        self._streams = known = rows_of(self.db, versions.keys())
        fresh = []
        for stream, version in versions.items():
            if stream not in known:
                self.counters.stream += 1
                begun = self._positions[stream] if self.plan.placed.get(stream) == stream else None
                known[stream] = StreamRow(self.counters.stream, version, begun)
                fresh.append((self.counters.stream, short_key(stream), stream, version, begun))
        added = {row[2] for row in fresh}
        self._many(
            "UPDATE stream SET version = ? WHERE id = ?",
            [(version, known[stream].number) for stream, version in versions.items() if stream not in added],
        )
        self._many(_STREAM, fresh)
        self._many(_CHANGE, [(version, known[stream].number) for stream, version in versions.items()])
        self._many(
            "UPDATE stream SET begun = ? WHERE id = ?",
            [
                (self._positions[stream], known[stream].number)
                for stream in self.plan.facts
                if stream not in added
            ],
        )

    def _keep_inits(self) -> None:
        rows = []
        for stream, facts in self.plan.facts.items():
            number = self._streams[stream].number
            model = self.kept.names.number(self.db, "model", facts.model)
            controller = self.kept.names.number(self.db, "controller", facts.controller or None)
            self._homes[number] = Home(facts.stream, facts, model, controller)
            rows.append((self._positions[stream], number, *_init_columns(facts, model, controller)))
        self._many(_INIT, rows)

    def _read_homes(self) -> None:
        numbers = {self._streams[stream].number for stream in self.plan.placed.values()}
        self._homes |= self.homes.of(self.db, numbers - self._homes.keys())

    def _many(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        # For single events most lists are empty, and even these cost.
        if rows:
            self.db.executemany(statement, rows)

    def _stream_row(self, event: NewEvent) -> StreamRow:
        stream = stream_of(event.checked)
        if stream is None:
            raise StoreCorruption(f"event {event.checked.cid} was delivered and belongs to no stream")
        return self._streams[stream]

    def _columns(self, event: NewEvent) -> tuple[Any, ...]:
        return to_columns(event, *self.kept.capabilities.number(self.db, event))

    def _deliver(self, versions: dict[Cid, int]) -> None:
        """Rows of `event` for what is delivered at once."""
        rows = []
        for cid, stream in self.plan.placed.items():
            event = self.plan.kept.get(cid)
            if event is not None:
                head = self._head(cid, stream, versions)
                rows.append((head[0], short_key(cid), *head[1:], *self._columns(event)))
        self._many(_EVENT, rows)

    def _head(self, cid: Cid, stream: Cid, versions: dict[Cid, int]) -> tuple[Any, ...]:
        """Position, stream, model, controller, version and time of an event that is delivered."""
        number = self._streams[stream].number
        home = self._homes[number]
        received = self.counters.received
        return self._positions[cid], number, home.model, home.controller, versions[stream], received

    def _let_wait(self, versions: dict[Cid, int]) -> None:
        rows = []
        for cid, event in self.plan.kept.items():
            if cid not in self.plan.placed:
                stream, prev = stream_of(event.checked), event.checked.prev
                number = None if stream is None else self._streams[stream].number
                version = None if stream is None else versions[stream]
                prev_key = None if prev is None else short_key(prev)
                rows.append((short_key(cid), prev_key, number, version, *self._columns(event)))
        self._many(_WAITING, rows)
        self.counters.waiting += len(rows)

    def _revise(self, versions: dict[Cid, int]) -> None:
        for cid, event in self.plan.better.items():
            place, stream = self.known.places[cid], stream_of(event.checked)
            version = None if stream is None else versions[stream]
            if place.position is None:
                self.db.execute(_REVISE_WAITING, (version, *self._columns(event), place.waiting))
            else:
                self.db.execute(_REVISE, (version, *self._columns(event), place.position))
                if place.is_pruned:
                    note_restored(self.db, self._stream_row(event).number, self.counters.received)

    def _move(self, versions: dict[Cid, int]) -> None:
        """Deliver what was waiting."""
        moved = []
        for cid, stream in self.plan.placed.items():
            if cid not in self.plan.kept:
                number = self.known.places[cid].waiting
                self.db.execute(_MOVE, (*self._head(cid, stream, versions), number))
                moved.append((number,))
        self._many("DELETE FROM waiting WHERE id = ?", moved)
        self.counters.waiting -= len(moved)


def _init_columns(facts: StreamFacts, model: int | None, controller: int | None) -> tuple[Any, ...]:
    sep = None if facts.sep_key == MODEL_SEPARATOR else facts.sep_key
    return facts.stream_id.stream_type, model, controller, sep, facts.unique, facts.context
