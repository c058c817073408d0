"""`ceramic-streams reconcile`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final

import click

from ceramic_connectors.event_sources.access import Access
from ceramic_connectors.outside import outside
from ceramic_connectors.sources import scheme_of
from ceramic_pipelines.cli.options import FORMATS, checking
from ceramic_pipelines.cli.printing import json_line, print_rows, print_summary, progress_bars
from ceramic_protocol.errors import UsageError
from ceramic_protocol.verify import Verifier

_NODES: Final = frozenset({"http", "https"})
_STDOUT: Final = "-"
_FOUND: Final = 1
_COLUMNS: Final = ("figure", "a", "b")
_LISTED: Final = ("kinds", "missing_kinds")


@click.command()
@click.argument("a")
@click.argument("b")
@click.option(
    "--repair",
    type=click.Choice(("a", "b", "both")),
    help="Bring what it lacks to A, to B, or to both: a node, a store, or an export made with --incremental.",
)
@click.option(
    "--differences",
    metavar="FILE",
    help="File for the differences, one JSON object a line; - for stdout, in place of the summary.",
)
@click.option(
    "--token-a",
    metavar="PLACE",
    help="Where the token of A is, if it is a node that wants one: env:NAME or file:PATH.  [default: that of"
    " CERAMIC_STREAMS_NODE_TOKEN, unless both are nodes]",
)
@click.option("--token-b", metavar="PLACE", help="The same for B.")
@checking
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="The summary as a table to read, one JSON array, or one JSON object.",
)
@click.pass_context
def reconcile(
    ctx: click.Context,
    *,
    a: str,
    b: str,
    repair: str | None,
    differences: str | None,
    token_a: str | None,
    token_b: str | None,
    verifier: Verifier,
    form: str,
) -> None:
    """Say what A has and B lacks, and the other way round: events by CID, and tips where both tell them.

    A and B are sources, or exports as parquet:FOLDER. What only one side has is verified: what is rejected
    isn't missing anywhere, nor what a side has as rejected. Exit code 0 if both are equal (after a repair:
    if they are by then), 1 if not.

    \b
    Examples:
      ceramic-streams reconcile http://127.0.0.1:5101 parquet:tables --differences missing.ndjson
      ceramic-streams reconcile car:archive.car http://127.0.0.1:5101 --repair b
    """
    try:
        # An extra, as much else does without it.
        from ceramic_pipelines.reconcile.run import ReconcileJob, run_reconcile
        from ceramic_pipelines.reconcile.values import Side
    except ModuleNotFoundError as error:
        msg = f"reconcile needs {error.name}: install it with pip install 'ceramic-streams[tables]'"
        raise UsageError(msg) from error
    token = _token_of_the_only_node(a, b)
    job = ReconcileJob(
        a,
        b,
        verifier,
        frozenset(side for side in Side if repair in {side.word, "both"}),
        token_a=token_a or token,
        token_b=token_b or token,
    )
    with _lines(differences) as write, progress_bars() as bars:
        found = run_reconcile(job, lambda difference: write(difference.as_json()), bars)
    told = found.as_json()
    if differences != _STDOUT:
        if form == "table":
            print_rows(_table(told), form, _COLUMNS)
        else:
            print_rows([told], form, tuple(told))
    print_summary(_words(told))
    ctx.exit(0 if found.is_equal else _FOUND)


def _token_of_the_only_node(a: str, b: str) -> str | None:
    """The place of the token in the environment; None if two nodes would get the same."""
    nodes = [uri for uri in (a, b) if scheme_of(uri) in _NODES]
    return Access.from_environment(os.environ).node_token if len(nodes) == 1 else None


@contextmanager
def _lines(path: str | None) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """What writes lines to a file, in place of one that is there; nowhere without a path."""
    if path is None:
        yield lambda _row: None
    elif path == _STDOUT:
        yield lambda row: click.echo(json_line(row))
    else:
        with outside(f"write {path}"), open(path, "w", encoding="utf-8") as file:  # noqa: PTH123  # as given
            yield lambda row: _write(file, row, path)


def _write(file: IO[str], row: Mapping[str, Any], path: str) -> None:
    with outside(f"write {path}"):
        file.write(f"{json_line(row)}\n")


def _table(told: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A figure a line, with that of each side; kinds are figures of their own."""
    a, b = dict(told["a"]), dict(told["b"])
    lists = {name: (a.pop(name), b.pop(name)) for name in _LISTED}
    of_events = {"events": "kinds", "missing": "missing_kinds"}
    for name, value in a.items():
        yield {"figure": name.replace("_", " "), "a": value, "b": b[name]}
        if name in of_events:
            ours, theirs = lists[of_events[name]]
            for kind in sorted({*ours, *theirs}):
                yield {"figure": f"  {kind}", "a": ours.get(kind, 0), "b": theirs.get(kind, 0)}


def _words(told: Mapping[str, Any]) -> Iterator[str]:
    for repair in told["repairs"]:
        refused = ", ".join(f"{number:,} {code}" for code, number in repair["refused"].items())
        told_refused = f"; refused: {refused}" if refused else ""
        yield f"brought {repair['events']:,} events to {repair['side'].upper()}{told_refused}"
    for side in ("a", "b"):
        counts = told[side]
        if counts["missing"]:
            yield f"{side.upper()} lacks {counts['missing']:,} events"
        if counts["unfit"]:
            yield f"{side.upper()} lacks {counts['unfit']:,} more that are rejected"
        if counts["waiting"]:
            yield f"{side.upper()} can't show {counts['waiting']:,} more, as it lacks what they build on"
    if told["tips_differ"]:
        yield f"{told['tips_differ']:,} streams have another tip on each side"
    if told["equal"]:
        yield "equal"
