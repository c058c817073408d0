"""Resolution of events that were written to files by shard, into files of tables.

Nothing is shuffled: whoever makes a file of each table reads the events for it, a shard at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import with_input_types, with_output_types

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import PartWriter, part_name
from ceramic_protocol.garbage import COLLECTING_LESS
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import REJECTED
from ceramic_transforms.evaluate_streams import evaluate_shard, shown_rules
from ceramic_transforms.failures import passed_on
from ceramic_transforms.references import Surroundings
from ceramic_transforms.spill import read_spill
from ceramic_transforms.table_parts import TablePart
from ceramic_transforms.table_rows import TableRows
from ceramic_transforms.write import SCHEMAS, sorted_refusals


@dataclass(frozen=True, slots=True)
class SpilledPart:
    """What goes into file `index` of each table: paths of checked events and of dead letters, by shard."""

    index: int
    events: Mapping[int, Sequence[str]]
    letters: Mapping[int, Sequence[str]]

    @property
    def shards(self) -> list[int]:
        """Its shards in order."""
        return sorted({*self.events, *self.letters})


@with_input_types(SpilledPart)
@with_output_types(tuple[str, int])
class ResolveSpilled(beam.PTransform[beam.PCollection[SpilledPart], beam.PCollection[tuple[str, int]]]):
    """Judge, resolve and fold the streams of each part, and write them as one file of every table.

    Gives (file's path within the folder, rows) of every file. What is written is what `ResolveStreams` and
    `WriteTables` make of the same events.

    Args:
        folder: an existing folder that all workers can write to, and whose spill files they can read.
        number: how many parts there are.
        rules: the time that counts as now, and how to decide.
        surroundings: what the streams have to know of each other.
        reducer: makes the content in `stream_states` of the streams that it handles.
    """

    def __init__(
        self, folder: str, number: int, rules: Rules, surroundings: Surroundings, reducer: Reducer | None
    ) -> None:
        super().__init__()
        self._folder = folder
        self._number = number
        self._resolve = _Shard(rules, surroundings, reducer)

    def expand(self, parts: beam.PCollection[SpilledPart]) -> beam.PCollection[tuple[str, int]]:
        """One element at a time."""
        write = beam.ParDo(_WritePart(Path(self._folder), self._number, self._resolve))
        return parts | "Write" >> write.with_output_types(tuple[str, int])

    def display_data(self) -> dict[str, Any]:
        """Where to, how many parts, and the rules."""
        return {"folder": self._folder, "parts": self._number, **shown_rules(self._resolve.rules)}


class _Shard(NamedTuple):
    """How the rows of a shard are made."""

    rules: Rules
    surroundings: Surroundings
    reducer: Reducer | None

    def parts(self, part: SpilledPart, shard: int) -> Iterator[TablePart]:
        """All of them, those of `rejected` in their order."""
        rows = TableRows(self.reducer, self.rules)
        refused = [_letter(shard, batch) for batch in _batches(part.letters.get(shard, ()))]
        events = _batches(part.events.get(shard, ()))
        for made in evaluate_shard(rows, shard, events, self.rules, self.surroundings):
            if made.table == REJECTED.name:
                refused.append(made)
            else:
                yield made
        for batch in sorted_refusals(refused):
            yield _letter(shard, batch)


def _batches(paths: Iterable[str]) -> Iterator[pa.RecordBatch]:
    return (batch for path in paths for batch in read_spill(path))


def _letter(shard: int, batch: pa.RecordBatch) -> TablePart:
    return TablePart(REJECTED.name, shard, 0, batch)


class _WritePart(beam.DoFn):
    def __init__(self, folder: Path, number: int, resolve: _Shard) -> None:
        self._folder = folder
        self._number = number
        self._resolve = resolve

    def process(self, part: SpilledPart) -> Iterator[tuple[str, int]]:
        names = {table: f"{table}/{part_name(part.index, self._number)}" for table in SCHEMAS}
        with passed_on(), COLLECTING_LESS:
            writers = self._write(part, {table: self._folder / name for table, name in names.items()})
        for table, name in names.items():
            yield name, writers[table].rows

    def _write(self, part: SpilledPart, paths: Mapping[str, Path]) -> dict[str, PartWriter]:
        with ExitStack() as stack:
            writers = {}
            for table, path in paths.items():
                with outside(f"make the folder {path.parent}"):
                    path.parent.mkdir(parents=True, exist_ok=True)
                writers[table] = stack.enter_context(PartWriter(path, SCHEMAS[table]))
            for shard in part.shards:
                for made in self._resolve.parts(part, shard):
                    writers[made.table].add(made.batch)
            for writer in writers.values():
                writer.flush()
        return writers
