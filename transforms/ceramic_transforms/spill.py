"""A shuffle through files, for runners that would keep all that is shuffled in memory.

`SpillByShard` writes checked events and refusals to Arrow files per shard; later pipelines read them back,
a few shards at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindows
from apache_beam.typehints import with_input_types, with_output_types
from apache_beam.utils.windowed_value import WindowedValue

from ceramic_connectors.outside import outside
from ceramic_protocol.cid import Cid
from ceramic_protocol.collect_models import Models
from ceramic_protocol.limits import MAX_SPILL_BUFFER_BYTES
from ceramic_protocol.placing import ends_of, streams_of
from ceramic_protocol.rows import shard_of
from ceramic_protocol.rules import Rules
from ceramic_transforms.batches import CHECKED_EVENTS
from ceramic_transforms.failures import passed_on
from ceramic_transforms.placing import PLACE_COLUMNS, joined, prevs_in, streams_in, with_streams
from ceramic_transforms.references import (
    KNOWN_COLUMNS,
    Known,
    Surroundings,
    cid_array,
    events_of,
    found_in,
    judge_models,
    link_columns,
    model_streams,
    wanted_by,
)
from ceramic_transforms.shards import UNPLACED, ShardsOf, Splitter, shards_of_events


@with_input_types(pa.RecordBatch)
@with_output_types(tuple[int, str, int])
class SpillByShard(beam.PTransform[beam.PCollection[pa.RecordBatch], beam.PCollection[tuple[int, str, int]]]):
    """Write batches to files per shard; gives (shard, path, bytes) of each file.

    Args:
        folder: an existing folder that all workers can write to.
        shards_of: tells the shard of every row of a batch.
    """

    def __init__(self, folder: str, shards_of: ShardsOf) -> None:
        super().__init__()
        self._folder = folder
        self._shards_of = shards_of

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[tuple[int, str, int]]:
        """One pass; a bundle has files of its own."""
        spill = beam.ParDo(_Spill(self._folder, self._shards_of))
        return batches | "Spill" >> spill.with_output_types(tuple[int, str, int])

    def display_data(self) -> dict[str, Any]:
        """Where to."""
        return {"folder": self._folder}


class _Spill(beam.DoFn):
    def __init__(self, folder: str, shards_of: ShardsOf) -> None:
        self._folder = folder
        self._shards_of = shards_of

    def start_bundle(self) -> None:
        self._files = _ShardFiles(self._folder, self._shards_of)

    def process(self, batch: pa.RecordBatch) -> None:
        self._files.add(batch)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        return map(GlobalWindows.windowed_value, self._files.close())


class _ShardFiles:
    """New files, one for each shard that has rows."""

    def __init__(self, folder: str, shards_of: ShardsOf) -> None:
        self._folder = folder
        self._splitter = Splitter(shards_of, MAX_SPILL_BUFFER_BYTES)
        self._writers: dict[int, tuple[Path, Any]] = {}

    def add(self, batch: pa.RecordBatch) -> None:
        self._write(self._splitter.add(batch))

    def close(self) -> list[tuple[int, str, int]]:
        """Make the files whole; gives shard, path and bytes of each."""
        self._write(self._splitter.flush())
        closed = []
        for shard, (path, writer) in self._writers.items():
            with _writing(path):
                writer.close()
                closed.append((shard, str(path), path.stat().st_size))
        self._writers = {}
        return closed

    def _write(self, pieces: Iterable[tuple[int, pa.RecordBatch]]) -> None:
        for shard, piece in pieces:
            path, writer = self._writers.get(shard) or self._open(shard, piece.schema)
            with _writing(path):
                writer.write_batch(piece)

    def _open(self, shard: int, schema: pa.Schema) -> tuple[Path, Any]:
        path = Path(self._folder) / f"{shard:03d}-{uuid.uuid4().hex}.arrow"
        with _writing(path):
            self._writers[shard] = path, pa.ipc.new_file(str(path), schema)
        return self._writers[shard]


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    with passed_on(), outside(f"write {path}"):
        yield


def read_spill(path: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """The batches of a spill file, or some columns of them if it has events.

    Raises:
        OutsideError: the file can't be read.
    """
    # All that is read in part are events.
    fields = None if columns is None else [CHECKED_EVENTS.get_field_index(name) for name in columns]
    with outside(f"read {path}"), pa.memory_map(path) as source:
        reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=fields))
        for index in range(reader.num_record_batches):
            yield reader.get_batch(index)


def place_spilled(
    folder: str, shards: Mapping[int, Sequence[str]], beside: Iterable[pa.RecordBatch] = ()
) -> None:
    """Move spilled events whose stream had yet to be found (`UNPLACED`) to the shards where they belong.

    Args:
        folder: where the files are, and new ones go to.
        shards: for each shard the paths of its files.
        beside: batches with `PLACE_COLUMNS` of further events, whose streams are known.

    Raises:
        OutsideError: a file can't be read or written.
    """
    waiting = shards.get(UNPLACED, ())
    if not waiting:
        return
    ends = ends_of(joined(map(prevs_in, _batches([waiting], PLACE_COLUMNS))))
    wanted = frozenset(ends.values())
    others = (files for shard, files in shards.items() if shard != UNPLACED)
    batches = chain(_batches(others, PLACE_COLUMNS), beside)
    known = joined(streams_in(batch, wanted) for batch in batches)
    streams, files = streams_of(ends, known), _ShardFiles(folder, shards_of_events)
    for batch in _batches([waiting]):
        files.add(with_streams(batch, streams))
    files.close()
    for path in map(Path, waiting):
        with outside(f"remove {path}"):
            path.unlink()


def find_surroundings(shards: Mapping[int, Sequence[str]], rules: Rules) -> Surroundings:
    """What streams have to know of each other.

    Args:
        shards: for each shard the paths of its files.
        rules: by which models are judged.
    """
    models = _models(shards, rules)
    columns = link_columns(models)
    by_shard = (
        wanted_by((batch for file in files for batch in read_spill(file, columns)), models)
        for files in shards.values()
    )
    wanted = cid_array(frozenset().union(*by_shard))
    known: Known = {}
    if len(wanted):
        for batch in _batches(shards.values(), KNOWN_COLUMNS):
            known |= found_in(batch, wanted)
    return Surroundings(models, known)


def _models(shards: Mapping[int, Sequence[str]], rules: Rules) -> Models:
    streams = frozenset().union(*map(model_streams, _batches(shards.values(), KNOWN_COLUMNS)))
    if not streams:
        return {}
    asked = cid_array(streams)
    files = [shards[shard] for shard in {shard_of(Cid(stream)) for stream in streams}]
    return judge_models((row for batch in _batches(files) for row in events_of(batch, asked)), rules)


def _batches(
    shards: Iterable[Sequence[str]], columns: Sequence[str] | None = None
) -> Iterator[pa.RecordBatch]:
    return (batch for files in shards for file in files for batch in read_spill(file, columns))
