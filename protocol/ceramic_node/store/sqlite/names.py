"""Numbers of models and controllers, for the writer."""

from __future__ import annotations

import sqlite3
from typing import Final, Literal

from ceramic_protocol.limits import MAX_CACHED_STREAM_FACTS

Table = Literal["model", "controller"]

_FIND: Final = "SELECT id FROM {} WHERE name = ?"
_ADD: Final = "INSERT INTO {} (name) VALUES (?)"


def find_name(db: sqlite3.Connection, table: Table, name: bytes | str) -> int | None:
    """The number of a model, by its StreamID, or of a controller; None if no stream has it."""
    found = db.execute(_FIND.format(table), (name,)).fetchone()
    return None if found is None else int(found[0])


class KeptNames:
    """Numbers of names, old or new. What a transaction has added is forgotten if that fails."""

    def __init__(self) -> None:
        self._numbers: dict[bytes | str, int] = {}

    def clear(self) -> None:
        """Forget everything."""
        self._numbers.clear()

    def number(self, db: sqlite3.Connection, table: Table, name: bytes | str | None) -> int | None:
        """The number of a name; None for None."""
        if name is None:
            return None
        known = self._numbers.get(name)
        if known is None:
            if len(self._numbers) >= MAX_CACHED_STREAM_FACTS:
                self.clear()
            known = find_name(db, table, name)
            if known is None:
                known = int(db.execute(_ADD.format(table), (name,)).lastrowid or 0)
            self._numbers[name] = known
        return known
