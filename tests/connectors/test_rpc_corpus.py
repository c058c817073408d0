"""The sample's anchors through JSON-RPC: the same verdicts as from the file of its transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_connectors.chain_votes import UNCONFIRMED, UNKNOWN
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_protocol.anchors import verify_anchor
from ceramic_protocol.events import TimeEvent, decode_event
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Finding
from ceramic_protocol.verify import Verifier
from tests.support import corpus, vectors
from tests.support.sample_node import SCRIPT, sample_node

CHAINS = ("eip155:1337", "eip155:100")


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    """The address of the server that comes with the sample."""
    if not SCRIPT.is_file():
        pytest.skip("this sample has no server")
    with sample_node() as address:
        yield address


@pytest.fixture(scope="module")
def time_events() -> list[TimeEvent]:
    found = map(decode_event, corpus.cars().values())
    return [event for event in found if isinstance(event, TimeEvent)]


def ports(node: str, confirmations: int) -> RpcChain:
    urls = {chain_id: [f"{node}/{chain_id.removeprefix('eip155:')}"] for chain_id in CHAINS}
    return RpcChain(urls, confirmations=confirmations)


@pytest.mark.parametrize("confirmations", [0, 12, 32])
def test_every_transaction(node: str, confirmations: int) -> None:
    """The server's chain goes on for 32 blocks behind the last transaction."""
    file = FileChain.load(corpus.CHAIN)
    with closing(ports(node, confirmations)) as port:
        wanted = [(chain, tx_hash) for chain, known in file.transactions.items() for tx_hash in known]
        assert port.prefetch(wanted) == 0
        for chain_id, tx_hash in wanted:
            known = file.transaction(chain_id, tx_hash)
            assert isinstance(known, Transaction)
            assert port.transaction(chain_id, tx_hash) == replace(known, status=1)


def test_every_time_event(node: str, time_events: list[TimeEvent]) -> None:
    file = FileChain.load(corpus.CHAIN)
    seen: Counter[str] = Counter()
    with closing(ports(node, 0)) as port:
        assert port.prefetch((event.proof.chain_id, event.proof.tx_hash) for event in time_events) >= 0
        for event in time_events:
            checked, wanted = Verifier(port).verify(event), Verifier(file).verify(event)
            assert (checked.reason, checked.timestamp) == (wanted.reason, wanted.timestamp)
            seen[checked.outcome.value] += 1
    assert seen.total() == len(time_events)
    assert dict(seen) == {"valid": 483, "rejected": 36, "pending": 2} or vectors.is_named()


def test_what_is_unknown_stays_pending_on_a_chain_that_stands_still(
    node: str, time_events: list[TimeEvent]
) -> None:
    file = FileChain.load(corpus.CHAIN)
    seen = 0
    with closing(ports(node, 12)) as port:
        for event in time_events:
            if file.transaction(event.proof.chain_id, event.proof.tx_hash) == UNKNOWN:
                found = verify_anchor(event, port)
                assert isinstance(found, Finding)
                assert not found.is_certain
                assert found.detail.endswith(f" on {event.proof.chain_id}: {UNCONFIRMED.detail}")
                seen += 1
    assert seen == 11 or vectors.is_named()
