"""`ceramic-streams compact`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from ceramic_pipelines.cli.options import keep_option
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import COMPACT_BYTES

_MIB: Final = 1024 * 1024


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--target-size",
    type=click.IntRange(min=1),
    default=COMPACT_BYTES // _MIB,
    show_default=True,
    metavar="MIB",
    help="No file is made larger than this.",
)
@keep_option
def compact(*, folder: Path, target_size: int, keep_seconds: float) -> None:
    """Put the small files of an export in FOLDER together, without a change to its rows.

    It is a new version of the export: readers of the one before are not disturbed, and later increments go
    on with as many files.

    \b
    Example:
      ceramic-streams compact tables --target-size 256
    """
    try:
        # An extra, as much else does without it.
        from ceramic_pipelines.compacting import run_compact
    except ModuleNotFoundError as error:
        msg = f"compact needs {error.name}: install it with pip install 'ceramic-streams[tables]'"
        raise UsageError(msg) from error
    done = run_compact(folder, target=target_size * _MIB, keep_seconds=keep_seconds)
    click.echo(f"{done.before:,} files before, {done.after:,} now", err=True)
