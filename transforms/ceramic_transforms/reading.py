"""Reading an event source as a splittable DoFn: ranges of ordinals, split before and while they are read."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import apache_beam as beam
import pyarrow as pa
from apache_beam import coders
from apache_beam.io.restriction_trackers import OffsetRange, OffsetRestrictionTracker
from apache_beam.transforms.core import RestrictionProvider

from ceramic_protocol.limits import MAX_BATCH_EVENTS, MAX_SOURCE_SPLITS
from ceramic_protocol.ports import EventSource, SourceItem
from ceramic_transforms import metrics
from ceramic_transforms.batches import raw_batch
from ceramic_transforms.failures import passed_on
from ceramic_transforms.progress import tell

_PAIR: Final = struct.Struct(">QQ")


class RangeCoder(coders.Coder):
    """Ranges of ordinals as two numbers of 64 bits: the same bytes for any release of Python or Beam."""

    def encode(self, value: OffsetRange) -> bytes:
        """16 bytes."""
        return _PAIR.pack(value.start, value.stop)

    def decode(self, encoded: bytes) -> OffsetRange:
        """The range."""
        return OffsetRange(*_PAIR.unpack(encoded))

    def is_deterministic(self) -> bool:
        """Equal ranges have equal bytes."""
        return True


class PageTracker(OffsetRestrictionTracker):
    """A tracker that claims whole pages.

    A page is claimed by the ordinal behind it. If the range was split within the page meanwhile, what of the
    page is left to this range is claimed; the range itself tells how much that is.
    """

    def try_claim(self, stop: int) -> bool:
        """Claim what is left of the range before an ordinal; whether anything is."""
        last = min(stop, self._range.stop) - 1
        attempt = cast("int | None", self._last_claim_attempt)
        claimed = self._range.start - 1 if attempt is None else attempt
        return last > claimed and bool(super().try_claim(last))


class SourceRanges(RestrictionProvider):
    """All ordinals of a source, in a few ranges to begin with."""

    def initial_restriction(self, source: EventSource) -> OffsetRange:
        """The whole source."""
        return OffsetRange(0, source.count)

    def create_tracker(self, restriction: OffsetRange) -> PageTracker:
        """See `RestrictionProvider`."""
        return PageTracker(restriction)

    def split(self, source: EventSource, restriction: OffsetRange) -> Iterator[OffsetRange]:
        """Ranges of about the same size, none of them smaller than a batch may be."""
        del source
        step = max(MAX_BATCH_EVENTS, -(-restriction.size() // MAX_SOURCE_SPLITS))
        if not restriction.size():
            yield restriction
        yield from restriction.split(step)

    def restriction_size(self, source: EventSource, restriction: OffsetRange) -> int:
        """Bytes, as far as the source can tell."""
        return source.size * restriction.size() // max(source.count, 1)

    def restriction_coder(self) -> RangeCoder:
        """See `RestrictionProvider`."""
        return RangeCoder()


class ReadPages(beam.DoFn):
    """Batches of `RAW_EVENTS` from event sources."""

    def process(
        self,
        element: EventSource,
        tracker: Any = beam.DoFn.RestrictionParam(SourceRanges()),  # noqa: B008  # so Beam has it
    ) -> Iterator[pa.RecordBatch]:
        """Read what is left of a range, page by page.

        Raises:
            CeramicError: the source can't be read.
        """
        with passed_on():
            yield from _pages(element, tracker)


def _pages(source: EventSource, tracker: Any) -> Iterator[pa.RecordBatch]:
    asked: OffsetRange = tracker.current_restriction()
    done = asked.start
    for page in source.read(asked.start, asked.stop):
        if not tracker.try_claim(page.stop):
            return
        left: int = tracker.current_restriction().stop
        if left < page.stop:
            # Somebody else reads the rest of the page; which of its items these are only the source knows.
            yield from _batches(part.items for part in source.read(done, left))
            return
        yield from _batches([page.items])
        done = page.stop


def _batches(
    pages: Iterator[Sequence[SourceItem]] | Sequence[Sequence[SourceItem]],
) -> Iterator[pa.RecordBatch]:
    for items in pages:
        if items:
            metrics.count(metrics.EVENTS_READ, len(items))
            tell("read", len(items))
            yield raw_batch(items)
