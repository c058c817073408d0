"""The main job: verify, resolve, fold, and write the tables as Parquet."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from ceramic_connectors.progress import Progress
from ceramic_connectors.sources import open_source
from ceramic_connectors.staging import StagedFolder
from ceramic_pipelines.summary import Summary
from ceramic_protocol.errors import UsageError, find_marked
from ceramic_protocol.ports import Chain, EventSource, NoChain
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rows import PROFILE
from ceramic_protocol.tables import REJECTED, STREAM_SHARDS
from ceramic_transforms.io import ReadFromEventSource
from ceramic_transforms.metrics import read_counters
from ceramic_transforms.resolve import ResolveStreams, TablePart
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents
from ceramic_transforms.write import WriteTables

DEFAULT_RUNNER: Final = "FnApiRunner"
"""Runs in this process; always named, as what Beam calls DirectRunner changes with the pipeline."""


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What to export, where to, and under which rules.

    `at` is the time that verification takes for now; `num_shards` the files per table; `beam_options` are
    handed on to Beam as they are.
    """

    source: str
    output: Path
    at: datetime
    chain: Chain = field(default_factory=NoChain)
    tie_break: TieBreak = TieBreak.JS
    runner: str = DEFAULT_RUNNER
    num_shards: int = 1
    overwrite: bool = False
    beam_options: Sequence[str] = ()


def run_export(job: ExportJob, progress: Progress | None = None) -> Summary:
    """Run the job; the output appears whole or not at all.

    Raises:
        UsageError: the source, the runner or the output makes no sense.
        OutsideError: a file or disk failed.
    """
    if not 1 <= job.num_shards <= STREAM_SHARDS:
        msg = f"--num-shards is {job.num_shards}; give a number from 1 to {STREAM_SHARDS}"
        raise UsageError(msg)
    options = _beam_options(job)
    started = time.monotonic()
    with (
        StagedFolder.open(job.output, overwrite=job.overwrite) as staged,
        tempfile.TemporaryDirectory(prefix="ceramic-streams-") as work_dir,
    ):
        source = open_source(job.source, Path(work_dir), progress)
        counters = _run_pipeline(job, source, staged.path, options)
        summary = Summary.of_counters(counters, time.monotonic() - started)
        staged.commit(_manifest(job, summary, staged.path))
    return summary


def build(pipeline: beam.Pipeline, job: ExportJob, source: EventSource, folder: Path) -> Any:
    """Put the job's transforms into a pipeline; gives the files written and their rows."""
    checked = pipeline | "Read" >> ReadFromEventSource(source) | "Verify" >> VerifyEvents(job.chain)
    parts = checked.checked | "Resolve" >> ResolveStreams(job.tie_break)
    refused = checked[DEAD_LETTERS] | "DeadLetters" >> beam.Map(_dead_letter_part).with_output_types(
        TablePart
    )
    return (
        (parts, refused) | "AllParts" >> beam.Flatten() | "Write" >> WriteTables(str(folder), job.num_shards)
    )


def _dead_letter_part(batch: Any) -> TablePart:
    return TablePart(REJECTED.name, 0, 0, batch)


def _beam_options(job: ExportJob) -> PipelineOptions:
    return PipelineOptions([f"--runner={job.runner}", *job.beam_options])


def _run_pipeline(job: ExportJob, source: EventSource, folder: Path, options: PipelineOptions) -> Any:
    try:
        pipeline = beam.Pipeline(options=options)
    except (ValueError, ImportError) as error:
        msg = f"Beam can't make a runner {job.runner!r}: {error}"
        raise UsageError(msg) from error
    build(pipeline, job, source, folder)
    try:
        result = pipeline.run()
        result.wait_until_finish()
    except Exception as error:
        known = find_marked(str(error))
        if known is None:
            raise
        raise known from error
    return read_counters(result)


def _manifest(job: ExportJob, summary: Summary, folder: Path) -> dict[str, Any]:
    files = sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.parquet"))
    return {
        "format": 1,
        "source": job.source,
        "as_of": job.at.isoformat(),
        "profile": PROFILE,
        "tie_break": job.tie_break.value,
        "files": files,
        "summary": summary.as_json(),
    }
