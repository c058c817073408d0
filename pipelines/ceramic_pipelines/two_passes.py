"""The main job in bounded memory on one machine: verify into files by shard, then resolve from these.

Beam's in-process runner keeps all that is shuffled in memory, about 10 KB per event. So a first pipeline
writes checked events to files per shard, and a second one makes the tables of them, a shard at a time. The
tables are the same as those of a single pipeline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import apache_beam as beam

from ceramic_connectors.outside import outside
from ceramic_connectors.parquet import merge_files
from ceramic_protocol.ports import EventSource
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import STREAM_SHARDS
from ceramic_protocol.verify import Verifier
from ceramic_transforms.io import ReadFromEventSource
from ceramic_transforms.resolve_spilled import ResolveSpilled, SpilledPart
from ceramic_transforms.shards import shards_before_placing, shards_of_refusals
from ceramic_transforms.spill import SpillByShard, find_surroundings, place_spilled
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents


@dataclass(frozen=True, slots=True)
class PassSettings:
    """Where and how: the folder for the tables, one for spill files (as large as the source), and the rules.

    `num_shards` is the number of files per table, `workers` that of processes, `threads` that of threads in
    each that check signatures.
    """

    output: Path
    work_dir: Path
    verifier: Verifier
    rules: Rules
    reducer: Reducer | None
    num_shards: int
    workers: int = 1
    threads: int | None = None


Run: TypeAlias = Callable[[Callable[[beam.Pipeline], Any]], Mapping[str, int]]
_Shards: TypeAlias = dict[int, list[str]]


def run_in_two_passes(settings: PassSettings, source: EventSource, run: Run) -> Mapping[str, int]:
    """Run the job as two pipelines, each run by `run`; gives the counters of both together."""
    events, letters = settings.work_dir / "events", settings.work_dir / "letters"
    with outside(f"write to the work folder {settings.work_dir}"):
        events.mkdir()
        letters.mkdir()
    counters = Counter(run(lambda pipeline: _verify(pipeline, source, settings, events, letters)))
    place_spilled(str(events), _by_shard(events))
    number = settings.num_shards * -(-settings.workers // settings.num_shards)
    parts = _parts(_by_shard(events), _by_shard(letters), number)
    counters.update(run(lambda pipeline: _resolve(pipeline, settings, parts)))
    merge_files(settings.output, number, settings.num_shards)
    return counters


def _verify(
    pipeline: beam.Pipeline, source: EventSource, settings: PassSettings, events: Path, letters: Path
) -> None:
    verify = VerifyEvents(settings.verifier, settings.threads)
    verified = pipeline | "Read" >> ReadFromEventSource(source) | "Verify" >> verify
    _ = verified.checked | "Events" >> SpillByShard(str(events), shards_before_placing)
    _ = verified[DEAD_LETTERS] | "Letters" >> SpillByShard(str(letters), shards_of_refusals)


def _resolve(pipeline: beam.Pipeline, settings: PassSettings, parts: Sequence[SpilledPart]) -> None:
    spilled = {shard: paths for part in parts for shard, paths in part.events.items()}
    surroundings = find_surroundings(spilled, settings.rules)
    resolve = ResolveSpilled(str(settings.output), len(parts), settings.rules, surroundings, settings.reducer)
    created = pipeline | "Parts" >> beam.Create(parts, reshuffle=False)
    if settings.workers > 1:
        created |= "Spread" >> beam.Reshuffle()
    _ = created | "Resolve" >> resolve


def _by_shard(folder: Path) -> _Shards:
    found: _Shards = {}
    with outside(f"read {folder}"):
        for path in sorted(folder.iterdir()):
            found.setdefault(int(path.name.split("-")[0]), []).append(str(path))
    return found


def _parts(events: _Shards, letters: _Shards, number: int) -> list[SpilledPart]:
    return [
        SpilledPart(index, _of_part(events, index, number), _of_part(letters, index, number))
        for index in range(number)
    ]


def _of_part(shards: _Shards, index: int, number: int) -> _Shards:
    return {shard: paths for shard, paths in shards.items() if shard * number // STREAM_SHARDS == index}
