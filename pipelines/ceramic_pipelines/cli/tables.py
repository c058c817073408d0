"""`ceramic-streams tables`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from ceramic_connectors.apps import Applied, AppStore, Query, load_export, open_store
from ceramic_pipelines.cli.options import FORMATS
from ceramic_pipelines.cli.printing import print_rows, print_summary, progress_bars

_COLUMNS: Final = ("table", "model", "rows")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--into", "target", required=True, metavar="PLACE", help="duckdb:FILE or postgres://USER@HOST/DATABASE."
)
@click.option("--schema", help="PostgreSQL's schema for the tables; made if need be.  [default: ceramic]")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, or one JSON object a line.",
)
def tables(*, folder: Path, target: str, schema: str | None, form: str) -> None:
    """Load what export wrote into FOLDER into tables for applications, one per model.

    Rows are new, changed or taken away as the export says; loading it again changes nothing, and an export
    of an earlier time never replaces what is known of a later one. The password of a PostgreSQL server
    comes from PGPASSWORD or the password file (~/.pgpass).

    \b
    Examples:
      ceramic-streams tables tables --into duckdb:app.duckdb
      ceramic-streams tables tables --into postgres://app@db.example/app --schema ceramic
    """
    with open_store(target, schema=schema) as store:
        with progress_bars() as bars:
            bars.start("Loading", None, "streams")
            applied = load_export(folder, store, progress=partial(bars.advance, "Loading"))
        print_rows(_counted(store), form, _COLUMNS)
        print_summary(_lines(applied))


def _counted(store: AppStore) -> Iterator[dict[str, Any]]:
    for model, table in store.tables().items():
        number = store.count(Query(model))
        yield {"table": table.name, "model": table.model_name, "rows": number, "stream_id": model}


def _lines(applied: Applied) -> Iterator[str]:
    yield f"{applied.written:>8,}  rows written"
    for number, words in (
        (applied.removed, "rows removed: not to be indexed, or without a valid init event by now"),
        (applied.waiting, "streams wait for their model"),
        (applied.other, "streams of other types, which have no table"),
        (applied.stale, "streams left alone: the tables know a later state"),
    ):
        if number:
            yield f"{number:>8,}  {words}"
