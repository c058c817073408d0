"""Rows of which two tables are made, and which of their values go into which column.

`conclusion_events` and `event_states` have a row for the same events, and `stream_tips` and `stream_states`
one for the same streams; most of what they say is the same. So such a row is made once. Those who make
columns of many rows need not make the columns twice either, nor those again that all rows of a stream share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_STATES, STREAM_STATES, STREAM_TIPS, Table

Row: TypeAlias = tuple[Any, ...]

STREAM_VALUES: Final = (
    *("stream_cid", "stream_type", "controller", "dimensions", "stream_id", "model"),
    "verified_at_profile",
)
"""What all rows of a stream have in common."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows that begin with one and the same tuple of `STREAM_VALUES` for each stream; then come `names`.

    `tables` has for each table that is made of them, by name, the columns whose values have another name.
    """

    names: tuple[str, ...]
    tables: tuple[tuple[Table, Mapping[str, str]], ...]

    def values_of(self, table: Table) -> list[str]:
        """For each column of a table the name of its value."""
        renamed = dict(self.tables)[table]
        return [renamed.get(name, name) for name in table.names]

    def rows_of(self, table: Table, rows: Iterable[Row]) -> list[Row]:
        """The rows of a table."""
        places = {name: place for place, name in enumerate((*STREAM_VALUES, *self.names))}
        wanted = [places[name] for name in self.values_of(table)]
        wholes = ((*stream, *values) for stream, *values in rows)
        return [tuple(whole[place] for place in wanted) for whole in wholes]


EVENT_ROWS: Final = Layout(
    (
        *("conclusion_event_order", "event_cid", "event_type", "said", "previous", "before", "chain_id"),
        *("signer", "capability_cid", "event_height", "data", "validation_errors", "event_cid_partition"),
        *("anchored_at", "canonical", "expires_at"),
    ),
    (
        (CONCLUSION_EVENTS, {"data": "said"}),
        (EVENT_STATES, {"event_state_order": "conclusion_event_order"}),
    ),
)
"""`said` is what the event itself says, `data` the stream's state after it."""

STREAM_ROWS: Final = Layout(
    (
        *("event_state_order", "stream_tip_order", "tips", "event_cid", "event_type", "event_height", "data"),
        *("anchored_at", "first_anchored_at", "last_anchored_at", "reverted"),
    ),
    (
        (STREAM_TIPS, {}),
        (STREAM_STATES, {"stream_state_order": "stream_tip_order"}),
    ),
)
