"""`ceramic-streams node backup`, `restore`, `check`, `rebuild-states` and `prune`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from ceramic_connectors.config import Loaded
from ceramic_node.config import NODE, NodeConfig
from ceramic_pipelines.cli.configured import configured
from ceramic_pipelines.cli.node.options import STORE_SETTINGS, store_folder
from ceramic_pipelines.cli.options import output_format
from ceramic_pipelines.cli.printing import print_rows, print_summary, progress_bars
from ceramic_pipelines.extras import check_node_extra

_RULES: Final = (*STORE_SETTINGS, "profile", "tie_break", "grace", "skew")
_FOUND: Final = 1


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@configured(NODE, STORE_SETTINGS)
def backup(*, file: Path, loaded: Loaded[NodeConfig]) -> None:
    """Copy the events of a store to FILE, which is there as a whole or not at all.

    A node may run meanwhile, and go on writing: all that it had acknowledged by now is in the copy. States
    aren't, as they follow from the events.

    \b
    Example:
      ceramic-streams node backup backup.sqlite --store data
    """
    check_node_extra()
    from ceramic_node.operation.stores import backed_up

    head = backed_up(store_folder(loaded), loaded.config, file)
    print_summary([f"wrote {file}, with all events up to position {head.position:,}"])


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@configured(NODE, STORE_SETTINGS)
def restore(*, file: Path, loaded: Loaded[NodeConfig]) -> None:
    """Make a store from the backup FILE, where there is none yet.

    Cursors of the store that was backed up mean nothing in the new one, as what came after is lost.

    \b
    Example:
      ceramic-streams node restore backup.sqlite --store new-data
    """
    check_node_extra()
    from ceramic_node.store.sqlite import restore as make_store

    folder = store_folder(loaded)
    make_store(file, folder)
    print_summary([f"restored {folder}; states are made when the node runs"])


@click.command()
@configured(NODE, STORE_SETTINGS)
@output_format
@click.pass_context
def check(ctx: click.Context, *, loaded: Loaded[NodeConfig], form: str) -> None:
    """Look for damage in a store: one line for each thing that can't be.

    For a node that is stopped. Exit code 1 if there is any; then restore a backup.

    \b
    Example:
      ceramic-streams node check --store data
    """
    check_node_extra()
    from ceramic_node.operation.stores import opened

    with opened(store_folder(loaded), loaded.config) as store:
        found = store.check()
    print_rows(({"code": one.code, "detail": one.detail} for one in found), form, ("code", "detail"))
    print_summary([f"{len(found):,} findings" if found else "nothing is wrong"])
    ctx.exit(_FOUND if found else 0)


@click.command("rebuild-states")
@configured(NODE, _RULES)
def rebuild_states(*, loaded: Loaded[NodeConfig]) -> None:
    """Make the states of a store anew from its events, such as after they were damaged.

    For a node that is stopped. One that runs under other rules than before does so by itself.

    \b
    Example:
      ceramic-streams node rebuild-states --store data
    """
    check_node_extra()
    from ceramic_node.operation.stores import rebuilt

    with progress_bars() as bars:
        bars.start("Judging", None, "streams")
        count = rebuilt(store_folder(loaded), loaded.config, lambda done: bars.advance("Judging", done))
    print_summary([f"judged {count:,} streams"])


@click.command()
@configured(NODE, (*_RULES, "node_key", "interests", "retention"))
@click.option("--dry-run", "is_trial", is_flag=True, help="Give up nothing, and tell how much would go.")
def prune(*, loaded: Loaded[NodeConfig], is_trial: bool) -> None:
    """Give up the bytes of streams that no interest covers and in which nothing has come for --retention.

    For a node that is stopped; one that runs does the same by itself. The file doesn't get smaller: what
    comes later takes the place that gets free.

    \b
    Example:
      ceramic-streams node prune --store data --interests model:k… --retention 30d --dry-run
    """
    check_node_extra()
    from ceramic_node.operation.stores import pruned

    with progress_bars() as bars:
        bars.start("Pruning", None, "events")
        total = pruned(
            store_folder(loaded),
            loaded.config,
            lambda done: bars.advance("Pruning", done.events),
            is_trial=is_trial,
        )
    what = "would prune" if is_trial else "pruned"
    print_summary([f"{what} {total.events:,} events of {total.streams:,} streams: {total.bytes:,} bytes"])
