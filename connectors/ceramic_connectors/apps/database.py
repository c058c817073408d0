"""What the stores need of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ceramic_connectors.apps.kinds import Kind


class Database(Protocol):
    """A connection to a database. Failures are `OutsideError`s that say what the database said."""

    @property
    def types(self) -> Mapping[Kind, str]:
        """Names of the types of columns."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement with parameters `$1`, `$2`, …; the rows it gives."""

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction that writes: all of it or, after an exception, nothing; one at a time."""

    def add_index(self, table: str, columns: Sequence[str], *, equality: bool = False) -> None:
        """Make an index, unless it is there; does nothing where a database needs none.

        Args:
            table: name of the table.
            columns: names of the columns.
            equality: whether values, of any length, are only looked up and not compared.
        """

    def close(self) -> None:
        """Let go of the connection."""


def first_line(error: BaseException) -> str:
    """What a database says, without the lines that point into the statement."""
    return str(error).strip().split("\n", 1)[0]
