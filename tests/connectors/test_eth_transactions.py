from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors import rlp
from ceramic_connectors.chain_facts import Header, Sent
from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.eth_json import NonsenseError
from ceramic_connectors.eth_transactions import transaction_hash
from ceramic_protocol.accounts.hashes import keccak256
from ceramic_protocol.anchors import ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from ceramic_protocol.limits import MAX_ANCHOR_INPUT_BYTES
from tests.support import anchor_contract, corpus, evm

KEYS = [f"0x{number:064x}" for number in (1, 2)]
ANYBODY = "0x" + "11" * 20


@pytest.fixture(scope="module")
def node() -> Iterator[evm.Evm]:
    with evm.running() as running:
        yield running


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        (b"dog", "83646f67"),
        ([b"cat", b"dog"], "c88363617483646f67"),
        (b"", "80"),
        ([], "c0"),
        (0, "80"),
        (b"\0", "00"),
        (15, "0f"),
        (1024, "820400"),
        ([[], [[]], [[], [[]]]], "c7c0c1c0c3c0c1c0"),
        (
            b"Lorem ipsum dolor sit amet, consectetur adipisicing elit",
            "b838" + b"Lorem ipsum dolor sit amet, consectetur adipisicing elit".hex(),
        ),
        (bytes(1024), "b90400" + "00" * 1024),
        ([b"a"] * 100, "f864" + "61" * 100),
        (b"\x80", "8180"),
        (b"\x7f", "7f"),
    ],
)
def test_rlp(item: rlp.Item, wanted: str) -> None:
    assert rlp.encode(item).hex() == wanted


ORDERS: dict[str, dict[str, Any]] = {
    "EIP-1559": {},
    "legacy": {"gasPrice": "0x77359400"},
    "EIP-2930": {
        "type": "0x1",
        "gasPrice": "0x77359400",
        "accessList": [{"address": ANYBODY, "storageKeys": KEYS}, {"address": ANYBODY, "storageKeys": []}],
    },
    "creation": {"to": None, "data": "0x5f5ff3"},
    "long": {"data": "0x" + "ab" * 3000},
    "value": {"value": "0xde0b6b3a7640000"},
}


@pytest.mark.parametrize("kind", ORDERS)
def test_transactions_of_a_real_node_hash_to_their_hash(node: evm.Evm, kind: str) -> None:
    order = {"from": node.rpc("eth_accounts")[0], "to": ANYBODY, **ORDERS[kind]}
    tx_hash = node.rpc("eth_sendTransaction", {key: value for key, value in order.items() if value})
    assert node.receipt(tx_hash)["status"] == "0x1"
    found = node.rpc("eth_getTransactionByHash", tx_hash)
    assert transaction_hash(found).hex() == tx_hash[2:]
    sent = Sent.read(found, "eip155:1337", bytes.fromhex(tx_hash[2:]))
    assert sent.to == (order["to"] or "")
    assert len(sent.input) <= MAX_ANCHOR_INPUT_BYTES
    for name, value in found.items():
        if name in {"nonce", "gas", "value", "r", "s"}:
            assert transaction_hash({**found, name: hex(int(value, 16) + 1)}).hex() != tx_hash[2:]


def test_signed_transactions_of_the_sample() -> None:
    """What the sample's node would send is hashed; `raw` is what was signed."""
    entries = json.loads(corpus.CHAIN.read_bytes())
    for entry in entries:
        fields = {name: hex(entry[name]) for name in ("nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas")}
        value = {
            **fields,
            "type": "0x2",
            "chainId": hex(int(entry["chainId"].split(":")[1])),
            "to": entry["to"],
            "input": entry["input"],
            "value": "0x0",
            "accessList": [],
            "yParity": hex(entry["yParity"]),
            "r": entry["r"],
            "s": entry["s"],
        }
        assert transaction_hash(value) == keccak256(bytes.fromhex(entry["raw"][2:]))
        assert f"0x{transaction_hash(value).hex()}" == entry["txHash"]
    assert entries


FEES = {"maxPriorityFeePerGas": "0x1", "maxFeePerGas": "0x2", "gas": "0x3", "value": "0x0", "accessList": []}
SIGNED = {"yParity": "0x1", "r": "0x5", "s": "0x6"}
LATER: dict[str, tuple[dict[str, Any], rlp.Item]] = {
    "EIP-4844": (
        {"type": "0x3", "maxFeePerBlobGas": "0x9", "blobVersionedHashes": KEYS},
        [9, [bytes.fromhex(key[2:]) for key in KEYS]],
    ),
    "EIP-7702": (
        {
            "type": "0x4",
            "authorizationList": [{"chainId": "0x1", "address": ANYBODY, "nonce": "0x7", **SIGNED}],
        },
        [[[1, b"\x11" * 20, 7, 1, 5, 6]]],
    ),
}


@pytest.mark.parametrize("kind", LATER)
def test_members_of_later_types(kind: str) -> None:
    """By the text of the EIPs: no node at hand makes them without more ado."""
    members, items = LATER[kind]
    value = {"chainId": "0x1", "nonce": "0x0", "to": ANYBODY, "input": "0x", **FEES, **SIGNED, **members}
    assert isinstance(items, list)
    hashed = rlp.encode([1, 0, 1, 2, 3, b"\x11" * 20, 0, b"", [], *items, 1, 5, 6])
    assert transaction_hash(value) == keccak256(bytes([int(members["type"], 16)]) + hashed)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.sampled_from(["", "0x", "0x0", "0x01", "0x2", ANYBODY, KEYS[0]]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["address", "storageKeys", "hash", "number"]), inner, max_size=3)
    ),
    max_leaves=4,
)
CHAIN = DevChain(clock=lambda: 1_700_000_000.0)
TX_HASH = CHAIN.anchor(Cid.of(b"root"))
KNOWN = CHAIN.find(TX_HASH)
assert KNOWN is not None


@given(st.dictionaries(st.sampled_from(sorted(KNOWN.as_json())), JSON, min_size=1))
def test_any_other_members_make_nonsense_or_say_the_same(changes: dict[str, Any]) -> None:
    assert KNOWN is not None
    value = {**KNOWN.as_json(), **changes}
    try:
        found = Sent.read(value, "eip155:1337", TX_HASH)
    except NonsenseError:
        return
    assert (found.to, found.input) == (KNOWN.known.to, KNOWN.known.input)


@given(JSON)
def test_any_value_is_a_block_or_nonsense(value: object) -> None:
    with suppress(NonsenseError):
        assert Header.read(value, 2).place.number == 2


def test_an_empty_list_may_be_left_out() -> None:
    assert KNOWN is not None
    lists: tuple[list[object] | None, ...] = (None, [])
    for access in lists:
        assert transaction_hash({**KNOWN.as_json(), "accessList": access}) == TX_HASH
    assert transaction_hash({**KNOWN.as_json(), "v": "0x7"}) == TX_HASH, "yParity counts"


def test_the_anchor_contract_logs_what_it_anchors(node: evm.Evm) -> None:
    anchor_contract.put(node)
    root = Cid.of(b"root")
    receipt = node.receipt(f"0x{anchor_contract.anchor(node, root).hex()}")
    (event,) = receipt["logs"]
    assert receipt["status"] == "0x1"
    assert event["topics"] == [
        "0x37f9254ff1973d24d609016d6bb0aef8e6de91808811a546fad8eaa0e481d9d9",
        "0x" + "00" * 12 + node.rpc("eth_accounts")[0][2:],
    ]
    assert event["data"] == f"0x{root.digest.hex()}"
    wanted, made = KNOWN.receipt() if KNOWN else {}, receipt
    assert wanted.keys() <= made.keys()
    assert wanted["logs"][0].keys() <= event.keys() | {"logIndex"}


@pytest.mark.parametrize(
    "call",
    [
        b"",
        ANCHOR_SELECTOR,
        ANCHOR_SELECTOR + bytes(31),
        ANCHOR_SELECTOR + bytes(33),
        bytes(4) + bytes(32),
    ],
)
def test_the_anchor_contract_refuses_other_calls(node: evm.Evm, call: bytes) -> None:
    address = node.deploy(anchor_contract.CODE)
    order = {"from": node.rpc("eth_accounts")[0], "to": address, "data": f"0x{call.hex()}"}
    tx_hash = node.rpc("eth_sendTransaction", {**order, "gas": anchor_contract.GAS})
    assert node.receipt(tx_hash)["status"] == "0x0"
