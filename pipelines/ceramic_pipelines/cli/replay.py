"""`ceramic-streams replay`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
from click.core import ParameterSource

from ceramic_connectors.event_sources.access import Access
from ceramic_connectors.judging import Judging
from ceramic_pipelines.cli.options import FORMATS, judging
from ceramic_pipelines.cli.printing import export_bars, print_rows, print_summary
from ceramic_pipelines.quiet import quiet_beam
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import QUERY_MEMORY, REPLAY_DIFFERENCES

if TYPE_CHECKING:
    from ceramic_pipelines.replay.values import Replay

_COLUMNS: Final = ("table", "rebuilt", "present", "differences")
_OF_MANIFEST: Final = ("at", "profile", "tie_break", "grace", "skew", "network", "anchor_contracts")
_FOUND: Final = 1


@click.command()
@click.argument("source")
@click.option(
    "--against",
    required=True,
    metavar="PLACE",
    help="What is there: the folder of an export, or the address of a node.",
)
@click.option("--keep", type=click.Path(path_type=Path), help="New folder for the tables that are built.")
@click.option(
    "--show",
    type=click.IntRange(min=0),
    default=REPLAY_DIFFERENCES,
    show_default=True,
    metavar="NUMBER",
    help="How many differences of each table to show.",
)
@click.option(
    "--memory",
    default=QUERY_MEMORY,
    show_default=True,
    metavar="SIZE",
    help="How much memory the comparison may take; beyond that it uses a temporary folder.",
)
@judging
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, or one JSON object a line.",
)
@click.pass_context
def replay(
    ctx: click.Context,
    *,
    source: str,
    against: str,
    keep: Path | None,
    show: int,
    memory: str,
    judging: Judging,
    form: str,
) -> None:
    """Build the tables of SOURCE anew, and compare what is there with them.

    Against an export, under the rules that its manifest tells, at the time that counted as now: all rows of
    all tables, but for the columns of `rejected` that say where the source had them. --chain or --rpc should
    know as much as they did then. Against a node, under the rules given: the tip of each stream. Exit code 1
    if anything differs.

    \b
    Examples:
      ceramic-streams replay car:archive.car --against tables --chain chain.json
      ceramic-streams replay kafka://127.0.0.1:9092/ceramic.mainnet.*.events --against http://127.0.0.1:5101
    """
    quiet_beam()
    try:
        # Beam takes seconds to import, which no other command should pay for.
        from ceramic_pipelines.replay.run import ReplayJob, run_replay
    except ModuleNotFoundError as error:
        msg = f"replay needs {error.name}: install it with pip install 'ceramic-streams[beam,sql]'"
        raise UsageError(msg) from error
    token = Access.from_environment(os.environ).node_token
    job = ReplayJob(source, against, judging.verifier, judging.rules, keep, show, memory, token)
    if not job.is_against_node:
        _refuse_rules(ctx)
    with export_bars() as (index, watcher):
        found = run_replay(job, index, watcher)
    rows = [table.as_json() for table in found.tables]
    print_rows(rows, form, _COLUMNS)
    print_summary(_words(found, shown=form == "table"))
    ctx.exit(0 if found.is_equal else _FOUND)


def _refuse_rules(ctx: click.Context) -> None:
    given = [name for name in _OF_MANIFEST if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    if given:
        options = ", ".join(f"--{name.removesuffix('s').replace('_', '-')}" for name in given)
        raise UsageError(f"{options}: leave it out, the export's manifest tells the rules")


def _words(found: Replay, *, shown: bool) -> Iterator[str]:
    yield from found.summary.lines()
    if found.is_equal:
        yield "equal"
        return
    for table in found.tables:
        if shown:
            for difference in table.first:
                key = ", ".join(f"{name} {value}" for name, value in difference.key.items() if value)
                columns = f" in {', '.join(difference.columns)}" if difference.columns else ""
                yield f"{table.table}: {difference.sort}{columns}: {key}"
        if table.differences > len(table.first):
            yield f"{table.table}: {table.differences - len(table.first):,} more"
