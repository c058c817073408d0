"""Content identifiers."""

import pickle
from contextlib import suppress
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multiformats import multihash
from multiformats.cid import CID

from ceramic_protocol.cid import DAG_CBOR, DAG_JOSE, ETH_TX, RAW, Cid
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_CID_BYTES
from tests.support import strategies

CODECS = {DAG_CBOR: "dag-cbor", DAG_JOSE: "dag-jose", RAW: "raw"}


@given(st.binary(max_size=50), st.sampled_from(sorted(CODECS)))
def test_cid_of_a_block_is_that_of_multiformats(block: bytes, codec: int) -> None:
    cid = Cid.of(block, codec)
    wanted = CID("base32", 1, CODECS[codec], multihash.digest(block, "sha2-256"))
    assert bytes(cid) == bytes(wanted)
    assert str(cid) == str(wanted)
    assert (cid.version, cid.codec, cid.codec_name, cid.digest) == (
        1,
        codec,
        CODECS[codec],
        sha256(block).digest(),
    )


@given(strategies.cids)
def test_text_and_bytes_come_back(cid: Cid) -> None:
    assert Cid.parse(str(cid)) == cid == Cid.from_bytes(bytes(cid))
    assert Cid.parse(CID.decode(bytes(cid)).encode("base58btc")) == cid
    restored = pickle.loads(pickle.dumps(cid))
    assert restored == cid
    assert type(restored) is Cid
    assert repr(cid) == f"Cid('{cid}')"


@given(strategies.cids, st.binary(max_size=10), st.binary(max_size=10))
def test_a_cid_is_read_in_the_middle_of_other_bytes(cid: Cid, before: bytes, after: bytes) -> None:
    assert Cid.read(before + cid + after, len(before)) == (cid, len(before) + len(cid))


@given(strategies.cids, st.data())
def test_every_cut_and_every_extra_byte_is_refused(cid: Cid, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(cid) - 1))
    with pytest.raises(IdentifierError):
        Cid.from_bytes(cid[:end])
    with pytest.raises(IdentifierError):
        Cid.from_bytes(cid + b"\0")


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=60).map(lambda rest: b"\x01\x71\x12" + rest)))
def test_any_bytes_are_a_cid_or_identifier_error(data: bytes) -> None:
    try:
        cid = Cid.from_bytes(data)
    except IdentifierError:
        return
    assert bytes(cid) == data
    assert Cid.parse(str(cid)) == cid
    assert cid.multihash.endswith(cid.digest)


@given(st.text(max_size=60))
def test_any_text_is_a_cid_or_identifier_error(text: str) -> None:
    with suppress(IdentifierError):
        Cid.parse(text)


def test_version_0() -> None:
    cid = Cid.parse("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG")
    assert (cid.version, cid.codec_name, cid.hash_code, len(cid.digest)) == (0, "dag-pb", 0x12, 32)
    assert str(cid) == "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"
    assert cid.is_sha256


def test_metamodel_cid_that_generic_libraries_refuse() -> None:
    data = bytes.fromhex("0171710b0009686d6f64656c2d7631")
    cid = Cid.from_bytes(data)
    assert str(cid) == "bafyxccyabfug233emvwc25rr"
    assert cid.hash_code == 0x71
    assert not cid.is_sha256
    with pytest.raises(KeyError):
        CID.decode(data)


def test_ethereum_transaction_cid() -> None:
    cid = Cid.parse("bagjqcgzaday6dzalvmy5ady2m5a5legq5zrbsnlxfc2bfxej532ds7htpova")
    assert (cid.codec, cid.codec_name, cid.hash_code, len(cid)) == (ETH_TX, "eth-tx", 0x1B, 37)
    assert not cid.is_sha256


def test_a_block_matches_its_cid_only() -> None:
    cid = Cid.of(b"block")
    assert cid.matches(b"block")
    assert not cid.matches(b"other")
    # The right digest under another hash code, or cut short, is no SHA-256 of the block.
    assert not Cid(b"\x01\x71\x1b\x20" + cid.digest).matches(b"block")
    assert not Cid(b"\x01\x71\x12\x1f" + cid.digest[:31]).matches(b"block")


def test_cids_sort_and_hash_as_bytes() -> None:
    made = [Cid.of(bytes([number])) for number in range(20)]
    assert sorted(made) == sorted(map(bytes, made))
    assert {made[0]: 1}[Cid(bytes(made[0]))] == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x71\x12\x20" + bytes(32),
        b"\x02\x71\x12\x20" + bytes(32),
        b"\x01\xf1\x80\x00\x12\x20" + bytes(32),
        b"\x01\x71\x12\xff\xff\xff\xff\x7f" + bytes(32),
        b"\x01\x71\x12" + bytes([MAX_CID_BYTES - 3]) + bytes(MAX_CID_BYTES - 3),
    ],
    ids=["empty", "version 0 in the form of 1", "version 2", "padded codec", "huge digest", "over the limit"],
)
def test_hostile_cids_are_refused(data: bytes) -> None:
    with pytest.raises(IdentifierError):
        Cid.from_bytes(data)


def test_long_text_is_not_even_tried() -> None:
    with pytest.raises(IdentifierError, match="too long"):
        Cid.parse("z" + "2" * 1_000_000)
