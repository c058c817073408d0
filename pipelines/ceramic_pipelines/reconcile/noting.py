"""Reading a side into the notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pyarrow as pa

from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.parquet import read_batches
from ceramic_pipelines.reconcile.holdings import Holding
from ceramic_pipelines.reconcile.notebook import Note, Notebook, Standing
from ceramic_pipelines.reconcile.values import Side, SideCounts, Stages
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Event, InitEvent, InvalidEvent
from ceramic_protocol.ports import Damage, EventSource, RawEvent, SourceItem
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.tables import CONCLUSION_EVENTS, EVENT_TYPE_TIME, REJECTED
from ceramic_protocol.verify import Verifier

_EVENT_COLUMNS: Final = ("event_cid", "event_type", "stream_cid", "stream_type", "previous")


class _Refused(NamedTuple):
    """Columns of `rejected`."""

    verdict: str
    event_cid: bytes | None
    reason: str
    raw: bytes
    source: str
    position: int

    @property
    def is_pending(self) -> bool:
        """Whether it isn't rejected."""
        return self.verdict == Outcome.PENDING.value


_REASON: Final = _Refused._fields.index("reason")


def note_side(
    notebook: Notebook, side: Side, holding: Holding, verifier: Verifier, stages: Stages
) -> SideCounts:
    """Note all events of a side, and the tips that it tells; the numbers as far as they are known by then.

    Args:
        notebook: where to.
        side: which one it is.
        holding: what it has.
        verifier: decodes events, and tells why those were rejected that tables say it of.
        stages: are told how far it is.

    Raises:
        OutsideError: the side can no longer be read, or the notebook not be written.
    """
    found = SideCounts(holding.uri)
    doing = f"Reading {side.name}"
    stages.start(doing, None if holding.source is None else holding.source.count)
    if holding.source is not None:
        for items, notes, done in _of_source(holding.source, verifier):
            found.items += len(items)
            found.damaged += sum(isinstance(item, Damage) and item.cid is None for item in items)
            notebook.add(side, notes)
            stages.advance(doing, done)
    if holding.tables is not None:
        for rows, damaged, notes in _of_tables(
            holding.tables, verifier, has_events=holding.source is not None
        ):
            found.items += rows
            found.damaged += damaged
            notebook.add(side, notes)
            stages.advance(doing, rows)
    return found


def _of_source(source: EventSource, verifier: Verifier) -> Iterator[tuple[list[SourceItem], list[Note], int]]:
    start = 0
    for page in source.read(0, source.count):
        notes = [_of_item(item, verifier, start, page.stop) for item in page.items]
        yield list(page.items), [note for note in notes if note is not None], page.stop - start
        start = page.stop


def _of_item(item: SourceItem, verifier: Verifier, start: int, stop: int) -> Note | None:
    if isinstance(item, Damage):
        return None if item.cid is None else Note(item.cid, Standing.TOLD)
    event = verifier.decode(item)
    if isinstance(event, InvalidEvent):
        return None if event.cid is None else Note(event.cid, Standing.BROKEN)
    return _of_event(event, Standing.HELD, start, stop)


def _of_event(event: Event, standing: Standing, start: int | None = None, stop: int | None = None) -> Note:
    stream_type = event.header.stream_type if isinstance(event, InitEvent) else None
    kind = Kind[event.kind.upper()]
    return Note(event.cid, standing, kind, event.stream, stream_type, event.prev, start, stop)


def _of_tables(
    tables: ExportFolder, verifier: Verifier, *, has_events: bool
) -> Iterator[tuple[int, int, list[Note]]]:
    """Number of rows, how many of them are damage, and notes; events that are kept are noted already."""
    if not has_events:
        for file in tables.files(CONCLUSION_EVENTS):
            for batch in read_batches(file, _EVENT_COLUMNS):
                yield batch.num_rows, 0, [_of_row(*row) for row in _rows(batch)]
    for file in tables.files(REJECTED):
        for batch in read_batches(file, _Refused._fields):
            rows = list(_rows(batch))
            damaged = sum(row[_REASON] == Reason.ARCHIVE_DAMAGED.value for row in rows)
            notes = [_of_refused(_Refused(*row), verifier) for row in rows]
            told = 0 if has_events else batch.num_rows
            yield max(told, damaged), damaged, [note for note in notes if note is not None]


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _of_row(
    cid: bytes, event_type: int, stream: bytes, stream_type: int, previous: list[bytes] | None
) -> Note:
    prev = Cid(previous[0]) if previous else None
    kind = Kind.TIME if event_type == EVENT_TYPE_TIME else Kind.INIT if prev is None else Kind.DATA
    return Note(Cid(cid), Standing.TOLD, kind, Cid(stream), stream_type, prev)


def _of_refused(row: _Refused, verifier: Verifier) -> Note | None:
    if row.event_cid is None:
        return None
    item = RawEvent(row.raw, None, row.source, row.position)
    event = verifier.decode(item)
    if isinstance(event, InvalidEvent) or event.cid != row.event_cid:
        return Note(Cid(row.event_cid), Standing.TOLD if row.is_pending else Standing.BROKEN)
    # What only the rest of its stream refuses is an event like any other: each side judges it for itself.
    is_refused = not row.is_pending and verifier.verify(event).reason is not None
    return _of_event(event, Standing.REJECTED if is_refused else Standing.TOLD)
