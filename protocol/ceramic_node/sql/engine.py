"""Runs statements on the tables, within bounds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa

from ceramic_node.sql.answers import answer_schema, converted, in_messages
from ceramic_node.sql.database import Database, read_head
from ceramic_node.sql.ddl import AFTER, FRONTIER, NODE, UPTO
from ceramic_node.sql.execution import Execution, Watch
from ceramic_node.sql.failures import SqlBusy, SqlTooMuch
from ceramic_node.sql.feeds import Feed
from ceramic_node.sql.keeper import Keeper
from ceramic_node.sql.statements import Dialect, Statement
from ceramic_protocol import limits

# ruff: noqa: S608 - the only names that come into statements are our own

_WAIT_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """What queries may take, see `limits`."""

    seconds: float = limits.SQL_SECONDS
    answer_seconds: float = limits.SQL_ANSWER_SECONDS
    rows: int = limits.MAX_SQL_ROWS
    queries: int = limits.MAX_SQL_QUERIES
    feeds: int = limits.MAX_SQL_FEEDS
    fresh_seconds: float = limits.SQL_FRESH_SECONDS
    resident: int = limits.MAX_SQL_RESIDENT_BYTES


class Answer(NamedTuple):
    """The rows of a query, as they are made; whoever doesn't take all of them closes the generator."""

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


class Engine:
    """Answers statements, from any thread."""

    def __init__(self, database: Database, keeper: Keeper, bounds: Bounds | None = None) -> None:
        """Answer from a database, which somebody keeps up."""
        self._database: Final = database
        self._keeper: Final = keeper
        self._bounds: Final = bounds or Bounds()
        self._queries: Final = threading.BoundedSemaphore(self._bounds.queries)
        self._feeds: Final = threading.BoundedSemaphore(self._bounds.feeds)
        self._watch: Final = Watch(self._bounds.resident)
        connection = database.reader()
        self._dialect: Final = Dialect(connection)
        connection.close()

    def read(self, sql: str) -> Statement:
        """Look at a statement, see `Dialect.read`."""
        with self._execution(lambda: False) as execution, execution.working():
            return self._dialect.read(execution.connection, sql)

    def describe(self, statement: Statement, values: list[Any]) -> pa.Schema:
        """What the answer looks like; nothing is read for that.

        Raises:
            SqlWrong: there is an error in it.
        """
        with self._execution(lambda: False) as execution, execution.working():
            execution.connection.execute("BEGIN TRANSACTION READ ONLY")
            _set(execution.connection, {FRONTIER: 0, AFTER: 0, UPTO: 0})
            return _schema(execution.connection, statement, values)

    def run(self, statement: Statement, values: list[Any], is_cancelled: Callable[[], bool]) -> Answer:
        """Run a statement.

        Args:
            statement: what to run.
            values: of its parameters.
            is_cancelled: whether nobody waits for the answer any more.

        Raises:
            SqlWrong: there is an error in it, or it fails on the first rows.
            SqlBusy: too many run already.
            SqlTooMuch: it takes too much memory.
            SqlTimeout: it takes too long; like the others, this may be raised by the batches too.
        """
        if statement.feed is not None:
            schema = self.describe(statement, values)
            rows = self._follow(statement, statement.feed, values, schema, is_cancelled)
            next(rows)
            return Answer(schema, rows)
        batches = self._batches(statement, values, is_cancelled)
        # So that what is wrong is told before the answer begins: clients are better at that.
        schema = next(batches)
        first = next(batches, None)
        return Answer(schema, _resumed(first, batches))

    def _batches(
        self, statement: Statement, values: list[Any], is_cancelled: Callable[[], bool]
    ) -> Iterator[Any]:
        """The schema, then the rows."""
        with _slot(self._queries, "queries"), ExitStack() as stack:
            self._keeper.reach(self._bounds.fresh_seconds)
            execution = stack.enter_context(self._execution(is_cancelled))
            connection = execution.connection
            with execution.working():
                connection.execute("BEGIN TRANSACTION READ ONLY")
                _set(connection, {FRONTIER: read_head(connection).frontier})
                found = connection.sql(statement.sql, params=statement.arguments(values))
                reader = found.to_arrow_reader(limits.MAX_SQL_BATCH)
            schema = answer_schema(reader.schema, statement.required)
            yield schema
            left = self._bounds.rows
            while True:
                with execution.working():
                    batch = next(reader, None)
                if batch is None:
                    return
                left -= batch.num_rows
                if left < 0:
                    raise SqlTooMuch(f"the answer has more than {self._bounds.rows:,} rows")
                yield from in_messages(converted(batch, schema))

    def _follow(
        self,
        statement: Statement,
        feed: Feed,
        values: list[Any],
        schema: pa.Schema,
        is_cancelled: Callable[[], bool],
    ) -> Iterator[Any]:
        """None as soon as it has begun, then the rows."""
        left = None if feed.limit is None else feed.limit.of(values)
        skipped = feed.offset.of(values)
        with _slot(self._feeds, "feeds"), ExitStack() as stack:
            self._keeper.reach(self._bounds.fresh_seconds)
            execution = stack.enter_context(self._execution(is_cancelled, whole=None))
            yield None
            after = 0
            while left is None or left > 0:
                seen = self._keeper.head
                execution.restart()
                with execution.working():
                    after, is_end, found = _step(execution.connection, statement, feed, values, after)
                for batch in found:
                    skip = min(skipped, batch.num_rows)
                    skipped -= skip
                    rows = batch.slice(skip, left)
                    left = None if left is None else left - rows.num_rows
                    yield from in_messages(converted(rows, schema))
                while is_end and left != 0 and self._keeper.wait(seen, _WAIT_SECONDS) == seen:
                    with execution.working():
                        """Ends it if nobody waits for the answer any more."""

    @contextmanager
    def _execution(self, is_cancelled: Callable[[], bool], whole: float | None = 0.0) -> Iterator[Execution]:
        connection = self._database.reader()
        seconds = None if whole is None else self._bounds.answer_seconds
        execution = Execution(connection, self._bounds.seconds, seconds, is_cancelled)
        with self._watch.over(execution):
            yield execution

    def stop(self) -> None:
        """End everything that runs."""
        self._watch.stop()


def _set(connection: Any, variables: dict[str, int]) -> None:
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = {value:d}::UBIGINT")


def _schema(connection: Any, statement: Statement, values: list[Any]) -> pa.Schema:
    found = connection.sql(statement.sql, params=statement.arguments(values))
    # Reading the rows would run the query; types in words give the same schema.
    columns = ", ".join(f"CAST(NULL AS {kind})" for kind in found.types)
    types = connection.sql(f"SELECT {columns}").to_arrow_reader(1).schema.types
    named = pa.schema([pa.field(name, kind) for name, kind in zip(found.columns, types, strict=True)])
    return answer_schema(named, statement.required)


def _step(
    connection: Any, statement: Statement, feed: Feed, values: list[Any], after: int
) -> tuple[int, bool, list[pa.RecordBatch]]:
    """The next rows of a feed, all of them, so that no transaction waits for a client.

    Returns:
        Behind which order to go on, whether there is nothing there yet, and the rows.
    """
    connection.execute("BEGIN TRANSACTION READ ONLY")
    try:
        head = read_head(connection)
        top = head.frontier if feed.table == "conclusion_events" else head.number
        upto, is_end = _end_of_step(connection, feed.order, after, top)
        _set(connection, {FRONTIER: head.frontier, AFTER: after, UPTO: upto})
        found = connection.sql(statement.sql, params=statement.arguments(values))
        return upto, is_end, list(found.to_arrow_reader(limits.MAX_SQL_BATCH))
    finally:
        connection.execute("ROLLBACK")


def _end_of_step(connection: Any, order: str, after: int, top: int) -> tuple[int, bool]:
    asked = f"""
        WITH step AS (
            SELECT {order} AS o,
                500 + coalesce(octet_length(data), 0) + coalesce(octet_length(event_data), 0) AS size
            FROM {NODE}.events WHERE {order} > {after:d} AND {order} <= {top:d}
            ORDER BY o LIMIT {limits.MAX_SQL_FEED_STEP}
        )
        SELECT count(*), min(o), max(o) FILTER (WHERE total <= {limits.MAX_SQL_FEED_BYTES}), max(o)
        FROM (SELECT o, sum(size) OVER (ORDER BY o) AS total FROM step)
    """
    count, first, fitting, last = connection.execute(asked).fetchall()[0]
    if not count:
        return max(after, top), True
    is_all = count < limits.MAX_SQL_FEED_STEP and fitting == last
    return (max(after, top), True) if is_all else (fitting or first, False)


def _resumed(first: Any, batches: Iterator[Any]) -> Iterator[Any]:
    try:
        if first is not None:
            yield first
            yield from batches
    finally:
        batches.close()  # type: ignore[attr-defined]


@contextmanager
def _slot(slots: threading.BoundedSemaphore, what: str) -> Iterator[None]:
    if not slots.acquire(blocking=False):
        raise SqlBusy(f"too many {what} at once: try again later")
    try:
        yield
    finally:
        slots.release()
