"""The tables of a store of states in SQLite.

A file of another version is made anew, as all of it follows from the events.

What comes in no order, as CIDs do, costs a page of an index for each row. So there is one such index: streams
are found by a short key, the last eight bytes of their CID as a number, and whoever finds a row compares the
CID itself. Events are found by their stream. Nor is there an index of streams by their numbers: `moved` has a
row for each number that a stream was given, which is added at the end. Of a stream the last one counts.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 2
"""Stands in `user_version`."""

APPLICATION: Final = 0x43655374
"""Stands in `application_id`: whose file it is."""

TABLES: Final = (
    """CREATE TABLE head (
        version INTEGER NOT NULL,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        generation TEXT NOT NULL,
        rules TEXT NOT NULL
    )""",
    """CREATE TABLE stream (
        id INTEGER PRIMARY KEY,
        key INTEGER NOT NULL,
        number INTEGER NOT NULL,
        cid BLOB NOT NULL,
        version INTEGER NOT NULL,
        stream_type INTEGER,
        controller TEXT,
        model BLOB,
        context BLOB,
        unique_bytes BLOB,
        tip BLOB,
        length INTEGER NOT NULL,
        valid INTEGER NOT NULL,
        first_anchored INTEGER,
        last_anchored INTEGER,
        turns_at INTEGER,
        failed TEXT
    )""",
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        number INTEGER NOT NULL,
        cid BLOB NOT NULL,
        stream INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        prev BLOB,
        position INTEGER,
        height INTEGER,
        reason TEXT,
        detail TEXT,
        timestamp INTEGER,
        chain_id TEXT,
        signer TEXT,
        capability BLOB,
        anchored_at INTEGER,
        is_canonical INTEGER NOT NULL,
        expires_at INTEGER,
        data BLOB,
        UNIQUE (stream, cid)
    )""",
    """CREATE TABLE change (
        position INTEGER PRIMARY KEY,
        stream INTEGER NOT NULL,
        old_tip BLOB,
        new_tip BLOB,
        undone BLOB NOT NULL,
        applied BLOB,
        cause TEXT NOT NULL
    )""",
    "CREATE TABLE moved (number INTEGER PRIMARY KEY, stream INTEGER NOT NULL)",
    "CREATE TABLE need (id INTEGER PRIMARY KEY, target BLOB NOT NULL, stream BLOB NOT NULL)",
    """CREATE TABLE wave (
        turn INTEGER PRIMARY KEY,
        target BLOB NOT NULL UNIQUE,
        last_need INTEGER NOT NULL,
        model BLOB,
        after INTEGER NOT NULL,
        last INTEGER NOT NULL
    )""",
    "CREATE TABLE long (turn INTEGER PRIMARY KEY, stream BLOB NOT NULL UNIQUE)",
    "CREATE INDEX keys ON stream (key)",
    "CREATE INDEX failures ON stream (number) WHERE failed IS NOT NULL",
    "CREATE INDEX turns ON stream (turns_at) WHERE turns_at IS NOT NULL",
    "CREATE INDEX documents ON stream (model) WHERE stream_type = 3",
    # Only events that stand in the tables have a position.
    "CREATE INDEX states ON event (number) WHERE position IS NOT NULL",
    "CREATE INDEX others ON event (number) WHERE position IS NULL",
    "CREATE UNIQUE INDEX needs ON need (target, stream)",
)

EMPTIED: Final = ("stream", "event", "change", "moved", "need", "wave", "long")
"""All tables but the one that says how far the store has come."""
