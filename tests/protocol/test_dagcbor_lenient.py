"""Lenient DAG-CBOR: the matrix of events.md 8.2, and never another answer than strict decoding."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import car, dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor_lenient import decode_lenient
from ceramic_protocol.errors import CeramicError, DecodeError
from ceramic_protocol.limits import MAX_CBOR_DEPTH
from ceramic_protocol.reasons import Reason
from tests.protocol.test_dagcbor import STRICT, nested, typed
from tests.support import corpus, strategies, vectors

LINK = Cid.of(b"linked")

# By the names in `STRICT`, which has every line of the matrix.
ACCEPTED: dict[str, Any] = {
    "float16": 1.0,
    "float32": 1.0,
    "int in two bytes that needs one": 23,
    "int in three bytes that needs two": 255,
    "int in five bytes that needs three": 65535,
    "int in nine bytes that needs five": (1 << 32) - 1,
    "negative int that is not minimal": -1,
    "length of text that is not minimal": "a",
    "length of bytes that is not minimal": b"\0",
    "length of a list that is not minimal": [1],
    "length of a map that is not minimal": {"a": 1},
    "tag that is not minimal": LINK,
    "keys out of order": {"a": 2, "b": 1},
    "longer key first": {"b": 2, "aa": 1},
    "undefined": None,
}


@pytest.mark.parametrize(("name", "value"), ACCEPTED.items(), ids=ACCEPTED.keys())
def test_what_nodes_have_accepted(name: str, value: Any) -> None:
    data = bytes.fromhex(STRICT[name])
    assert typed(decode_lenient(data)) == typed(value)
    assert typed(decode_lenient(b"\xa1\x61x\x81" + data)) == typed({"x": [value]})
    assert dagcbor.encode(value) != data


@pytest.mark.parametrize("name", sorted(STRICT.keys() - ACCEPTED.keys()))
def test_what_no_reader_should_accept(name: str) -> None:
    with pytest.raises(DecodeError) as error:
        decode_lenient(bytes.fromhex(STRICT[name]))
    assert error.value.reason is Reason.CBOR_MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        "f97e00",
        "f97c00",
        "f9fc00",
        "fa7fc00000",
        "fa7f800000",
        "faff800000",
        "a3616101616202616103",
        "a261610178016102",
        "b9ffff",
        "9affffffff",
        "b80261610161",
        "d82a5f4101ff",
        "d82a",
        "f93c",
        "fb00",
        "19",
    ],
)
def test_other_refusals(data: str) -> None:
    with pytest.raises(DecodeError) as error:
        decode_lenient(bytes.fromhex(data))
    assert error.value.reason is Reason.CBOR_MALFORMED


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("f90001", 2.0**-24),
        ("f9fbff", -65504.0),
        ("f98000", -0.0),
        ("fa7f7fffff", 3.4028234663852886e38),
        ("fa3dcccccd", 0.10000000149011612),
        ("1b0000000000000000", 0),
        ("3b0000000000000000", -1),
        ("3bffffffffffffffff", -(1 << 64)),
        ("a26162f7616180", {"b": None, "a": []}),
    ],
)
def test_values_of_the_forms_that_are_not_strict(data: str, value: Any) -> None:
    assert typed(decode_lenient(bytes.fromhex(data))) == typed(value)


def test_maps_keep_the_order_in_which_they_stand() -> None:
    value: Any = decode_lenient(bytes.fromhex("a3616301626161026161f7"))
    assert list(value) == ["c", "aa", "a"]


def reads_what_strict_reads(data: bytes) -> None:
    try:
        wanted = dagcbor.decode(data)
    except DecodeError:
        return
    assert typed(decode_lenient(data)) == typed(wanted)


@given(strategies.ipld)
def test_what_is_strict_is_read_the_same(value: Any) -> None:
    assert typed(decode_lenient(dagcbor.encode(value))) == typed(value)


@given(strategies.ipld.map(dagcbor.encode), st.data())
def test_damaged_blocks_have_one_strict_form_or_none(block: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(block) - 1))
    damaged = block[:at] + data.draw(st.binary(max_size=2)) + block[at + 1 :]
    reads_what_strict_reads(damaged)
    try:
        value = decode_lenient(damaged)
    except DecodeError:
        return
    assert typed(dagcbor.decode(dagcbor.encode(value))) == typed(value)


@given(st.binary(max_size=40))
def test_any_bytes(data: bytes) -> None:
    reads_what_strict_reads(data)


def test_every_block_of_the_sample_reads_the_same() -> None:
    count = 0
    for data in list(corpus.cars().values())[::10]:
        try:
            blocks = car.decode(data).blocks
        except CeramicError:
            continue
        for _cid, block in blocks:
            reads_what_strict_reads(block)
            count += 1
    assert count > 500


def test_probes_that_the_rust_decoder_accepted() -> None:
    probe = vectors.reference("rust_probe_cbor_ids.json")
    accepted = 0
    for item, answer in zip(probe["input"], probe["expected"], strict=True):
        is_finite = "must be a finite number" not in str(answer)
        if item["cmd"] == "cbor" and str(answer).startswith("OK") and is_finite:
            decode_lenient(bytes.fromhex(item["arg"]))
            accepted += 1
    assert accepted > 3


@pytest.mark.parametrize("head", ["9b", "bb", "5b", "7b"])
def test_a_claimed_length_allocates_nothing(head: str) -> None:
    data = bytes.fromhex(head + "7fffffffffffffff") + bytes(100)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            decode_lenient(data)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("as_map", [False, True])
def test_depth_is_bounded(as_map: bool) -> None:
    deepest = nested(MAX_CBOR_DEPTH, as_map=as_map)
    block = dagcbor.encode(deepest)
    assert decode_lenient(block) == deepest
    with pytest.raises(DecodeError, match="nested"):
        decode_lenient((b"\xa1\x61a" if as_map else b"\x81") + block)
    with pytest.raises(DecodeError, match="nested"):
        decode_lenient(b"\x81" * 200_000)
