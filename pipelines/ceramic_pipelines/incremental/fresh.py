"""What an increment adds: new events, verified, and those of before that are looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import read_batches
from ceramic_pipelines.incremental.kept import Kept
from ceramic_pipelines.incremental.reopened import REOPENED_COLUMNS, Reopened
from ceramic_pipelines.two_passes import Run
from ceramic_protocol.ports import EventSource
from ceramic_protocol.tables import KEPT_EVENTS
from ceramic_protocol.verify import Verifier
from ceramic_transforms.batches import CHECKED_EVENTS, RAW_EVENTS
from ceramic_transforms.failures import passed_on
from ceramic_transforms.io import ReadFromEventSource
from ceramic_transforms.known import COPY_COLUMNS, DropKnown, index_copies
from ceramic_transforms.placing import PLACE_COLUMNS
from ceramic_transforms.shards import shards_before_placing, shards_of_refusals
from ceramic_transforms.spill import SpillByShard, place_spilled
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents

Shards: TypeAlias = Mapping[int, Sequence[str]]
"""Paths of spill files by shard."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Spill files by shard: rows of `CHECKED_EVENTS`, and rows of `rejected` for what is no event."""

    events: Shards = field(default_factory=dict)
    letters: Shards = field(default_factory=dict)

    @classmethod
    def in_folder(cls, folder: Path) -> Fresh:
        """What `gather` wrote there."""
        return cls(_by_shard(folder / "events"), _by_shard(folder / "letters"))


def gather(
    run: Run, source: EventSource, kept: Kept, verifier: Verifier, folder: Path, *, read_before: bool
) -> Mapping[str, int]:
    """Verify what the source yields and what is to be looked at again, find streams, spill it all by shard.

    Args:
        run: runs a pipeline.
        source: what there is to read.
        kept: what is known already.
        verifier: checks events by themselves.
        folder: an empty folder for the files.
        read_before: whether items of the source may be among those known, so that they are left out.

    Returns:
        The pipeline's counters.

    Raises:
        OutsideError: a file can't be read or written.
    """
    events, letters = folder / "events", folder / "letters"
    with outside(f"write to the work folder {folder}"):
        events.mkdir(parents=True)
        letters.mkdir()
    index = index_copies(folder, kept.all_events(COPY_COLUMNS)) if read_before else None
    job = _Gather(source, index, _files_to_reopen(kept, Reopened.by(verifier)), verifier, events, letters)
    counters = run(job.build)
    place_spilled(str(events), _by_shard(events), kept.all_events(PLACE_COLUMNS))
    return counters


def _files_to_reopen(kept: Kept, reopened: Reopened) -> list[str]:
    """The files that hold events to be looked at again, found by a few small columns."""
    groups = [
        group
        for group in range(kept.files)
        if any(
            pc.any(reopened.all(batch), min_count=0).as_py() for batch in kept.events(group, REOPENED_COLUMNS)
        )
    ]
    return [str(Path(str(kept.version), name)) for group in groups for name in kept.names(KEPT_EVENTS, group)]


def _by_shard(folder: Path) -> Shards:
    found: dict[int, list[str]] = {}
    with outside(f"read {folder}"):
        for path in sorted(folder.iterdir()):
            found.setdefault(int(path.name.split("-")[0]), []).append(str(path))
    return found


@dataclass(frozen=True, slots=True)
class _Gather:
    """The pipeline; `index` is that of known copies, `reopen` are files with events to look at again."""

    source: EventSource
    index: Path | None
    reopen: list[str]
    verifier: Verifier
    events: Path
    letters: Path

    def build(self, pipeline: beam.Pipeline) -> None:
        raw = pipeline | "Read" >> ReadFromEventSource(self.source)
        if self.index is not None:
            raw = raw | "Known" >> DropKnown(self.index)
        verified = raw | "Verify" >> VerifyEvents(self.verifier)
        events, letters = [verified.checked], [verified[DEAD_LETTERS]]
        if self.reopen:
            reopened = Reopened.by(self.verifier)
            again = pipeline | "Reopen" >> _ReadReopened(self.reopen, reopened)
            to_check = again | "ToCheck" >> beam.FlatMap(_raw_again, reopened).with_output_types(
                pa.RecordBatch
            )
            checked = to_check | "CheckAgain" >> VerifyEvents(self.verifier)
            to_place = again | "ToPlace" >> beam.FlatMap(_others, reopened).with_output_types(pa.RecordBatch)
            events += [checked.checked, to_place]
            letters.append(checked[DEAD_LETTERS])
        spill = SpillByShard(str(self.events), shards_before_placing)
        _ = tuple(events) | "AllEvents" >> beam.Flatten() | "Events" >> spill
        spill = SpillByShard(str(self.letters), shards_of_refusals)
        _ = tuple(letters) | "AllLetters" >> beam.Flatten() | "Letters" >> spill


class _ReadReopened(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[pa.RecordBatch]]):
    def __init__(self, paths: Sequence[str], reopened: Reopened) -> None:
        super().__init__()
        self._paths = paths
        self._reopened = reopened

    def expand(self, pbegin: beam.pvalue.PBegin) -> beam.PCollection[pa.RecordBatch]:
        read = beam.FlatMap(_read_reopened, self._reopened).with_output_types(pa.RecordBatch)
        return pbegin | "Files" >> beam.Create(self._paths, reshuffle=False) | "Read" >> read


def _read_reopened(path: str, reopened: Reopened) -> Iterator[pa.RecordBatch]:
    with passed_on():
        for batch in read_batches(Path(path)):
            found = batch.filter(reopened.all(batch))
            if found.num_rows:
                yield found


def _raw_again(batch: pa.RecordBatch, reopened: Reopened) -> Iterator[pa.RecordBatch]:
    found = batch.filter(reopened.to_check(batch))
    if found.num_rows:
        nothing = pa.nulls(found.num_rows, pa.utf8())
        columns = [
            nothing if name in ("damage", "reason") else found.column(name) for name in RAW_EVENTS.names
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=RAW_EVENTS)


def _others(batch: pa.RecordBatch, reopened: Reopened) -> Iterator[pa.RecordBatch]:
    found = batch.filter(pc.invert(reopened.to_check(batch)))
    if found.num_rows:
        yield pa.RecordBatch.from_arrays(found.columns, schema=CHECKED_EVENTS)
