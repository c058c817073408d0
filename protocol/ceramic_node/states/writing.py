"""From a stream in memory to the rows that are kept of it: only those that have changed are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from ceramic_node.states.known_models import verdict_on
from ceramic_node.states.live_cache import Live
from ceramic_node.states.moves import Moves
from ceramic_node.states.port import StateWriter
from ceramic_node.states.records import Dimensions, EventRow, StreamRow, storable
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Moved, correction_of
from ceramic_protocol.history import Judged, stream_id_of
from ceramic_protocol.rows import is_concluded
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StreamSnapshot


class Writing:
    """Writes what has become of one stream, piece by piece."""

    def __init__(
        self,
        events: EventReader,
        writer: Callable[[], StateWriter],
        row: StreamRow | None,
        snapshot: StreamSnapshot,
        init_moved: Callable[[], object],
    ) -> None:
        """Say where to.

        Args:
            events: tells positions.
            writer: the writer of the transaction that is under way.
            row: what was kept of the stream; None if that was nothing.
            snapshot: what was read of it, which tells where events are.
            init_moved: called when another verdict on the init event has been written.
        """
        self._events: Final = events
        self._writer: Final = writer
        self._stream: Final = snapshot.stream
        self._row = row
        self._news: list[CheckedEvent] = []
        self._is_changed = False
        self._init_moved: Final = init_moved
        self._has_init_moved = False
        self._places: Final = snapshot.places

    def write(self, live: Live, moves: Moves, touched: Sequence[Cid], size: int) -> Iterator[None]:
        """Write the events that may have changed, then the stream; pauses after each `size` of them.

        Args:
            live: the stream, whose `canonical` is as it is now.
            moves: how the canonical log moved since it was written last.
            touched: the events, parents first.
            size: how many make a piece.
        """
        for start in range(0, len(touched), size):
            piece = touched[start : start + size]
            changed, new = self._compare(live, piece)
            if start + size < len(touched):
                self._begin(live)
                self._put(changed, new)
                yield
            else:
                self._finish(live, moves, changed, new)
        if not touched:
            self._finish(live, moves, [], [])

    def _compare(self, live: Live, piece: Sequence[Cid]) -> tuple[list[EventRow], list[Cid]]:
        """The rows that differ from what is kept, and the events of which nothing is kept."""
        kept = {} if self._row is None else self._writer().events(dict.fromkeys(piece, self._stream))
        changed: list[EventRow] = []
        new: list[Cid] = []
        for cid in piece:
            old, item = kept.get(cid), live.stream.judged[cid]
            if old is None:
                new.append(cid)
                self._news.append(item.event)
            row = self._make(live, item, old)
            if old is None or old[1:] != row[1:]:
                changed.append(row)
                if cid == self._stream and (old is None or verdict_on(old) != verdict_on(row)):
                    self._has_init_moved = True
        return changed, new

    def _make(self, live: Live, item: Judged, old: EventRow | None) -> EventRow:
        event = item.event
        position = None
        if is_concluded(item):
            position = None if old is None else old.position
            position = self._position(event) if position is None else position
        return EventRow(
            0,
            event.cid,
            self._stream,
            event.kind,
            event.prev,
            position,
            item.height,
            item.reason,
            None if item.detail is None else storable(item.detail),
            None if item.state is None else item.state.json,
            event.timestamp,
            event.chain_id,
            None if event.signer is None else storable(event.signer),
            event.capability,
            live.stream.anchored.get(event.cid),
            event.cid in live.canonical,
            item.expires_at,
        )

    def _position(self, event: CheckedEvent) -> int:
        place = self._places.get(event.cid)
        if place is not None and place.position is not None:
            return place.position
        if event.cid == self._stream:
            entry = self._events.entry(self._stream)
            position = None if entry is None else entry.position
        else:
            stored = self._events.event(event.cid)
            position = None if stored is None else stored.position
        if position is None:
            raise LookupError(f"event {event.cid} stands in its stream and was never delivered")
        return position

    def _put(self, changed: list[EventRow], new: list[Cid]) -> None:
        writer = self._writer()
        writer.put_events([row._replace(number=writer.draw()) for row in changed])
        for cid in new:
            writer.wake(cid)
        self._is_changed |= bool(changed)
        if self._has_init_moved:
            # With the row, as what is written may be all that is left when the rest is begun anew.
            self._has_init_moved = False
            self._init_moved()

    def _begin(self, live: Live) -> None:
        """Keep a stream, and what its init event says, before its events are kept."""
        header, row = live.stream.header, self._row
        dimensions = None if header is None else Dimensions.of(header)
        if row is None or row.dimensions != dimensions:
            number = self._writer().draw()
            row = StreamRow(number, self._stream, 0) if row is None else row._replace(number=number)
            self._row = row._replace(dimensions=dimensions)
            self._writer().put_stream(self._row)

    def _finish(self, live: Live, moves: Moves, changed: list[EventRow], new: list[Cid]) -> None:
        writer, old = self._writer(), self._row
        number = 0 if old is None else old.number
        row = self._stream_row(live, number)
        if old is None or changed or self._is_changed or row._replace(version=0) != old._replace(version=0):
            row = row._replace(number=writer.draw())
        if row != old:
            writer.put_stream(row)
        self._put(changed, new)
        old_tip = None if old is None else old.tip
        moved = Moved(old_tip, row.tip, tuple(moves.undone), tuple(moves.applied))
        correction = correction_of(stream_id_of(self._stream, live.stream.header), moved, self._news)
        if correction is not None:
            writer.add_change(self._stream, correction)

    def _stream_row(self, live: Live, number: int) -> StreamRow:
        stream, header = live.stream, live.stream.header
        height = None if stream.tip is None else stream.judged[stream.tip].height
        return StreamRow(
            number,
            self._stream,
            live.version,
            None if header is None else Dimensions.of(header),
            stream.tip,
            0 if height is None else height + 1,
            stream.valid_count,
            live.anchors[0][1] if live.anchors else None,
            live.anchors[-1][1] if live.anchors else None,
            live.turns.next,
        )
