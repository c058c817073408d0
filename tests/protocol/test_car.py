"""CARv1 in memory."""

from __future__ import annotations

import base64
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import car, dagcbor, varint
from ceramic_protocol.car import Car
from ceramic_protocol.cid import RAW, Cid
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.limits import MAX_EVENT_BLOCKS, MAX_EVENT_CAR_BYTES, MAX_SECTION_BYTES
from ceramic_protocol.reasons import Reason
from tests.support import strategies, vectors

blocks = st.lists(st.tuples(strategies.cids, st.binary(max_size=60)), max_size=5)
archives = st.builds(
    lambda roots, parts: Car(tuple(roots), tuple(parts)),
    st.lists(strategies.cids, min_size=1, max_size=3),
    blocks,
)
CID = Cid.of(b"block")
ONE = car.encode([CID], [(CID, b"block")])


def reason_of(data: bytes) -> Reason:
    with pytest.raises(DecodeError) as error:
        car.decode(data)
    return error.value.reason


@given(archives)
def test_what_is_written_is_read(archive: Car) -> None:
    assert car.decode(car.encode(archive.roots, archive.blocks)) == archive


@given(archives)
def test_cut_at_any_byte_it_is_truncated_or_has_fewer_whole_blocks(archive: Car) -> None:
    data = car.encode(archive.roots, archive.blocks)
    whole = {
        len(car.encode(archive.roots, archive.blocks[:count])) for count in range(len(archive.blocks) + 1)
    }
    for end in range(len(data)):
        if end in whole:
            found = car.decode(data[:end])
            assert found.roots == archive.roots
            assert found.blocks == archive.blocks[: len(found.blocks)]
        else:
            assert reason_of(data[:end]) is Reason.CAR_TRUNCATED


@given(st.one_of(st.binary(max_size=80), st.binary(max_size=40).map(lambda rest: ONE + rest)))
def test_any_bytes_are_a_car_or_one_of_two_errors(data: bytes) -> None:
    try:
        found = car.decode(data)
    except DecodeError as error:
        reason = error.reason
    else:
        assert sum(len(cid) + len(block) for cid, block in found.blocks) < len(data)
        return
    assert reason in {Reason.CAR_TRUNCATED, Reason.CAR_MALFORMED}


def header(value: object) -> bytes:
    block = dagcbor.encode(value)
    return varint.encode(len(block)) + block


@pytest.mark.parametrize(
    "data",
    [
        b"\0",
        header({"version": 2, "roots": [CID]}),
        header({"version": "1", "roots": [CID]}),
        header({"roots": [CID]}),
        header({"version": 1}),
        header({"version": 1, "roots": CID}),
        header({"version": 1, "roots": [bytes(CID)]}),
        header([1]),
        b"\x01\xff",
        b"\x80" * 9 + b"\x01",
        ONE + b"\0",
        ONE + b"\x01\x01",
        ONE + varint.encode(30) + CID[:30] + bytes(10),
        ONE + varint.encode(30) + b"\x01\x71\x12\x20" + bytes(26) + b"\x05\x01\x55\0\0x",
        ONE + varint.encode(MAX_SECTION_BYTES + 1),
        varint.encode(MAX_SECTION_BYTES + 1),
        bytes(MAX_EVENT_CAR_BYTES + 1),
    ],
    ids=lambda data: data[:30].hex(),
)
def test_hostile_archives_are_malformed(data: bytes) -> None:
    assert reason_of(data) is Reason.CAR_MALFORMED


def test_the_number_of_blocks_is_bounded() -> None:
    parts = [(CID, b"block")] * MAX_EVENT_BLOCKS
    assert len(car.decode(car.encode([CID], parts)).blocks) == MAX_EVENT_BLOCKS
    assert reason_of(car.encode([CID], [*parts, (CID, b"block")])) is Reason.CAR_MALFORMED


def test_a_claimed_length_allocates_nothing() -> None:
    tracemalloc.start()
    try:
        assert reason_of(ONE + varint.encode(MAX_SECTION_BYTES) + bytes(50)) is Reason.CAR_TRUNCATED
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()


def test_readers_are_lenient_where_the_references_are() -> None:
    # Lengths may be longer than needed, the header may have more members, blocks may come twice.
    block = dagcbor.encode({"roots": [CID], "version": 1, "comment": "x"})
    padded = bytes([len(block) | 0x80, 0x00]) + block
    assert car.decode(padded) == Car((CID,), ())
    twice = car.encode([CID], [(CID, b"block"), (CID, b"block")])
    assert len(car.decode(twice).blocks) == 2


def test_an_archive_without_root_is_read_but_never_written() -> None:
    assert car.decode(header({"version": 1, "roots": []})) == Car((), ())
    with pytest.raises(EncodeError):
        car.encode([], [])


@pytest.mark.parametrize(
    "name",
    [
        "rust_carfile_carv1_basic.json",
        "rust_car_signed_init_event.json",
        "rust_car_time_event_multi_event_batch.json",
    ],
)
def test_archives_of_the_references(name: str) -> None:
    vector = vectors.reference(name)
    data = base64.b64decode((vector["input"] | vector["expected"])["car_base64"])
    found = car.decode(data)
    assert found.blocks
    assert car.encode(found.roots, found.blocks) == data


@given(st.lists(strategies.cids, max_size=2), st.data())
def test_the_short_way_to_the_root_ends_where_the_long_one_does(
    roots: list[Cid], data: st.DataObject
) -> None:
    block = dagcbor.encode({"roots": roots, "version": 1})
    at = data.draw(st.integers(0, len(block) - 1))
    changed = block[:at] + data.draw(st.binary(max_size=2)) + block[at + 1 :]
    for tried in (block, changed):
        short = car._usual_root(tried)
        assert not short or short == car.decode_header(tried)
    assert bool(car._usual_root(block)) == (len(roots) == 1 and roots[0].codec != RAW)
