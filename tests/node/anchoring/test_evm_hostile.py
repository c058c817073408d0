"""An Ethereum node that answers anything at all: only `OutsideError` may come of it, and no proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.jsonrpc import JsonRpcClient, RpcError
from ceramic_connectors.keys import Secret
from ceramic_node.anchoring import EvmAnchorer
from ceramic_node.anchoring.ports import Batch, Order, Settled
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.merkle import Shape
from ceramic_protocol.ports import Chain
from tests.node.anchoring.making import START, Clock, tip
from tests.support.chains import KnownChain

CHAIN_ID = "eip155:1337"
BATCH = Batch(1, tip(1), Shape.CAS, START)
ORDER = Order(b"\x01" * 32, b"raw", START, {"nonce": 0, "fee": 100, "tip": 1})

_NUMBERS = st.integers(0, 1 << 70).map(hex)
_DATA = st.binary(max_size=40).map(lambda found: f"0x{found.hex()}")
_WORDS: st.SearchStrategy[Any] = st.sampled_from(["", "0x", "latest", None, True, 7, 0.5, [], {}])
_PLAIN = _NUMBERS | _DATA | _WORDS
_MEMBERS = ("baseFeePerGas", "blockHash", "hash", "number", "timestamp")
_ANY = _PLAIN | st.dictionaries(st.sampled_from(_MEMBERS), _PLAIN)
_ERROR = st.integers(-33000, 3).map(lambda number: RpcError("said so", number, "said so"))


class Anything(JsonRpcClient):
    """A client whose node says what it is given."""

    def __init__(self, says: Callable[[str], Any]) -> None:
        super().__init__("http://127.0.0.1:1")
        self._says = says

    def call(self, method: str, params: Sequence[Any] = (), max_bytes: int = 0) -> Any:
        del params, max_bytes
        said = self._says(method)
        if isinstance(said, RpcError):
            raise said
        return said


def anchorer(says: Callable[[str], Any]) -> EvmAnchorer:
    chain: Chain = KnownChain({CHAIN_ID})
    secret = Secret(b"\x05" * 32)
    return EvmAnchorer(Anything(says), chain, secret, chain_id=CHAIN_ID, clock=Clock(START + 1000))


@given(st.data())
def test_whatever_a_node_answers(data: st.DataObject) -> None:
    def says(method: str) -> Any:
        if method == "eth_chainId":
            return "0x539"
        return data.draw(_ANY | _ERROR, label=method)

    made = anchorer(says)
    with suppress(OutsideError):
        made.prepare(BATCH, data.draw(st.sampled_from([[], [ORDER]])), [])
    with suppress(OutsideError):
        made.submit(ORDER)
    with suppress(OutsideError):
        assert not isinstance(made.look(BATCH, [ORDER]), Settled)


@given(_ANY | _ERROR)
def test_whatever_a_node_says_of_its_chain(said: Any) -> None:
    made = anchorer(lambda _method: said)
    with pytest.raises(OutsideError):
        made.submit(ORDER)


def test_what_would_burn_too_much_is_not_paid() -> None:
    says = {"eth_chainId": "0x539", "eth_estimateGas": hex(10**9)}
    with pytest.raises(OutsideError, match="would_revert: it would burn 1000000000 gas"):
        anchorer(says.__getitem__).prepare(BATCH, [], [])


def test_a_node_that_knows_no_tips() -> None:
    says: dict[str, Any] = {
        "eth_chainId": "0x539",
        "eth_estimateGas": "0x7530",
        "eth_getBlockByNumber": {"baseFeePerGas": "0x7"},
        "eth_maxPriorityFeePerGas": RpcError("no", -32601, "the method does not exist"),
        "eth_getTransactionCount": "0x5",
    }
    order = anchorer(says.__getitem__).prepare(BATCH, [], [Order(b"", b"", START, {"nonce": 8})])
    assert dict(order.terms) == {"nonce": 9, "fee": 14 + 10**9, "tip": 10**9}
    better = anchorer(says.__getitem__).prepare(BATCH, [order], [])
    assert dict(better.terms) == {"nonce": 9, "fee": (14 + 10**9) * 5 // 4 + 1, "tip": 10**9 * 5 // 4 + 1}
