"""Looking for what can't be in a store: damage to its file, and rows that contradict each other.

Nothing is taken on trust that follows from something else: bytes are summed up again, hashes are added up
again, and each row that others refer to is looked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from ceramic_node.short_keys import short_key
from ceramic_node.store.sqlite.check_recon import ReconKept, check_recon
from ceramic_node.store.sqlite.check_rules import RULES
from ceramic_node.store.sqlite.feed import Reader
from ceramic_node.store.sqlite.findings import Finding, of_rows
from ceramic_node.store.sqlite.records import CAPABILITY, HOME, report_of
from ceramic_node.store.sqlite.schema import REPORT
from ceramic_protocol.errors import StoreCorruption
from ceramic_protocol.limits import MAX_STORE_FINDINGS

_EVENTS: Final = f"SELECT position, NULL, stream, {REPORT} FROM event ORDER BY position"
_WAITING: Final = f"SELECT id, NULL, NULL, {REPORT} FROM waiting ORDER BY id"
_AT_ONCE: Final = 1000


def check(db: sqlite3.Connection, reader: Reader, keys: ReconKept | None, *, thorough: bool) -> list[Finding]:
    """What is wrong with what a connection sees, at most `MAX_STORE_FINDINGS` of it."""
    db.create_function("short_key", 1, short_key, deterministic=True)
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _check_file(db, "integrity_check" if thorough else "quick_check"),
        *(lambda rule=rule: of_rows(db, *rule) for rule in RULES),
        lambda: _check_events(db, reader),
        lambda: _check_waiting(db, reader),
        lambda: check_recon(keys, db),
    )
    return list(islice(_all(checks), MAX_STORE_FINDINGS))


def _all(checks: tuple[Callable[[], Iterator[Finding]], ...]) -> Iterator[Finding]:
    for look in checks:
        try:
            yield from look()
        except sqlite3.Error as error:
            yield Finding("file", str(error))
        except StoreCorruption as error:
            yield Finding("rows", str(error))


def _check_file(db: sqlite3.Connection, pragma: str) -> Iterator[Finding]:
    for (text,) in db.execute(f"PRAGMA {pragma}"):
        if text != "ok":
            yield Finding("file", text)


def _check_events(db: sqlite3.Connection, reader: Reader) -> Iterator[Finding]:
    """Bytes and reports of what was delivered."""
    cursor = db.execute(_EVENTS)
    while rows := cursor.fetchmany(_AT_ONCE):
        homes = reader.homes.of(db, {row[HOME] for row in rows})
        shared = reader.capabilities.of(db, {row[CAPABILITY] for row in rows})
        for row in rows:
            try:
                report_of(row, homes[row[HOME]].stream, shared)
            except StoreCorruption as error:
                yield Finding("event", str(error))


def _check_waiting(db: sqlite3.Connection, reader: Reader) -> Iterator[Finding]:
    for row in db.execute(_WAITING):
        try:
            report_of(row, None, reader.capabilities.of(db, (row[CAPABILITY],)))
        except StoreCorruption as error:
            yield Finding("event", str(error))
