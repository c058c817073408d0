"""Dead letters as rows of the table `rejected`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_protocol.tables import REJECTED
from ceramic_transforms.shards import shards_of_refusals, split
from ceramic_transforms.table_parts import TablePart


@with_input_types(pa.RecordBatch)
@with_output_types(TablePart)
class DeadLettersToTable(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[TablePart]]):
    """Give the dead letters of `VerifyEvents` their place among the parts of `rejected`."""

    def expand(self, letters: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[TablePart]:
        """Split every batch by shard."""
        return letters | "ByShard" >> beam.FlatMap(_parts).with_output_types(TablePart)

    def display_data(self) -> dict[str, Any]:
        """Which table they become part of."""
        return {"table": REJECTED.name}


def _parts(batch: pa.RecordBatch) -> Iterator[TablePart]:
    for shard, rows in split(batch, shards_of_refusals(batch)):
        yield TablePart(REJECTED.name, shard, 0, rows)
