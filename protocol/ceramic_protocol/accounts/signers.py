"""Keys that sign events: Ed25519, P-256 and secp256k1 behind one port (accounts.md 1.1, 2.4).

Nothing here is random: whoever makes a key brings its 32 bytes along.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn, Protocol, TypeAlias

from coincurve import PrivateKey as Secp256k1Key
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.signing import SigningKey

from ceramic_protocol.accounts.did import KeyType, PublicKey, did_key
from ceramic_protocol.errors import UsageError

SECRET_BYTES: Final = 32
"""Length of every secret: the seed of an Ed25519 key, the big-endian scalar of the others."""

SIGNATURE_BYTES: Final = 64
"""Length of every signature."""


class Signer(Protocol):
    """Whatever signs in the name of a DID; where its key lies is its own business."""

    @property
    def did(self) -> str:
        """The signing DID, without fragment."""
        ...

    @property
    def algorithm(self) -> str:
        """The JWS `alg` of its signatures."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`: 64 bytes, r‖s for ECDSA."""
        ...


def _es256() -> ec.ECDSA:
    try:
        return ec.ECDSA(SHA256(), deterministic_signing=True)
    except UnsupportedAlgorithm:  # OpenSSL before 3.2
        return ec.ECDSA(SHA256())


_ES256: Final = _es256()


class _LocalKey:
    """What the signers have in common. The secret shows in no text, and doesn't travel by pickle."""

    __slots__ = ("did", "public_key")

    def __init__(self, kind: KeyType, public: bytes) -> None:
        self.public_key: Final = PublicKey(kind, public)
        self.did: Final = did_key(self.public_key)

    @property
    def algorithm(self) -> str:
        """The JWS `alg` of its signatures."""
        return self.public_key.type.algorithm

    def __repr__(self) -> str:
        """Class and DID."""
        return f"{type(self).__name__}({self.did})"

    def __reduce__(self) -> NoReturn:
        """Refuse: a secret that travels is no longer one."""
        msg = f"{type(self).__name__} can't be pickled or copied"
        raise TypeError(msg)


class Ed25519Signer(_LocalKey):
    """EdDSA by PyNaCl. Deterministic (RFC 8032)."""

    __slots__ = ("_key",)

    def __init__(self, seed: bytes) -> None:
        """Make the key of a seed.

        Raises:
            UsageError: `seed` has not 32 bytes.
        """
        self._key = SigningKey(_checked(seed))
        super().__init__(KeyType.ED25519, bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`: 64 bytes."""
        return self._key.sign(message).signature


class P256Signer(_LocalKey):
    """ES256 by cryptography. Deterministic (RFC 6979) from OpenSSL 3.2 on; S may be high, as in JS."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        """Make the key of a scalar.

        Raises:
            UsageError: `secret` is no big-endian number from 1 to the order of the curve.
        """
        scalar = int.from_bytes(_checked(secret), "big")
        try:
            self._key = ec.derive_private_key(scalar, ec.SECP256R1())
        except ValueError:
            raise _out_of_range() from None
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        super().__init__(KeyType.P256, point)

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`: r‖s, 64 bytes."""
        r, s = decode_dss_signature(self._key.sign(message, _ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Secp256k1Signer(_LocalKey):
    """ES256K by coincurve. Deterministic (RFC 6979), S is low."""

    __slots__ = ("_key",)

    def __init__(self, secret: bytes) -> None:
        """Make the key of a scalar.

        Raises:
            UsageError: `secret` is no big-endian number from 1 to the order of the curve.
        """
        try:
            self._key = Secp256k1Key(_checked(secret))
        except ValueError:
            raise _out_of_range() from None
        super().__init__(KeyType.SECP256K1, self._key.public_key.format(compressed=True))

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`: r‖s, 64 bytes."""
        # The recoverable form is r‖s and one byte more, so that no DER has to be taken apart.
        signature: bytes = self._key.sign_recoverable(message)
        return signature[:SIGNATURE_BYTES]


LocalSigner: TypeAlias = Ed25519Signer | P256Signer | Secp256k1Signer

SIGNERS: Final[Mapping[KeyType, type[LocalSigner]]] = {
    KeyType.ED25519: Ed25519Signer,
    KeyType.P256: P256Signer,
    KeyType.SECP256K1: Secp256k1Signer,
}
"""The signer of each kind of key."""


def _checked(secret: bytes) -> bytes:
    if len(secret) != SECRET_BYTES:
        msg = f"a secret has {SECRET_BYTES} bytes, not {len(secret)}"
        raise UsageError(msg)
    return secret


def _out_of_range() -> UsageError:
    return UsageError("the secret is 0 or beyond the order of its curve")
