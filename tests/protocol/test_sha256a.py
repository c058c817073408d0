"""The hash of a set of keys."""

import struct
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.sha256a import Sha256a

keys = st.lists(st.binary(max_size=40), unique=True, max_size=30)
digests = st.one_of(st.binary(min_size=32, max_size=32), st.sampled_from([b"\xff" * 32, bytes(32)]))


def _slowly(made: list[bytes]) -> tuple[int, ...]:
    lanes = [struct.unpack("<8I", digest) for digest in made]
    return tuple(sum(lane) % 2**32 for lane in zip(*lanes, strict=True)) or (0,) * 8


def test_hashes_of_the_reference() -> None:
    assert str(Sha256a.of(b"hello")) == "2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824"
    other = Sha256a.of(b"other")
    assert str(other) == "D9298A10D1B0735837DC4BD85DAC641B0F3CEF27A47E5D53A54F2F3F5B2FCFFA"
    assert other.lanes == (
        277490137,
        1483976913,
        3628850231,
        459582557,
        669989903,
        1398636196,
        1060065189,
        4207882075,
    )


@given(keys, st.randoms())
def test_order_and_grouping_make_no_difference(made: list[bytes], random: Random) -> None:
    whole = Sha256a.of_all(made)
    assert whole.lanes == _slowly([sha256(key).digest() for key in made])
    random.shuffle(made)
    cut = random.randint(0, len(made))
    left, right = Sha256a.of(*made[:cut]), Sha256a.of_all(made[cut:])
    assert left + right == right + left == whole == Sha256a.merge([right, left, Sha256a()])
    grown = Sha256a()
    for key in made:
        grown = grown.add(key)
    assert grown == whole == sum((Sha256a.of(key) for key in made), Sha256a())
    assert hash(grown) == hash(whole)


@given(st.lists(digests, max_size=9))
def test_lanes_wrap_apart_from_each_other(made: list[bytes]) -> None:
    assert Sha256a.merge(map(Sha256a, made)).lanes == _slowly(made)


@given(digests)
def test_forms_come_back(digest: bytes) -> None:
    made = Sha256a(digest)
    assert (
        Sha256a.parse(str(made)) == made == Sha256a.parse(str(made).lower()) == Sha256a.from_wire(made.wire)
    )
    assert len(made.wire) == (0 if made.is_zero else 32)
    assert struct.pack("<8I", *made.lanes) == digest


def test_the_empty_set() -> None:
    empty = Sha256a()
    assert empty == Sha256a.of() == Sha256a.of_all([]) == Sha256a.merge([]) == Sha256a.from_wire(b"")
    assert (empty.is_zero, empty.wire, empty.lanes, str(empty)) == (True, b"", (0,) * 8, "0" * 64)
    assert Sha256a.of(b"hello") + empty == Sha256a.of(b"hello")


@pytest.mark.parametrize("size", [1, 31, 33])
def test_other_lengths(size: int) -> None:
    for read in (Sha256a, Sha256a.from_wire):
        with pytest.raises(IdentifierError, match="32 bytes"):
            read(bytes(size))


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "é" * 64])
def test_text_that_is_no_hash(text: str) -> None:
    with pytest.raises(IdentifierError):
        Sha256a.parse(text)
