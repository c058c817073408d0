"""Unsigned varints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import varint as oracle

from ceramic_protocol import varint
from ceramic_protocol.errors import IdentifierError

numbers = st.one_of(st.integers(0, (1 << 63) - 1), st.integers(0, 300))


@given(numbers, st.binary(max_size=4), st.binary(max_size=4))
def test_what_is_written_is_read_wherever_it_stands(value: int, before: bytes, after: bytes) -> None:
    encoded = varint.encode(value)
    assert encoded == oracle.encode(value)
    assert varint.decode(before + encoded + after, len(before)) == (value, len(before) + len(encoded))


@given(st.binary(max_size=11))
def test_any_bytes_are_read_as_multiformats_reads_them(data: bytes) -> None:
    try:
        value, count, _rest = oracle.decode_raw(data)
    except ValueError:
        with pytest.raises(IdentifierError):
            varint.decode(data)
    else:
        assert varint.decode(data) == (value, count)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x81\x00", b"\x80" * 9 + b"\x01", b"\xff" * 20])
def test_cut_long_or_padded_varints_are_refused(data: bytes) -> None:
    with pytest.raises(IdentifierError):
        varint.decode(data)


@pytest.mark.parametrize("value", [-1, 1 << 63])
def test_numbers_out_of_range_have_no_varint(value: int) -> None:
    with pytest.raises(IdentifierError):
        varint.encode(value)
