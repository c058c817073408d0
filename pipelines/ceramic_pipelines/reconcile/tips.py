"""The tips of streams as a side tells them: from an export's tables, or from a node of ours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeAlias

from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.endpoint import Endpoint
from ceramic_connectors.event_sources.node_feed import ALL_CARS
from ceramic_connectors.event_sources.patience import believing, patiently
from ceramic_connectors.event_sources.tokens import token_at
from ceramic_connectors.parquet import read_batches
from ceramic_connectors.source.node_origin import NodeOrigin
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_BATCH_EVENTS, STATES_CATCH_UP_SECONDS, STATES_POLL_SECONDS
from ceramic_protocol.tables import STREAM_STATES

Tips: TypeAlias = list[tuple[StreamId, Cid | None]]
"""Streams with their tips, None for one without a valid init event."""

_COLUMNS = ("stream_id", "event_cid")


def table_tips(tables: ExportFolder) -> Iterator[Tips]:
    """The streams of `stream_states`, page by page.

    Raises:
        OutsideError: a file can't be read.
    """
    for file in tables.files(STREAM_STATES):
        for batch in read_batches(file, _COLUMNS):
            streams, tips = (batch.column(name).to_pylist() for name in _COLUMNS)
            yield [(StreamId.parse(stream), Cid(tip)) for stream, tip in zip(streams, tips, strict=True)]


def node_tips(url: str, token: str | None = None) -> Iterator[Tips]:
    """The streams of a node of ours, page by page, when its states are those of its events.

    Args:
        url: of the node.
        token: place of its token.

    Raises:
        OutsideError: it doesn't answer, or its states stay behind for `STATES_CATCH_UP_SECONDS`.
    """
    endpoint = Endpoint.parse(url)
    name = f"the node at {endpoint.name}"
    with closing(NodeOrigin(endpoint, ALL_CARS, token_at(token))) as origin:
        with believing(name):
            _catch_up(origin, name)
        resume: str | None = None
        while True:
            with believing(name):
                page, resume = patiently(lambda at=resume: origin.tips(at, MAX_BATCH_EVENTS))  # type: ignore[misc]
                found = _tips(page)
            yield found
            if resume is None:
                return


def _catch_up(origin: NodeOrigin, name: str) -> None:
    until = time.monotonic() + STATES_CATCH_UP_SECONDS
    while patiently(origin.lag):
        if time.monotonic() > until:
            raise OutsideError(f"{name} is behind with its states: try again when it has caught up")
        time.sleep(STATES_POLL_SECONDS)


def _tips(page: Sequence[Mapping[str, Any]]) -> Tips:
    return [
        (StreamId.parse(item["stream_id"]), None if item["tip"] is None else Cid.parse(item["tip"]))
        for item in page
    ]
