"""CAR archives as a source of events: `car:PATH` (CARv1; events.md 3.5)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

from ceramic_connectors.batching import paged
from ceramic_connectors.car_event import assemble
from ceramic_connectors.car_index import index_archives
from ceramic_connectors.files import OpenFiles, SourceFile
from ceramic_connectors.index_db import describe_file, read_index, total_size
from ceramic_connectors.progress import Meter, Progress
from ceramic_connectors.resuming import cursor_of, rest_of
from ceramic_protocol import car
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_DAMAGE_BYTES
from ceramic_protocol.ports import Damage, EventSource, RawEvent, SourceItem, SourcePage

_COUNT: Final = "SELECT count(*) FROM items"
_ITEMS: Final = """
    SELECT items.file, items.cid, items.position, items.length, items.detail,
    blocks.file, blocks.position, blocks.position + blocks.head, blocks.length, blocks.lead
    FROM items LEFT JOIN blocks USING (cid) WHERE ordinal >= ? AND ordinal < ? ORDER BY ordinal"""
_BLOCK: Final = "SELECT file, position + head, length FROM blocks WHERE cid = ?"


@dataclass(frozen=True, slots=True)
class CarArchive:
    """The events of one or more CAR files, found through an index in a work folder.

    A root without a block in the files is an item all the same, at position 0 of the file that names it.
    """

    index: Path
    count: int
    size: int

    @classmethod
    def build(cls, files: Sequence[SourceFile], work_dir: Path, progress: Progress | None = None) -> Self:
        """Read the files once and index them.

        Raises:
            OutsideError: a file can't be read, or the index can't be written.
        """
        meter = Meter(sum(file.size for file in files), progress)
        index = index_archives(files, work_dir, meter)
        with read_index(index) as db:
            (count,) = db.execute(_COUNT).fetchone()
            return cls(index, count, total_size(db))

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`.

        Raises:
            OutsideError: index or files can no longer be read, or a file was changed.
        """
        start, stop = max(start, 0), min(stop, self.count)
        if start < stop:
            with read_index(self.index) as db, OpenFiles(partial(describe_file, db)) as files:
                yield from paged(enumerate(_items(db, files, start, stop), start), stop)

    def cursor(self) -> dict[str, Any]:
        """See `Resumable`."""
        return cursor_of(self)

    def since(self, cursor: Mapping[str, Any]) -> EventSource | None:
        """See `Resumable`; a source goes on where it only grew at its end."""
        return rest_of(self, cursor)


def _items(db: sqlite3.Connection, files: OpenFiles, start: int, stop: int) -> Iterator[SourceItem]:
    def lookup(cid: Cid) -> bytes | None:
        row = db.execute(_BLOCK, (cid,)).fetchone()
        return None if row is None else files.read(*row)

    for file, cid, position, length, detail, *block in db.execute(_ITEMS, (start, stop)):
        if cid is None:
            raw = files.read(file, position, min(length, MAX_DAMAGE_BYTES))
            yield Damage(detail, files.path(file), position, length, raw)
            continue
        root = Cid(cid)
        block_file, block_position, body, block_length, lead = block
        if block_file is None:
            yield RawEvent(assemble(root, None, lookup), root, files.path(file), position)
            continue
        if lead:
            first = block_position - lead
            event = car.encode_header((root,)) + files.read(block_file, first, body + block_length - first)
        else:
            event = assemble(root, files.read(block_file, body, block_length), lookup)
        yield RawEvent(event, root, files.path(block_file), block_position)
