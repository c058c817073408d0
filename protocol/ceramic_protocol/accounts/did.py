"""did:key: a public key as text (accounts.md 1.1).

Accepted are the forms with which both references check signatures: base58btc alone, the codec as its shortest
varint, P-256 as a compressed or whole point, the other kinds in one length. What each reference takes beyond
that is in `did_profiles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final, Self

from ceramic_protocol import multibase, varint
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_CACHED_KEYS, MAX_IDENTIFIER_CHARS

DID_KEY: Final = "did:key:"
"""What every did:key starts with."""


class KeyType(Enum):
    """A kind of key that signs events; `algorithms` are the JWS `alg`s that fit it, the usual one first."""

    algorithms: tuple[str, ...]
    multicodec: int
    lengths: tuple[int, ...]

    def __new__(
        cls, name: str, algorithms: tuple[str, ...], multicodec: int, lengths: tuple[int, ...]
    ) -> Self:
        """Make a member whose value is the curve's name."""
        member = object.__new__(cls)
        member._value_ = name
        member.algorithms = algorithms
        member.multicodec = multicodec
        member.lengths = lengths
        return member

    ED25519 = ("ed25519", ("EdDSA",), 0xED, (32,))
    SECP256K1 = ("secp256k1", ("ES256K", "ES256K-R"), 0xE7, (33,))
    P256 = ("p256", ("ES256",), 0x1200, (33, 65))

    @property
    def algorithm(self) -> str:
        """The `alg` that writers use."""
        return self.algorithms[0]


_BY_CODEC = {key_type.multicodec: key_type for key_type in KeyType}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Kind and raw bytes: 32 for Ed25519, a SEC1 point for the others. Not yet checked to be on the curve."""

    type: KeyType
    data: bytes


def did_of(url: str) -> str:
    """The DID in a DID URL, without path, query and fragment: they choose nothing where a DID is one key."""
    return url.partition("#")[0].partition("?")[0].partition("/")[0]


@lru_cache(maxsize=MAX_CACHED_KEYS)
def resolve_did_key(did: str) -> PublicKey:
    """The public key that a did:key spells out.

    Whether it is a point of its curve is left to the signature check, which has to find out anyway.

    Raises:
        IdentifierError: not a did:key, or a kind or length of key that doesn't sign events.
    """
    codec, data = decode_did_key(did)
    key_type = _BY_CODEC.get(codec)
    if key_type is None:
        msg = f"key codec {codec:#x} does not sign events"
        raise IdentifierError(msg)
    if len(data) not in key_type.lengths:
        msg = f"{key_type.value} key of {len(data)} bytes"
        raise IdentifierError(msg)
    return PublicKey(key_type, data)


def decode_did_key(did: str) -> tuple[int, bytes]:
    """Multicodec and raw bytes of any did:key, whatever kind of key it is.

    Raises:
        IdentifierError: not `did:key:z` with base58btc text of a shortest varint and more.
    """
    if not did.startswith(DID_KEY) or len(did) > MAX_IDENTIFIER_CHARS:
        msg = f"{did[:80]!r} is not a did:key"
        raise IdentifierError(msg)
    text = did.removeprefix(DID_KEY)
    if not text.startswith("z"):
        msg = "a did:key is base58btc and starts with did:key:z"
        raise IdentifierError(msg)
    data = multibase.decode(text)
    codec, start = varint.decode(data)
    return codec, data[start:]


def did_key(key: PublicKey) -> str:
    """The did:key of a public key."""
    return DID_KEY + multibase.encode(varint.encode(key.type.multicodec) + key.data, "z")
