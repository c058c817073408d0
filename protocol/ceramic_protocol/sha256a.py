"""Sha256a: the hash of a set of Recon keys, which doesn't depend on their order (recon.md 2.3; sha256a.rs).

The SHA-256 of a key is eight little-endian numbers of 32 bits; a set's hash is their sum, each modulo 2^32.
ceramic-one adds inside SQLite and rounds a sum beyond 2^53, which takes about four million keys, to a double.
The sum here is exact.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from ceramic_protocol.errors import IdentifierError

_LENGTH: Final = 32
_EVEN_LANES: Final = int.from_bytes(b"\xff\xff\xff\xff\0\0\0\0" * 4, "little")
_LANE_BITS: Final = 32


@dataclass(frozen=True, slots=True)
class Sha256a:
    """The hash of a set; `Sha256a()` is that of the empty set, `+` that of two sets without common keys.

    Raises:
        IdentifierError: the digest has not 32 bytes.
    """

    digest: bytes = bytes(_LENGTH)

    def __post_init__(self) -> None:
        if len(self.digest) != _LENGTH:
            msg = f"a set hash has {_LENGTH} bytes, not {len(self.digest)}"
            raise IdentifierError(msg)

    @classmethod
    def of(cls, *keys: bytes) -> Self:
        """The hash of a set of a few keys: EventIDs, or peer keys as UTF-8, but no fenceposts."""
        return cls.of_all(keys)

    @classmethod
    def of_all(cls, keys: Iterable[bytes]) -> Self:
        """The hash of a set of keys, each given once."""
        return cls._sum(sha256(key).digest() for key in keys)

    @classmethod
    def merge(cls, hashes: Iterable[Sha256a]) -> Self:
        """The hash of the union of sets without common keys."""
        return cls._sum(part.digest for part in hashes)

    @classmethod
    def from_wire(cls, data: bytes) -> Self:
        """The hash in a Recon message, where no bytes stand for the empty set.

        Raises:
            IdentifierError: neither 32 bytes nor none.
        """
        return cls(data) if data else cls()

    @classmethod
    def parse(cls, text: str) -> Self:
        """The hash from its hex.

        Raises:
            IdentifierError: not 64 hex digits.
        """
        try:
            return cls(bytes.fromhex(text))
        except ValueError as error:
            msg = f"not the hex of a set hash: {error}"
            raise IdentifierError(msg) from None

    def add(self, key: bytes) -> Self:
        """The hash with one more key."""
        return self + type(self).of(key)

    @property
    def lanes(self) -> tuple[int, ...]:
        """The eight numbers."""
        return struct.unpack("<8I", self.digest)

    @property
    def is_zero(self) -> bool:
        """Whether it is the hash of the empty set."""
        return not any(self.digest)

    @property
    def wire(self) -> bytes:
        """The bytes in a Recon message: none for the empty set."""
        return b"" if self.is_zero else self.digest

    @classmethod
    def _sum(cls, digests: Iterable[bytes]) -> Self:
        # Even and odd lanes apart leave each of them 32 bits for carries: room for 2^32 keys.
        even = odd = 0
        for digest in digests:
            number = int.from_bytes(digest, "little")
            even += number & _EVEN_LANES
            odd += number >> _LANE_BITS & _EVEN_LANES
        total = even & _EVEN_LANES | (odd & _EVEN_LANES) << _LANE_BITS
        return cls(total.to_bytes(_LENGTH, "little"))

    def __add__(self, other: Sha256a) -> Self:
        """The hash of the union."""
        return self._sum((self.digest, other.digest))

    def __str__(self) -> str:
        """Upper-case hex."""
        return self.digest.hex().upper()
