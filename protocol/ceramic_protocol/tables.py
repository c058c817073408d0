"""Field lists of the tables, as plain data; `ceramic_connectors.tables` makes Arrow schemas of them.

The first columns of `conclusion_events`, `event_states`, `stream_tips` and `stream_states` are those of
ceramic-one, in its order and types (api.md 3.2), so that its users' SQL runs unchanged; ours follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

STREAM_SHARDS: Final = 256
"""Fixed number of shards; a stream's shard is the last byte of its init CID."""

SHARD_SHIFT: Final = 40
"""`conclusion_event_order` = shard << 40 | rank within the shard, from 1."""

EVENT_TYPE_DATA: Final = 0
EVENT_TYPE_TIME: Final = 1


@dataclass(frozen=True, slots=True)
class Field:
    """One column: name, type (an Arrow type's name, `list<…>`, or `dimensions`), and what it means."""

    name: str
    type: str
    nullable: bool
    doc: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table's name and columns."""

    name: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(field.name for field in self.fields)


_STREAM = (
    Field("stream_cid", "binary", False, "CID of the init event"),
    Field("stream_type", "uint8", False, "0 tile, 1 caip10-link, 2 model, 3 model instance"),
    Field("controller", "utf8", False, "first controller of the init header"),
    Field("dimensions", "dimensions", True, "model, controller, context and unique of the init header"),
)
_EVENT = (
    Field("event_cid", "binary", False, "CID of the event"),
    Field("event_type", "uint8", False, "0 init or data event, 1 time event"),
)
_PROOF = (
    Field("before", "uint64", True, "time events: block timestamp of the anchor, unix seconds"),
    Field("chain_id", "utf8", True, "time events: CAIP-2 id of the anchor's chain"),
)
_STREAM_ID = Field("stream_id", "utf8", False, "StreamID as text")
_MODEL = Field("model", "utf8", True, "StreamID of the model as text")
_VERIFIED = (
    _STREAM_ID,
    Field("signer", "utf8", True, "DID of the key that signed the event"),
    Field("capability_cid", "binary", True, "CID of the capability (CACAO) that was used"),
    Field("verified_at_profile", "utf8", False, "rules under which the event was verified"),
)

CONCLUSION_EVENTS: Final = Table(
    "conclusion_events",
    (
        Field("conclusion_event_order", "uint64", False, "shard << 40 | rank; prev is always smaller"),
        *_STREAM,
        *_EVENT,
        Field("data", "binary", True, "DAG-JSON {metadata, content}; content of a data event is its patch"),
        Field("previous", "list<binary>", True, "CID of prev; null for init events"),
        *_PROOF,
        *_VERIFIED,
    ),
)

EVENT_STATES: Final = Table(
    "event_states",
    (
        Field("conclusion_event_order", "uint64", False, "as in conclusion_events"),
        Field("event_state_order", "uint64", False, "equal to conclusion_event_order"),
        *_STREAM,
        *_EVENT,
        Field("event_height", "uint32", True, "0 for the init event, prev + 1 for all others"),
        Field("data", "binary", True, "DAG-JSON {metadata, content} of the stream after this event"),
        Field("validation_errors", "list<utf8>", True, "empty if the event is valid"),
        *_PROOF,
        Field("event_cid_partition", "int32", False, "last byte of the event CID"),
        *_VERIFIED,
        Field("anchored_at", "uint64", True, "earliest anchor that covers the event, unix seconds"),
        Field("canonical", "bool", False, "whether the event is in the stream's canonical log"),
        Field(
            "expires_at",
            "uint64",
            True,
            "without an anchor by then its capability has expired, unix seconds",
        ),
    ),
)

STREAM_TIPS: Final = Table(
    "stream_tips",
    (
        Field("event_state_order", "uint64", False, "that of the canonical tip"),
        Field("stream_tip_order", "uint64", False, "shard << 40 | rank of the stream in its shard"),
        *_STREAM,
        Field("tips", "list<binary>", False, "events that nothing builds on; the canonical tip first"),
        _STREAM_ID,
        _MODEL,
    ),
)

STREAM_STATES: Final = Table(
    "stream_states",
    (
        Field("stream_tip_order", "uint64", False, "as in stream_tips"),
        Field("stream_state_order", "uint64", False, "equal to stream_tip_order"),
        *_STREAM,
        *_EVENT,
        Field("event_height", "uint32", True, "length of the canonical log - 1"),
        Field("data", "binary", True, "DAG-JSON {metadata, content} at the canonical tip"),
        _STREAM_ID,
        _MODEL,
        Field("anchored_at", "uint64", True, "anchor that covers the tip, unix seconds"),
        Field("first_anchored_at", "uint64", True, "first anchor in the canonical log, unix seconds"),
        Field("last_anchored_at", "uint64", True, "last anchor in the canonical log, unix seconds"),
        Field("reverted", "list<binary>", False, "valid events outside the canonical log"),
    ),
)

REJECTED: Final = Table(
    "rejected",
    (
        Field("verdict", "utf8", False, "rejected or pending"),
        Field("event_cid", "binary", True, "CID of the event, if it could be told"),
        Field("stream_id", "utf8", True, "StreamID as text, if it could be told"),
        Field("layer", "utf8", False, "wire, auth, anchor, history or state"),
        Field("reason", "utf8", False, "code of the cause"),
        Field("detail", "utf8", True, "what exactly, in words"),
        Field("raw", "binary", False, "the bytes as they came"),
        Field("source", "utf8", False, "where they came from"),
        Field("position", "uint64", False, "byte offset in the source"),
    ),
)

KEPT_EVENTS: Final = "events"
"""Folder of an incremental export with the events themselves, after their own checks."""

KEPT_LETTERS: Final = "dead_letters"
"""Folder of an incremental export with the rows of `rejected` for what is no event."""

TABLES: Final = (CONCLUSION_EVENTS, EVENT_STATES, STREAM_TIPS, STREAM_STATES, REJECTED)
