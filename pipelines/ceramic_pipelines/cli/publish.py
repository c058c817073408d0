"""`ceramic-streams publish`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

import click

from ceramic_pipelines.cli.options import FORMATS
from ceramic_pipelines.cli.printing import print_rows, print_summary, progress_bars
from ceramic_protocol.errors import UsageError

_COLUMNS: Final = ("table", "added", "removed", "rows")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--into",
    "target",
    required=True,
    metavar="PLACE",
    help="iceberg:CATALOG, duckdb:FILE or postgres://USER@HOST/DATABASE.",
)
@click.option(
    "--namespace",
    "--schema",
    "namespace",
    default="ceramic",
    show_default=True,
    help="Namespace of the catalog, or schema of the database; made if need be.",
)
@click.option(
    "--catalog-property",
    "properties",
    multiple=True,
    metavar="KEY=VALUE",
    help="Property of the catalog, beside those of pyiceberg's configuration.  May be repeated.",
)
@click.option(
    "--overwrite", is_flag=True, help="Replace all rows, though they are of another export or rules."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, or one JSON object a line.",
)
def publish(
    *, folder: Path, target: str, namespace: str, properties: Sequence[str], overwrite: bool, form: str
) -> None:
    """Bring the version that export wrote into FOLDER into tables of Iceberg, DuckDB or PostgreSQL.

    The tables are conclusion_events, event_states, stream_tips, stream_states and rejected, with the rows of
    the export: what an increment changed is replaced, what is gone is removed.
    Only files that are new since the version published last are read. Publishing again changes nothing, and
    completes what was interrupted. Passwords come from pyiceberg's configuration, and for PostgreSQL from
    PGPASSWORD or the password file (~/.pgpass).

    \b
    Examples:
      ceramic-streams publish tables --into iceberg:prod
      ceramic-streams publish tables --into iceberg:local --catalog-property uri=sqlite:////data/catalog.db \\
        --catalog-property warehouse=file:///data/warehouse
      ceramic-streams publish tables --into duckdb:ceramic.duckdb
      ceramic-streams publish tables --into postgres://app@db.example/app --schema ceramic
    """
    given = dict(map(_pair, properties))
    try:
        # An extra, as much else does without it.
        from ceramic_connectors.publishing import ExportVersion, open_tables
    except ModuleNotFoundError as error:
        msg = f"publish needs {error.name}: install it with pip install 'ceramic-streams[tables]'"
        raise UsageError(msg) from error
    version = ExportVersion.read(folder)
    with open_tables(target, namespace=namespace, properties=given) as tables, progress_bars() as bars:
        bars.start("Publishing", None, "files")
        changes = tables.publish(version, overwrite=overwrite, progress=partial(bars.advance, "Publishing"))
    print_rows(map(asdict, changes), form, _COLUMNS)
    done = "is published" if changes else "was published before: nothing to do"
    print_summary([f"version {version.number} {done}"])


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not name or not sign:
        # What was given isn't repeated: it may hold a password.
        msg = "--catalog-property takes KEY=VALUE, such as uri=sqlite:////data/catalog.db"
        raise UsageError(msg)
    return name, value
