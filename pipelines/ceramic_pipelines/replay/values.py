"""What a replay finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ceramic_pipelines.summary import Summary


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that isn't the same.

    Attributes:
        key: what the row is of, by column: an event, a stream, or for `rejected` what tells it best.
        sort: `missing` (the present lacks it), `extra` (the replay lacks it), `changed`, or `repeated` (the
            present has it more than once).
        columns: those that differ, of a row that is changed.
    """

    key: dict[str, Any]
    sort: str
    columns: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {**self.key, "difference": self.sort, "columns": list(self.columns)}


@dataclass(frozen=True, slots=True)
class TableComparison:
    """A table beside the one that was built anew.

    Attributes:
        table: its name.
        rebuilt: rows of the new one.
        present: rows of the one that is there.
        differences: number of rows that aren't the same.
        first: some of them.
    """

    table: str
    rebuilt: int
    present: int
    differences: int
    first: tuple[RowDifference, ...]

    def as_json(self) -> dict[str, Any]:
        """As it is printed."""
        return {
            "table": self.table,
            "rebuilt": self.rebuilt,
            "present": self.present,
            "differences": self.differences,
            "first": [difference.as_json() for difference in self.first],
        }


@dataclass(frozen=True, slots=True)
class Replay:
    """A source that was exported again, and what that has been compared with."""

    summary: Summary
    tables: tuple[TableComparison, ...]

    @property
    def is_equal(self) -> bool:
        """Whether all rows are the same."""
        return not any(table.differences for table in self.tables)
