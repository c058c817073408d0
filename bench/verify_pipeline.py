"""The transform `VerifyEvents` by itself, in a pipeline that only counts."""

from __future__ import annotations

from pathlib import Path

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from ceramic_connectors.sources import open_source
from ceramic_protocol.verify import Verifier
from ceramic_transforms.io import ReadFromEventSource
from ceramic_transforms.metrics import EVENTS_READ, read_counters
from ceramic_transforms.verify import DEAD_LETTERS, VerifyEvents


def run_verify(source: str, folder: Path, threads: int | None, workers: int) -> int:
    """Verify every event of a source; gives how many are well-formed, and there may be no others."""
    options = ["--runner=FnApiRunner"]
    if workers > 1:
        options += ["--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"]
    pipeline = beam.Pipeline(options=PipelineOptions(options))
    opened = open_source(source, folder)
    verified = pipeline | ReadFromEventSource(opened) | VerifyEvents(Verifier(), threads)
    verified.checked | "Count" >> beam.Map(lambda batch: batch.num_rows).with_output_types(int)
    verified[DEAD_LETTERS] | "None" >> beam.Map(_refuse)
    result = pipeline.run()
    result.wait_until_finish()
    return read_counters(result)[EVENTS_READ]


def _refuse(_batch: object) -> None:
    raise AssertionError("an event that is none")
