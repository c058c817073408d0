"""did:key: a public key as text (accounts.md 1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Self

from ceramic_protocol import multibase, varint
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_CACHED_KEYS, MAX_IDENTIFIER_CHARS

_PREFIX = "did:key:"


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


@lru_cache(maxsize=MAX_CACHED_KEYS)
def resolve_did_key(did: str) -> PublicKey:
    """The public key that a did:key spells out.

    Raises:
        IdentifierError: not a did:key, or a kind or length of key that doesn't sign events.
    """
    if not did.startswith(_PREFIX) or len(did) > MAX_IDENTIFIER_CHARS:
        msg = f"{did[:80]!r} is not a did:key"
        raise IdentifierError(msg)
    text = did.removeprefix(_PREFIX)
    if not text.startswith("z"):
        msg = "a did:key is base58btc and starts with did:key:z"
        raise IdentifierError(msg)
    data = multibase.decode(text)
    codec, start = varint.decode(data)
    key_type = _BY_CODEC.get(codec)
    if key_type is None:
        msg = f"key codec {codec:#x} does not sign events"
        raise IdentifierError(msg)
    if len(data) - start not in key_type.lengths:
        msg = f"{key_type.value} key of {len(data) - start} bytes"
        raise IdentifierError(msg)
    return PublicKey(key_type, data[start:])


def did_key(key: PublicKey) -> str:
    """The did:key of a public key."""
    return _PREFIX + multibase.encode(varint.encode(key.type.multicodec) + key.data, "z")
