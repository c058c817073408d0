"""`ceramic-streams export`."""

from __future__ import annotations

from pathlib import Path

import click

from ceramic_pipelines.cli.options import Judging, judging, reducer_option
from ceramic_pipelines.cli.printing import export_bars, print_summary
from ceramic_pipelines.quiet import quiet_beam
from ceramic_protocol.errors import UsageError
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.reducers import Reducer


@click.command(context_settings={"ignore_unknown_options": False})
@click.argument("source")
@click.argument("beam_options", nargs=-1, type=click.UNPROCESSED)
@click.option("--output", required=True, type=click.Path(path_type=Path), help="Folder for the tables.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier export in that folder.")
@click.option("--strict", is_flag=True, help="Exit with 1 if anything was rejected.")
@click.option("--num-shards", default=1, show_default=True, help="Files per table, from 1 to 256.")
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
    num_shards: int,
    overwrite: bool,
    strict: bool,
    beam_options: tuple[str, ...],
) -> None:
    """Verify, resolve and fold the events of SOURCE into Parquet tables.

    Writes conclusion_events, event_states, stream_tips, stream_states and rejected below the output folder,
    whole or not at all. Options of Beam itself follow after --.

    \b
    Example:
      ceramic-streams export car:archive.car --chain chain.json --output tables
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
        overwrite=overwrite,
        beam_options=beam_options,
    )
    with export_bars() as (index, watcher):
        summary = run_export(job, index, watcher)
    print_summary([*summary.lines(), f"          tables are in {output}"])
    refused = summary.number(Outcome.REJECTED)
    if refused:
        click.echo(f"warning: {refused:,} rows were rejected; they are in {output}/rejected", err=True)
    ctx.exit(1 if strict and refused else 0)
