"""Tables as rows, and as Parquet files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.typehints import with_output_types

from ceramic_connectors.judging import judging_of
from ceramic_connectors.manifest import refuse_if_occupied
from ceramic_connectors.outside import outside
from ceramic_connectors.tables import arrow_schema
from ceramic_protocol.errors import UsageError
from ceramic_protocol.tables import REJECTED
from ceramic_transforms import write
from ceramic_transforms.publish import PublishTables
from ceramic_transforms.refusals import DeadLettersToTable
from ceramic_transforms.row_batches import RowsToBatches
from ceramic_transforms.rows import TableToRows
from ceramic_transforms.yaml.plain import plain

_INPUTS = ("tables", "dead_letters")


@with_output_types(tuple[str, int])
class WriteTables(beam.PTransform[Any, beam.PCollection[tuple[str, int]]]):
    """Write all tables as Parquet files and a manifest, so that `ceramic-streams query` can read them.

    Takes what ResolveStreams gives, as its input or as the one called `tables`; the one called `dead_letters`
    is what VerifyEvents gave by its `error_handling`. The folder is one whole export, new or empty.
    Increments and versions are those of `ceramic-streams export`.

    Args:
        output: folder that all workers can write to.
        num_shards: files per table, from 1 to 256.
        at: the time that counted as now in ResolveStreams; by default when the pipeline is built.
        profile: the one of ResolveStreams.
    """

    def __init__(
        self, output: str, num_shards: int = 1, at: str | None = None, profile: str = "strict"
    ) -> None:
        super().__init__()
        self._output = output
        self._num_shards = num_shards
        self._rules = judging_of(at=at, profile=profile).rules

    def expand(self, inputs: Any) -> beam.PCollection[tuple[str, int]]:
        """Put both together, write, publish.

        Raises:
            UsageError: the folder has files, or these aren't the inputs.
        """
        # Looked at now, since a part that is written again after a failure finds what it wrote itself.
        with outside(f"look at {self._output}"):
            refuse_if_occupied(Path(self._output), overwrite=False)
        written = self._parts(inputs) | "Write" >> write.WriteTables(self._output, self._num_shards)
        return written | "Publish" >> PublishTables(self._output, self._rules)

    def _parts(self, inputs: Any) -> Any:
        if not isinstance(inputs, Mapping):
            return inputs
        if not set(inputs) <= set(_INPUTS) or "tables" not in inputs:
            raise UsageError(f"WriteTables takes tables and dead_letters, not {', '.join(inputs)}")
        if "dead_letters" not in inputs:
            return inputs["tables"]
        letters = inputs["dead_letters"] | "Batches" >> RowsToBatches(arrow_schema(REJECTED))
        return (inputs["tables"], letters | "Letters" >> DeadLettersToTable()) | "All" >> beam.Flatten()

    def display_data(self) -> dict[str, Any]:
        """Where to."""
        return {"output": self._output, "num_shards": self._num_shards}


table_to_rows = plain(TableToRows)
write_tables = plain(WriteTables)
