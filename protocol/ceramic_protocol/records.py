"""Field lists of what the Kafka source writes, as plain data; `ceramic_connectors.records` writes it.

The shape is Debezium's where it has one (kafka.md 5.2): `op`, `ts_ms`, and a `source` that says where the
record comes from. All else is flat, so that Connect's transforms work. Identifiers are texts.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol.tables import Field, Table

SOURCE: Final = Table(
    "Source",
    (
        Field("version", "utf8", False, "of the program that wrote the record"),
        Field("connector", "utf8", False, "ceramic"),
        Field("name", "utf8", False, "name of the source"),
        Field("ts_ms", "int64", False, "when the node had the event or the change, unix milliseconds"),
        Field("snapshot", "bool", False, "whether it was there before the source began to follow"),
        Field("network", "utf8", False, "network of Ceramic, such as mainnet"),
        Field(
            "node", "utf8", False, "epoch of the store, or generation of the states, that counts positions"
        ),
        Field("position", "int64", False, "place in that node's feed of events or of changes"),
    ),
)
"""Where a record comes from; the type `source` of other fields."""

_STREAM: Final = (
    Field("stream_id", "utf8", False, "StreamID"),
    Field("model", "utf8", True, "StreamID of the model"),
)
_WRITTEN: Final = (
    Field("ts_ms", "int64", False, "when the record was made, unix milliseconds"),
    Field("source", "source", False, "where it comes from"),
)

EVENT: Final = Table(
    "Event",
    (
        Field("op", "utf8", False, "c init event, u data event, t time event"),
        Field("event_cid", "utf8", False, "CID of the event"),
        *_STREAM,
        Field("controller", "utf8", False, "first controller of the init header"),
        Field("prev", "utf8", True, "CID of what it builds on; null for init events"),
        Field("signer", "utf8", True, "DID of the key that signed it"),
        Field("capability", "utf8", True, "CID of the capability (CACAO) under which it was signed"),
        Field("timestamp", "int64", True, "time events: time of the anchor's block, unix seconds"),
        Field("chain_id", "utf8", True, "time events: CAIP-2 id of the anchor's chain"),
        Field("verdict", "utf8", False, "valid or pending; what is rejected is a dead letter"),
        Field("reason", "utf8", True, "code of what it waits for, if it is pending"),
        Field("height", "int64", True, "0 for the init event, prev + 1 for all others; null if unknown"),
        Field("canonical", "bool", False, "whether it was in the canonical log when the record was made"),
        Field("anchored_at", "int64", True, "earliest anchor that covers it, unix seconds"),
        Field("payload", "utf8", True, "the signed payload as DAG-JSON"),
        Field("car", "binary", True, "the event as it was signed: its CAR, for whoever checks it again"),
        *_WRITTEN,
    ),
)
"""Value in `….events`."""

STATE: Final = Table(
    "State",
    (
        Field(
            "op", "utf8", False, "c first state, u next state, d no longer indexed, r state before the start"
        ),
        *_STREAM,
        Field("controller", "utf8", True, "first controller"),
        Field(
            "tip", "utf8", True, "CID of the event after which the state is; null if none is valid any more"
        ),
        Field("previous_tip", "utf8", True, "CID of the tip before"),
        Field("undone", "list<utf8>", False, "CIDs of events that no longer count, the last one first"),
        Field("applied", "list<utf8>", False, "CIDs of events that count now, in order"),
        Field("correction", "bool", False, "whether events that counted before don't any more"),
        Field("cause", "utf8", False, "appended, anchor, event or verdict"),
        Field("content", "utf8", True, "the content as JSON"),
        Field("metadata", "utf8", True, "the metadata as JSON"),
        *_WRITTEN,
    ),
)
"""Value in `….state`."""

HEARTBEAT: Final = Table(
    "Heartbeat",
    (
        Field("name", "utf8", False, "name of the source"),
        Field("ts_ms", "int64", False, "when it was written, unix milliseconds"),
        Field("events", "utf8", True, "how far the feed of events was read: what to resume with"),
        Field("changes", "utf8", True, "how far the feed of changes was read: what to resume with"),
    ),
)
"""Value in the topic of heartbeats."""

RECORDS: Final = (EVENT, STATE, HEARTBEAT)
