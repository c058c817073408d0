"""Keys that sign: deterministic, verified by our own checks, and silent about their secret."""

from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_protocol.accounts.did import KeyType, resolve_did_key
from ceramic_protocol.accounts.signatures import verify
from ceramic_protocol.accounts.signers import SECRET_BYTES, SIGNATURE_BYTES, SIGNERS, Secp256k1Signer, Signer
from ceramic_protocol.errors import UsageError
from tests.support.signing import P256_ORDER, SECP256K1_ORDER, split_signature

kinds = st.sampled_from(list(KeyType))
secrets = st.integers(1, 1 << 255).map(lambda number: number.to_bytes(SECRET_BYTES, "big"))
SECRET = bytes.fromhex("5ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2e75ec2")


@given(kinds, secrets, st.binary(max_size=300))
def test_what_is_signed_is_verified(kind: KeyType, secret: bytes, message: bytes) -> None:
    signer: Signer = SIGNERS[kind](secret)
    key = resolve_did_key(signer.did)
    assert key.type is kind
    assert signer.algorithm == kind.algorithm
    signature = signer.sign(message)
    assert len(signature) == SIGNATURE_BYTES
    assert verify(key, message, signature)
    assert not verify(key, message + b"x", signature)


@given(kinds, secrets, st.binary(max_size=50))
def test_the_same_message_has_the_same_signature(kind: KeyType, secret: bytes, message: bytes) -> None:
    assert SIGNERS[kind](secret).sign(message) == SIGNERS[kind](secret).sign(message)


@given(secrets, st.binary(max_size=50))
def test_secp256k1_signs_with_low_s(secret: bytes, message: bytes) -> None:
    _r, s = split_signature(Secp256k1Signer(secret).sign(message))
    assert 0 < s <= SECP256K1_ORDER // 2


@pytest.mark.parametrize("kind", KeyType)
def test_the_secret_is_shown_nowhere(kind: KeyType) -> None:
    signer = SIGNERS[kind](SECRET)
    shown = [repr(signer), str(signer), f"{signer}", repr([signer]), repr(signer.public_key)]
    for secret in (SECRET.hex(), repr(SECRET), repr(SECRET)[2:12], str(int.from_bytes(SECRET, "big"))):
        assert not any(secret in text for text in shown)
    assert repr(signer) == f"{type(signer).__name__}({signer.did})"
    assert not hasattr(signer, "__dict__")


@pytest.mark.parametrize("kind", KeyType)
def test_the_secret_does_not_travel(kind: KeyType) -> None:
    signer = SIGNERS[kind](SECRET)
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="can't be pickled"):
            attempt(signer)


@pytest.mark.parametrize("kind", KeyType)
@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_secrets_of_another_length(kind: KeyType, length: int) -> None:
    with pytest.raises(UsageError, match=f"32 bytes, not {length}"):
        SIGNERS[kind](bytes(length))


@pytest.mark.parametrize(
    ("kind", "order"), [(KeyType.SECP256K1, SECP256K1_ORDER), (KeyType.P256, P256_ORDER)]
)
def test_scalars_out_of_range(kind: KeyType, order: int) -> None:
    for scalar in (0, order, order + 1, (1 << 256) - 1):
        with pytest.raises(UsageError, match="0 or beyond the order") as raised:
            SIGNERS[kind](scalar.to_bytes(SECRET_BYTES, "big"))
        # The library's own message stays out of tracebacks: it might quote what it was given.
        assert raised.value.__suppress_context__
    for scalar in (1, order - 1):
        assert SIGNERS[kind](scalar.to_bytes(SECRET_BYTES, "big")).did.startswith("did:key:z")


def test_published_signatures() -> None:
    """RFC 8032 7.1 test 2; RFC 6979 A.2.5 with SHA-256."""
    ed25519 = SIGNERS[KeyType.ED25519](
        bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    )
    assert ed25519.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    p256 = SIGNERS[KeyType.P256](
        bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
    )
    assert p256.sign(b"sample").hex() == (
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    )
