"""What a check of a store finds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple


class Finding(NamedTuple):
    """Something that can't be: a stable word for its kind, and where it is."""

    code: str
    detail: str


def of_rows(db: sqlite3.Connection, code: str, words: str, statement: str) -> Iterator[Finding]:
    """A finding for each row of a statement; `words` says what is wrong, with places for its columns."""
    for row in db.execute(statement):
        yield Finding(code, words.format(*(_shown(value) for value in row)))


def _shown(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
