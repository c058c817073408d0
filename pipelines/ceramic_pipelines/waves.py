"""The main job in bounded memory on one machine: verify once, spill by shard, resolve a few shards at a time.

Beam's in-process runner keeps all that is shuffled in memory, about 10 KB per event. Here a first pipeline
writes checked events to files per shard, and further ones each resolve as many shards as fit
`MAX_WAVE_BYTES`. The tables are the same as those of a single pipeline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import apache_beam as beam
import pyarrow as pa

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import merge_files
from ceramic_protocol.limits import MAX_WAVE_BYTES
from ceramic_protocol.ports import EventSource
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import STREAM_SHARDS
from ceramic_protocol.verify import Verifier
from ceramic_transforms.io import ReadFromEventSource
from ceramic_transforms.references import Surroundings
from ceramic_transforms.refusals import DeadLettersToTable
from ceramic_transforms.resolve import ResolveStreams
from ceramic_transforms.shards import shards_before_placing, shards_of_refusals
from ceramic_transforms.spill import SpillByShard, find_surroundings, place_spilled, read_spill
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents
from ceramic_transforms.write import WriteTables

MANY_EVENTS: Final = 20_000
"""Sources with more items than this are worked through in waves."""


@dataclass(frozen=True, slots=True)
class WaveSettings:
    """Where and how: the folder for the tables, one for spill files (as large as the source), and the rules.

    `num_shards` is the number of files per table.
    """

    output: Path
    work_dir: Path
    verifier: Verifier
    rules: Rules
    reducer: Reducer | None
    num_shards: int


Run: TypeAlias = Callable[[Callable[[beam.Pipeline], Any]], Mapping[str, int]]
_Shards: TypeAlias = dict[int, list[Path]]


def run_in_waves(settings: WaveSettings, source: EventSource, run: Run) -> Mapping[str, int]:
    """Run the job as many small pipelines, each run by `run`; gives the counters of all together."""
    events, letters = settings.work_dir / "events", settings.work_dir / "letters"
    with outside(f"write to the work folder {settings.work_dir}"):
        events.mkdir()
        letters.mkdir()
    counters = Counter(run(lambda pipeline: _spill(pipeline, source, settings.verifier, events, letters)))
    place_spilled(str(events), _paths(_by_shard(events)))
    spilled, refused = _by_shard(events), _by_shard(letters)
    surroundings = find_surroundings(_paths(spilled), settings.rules)
    number = settings.num_shards * _waves_per_file([spilled, refused], settings.num_shards)
    for wave in range(number):
        fill = _Wave(settings, _of_wave(spilled, wave, number), _of_wave(refused, wave, number), wave, number)
        counters.update(run(partial(fill.build, surroundings=surroundings)))
    merge_files(settings.output, number, settings.num_shards)
    return counters


def _spill(
    pipeline: beam.Pipeline, source: EventSource, verifier: Verifier, events: Path, letters: Path
) -> None:
    verified = pipeline | "Read" >> ReadFromEventSource(source) | "Verify" >> VerifyEvents(verifier)
    _ = verified.checked | "Events" >> SpillByShard(str(events), shards_before_placing)
    _ = verified[DEAD_LETTERS] | "Letters" >> SpillByShard(str(letters), shards_of_refusals)


def _by_shard(folder: Path) -> _Shards:
    found: _Shards = {}
    with outside(f"read {folder}"):
        for path in sorted(folder.iterdir()):
            found.setdefault(int(path.name.split("-")[0]), []).append(path)
    return found


def _paths(shards: _Shards) -> dict[int, list[str]]:
    return {shard: [str(path) for path in files] for shard, files in shards.items()}


def _of_wave(shards: _Shards, wave: int, number: int) -> list[Path]:
    return [
        path for shard, paths in shards.items() if shard * number // STREAM_SHARDS == wave for path in paths
    ]


def _waves_per_file(spilled: Sequence[_Shards], files: int) -> int:
    """The smallest number of waves per file with which no wave is too large, as far as shards allow."""
    sizes = Counter[int]()
    for shards in spilled:
        sizes.update({shard: sum(path.stat().st_size for path in paths) for shard, paths in shards.items()})
    most = STREAM_SHARDS // files
    for number in range(1, most):
        waves = Counter[int]()
        for shard, size in sizes.items():
            waves[shard * files * number // STREAM_SHARDS] += size
        if max(waves.values(), default=0) <= MAX_WAVE_BYTES:
            return number
    return most


@dataclass(frozen=True, slots=True)
class _Wave:
    """A pipeline that resolves some shards and writes one file of each table."""

    settings: WaveSettings
    events: list[Path]
    letters: list[Path]
    index: int
    number: int

    def build(self, pipeline: beam.Pipeline, surroundings: Surroundings) -> None:
        checked = pipeline | "Events" >> _ReadSpill(self.events)
        parts = checked | "Resolve" >> ResolveStreams(
            self.settings.rules, surroundings, self.settings.reducer
        )
        refused = pipeline | "Letters" >> _ReadSpill(self.letters) | "DeadLetters" >> DeadLettersToTable()
        _ = (
            (parts, refused)
            | "AllParts" >> beam.Flatten()
            | "Write" >> WriteTables(str(self.settings.output), self.number, [self.index])
        )


class _ReadSpill(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[pa.RecordBatch]]):
    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = [str(path) for path in paths]

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[pa.RecordBatch]:
        read = beam.FlatMap(read_spill).with_output_types(pa.RecordBatch)
        return begin | "Files" >> beam.Create(self._paths, reshuffle=False) | "Read" >> read
