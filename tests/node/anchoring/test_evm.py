"""Anchors in the real contract's place on a real Ethereum node, through everything that can happen there."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.jsonrpc import JsonRpcClient
from ceramic_connectors.keys import Secret
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_node.anchoring import AnchorService, Book, EvmAnchorer, State, Trouble
from ceramic_node.anchoring.evm_signing import Account, Call, Fees
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from tests.node.anchoring.crashing import Anchoring, Crash, Fuse, Sinking, fused
from tests.node.anchoring.making import Clock, Collected, leaf, leaves
from tests.support import anchor_contract, evm
from tests.support.evm import Evm

NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def node() -> Iterator[Evm]:
    with evm.running() as running:
        yield running


@dataclass
class World:
    """An account, a book and a sink on a node that others use too."""

    node: Evm
    folder: Path
    depth: int = 0
    limit: int = 2
    options: dict[str, Any] = field(default_factory=dict)
    sink: Collected = field(default_factory=Collected)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        anchor_contract.put(self.node)
        self.secret = Secret(next(NUMBERS).to_bytes(32, "big"))
        self.account = Account(self.secret)
        self.start = int(self.node.rpc("eth_blockNumber"), 16)
        self.node.rpc("anvil_setBalance", self.account.address, hex(10**20))

    def chain(self) -> RpcChain:
        # A clock that jumps, so that nothing said before is taken for what would be said now.
        return RpcChain([self.node.url], confirmations=self.depth, clock=itertools.count(0, 1000).__next__)

    def anchorer(self, client: JsonRpcClient | None = None) -> EvmAnchorer:
        return EvmAnchorer(
            client or self.node.client,
            self.chain(),
            self.secret,
            chain_id=self.node.chain_id,
            confirmations=self.depth,
            clock=self.clock,
            **self.options,
        )

    def book(self) -> Book:
        return Book(self.folder / "book", self.clock)

    def service(self, book: Book, client: JsonRpcClient | None = None) -> AnchorService:
        return AnchorService(book, self.anchorer(client), self.sink, limit=self.limit, clock=self.clock)

    def run(self, service: AnchorService, ticks: int = 12, seconds: float = 20.0) -> None:
        for _ in range(ticks):
            while service.step():
                pass
            self.let_it_mine()
            self.clock.sleep(seconds)

    def let_it_mine(self) -> None:
        """Time passes by this world's clock only, and the node needs some of ours."""
        give_up = time.monotonic() + evm.MINED_SECONDS
        while self.node.rpc("anvil_getAutomine") and time.monotonic() < give_up:
            if self.node.rpc("txpool_status")["pending"] == "0x0":
                return
            time.sleep(0.002)

    def roots(self) -> list[bytes]:
        """The roots that this account has anchored, in the chain's order."""
        topics = [f"0x{anchor_contract.TOPIC.hex()}", f"0x{'0' * 24}{self.account.address[2:]}"]
        asked = {"fromBlock": hex(self.start), "address": ANCHOR_CONTRACT, "topics": topics}
        return [bytes.fromhex(log["data"][2:]) for log in self.node.rpc("eth_getLogs", asked)]

    def nonce(self) -> int:
        return int(self.node.rpc("eth_getTransactionCount", self.account.address, "latest"), 16)

    def check(self, batches: int, count: int) -> None:
        """These are done, each batch by one transaction."""
        self.sink.check(self.chain(), leaves(count))
        roots = self.roots()
        assert len(roots) == len(set(roots)) == batches


@pytest.fixture
def world(node: Evm, tmp_path: Path) -> Iterator[World]:
    made = World(node, tmp_path)
    try:
        yield made
    finally:
        node.rpc("evm_setAutomine", True)


@pytest.mark.parametrize("tip", [7, None])
def test_a_signed_call_is_what_the_node_makes_of_it(world: World, tip: int | None) -> None:
    data = ANCHOR_SELECTOR + bytes(32)
    fees = Fees(10**10, tip)
    tx_hash, raw = world.account.sign(Call(1337, 0, 90_000, bytes.fromhex(ANCHOR_CONTRACT[2:]), data, fees))
    assert world.node.rpc("eth_sendRawTransaction", f"0x{raw.hex()}") == f"0x{tx_hash.hex()}"
    world.node.receipt(f"0x{tx_hash.hex()}")
    found = world.node.rpc("eth_getTransactionByHash", f"0x{tx_hash.hex()}")
    assert (found["from"], found["type"]) == (world.account.address, "0x0" if tip is None else "0x2")
    assert world.roots() == [bytes(32)]


def test_every_batch_is_one_transaction(world: World) -> None:
    with world.book() as book:
        book.request_all(leaves(5))
        world.run(world.service(book))
        assert book.counts()[State.DONE] == 5
    world.check(3, 5)


def test_the_usual_way_to_make_one(world: World) -> None:
    anchorer = EvmAnchorer.at([world.node.url], world.secret, chain_id=world.node.chain_id)
    with world.book() as book:
        book.request_all(leaves(1))
        service = AnchorService(book, anchorer, world.sink, clock=world.clock)
        world.run(service, ticks=3)
    anchorer.close()
    world.check(1, 1)
    assert world.secret.hex() not in repr(anchorer._account) + anchorer.name


@pytest.mark.parametrize("depth", [0, 3])
def test_a_crash_at_any_point(node: Evm, tmp_path: Path, depth: int) -> None:
    def until_crash(world: World, at: int | None) -> Fuse:
        fuse = Fuse(at)
        with world.book() as book:
            fused(book, fuse)
            book._file.db.db.execute("PRAGMA synchronous=OFF")
            try:
                anchorer, sink = Anchoring(world.anchorer(), fuse), Sinking(world.sink, fuse)
                service = AnchorService(book, anchorer, sink, limit=2, clock=world.clock)
                book.request_all(leaves(3))
                for _ in range(2 + 2 * min(depth, 1)):
                    world.run(service, ticks=2)
                    node.rpc("anvil_mine", hex(2))
            except Crash:
                pass
        return fuse

    def made(name: str) -> World:
        (tmp_path / name).mkdir()
        return World(node, tmp_path / name, depth)

    points = until_crash(made("whole"), None).points
    assert points > 50
    # Half as many are enough where each takes longer.
    for at in range(1, points + 1, 1 + min(depth, 1)):
        world = made(str(at))
        assert until_crash(world, at).points == at
        until_crash(world, None)
        world.check(2, 3)
        assert world.nonce() == 2


def test_it_waits_for_confirmations(world: World) -> None:
    world.depth = 3
    with world.book() as book:
        book.request_all(leaves(1))
        service = world.service(book)
        for _ in range(3):
            world.run(service)
            assert book.counts()[State.SENT] == 1
            world.node.rpc("evm_mine")
        world.run(service)
        assert book.counts()[State.DONE] == 1
    world.check(1, 1)


def test_a_transaction_that_the_node_drops_is_sent_again_as_it_was(world: World) -> None:
    world.node.rpc("evm_setAutomine", False)
    with world.book() as book:
        book.request_all(leaves(1))
        service = world.service(book)
        world.run(service, ticks=2)
        (order,) = book.under_way()[0].orders
        world.node.rpc("anvil_dropTransaction", f"0x{order.key.hex()}")
        assert world.node.rpc("eth_getTransactionByHash", f"0x{order.key.hex()}") is None
        world.run(service, ticks=5)
        assert world.node.rpc("eth_getTransactionByHash", f"0x{order.key.hex()}") is not None
        assert book.under_way()[0].orders == [order]
        world.node.rpc("evm_mine")
        world.run(service)
    world.check(1, 1)


def test_a_transaction_that_a_reorganisation_takes_away_is_sent_again(world: World) -> None:
    world.depth = 4
    with world.book() as book:
        book.request_all(leaves(3))
        service = world.service(book)
        world.run(service)
        assert len(world.roots()) == 2
        keys = [f"0x{one.orders[0].key.hex()}" for one in book.under_way()]
        world.node.rpc("anvil_reorg", 2, [])
        for key in keys:
            world.node.rpc("anvil_dropTransaction", key)
        assert world.roots() == [], "the chain has lost both"
        world.run(service)
        assert len(world.roots()) == 2
        world.node.rpc("anvil_mine", hex(5))
        world.run(service)
    world.check(2, 3)


def test_a_transaction_that_no_block_takes_is_replaced_by_a_better_one(world: World) -> None:
    world.options = {"stuck_after": 100.0}
    world.node.rpc("evm_setAutomine", False)
    with world.book() as book:
        book.request_all(leaves(3))
        service = world.service(book)
        world.run(service, ticks=14)
        first, second = (one.orders for one in book.under_way())
        assert len(first) >= 2
        assert {order.terms["nonce"] for order in first} == {0}
        assert len(second) == 1, "it isn't its turn"
        fees = [order.terms["fee"] for order in first]
        assert all(b * 10 >= a * 11 for a, b in itertools.pairwise(fees))
        world.node.rpc("evm_mine")
        world.node.rpc("evm_mine")
        world.run(service)
    world.check(2, 3)
    assert world.nonce() == 2


def test_a_reverted_transaction_gets_a_successor(world: World) -> None:
    world.node.rpc("evm_setAutomine", False)
    with world.book() as book:
        book.request_all(leaves(1))
        service = world.service(book)
        world.run(service, ticks=2)
        anchor_contract.put(world.node, anchor_contract.REFUSES)
        world.node.rpc("evm_mine")
        world.run(service)
        assert world.nonce() == 1
        assert [trouble for trouble, _ in service.troubles.values()] == [Trouble.WOULD_REVERT]
        assert book.under_way()[0].orders == [], "nothing is paid for what would fail again"
        anchor_contract.put(world.node)
        world.node.rpc("evm_setAutomine", True)
        world.run(service)
        assert service.troubles == {}
    world.check(1, 1)
    assert world.nonce() == 2


@pytest.mark.parametrize("depth", [0, 2])
def test_another_transaction_has_taken_the_nonce(world: World, depth: int) -> None:
    world.depth = depth
    with world.book() as book:
        book.request_all(leaves(1))
        fuse = Fuse()
        anchorer = Anchoring(world.anchorer(), fuse)
        service = AnchorService(book, anchorer, world.sink, clock=world.clock)
        while "after prepare" not in fuse.passed:
            service.step()
        assert [one.unsent for one in book.under_way()] != [[]], "the order is in the book, and not sent"
        other = Call(1337, 0, 90_000, bytes(20), b"", Fees(10**10, 1))
        world.node.rpc("eth_sendRawTransaction", f"0x{world.account.sign(other)[1].hex()}")
        service = world.service(book)
        for _ in range(8):
            world.run(service)
            world.node.rpc("evm_mine")
        assert book.counts()[State.DONE] == 1
    world.check(1, 1)
    assert world.nonce() == 2


def test_fees_have_a_limit(world: World) -> None:
    world.options = {"max_fee": 1}
    with world.book() as book:
        book.request_all(leaves(1))
        service = world.service(book)
        world.run(service)
        assert [trouble for trouble, _ in service.troubles.values()] == [Trouble.FEE_TOO_HIGH]
    assert world.nonce() == 0


def test_an_account_without_money(world: World) -> None:
    world.node.rpc("anvil_setBalance", world.account.address, "0x0")
    with world.book() as book:
        book.request_all(leaves(1))
        service = world.service(book)
        world.run(service)
        assert len(service.troubles) == 1
        world.node.rpc("anvil_setBalance", world.account.address, hex(10**20))
        world.run(service)
    world.check(1, 1)


class Changing(JsonRpcClient):
    """A client whose node says other things."""

    def __init__(self, url: str, **said: Any) -> None:
        super().__init__(url)
        self.said = said

    def call(self, method: str, params: Any = (), max_bytes: int = 1 << 20) -> Any:
        found = super().call(method, params, max_bytes)
        change = self.said.get(method, lambda result: result)
        return change(found)


def test_a_chain_from_before_eip_1559(world: World) -> None:
    def old(block: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in block.items() if name != "baseFeePerGas"}

    client = Changing(world.node.url, eth_getBlockByNumber=old)
    with world.book() as book:
        book.request_all(leaves(2))
        service = world.service(book, client)
        world.run(service)
        assert book.find(leaf(0).tip) is not None
    world.check(1, 2)
    block = world.node.rpc("eth_getBlockByNumber", "latest", True)
    assert block["transactions"][-1]["type"] == "0x0"


def test_another_chain_is_refused(world: World) -> None:
    client = Changing(world.node.url, eth_chainId=lambda _said: "0x1")
    with world.book() as book:
        book.request_all(leaves(1))
        service = world.service(book, client)
        world.run(service)
        assert [trouble for trouble, _ in service.troubles.values()] == [Trouble.WRONG_CHAIN]
    assert world.nonce() == 0


@pytest.mark.parametrize(
    "options",
    [
        {"chain_id": "inmemory:12345"},
        {"chain_id": "eip155:"},
        {"contract": "0x12"},
        {"contract": "nonsense"},
        {"secret": Secret(bytes(32))},
    ],
)
def test_nonsense_is_refused(options: dict[str, Any]) -> None:
    usual = {"secret": Secret(Cid.of(b"").digest), "chain_id": "eip155:1337"}
    with pytest.raises(UsageError):
        EvmAnchorer.at(["http://127.0.0.1:1"], **(usual | options))
    with pytest.raises(UsageError):
        EvmAnchorer.at([], **usual)  # type: ignore[arg-type]
