"""Proof of time: witness paths and transactions."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import dagcbor
from ceramic_protocol.anchors import (
    ANCHOR_CONTRACT,
    ANCHOR_SELECTOR,
    TX_FAILED,
    Anchored,
    verify_anchor,
    walk_path,
)
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import Proof, TimeEvent
from ceramic_protocol.networks import MAINNET, TESTNET_CLAY, Network
from ceramic_protocol.ports import NoChain, Transaction
from ceramic_protocol.reasons import Finding, Outcome, Reason
from tests.support import vectors
from tests.support.chains import KnownChain

PREV = Cid.of(b"prev", DAG_JOSE)
TX = bytes(range(32))


def event(leaves: list[Cid], path: str, *, tail: list[object] | None = None, **proof: str) -> TimeEvent:
    """A time event for PREV in a tree of one node, or alone where there are no leaves."""
    node = dagcbor.encode([*leaves, *(tail or [])])
    root = Cid.of(node) if leaves else PREV
    witnesses = {root: node} if leaves else {}
    steps = tuple(int(step) for step in path.split("/")) if path else ()
    proved = dataclasses.replace(Proof(root, TX, "f(bytes32)", "eip155:1"), **proof)  # type: ignore[arg-type]
    return TimeEvent(Cid.of(b"time"), Cid.of(b"init"), PREV, proved, steps, witnesses)


def chain(root: Cid, **changes: object) -> KnownChain:
    known = Transaction(ANCHOR_CONTRACT, ANCHOR_SELECTOR + root.digest, 1, 1_700_000_000)
    return KnownChain({"eip155:1"}, {("eip155:1", TX): dataclasses.replace(known, **changes)})  # type: ignore[arg-type]


def reason(found: Anchored | Finding) -> Reason | None:
    return found.reason if isinstance(found, Finding) else None


OTHER = Cid.of(b"other")
PLAIN = event([PREV, OTHER], "0")


@pytest.mark.parametrize(
    "time_event",
    [
        PLAIN,
        event([OTHER, PREV], "1"),
        event([PREV], "0", tail=[None]),
        event([PREV], "0", tail=[None, OTHER]),
        event([], ""),
    ],
    ids=["left", "right", "lone leaf", "lone leaf with metadata", "no tree"],
)
def test_a_proven_anchor_has_the_time_of_its_block(time_event: TimeEvent) -> None:
    assert verify_anchor(time_event, chain(time_event.proof.root)) == Anchored(1_700_000_000, "eip155:1")


@pytest.mark.parametrize(
    ("time_event", "wanted"),
    [
        (event([PREV, OTHER], "1"), Reason.ANCHOR_PATH_MISMATCH),
        (event([PREV, OTHER], "2"), Reason.ANCHOR_PATH_MISMATCH),
        (event([PREV, OTHER], ""), Reason.ANCHOR_PATH_MISMATCH),
        (event([PREV, OTHER], "0/0"), Reason.ANCHOR_PATH_MISMATCH),
        (event([PREV], "1", tail=[None]), Reason.ANCHOR_PATH_MISMATCH),
        (event([], "0"), Reason.ANCHOR_PATH_MISMATCH),
        (event([PREV, OTHER], "1/0"), Reason.ANCHOR_WITNESS_MISSING),
        (dataclasses.replace(PLAIN, witnesses={}), Reason.ANCHOR_WITNESS_MISSING),
        (dataclasses.replace(PLAIN, witnesses={PLAIN.proof.root: b"\xff"}), Reason.ANCHOR_PATH_MISMATCH),
        (dataclasses.replace(PLAIN, witnesses={PLAIN.proof.root: b"\xa0"}), Reason.ANCHOR_PATH_MISMATCH),
    ],
)
def test_paths_that_do_not_lead_to_prev(time_event: TimeEvent, wanted: Reason) -> None:
    refused = walk_path(time_event)
    assert refused is not None
    assert refused.reason is wanted
    assert verify_anchor(time_event, chain(time_event.proof.root)) == refused


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (NoChain(), Reason.ANCHOR_CHAIN_UNKNOWN),
        (KnownChain(), Reason.ANCHOR_CHAIN_UNKNOWN),
        (KnownChain({"eip155:1"}), Reason.ANCHOR_TX_UNKNOWN),
        (chain(PLAIN.proof.root, to="0x" + "00" * 20), Reason.ANCHOR_WRONG_CONTRACT),
        (chain(OTHER), Reason.ANCHOR_ROOT_MISMATCH),
        (chain(OTHER, input=bytes(4) + PLAIN.proof.root.digest), Reason.ANCHOR_ROOT_MISMATCH),
        (chain(OTHER, input=ANCHOR_SELECTOR), Reason.ANCHOR_ROOT_MISMATCH),
        (chain(OTHER, input=ANCHOR_SELECTOR + PLAIN.proof.root.digest + b"\0"), Reason.ANCHOR_ROOT_MISMATCH),
        (chain(OTHER, input=b""), Reason.ANCHOR_ROOT_MISMATCH),
    ],
)
def test_transactions_that_prove_nothing(known: KnownChain, wanted: Reason) -> None:
    assert reason(verify_anchor(PLAIN, known)) is wanted


def test_the_contract_may_be_written_with_its_checksum() -> None:
    known = chain(PLAIN.proof.root, to="0x231055A0852D67C7107Ad0d0DFeab60278fE6AdC")
    assert reason(verify_anchor(PLAIN, known)) is None


@pytest.mark.parametrize("status", [1, None])
def test_a_transaction_may_have_succeeded_or_not_tell(status: int | None) -> None:
    assert reason(verify_anchor(PLAIN, chain(PLAIN.proof.root, status=status))) is None


def test_a_transaction_that_failed_anchors_nothing() -> None:
    failed = verify_anchor(PLAIN, chain(PLAIN.proof.root, status=0))
    assert failed == Finding(TX_FAILED, f"transaction 0x{TX.hex()} on eip155:1 failed")
    assert TX_FAILED.outcome is Outcome.REJECTED
    for changes, wanted in (
        ({"to": "0x" + "00" * 20}, Reason.ANCHOR_WRONG_CONTRACT),
        ({"input": b""}, Reason.ANCHOR_ROOT_MISMATCH),
    ):
        known = chain(PLAIN.proof.root, status=0, **changes)
        assert reason(verify_anchor(PLAIN, known)) is wanted, "what would be wrong anyway is said first"


def test_another_contract_for_a_chain() -> None:
    mine = "0x" + "Ab" * 20
    known = chain(PLAIN.proof.root, to=mine.lower())
    assert reason(verify_anchor(PLAIN, known, {"eip155:1": mine})) is None
    assert reason(verify_anchor(PLAIN, known, {"eip155:5": mine})) is Reason.ANCHOR_WRONG_CONTRACT
    usual = chain(PLAIN.proof.root)
    assert reason(verify_anchor(PLAIN, usual, {"eip155:1": mine})) is Reason.ANCHOR_WRONG_CONTRACT
    assert reason(verify_anchor(PLAIN, usual, {"eip155:5": mine})) is None


def test_a_chain_of_another_network_is_refused_and_not_even_asked() -> None:
    root = PLAIN.proof.root
    assert reason(verify_anchor(PLAIN, chain(root), network=MAINNET)) is None
    assert reason(verify_anchor(PLAIN, chain(root), network=Network.local(1))) is None
    for known in (chain(root), NoChain()):
        refused = verify_anchor(PLAIN, known, network=TESTNET_CLAY)
        assert refused == Finding(Reason.ANCHOR_CHAIN_REFUSED, "eip155:1 is no chain of testnet-clay")
        assert refused.is_certain
    elsewhere = event([OTHER, PREV], "0", chain_id="eip155:1337")
    assert reason(verify_anchor(elsewhere, NoChain(), network=MAINNET)) is Reason.ANCHOR_PATH_MISMATCH


@pytest.mark.parametrize(
    ("tx_type", "wanted"), [("raw", Reason.ANCHOR_ROOT_MISMATCH), ("f(bytes)", Reason.ANCHOR_ROOT_MISMATCH)]
)
def test_other_kinds_of_proof(tx_type: str, wanted: Reason) -> None:
    time_event = event([PREV, OTHER], "0", tx_type=tx_type)
    assert reason(verify_anchor(time_event, chain(time_event.proof.root))) is wanted


def test_proofs_of_before_the_contract() -> None:
    old = event([PREV, OTHER], "0", tx_type="raw")
    data = b"\x0f" + old.proof.root
    good = chain(old.proof.root, to="0xanybody", input=data, block_number=16_688_195)
    assert reason(verify_anchor(old, good)) is None
    for known, wanted in (
        (chain(old.proof.root, input=data, block_number=16_688_196), Reason.ANCHOR_WRONG_CONTRACT),
        (chain(old.proof.root, input=data[1:], block_number=1), Reason.ANCHOR_ROOT_MISMATCH),
        (chain(old.proof.root, block_number=1), Reason.ANCHOR_ROOT_MISMATCH),
        (chain(old.proof.root, input=data, block_number=1, status=0), TX_FAILED),
    ):
        assert reason(verify_anchor(old, known)) is wanted


TREES = [
    (file, number, tree)
    for file in ("merkle_js_cas.json", "merkle_rust.json")
    for number, tree in enumerate(vectors.consensus(file)["trees"])
]


@pytest.mark.parametrize(
    ("file", "number", "tree"), TREES, ids=lambda value: None if isinstance(value, dict) else str(value)
)
def test_every_leaf_of_the_reference_trees(
    file: str, number: int, tree: dict[str, list[dict[str, str]]]
) -> None:
    del file, number
    witnesses = {Cid.parse(node["cid"]): bytes.fromhex(node["bytes_hex"]) for node in tree["nodes"]}
    proof = Proof(Cid.parse(str(tree["root"])), TX, "f(bytes32)", "eip155:1")
    for leaf in tree["leaves"]:
        prev = Cid.parse(leaf["prev_cid"])
        steps = tuple(int(step) for step in leaf["path"].split("/")) if leaf["path"] else ()
        found = TimeEvent(Cid.of(b""), Cid.parse(leaf["init_cid"]), prev, proof, steps, witnesses)
        assert reason(verify_anchor(found, chain(proof.root))) is None
        # The path of any other leaf is wrong.
        assert walk_path(dataclasses.replace(found, prev=OTHER)) is not None
        if steps:
            swapped = (*steps[:-1], 1 - steps[-1])
            assert walk_path(dataclasses.replace(found, path=swapped)) is not None
            assert walk_path(dataclasses.replace(found, path=steps[:-1])) is not None


@given(st.lists(st.integers(0, 99), max_size=6), st.lists(st.binary(max_size=60), max_size=3))
def test_any_path_through_any_nodes_is_answered(path: list[int], blocks: list[bytes]) -> None:
    witnesses = {Cid.of(block): block for block in blocks}
    root = Cid.of(blocks[0]) if blocks else OTHER
    time_event = TimeEvent(
        Cid.of(b"t"), OTHER, PREV, Proof(root, TX, "f(bytes32)", "eip155:1"), tuple(path), witnesses
    )
    refused = walk_path(time_event)
    assert refused is not None
    assert refused.reason in {Reason.ANCHOR_PATH_MISMATCH, Reason.ANCHOR_WITNESS_MISSING}
