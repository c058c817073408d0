"""Content identifiers: immutable bytes, text when asked for (events.md 1.1, 1.3; multiformats CID)."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Final, Self

from ceramic_protocol import base32, multibase, varint
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.limits import MAX_CID_BYTES, MAX_IDENTIFIER_CHARS, MAX_REMEMBERED_CIDS

DAG_CBOR: Final = 0x71
DAG_JOSE: Final = 0x85
RAW: Final = 0x55
ETH_TX: Final = 0x93
SHA2_256: Final = 0x12

_CODEC_NAMES: Final = {
    DAG_CBOR: "dag-cbor",
    DAG_JOSE: "dag-jose",
    RAW: "raw",
    ETH_TX: "eth-tx",
    0x70: "dag-pb",
}
_SHA_LENGTH: Final = 32
_V0_LENGTH: Final = 34
_V0_PREFIX: Final = b"\x12\x20"
_CBOR_PREFIX: Final = b"\x01\x71\x12\x20"
_CBOR_LENGTH: Final = len(_CBOR_PREFIX) + _SHA_LENGTH
_JOSE_PREFIX: Final = b"\x01\x85\x01\x12\x20"
_JOSE_LENGTH: Final = len(_JOSE_PREFIX) + _SHA_LENGTH


class Cid(bytes):
    """A CID: its binary form is the value itself, so it hashes, compares and sorts as bytes do.

    `str()` gives the usual text (base32 `b…`, base58 `Qm…` for version 0).
    """

    __slots__ = ()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A CID that takes up all of `data`.

        Raises:
            IdentifierError: not a CID, or something stands behind it.
        """
        size = len(data)
        if (size == _CBOR_LENGTH and data.startswith(_CBOR_PREFIX)) or (
            size == _JOSE_LENGTH and data.startswith(_JOSE_PREFIX)
        ):
            return cls(data)
        cid, end = cls.read(data, 0)
        if end != size:
            msg = f"{size - end} bytes behind the CID"
            raise IdentifierError(msg)
        return cid

    @classmethod
    def read(cls, data: bytes, pos: int) -> tuple[Self, int]:
        """The CID that starts at `pos` and the position behind it.

        Raises:
            IdentifierError: no CID starts there.
        """
        if data.startswith(_CBOR_PREFIX, pos):
            end = pos + _CBOR_LENGTH
        elif data.startswith(_JOSE_PREFIX, pos):
            end = pos + _JOSE_LENGTH
        elif data.startswith(_V0_PREFIX, pos):
            end = pos + _V0_LENGTH
        else:
            end = _end_of_cid(data, pos)
        if end > len(data) or end - pos > MAX_CID_BYTES:
            msg = "CID is cut short or too long"
            raise IdentifierError(msg)
        return cls(data[pos:end]), end

    @classmethod
    def parse(cls, text: str) -> Self:
        """A CID from its text in any multibase, or `Qm…`.

        Raises:
            IdentifierError: not the text of a CID.
        """
        if len(text) > MAX_IDENTIFIER_CHARS:
            msg = "text is too long for a CID"
            raise IdentifierError(msg)
        if text.startswith("Qm"):
            return cls.from_bytes(multibase.decode_base58(text))
        return cls.from_bytes(multibase.decode(text))

    @classmethod
    def of(cls, block: bytes, codec: int = DAG_CBOR) -> Self:
        """The CIDv1 of a block under SHA-256."""
        return cls(b"\x01" + varint.encode(codec) + b"\x12\x20" + sha256(block).digest())

    @property
    def version(self) -> int:
        """0 or 1."""
        return 0 if self.startswith(_V0_PREFIX) else 1

    @property
    def codec(self) -> int:
        """Multicodec of the block, such as `DAG_CBOR` or `DAG_JOSE`."""
        if self.startswith(_CBOR_PREFIX):
            return DAG_CBOR
        if self.startswith(_JOSE_PREFIX):
            return DAG_JOSE
        return 0x70 if self.version == 0 else varint.decode(self, 1)[0]

    @property
    def codec_name(self) -> str:
        """The multicodec's name, or its number in hex."""
        return _CODEC_NAMES.get(self.codec, hex(self.codec))

    @property
    def multihash(self) -> bytes:
        """Hash code, length and digest."""
        return bytes(self) if self.version == 0 else self[varint.decode(self, 1)[1] :]

    @property
    def hash_code(self) -> int:
        """Multihash code; 0x12 is SHA-256."""
        return varint.decode(self.multihash)[0]

    @property
    def digest(self) -> bytes:
        """The hash itself."""
        hashed = self.multihash
        return hashed[varint.decode(hashed, varint.decode(hashed)[1])[1] :]

    def matches(self, block: bytes) -> bool:
        """Whether `block` has this CID. False as well for every hash but SHA-256."""
        return self.endswith(sha256(block).digest()) and self.is_sha256

    @property
    def is_sha256(self) -> bool:
        """Whether the hash is a whole SHA-256."""
        return self.startswith((_CBOR_PREFIX, _JOSE_PREFIX)) or (
            self.hash_code == SHA2_256 and len(self.digest) == _SHA_LENGTH
        )

    def __str__(self) -> str:
        """Base32 text; base58 for version 0."""
        return _text(self).decode("ascii")

    def text(self) -> bytes:
        """The same as it is sent."""
        return _text(self)

    def __repr__(self) -> str:
        """`Cid('b…')`."""
        return f"Cid({str(self)!r})"

    def __getnewargs__(self) -> tuple[bytes]:
        """Pickle as plain bytes."""
        return (bytes(self),)


@lru_cache(MAX_REMEMBERED_CIDS)
def _text(cid: Cid) -> bytes:
    # What one event is, is the `prev` of the next one of its stream, once as field and once in its payload.
    if cid.version == 0:
        return multibase.encode_base58(cid).encode("ascii")
    return b"b" + base32.encode_ascii(cid)


def _end_of_cid(data: bytes, pos: int) -> int:
    version, pos = varint.decode(data, pos)
    if version != 1:
        msg = f"CID version {version} is not known"
        raise IdentifierError(msg)
    _codec, pos = varint.decode(data, pos)
    _hash, pos = varint.decode(data, pos)
    length, pos = varint.decode(data, pos)
    return pos + length
