"""What goes wrong with queries, and how clients are told: with a stable code, and never with a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import duckdb
import pyarrow as pa
from pyarrow import flight

from ceramic_connectors.apps.running import error_words
from ceramic_protocol.errors import CeramicError

_P = ParamSpec("_P")
_T = TypeVar("_T")

_LOG: Final = logging.getLogger("ceramic.sql")


class SqlRefused(CeramicError):
    """A statement or command that isn't answered here, whatever the tables hold."""

    code = "sql_refused"


class SqlWrong(CeramicError):
    """A statement with an error in it, or one that fails on the rows that it meets."""

    code = "sql_error"


class SqlTooMuch(CeramicError):
    """A query that takes more memory, rows or bytes than it may."""

    code = "sql_too_much"


class SqlTimeout(CeramicError):
    """A query that takes longer than it may."""

    code = "sql_timeout"


class SqlBusy(CeramicError):
    """Too many queries run already; try again."""

    code = "sql_busy"


class SqlStopped(CeramicError):
    """The node stops, or the client has gone."""

    code = "sql_stopped"


class TokenRefused(CeramicError):
    """A call without a token that counts."""

    code = "token_invalid"


class TokenMissing(TokenRefused):
    """A call without any."""

    code = "token_missing"


class ScopeMissing(CeramicError):
    """The token doesn't allow that."""

    code = "scope_missing"


@contextmanager
def told_by_duckdb() -> Iterator[None]:
    """Errors of DuckDB as ours; those of interrupted queries are left to who interrupted them."""
    try:
        yield
    except (duckdb.InterruptException, CeramicError):
        raise
    except duckdb.OutOfMemoryException:
        raise SqlTooMuch("this takes more memory than it may: narrow the query") from None
    except (duckdb.IOException, duckdb.InternalException, duckdb.FatalException) as error:
        raise _disk(error) from error
    except duckdb.Error as error:
        raise SqlWrong(error_words(error)) from error


def _disk(error: Exception) -> CeramicError:
    if "max_temp_directory_size" in str(error):
        return SqlTooMuch("this takes more space on disk than it may: narrow the query")
    _LOG.error("DuckDB failed", exc_info=error)
    return CeramicError("the database of the tables failed; the node's log says how")


def as_flight(error: BaseException) -> flight.FlightError:
    """The error that a client gets, with the code before the words, and in the details by itself."""
    if isinstance(error, flight.FlightError):
        return error
    if not isinstance(error, CeramicError):
        _LOG.error("a query failed", exc_info=error)
        return flight.FlightInternalError("internal_error: the node's log says what happened")
    code = error.code.encode()
    text = f"{error.code}: {error}"
    if isinstance(error, TokenRefused):
        return flight.FlightUnauthenticatedError(text, code)
    if isinstance(error, ScopeMissing):
        return flight.FlightUnauthorizedError(text, code)
    if isinstance(error, SqlTimeout):
        return flight.FlightTimedOutError(text, code)
    if isinstance(error, SqlBusy):
        return flight.FlightUnavailableError(text, code)
    if isinstance(error, SqlStopped):
        return flight.FlightCancelledError(text, code)
    return flight.FlightServerError(text, code)


def told(function: Callable[_P, _T]) -> Callable[_P, _T]:
    """A handler whose errors are all told as errors of Flight: others would show their traceback."""

    @wraps(function)
    def handler(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the last resort, so that no traceback gets out
            raise as_flight(error) from None

    return handler


def told_batches(batches: Iterator[pa.RecordBatch]) -> Iterator[Any]:
    """The same for rows that are yet to come."""
    try:
        yield from batches
    except Exception as error:  # noqa: BLE001 - as above
        raise as_flight(error) from None
