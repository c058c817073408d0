"""`ceramic-streams query`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from ceramic_connectors.apps.export_folder import ExportFolder
from ceramic_connectors.apps.sandbox import Sandbox
from ceramic_pipelines.cli.options import FORMATS
from ceramic_pipelines.cli.printing import print_rows
from ceramic_pipelines.cli.values import json_rows, print_csv
from ceramic_protocol.limits import QUERY_MEMORY, QUERY_SECONDS

_LISTED: Final = ("table", "column", "type")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("sql", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS, "csv"]),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, one JSON object a line, or CSV.",
)
@click.option(
    "--memory",
    default=QUERY_MEMORY,
    show_default=True,
    metavar="SIZE",
    help="How much memory DuckDB may take; beyond that it uses a temporary folder where it can.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=QUERY_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long DuckDB may work on the query.",
)
def query(*, folder: Path, sql: str | None, form: str, memory: str, timeout: float) -> None:
    """Ask the tables that export wrote into FOLDER, in DuckDB's SQL.

    Beside the tables of the export there is one for each model, with a typed column for each property, and
    `models`, which lists them. Without SQL all tables and columns are listed; SQL may be - for stdin.
    `cid(…)` gives the text of a binary CID. Only SELECT is allowed, and no file but those of the export
    can be read.

    \b
    Examples:
      ceramic-streams query tables
      ceramic-streams query tables "SELECT table_name, name FROM models"
      ceramic-streams query tables "SELECT lang, count(*) FROM corpus_post_wfdajdvinr GROUP BY ALL"
      ceramic-streams query tables "SELECT cid(event_cid), reason FROM rejected" --format csv
    """
    with Sandbox(ExportFolder.open(folder), memory=memory) as sandbox:
        if sql is None:
            _print(form, _LISTED, _listed(sandbox))
            return
        result = sandbox.run(sys.stdin.read() if sql == "-" else sql, seconds=timeout)
        _print(form, result.columns, json_rows(result.columns, result.types, result.rows))


def _print(form: str, columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> None:
    if form == "csv":
        print_csv(tuple(columns), rows)
    else:
        print_rows(rows, form, tuple(columns))


def _listed(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    for table, columns in sandbox.tables():
        for column, kind in columns:
            yield dict(zip(_LISTED, (table, column, kind), strict=True))
