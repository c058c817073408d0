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
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from ceramic_protocol.dagjson import dump
from ceramic_protocol.plain_text import plain

_MEBI = 1024 * 1024


class Tally:
    """Hands on rows, and counts them."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._rows = rows
        self.number = 0

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        for row in self._rows:
            self.number += 1
            yield row


def print_rows(rows: Iterable[Mapping[str, Any]], form: str, columns: Sequence[str]) -> None:
    """Print rows as ndjson, as one json array, or as a table of `columns`."""
    if form == "table":
        _print_table(rows, columns)
    elif form == "json":
        click.echo("[", nl=False)
        for index, row in enumerate(rows):
            click.echo((",\n " if index else "") + json_line(row), nl=False)
        click.echo("]")
    else:
        for row in rows:
            click.echo(json_line(row))


def json_line(row: Mapping[str, Any]) -> str:
    """A row as JSON on one line."""
    # Members in the order of the contract, values in DAG-JSON's.
    members = (f"{dump(key).decode()}:{dump(value).decode()}" for key, value in row.items())
    return "{" + ",".join(members) + "}"


def _print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(*map(plain, columns), box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in columns))
    Console(markup=False, emoji=False).print(table)


def _cell(value: Any) -> str:
    return "" if value is None else plain(value if isinstance(value, str) else dump(value).decode())


class Bars:
    """Progress bars on stderr if that is a terminal, one for each thing that is being done."""

    def __init__(self, bars: Progress) -> None:
        """Add bars to `bars` as they are asked for."""
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def start(self, doing: str, total: float | None, unit: str = "events") -> None:
        """Show a bar; without a total it says only how much is done."""
        self._tasks[doing] = self._bars.add_task(doing, total=total, unit=unit)

    def advance(self, doing: str, amount: float) -> None:
        """So much more is done."""
        self._bars.advance(self._tasks[doing], amount)

    def set(self, doing: str, done: float, total: float) -> None:
        """So much is done, of so much in all."""
        self._bars.update(self._tasks[doing], completed=done, total=total)


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Bars that go away when the block ends."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield Bars(bars)


def indexing(bars: Bars) -> Callable[[int, int], None]:
    """A bar for the first pass over a source; gives what is to be told bytes done and bytes in all."""
    bars.start("Indexing", None, "MiB")
    return lambda done, total: bars.set("Indexing", -(-done // _MEBI), -(-total // _MEBI))


@contextmanager
def export_bars() -> Iterator[tuple[Callable[[int, int], None], Callable[[str, int], None]]]:
    """Bars of an export: what is to be told bytes indexed, and what events read and resolved."""
    with progress_bars() as bars:
        index = indexing(bars)
        started: set[str] = set()

        def watch(stage: str, events: int) -> None:
            if stage not in started:
                started.add(stage)
                bars.start(stage.capitalize(), None)
            bars.advance(stage.capitalize(), events)

        yield index, watch


def print_summary(lines: Iterable[str]) -> None:
    """Print the closing summary to stderr, so that stdout has data alone."""
    for line in lines:
        click.echo(line, err=True)
