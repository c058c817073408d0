"""Interests, peers and chain proofs, in memory and in a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ceramic_node.clock import SystemClock
from ceramic_node.store import memory_tables
from ceramic_node.store.memory_tables import MemoryChainProofs, MemoryInterests, MemoryPeers
from ceramic_node.store.sqlite import open_store, tables
from ceramic_protocol.errors import UsageError
from ceramic_protocol.interests import MIN_INTEREST, Interest, PeerId
from ceramic_protocol.limits import MAX_PEER_ADDRESS_CHARS, MAX_PEER_ADDRESSES
from ceramic_protocol.node_ports import ChainProofs, Interests, KnownPeer, Peers
from ceramic_protocol.ports import Transaction

ONE, TWO = (PeerId.of_ed25519(bytes([number]) * 32) for number in (1, 2))
INTERESTS = [Interest.of(peer, b"\1", bytes([end])) for peer in (ONE, TWO) for end in (2, 3)]
CHAIN, HASH = "eip155:1", b"\7" * 32
ANCHOR = Transaction("0x" + "ab" * 20, b"\1\2", 12, 1_700_000_000, 1, b"\3" * 32)
BARE = Transaction("", b"", 0, 0)


class Tables:
    """One of each kind."""

    def __init__(self, interests: Interests, peers: Peers, proofs: ChainProofs) -> None:
        self.interests = interests
        self.peers = peers
        self.proofs = proofs


@pytest.fixture(params=["memory", "sqlite"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tables]:
    if request.param == "memory":
        yield Tables(MemoryInterests(), MemoryPeers(), MemoryChainProofs())
        return
    with closing(open_store(tmp_path, clock=SystemClock())) as store:
        yield Tables(store.interests, store.peers, store.proofs)


def test_interests(kept: Tables) -> None:
    assert kept.interests.list() == []
    assert [kept.interests.add(interest) for interest in (*INTERESTS[::-1], INTERESTS[0])] == [True] * 4 + [
        False
    ]
    assert kept.interests.list() == sorted(INTERESTS)
    assert kept.interests.list(TWO) == INTERESTS[2:]
    for fencepost in (MIN_INTEREST, Interest.max_of(ONE)):
        with pytest.raises(UsageError):
            kept.interests.add(fencepost)


def test_interests_are_limited(kept: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (memory_tables, tables):
        monkeypatch.setattr(module, "MAX_INTERESTS", 2)
    for interest in INTERESTS[:2]:
        kept.interests.add(interest)
    with pytest.raises(UsageError, match="no more than 2"):
        kept.interests.add(INTERESTS[2])
    assert not kept.interests.add(INTERESTS[0])
    assert kept.interests.list() == INTERESTS[:2]


def test_peers(kept: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    kept.peers.add(ONE, ["/ip4/127.0.0.1/tcp/1"], 10)
    kept.peers.add(TWO, [], 20)
    assert kept.peers.list() == [KnownPeer(TWO, (), 20), KnownPeer(ONE, ("/ip4/127.0.0.1/tcp/1",), 10)]
    kept.peers.add(ONE, ["a", "b"], 30)
    kept.peers.add(ONE, ["late"], 29)
    assert kept.peers.list() == [KnownPeer(ONE, ("a", "b"), 30), KnownPeer(TWO, (), 20)]
    for module in (memory_tables, tables):
        monkeypatch.setattr(module, "MAX_PEERS", 2)
    three = PeerId.of_ed25519(bytes(32))
    kept.peers.add(three, [], 25)
    assert [peer.id for peer in kept.peers.list()] == [ONE, three]
    for addresses in (["x"] * (MAX_PEER_ADDRESSES + 1), ["x" * (MAX_PEER_ADDRESS_CHARS + 1)]):
        with pytest.raises(UsageError):
            kept.peers.add(TWO, addresses, 40)


def test_chain_proofs(kept: Tables) -> None:
    assert kept.proofs.transaction(CHAIN, HASH) is None
    kept.proofs.add(CHAIN, HASH, BARE)
    kept.proofs.add(CHAIN, HASH, ANCHOR)
    kept.proofs.add("eip155:100", HASH, BARE)
    assert kept.proofs.transaction(CHAIN, HASH) == ANCHOR
    assert kept.proofs.transaction("eip155:100", HASH) == BARE


def test_all_of_it_lasts(tmp_path: Path) -> None:
    with open_store(tmp_path, clock=SystemClock()) as store:
        store.interests.add(INTERESTS[0])
        store.peers.add(ONE, ["a"], 5)
        store.proofs.add(CHAIN, HASH, ANCHOR)
    with open_store(tmp_path, clock=SystemClock()) as store:
        assert store.interests.list() == INTERESTS[:1]
        assert store.peers.list() == [KnownPeer(ONE, ("a",), 5)]
        assert store.proofs.transaction(CHAIN, HASH) == ANCHOR
