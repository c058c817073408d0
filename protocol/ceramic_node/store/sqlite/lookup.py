"""Finding delivered events by the short keys of their CIDs.

An init event is where its stream begins, so only other events have a place in `event_key`: streams that begin
change pages of one index less.
"""

from __future__ import annotations

from typing import Final

from ceramic_node.short_keys import ANY_OF

FOUND: Final = (
    f"wanted (key) AS (SELECT value FROM {ANY_OF}), found (position) AS ("
    "SELECT event.position FROM wanted CROSS JOIN event INDEXED BY event_key"
    " ON event.key = wanted.key AND event.kind <> 0"
    " UNION ALL SELECT stream.begun FROM wanted CROSS JOIN stream ON stream.key = wanted.key"
    " WHERE stream.begun IS NOT NULL)"
)
"""Tables for `WITH`: `wanted` are the keys in a `number_list`, `found` the positions of their events."""

FOUND_EVENTS: Final = (
    "found CROSS JOIN event ON event.position = found.position JOIN stream ON stream.id = event.stream"
)
"""These events with their streams; whoever asks compares the CIDs."""
