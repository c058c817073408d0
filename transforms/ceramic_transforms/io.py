"""Reading any bounded event source into record batches."""

from __future__ import annotations

from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.limits import MAX_SOURCE_SPLITS
from ceramic_protocol.ports import EventSource
from ceramic_transforms.reading import ReadPages


@with_input_types(Any)  # a protocol with attributes is nothing that can be checked
@with_output_types(pa.RecordBatch)
class ReadAllFromEventSources(
    beam.PTransform[beam.PCollection[EventSource], beam.PCollection[pa.RecordBatch]]
):
    """Read each event source of a collection as batches of `RAW_EVENTS`.

    Sources are split into ranges of ordinals before they are read, and further while they are. Counters say
    what was read (`events_read`).
    """

    def expand(self, sources: beam.PCollection[EventSource]) -> beam.PCollection[pa.RecordBatch]:
        """Read each range, page by page."""
        return sources | "Read" >> beam.ParDo(ReadPages()).with_output_types(pa.RecordBatch)

    def display_data(self) -> dict[str, Any]:
        """Into how many ranges a source is split at first, at most."""
        return {"splits": MAX_SOURCE_SPLITS}


@with_output_types(pa.RecordBatch)
class ReadFromEventSource(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[pa.RecordBatch]]):
    """Read an event source as batches of `RAW_EVENTS`.

    Args:
        source: the data, opened by `ceramic_connectors.sources.open_source` or any other `EventSource`. To
            have it opened by the job, see `ceramic_transforms.sources`.
    """

    def __init__(self, source: EventSource) -> None:
        super().__init__()
        self._source = source

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[pa.RecordBatch]:
        """Create the source, split it, read each range."""
        sources = pbegin | "Source" >> beam.Create([self._source], reshuffle=False)
        return sources | "Ranges" >> ReadAllFromEventSources()

    def display_data(self) -> dict[str, Any]:
        """What is read, and how much."""
        source = self._source
        return {"source": type(source).__name__, "ordinals": source.count, "bytes": source.size}
