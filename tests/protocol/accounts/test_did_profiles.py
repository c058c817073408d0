"""DIDs as js-did and ceramic-one read them, beyond the cases of the vectors.

The expectations were compared with key-did-resolver 4.0.0, pkh-did-resolver and the crates did-method-key
0.2.2 and did-pkh 0.2.1, on some 4,000 DIDs.
"""

from __future__ import annotations

import base64

import pytest
from coincurve import PublicKey as Secp256k1Key
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol import multibase, varint
from ceramic_protocol.accounts.did import DID_KEY, KeyType, PublicKey, resolve_did_key
from ceramic_protocol.accounts.did_multibase import decode_any
from ceramic_protocol.accounts.did_profiles import (
    ceramic_one_key,
    js_key,
    resolves_in_ceramic_one,
    resolves_in_js,
)
from tests.support import signing

ETH = "0xab16a96d359ec26a11e2c2b3d8f8b8942d5bfcdb"
SOLANA = "6i6qSWkZQMSJ2UF4tEkDBTQXRoiqGHdXXmXft2zFawHR"
PRIME = (1 << 255) - 19
DID = signing.ed25519(3).did
KEY = resolve_did_key(DID)


def did_of_bytes(data: bytes, base: str = "z") -> str:
    return DID_KEY + multibase.encode(data, base)


def ed25519_did(y: int, sign: int = 0) -> str:
    return did_of_bytes(b"\xed\x01" + (y | sign << 255).to_bytes(32, "little"))


@pytest.mark.parametrize("kind", KeyType)
def test_all_agree_on_keys_as_everybody_writes_them(kind: KeyType) -> None:
    signer = signing.SIGNERS[kind](11)
    kid = f"{signer.did}#{signer.did.removeprefix(DID_KEY)}"
    assert js_key(kid) == ceramic_one_key(kid) == resolve_did_key(signer.did) == signer.key


@pytest.mark.parametrize(
    ("end", "js", "ceramic_one"),
    [
        ("#", True, True),
        ("#any/thing?at=all#", True, True),
        ("#line\n", False, True),
        ("?version-id=0", True, False),
        ("/path", True, False),
        (";a=b", True, False),
        (";a", False, False),
        ("%20", False, False),
        (":", False, False),
        (" ", False, False),
        ("\n", False, False),
    ],
)
def test_what_may_follow_a_did(end: str, js: bool, ceramic_one: bool) -> None:
    assert resolves_in_js(DID + end) is js
    assert js_key(DID + end) == (KEY if js else None)
    assert resolves_in_ceramic_one(DID + end) is ceramic_one


@pytest.mark.parametrize("head", ["ed8100", "ed818000", "ed81808080808000"])
def test_js_reads_long_varints(head: str) -> None:
    did = did_of_bytes(bytes.fromhex(head) + KEY.data)
    assert js_key(did) == KEY
    assert ceramic_one_key(did) is None
    assert not resolves_in_js(did_of_bytes(bytes.fromhex("ed8180808080808000") + KEY.data))


def test_forms_of_points() -> None:
    p256 = signing.p256(11).key
    secp256k1 = signing.secp256k1(11).key
    whole = Secp256k1Key(secp256k1.data).format(compressed=False)
    hybrid = bytes([6 + whole[-1] % 2]) + whole[1:]
    assert js_key(did_of_bytes(b"\xe7\x01" + whole)) == secp256k1
    assert ceramic_one_key(did_of_bytes(b"\xe7\x01" + whole)) is None
    for data in (whole[1:], hybrid, b"", secp256k1.data[:-1]):
        did = did_of_bytes(b"\xe7\x01" + data)
        assert resolves_in_js(did)
        assert js_key(did) is None
        assert not resolves_in_ceramic_one(did)
    assert js_key(did_of_bytes(b"\x80\x24" + p256.data)) == p256


@pytest.mark.parametrize(
    ("y", "sign", "js"),
    [
        (0, 0, True),
        (0, 1, True),
        (1, 0, False),
        (1, 1, False),
        (2, 0, False),
        (3, 0, True),
        (PRIME - 1, 0, True),
        (PRIME - 1, 1, False),
        (PRIME, 0, False),
        (PRIME + 1, 0, False),
    ],
)
def test_js_looks_at_points_of_ed25519_at_once(y: int, sign: int, js: bool) -> None:
    did = ed25519_did(y, sign)
    assert resolves_in_js(did) is js
    assert (js_key(did) is not None) is js
    assert resolves_in_ceramic_one(did)


@pytest.mark.parametrize(
    ("account", "js", "ceramic_one"),
    [
        (f"eip155:1:{ETH}", True, False),
        ("eip155:1:no-address", True, False),
        (f"eip155::{ETH}", False, False),
        (f"eip155:{ETH}", False, False),
        ("bip122:000000000019d6689c085ae165831e93:128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6", True, False),
        ("tezos:NetXdQprcVkpaWU:tz1S6yUePpnMaNBSWKXGhFbcSpy1TdrboaV9", True, False),
        ("tezos:_a:tz1", False, False),
        (f"solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:{SOLANA}", False, True),
        (f"solana:{'a' * 33}:{SOLANA}", False, False),
        (f"solana:a_b:{SOLANA}", False, False),
        (f"solana:a:{SOLANA}1", False, False),
        (f"solana:a:{ETH}", False, False),
        (f"sol:{SOLANA}", False, True),
        (f"eth:{ETH}", False, False),
        ("stacks:1:SP1FCVWP4SNMFJ7JEEC543AF1Y1MJWT8KTPM10RH1", False, False),
    ],
)
def test_accounts(account: str, js: bool, ceramic_one: bool) -> None:
    did = f"did:pkh:{account}"
    assert resolves_in_js(did) is js
    assert js_key(did) is None
    key = PublicKey(KeyType.ED25519, multibase.decode_base58(SOLANA)) if ceramic_one else None
    assert ceramic_one_key(did) == key


@pytest.mark.parametrize("base", "bBcCfFhmMtTuUvVzZ079")
def test_ceramic_one_reads_every_base(base: str) -> None:
    did = DID_KEY + SPELLED[base]
    assert ceramic_one_key(did) == KEY
    assert resolves_in_js(did) == (base == "z")


def number(data: bytes, alphabet: str, width: int = 0) -> str:
    """Digits of a number, or with a width those of bits, filled up at the end."""
    length = -(-len(data) * 8 // width) if width else 0
    value, text = int.from_bytes(data, "big"), ""
    value <<= (length * width - len(data) * 8) if width else 0
    while value or len(text) < length:
        value, digit = divmod(value, len(alphabet))
        text = alphabet[digit] + text
    return text


RAW = b"\xed\x01" + KEY.data
HEX32 = base64.b32hexencode(RAW).decode()
SPELLED = {
    "b": multibase.encode(RAW, "b"),
    "B": "B" + base64.b32encode(RAW).decode().rstrip("="),
    "c": "c" + base64.b32encode(RAW).decode().lower(),
    "C": "C" + base64.b32encode(RAW).decode(),
    "f": "f" + RAW.hex(),
    "F": "F" + RAW.hex().upper(),
    "h": "h" + number(RAW, "ybndrfg8ejkmcpqxot1uwisza345h769", 5),
    "m": multibase.encode(RAW, "m"),
    "M": "M" + base64.b64encode(RAW).decode(),
    "t": "t" + HEX32.lower(),
    "T": "T" + HEX32,
    "u": multibase.encode(RAW, "u"),
    "U": "U" + base64.urlsafe_b64encode(RAW).decode(),
    "v": "v" + HEX32.lower().rstrip("="),
    "V": "V" + HEX32.rstrip("="),
    "z": multibase.encode(RAW, "z"),
    "Z": "Z" + number(RAW, "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"),
    "0": "0" + number(RAW, "01", 1),
    "7": "7" + number(RAW, "01234567", 3),
    "9": "9" + number(RAW, "0123456789"),
}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "k" + SPELLED["f"],
        "f" + RAW.hex().upper(),
        "F" + RAW.hex(),
        SPELLED["b"] + "=",
        SPELLED["c"].rstrip("="),
        SPELLED["M"] + "====",
        SPELLED["u"][:-1] + "B",
        "z0",
    ],
)
def test_text_in_another_than_its_shortest_form(text: str) -> None:
    assert decode_any(text) is None


def test_a_slash_ends_a_did_of_ceramic_one() -> None:
    raw = b"\xed\x01" + b"\xff" * 32
    assert "/" in multibase.encode(raw, "m")
    assert ceramic_one_key(did_of_bytes(raw, "m")) is None
    assert ceramic_one_key(did_of_bytes(raw, "u")) is not None


def test_long_text_is_not_even_tried() -> None:
    for text in ("did:key:z" + "2" * 1_000_000, "did:pkh:sol:" + "2" * 1_000_000):
        assert js_key(text) is ceramic_one_key(text) is None


@given(st.one_of(st.text(max_size=40), st.text(max_size=60).map("did:key:z".__add__)))
def test_any_text_has_an_answer(text: str) -> None:
    assert resolves_in_js(text) or js_key(text) is None
    assert resolves_in_ceramic_one(text) is (ceramic_one_key(text) is not None)


@given(st.binary(max_size=40))
def test_bytes_come_back_from_every_usual_base(data: bytes) -> None:
    for base in "bmufz":
        assert decode_any(multibase.encode(data, base)) == data


def test_codecs_that_sign_nothing() -> None:
    for codec in (0xEC, 0xEB, 0x1205, 0x55):
        did = did_of_bytes(varint.encode(codec) + bytes(32))
        assert not resolves_in_js(did)
        assert not resolves_in_ceramic_one(did)
