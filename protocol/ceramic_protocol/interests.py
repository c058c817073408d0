"""Interests and peers: what a node wants to hold, how nodes name each other (events.md 2.4, recon.md 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from ceramic_protocol import dagcbor, multibase, varint
from ceramic_protocol.accounts.did import KeyType, PublicKey, did_key
from ceramic_protocol.errors import DecodeError, EncodeError, IdentifierError
from ceramic_protocol.event_ids import MODEL_SEPARATOR, EventId, EventRange
from ceramic_protocol.limits import MAX_IDENTIFIER_CHARS, MAX_INTEREST_BYTES, MAX_PEER_KEY_CHARS

INDEFINITE: Final = 0
"""`not_after` of an interest that never ends."""

MAX_EXPIRATION: Final = 99_999_999_999
"""The last second that a peer key's eleven digits can name."""

_IDENTITY: Final = 0x00
_SHA2_256: Final = 0x12
_SHA_LENGTH: Final = 32
_MAX_INLINE_KEY: Final = 42
_ED25519_PREFIX: Final = b"\x00\x24\x08\x01\x12\x20"
_ED25519_LENGTH: Final = len(_ED25519_PREFIX) + 32

_MIN: Final = b""
_MAX: Final = b"\xff"
_MIN_RANGE, _RANGE, _MAX_RANGE = range(3)
# An interest is a CBOR sequence: an array without its head. Put back, the strict decoder reads it.
_ARRAY_OF_3: Final = b"\x83"
_ARRAY_OF_6: Final = b"\x86"

_PEER_KEY: Final = re.compile(r"([0-9]{11})(?:\.([\w-]+\.[\w-]+\.[\w-]+))?", re.ASCII)


class PeerId(bytes):
    """A libp2p node: the multihash of its public key; an Ed25519 key stands in it whole. Text is base58."""

    __slots__ = ()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A PeerId that takes up all of `data`.

        Raises:
            IdentifierError: neither a whole SHA-256 nor at most 42 bytes of inline key.
        """
        code, pos = varint.decode(data)
        length, pos = varint.decode(data, pos)
        fits = length == _SHA_LENGTH if code == _SHA2_256 else code == _IDENTITY and length <= _MAX_INLINE_KEY
        if not fits or len(data) != pos + length:
            msg = "not a PeerId: no inline key of at most 42 bytes, and no SHA-256 of a key"
            raise IdentifierError(msg)
        return cls(data)

    @classmethod
    def of_ed25519(cls, key: bytes) -> Self:
        """The PeerId of a public Ed25519 key, the only kind that ceramic-one works with.

        Raises:
            IdentifierError: the key has not 32 bytes.
        """
        if len(_ED25519_PREFIX + key) != _ED25519_LENGTH:
            msg = f"Ed25519 key of {len(key)} bytes"
            raise IdentifierError(msg)
        return cls(_ED25519_PREFIX + key)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A PeerId from its base58 text (`12D3Koo…`, `Qm…`).

        Raises:
            IdentifierError: not the text of a PeerId.
        """
        if not text or len(text) > MAX_IDENTIFIER_CHARS:
            msg = "text is empty or too long for a PeerId"
            raise IdentifierError(msg)
        return cls.from_bytes(multibase.decode_base58(text))

    @property
    def did(self) -> str | None:
        """The did:key under which a node's API names it; None if the key isn't Ed25519."""
        if len(self) != _ED25519_LENGTH or not self.startswith(_ED25519_PREFIX):
            return None
        return did_key(PublicKey(KeyType.ED25519, self[len(_ED25519_PREFIX) :]))

    def __str__(self) -> str:
        """Base58 text."""
        return multibase.encode_base58(self)

    def __repr__(self) -> str:
        """`PeerId('12D3Koo…')`."""
        return f"PeerId({str(self)!r})"

    def __getnewargs__(self) -> tuple[bytes]:
        """Pickle as plain bytes."""
        return (bytes(self),)


class PeerKey(str):
    """Key of the peer ring: eleven digits of expiry in seconds since 1970, a dot, a compact JWS.

    Digits alone are a fencepost. Keys sort as text. What the JWS says is not looked at here.
    """

    __slots__ = ()

    @classmethod
    def of(cls, expiration: int, jws: str | None = None) -> Self:
        """The key of an entry, or without JWS the fencepost before those that expire then.

        Raises:
            IdentifierError: the expiry doesn't fit eleven digits, or the JWS is not three parts of base64url.
        """
        if not 0 <= expiration <= MAX_EXPIRATION:
            msg = f"expiry {expiration} does not fit eleven digits"
            raise IdentifierError(msg)
        return cls.parse(f"{expiration:0>11}" if jws is None else f"{expiration:0>11}.{jws}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """A key or fencepost from its text.

        Raises:
            IdentifierError: not eleven digits, with or without a compact JWS.
        """
        if len(text) > MAX_PEER_KEY_CHARS or not _PEER_KEY.fullmatch(text):
            msg = f"{text[:80]!r} is no peer key"
            raise IdentifierError(msg)
        return cls(text)

    @property
    def expiration(self) -> int:
        """When the entry expires, in seconds since 1970."""
        return int(self[:11])

    @property
    def jws(self) -> str | None:
        """The compact JWS; None for a fencepost."""
        return self[12:] or None

    def __getnewargs__(self) -> tuple[str]:
        """Pickle as plain text."""
        return (str(self),)


MIN_PEER_KEY: Final = PeerKey.of(0)
MAX_PEER_KEY: Final = PeerKey.of(MAX_EXPIRATION)


@dataclass(frozen=True, slots=True)
class InterestParts:
    """What an interest says. A fencepost has neither `range` nor `not_after`.

    The range goes from its first key on and ends before its second. `is_max` tells the two fenceposts of a
    peer apart.
    """

    sep_hash: bytes
    peer: PeerId
    range: tuple[bytes, bytes] | None
    not_after: int | None
    is_max: bool = False


class Interest(bytes):
    """A node's interest in a range of keys, or a fencepost; sorts as bytes do. Text is base58 `z…`."""

    __slots__ = ()

    @classmethod
    def of(
        cls,
        peer: PeerId,
        start: bytes,
        end: bytes,
        not_after: int = INDEFINITE,
        *,
        sep_key: str = MODEL_SEPARATOR,
    ) -> Self:
        """The interest of a peer in the keys from `start` on, before `end`.

        Raises:
            IdentifierError: it would be longer than an interest may be, or `not_after` has no 64 bits.
        """
        return cls._join(sep_hash(sep_key), peer, _RANGE, start, end, not_after)

    @classmethod
    def min_of(cls, peer: PeerId, *, sep_key: str = MODEL_SEPARATOR) -> Self:
        """The fencepost before all interests of a peer."""
        return cls._join(sep_hash(sep_key), peer, _MIN_RANGE)

    @classmethod
    def max_of(cls, peer: PeerId, *, sep_key: str = MODEL_SEPARATOR) -> Self:
        """The fencepost behind all interests of a peer."""
        return cls._join(sep_hash(sep_key), peer, _MAX_RANGE)

    @classmethod
    def _join(cls, *items: bytes | int) -> Self:
        plain = [bytes(item) if isinstance(item, bytes) else item for item in items]
        try:
            return cls.from_bytes(dagcbor.encode(plain)[1:])
        except EncodeError as error:
            msg = f"interest can't be written: {error}"
            raise IdentifierError(msg) from None

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """An interest or fencepost that takes up all of `data`, in minimal CBOR.

        ceramic-one ignores bytes behind it and takes any PeerId and any number for a fencepost's mark.

        Raises:
            IdentifierError: not an interest.
        """
        if data not in (_MIN, _MAX):
            _read(data)
        return cls(data)

    @classmethod
    def parse(cls, text: str) -> Self:
        """An interest from its multibase text.

        Raises:
            IdentifierError: not the text of an interest.
        """
        if len(text) > MAX_IDENTIFIER_CHARS:
            msg = "text is too long for an interest"
            raise IdentifierError(msg)
        return cls.from_bytes(multibase.decode(text))

    @property
    def parts(self) -> InterestParts | None:
        """All parts; None for the smallest and the largest fencepost, which have none."""
        return None if self in (_MIN, _MAX) else _read(self)

    @property
    def is_fencepost(self) -> bool:
        """Whether it only bounds a range of interests."""
        parts = self.parts
        return parts is None or parts.range is None

    def event_range(self) -> EventRange | None:
        """The range as EventIDs; None for a fencepost.

        Raises:
            IdentifierError: the bounds are other keys than EventIDs.
        """
        parts = self.parts
        if parts is None or parts.range is None:
            return None
        start, end = parts.range
        return EventRange(EventId.from_bytes(start), EventId.from_bytes(end))

    def __str__(self) -> str:
        """Base58 text with its multibase letter `z`."""
        return multibase.encode(self, "z")

    def __repr__(self) -> str:
        """`Interest('z…')`."""
        return f"Interest({str(self)!r})"

    def __getnewargs__(self) -> tuple[bytes]:
        """Pickle as plain bytes."""
        return (bytes(self),)


MIN_INTEREST: Final = Interest(_MIN)
"""Before every interest."""

MAX_INTEREST: Final = Interest(_MAX)
"""Behind every interest."""


def sep_hash(sep_key: str) -> bytes:
    """The 8 bytes for a separator key; unlike those in an EventID they don't depend on its value.

    Raises:
        IdentifierError: the key is not Unicode.
    """
    try:
        return sha256(sep_key.encode("utf-8")).digest()[-8:]
    except UnicodeEncodeError as error:
        msg = f"separator key is not Unicode: {error}"
        raise IdentifierError(msg) from None


def _read(data: bytes) -> InterestParts:
    if len(data) > MAX_INTEREST_BYTES:
        msg = f"{len(data)} bytes are too many for an interest"
        raise IdentifierError(msg)
    # Links are bytes too, and booleans numbers: only the plain types will do.
    match [item if type(item) in (bytes, int) else None for item in _items(data)]:
        case [bytes(hashed), bytes(peer), int(mark)] if len(hashed) == 8 and mark in (_MIN_RANGE, _MAX_RANGE):
            return InterestParts(hashed, PeerId.from_bytes(peer), None, None, mark == _MAX_RANGE)
        case [bytes(hashed), bytes(peer), 1, bytes(start), bytes(end), int(not_after)] if (
            len(hashed) == 8 and not_after >= 0
        ):
            return InterestParts(hashed, PeerId.from_bytes(peer), (start, end), not_after)
    msg = "not an interest: no sequence of separator, peer, mark and what belongs to the mark"
    raise IdentifierError(msg)


def _items(data: bytes) -> list[dagcbor.IpldValue]:
    for head in (_ARRAY_OF_6, _ARRAY_OF_3):
        try:
            items = dagcbor.decode(head + data)
        except DecodeError:
            continue
        if isinstance(items, list):
            return items
    return []
