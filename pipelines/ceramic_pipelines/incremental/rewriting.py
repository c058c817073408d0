"""Resolving groups of shards again and writing their files, a shard at a time in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apache_beam as beam
import pyarrow as pa

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import part_name, write_parquet
from ceramic_connectors.tables import arrow_schema
from ceramic_pipelines.incremental.together import Together
from ceramic_pipelines.two_passes import Run
from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import KEPT_EVENTS, KEPT_LETTERS, REJECTED
from ceramic_transforms.batches import CHECKED_EVENTS
from ceramic_transforms.references import Surroundings
from ceramic_transforms.resolve_spilled import ResolveSpilled, SpilledPart
from ceramic_transforms.spill import read_spill

_EVENT_ORDER: Final = ("event_cid", "source", "position", "stream_cid")
_LETTER_ORDER: Final = ("event_cid", "reason", "raw", "source", "position")


@dataclass(frozen=True, slots=True)
class Rewriting:
    """Writes the files of groups into `folder`, with spill files as large as their events in `work`."""

    events: Together
    rules: Rules
    reducer: Reducer | None
    folder: Path
    work: Path
    run: Run

    def write(self, groups: Iterable[int], around: Surroundings) -> Mapping[str, int]:
        """Resolve the groups and write all their files; gives the counters.

        Raises:
            OutsideError: a file can't be read or written.
        """
        parts = [self._prepare(number) for number in sorted(groups)]
        if not parts:
            return {}
        resolve = ResolveSpilled(str(self.folder), self.events.kept.files, self.rules, around, self.reducer)
        return self.run(lambda pipeline: pipeline | beam.Create(parts, reshuffle=False) | resolve)

    def _prepare(self, number: int) -> SpilledPart:
        """Bring the rows of each shard together, and write down what the next version keeps of them."""
        events, letters = self.work / f"{number:03d}-events", self.work / f"{number:03d}-letters"
        with outside(f"write to the work folder {self.work}"):
            events.mkdir(parents=True)
            letters.mkdir()
        part = SpilledPart(
            number,
            {
                shard: _spill(
                    events / f"{shard:03d}.arrow", pa.Table.from_batches(pieces).sort_by(_by(_EVENT_ORDER))
                )
                for shard, pieces in self.events.shards(number, CHECKED_EVENTS.names)
            },
            {
                shard: _spill(letters / f"{shard:03d}.arrow", _distinct(pieces))
                for shard, pieces in self.events.letters(number)
            },
        )
        self._keep(KEPT_EVENTS, CHECKED_EVENTS, number, part.events)
        self._keep(KEPT_LETTERS, arrow_schema(REJECTED), number, part.letters)
        return part

    def _keep(self, name: str, schema: pa.Schema, number: int, shards: Mapping[int, Sequence[str]]) -> None:
        folder = self.folder / name
        with outside(f"make the folder {folder}"):
            folder.mkdir(exist_ok=True)
        paths = (path for shard in sorted(shards) for path in shards[shard])
        batches = (batch for path in paths for batch in read_spill(path))
        write_parquet(folder / part_name(number, self.events.kept.files), schema, batches)


def _by(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, "ascending") for name in names]


def _distinct(pieces: Sequence[pa.RecordBatch]) -> pa.Table:
    """What was read again as it was is there once."""
    table = pa.Table.from_batches(pieces)
    return table.group_by(table.schema.names, use_threads=False).aggregate([]).sort_by(_by(_LETTER_ORDER))


def _spill(path: Path, table: pa.Table) -> list[str]:
    with outside(f"write {path}"), pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=MAX_BATCH_EVENTS)
    return [str(path)]
