"""Names and Arrow schemas of what can be asked for, as clients see them.

Dictionaries are spelled out, as ceramic-one's server does (api.md 3.2): `dimensions` is a map of texts to
bytes.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_STATES, STREAM_STATES, STREAM_TIPS, Table

CATALOG: Final = "ceramic"
SCHEMA: Final = "v0"

_NO_FEED_COLUMN: Final = "event_cid_partition"
"""A column of `event_states` that ceramic-one's feed doesn't have."""

_DIMENSIONS: Final = pa.map_(pa.field("key", pa.utf8(), nullable=False), pa.field("value", pa.binary()))


def _schema(table: Table) -> pa.Schema:
    schema = arrow_schema(table)
    place = schema.get_field_index("dimensions")
    return schema.set(place, pa.field("dimensions", _DIMENSIONS, schema.field(place).nullable))


def _without(schema: pa.Schema, name: str) -> pa.Schema:
    return schema.remove(schema.get_field_index(name))


TABLES: Final[dict[str, pa.Schema]] = {
    "conclusion_events": _schema(CONCLUSION_EVENTS),
    "conclusion_events_feed": _schema(CONCLUSION_EVENTS),
    "event_states": _schema(EVENT_STATES),
    "event_states_feed": _without(_schema(EVENT_STATES), _NO_FEED_COLUMN),
    "stream_states": _schema(STREAM_STATES),
    "stream_tips": _schema(STREAM_TIPS),
}
"""All of them, by name."""

FEEDS: Final = {
    "conclusion_events_feed": ("conclusion_events", "conclusion_event_order"),
    "event_states_feed": ("event_states", "event_state_order"),
}
"""The tables that have no end, with the table that holds what is there, and the column that orders them."""

COLUMN_TYPES: Final[dict[str, pa.DataType]] = {
    field.name: field.type for schema in TABLES.values() for field in schema
}
"""Types of all columns; a name has the same type in every table."""
