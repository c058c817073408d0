"""When `RpcChain` takes a transaction for settled, for missing or for unknown, and what it asks for that."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ceramic_connectors.chain_index import BEFORE_ANCHORS
from ceramic_connectors.chain_votes import DISAGREEING, UNAVAILABLE, UNCONFIRMED, UNKNOWN
from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import (
    RPC_CONFIRMATIONS,
    RPC_ENDPOINT_SECONDS,
    RPC_HEAD_SECONDS,
    RPC_INDEX_BLOCKS,
)
from ceramic_protocol.ports import Chain, Transaction
from ceramic_protocol.reasons import Finding, Reason
from tests.support import anchor_contract, evm
from tests.support.lying_chain import Node, Slowly, instead, node, nodes, plain
from tests.support.web import closed_port

LOCAL = "eip155:1337"
GNOSIS = "eip155:100"
ROOT = Cid.of(b"root")
NOWHERE = b"\xee" * 32


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        """So much later that everything is asked anew."""
        self.now += 10 * RPC_HEAD_SECONDS


@dataclass
class Asking:
    """A port with one endpoint, and that endpoint."""

    chain: DevChain
    node: Node
    port: RpcChain
    clock: Clock

    def again(self, tx_hash: bytes) -> Transaction | Finding:
        """What the port says some time later."""
        self.clock.later()
        return plain(self.port.transaction(self.chain.chain_id, tx_hash))


@contextmanager
def asking(depth: int = 0, chain_id: str = LOCAL, notes: Path | None = None) -> Iterator[Asking]:
    chain, clock = DevChain(chain_id=chain_id), Clock()
    with (
        node(chain) as endpoint,
        closing(RpcChain([endpoint.url], confirmations=depth, notes=notes, clock=clock)) as port,
    ):
        yield Asking(chain, endpoint, port, clock)


def test_it_is_the_port() -> None:
    with closing(RpcChain([])) as port:
        chain: Chain = port
        found = chain.transaction(LOCAL, NOWHERE)
        assert found == Finding(Reason.ANCHOR_CHAIN_UNKNOWN, "no endpoint serves that chain")


def test_reasons_that_may_change_are_pending() -> None:
    assert not any(found.is_certain for found in (UNCONFIRMED, UNAVAILABLE, DISAGREEING))
    assert UNKNOWN.is_certain


@pytest.mark.parametrize("depth", [1, 3, 12])
def test_a_transaction_counts_from_its_confirmations_on(depth: int) -> None:
    with asking(depth) as at:
        tx_hash = at.chain.anchor(ROOT)
        for _ in range(depth):
            assert at.again(tx_hash) == UNCONFIRMED
            at.chain.mine()
        assert at.again(tx_hash) == at.chain.transaction(LOCAL, tx_hash)


def test_a_missing_transaction_is_unknown_when_the_chain_has_grown_by_the_confirmations() -> None:
    with asking(3) as at:
        for _ in range(3):
            assert at.again(NOWHERE) == UNCONFIRMED
            at.chain.mine()
        assert at.again(NOWHERE) == UNKNOWN
        assert at.again(b"\xdd" * 32) == UNCONFIRMED, "each is counted from its own first question"


def test_a_chain_that_stands_still_tells_nothing_of_what_is_missing() -> None:
    with asking(1) as at:
        assert {at.again(NOWHERE) for _ in range(20)} == {UNCONFIRMED}


def test_a_missing_transaction_that_comes_after_all() -> None:
    with asking(2) as at:
        upcoming = DevChain(clock=lambda: 0.0).anchor(ROOT)
        at.chain._clock = lambda: 0.0
        assert at.again(upcoming) == UNCONFIRMED
        assert at.chain.anchor(ROOT) == upcoming
        assert at.again(upcoming) == UNCONFIRMED
        at.chain.mine(2)
        assert isinstance(at.again(upcoming), Transaction)


def test_waiting_begins_anew_when_a_transaction_vanishes() -> None:
    with asking(2) as at:
        tx_hash = at.chain.anchor(ROOT)
        shown = at.chain._by_hash.pop(tx_hash)
        assert at.again(tx_hash) == UNCONFIRMED, "first asked here"
        at.chain.mine()
        at.chain._by_hash[tx_hash] = shown
        assert at.again(tx_hash) == UNCONFIRMED, "there, not deep enough"
        del at.chain._by_hash[tx_hash]
        at.chain.mine(5)
        assert at.again(tx_hash) == UNCONFIRMED, "gone, counted from here"
        at.chain.mine(2)
        assert at.again(tx_hash) == UNKNOWN


def test_an_endpoint_that_is_not_up_to_date_can_not_say_that_a_transaction_is_missing() -> None:
    with asking() as at:
        at.node.lies["eth_syncing"] = instead({"currentBlock": "0x1", "highestBlock": "0x999"})
        assert at.again(NOWHERE) == UNAVAILABLE
        assert list(at.port.troubles()) == [at.node.url]
        assert "hasn't got the whole chain" in at.port.troubles()[at.node.url]
        del at.node.lies["eth_syncing"]
        assert at.again(NOWHERE) == UNKNOWN
        assert at.port.troubles() == {}


def old_block(number: int) -> dict[str, object]:
    """A block from before the first anchor; the first ones are empty."""
    found = [f"0x{number:064x}"] if number > BEFORE_ANCHORS[GNOSIS] + 3 else []
    return {"number": hex(number), "hash": f"0x{1:064x}", "timestamp": "0x1", "transactions": found}


def test_an_endpoint_that_forgets_old_transactions_can_not_say_that_one_is_missing() -> None:
    with asking(0, GNOSIS) as at:
        tx_hash = at.chain.anchor(ROOT)
        assert at.again(NOWHERE) == UNAVAILABLE, "it hasn't even got old blocks"
        start = BEFORE_ANCHORS[GNOSIS]
        numbers = iter(range(start, start + 1000))
        at.node.lies["eth_getBlockByNumber"] = lambda _none: old_block(next(numbers))
        at.clock.now += RPC_ENDPOINT_SECONDS
        assert at.again(NOWHERE) == UNAVAILABLE
        assert "forgets old transactions" in " ".join(at.port.troubles().values())
        del at.node.lies["eth_getBlockByNumber"]
        assert at.again(tx_hash) == at.chain.transaction(GNOSIS, tx_hash)


def test_an_endpoint_that_keeps_old_transactions_is_believed() -> None:
    with asking(0, GNOSIS) as at:
        numbers = iter(range(BEFORE_ANCHORS[GNOSIS], BEFORE_ANCHORS[GNOSIS] + 1000))
        at.node.lies["eth_getBlockByNumber"] = lambda _none: old_block(next(numbers))
        answers = iter([None, {"hash": "whatever"}, None])
        at.node.lies["eth_getTransactionByHash"] = lambda _none: next(answers)
        assert at.again(NOWHERE) == UNKNOWN
        assert at.again(NOWHERE) == UNKNOWN
        assert at.node.count("eth_getBlockByNumber") == 5, "asked once"


def test_a_chain_of_empty_blocks_tells_nothing() -> None:
    with asking(0, GNOSIS) as at:
        numbers = iter(range(BEFORE_ANCHORS[GNOSIS], BEFORE_ANCHORS[GNOSIS] + 1000))
        at.node.lies["eth_getBlockByNumber"] = lambda _none: old_block(next(numbers)) | {"transactions": []}
        assert at.again(NOWHERE) == UNAVAILABLE
        assert at.node.count("eth_getBlockByNumber") == RPC_INDEX_BLOCKS


def test_the_waiting_goes_on_in_the_next_process_if_there_are_notes(tmp_path: Path) -> None:
    notes = tmp_path / "notes.sqlite"
    with asking(3, notes=notes) as at:
        assert at.again(NOWHERE) == UNCONFIRMED
        at.chain.mine(3)
        with closing(pickle.loads(pickle.dumps(at.port))) as other:
            assert other.transaction(LOCAL, NOWHERE) == UNKNOWN
        with closing(RpcChain([at.node.url], confirmations=3)) as forgetful:
            assert forgetful.transaction(LOCAL, NOWHERE) == UNCONFIRMED
    assert b"127.0.0.1" not in notes.read_bytes()


def test_notes_that_can_not_be_written(tmp_path: Path) -> None:
    with asking(3, notes=tmp_path) as at:
        assert at.again(NOWHERE) == UNAVAILABLE
        assert "note awaited transactions" in at.port.troubles()[at.node.url]


def test_what_is_asked_how_often() -> None:
    with asking() as at:
        first, second = at.chain.anchor(ROOT), at.chain.anchor(Cid.of(b"other"))
        for _ in range(5):
            for tx_hash in (first, second):
                assert isinstance(at.again(tx_hash), Transaction)
        for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getBlockByNumber"):
            assert at.node.count(method) == 2
        assert at.node.count("eth_chainId") == 1
        before = len(at.node.asked)
        assert {at.port.transaction(LOCAL, NOWHERE) for _ in range(5)} == {UNKNOWN}
        assert len(at.node.asked) <= before + 3


def test_a_block_with_many_transactions_is_asked_for_once() -> None:
    with evm.running() as real, closing(RpcChain([real.url])) as port:
        anchor_contract.put(real)
        real.rpc("evm_setAutomine", False)
        hashes = [anchor_contract.send(real, Cid.of(b"%d" % number)) for number in range(5)]
        assert {port.transaction(LOCAL, tx_hash) for tx_hash in hashes} == {UNCONFIRMED}
        real.rpc("evm_mine")
        port.close()
        with closing(pickle.loads(pickle.dumps(port))) as fresh:
            found = [fresh.transaction(LOCAL, tx_hash) for tx_hash in hashes]
            assert len({known.block_hash for known in found}) == 1
            assert len(fresh._blocks._entries) == 1


def test_prefetching_asks_for_many_at_the_same_time() -> None:
    with asking() as at:
        hashes = [at.chain.anchor(Cid.of(b"%d" % number)) for number in range(120)]
        at.node.lies["eth_getTransactionByHash"] = slow = Slowly(0.05)
        assert at.port.prefetch((LOCAL, tx_hash) for tx_hash in hashes * 3) == 0
        assert slow.most > 2
        asked = len(at.node.asked)
        assert at.node.count("eth_getTransactionByHash") == 120
        assert all(isinstance(at.port.transaction(LOCAL, tx_hash), Transaction) for tx_hash in hashes)
        assert len(at.node.asked) == asked


def test_prefetching_says_how_many_are_pending() -> None:
    with asking(5) as at:
        tx_hash = at.chain.anchor(ROOT)
        wanted = [(LOCAL, tx_hash), (LOCAL, NOWHERE), ("eip155:1", tx_hash)]
        assert at.port.prefetch(wanted * 2) == 3
        at.chain.mine(5)
        at.clock.later()
        assert at.port.prefetch(wanted) == 1
        assert at.port.prefetch([]) == 0


def test_many_threads_ask_through_one_port_and_each_thing_once() -> None:
    with asking() as at:
        at.node.lies = {f"eth_{method}": Slowly(0.01) for method in ("chainId", "getTransactionByHash")}
        hashes = [at.chain.anchor(Cid.of(b"%d" % number)) for number in range(20)]
        asked = hashes * 20
        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(partial(at.port.transaction, LOCAL), asked))
        assert found == [at.chain.transaction(LOCAL, tx_hash) for tx_hash in asked]
        assert (at.node.count("eth_chainId"), at.node.count("eth_getTransactionByHash")) == (1, 20)
        assert at.node.count("eth_blockNumber") < 20


def test_confirmations_by_chain() -> None:
    with nodes(DevChain(chain_id="eip155:5"), 1) as (other,), asking() as at:
        with closing(RpcChain([at.node.url, other.url])) as port:
            assert port.transaction(LOCAL, at.chain.anchor(ROOT)).__class__ is Transaction
            tx_hash = other.chain.anchor(ROOT)
            other.chain.mine(RPC_CONFIRMATIONS - 1)
            assert port.transaction("eip155:5", tx_hash) == UNCONFIRMED
        other.chain.mine()
        with closing(RpcChain([at.node.url, other.url])) as port:
            assert port.transaction("eip155:5", tx_hash) == other.chain.transaction("eip155:5", tx_hash)
        other.chain.anchor(ROOT)
        newest = other.chain.anchor(ROOT)
        with closing(RpcChain([other.url], confirmations={"eip155:5": 0})) as port:
            assert isinstance(port.transaction("eip155:5", newest), Transaction)


def test_a_fork_of_a_real_chain() -> None:
    """A transaction that a fork has lost, and one that it has put into another block."""
    clock = Clock()
    with (
        evm.running() as real,
        closing(RpcChain([real.url], confirmations=3, clock=clock)) as port,
        closing(RpcChain([real.url], confirmations=0, clock=clock)) as hasty,
    ):
        anchor_contract.put(real)
        tx_hash = anchor_contract.anchor(real, ROOT)
        early = hasty.transaction(LOCAL, tx_hash)
        assert isinstance(early, Transaction)
        assert port.transaction(LOCAL, tx_hash) == UNCONFIRMED
        real.rpc("anvil_reorg", 1, [])
        clock.later()
        assert port.transaction(LOCAL, tx_hash) == UNCONFIRMED, "gone, or waiting for its next block"
        real.rpc("evm_mine")
        if real.rpc("eth_getTransactionReceipt", f"0x{tx_hash.hex()}") is None:
            real.rpc("anvil_dropTransaction", f"0x{tx_hash.hex()}")
        for _ in range(6):
            real.rpc("evm_mine")
            clock.later()
            found = port.transaction(LOCAL, tx_hash)
        assert found == UNKNOWN


def test_a_transaction_that_failed_on_a_real_chain() -> None:
    with evm.running() as real, closing(RpcChain([real.url])) as port:
        anchor_contract.put(real, anchor_contract.REFUSES)
        found = port.transaction(LOCAL, anchor_contract.anchor(real, ROOT))
        assert isinstance(found, Transaction)
        assert found.status == 0


@pytest.mark.parametrize(
    ("urls", "options", "message"),
    [
        ("http://127.0.0.1:8545", {}, "endpoints come as a list of addresses, also if there is only one"),
        (["ftp://host"], {}, "an endpoint is an address"),
        ({"eip155": ["http://host"]}, {}, "'eip155' is no chain of Ethereum's kind, such as eip155:1"),
        ({"solana:x": []}, {}, "'solana:x' is no chain"),
        (["http://host"], {"quorum": 2}, "1 endpoints can't make a quorum of 2"),
        (["http://host", "http://host"], {"quorum": 2}, "1 endpoints can't make a quorum of 2"),
        (["http://host"], {"quorum": 0}, "1 endpoints can't make a quorum of 0"),
        (["http://host"], {"confirmations": -1}, "a transaction can't have fewer than 0 confirmations"),
        (["http://host"], {"confirmations": {LOCAL: -1}}, "a transaction can't have fewer"),
    ],
)
def test_settings_that_make_no_sense(urls: object, options: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        RpcChain(urls, **options)  # type: ignore[arg-type]
    assert str(caught.value).startswith(message)


def test_keys_in_addresses_are_not_shown() -> None:
    secret = closed_port() + "/v3/0123456789abcdef"
    with closing(RpcChain([secret])) as port:
        found = port.transaction(LOCAL, NOWHERE)
        assert plain(found) == UNAVAILABLE
        assert "0123456789abcdef" not in f"{port.troubles()} {port!r} {found}"
