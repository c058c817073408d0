"""The line that `resolve` prints for a stream as it was: at an event, or at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ceramic_protocol.audit import log_to
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.history import Judged, StreamHistory
from ceramic_protocol.ids import CommitId
from ceramic_protocol.reducers import Reducer, fold_log
from ceramic_protocol.rows import metadata_of


def state_line(history: StreamHistory, item: Judged | None, reducer: Reducer | None = None) -> dict[str, Any]:
    """A stream at one of its valid events, with the log that leads there.

    `canonical` says whether that event is part of the log that counts today, whose end is `tip`. Without an
    event, as the stream has no valid init event, `reason` says why.

    Raises:
        ReducerError: the reducer failed.
    """
    log = () if item is None else log_to(history, item.event.cid)
    state = None if item is None else item.state
    folded = None if reducer is None else fold_log(replace(history, log=log), reducer)
    metadata = metadata_of(history.header, state.metadata if state else {}) if history.header else None
    return {
        "stream_id": str(history.stream_id),
        "commit_id": str(CommitId.of(history.stream_id, item.event.cid)) if item else None,
        "cid": str(item.event.cid) if item else None,
        "kind": item.event.kind.name.lower() if item else None,
        "height": item.height if item else None,
        "canonical": item is not None and item.event.cid in history.log,
        "anchored_at": history.anchored.get(item.event.cid) if item else None,
        "log": [str(cid) for cid in log],
        "content": to_json(state.content) if state and folded is None else folded,
        "metadata": to_json(metadata),
        "tip": str(history.tip) if history.tip else None,
        "reason": history.reason.value if history.reason else None,
    }
