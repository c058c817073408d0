"""What is done to a store while no node runs on it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ceramic_node.clock import SystemClock
from ceramic_node.config.node import NodeConfig
from ceramic_node.operation.building import STATES_FILE, rules_of
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import SqliteStore, open_store
from ceramic_node.store.sqlite.backup import FILE_NAME
from ceramic_protocol.errors import UsageError


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
