"""Bringing to a side what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ceramic_connectors.event_sources.node_feed import NodeFeed
from ceramic_connectors.event_sources.one_feed import OneFeed
from ceramic_connectors.event_sources.tokens import token_at
from ceramic_pipelines.importing.importing import Watch, import_events
from ceramic_pipelines.importing.target import Target
from ceramic_pipelines.quiet import quiet_beam
from ceramic_pipelines.reconcile.holdings import Holding, rules_of
from ceramic_pipelines.reconcile.missing import MissingEvents
from ceramic_pipelines.reconcile.values import Repair, Side
from ceramic_pipelines.store_events import StoreEvents
from ceramic_protocol.errors import UsageError
from ceramic_protocol.verify import Verifier


def check_repair(side: Side, holding: Holding, other: Holding) -> None:
    """See to it that a side can be brought what it lacks, before anything is read.

    Raises:
        UsageError: it can't take events, or the other side has none to give.
        OutsideError: a manifest can't be read.
    """
    why = _why_not(holding)
    if why is not None:
        raise UsageError(f"--repair {side.word}: {why}")
    if other.source is None:
        raise UsageError(
            f"--repair {side.word}: {other.uri} has tables alone, without the bytes of events; an export that"
            " is made with --incremental has them"
        )


def _why_not(holding: Holding) -> str | None:
    if isinstance(holding.source, NodeFeed | StoreEvents):
        return None
    if isinstance(holding.source, OneFeed):
        return f"{holding.uri} is a ceramic-one; only nodes of ceramic-streams are handed events"
    if holding.scheme == "kafka":
        known = "which alone knows what belongs where: ceramic-streams source run"
        return f"a topic is repaired by its source, {known}"
    rules = rules_of(holding)
    if rules is None:
        able = "a node, a store or an export that is made with --incremental can be repaired"
        return f"{holding.uri} is only read; {able}"
    if not rules.has_events:
        return f"{holding.uri} is a whole export without its events; make it anew with --incremental"
    return None


def repair_side(
    holding: Holding, other: Holding, missing: MissingEvents, at: int, done: Callable[[int], object]
) -> Repair:
    """Hand a side all that it lacks and should have; again is as good as once.

    Args:
        holding: the side.
        other: the side that has the events.
        missing: the events.
        at: the time that counts as now for tables, in unix milliseconds.
        done: is told of events that have been dealt with.

    Raises:
        UsageError: a store is of another network than was asked for, or a reducer of tables is gone.
        OutsideError: a side doesn't answer any more, or can't be read or written.
    """
    rules = rules_of(holding)
    if rules is not None:
        return _into_tables(holding, other, missing, at, done)
    with _target(holding, missing.verifier) as target:
        tally = import_events(missing, target, Watch(done=done))
    refused = dict(sorted(tally.rejected.items()))
    if tally.no_room:
        refused["no_room"] = tally.no_room
    return Repair(missing.side, tally.events, refused)


@contextmanager
def _target(holding: Holding, verifier: Verifier) -> Iterator[Target]:
    if isinstance(holding.source, NodeFeed):
        from ceramic_pipelines.importing.into_node import NodeTarget

        with NodeTarget(holding.uri, token_at(holding.token)) as node:
            yield node
        return
    with _store_target(holding.path, verifier) as store:
        yield store


@contextmanager
def _store_target(folder: Path, verifier: Verifier) -> Iterator[Target]:
    from ceramic_node.config import NODE
    from ceramic_node.store.sqlite.reading import open_reader
    from ceramic_pipelines.importing.into_store import store_target

    reader = open_reader(folder)
    try:
        network = reader.network
    finally:
        reader.close()
    if verifier.network not in {None, network}:
        raise UsageError(f"the store in {folder} is of network {network}, not {verifier.network}")
    config = NODE.config(network=network)
    with store_target(folder, config, verifier=replace(verifier, network=network)) as target:
        yield target


def _into_tables(
    holding: Holding, other: Holding, missing: MissingEvents, at: int, done: Callable[[int], object]
) -> Repair:
    quiet_beam()
    from ceramic_pipelines.export import ExportJob, run_export
    from ceramic_transforms.progress import Stage

    rules = rules_of(holding)
    if rules is None:
        raise UsageError(f"{holding.uri} is no export")
    job = ExportJob(
        source=other.uri,
        output=holding.path,
        rules=replace(rules.rules, at=at),
        verifier=rules.verifier(missing.verifier.chain, missing.verifier.contracts),
        reducer=rules.reducer,
        incremental=True,
        partition_by=rules.partition_by,
    )

    def watch(stage: Stage, events: int) -> None:
        if stage == "read":
            done(events)

    summary = run_export(job, None, watch, missing)
    return Repair(missing.side, summary.items, {})
