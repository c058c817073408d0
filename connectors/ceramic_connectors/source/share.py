"""A task's share of what is read, as messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ceramic_connectors.kafka.port import Message
from ceramic_connectors.source.entries import share_of
from ceramic_connectors.source.making import Maker
from ceramic_connectors.source.origin import Feed
from ceramic_connectors.source.position import Position
from ceramic_connectors.source.reading import Read


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the streams: those of one of so many tasks."""

    task: int
    maker: Maker

    def written(self, read: Read, position: Position) -> tuple[list[Message], Position]:
        """The messages of a page, and the position behind it."""
        if read.began_anew is not None:
            position = replace(position, snapshot={**position.snapshot, read.feed: read.began_anew})
        messages = list(self._messages(read, position))
        return messages, position.at({read.feed: read.page.place})

    def written_again(self, items: Sequence[Mapping[str, Any]], position: Position) -> Iterator[Message]:
        """The messages of streams' states as they are now."""
        place = position.places[Feed.CHANGES]
        for item in items:
            if self._has(item["stream_id"], position):
                yield from self.maker.snapshot(item, place.counter, place.position)

    def _messages(self, read: Read, position: Position) -> Iterator[Message]:
        feed, counter = read.feed, read.page.place.counter
        end = position.snapshot[feed]
        for entry in read.page.entries:
            stream_id, at = entry["stream_id"], entry["position"]
            if not self._has(stream_id, position):
                continue
            if position.past and position.is_done(feed, stream_id, at):
                continue
            if feed is Feed.CHANGES:
                yield from self.maker.change(entry, counter, snapshot=at <= end)
            else:
                message = self.maker.event(entry, counter, snapshot=at <= end)
                if message is not None:
                    yield message

    def _has(self, stream_id: str, position: Position) -> bool:
        return position.tasks == 1 or share_of(stream_id, position.tasks) == self.task
