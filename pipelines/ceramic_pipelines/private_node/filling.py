"""Filling a source's node from files, before it runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Final

from ceramic_connectors.source.refused.keeping import RefusedEvents
from ceramic_connectors.sources import open_source
from ceramic_node.config import NodeConfig
from ceramic_node.store.sqlite import StoreInUse
from ceramic_pipelines.importing.importing import Watch, import_events
from ceramic_pipelines.importing.into_store import store_target
from ceramic_pipelines.importing.outcomes import Tally
from ceramic_pipelines.private_node.work_folder import WorkFolder
from ceramic_protocol.limits import PRIVATE_NODE_LOCK_SECONDS, PRIVATE_NODE_POLL_SECONDS, SOURCE_TOLD_SECONDS
from ceramic_protocol.ports import EventSource

Tell = Callable[[str], None]


class _StoppedError(Exception):
    """It was told to stop while it read."""


class Filling:
    """Hands all events of files to a store; again is as good as once."""

    def __init__(self, uri: str, work: WorkFolder, stopping: Event, tell: Tell) -> None:
        """Do nothing yet."""
        self._uri: Final = uri
        self._work: Final = work
        self._stopping: Final = stopping
        self._tell: Final = tell
        self._told: float = time.monotonic()

    def run(self, config: NodeConfig) -> None:
        """Fill the store; ends early if it is told to stop.

        Raises:
            UsageError: the URI or a setting makes no sense.
            CeramicError: the files can't be read, or the store can't be used.
        """
        until = time.monotonic() + PRIVATE_NODE_LOCK_SECONDS
        while not self._stopping.is_set():
            try:
                self._fill(config)
            except _StoppedError:
                return
            except StoreInUse:
                # The node of a source that was killed takes a moment to end.
                if time.monotonic() > until:
                    raise
                time.sleep(PRIVATE_NODE_POLL_SECONDS)
            else:
                return

    def _fill(self, config: NodeConfig) -> None:
        with (
            store_target(self._work.store, config) as target,
            RefusedEvents(self._work.refused) as refused,
        ):
            source = open_source(self._uri, self._work.index, self._indexed)
            watch = Watch(refused.add, self._counter(source), self._stopping.is_set)
            self._end(import_events(source, target, watch))

    def _indexed(self, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise _StoppedError
        self._now_and_then(lambda: f"indexed {done:,} of {total:,} bytes")

    def _counter(self, source: EventSource) -> Callable[[int], None]:
        total, dealt = source.count, 0
        self._tell(f"importing {self._uri}: {total:,} events")

        def count(more: int) -> None:
            nonlocal dealt
            dealt += more
            self._now_and_then(lambda: f"imported {dealt:,} of {total:,} events")

        return count

    def _end(self, tally: Tally) -> None:
        self._tell(
            f"imported {tally.events:,} events: {tally.new:,} new, {tally.known:,} there already"
            f" ({tally.pending:,} pending), {sum(tally.rejected.values()):,} rejected, {tally.damaged:,}"
            " damaged"
        )
        if tally.no_room:
            self._tell(f"{tally.no_room:,} events weren't kept: too many wait for events that aren't there")

    def _now_and_then(self, text: Callable[[], str]) -> None:
        if time.monotonic() > self._told + SOURCE_TOLD_SECONDS:
            self._told = time.monotonic()
            self._tell(text())
