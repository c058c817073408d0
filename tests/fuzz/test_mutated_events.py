"""The short form of the campaign of mutated events, and what is made to be slow or large."""

from __future__ import annotations

from typing import Any

import pytest

from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import ETH_TX, Cid
from ceramic_protocol.events import decode_event
from ceramic_protocol.limits import MAX_BLOCK_BYTES
from tests.fuzz import event_mutations
from tests.support import corpus, mutation

SAMPLE = event_mutations.sample_of(list(corpus.cars().values())[:200])


def test_mutated_events() -> None:
    figure = mutation.check_mutations(3000, 1)
    assert figure.startswith("3,000 changed events in 9 ways")
    assert "accepted as the event itself" in figure


def test_right_hashes_all_the_way_up() -> None:
    whole = next(found for found in SAMPLE if len(found.blocks) == 2)
    (first, block), (second, envelope) = whole.blocks
    value: Any = dagcbor.decode(block)
    changed = event_mutations.rehash(
        whole.roots, [(first, dagcbor.encode({**value, "x": 1})), (second, envelope)]
    )
    found = car.decode(changed)
    assert [cid.matches(content) for cid, content in found.blocks] == [True, True]
    assert found.roots != whole.roots
    assert found.roots[0] == found.blocks[1][0]
    assert bytes(found.blocks[0][0]) in found.blocks[1][1]


def test_an_event_that_is_not_the_signed_one_would_be_noticed() -> None:
    whole = SAMPLE[0]
    data = car.encode(whole.roots, whole.blocks)
    event, checked = mutation._decide(data)
    assert checked is not None
    real = mutation._real()
    with pytest.raises(AssertionError, match="not as it was"):
        mutation.judge(data[:-1] + b"\0", event, checked, real)
    with pytest.raises(AssertionError):
        mutation.judge(data, event, checked, real._replace(needed={}, signatures={}))


# As long as they need be to show what a byte costs; the limits grow with the length.
_DENSE = 60_000
_FILLERS = {
    "empty maps": b"\xa0",
    "empty lists": b"\x80",
    "lists in lists": b"\x81\x80",
    "empty texts": b"\x60",
    "floats": b"\xfb\x3f\xf8" + bytes(6),
    "links": b"\xd8\x2a\x45\x00\x01\x55\x00\x00",
}


def dense(filler: bytes, size: int) -> bytes:
    count = size // len(filler)
    head = b"\x9a" + count.to_bytes(4, "big") if count >> 16 else b"\x99" + count.to_bytes(2, "big")
    return head + filler * count


@pytest.mark.parametrize("filler", _FILLERS.values(), ids=_FILLERS)
def test_blocks_that_unpack_to_the_most(filler: bytes) -> None:
    init = b"\xa2\x64data" + dense(filler, _DENSE) + b"\x66header\xa1\x6bcontrollers\x81\x61x"
    data = car.encode([Cid.of(init)], [(Cid.of(init), init)])
    assert mutation.check_limits(data) == "unsigned_init_with_data"


def test_many_blocks_of_the_largest_size() -> None:
    blocks = [(Cid.of(bytes([n]) * MAX_BLOCK_BYTES), bytes([n]) * MAX_BLOCK_BYTES) for n in range(8)]
    assert mutation.check_limits(car.encode([blocks[0][0]], blocks)) == "cbor_malformed"


def test_witness_nodes_that_unpack_to_the_most() -> None:
    blocks = []
    at = prev = Cid.of(b"prev")
    for _ in range(3):
        node = dagcbor.encode([at, *[[]] * 30_000])
        at = Cid.of(node)
        blocks.append((at, node))
    transaction = {"txHash": Cid.of(b"tx", ETH_TX), "txType": "f(bytes32)", "chainId": "eip155:1337"}
    for value in (
        {"root": at, **transaction},
        {
            "id": prev,
            "prev": prev,
            "proof": Cid.of(dagcbor.encode({"root": at, **transaction})),
            "path": "0/0/0",
        },
    ):
        block = dagcbor.encode(value)
        blocks.append((Cid.of(block), block))
    assert mutation.check_limits(car.encode([blocks[-1][0]], blocks)) == "anchor_tx_unknown"


def test_a_map_of_the_most_keys() -> None:
    init = dagcbor.encode(
        {"header": {"controllers": ["x"], **{f"{n:x}": 0 for n in range(10_000)}}, "data": 1}
    )
    assert len(init) < MAX_BLOCK_BYTES
    data = car.encode([Cid.of(init)], [(Cid.of(init), init)])
    assert decode_event(data).cid == Cid.of(init)
    assert mutation.check_limits(data) == "unsigned_init_with_data"
