"""The main job's settings as options of a Beam pipeline."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions

from ceramic_connectors.find_reducer import find_reducer
from ceramic_connectors.judging import judging_of
from ceramic_pipelines.export import DEFAULT_RUNNER, ExportJob
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import KEEP_VERSION_SECONDS
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rules import DEFAULT_SKEW


class CeramicOptions(PipelineOptions):
    """What to export, where to, and under which rules: `options.view_as(CeramicOptions)`.

    They mean what they mean for `ceramic-streams export`. `--network` is one of Beam's own already, so ours
    is `--ceramic_network`.
    """

    @classmethod
    def _add_argparse_args(cls, parser: argparse.ArgumentParser) -> None:
        add: Any = parser.add_argument
        add("--source", help="URI of the events, such as car:archive.car.")
        add("--output", help="Folder for the tables.")
        add("--overwrite", action="store_true", help="Replace an earlier export in that folder.")
        add("--incremental", action="store_true", help="Add what the source has that the export lacks.")
        add("--partition_by", default="", help="model, day, or model,day.")
        add("--keep", type=float, default=KEEP_VERSION_SECONDS, help="Seconds that a version stays.")
        add("--num_shards", type=int, help="Files per table.")
        add("--workers", type=int, default=1, help="Processes of the in-process runner.")
        add("--threads", type=int, help="Threads in each process that check signatures.")
        add("--reducer", help="A registered name, or module:attribute.")
        add("--chain", help="JSON file with all known anchor transactions.")
        add("--rpc", action="append", default=[], help="JSON-RPC endpoint of an EVM chain; may be repeated.")
        add("--at", help="The time that counts as now: RFC 3339, or unix seconds.")
        add("--profile", default=Profile.STRICT.value, help="strict, js or ceramic-one.")
        add("--tie_break", default=TieBreak.JS.value, help="js or binary.")
        add("--grace", type=int, help="Seconds that an expired capability goes on.")
        add("--skew", type=int, default=DEFAULT_SKEW, help="Seconds that clocks may be apart.")
        add("--ceramic_network", help="Refuse anchors on chains of other networks.")
        add("--anchor_contract", action="append", default=[], help="CHAIN=ADDRESS; may be repeated.")


def job_of(arguments: Sequence[str]) -> ExportJob:
    """The job that a command line of options means, ours and Beam's; without `--runner` it is FnApiRunner.

    Raises:
        UsageError: `--source` or `--output` is missing, or a setting means nothing.
    """
    options = PipelineOptions(list(arguments))
    given: Any = options.view_as(CeramicOptions)
    for name in ("source", "output"):
        if getattr(given, name) is None:
            raise UsageError(f"--{name} is missing")
    judging = judging_of(
        at=given.at,
        chain=given.chain,
        rpc=given.rpc,
        profile=given.profile,
        tie_break=given.tie_break,
        grace=given.grace,
        skew=given.skew,
        network=given.ceramic_network,
        anchor_contracts=given.anchor_contract,
    )
    return ExportJob(
        source=given.source,
        output=Path(given.output),
        rules=judging.rules,
        verifier=judging.verifier,
        reducer=None if given.reducer is None else find_reducer(given.reducer),
        runner=options.view_as(StandardOptions).runner or DEFAULT_RUNNER,
        num_shards=given.num_shards,
        workers=given.workers,
        threads=given.threads,
        overwrite=given.overwrite,
        incremental=given.incremental,
        partition_by=tuple(filter(None, given.partition_by.split(","))),
        keep_seconds=given.keep,
        beam_options=tuple(arguments),
    )
