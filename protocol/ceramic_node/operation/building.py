"""A node as its configuration says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from ceramic_connectors.chain import FileChain
from ceramic_connectors.contracts import RpcContracts
from ceramic_connectors.keys import read_address
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_node.clock import SystemClock
from ceramic_node.config.node import NodeConfig
from ceramic_node.following.messages import Orders
from ceramic_node.following.port import Follower
from ceramic_node.following.process import FollowerProcess
from ceramic_node.kept_chain import KeptChain
from ceramic_node.neighbourhood import Neighbourhood
from ceramic_node.node import Node
from ceramic_node.node_key import KEY_FILE, node_key, peer_id_of
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import open_store
from ceramic_node.watching.follower import FollowMeter
from ceramic_node.watching.intake_meter import IntakeMeter
from ceramic_protocol.interests import PeerId
from ceramic_protocol.limits import STATE_LOCK_SECONDS
from ceramic_protocol.node_ports import ChainProofs
from ceramic_protocol.ports import Chain, Clock, DistantChain, NoChain, NoContracts
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventStore
from ceramic_protocol.verify import Verifier

STATES_FILE: Final = "states.sqlite"
"""The file of the states, beside that of the events."""

_AWAITED_FILE: Final = "awaited.sqlite"


def endpoints_of(config: NodeConfig) -> list[str]:
    """The addresses of the chains' endpoints, with the keys that are in them.

    Raises:
        UsageError: there is no such environment variable, or others can read the file.
        OutsideError: the file can't be read.
    """
    return [read_address(place) for place in config.rpc]


def make_chain(config: NodeConfig) -> Chain:
    """Who is asked about anchors.

    Raises:
        UsageError: the file of transactions or an address makes no sense.
        OutsideError: a file can't be read.
    """
    urls = endpoints_of(config)
    if config.chain is not None:
        return FileChain.load(config.chain)
    if not urls:
        return NoChain()
    notes = None if config.folder is None else config.folder / _AWAITED_FILE
    return RpcChain(urls, notes=notes)


def make_verifier(config: NodeConfig, chain: Chain) -> Verifier:
    """How events are checked, with what a chain says of anchors."""
    urls = endpoints_of(config)
    return Verifier(
        chain,
        RpcContracts(urls) if urls else NoContracts(),
        config.profile,
        dict(config.anchor_contract),
        config.network,
    )


def rules_of(config: NodeConfig, clock: Clock) -> Callable[[], Rules]:
    """The rules of the moment."""

    def rules() -> Rules:
        return Rules(clock.now(), config.tie_break, config.seconds_of_grace, config.skew, config.profile)

    return rules


def make_node(config: NodeConfig, closing: ExitStack, watch: IntakeMeter) -> tuple[Node, Neighbourhood]:
    """A node with its stores, not started yet, and what it has to do with other ones.

    Args:
        config: what it is like.
        closing: closes the stores.
        watch: sees what is done.

    Raises:
        CeramicError: a store is in use, damaged, of another network or a later release, or its disk fails.
    """
    clock = SystemClock()
    # Before anything is opened: it may find that the configuration can't work.
    chain = make_chain(config)
    on_turn = FollowMeter(watch.meter, watch.tracer)
    if config.folder is None:
        parts = _in_memory(config, clock, on_turn)
    else:
        parts = _in_folder(config, config.folder, clock, closing, on_turn)
    node = Node(
        parts.events,
        parts.states,
        parts.follower,
        verifier=make_verifier(config, kept_chain(chain, parts.proofs)),
        network=config.network,
        clock=clock,
        watcher=watch,
    )
    return node, parts.neighbourhood


class _Parts(NamedTuple):
    events: EventStore
    states: StateStore
    follower: Follower
    neighbourhood: Neighbourhood
    proofs: ChainProofs | None = None


def kept_chain(chain: Chain, proofs: ChainProofs | None) -> Chain:
    """A chain whose answers are kept if it is far away and there is a place for them."""
    return KeptChain(chain, proofs) if proofs is not None and isinstance(chain, DistantChain) else chain


def _in_memory(config: NodeConfig, clock: Clock, on_turn: FollowMeter) -> _Parts:
    # Before the stores: a key that can't be used stands in the way of everything.
    others = Neighbourhood() if config.node_key is None else Neighbourhood(_peer_id(config.node_key))
    events, states = MemoryStore(clock=clock, network=config.network), MemoryStates()
    follower = StateFollower(events, states, rules_of(config, clock), on_turn=on_turn)
    return _Parts(events, states, follower, others)


def _in_folder(
    config: NodeConfig, folder: Path, clock: Clock, closing: ExitStack, on_turn: FollowMeter
) -> _Parts:
    events = open_store(folder, clock=clock, synchronous=config.durability.value, network=config.network)
    closing.callback(events.close)
    peer_id = _peer_id(config.node_key or folder / KEY_FILE)
    path = folder / STATES_FILE
    # Made here if need be, so that what is wrong with it is said at once.
    SqliteStates(path, patience=STATE_LOCK_SECONDS).close()
    states = SqliteStates(path, reads_only=True)
    closing.callback(states.close)
    follower = FollowerProcess(
        events, _orders(config, folder), clock, version=states.head().version, on_turn=on_turn
    )
    return _Parts(events, states, follower, Neighbourhood(peer_id, events.interests), events.proofs)


def _peer_id(key: Path) -> PeerId:
    return peer_id_of(node_key(key))


def _orders(config: NodeConfig, folder: Path) -> Orders:
    return Orders(
        folder,
        STATES_FILE,
        config.profile,
        config.tie_break,
        config.seconds_of_grace,
        config.skew,
        config.log_format,
        config.log_level,
    )
