"""The folder of a node's data as a source, whether or not the node runs: `store:FOLDER`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ceramic_connectors.batching import paged
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.reading import SqliteReader, open_reader
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.limits import GUESSED_EVENT_BYTES, MAX_BATCH_EVENTS
from ceramic_protocol.ports import Damage, RawEvent, SourceItem, SourcePage
from ceramic_protocol.stored import Delivered


@dataclass(frozen=True, slots=True)
class StoreEvents:
    """The events that were delivered in a store when this was opened.

    Ordinals are positions of its feed, from 1 on. A node that runs on it isn't asked and doesn't wait.

    Attributes:
        folder: of the store.
        epoch: of its positions.
        count: see `EventSource.count`.
    """

    folder: Path
    epoch: str
    count: int

    @classmethod
    def open(cls, folder: Path) -> Self:
        """See how far the store is.

        Raises:
            OutsideError: there is none, or it can't be read.
            StoreCorruption: it is damaged, or of another release.
        """
        if not (folder / FILE_NAME).is_file():
            raise OutsideError(f"there is no store in {folder}; check the path")
        with closing(open_reader(folder)) as reader:
            return cls(folder, reader.epoch, reader.head().position)

    @property
    def size(self) -> int:
        """See `EventSource.size`."""
        return self.count * GUESSED_EVENT_BYTES

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`.

        Raises:
            OutsideError: the store can't be read any more, or another one was put in its place.
            StoreCorruption: it is damaged.
        """
        start, stop = max(start, 0), min(stop, self.count)
        if start < stop:
            if not (self.folder / FILE_NAME).is_file():
                raise OutsideError(f"the store in {self.folder} is gone")
            with closing(open_reader(self.folder)) as reader:
                if reader.epoch != self.epoch:
                    raise OutsideError(f"another store was put in {self.folder}; start again")
                yield from paged(self._items(reader, start, stop), stop)

    def _items(self, reader: SqliteReader, start: int, stop: int) -> Iterator[tuple[int, SourceItem]]:
        after = start
        while after < stop:
            page = reader.feed(after, min(stop - after, MAX_BATCH_EVENTS), with_cars=True)
            for entry in page.entries:
                if entry.position > stop:
                    return
                yield entry.position - 1, self._item(entry)
            if page.looked_to <= after:
                return
            after = page.looked_to

    def _item(self, entry: Delivered) -> SourceItem:
        source = f"store:{self.folder}"
        if not entry.car:
            told = f"the store has given up the bytes of {entry.checked.cid}"
            return Damage(told, source, entry.position, 0, b"", cid=entry.checked.cid)
        return RawEvent(entry.car, entry.checked.cid, source, entry.position)
