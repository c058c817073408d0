"""The feed of changes as a source: tips that moved."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import orjson

from ceramic_node.http.v1.feed.shapes import ChangeEvent
from ceramic_node.http.v1.feed.source import Item, Page
from ceramic_node.http.v1.json_text import dumps
from ceramic_node.http.v1.texts import maybe_cid, maybe_stream, stream_text
from ceramic_node.node import Node
from ceramic_node.signals import Signal
from ceramic_node.states.records import EventRow, StateChange, StreamRow
from ceramic_protocol.cid import Cid
from ceramic_protocol.ids import StreamId
from ceramic_protocol.limits import MAX_PAGE_BYTES, STATES_AT_ONCE


class IncludeState(StrEnum):
    """Whether states come along."""

    NONE = "none"
    STATE = "state"


class ChangesSource:
    """Changes of the streams that somebody wants: of these streams, of these models, of these controllers."""

    def __init__(
        self,
        node: Node,
        streams: Sequence[StreamId],
        models: Sequence[StreamId],
        controllers: Sequence[str],
        include: IncludeState,
        *,
        token_start: str,
    ) -> None:
        self._node = node
        self._streams = frozenset(stream.cid for stream in streams)
        self._models = frozenset(models)
        self._controllers = frozenset(controllers)
        self._include = include
        self._token_start = token_start

    @property
    def signal(self) -> Signal:
        """See `Source`."""
        return self._node.settled

    @property
    def token_start(self) -> str:
        """See `Source`."""
        return self._token_start

    async def page(self, after: int, limit: int) -> Page:
        """See `Source`."""
        return await self._node.read(self._page, after, limit)

    def _page(self, after: int, limit: int) -> Page:
        found = self._node.states.changes(after, limit)
        if not found:
            return Page([], after)
        wanted = self._sifted(found)
        items: list[Item] = []
        size = 0
        for start in range(0, len(wanted), STATES_AT_ONCE):
            some = wanted[start : start + STATES_AT_ONCE]
            rows, streams = self._tips(some), self._streams_of(some)
            items += [
                self._item(change, streams.get(change.correction.stream_id.cid), rows) for change in some
            ]
            size += sum(len(item.form) for item in items[start:])
            if size >= MAX_PAGE_BYTES:
                return Page(items, items[-1].position)
        return Page(items, found[-1].position)

    def _tips(self, changes: Sequence[StateChange]) -> dict[Cid, EventRow]:
        if self._include is not IncludeState.STATE:
            return {}
        made = (change.correction for change in changes)
        tips = {each.new_tip: each.stream_id.cid for each in made if each.new_tip is not None}
        return self._node.states.events(tips)

    def _sifted(self, changes: Sequence[StateChange]) -> Sequence[StateChange]:
        if self._streams:
            changes = [change for change in changes if change.correction.stream_id.cid in self._streams]
        if not (self._models or self._controllers):
            return changes
        rows = self._streams_of(changes)
        fitting = {
            stream
            for stream, row in rows.items()
            if row.dimensions is not None
            and (not self._models or row.dimensions.model in self._models)
            and (not self._controllers or row.dimensions.controller in self._controllers)
        }
        return [change for change in changes if change.correction.stream_id.cid in fitting]

    def _streams_of(self, changes: Sequence[StateChange]) -> dict[Cid, StreamRow]:
        return self._node.states.streams({change.correction.stream_id.cid for change in changes})

    def _item(self, change: StateChange, stream: StreamRow | None, rows: dict[Cid, EventRow]) -> Item:
        made = change.correction
        dimensions = None if stream is None else stream.dimensions
        found = ChangeEvent(
            position=change.position,
            resume=f"{self._token_start}{change.position}",
            stream_id=stream_text(made.stream_id),
            model=None if dimensions is None else maybe_stream(dimensions.model),
            controller=None if dimensions is None else dimensions.controller,
            old_tip=maybe_cid(made.old_tip),
            new_tip=maybe_cid(made.new_tip),
            undone=list(map(str, made.undone)),
            applied=list(map(str, made.applied)),
            cause=made.cause.value,
        )
        if self._include is IncludeState.STATE:
            row = None if made.new_tip is None else rows.get(made.new_tip)
            found["state"] = None if row is None or row.data is None else orjson.Fragment(row.data)
        return Item(change.position, dumps(found))
