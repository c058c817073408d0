"""An application's own fold: what happened to a document, rather than what it says now.

The protocol leaves the meaning of events to applications. This reducer gives, for every model instance, how
often it was edited, which fields were touched, who signed, and since when its first version is proven:

    ceramic-streams resolve ndjson:events.ndjson.gz --chain chain.json --reducer examples.activity:Activity

The same reducer in a Beam pipeline: `verified.checked | FoldStreams(Activity())`.
"""

from __future__ import annotations

from typing import Any

from ceramic_protocol.checked import Kind
from ceramic_protocol.dagjson import Json
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.reducers import LogEvent


class Activity:
    """Counts edits and anchors of model instances."""

    def handles(self, stream: StreamId, header: InitHeader) -> bool:
        """Model instances only."""
        del header
        return stream.stream_type == MODEL_INSTANCE

    def initial(self, stream: StreamId, header: InitHeader) -> Json:
        """Nothing has happened yet."""
        del stream, header
        return {"edits": 0, "anchors": 0, "fields": [], "signers": [], "proven_since": None}

    def apply(self, state: Json, event: LogEvent) -> Json:
        """One more event; the state that was given stays as it is."""
        before: dict[str, Any] = state if isinstance(state, dict) else {}
        if event.kind is Kind.TIME:
            return {**before, "anchors": before["anchors"] + 1}
        after = {**before, "signers": sorted({*before["signers"], *([event.signer] if event.signer else [])})}
        if event.kind is Kind.INIT:
            return {**after, "proven_since": event.anchored_at}
        touched = {str(operation.get("path", "")).split("/")[1:2][0] for operation in _operations(event)}
        return {**after, "edits": before["edits"] + 1, "fields": sorted({*before["fields"], *touched})}


def _operations(event: LogEvent) -> list[dict[str, Any]]:
    """The patch's operations that name a field; one on the whole document names none."""
    patch = event.content if isinstance(event.content, list) else []
    return [item for item in patch if isinstance(item, dict) and str(item.get("path", "")).startswith("/")]
