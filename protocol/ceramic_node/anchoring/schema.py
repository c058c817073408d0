"""The tables of the book of requests.

A request's state is its own until it is in a batch, then the batch's as well:

    pending → in_batch (batched → sent → confirmed, the batch's) → done
       ↓          ↓
    replaced    failed or replaced
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
"""Stands in `user_version`."""

APPLICATION: Final = 0x4365416E
"""Stands in `application_id`: whose file it is."""

TABLES: Final = (
    "CREATE TABLE owner (name TEXT NOT NULL)",
    """CREATE TABLE batch (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        root BLOB NOT NULL,
        shape TEXT NOT NULL,
        size INTEGER NOT NULL,
        state TEXT NOT NULL,
        made_at REAL NOT NULL,
        settled BLOB,
        code TEXT NOT NULL DEFAULT '',
        detail TEXT NOT NULL DEFAULT ''
    )""",
    """CREATE TABLE request (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        tip BLOB NOT NULL UNIQUE,
        stream BLOB NOT NULL,
        state TEXT NOT NULL,
        made_at REAL NOT NULL,
        batch INTEGER REFERENCES batch,
        position INTEGER,
        event BLOB,
        code TEXT NOT NULL DEFAULT '',
        detail TEXT NOT NULL DEFAULT ''
    )""",
    """CREATE TABLE sending (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        batch INTEGER NOT NULL REFERENCES batch,
        key BLOB NOT NULL,
        body BLOB NOT NULL,
        terms TEXT NOT NULL,
        made_at REAL NOT NULL,
        state TEXT NOT NULL,
        detail TEXT NOT NULL DEFAULT ''
    )""",
    # A stream has one tip that waits: the newest.
    "CREATE UNIQUE INDEX waiting ON request (stream) WHERE state = 'pending'",
    "CREATE INDEX queue ON request (number) WHERE state = 'pending'",
    "CREATE UNIQUE INDEX leaves ON request (batch, position) WHERE batch IS NOT NULL",
    "CREATE INDEX under_way ON batch (number) WHERE state IN ('batched', 'sent', 'confirmed')",
    "CREATE INDEX live ON sending (batch) WHERE state IN ('made', 'sent')",
)
