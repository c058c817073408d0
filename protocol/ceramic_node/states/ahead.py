"""Reading at once what is needed of many streams, as few large questions cost less than many small ones."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Final, NamedTuple

from ceramic_node.states.extending import may_be_extended
from ceramic_node.states.live_cache import LiveCache
from ceramic_node.states.port import StateWriter
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import OutsideError, StoreCorruption
from ceramic_protocol.limits import MAX_STATE_UNIT
from ceramic_protocol.store_port import EventReader
from ceramic_protocol.stored import StreamSnapshot

_log = logging.getLogger(__name__)


class Ahead(NamedTuple):
    """What was read of a stream: all of it, or what is new since a version, and then its init event."""

    since: int
    snapshot: StreamSnapshot
    init: CheckedEvent | None


class ReadAhead:
    """What is read of streams before they are judged, and forgotten when others follow."""

    def __init__(self, events: EventReader, cache: LiveCache, unit: int = MAX_STATE_UNIT) -> None:
        """Say from where.

        Args:
            events: the events.
            cache: the streams that are in memory, of which only what is new is needed.
            unit: how many events there may be in all.
        """
        self._events: Final = events
        self._cache: Final = cache
        self._unit: Final = unit
        self._found: dict[Cid, Ahead] = {}

    def read(self, writer: StateWriter, streams: Collection[Cid]) -> None:
        """Read what is needed of these streams; what was read before is forgotten.

        Raises:
            OutsideError: a store fails.
            StoreCorruption: a store makes no sense.
        """
        self._found = {}
        writer.read_ahead(streams, {})
        since = {stream: self._since(writer, stream) for stream in streams}
        try:
            snapshots = self._events.snapshots(since, self._unit)
            extended = [
                stream for stream in snapshots if since[stream] and not self.version_of(writer, stream)
            ]
            inits = self._events.reports(extended)
        except (OutsideError, StoreCorruption):
            raise
        except Exception as error:  # noqa: BLE001 - whose fault it is shows when they are read one by one
            _log.debug("streams can't be read at once", exc_info=error)
            return
        for stream, snapshot in snapshots.items():
            init = snapshot.events.get(stream) or inits.get(stream)
            self._found[stream] = Ahead(since[stream], snapshot, init)
        rows = map(writer.stream, extended)
        tips = {row.tip: row.stream for row in rows if row is not None and row.tip is not None}
        news = {cid: stream for stream, each in snapshots.items() for cid in each.events}
        writer.read_ahead((), tips | news)

    def take(self, stream: Cid) -> Ahead | None:
        """What was read of a stream, to be used once."""
        return self._found.pop(stream, None)

    def clear(self) -> None:
        """Forget what was read."""
        self._found = {}

    def version_of(self, writer: StateWriter, stream: Cid) -> int:
        """Up to which version a stream is in memory and of use there; else 0."""
        row, version = writer.stream(stream), self._cache.version_of(stream)
        return 0 if row is None or row.failed is not None or row.version != version else version

    def _since(self, writer: StateWriter, stream: Cid) -> int:
        row = writer.stream(stream)
        if row is not None and may_be_extended(row, writer):
            return row.version
        return self.version_of(writer, stream)
