"""A node that answers SQL, and clients that ask it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import adbc_driver_flightsql.dbapi as adbc
import pyarrow as pa

from ceramic_connectors.config.values import Address
from ceramic_node.sql.service import SqlService, SqlSettings
from ceramic_protocol.ports import Chain
from ceramic_protocol.stored import NewEvent
from tests.support.node import RunningNode, running_node

_SETTLE_SECONDS = 120


@dataclass(frozen=True)
class Serving:
    """A node with SQL, and a connection of ADBC to it."""

    running: RunningNode
    sql: SqlService
    connection: Any

    @property
    def url(self) -> str:
        return f"grpc://127.0.0.1:{self.sql.port}"

    def put(self, events: Sequence[NewEvent]) -> None:
        """Let the node have events, as if their own checks had been made, and their states and tables."""
        node = self.running.node
        node.events.put(events)
        node.follower.wake()
        self.settle()

    def settle(self) -> None:
        """Wait until states and tables are those of all events that are there now."""
        node = self.running.node
        self.running.settle()
        until = time.monotonic() + _SETTLE_SECONDS
        while (self.sql._keeper.head.number, self.sql._keeper.head.frontier) != (
            node.states.head().number,
            node.events.head().position,
        ):
            assert time.monotonic() < until, "the tables lag behind"
            time.sleep(0.005)

    def ask(self, sql: str, values: Sequence[Any] | None = None) -> pa.Table:
        """The answer to a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetch_arrow_table()

    def rows(self, sql: str, values: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """The same as rows."""
        table = self.ask(sql, values)
        return list(zip(*(column.to_pylist() for column in table.columns), strict=True))

    def one(self, sql: str, values: Sequence[Any] | None = None) -> Any:
        """The only value of an answer."""
        ((value,),) = self.rows(sql, values)
        return value

    def error(self, sql: str, values: Sequence[Any] | None = None) -> str:
        """What the client is told instead of an answer."""
        try:
            found = self.ask(sql, values)
        except adbc.Error as error:
            return str(error)
        raise AssertionError(f"{sql} gave {found.to_pylist()[:5]}")


@contextmanager
def serving(
    folder: Path | None = None,
    events: Sequence[NewEvent] = (),
    chain: Chain | None = None,
    **settings: Any,
) -> Iterator[Serving]:
    """A node with SQL on a free port; `settings` are those of `SqlSettings`."""
    with running_node(folder, chain=chain) as running:
        service = SqlService(running.node, SqlSettings(Address("127.0.0.1", 0), folder, **settings))
        running.call(service.start())
        try:
            with adbc.connect(f"grpc://127.0.0.1:{service.port}", autocommit=True) as connection:
                served = Serving(running, service, connection)
                served.put(events)
                yield served
        finally:
            running.call(service.stop())
