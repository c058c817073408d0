"""What a side lacks, as a source of events: read where the other side has it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ceramic_pipelines.reconcile.notebook import Notebook
from ceramic_pipelines.reconcile.values import Side
from ceramic_protocol.events import InvalidEvent
from ceramic_protocol.limits import MAX_REREAD_GAP
from ceramic_protocol.ports import EventSource, RawEvent, SourceItem, SourcePage
from ceramic_protocol.verify import Verifier


@dataclass(frozen=True, slots=True)
class MissingEvents:
    """Those events of a source that a side lacks.

    Attributes:
        source: all events of the other side.
        notebook: path of the notebook, where both were compared.
        side: the one that lacks them.
        verifier: decodes events.
        is_fit: whether only those count that passed their own checks and don't wait for others.
    """

    source: EventSource
    notebook: Path
    side: Side
    verifier: Verifier
    is_fit: bool

    @property
    def count(self) -> int:
        """See `EventSource.count`: ordinals are those of the source."""
        return self.source.count

    @property
    def size(self) -> int:
        """See `EventSource.size`."""
        return self.source.size

    def read(self, start: int, stop: int) -> Iterator[SourcePage]:
        """See `EventSource.read`.

        Raises:
            OutsideError: the source can no longer be read.
        """
        start, stop = max(start, 0), min(stop, self.count)
        if start >= stop:
            return
        done = start
        with Notebook(self.notebook) as notebook:
            # All of them at once, so that others can write to the notebook meanwhile.
            for first, last in list(_joined(notebook.ranges(self.side, is_fit=self.is_fit))):
                if last <= start or first >= stop:
                    continue
                for page in self.source.read(max(first, start), min(last, stop)):
                    yield SourcePage([item for item in page.items if self._has(notebook, item)], page.stop)
                    done = page.stop
        if done < stop:
            yield SourcePage([], stop)

    def _has(self, notebook: Notebook, item: SourceItem) -> bool:
        if not isinstance(item, RawEvent):
            return False
        # Where the source claims a CID, an event has this one or is none.
        if item.cid is not None and not notebook.lacks(self.side, item.cid, is_fit=self.is_fit):
            return False
        event = self.verifier.decode(item)
        if isinstance(event, InvalidEvent):
            return False
        return notebook.lacks(self.side, event.cid, is_fit=self.is_fit)


def _joined(ranges: Iterator[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ranges in order as few ones, as it takes a while to find the beginning of each."""
    begin = end = None
    for first, last in ranges:
        if begin is None or end is None:
            begin, end = first, last
        elif first - end <= MAX_REREAD_GAP:
            end = max(end, last)
        else:
            yield begin, end
            begin, end = first, last
    if begin is not None and end is not None:
        yield begin, end
