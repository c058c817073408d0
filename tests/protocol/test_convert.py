"""The edges to multiformats and dag_cbor, which are oracles at the same time."""

import subprocess
import sys
from typing import Any

import dag_cbor
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import CID, multihash

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.convert import from_dag_cbor, from_multiformats, to_dag_cbor, to_multiformats
from ceramic_protocol.errors import EncodeError, IdentifierError
from ceramic_protocol.ids import METAMODEL
from ceramic_protocol.limits import MAX_CBOR_DEPTH
from tests.support import strategies

_CODECS = ["dag-cbor", "dag-jose", "raw", "dag-pb", "eth-tx", "identity", "json"]
_HASHES = ["sha2-256", "sha2-512", "sha3-256", "sha1"]

their_cids = st.builds(
    lambda codec, hashing, data: CID("base32", 1, codec, multihash.digest(data, hashing)),
    st.sampled_from(_CODECS),
    st.sampled_from(_HASHES),
    st.binary(max_size=9),
)
old_cids = st.binary(max_size=9).map(
    lambda data: CID("base58btc", 0, "dag-pb", multihash.digest(data, "sha2-256"))
)


@given(st.one_of(their_cids, old_cids))
def test_their_cids_are_ours(theirs: CID) -> None:
    ours = from_multiformats(theirs)
    assert (bytes(ours), str(ours)) == (bytes(theirs), str(theirs))
    assert to_multiformats(ours) == theirs
    assert (ours.version, ours.codec, ours.digest) == (theirs.version, theirs.codec.code, theirs.raw_digest)
    assert ours.hash_code == theirs.hashfun.code


@given(strategies.cids)
def test_our_cids_are_theirs(ours: Cid) -> None:
    theirs = to_multiformats(ours)
    assert (bytes(theirs), str(theirs)) == (bytes(ours), str(ours))
    assert from_multiformats(theirs) == ours


@given(
    st.one_of(
        st.binary(max_size=50),
        st.binary(max_size=50).map(lambda rest: b"\x01\x71\x12" + rest),
        st.binary(max_size=40).map(lambda digest: bytes([1, 0x71, 0x12, len(digest)]) + digest),
    )
)
def test_what_they_read_as_a_cid_we_read_too(data: bytes) -> None:
    try:
        theirs = CID.decode(data)
    except (KeyError, ValueError, IndexError):
        return
    assert to_multiformats(Cid.from_bytes(data)) == theirs.set(
        base="base32" if theirs.version else "base58btc"
    )


def test_metamodel_has_no_cid_of_theirs() -> None:
    with pytest.raises(IdentifierError, match=r"bafyxccyabfug233emvwc25rr.*0x71"):
        to_multiformats(METAMODEL.cid)
    with pytest.raises(IdentifierError):
        to_dag_cbor({"link": [METAMODEL.cid]})


@pytest.mark.parametrize("data", ["01ffff7f1220" + "00" * 32, "0171ffff7f01" + "00"])
def test_codecs_and_hashes_unknown_to_them(data: str) -> None:
    with pytest.raises(IdentifierError, match="multiformats"):
        to_multiformats(Cid.from_bytes(bytes.fromhex(data)))


def test_cid_longer_than_ours() -> None:
    with pytest.raises(IdentifierError):
        from_multiformats(CID("base32", 1, "raw", ("identity", bytes(200))))


@given(strategies.ipld)
def test_values_encode_alike_and_come_back(value: Any) -> None:
    theirs = to_dag_cbor(value)
    block = dagcbor.encode(value)
    assert dag_cbor.encode(theirs) == block
    assert dagcbor.encode(from_dag_cbor(theirs)) == block
    assert from_dag_cbor(dag_cbor.decode(block)) == dagcbor.decode(block)


def test_types_of_ours_become_plain() -> None:
    made = to_dag_cbor({"model": METAMODEL, "pair": (1, b"x")})
    assert made == {"model": bytes(METAMODEL), "pair": [1, b"x"]}
    assert type(made) is dict
    assert type(made["model"]) is bytes


def test_a_mixed_value_is_converted_whole() -> None:
    ours = Cid.of(b"x")
    theirs = to_multiformats(ours)
    assert from_dag_cbor([ours, theirs]) == [ours, ours]
    assert to_dag_cbor([ours, theirs]) == [theirs, theirs]


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        1 << 64,
        {1: 2},
        {"\ud800": 1},
        "\ud800",
        object(),
        bytearray(b"x"),
        _nested(MAX_CBOR_DEPTH + 1),
    ],
    ids=["nan", "2^64", "key", "surrogate key", "surrogate", "object", "bytearray", "deep"],
)
def test_values_that_dag_cbor_can_not_hold(value: object) -> None:
    for convert in (to_dag_cbor, from_dag_cbor):
        with pytest.raises(EncodeError):
            convert(value)


def test_nesting_up_to_the_limit() -> None:
    assert from_dag_cbor(to_dag_cbor(_nested(MAX_CBOR_DEPTH))) == _nested(MAX_CBOR_DEPTH)


def test_nothing_else_imports_their_libraries() -> None:
    code = (
        "import importlib, pkgutil, sys, ceramic_protocol as package\n"
        "for found in pkgutil.iter_modules(package.__path__):\n"
        "    if found.name != 'convert': importlib.import_module('ceramic_protocol.' + found.name)\n"
        "print(sorted({'multiformats', 'dag_cbor'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
