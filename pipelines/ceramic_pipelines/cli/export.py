"""`ceramic-streams export`."""

from __future__ import annotations

from pathlib import Path

import click

from ceramic_connectors.judging import Judging
from ceramic_pipelines.cli.options import judging, keep_option, reducer_option
from ceramic_pipelines.cli.printing import export_bars, print_summary
from ceramic_pipelines.quiet import quiet_beam
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import INCREMENTAL_FILES
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.reducers import Reducer


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("source")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder for the tables.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export in that folder.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything was rejected.")
@click.option(
    "--incremental",
    is_flag=True,
    help="Add what SOURCE has that an earlier incremental export in that folder lacks, or begin with all.",
)
@click.option(
    "--partition-by",
    default="",
    metavar="KEYS",
    help="Cut the tables of events and streams up in folders model=…/day=…: model, day, or model,day.",
)
@keep_option
@click.option(
    "--num-shards",
    type=int,
    show_default=f"1, incremental {INCREMENTAL_FILES}",
    help="Files per table, from 1 to 256.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes of the in-process runner; other runners have options of their own.",
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    show_default="one per core",
    help="Threads in each process that check signatures.",
)
@click.option("--runner", default="FnApiRunner", show_default=True, help="The Beam runner, by name.")
@judging
@reducer_option
@click.pass_context
def export(
    ctx: click.Context,
    *,
    source: str,
    output: Path,
    judging: Judging,
    reducer: Reducer | None,
    runner: str,
    num_shards: int | None,
    workers: int,
    threads: int | None,
    overwrite: bool,
    incremental: bool,
    partition_by: str,
    keep_seconds: float,
    strict: bool,
    beam_options: tuple[str, ...],
) -> None:
    """Verify, resolve and fold the events of SOURCE into Parquet tables.

    Writes conclusion_events, event_states, stream_tips, stream_states and rejected below the output folder,
    whole or not at all. With --incremental the events themselves are kept there too (events, dead_letters),
    and later runs verify what came since and resolve again what that may change; the tables are those of one
    whole export. Options of Beam itself follow after --.

    \b
    Examples:
      ceramic-streams export car:archive.car --chain chain.json --output tables
      ceramic-streams export car:archive.car --rpc https://rpc.example --output tables --incremental
    """
    quiet_beam()
    try:
        # Beam takes seconds to import, which no other command should pay for.
        from ceramic_pipelines.export import ExportJob, run_export
    except ModuleNotFoundError as error:
        msg = f"export needs {error.name}: install it with pip install 'ceramic-streams[beam]'"
        raise UsageError(msg) from error
    job = ExportJob(
        source=source,
        output=output,
        rules=judging.rules,
        verifier=judging.verifier,
        reducer=reducer,
        runner=runner,
        num_shards=num_shards,
        workers=workers,
        threads=threads,
        overwrite=overwrite,
        incremental=incremental,
        partition_by=tuple(filter(None, partition_by.split(","))),
        keep_seconds=keep_seconds,
        beam_options=beam_options,
    )
    with export_bars() as (index, watcher):
        summary = run_export(job, index, watcher)
    print_summary([*summary.lines(), f"          tables are in {output}"])
    refused = summary.number(Outcome.REJECTED)
    if refused:
        click.echo(f"warning: {refused:,} rows were rejected; they are in {output}/rejected", err=True)
    ctx.exit(1 if strict and refused else 0)
