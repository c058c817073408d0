"""The server of Arrow Flight SQL: commands and tickets to statements and listings.

A statement's ticket is its text, so that nothing has to be kept between the two calls of a client. All that
handlers raise is told as an error of Flight, see `failures.told`. `GetSchema` isn't answered, as Arrow would
show the traceback of an error in it; `GetFlightInfo` has the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any, Final, NoReturn

import pyarrow as pa
from pyarrow import flight

from ceramic_node.sql.engine import Engine
from ceramic_node.sql.failures import SqlBusy, SqlRefused, told, told_batches
from ceramic_node.sql.listing import LISTINGS
from ceramic_node.sql.messages import make, packed, unpacked
from ceramic_node.sql.parameters import values_of
from ceramic_node.sql.prepared import PreparedBook
from ceramic_node.sql.rates import CallRates
from ceramic_protocol.limits import MAX_SQL_BYTES, MAX_SQL_CALLS, MAX_SQL_PREPARED_BYTES

_CREATE: Final = "CreatePreparedStatement"
_CLOSE: Final = "ClosePreparedStatement"
_STATEMENT: Final = "CommandStatementQuery"
_PREPARED: Final = "CommandPreparedStatementQuery"
_TICKET: Final = "TicketStatementQuery"

_Cancelled = Callable[[], bool]


class FlightSqlServer(flight.FlightServerBase):  # type: ignore[misc]  # pyarrow has no types
    """Listens from the moment it is made, in threads of its own, until `shutdown`."""

    def __init__(
        self,
        engine: Engine,
        location: str,
        *,
        gate: flight.ServerMiddlewareFactory | None = None,
        certificate: tuple[bytes, bytes] | None = None,
        calls: int = MAX_SQL_CALLS,
        rates: CallRates | None = None,
    ) -> None:
        """Begin to listen.

        Args:
            engine: answers statements.
            location: such as `grpc://127.0.0.1:5102`, or `grpc+tls://…` with a certificate.
            gate: looks at each call first.
            certificate: chain and key, as PEM.
            calls: how many may be under way.
            rates: how many a second there may be of an address.
        """
        self._engine = engine
        self._rates: Final = rates or CallRates()
        self._prepared: Final = PreparedBook()
        self._calls: Final = BoundedSemaphore(calls)
        try:
            super().__init__(
                location,
                tls_certificates=None if certificate is None else [certificate],
                middleware=None if gate is None else {"tokens": gate},
            )
        except BaseException:
            del self._engine
            raise

    def close(self) -> None:
        """Stop listening, once all calls have ended; end the engine's executions first."""
        self.shutdown()
        # Arrow never lets go of a server, and with it of all that it refers to.
        del self._engine

    @told
    def get_flight_info(self, context: Any, descriptor: Any) -> Any:
        """What an answer will look like, and the ticket for it."""
        with self._call(context):
            name, command = _command(descriptor)
            schema = self._schema_of(name, command)
            ticket = descriptor.command
            if name == _STATEMENT:
                ticket = packed(make(_TICKET, statement_handle=command.query.encode()))
            endpoint = flight.FlightEndpoint(flight.Ticket(ticket), [])
            return flight.FlightInfo(schema, descriptor, [endpoint], -1, -1)

    def _schema_of(self, name: str, command: Any) -> pa.Schema:
        if name in LISTINGS:
            return LISTINGS[name](command).schema
        if name == _STATEMENT:
            statement = self._engine.read(command.query)
            return self._engine.describe(statement, _no_values(len(statement.parameters)))
        if name == _PREPARED:
            statement, values = self._bound(command)
            return self._engine.describe(statement, values)
        raise _not_answered(name)

    def _bound(self, command: Any) -> tuple[Any, list[Any]]:
        found = self._prepared.get(command.prepared_statement_handle)
        values = found.values
        return found.statement, _no_values(len(found.statement.parameters)) if values is None else values

    @told
    def do_get(self, context: Any, ticket: Any) -> Any:
        """The rows of an answer."""
        with self._call(context) as keep:
            name, asked = unpacked(_short(ticket.ticket))
            if name in LISTINGS:
                return flight.RecordBatchStream(LISTINGS[name](asked))
            if name == _TICKET:
                statement = self._engine.read(asked.statement_handle.decode("utf-8", "replace"))
                values = _no_values(len(statement.parameters))
            elif name == _PREPARED:
                statement, values = self._bound(asked)
            else:
                raise _not_answered(name)
            answer = self._engine.run(statement, values, context.is_cancelled)
            batches = keep(told_batches(answer.batches))
            return flight.GeneratorStream(answer.schema, batches)

    @told
    def do_put(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> None:
        """Values for the parameters of a prepared statement."""
        with self._call(context):
            name, command = _command(descriptor)
            if name != _PREPARED:
                raise SqlRefused("nothing is written here")
            handle = command.prepared_statement_handle
            statement = self._prepared.get(handle).statement
            batch = _one_batch(reader)
            self._prepared.bind(handle, values_of(batch, statement.parameters), batch.nbytes)
            result = make("DoPutPreparedStatementResult", prepared_statement_handle=handle)
            writer.write(pa.py_buffer(result.SerializeToString()))

    @told
    def do_action(self, context: Any, action: Any) -> list[bytes]:
        """Prepare a statement, or let go of one."""
        with self._call(context):
            name, asked = unpacked(_short(action.body.to_pybytes()))
            if action.type == _CREATE and name == "ActionCreatePreparedStatementRequest":
                return [self._prepare(asked.query)]
            if action.type == _CLOSE and name == "ActionClosePreparedStatementRequest":
                self._prepared.drop(asked.prepared_statement_handle)
                return []
            raise SqlRefused(f"the action {action.type[:100]!r} isn't answered here")

    def _prepare(self, sql: str) -> bytes:
        statement = self._engine.read(sql)
        dataset = b""
        if not len(statement.parameters):
            dataset = self._engine.describe(statement, []).serialize().to_pybytes()
        result = make(
            "ActionCreatePreparedStatementResult",
            prepared_statement_handle=self._prepared.add(statement),
            dataset_schema=dataset,
            parameter_schema=statement.parameters.serialize().to_pybytes(),
        )
        return packed(result)

    @told
    def list_actions(self, context: Any) -> list[tuple[str, str]]:
        """The actions."""
        del context
        return [(_CREATE, "prepare a statement"), (_CLOSE, "let go of it")]

    @told
    def list_flights(self, context: Any, criteria: Any) -> NoReturn:
        """Not answered: there are as many answers as statements."""
        del context, criteria
        raise SqlRefused("ask for tables, or with SQL")

    @told
    def do_exchange(self, context: Any, descriptor: Any, reader: Any, writer: Any) -> NoReturn:
        """Not answered."""
        del context, descriptor, reader, writer
        raise SqlRefused("ask with SQL")

    @contextmanager
    def _call(self, context: Any) -> Iterator[Callable[[Iterator[Any]], Iterator[Any]]]:
        """Count a call within; what is given turns rows into such as are counted until they end."""
        self._rates.take(context.peer())
        if not self._calls.acquire(blocking=False):
            raise SqlBusy("too many calls at once: try again later")
        kept: list[Iterator[Any]] = []

        def keep(rows: Iterator[Any]) -> Iterator[Any]:
            counted = self._counted(rows)
            next(counted)
            kept.append(counted)
            return counted

        try:
            yield keep
        finally:
            if not kept:
                self._calls.release()

    def _counted(self, rows: Iterator[Any]) -> Iterator[Any]:
        try:
            yield None
            yield from rows
        finally:
            self._calls.release()


def _short(data: Any) -> bytes:
    found = bytes(data)
    if len(found) > 2 * MAX_SQL_BYTES:
        raise SqlRefused(f"the statement has more than {MAX_SQL_BYTES:,} bytes")
    return found


def _command(descriptor: Any) -> tuple[str, Any]:
    return unpacked(_short(descriptor.command or b""))


def _no_values(count: int) -> list[Any]:
    if count:
        raise SqlRefused(f"the statement has {count} parameters: prepare it, and give their values")
    return []


def _one_batch(reader: Any) -> pa.RecordBatch:
    batches = []
    for chunk in reader:
        if chunk.data.num_rows:
            batches.append(chunk.data)
        if len(batches) > 1 or chunk.data.nbytes > MAX_SQL_PREPARED_BYTES:
            raise SqlRefused("give one row of values, of no more than a few megabytes")
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=reader.schema)


def _not_answered(name: str) -> SqlRefused:
    return SqlRefused(f"{name} isn't answered here: the tables can only be read")
