"""The main job: verify, resolve, fold, and write the tables as Parquet."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from ceramic_connectors.partitions import KEYS, partition_files
from ceramic_connectors.progress import Progress
from ceramic_connectors.versions import Draft
from ceramic_pipelines.arrow_memory import use_system_memory
from ceramic_pipelines.incremental.before import Before
from ceramic_pipelines.incremental.run import Increment, run_increment
from ceramic_pipelines.sources import open_source
from ceramic_pipelines.summary import Summary
from ceramic_pipelines.two_passes import PassSettings, Run, run_in_two_passes
from ceramic_protocol.errors import UsageError, find_marked
from ceramic_protocol.limits import KEEP_VERSION_SECONDS
from ceramic_protocol.ports import EventSource
from ceramic_protocol.reducers import Reducer
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import EVENT_STATES, STREAM_SHARDS
from ceramic_protocol.verify import Verifier
from ceramic_transforms.io import ReadFromEventSource
from ceramic_transforms.metrics import read_counters
from ceramic_transforms.progress import Watcher, watched
from ceramic_transforms.refusals import DeadLettersToTable
from ceramic_transforms.resolve import ResolveStreams
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents
from ceramic_transforms.write import WriteTables

DEFAULT_RUNNER: Final = "FnApiRunner"
"""Runs in this process; always named, as what Beam calls DirectRunner changes with the pipeline."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What to export, where to, and under which rules.

    `rules` has the time that counts as now; its profile is that of `verifier`. `num_shards` is
    the number of files per table, by default one. `workers` are processes of the in-process runner; other
    runners have options of their own for that. `threads` check signatures in each process, by default one per
    core. An incremental export, by default of `INCREMENTAL_FILES`, is added to by later runs. `partition_by`
    are some of `partitions.KEYS`. `keep_seconds` is how long an earlier version stays. `beam_options` are
    handed on to Beam as they are.
    """

    source: str
    output: Path
    rules: Rules
    verifier: Verifier = field(default_factory=Verifier)
    reducer: Reducer | None = None
    runner: str = DEFAULT_RUNNER
    num_shards: int | None = None
    workers: int = 1
    threads: int | None = None
    overwrite: bool = False
    incremental: bool = False
    partition_by: Sequence[str] = ()
    keep_seconds: float = KEEP_VERSION_SECONDS
    beam_options: Sequence[str] = ()


def run_export(
    job: ExportJob,
    progress: Progress | None = None,
    watcher: Watcher | None = None,
    events: EventSource | None = None,
) -> Summary:
    """Run the job; the output, or its next version, appears whole or not at all.

    On the in-process runner it is two pipelines with files between them, so that memory stays bounded.

    Args:
        job: what to do.
        progress: is told how much of the source has been indexed, in bytes.
        watcher: is told how many events have been read and resolved.
        events: those to read if they aren't all of the source's.

    Raises:
        UsageError: the source, the runner or the output makes no sense.
        OutsideError: a file or disk failed.
    """
    if job.num_shards is not None and not 1 <= job.num_shards <= STREAM_SHARDS:
        msg = f"--num-shards is {job.num_shards}; give a number from 1 to {STREAM_SHARDS}"
        raise UsageError(msg)
    if len(set(job.partition_by)) != len(job.partition_by) or not set(job.partition_by) <= set(KEYS):
        msg = f"--partition-by is {','.join(job.partition_by)}; give model, day, or model,day"
        raise UsageError(msg)
    use_system_memory()
    run = _runner(job)
    started = time.monotonic()
    with (
        watched(watcher),
        Draft.open(
            job.output, overwrite=job.overwrite, extend=job.incremental, keep_seconds=job.keep_seconds
        ) as draft,
        tempfile.TemporaryDirectory(prefix="ceramic-streams-") as work_dir,
    ):
        work = Path(work_dir)
        rules = _rules(job)
        members: dict[str, Any] = {}
        if job.incremental:
            before = Before.read(None if job.overwrite else draft.base, rules, job.num_shards)
            source = events or open_source(job.source, work, progress)
            increment = Increment(job.source, source, before, job.rules, job.verifier, job.reducer)
            counters, members = run_increment(increment, draft, work, run)
        else:
            source = events or open_source(job.source, work, progress)
            counters = _run_whole(job, source, draft.path, work, run)
        _partition(job, draft.path)
        summary = Summary.of_counters(counters, time.monotonic() - started)
        told = {"format": 2, "source": job.source, "as_of": job.rules.as_of_text}
        draft.commit({**told, **rules, "summary": summary.as_json(), **members})
    return summary


def _partition(job: ExportJob, folder: Path) -> None:
    if job.partition_by:
        new = sorted((folder / EVENT_STATES.name).glob("part-*.parquet"))
        partition_files(folder, [path.name for path in new], job.partition_by)


def _run_whole(job: ExportJob, source: EventSource, folder: Path, work: Path, run: Run) -> Mapping[str, int]:
    if job.runner != DEFAULT_RUNNER:
        return run(lambda pipeline: build(pipeline, job, source, folder))
    settings = PassSettings(
        output=folder,
        work_dir=work,
        verifier=job.verifier,
        rules=job.rules,
        reducer=job.reducer,
        num_shards=job.num_shards or 1,
        workers=job.workers,
        threads=job.threads,
    )
    return run_in_two_passes(settings, source, run)


def build(pipeline: beam.Pipeline, job: ExportJob, source: EventSource, folder: Path) -> Any:
    """Put the whole job into one pipeline; gives the files written and their rows."""
    verified = (
        pipeline | "Read" >> ReadFromEventSource(source) | "Verify" >> VerifyEvents(job.verifier, job.threads)
    )
    parts = verified.checked | "Resolve" >> ResolveStreams(job.rules, reducer=job.reducer)
    refused = verified[DEAD_LETTERS] | "DeadLetters" >> DeadLettersToTable()
    write = WriteTables(str(folder), job.num_shards or 1)
    return (parts, refused) | "AllParts" >> beam.Flatten() | "Write" >> write


def _runner(job: ExportJob) -> Run:
    """A function that runs a pipeline, given what to put into it, and returns its counters."""

    def run(fill: Callable[[beam.Pipeline], Any]) -> Mapping[str, int]:
        options = PipelineOptions([f"--runner={job.runner}", *_of_workers(job), *job.beam_options])
        try:
            pipeline = beam.Pipeline(options=options)
        except (ValueError, ImportError) as error:
            msg = f"Beam can't make a runner {job.runner!r}: {error}"
            raise UsageError(msg) from error
        fill(pipeline)
        try:
            result = pipeline.run()
            result.wait_until_finish()
        except Exception as error:
            known = find_marked(str(error))
            if known is None:
                raise
            raise known from error
        return Counter(read_counters(result))

    return run


def _of_workers(job: ExportJob) -> list[str]:
    if job.runner != DEFAULT_RUNNER or job.workers == 1:
        return []
    return ["--direct_running_mode=multi_processing", f"--direct_num_workers={job.workers}"]


def _rules(job: ExportJob) -> dict[str, Any]:
    """The members of the manifest that stay the same from version to version."""
    reducer = None if job.reducer is None else type(job.reducer)
    return {
        "partition_by": list(job.partition_by),
        "profile": job.rules.profile.value,
        "tie_break": job.rules.tie_break.value,
        "grace": job.rules.grace,
        "skew": job.rules.skew,
        "network": None if job.verifier.network is None else job.verifier.network.name,
        "anchor_contracts": dict(job.verifier.anchor_contracts),
        "reducer": None if reducer is None else f"{reducer.__module__}:{reducer.__qualname__}",
    }
