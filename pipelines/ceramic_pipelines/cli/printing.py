"""Printing rows in the three formats, and progress on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from ceramic_protocol.dagjson import dump

_MEBI = 1024 * 1024


def print_rows(rows: Iterable[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print rows as ndjson, as one json array, or as a table of `columns`."""
    if form == "table":
        _print_table(rows, columns)
    elif form == "json":
        click.echo("[", nl=False)
        for index, row in enumerate(rows):
            click.echo((",\n " if index else "") + _json(row), nl=False)
        click.echo("]")
    else:
        for row in rows:
            click.echo(_json(row))


def _json(row: Mapping[str, Any]) -> str:
    # Members in the order of the contract, values in DAG-JSON's.
    members = (f"{dump(key).decode()}:{dump(value).decode()}" for key, value in row.items())
    return "{" + ",".join(members) + "}"


def _print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    Console(markup=False, emoji=False).print(table)


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else dump(value).decode()


@contextmanager
def progress_bar(doing: str, total: int | None, unit: str = "events") -> Iterator[Callable[[int], None]]:
    """A bar on stderr if that is a terminal; gives a function that is told how much more is done."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn(doing),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda amount: bar.advance(task, amount)


@contextmanager
def indexing_bar() -> Iterator[Callable[[int, int], None]]:
    """A bar for the first pass over a source; gives a function that is told bytes done and bytes in all."""
    with progress_bar("Indexing", None, "MiB") as advance:
        told = 0

        def tell(done: int, _total: int) -> None:
            nonlocal told
            advance(done // _MEBI - told)
            told = done // _MEBI

        yield tell


def print_summary(lines: Iterable[str]) -> None:
    """Print the closing summary to stderr, so that stdout has data alone."""
    for line in lines:
        click.echo(line, err=True)
