"""What publishing changes: which files of the tables come and which go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableChange:
    """What became of one table: files whose rows came and went, and the number of rows that were written.

    An export writes a file anew as a whole, so a row that stayed in a file that changed counts as written.
    """

    table: str
    added: int = 0
    removed: int = 0
    rows: int = 0
