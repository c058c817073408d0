"""Signatures by keys that PyNaCl, cryptography and coincurve made."""

from __future__ import annotations

import coincurve
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.did import KeyType, PublicKey
from ceramic_protocol.accounts.signatures import verify
from tests.support.signing import (
    ED25519_ORDER,
    P256_ORDER,
    SECP256K1_ORDER,
    SIGNERS,
    ed25519,
    join_signature,
    p256,
    secp256k1,
    split_signature,
)

MESSAGE = b"message"
kinds = st.sampled_from(list(KeyType))


@given(kinds, st.integers(1, 1 << 60), st.binary(max_size=100))
def test_what_a_key_signed_is_verified(kind: KeyType, seed: int, message: bytes) -> None:
    signer = SIGNERS[kind](seed)
    assert verify(signer.key, message, signer.sign(message))


@given(kinds, st.integers(0, 511), st.integers(0, 55))
def test_one_changed_bit_anywhere_is_noticed(kind: KeyType, bit: int, message_bit: int) -> None:
    signer = SIGNERS[kind](1)
    signature = signer.sign(MESSAGE)
    changed = (int.from_bytes(signature, "big") ^ 1 << bit).to_bytes(64, "big")
    assert not verify(signer.key, MESSAGE, changed)
    other = (int.from_bytes(MESSAGE, "big") ^ 1 << message_bit).to_bytes(len(MESSAGE), "big")
    assert not verify(signer.key, other, signature)


@pytest.mark.parametrize("kind", KeyType)
def test_another_key_did_not_sign(kind: KeyType) -> None:
    assert not verify(SIGNERS[kind](2).key, MESSAGE, SIGNERS[kind](1).sign(MESSAGE))


@pytest.mark.parametrize("kind", KeyType)
def test_wrong_lengths(kind: KeyType) -> None:
    signer = SIGNERS[kind](1)
    signature = signer.sign(MESSAGE)
    for wrong in (b"", signature[:-1], signature + b"\0", b"\0" + signature, bytes(64), bytes(128)):
        assert not verify(signer.key, MESSAGE, wrong)


@given(kinds, st.binary(max_size=70), st.binary(min_size=64, max_size=64))
def test_any_key_and_signature_are_answered(kind: KeyType, key: bytes, signature: bytes) -> None:
    if kind is not KeyType.ED25519 or len(key) == 32:
        assert verify(PublicKey(kind, key), MESSAGE, signature) is False
    assert verify(SIGNERS[kind](1).key, MESSAGE, signature) is False


@pytest.mark.parametrize(("make", "order"), [(secp256k1, SECP256K1_ORDER), (p256, P256_ORDER)])
def test_both_values_of_s_are_accepted(make: type, order: int) -> None:
    signer = make(1)
    r, s = split_signature(signer.sign(MESSAGE))
    assert verify(signer.key, MESSAGE, join_signature(r, s))
    assert verify(signer.key, MESSAGE, join_signature(r, order - s))


@pytest.mark.parametrize(("make", "order"), [(secp256k1, SECP256K1_ORDER), (p256, P256_ORDER)])
def test_r_and_s_out_of_range(make: type, order: int) -> None:
    signer = make(1)
    r, s = split_signature(signer.sign(MESSAGE))
    top = (1 << 256) - 1
    wrong = [(0, s), (r, 0), (0, 0), (order, s), (r, order), (top, s), (r, top)]
    wrong += [(r + order, s)] * (r + order <= top) + [(r, s + order)] * (s + order <= top)
    for pair in wrong:
        assert not verify(signer.key, MESSAGE, join_signature(*pair))


def test_der_is_no_jws_signature() -> None:
    der = bytes.fromhex("30") + bytes(63)
    assert not verify(p256().key, MESSAGE, der)


def test_ed25519_s_beyond_the_order() -> None:
    signer = ed25519()
    signature = signer.sign(MESSAGE)
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    assert not verify(signer.key, MESSAGE, signature[:32] + s.to_bytes(32, "little"))


def test_ed25519_keys_have_32_bytes() -> None:
    signer = ed25519()
    for data in (signer.key.data + b"\0", signer.key.data[:-1], b""):
        assert not verify(PublicKey(KeyType.ED25519, data), MESSAGE, signer.sign(MESSAGE))


def test_a_recoverable_signature_must_name_the_right_key() -> None:
    secret = coincurve.PrivateKey(bytes(31) + b"\7")
    key = PublicKey(KeyType.SECP256K1, secret.public_key.format())
    signature = secret.sign_recoverable(MESSAGE)
    assert verify(key, MESSAGE, signature, "ES256K-R")
    assert not verify(key, MESSAGE, signature)
    other = signature[:-1] + bytes([1 - signature[-1]])
    for wrong in (other, signature[:-1], signature[:-1] + b"\4", bytes(65), b""):
        assert not verify(key, MESSAGE, wrong, "ES256K-R")
    assert not verify(key, MESSAGE + b"!", signature, "ES256K-R")


SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    # The same points in a form that is not the shortest.
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_ed25519_keys_of_small_order_sign_nothing(key: str) -> None:
    identity = (1).to_bytes(32, "little")
    for message in (MESSAGE, *(bytes([number]) for number in range(16))):
        for r in (identity, bytes.fromhex(key)):
            assert not verify(PublicKey(KeyType.ED25519, bytes.fromhex(key)), message, r + bytes(32))


def test_points_off_the_curve_sign_nothing() -> None:
    signature = p256().sign(MESSAGE)
    for data in (b"\x02" + b"\xff" * 32, b"\x05" + bytes(32), bytes(33), b"\x04" + bytes(64), b"\0"):
        for kind in (KeyType.P256, KeyType.SECP256K1):
            assert not verify(PublicKey(kind, data), MESSAGE, signature)


def test_a_whole_p256_point_is_the_same_key() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    signer = p256()
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), signer.key.data)
    whole = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert verify(PublicKey(KeyType.P256, whole), MESSAGE, signer.sign(MESSAGE))
