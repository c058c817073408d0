"""`make demo`: the main job on the sample data, and a look at what it made."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import duckdb
from rich.console import Console
from rich.table import Table

from ceramic_connectors.chain import FileChain
from ceramic_pipelines.quiet import quiet_beam
from ceramic_protocol.errors import CeramicError, OutsideError
from ceramic_protocol.rules import Rules
from ceramic_protocol.tables import TABLES
from ceramic_protocol.verify import Verifier

quiet_beam()

from ceramic_pipelines.export import ExportJob, run_export  # noqa: E402

_ROOT: Final = Path(__file__).parents[2]
_SAMPLE: Final = _ROOT / "tests" / "vectors" / "corpus"
_OUTPUT: Final = Path("build") / "demo"
_WIDTH: Final = 120

_MODELS: Final = """
    SELECT stream_id, decode(data)::JSON ->> '$.content.name' AS name FROM stream_states WHERE stream_type = 2
"""
_QUESTIONS: Final = (
    (
        "Streams per model, and how many of them an anchor has proven in time",
        """
        SELECT m.name AS model, count(*) AS streams, count(DISTINCT controller) AS authors,
               count(first_anchored_at) AS anchored, max(event_height) + 1 AS longest_log
        FROM stream_states s JOIN models m ON s.model = m.stream_id
        GROUP BY ALL ORDER BY streams DESC
        """,
    ),
    (
        "The latest posts with a proof of time",
        """
        SELECT make_timestamp((anchored_at * 1000000)::BIGINT)::VARCHAR AS proven_before,
               decode(data)::JSON ->> '$.content.lang' AS lang,
               decode(data)::JSON ->> '$.content.body' AS body, controller[:24] || '…' AS author
        FROM stream_states s JOIN models m ON s.model = m.stream_id
        WHERE m.name = 'CorpusPost' AND anchored_at IS NOT NULL
        ORDER BY anchored_at DESC, s.stream_id LIMIT 5
        """,
    ),
    (
        "Most contested streams: valid events that lost a conflict, kept all the same",
        """
        SELECT stream_id[:20] || '…' AS stream, event_height + 1 AS canonical_log, len(reverted) AS reverted
        FROM stream_states ORDER BY reverted DESC, stream_id LIMIT 3
        """,
    ),
    (
        "What was refused, by layer",
        """
        SELECT verdict, layer, count(*) AS events,
               string_agg(DISTINCT reason, ', ' ORDER BY reason) AS codes
        FROM rejected GROUP BY ALL ORDER BY verdict DESC, events DESC
        """,
    ),
)


def main() -> None:
    """Export the sample, print the summary and a few queries."""
    try:
        _run()
    except CeramicError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(3 if isinstance(error, OutsideError) else 2)


def _run() -> None:
    if not _SAMPLE.is_dir():
        msg = "the sample data is not here: run the demo from a clone of the project"
        raise OutsideError(msg)
    click.echo("Ceramic's sample events -> verify -> resolve -> fold -> Parquet, in one process\n")
    job = ExportJob(
        source=f"ndjson:{_SAMPLE / 'sample.ndjson.gz'}",
        output=_OUTPUT,
        rules=Rules.as_of(datetime.now(UTC)),
        verifier=Verifier(FileChain.load(_SAMPLE / "chain.json")),
        overwrite=True,
    )
    _OUTPUT.parent.mkdir(exist_ok=True)
    for line in run_export(job).lines():
        click.echo(line)
    console = Console(width=_WIDTH, markup=False, emoji=False)
    with duckdb.connect() as database:
        for table in TABLES:
            database.sql(f"FROM '{_OUTPUT / table.name}/*.parquet'").create_view(table.name)
        database.sql(_MODELS).create_view("models")
        for title, query in _QUESTIONS:
            _print(console, title, database.sql(query))
    click.echo(
        f"\nThe tables are in {_OUTPUT}: Parquet, for DuckDB, pandas, Spark and whatever else reads it."
    )


def _print(console: Console, title: str, found: duckdb.DuckDBPyRelation) -> None:
    table = Table(*found.columns, box=None, pad_edge=False)
    for row in found.fetchall():
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print(f"\n{title}\n")
    console.print(table)


if __name__ == "__main__":
    main()
