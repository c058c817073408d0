"""`ceramic-streams node import`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click

from ceramic_connectors.config import Loaded
from ceramic_connectors.sources import open_source
from ceramic_node.config import NODE, NodeConfig
from ceramic_pipelines.cli.configured import configured
from ceramic_pipelines.cli.node.options import STORE_SETTINGS, store_folder
from ceramic_pipelines.cli.node.status import token_at
from ceramic_pipelines.cli.options import FORMATS
from ceramic_pipelines.cli.printing import indexing, print_rows, print_summary, progress_bars
from ceramic_pipelines.extras import check_node_extra
from ceramic_pipelines.importing.importing import Watch, import_events
from ceramic_pipelines.importing.outcomes import Tally
from ceramic_pipelines.importing.refused_file import refused_file
from ceramic_pipelines.importing.target import Target
from ceramic_protocol.errors import UsageError

_SETTINGS: Final = (*STORE_SETTINGS, "rpc", "chain", "anchor_contract", "profile")
_FOUND: Final = 1


@click.command("import")
@click.argument("source")
@configured(NODE, _SETTINGS)
@click.option("--node", "url", metavar="URL", help="A node that runs, in place of a store.")
@click.option(
    "--token",
    "place",
    metavar="PLACE",
    help="Where a token with the scope write is: env:NAME or file:PATH.  [default: env:CERAMIC_STREAMS_TOKEN"
    " if that is set]",
)
@click.option(
    "--rejected",
    "rejected",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File for what is rejected or damaged, with the reason; it is a source by itself (ndjson:PATH).",
)
@click.option("--strict", is_flag=True, help="Exit with 1 if anything was rejected or damaged.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="A table to read, one JSON array, or one JSON object a line.",
)
@click.pass_context
def import_(
    ctx: click.Context,
    *,
    source: str,
    loaded: Loaded[NodeConfig],
    url: str | None,
    place: str | None,
    rejected: Path | None,
    strict: bool,
    form: str,
) -> None:
    """Hand all events of SOURCE to a node: to one that runs (--node), or into a store (--store).

    Each event is verified. Those that are there already stay as they are, so that an import that was
    interrupted is simply begun again. What only the rest of a stream can tell, the node judges when it makes
    states. Options on chains and rules are for --store; a node that runs has its own.

    \b
    Examples:
      ceramic-streams node import car:archive.car --network mainnet --store data --rpc env:MAINNET_RPC
      ceramic-streams node import ndjson:events.ndjson.gz --node http://127.0.0.1:5101 --rejected bad.ndjson
      ceramic-streams node import kafka://127.0.0.1:9092/raw.events --network mainnet --store data
    """
    check_node_extra()
    with ExitStack() as stack:
        bars = stack.enter_context(progress_bars())
        # Before the source is read: it may find that nothing can be handed in.
        target = stack.enter_context(_target(loaded, url, place))
        refused = Watch().refused if rejected is None else stack.enter_context(refused_file(rejected))
        work_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ceramic-import-")))
        events = open_source(source, work_dir, indexing(bars))
        bars.start("Importing", events.count)
        tally = import_events(events, target, Watch(refused, lambda done: bars.advance("Importing", done)))
    _print(tally, form)
    if tally.has_rejected:
        _warn(tally, rejected)
    ctx.exit(_FOUND if strict and tally.has_rejected else 0)


@contextmanager
def _target(loaded: Loaded[NodeConfig], url: str | None, place: str | None) -> Iterator[Target]:
    if url is not None:
        _refuse_settings(loaded)
        from ceramic_pipelines.importing.into_node import NodeTarget

        with NodeTarget(url, token_at(place) or None) as node:
            yield node
        return
    if place is not None:
        raise UsageError("--token is for a node that runs: give --node URL")
    from ceramic_pipelines.importing.into_store import store_target

    with store_target(store_folder(loaded), loaded.config) as store:
        yield store


def _refuse_settings(loaded: Loaded[NodeConfig]) -> None:
    given = [
        f"--{name.replace('_', '-')}" for name in _SETTINGS if loaded.given[name].origin.startswith("flag")
    ]
    if given:
        raise UsageError(f"{', '.join(given)}: leave it out with --node, which has its own settings")


def _print(tally: Tally, form: str) -> None:
    row = tally.as_json()
    if form != "table":
        print_rows([row], form, tuple(row))
        return
    reasons = row.pop("rejected")
    rows = [*row.items(), *((f"rejected: {reason}", count) for reason, count in reasons.items())]
    print_rows(({"what": what, "number": number} for what, number in rows), form, ("what", "number"))


def _warn(tally: Tally, rejected: Path | None) -> None:
    refused = sum(tally.rejected.values()) + tally.damaged
    if refused:
        where = "name a file for them with --rejected" if rejected is None else f"they are in {rejected}"
        print_summary([f"warning: {refused:,} were rejected or damaged; {where}"])
    if tally.no_room:
        print_summary(
            [f"warning: {tally.no_room:,} events weren't kept, as too many wait for events that aren't there"]
        )
