"""What is done to a store by itself: all but the backup while no node runs on it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from ceramic_node.clock import SystemClock
from ceramic_node.config.node import NodeConfig
from ceramic_node.node_key import KEY_FILE, node_key, peer_id_of
from ceramic_node.operation.building import STATES_FILE, rules_of
from ceramic_node.operation.holding import related_streams
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import SqliteStore, StoreInUse, open_store
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_node.store.sqlite.reading import SqliteReader, open_reader
from ceramic_node.wanted.pruning import Pruner, Tally
from ceramic_protocol.errors import UsageError
from ceramic_protocol.interests import PeerId
from ceramic_protocol.stored import StoreHead


def opened(folder: Path, config: NodeConfig) -> SqliteStore:
    """The store in a folder, where one has to be.

    Raises:
        UsageError: there is none, or it is of another network.
        CeramicError: it is in use, damaged, or of a later release.
    """
    if not (folder / FILE_NAME).exists():
        raise UsageError(f"there is no store in {folder}")
    return open_store(
        folder, clock=SystemClock(), synchronous=config.durability.value, network=config.network
    )


def backed_up(folder: Path, config: NodeConfig, file: Path) -> StoreHead:
    """Copy a store to a file, whether a node runs on it or not.

    A node that runs isn't asked and doesn't wait: the copy is read from its file, which shows every reader
    one moment. Whatever the node had acknowledged before this call is in it.

    Returns:
        How far the store has come in the copy.

    Raises:
        UsageError: there is no store, it is of another network, or the file is there already.
        CeramicError: the store is damaged or of a later release, or a file can't be read or written.
    """
    try:
        store: SqliteReader = opened(folder, config)
    except StoreInUse:
        store = open_reader(folder)
    with closing(store):
        if config.network != store.network:
            raise UsageError(f"the store is of network {store.network}, not {config.network}")
        return store.backup(file)


def rebuilt(folder: Path, config: NodeConfig, note: Callable[[int], object]) -> int:
    """Make all states anew.

    Args:
        folder: of the store.
        config: by whose rules.
        note: told how many streams have been judged since it was told last.

    Returns:
        How many streams there are.

    Raises:
        CeramicError: a store can't be used.
    """
    clock = SystemClock()
    with opened(folder, config) as events, closing(SqliteStates(folder / STATES_FILE)) as states:
        follower = StateFollower(events, states, rules_of(config, clock))
        follower.rebuild()
        total = 0
        while done := follower.run_once():
            total += done
            note(done)
        return total


def pruned(folder: Path, config: NodeConfig, note: Callable[[Tally], object], *, is_trial: bool) -> Tally:
    """Give up the bytes of streams that no interest covers, see `Pruner`, after bringing states up to date.

    Args:
        folder: of the store.
        config: its interests and retention.
        note: told what has gone since it was told last.
        is_trial: whether to give up nothing, and tell what would go.

    Raises:
        UsageError: there are no interests, or the retention is for ever.
        CeramicError: a store can't be used.
    """
    if not config.interests:
        raise UsageError("without --interests all streams are wanted: there is nothing to prune")
    if config.retention is None:
        raise UsageError("nothing is pruned while the retention is forever: give --retention, such as 30d")
    clock = SystemClock()
    with opened(folder, config) as events, closing(SqliteStates(folder / STATES_FILE)) as states:
        follower = StateFollower(events, states, rules_of(config, clock))
        while follower.run_once():
            pass
        own = partial(events.interests.list, _peer_id(folder, config))
        related = related_streams(config, events, own, clock)
        total = Tally()
        for done in Pruner(events, states, related, clock, config.retention).steps(is_trial=is_trial):
            total = total.plus(done)
            note(done)
        return total


def _peer_id(folder: Path, config: NodeConfig) -> PeerId | None:
    """Whose registered interests count: the node's, or without a key whoever's they are."""
    key = config.node_key or folder / KEY_FILE
    return peer_id_of(node_key(key)) if key.exists() else None
