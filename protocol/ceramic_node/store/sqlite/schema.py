"""The tables of a store, as the steps that lead from one version of its file to the next.

A step is never changed once it is released: a new one is added behind it.

Keys are the last eight bytes of a CID as a number: a fifth of the CID's size, and as good to look it up by,
as whoever finds a row compares the CID itself. An init event is found by its stream, see `lookup`.

* `stream`: every stream of which something is known, with its version; `begun` is its init event's position.
* `change`: the streams by the versions that they were given, in that order. Of a stream the last one counts,
  which is its version; those before it stay, as it costs less to add a row at the end than to move one.
* `init`: what init events fix for their streams, by position.
* `event`: what was delivered; the row number is the position. `version` is that of the stream when it was
  delivered, `revised` when its report was last replaced after that.
* `waiting`: what was not delivered yet.
* `capability`: what events under the same capability have in common: its CID, what it allows, and where
  `section` isn't NULL its CID and block, which are left out of the CAR and belong at `section_at`.
* `pruned`: streams of which events have lost their bytes (`car` is empty, and nothing is left of the
  payload): how many of them now, the version at which the last one did, 0 before that, and when such an event
  came back last, in unix milliseconds.
"""

from __future__ import annotations

from typing import Final

APPLICATION: Final = 0x43655374
"""Stands in `application_id`: whose file it is."""

REPORT: Final = (
    "cid, prev, kind, signer, capability, timestamp, chain_id, reason, detail, named_model, payload,"
    " payload_at, payload_size, section_at, crc, car"
)
"""The columns that an event and its report take up, in `event` and in `waiting`."""

_REPORT_TYPES: Final = """
    cid BLOB NOT NULL,
    prev BLOB,
    kind INTEGER NOT NULL,
    signer TEXT,
    capability INTEGER,
    timestamp INTEGER,
    chain_id TEXT,
    reason TEXT,
    detail TEXT,
    named_model BLOB,
    payload BLOB,
    payload_at INTEGER NOT NULL,
    payload_size INTEGER NOT NULL,
    section_at INTEGER,
    crc INTEGER NOT NULL,
    car BLOB NOT NULL
"""

_FIRST: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE stream (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, cid BLOB NOT NULL, version INTEGER NOT NULL,
        begun INTEGER
    ) STRICT""",
    "CREATE INDEX stream_key ON stream (key)",
    "CREATE UNIQUE INDEX stream_version ON stream (version)",
    """CREATE TABLE init (
        position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, type INTEGER NOT NULL, model INTEGER,
        controller INTEGER, sep TEXT, uniq BLOB, context BLOB
    ) STRICT""",
    "CREATE INDEX init_type ON init (type)",
    "CREATE INDEX init_model ON init (model) WHERE model IS NOT NULL",
    "CREATE INDEX init_controller ON init (controller) WHERE controller IS NOT NULL",
    "CREATE TABLE model (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE) STRICT",
    "CREATE TABLE controller (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    """CREATE TABLE capability (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, cid BLOB, allows BLOB, section BLOB,
        crc INTEGER NOT NULL
    ) STRICT""",
    "CREATE INDEX capability_key ON capability (key)",
    f"""CREATE TABLE event (
        position INTEGER PRIMARY KEY, key INTEGER NOT NULL, stream INTEGER NOT NULL, model INTEGER,
        controller INTEGER, version INTEGER NOT NULL, revised INTEGER, received INTEGER NOT NULL,
        {_REPORT_TYPES}
    ) STRICT""",
    "CREATE INDEX event_key ON event (key)",
    "CREATE INDEX event_stream ON event (stream)",
    "CREATE INDEX event_model ON event (model) WHERE model IS NOT NULL",
    "CREATE INDEX event_controller ON event (controller) WHERE controller IS NOT NULL",
    "CREATE INDEX event_revised ON event (stream, revised) WHERE revised IS NOT NULL",
    f"""CREATE TABLE waiting (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, prev_key INTEGER, stream INTEGER, version INTEGER,
        {_REPORT_TYPES}
    ) STRICT""",
    "CREATE INDEX waiting_key ON waiting (key)",
    "CREATE INDEX waiting_prev ON waiting (prev_key)",
    "CREATE INDEX waiting_stream ON waiting (stream)",
    "CREATE TABLE recon_key (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID",
    """CREATE TABLE recon_node (
        level INTEGER, first BLOB, children INTEGER NOT NULL, count INTEGER NOT NULL,
        s0 INTEGER NOT NULL, s1 INTEGER NOT NULL, s2 INTEGER NOT NULL, s3 INTEGER NOT NULL,
        s4 INTEGER NOT NULL, s5 INTEGER NOT NULL, s6 INTEGER NOT NULL, s7 INTEGER NOT NULL,
        PRIMARY KEY (level, first)
    ) STRICT, WITHOUT ROWID""",
    "INSERT INTO recon_node VALUES (1, x'', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)",
    "CREATE TABLE interest (key BLOB PRIMARY KEY, peer BLOB NOT NULL) STRICT, WITHOUT ROWID",
    """CREATE TABLE peer (
        id BLOB PRIMARY KEY, addresses TEXT NOT NULL, seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX peer_seen ON peer (seen)",
    """CREATE TABLE proof (
        chain_id TEXT, tx_hash BLOB, "to" TEXT NOT NULL, input BLOB NOT NULL, block_number INTEGER NOT NULL,
        timestamp INTEGER NOT NULL, status INTEGER, block_hash BLOB, PRIMARY KEY (chain_id, tx_hash)
    ) STRICT, WITHOUT ROWID""",
)

_PRUNED: Final = (
    """CREATE TABLE pruned (
        stream INTEGER PRIMARY KEY, events INTEGER NOT NULL, version INTEGER NOT NULL,
        restored INTEGER NOT NULL
    ) STRICT""",
)

# The keys of Recon have a file of their own: see `recon_schema`.
_RECON_APART: Final = (
    "DROP TABLE recon_key",
    "DROP TABLE recon_node",
    "CREATE INDEX event_revision ON event (revised) WHERE revised IS NOT NULL",
)

_CHANGES: Final = (
    "CREATE TABLE change (version INTEGER PRIMARY KEY, stream INTEGER NOT NULL) STRICT",
    "INSERT INTO change SELECT version, id FROM stream ORDER BY version",
    "DROP INDEX stream_version",
)

_INITS_BY_STREAM: Final = (
    "DROP INDEX event_key",
    "CREATE INDEX event_key ON event (key) WHERE kind <> 0",
)

# What came to a stream since a version is told from the index alone: no event is read that was there before.
_VERSIONS_BY_STREAM: Final = (
    "DROP INDEX event_stream",
    "CREATE INDEX event_stream ON event (stream, position, version)",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    _FIRST,
    _PRUNED,
    _RECON_APART,
    _CHANGES,
    _INITS_BY_STREAM,
    _VERSIONS_BY_STREAM,
)
"""The statements of each step. A file's version, its `user_version`, is how many of them it has seen."""
