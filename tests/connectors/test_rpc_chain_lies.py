"""Endpoints that lie, fail and stall: nothing follows from what they say, and all is well afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import pytest

from ceramic_connectors.chain_view import Doubt
from ceramic_connectors.chain_votes import DISAGREEING, UNAVAILABLE, UNCONFIRMED, UNKNOWN, decide
from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_protocol.anchors import ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import RPC_ATTEMPTS, RPC_ENDPOINT_SECONDS, RPC_REST_SECONDS
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding, Reason
from tests.support.lying_chain import Lie, Node, changed, instead, node, nodes, plain
from tests.support.web import Answer

LOCAL = "eip155:1337"
ROOT, OTHER = Cid.of(b"root"), Cid.of(b"other")
NOWHERE = b"\xee" * 32
PATIENT, HASTY = 30.0, 0.3
"""Seconds for an answer: nobody honest is ever too slow for the first, and who stalls is slower than any."""


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now

    def later(self) -> None:
        self.now += 2 * RPC_REST_SECONDS


@dataclass
class Asked:
    """A port to some endpoints, of which some are going to lie about this transaction."""

    port: RpcChain
    nodes: list[Node]
    clock: Clock
    tx_hash: bytes
    truth: Transaction | Finding

    def again(self, tx_hash: bytes | None = None) -> Transaction | Finding:
        self.clock.later()
        return plain(self.port.transaction(LOCAL, tx_hash or self.tx_hash))

    def lie(self, method: str, lie: Lie, liars: int = 1) -> None:
        for liar in self.nodes[:liars]:
            liar.lies[method] = lie

    def fail(self, number: int, kind: str) -> None:
        """Let an endpoint fail; one that never finishes an answer isn't waited for as long as others."""
        self.nodes[number].fault = FAULTS[kind]
        self._wait_for(number, HASTY if kind in ENDLESS else PATIENT)

    def recover(self) -> None:
        for number, each in enumerate(self.nodes):
            each.lies.clear()
            each.fault = None
            self._wait_for(number, PATIENT)

    def _wait_for(self, number: int, seconds: float) -> None:
        # The connections that are kept stay, as there is no other way to fail between two questions.
        self.port._views[number].client._poster._timeout = seconds


@contextmanager
def asking(count: int = 1, quorum: int | None = None) -> Iterator[Asked]:
    chain, clock = DevChain(clock=lambda: 1_700_000_000.0), Clock()
    tx_hash = chain.anchor(ROOT)
    chain.anchor(OTHER)
    with (
        nodes(chain, count) as endpoints,
        closing(
            RpcChain({LOCAL: [each.url for each in endpoints]}, quorum=quorum, timeout=PATIENT, clock=clock)
        ) as port,
    ):
        yield Asked(port, endpoints, clock, tx_hash, chain.transaction(LOCAL, tx_hash))


ELSEWHERE = DevChain(clock=lambda: 1_700_000_000.0)
ELSEWHERE.mine(50)
STRANGE = ELSEWHERE.find(ELSEWHERE.anchor(OTHER))
assert STRANGE is not None
TX, RECEIPT, BLOCK = "eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getBlockByNumber"
HASH, TOO_LONG = f"0x{1:064x}", "0x1" + "0" * 64

LIES: list[tuple[str, Lie]] = [
    # The contents of the transaction, which its hash holds.
    (TX, changed(input=f"0x{(ANCHOR_SELECTOR + OTHER.digest).hex()}")),
    (TX, changed(to="0x" + "00" * 20)),
    (TX, changed(to=None)),
    (TX, changed(nonce="0x7")),
    (TX, changed(r="0x1")),
    (TX, changed(type="0x0")),
    (TX, changed(type="0x7e")),
    (TX, changed(type=...)),
    (TX, changed(chainId="0x1")),
    (TX, changed(hash=HASH)),
    (TX, changed(accessList=[{"address": "0x" + "00" * 20, "storageKeys": []}])),
    (TX, instead(STRANGE.as_json())),
    # Where it is.
    (TX, changed(blockHash=HASH)),
    (TX, changed(blockHash="0x1")),
    (TX, changed(blockNumber="0x3")),
    (TX, changed(blockNumber="0x0")),
    (TX, changed(blockNumber=None)),
    (TX, changed(blockNumber=TOO_LONG)),
    (TX, changed(blockNumber="0xffffffffffffffff")),
    (TX, changed(blockHash=None)),
    # Not even the form of one.
    (TX, instead({})),
    (TX, instead([])),
    (TX, instead("0x")),
    (TX, instead(7)),
    (TX, instead(False)),
    (TX, changed(input=None)),
    (TX, changed(input=...)),
    (TX, changed(input="97ad")),
    (TX, changed(to=[1])),
    (TX, changed(gas=21000)),
    (TX, changed(accessList="none")),
    (TX, changed(accessList=[7])),
    # The receipt.
    (RECEIPT, instead(None)),
    (RECEIPT, instead(STRANGE.receipt())),
    (RECEIPT, changed(transactionHash=HASH)),
    (RECEIPT, changed(blockHash=HASH)),
    (RECEIPT, changed(blockNumber="0x3")),
    (RECEIPT, changed(status="0x2")),
    (RECEIPT, changed(status=1)),
    (RECEIPT, changed(status="yes")),
    (RECEIPT, instead("0x1")),
    # The block.
    (BLOCK, instead(None)),
    (BLOCK, changed(hash=HASH)),
    (BLOCK, changed(hash=None)),
    (BLOCK, changed(number="0x3")),
    (BLOCK, changed(timestamp=1_700_000_000)),
    (BLOCK, changed(timestamp=...)),
    (BLOCK, changed(timestamp=TOO_LONG)),
    (BLOCK, instead([1])),
    # The chain.
    ("eth_blockNumber", instead(None)),
    ("eth_blockNumber", instead("latest")),
    ("eth_blockNumber", instead("0x1")),
    ("eth_chainId", instead("0x1")),
    ("eth_chainId", instead("0x")),
    ("eth_chainId", instead(None)),
]
IDS = [f"{method}-{number}" for number, (method, _lie) in enumerate(LIES)]


@pytest.mark.parametrize(("method", "lie"), LIES, ids=IDS)
def test_a_lie_of_the_only_endpoint_is_found_out(method: str, lie: Lie) -> None:
    with asking() as at:
        at.lie(method, lie)
        found = at.again()
        assert isinstance(found, Finding)
        assert not found.is_certain
        at.recover()
        at.clock.now += RPC_ENDPOINT_SECONDS
        assert at.again() == at.truth


UNSEEN: list[tuple[str, Lie]] = [
    (RECEIPT, changed(status="0x0")),
    (RECEIPT, changed(status=...)),
    (BLOCK, changed(timestamp="0x1")),
    (TX, instead(None)),
]


@pytest.mark.parametrize(("method", "lie"), [*LIES, *UNSEEN])
def test_a_lie_of_one_among_three_changes_nothing(method: str, lie: Lie) -> None:
    with asking(3) as at:
        at.lie(method, lie)
        assert at.again() == at.truth
        assert at.again(NOWHERE) == UNKNOWN


@pytest.mark.parametrize(("method", "lie"), [*LIES[::8], *UNSEEN])
def test_a_lie_of_two_among_five_changes_nothing(method: str, lie: Lie) -> None:
    with asking(5) as at:
        at.lie(method, lie, liars=2)
        assert at.again() == at.truth


@pytest.mark.parametrize(("method", "lie"), UNSEEN)
def test_two_that_disagree_settle_nothing(method: str, lie: Lie) -> None:
    with asking(2) as at:
        at.lie(method, lie)
        found = at.again()
        assert isinstance(found, Finding)
        assert not found.is_certain
        at.recover()
        assert at.again() == at.truth


def test_that_something_is_missing_needs_a_quorum_without_a_witness_to_the_contrary() -> None:
    with asking(3) as at:
        at.lie(TX, instead(None), liars=2)
        found = at.again()
        assert isinstance(found, Finding)
        assert not found.is_certain
        at.recover()
        assert at.again() == at.truth


def found(stamp: int = 0) -> Transaction:
    return Transaction("0x", b"", 1, stamp)


SHALLOW, ABSENT, MISSING, SILENT = Doubt.SHALLOW, Doubt.ABSENT, Doubt.MISSING, Doubt.SILENT


@pytest.mark.parametrize(
    ("answers", "quorum", "wanted"),
    [
        ([found()], 1, found()),
        ([found(), found()], 2, found()),
        ([found(), found(1), found()], 2, found()),
        ([SILENT, SILENT, found()], 1, found()),
        ([found(), SILENT], 2, UNAVAILABLE),
        ([found(), found(1)], 2, DISAGREEING),
        ([found(), found(1), SHALLOW], 2, DISAGREEING),
        ([found(), SHALLOW], 2, UNCONFIRMED),
        ([SHALLOW], 1, UNCONFIRMED),
        ([MISSING], 1, UNCONFIRMED),
        ([ABSENT], 1, UNKNOWN),
        ([ABSENT, SILENT], 1, UNKNOWN),
        ([ABSENT, ABSENT, MISSING], 2, UNKNOWN),
        ([ABSENT, MISSING], 2, UNCONFIRMED),
        ([ABSENT, ABSENT, SHALLOW], 2, UNCONFIRMED),
        ([ABSENT, ABSENT, found()], 2, UNCONFIRMED),
        ([ABSENT, SILENT], 2, UNAVAILABLE),
        ([SILENT], 1, UNAVAILABLE),
        ([], 1, UNAVAILABLE),
    ],
)
def test_votes(answers: list[Transaction | Doubt], quorum: int, wanted: Transaction | Finding) -> None:
    assert decide(answers, quorum) == wanted


def test_no_more_are_asked_than_it_takes() -> None:
    with asking(3) as at:
        assert at.again() == at.truth
        assert [each.count(TX) for each in at.nodes] == [1, 1, 0]
    with asking(3, quorum=1) as at:
        assert at.again() == at.truth
        assert [each.count(TX) for each in at.nodes] == [1, 0, 0]


def test_who_failed_last_time_keeps_nobody_waiting() -> None:
    with asking(3) as at:
        at.fail(0, "stall")
        assert at.again() == at.truth
        asked = len(at.nodes[0].asked)
        other = at.nodes[0].chain.anchor(Cid.of(b"another"))
        assert at.again(other) == at.nodes[0].chain.transaction(LOCAL, other)
        assert len(at.nodes[0].asked) == asked
        assert at.again(NOWHERE) == UNKNOWN
        assert len(at.nodes[0].asked) > asked, "it might have what the others miss"


FAULTS: dict[str, Answer] = {
    "500": lambda exchange: exchange.reply(500),
    "401": lambda exchange: exchange.reply(401, b"no key"),
    "redirect": lambda exchange: exchange.reply(302, Location="http://127.0.0.1/"),
    "nothing": lambda exchange: exchange.raw(b""),
    "garbage": lambda exchange: exchange.raw(b"\0" * 100),
    "a page": lambda exchange: exchange.reply(200, b"<html>"),
    "deep": lambda exchange: exchange.reply(200, b"[" * 100_000),
    "half": lambda exchange: exchange.raw(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"id"'),
    "stall": lambda exchange: exchange.raw(b"HTTP", b"/1.1", pause=60),
    "drip": lambda exchange: exchange.raw(*[b"HTTP/1.1 200 OK\r\n"] + [b"A: b\r\n"] * 500, pause=0.02),
    "error": lambda exchange: exchange.rpc(error={"code": -32000, "message": "header not found"}),
    "busy": lambda exchange: exchange.rpc(error={"code": -32005, "message": "limit exceeded"}),
    "giant": lambda exchange: exchange.result("x" * 9_000_000),
    "other id": lambda exchange: exchange.reply(200, b'{"jsonrpc":"2.0","id":-1,"result":null}'),
}
ENDLESS = {"stall", "drip"}


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("from_the_start", [True, False])
def test_a_failing_endpoint_is_pending_and_all_is_well_when_it_recovers(
    kind: str, from_the_start: bool
) -> None:
    with asking() as at:
        if not from_the_start:
            assert at.again(NOWHERE) == UNKNOWN
        at.fail(0, kind)
        asked = len(at.nodes[0].asked)
        for tx_hash in (at.tx_hash, NOWHERE, b"\xdd" * 32):
            assert plain(at.port.transaction(LOCAL, tx_hash)) == UNAVAILABLE or tx_hash == NOWHERE
        assert at.port.prefetch((LOCAL, bytes([number]) * 32) for number in range(100)) == 100
        if kind in ENDLESS:
            # It rests after it has failed: a hundred questions are not a hundred times to wait.
            assert len(at.nodes[0].asked) - asked <= RPC_ATTEMPTS
        assert list(at.port.troubles()) == [at.nodes[0].url]
        at.recover()
        assert at.again() == at.truth
        assert at.again(NOWHERE) == UNKNOWN
        assert at.port.troubles() == {}


@pytest.mark.parametrize("kind", ["500", "stall", "garbage"])
def test_one_failing_endpoint_among_three_does_no_harm(kind: str) -> None:
    with asking(3) as at:
        at.fail(0, kind)
        assert at.again() == at.truth
        assert at.again(NOWHERE) == UNKNOWN
        at.fail(1, kind)
        assert at.again(b"\xdd" * 32) == UNAVAILABLE
        assert at.again() == at.truth, "settled before"


def test_endpoints_that_can_not_be_reached_count_for_the_quorum() -> None:
    """Else whoever cuts off two honest endpoints could say what he likes through the third."""
    chain, clock = DevChain(), Clock()
    tx_hash = chain.anchor(ROOT)
    with nodes(chain, 3) as endpoints:
        liar, *honest = endpoints
        liar.lies[BLOCK] = changed(timestamp="0x1")
        for each in honest:
            each.fault = FAULTS["500"]
        with closing(RpcChain([each.url for each in endpoints], timeout=PATIENT, clock=clock)) as port:
            assert plain(port.transaction(LOCAL, tx_hash)) == UNAVAILABLE
            for each in honest:
                each.fault = None
            clock.later()
            assert port.transaction(LOCAL, tx_hash) == chain.transaction(LOCAL, tx_hash)


def test_an_endpoint_of_another_chain_than_it_is_said_to_serve() -> None:
    chain = DevChain()
    tx_hash = chain.anchor(ROOT)
    with node(chain) as endpoint, closing(RpcChain({"eip155:1": [endpoint.url]})) as port:
        trouble = "it serves eip155:1337 instead of eip155:1"
        found = port.transaction("eip155:1", tx_hash)
        assert found == Finding(UNAVAILABLE.reason, f"{UNAVAILABLE.detail}; {endpoint.url}: {trouble}")
        assert port.troubles() == {endpoint.url: trouble}
        elsewhere = port.transaction(LOCAL, tx_hash)
        assert isinstance(elsewhere, Finding)
        assert elsewhere.reason is Reason.ANCHOR_CHAIN_UNKNOWN


def test_an_endpoint_that_changes_to_another_chain() -> None:
    """As a node does that is started anew with other settings at the same place."""
    with asking() as at:
        assert at.again() == at.truth
        other = DevChain(chain_id="eip155:5", clock=lambda: 1_700_000_000.0)
        hashes = [other.anchor(root) for root in (ROOT, OTHER)]
        at.nodes[0].chain = other
        assert {at.again(tx_hash) for tx_hash in hashes} == {UNAVAILABLE}


def test_the_same_transaction_through_threads_while_endpoints_fail_and_recover() -> None:
    with asking(3) as at:
        stop = threading.Event()
        seen: set[Transaction | Finding] = set()

        def ask() -> None:
            while not stop.is_set():
                seen.add(at.again())
                seen.add(at.again(b"\xdd" * 32))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for turn in range(30):
            liar = at.nodes[turn % 3]
            liar.fault = FAULTS["500"] if turn % 2 else FAULTS["garbage"]
            time.sleep(0.01)
            at.recover()
        stop.set()
        for thread in threads:
            thread.join()
        allowed = {at.truth, UNAVAILABLE, UNCONFIRMED, DISAGREEING, UNKNOWN}
        assert seen <= allowed
        assert at.again() == at.truth
