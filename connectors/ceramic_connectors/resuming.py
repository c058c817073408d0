"""Going on behind what was read of a source that has grown at its end.

A cursor is the number of items that were read and a digest of all that they said. So a source goes on only
where each of these items still is what it was, whatever became of its files. The digest is made in blocks of
items, each with that of the block before, so that a longer one is made from the last whole block on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.ports import EventSource, RawEvent, SourceItem, SourcePage

_COUNT: Final = "count"
_DIGEST: Final = "digest"
_WHOLE_BLOCKS: Final = "digest_of_whole_blocks"


@dataclass(frozen=True, slots=True)
class Rest:
    """The items of a source behind a position, which holds for that source."""

    source: EventSource
    position: Mapping[str, Any]

    @property
    def count(self) -> int:
        """Number of items."""
        return self.source.count - self._start

    @property
    def _start(self) -> int:
        start: int = self.position[_COUNT]
        return start

    @property
    def size(self) -> int:
        """See `EventSource`."""
        return self.source.size * self.count // max(self.source.count, 1)

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource`."""
        for items, end in self.source.read(self._start + max(start, 0), self._start + stop):
            yield SourcePage(items, end - self._start)

    def cursor(self) -> dict[str, Any]:
        """The position behind all items, as the whole source has it."""
        start = self._start - self._start % MAX_BATCH_EVENTS
        return _cursor(self.source, start, self.source.count, self.position[_WHOLE_BLOCKS])

    def since(self, cursor: Mapping[str, Any]) -> EventSource | None:
        """See `Resumable`; positions are the whole source's."""
        return rest_of(self.source, cursor)


def cursor_of(source: EventSource) -> dict[str, Any]:
    """The position behind all items of a source; reads them.

    Raises:
        OutsideError: they can no longer be read.
    """
    return _cursor(source, 0, source.count, "")


def rest_of(source: EventSource, cursor: Mapping[str, Any]) -> EventSource | None:
    """The items behind a position; None if those before it are other ones.

    Raises:
        OutsideError: they can no longer be read.
    """
    count = cursor.get(_COUNT)
    if not isinstance(count, int) or not 0 <= count <= source.count:
        return None
    found = _cursor(source, 0, count, "")
    return Rest(source, found) if found == cursor else None


def _cursor(source: EventSource, start: int, stop: int, digest: str) -> dict[str, Any]:
    """The position at `stop`, given the digest of the whole blocks up to `start`."""
    whole = digest
    for first in range(start, stop, MAX_BATCH_EVENTS):
        last = min(first + MAX_BATCH_EVENTS, stop)
        digest = _digest(source, first, last, digest)
        if last - first == MAX_BATCH_EVENTS:
            whole = digest
    return {_COUNT: stop, _DIGEST: digest, _WHOLE_BLOCKS: whole}


def _digest(source: EventSource, start: int, stop: int, before: str) -> str:
    hashed = blake2b(before.encode(), digest_size=16)
    for page in source.read(start, stop):
        for item in page.items:
            place, content = _told(item)
            hashed.update(b"%d %d " % (len(place), len(content)))
            hashed.update(place)
            hashed.update(content)
    return hashed.hexdigest()


def _told(item: SourceItem) -> tuple[bytes, bytes]:
    if isinstance(item, RawEvent):
        place = f"{item.source}\n{item.position}\n{item.cid}"
        return place.encode("utf-8", "surrogateescape"), item.car
    place = f"{item.source}\n{item.position}\n{item.length}\n{item.reason.value}\n{item.detail}"
    return place.encode("utf-8", "surrogateescape"), item.raw
