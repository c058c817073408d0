"""Statements that clients have prepared, each under a handle that nobody guesses."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from threading import Lock
from typing import Any, Final, NamedTuple

from ceramic_node.sql.failures import SqlRefused
from ceramic_node.sql.statements import Statement
from ceramic_protocol.limits import MAX_SQL_PREPARED, MAX_SQL_PREPARED_BYTES

_HANDLE_BYTES: Final = 16


class Prepared(NamedTuple):
    """A statement and values for its parameters; None as long as they weren't given."""

    statement: Statement
    values: list[Any] | None
    size: int


class PreparedBook:
    """Keeps the statements that were used last; from any thread."""

    def __init__(self, most: int = MAX_SQL_PREPARED, most_bytes: int = MAX_SQL_PREPARED_BYTES) -> None:
        self._lock = Lock()
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[bytes, Prepared] = OrderedDict()

    def add(self, statement: Statement) -> bytes:
        """Keep a statement; gives its handle."""
        handle = secrets.token_bytes(_HANDLE_BYTES)
        with self._lock:
            self._put(handle, Prepared(statement, None, len(statement.sql)))
        return handle

    def bind(self, handle: bytes, values: list[Any], size: int) -> None:
        """Set the values of a statement's parameters, which take that many bytes.

        Raises:
            SqlRefused: there is no such statement.
        """
        with self._lock:
            found = self._take(handle)
            self._put(handle, Prepared(found.statement, values, len(found.statement.sql) + size))

    def get(self, handle: bytes) -> Prepared:
        """A statement.

        Raises:
            SqlRefused: there is no such one.
        """
        with self._lock:
            found = self._take(handle)
            self._put(handle, found)
            return found

    def drop(self, handle: bytes) -> None:
        """Forget a statement, if it is there."""
        with self._lock:
            if handle in self._kept:
                self._take(handle)

    def _take(self, handle: bytes) -> Prepared:
        found = self._kept.pop(handle, None)
        if found is None:
            raise SqlRefused("there is no such prepared statement (any more): prepare it again")
        self._bytes -= found.size
        return found

    def _put(self, handle: bytes, prepared: Prepared) -> None:
        self._kept[handle] = prepared
        self._bytes += prepared.size
        while len(self._kept) > self._most or (self._bytes > self._most_bytes and len(self._kept) > 1):
            _handle, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size
