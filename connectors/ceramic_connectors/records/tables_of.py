"""What is made of a table once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from ceramic_protocol.tables import Table

_Made = TypeVar("_Made")


class OfTables(Generic[_Made]):
    """Keeps what `make` makes of each table; for several threads at once.

    Tables are known by identity: their hash goes through all fields, and costs more than writing a record.
    """

    def __init__(self, make: Callable[[Table], _Made]) -> None:
        self._make = make
        # The table stands beside it, so that its identity isn't given to another one.
        self._made: dict[int, tuple[Table, _Made]] = {}

    def of(self, table: Table) -> _Made:
        """What is made of a table."""
        found = self._made.get(id(table))
        if found is None:
            found = self._made[id(table)] = table, self._make(table)
        return found[1]
