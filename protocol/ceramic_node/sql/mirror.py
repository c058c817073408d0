"""A copy of a node's tables in DuckDB, kept up from the store of states.

Each round takes over in one transaction all that has changed since the round before, so that whoever reads
sees what the store had at one moment. What the mirror holds follows from the stores: it is made anew whenever
it doesn't belong to them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

import pyarrow as pa

from ceramic_node.sql.database import Database, MirrorHead
from ceramic_node.sql.ddl import NODE
from ceramic_node.sql.failures import SqlStopped
from ceramic_node.sql.mirror_rows import table_of_events, table_of_streams
from ceramic_node.states.delta import Delta
from ceramic_node.states.port import StateStore
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_MIRROR_BATCH
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StoreHead

# ruff: noqa: S608 - the only names that come into statements are our own

_LOG: Final = logging.getLogger("ceramic.sql")
_INCOMING: Final = "incoming"
_MARKS: Final = 64


class Mirror:
    """Writes the tables of a database; used from one thread at a time.

    Attributes:
        head: how far it has come.
    """

    def __init__(
        self,
        database: Database,
        events: EventReader,
        states: StateStore,
        profile: Callable[[], Profile],
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        """Say from where to where.

        Args:
            database: whose tables are written.
            events: tells what events say themselves.
            states: tells everything else.
            profile: whose rules the events were verified by.
            is_stopping: whether to give up a round that is under way.
        """
        self._events: Final = events
        self._states: Final = states
        self._profile: Final = profile
        self._is_stopping: Final = is_stopping
        self._connection: Final = database.writer()
        # Of the store of events: once everything up to the version is judged, so is all up to the position.
        self._marks: Final[deque[StoreHead]] = deque()
        self._firsts = (-1, -1)
        self.head = database.head()

    def catch_up(self, batch: int = MAX_MIRROR_BATCH) -> bool:
        """Take over all that there is now; tells whether anything was new.

        Args:
            batch: about how many changes are taken over at a time.

        Raises:
            OutsideError: a store failed; nothing was taken over.
            StoreCorruption: a store makes no sense.
            SqlStopped: it was given up.
        """
        mark, store = self._events.head(), self._states.head()
        head = self.head
        is_same = (store.generation, store.number) == (head.generation, head.number) and head.is_complete
        if is_same and not self._marks and mark.position == head.frontier:
            return False
        if len(self._marks) < _MARKS and (not self._marks or self._marks[-1] != mark):
            self._marks.append(mark)
        while True:
            before = self.head
            self._round(batch)
            if self.head.is_complete:
                return self.head != before

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _round(self, batch: int) -> None:
        """One transaction."""
        self._connection.execute("BEGIN")
        try:
            head = self._take_over(batch)
            if head != self.head:
                self._connection.execute(
                    f"UPDATE {NODE}.head SET generation = $1, number = $2, frontier = $3, is_complete = $4",
                    list(head),
                )
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            self._firsts = (-1, -1)
            raise
        self.head = head

    def _take_over(self, batch: int) -> MirrorHead:
        head = self.head
        while True:
            if self._is_stopping():
                raise SqlStopped("the node stops")
            delta = self._states.delta(head.number, batch)
            if delta.head.generation != head.generation:
                head = self._begin_anew(delta.head.generation)
                continue
            self._apply(delta)
            head = head._replace(number=delta.to)
            if delta.is_last:
                return head._replace(
                    number=delta.head.number, frontier=self._frontier(delta, head.frontier), is_complete=True
                )
            if not head.is_complete:
                # Nobody reads it yet, and so nothing is lost if the process ends.
                return head

    def _begin_anew(self, generation: str) -> MirrorHead:
        for table in ("events", "streams"):
            self._connection.execute(f"DELETE FROM {NODE}.{table}")
        return MirrorHead(generation, 0, 0, is_complete=False)

    def _frontier(self, delta: Delta, frontier: int) -> int:
        while delta.is_whole and self._marks and self._marks[0].version <= delta.head.version:
            frontier = self._marks.popleft().position
        return frontier

    def _apply(self, delta: Delta) -> None:
        firsts = delta.first_event, delta.first_stream
        if firsts != self._firsts:
            self._forget("events", "event_state_order", firsts[0])
            self._forget("streams", "stream_tip_order", firsts[1])
            self._firsts = firsts
        self._remove("events", "event_cid", delta.others)
        self._remove("streams", "stream_cid", delta.tipless)
        if delta.events:
            incoming = table_of_events(self._events, delta.events, self._profile())
            self._replace("events", "conclusion_event_order", incoming)
        if delta.streams:
            self._replace("streams", "stream_cid", table_of_streams(delta.streams))

    def _forget(self, table: str, order: str, first: int) -> None:
        """Remove what has left the store: all, or what has lower numbers than the first one there."""
        condition = f"WHERE {order} < {first:d}" if first else ""
        self._connection.execute(f"DELETE FROM {NODE}.{table} {condition}")

    def _remove(self, table: str, key: str, cids: Iterable[Cid]) -> None:
        found = pa.table({key: pa.array(list(cids), pa.binary())})
        if len(found):
            self._with(found, f"DELETE FROM {NODE}.{table} WHERE {key} IN (SELECT {key} FROM {_INCOMING})")

    def _replace(self, table: str, key: str, rows: Any) -> None:
        self._with(
            rows,
            f"DELETE FROM {NODE}.{table} WHERE {key} IN (SELECT {key} FROM {_INCOMING})",
            f"INSERT INTO {NODE}.{table} SELECT * FROM {_INCOMING}",
        )

    def _with(self, rows: Any, *statements: str) -> None:
        self._connection.register(_INCOMING, rows)
        try:
            for statement in statements:
                self._connection.execute(statement).fetchall()
        finally:
            self._connection.unregister(_INCOMING)
