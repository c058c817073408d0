"""Reading any bounded event source into record batches."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
import pyarrow as pa

from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.ports import EventSource
from ceramic_transforms import metrics
from ceramic_transforms.batches import raw_batch
from ceramic_transforms.progress import tell


class ReadFromEventSource(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[pa.RecordBatch]]):
    """Read an event source as batches of `RAW_EVENTS`.

    Args:
        source: the data, opened by `ceramic_connectors.sources.open_source` or any other `EventSource`.
        batch_size: items in one batch at most.
    """

    def __init__(self, source: EventSource, batch_size: int = MAX_BATCH_EVENTS) -> None:
        super().__init__()
        self._source = source
        self._batch_size = batch_size

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[pa.RecordBatch]:
        """Create ranges of ordinals, spread them, read each."""
        count, step = self._source.count, self._batch_size
        ranges = [(start, min(start + step, count)) for start in range(0, count, step)]
        return (
            pbegin
            | "Ranges" >> beam.Create(ranges, reshuffle=False)
            | "Spread" >> beam.Reshuffle()
            | "Read" >> beam.ParDo(_ReadRange(self._source)).with_output_types(pa.RecordBatch)
        )


class _ReadRange(beam.DoFn):
    def __init__(self, source: EventSource) -> None:
        self._source = source

    def process(self, element: tuple[int, int]) -> Iterator[pa.RecordBatch]:
        for items in self._source.read(*element):
            metrics.count(metrics.EVENTS_READ, len(items))
            tell("read", len(items))
            yield raw_batch(items)
