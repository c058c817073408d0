"""The port to the keys of Recon: what a node's events hash to, for any range of EventIDs (recon.md 2.3, 2.4).

The keys are those of the events that a store has delivered and whose own checks don't refuse them: a peer
hangs up on whoever offers it an event that it will never take (recon.md 7). Events of streams without model
or controller have no key. Ranges go from their first key on and end before their second.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Protocol

from ceramic_protocol.event_ids import EventId
from ceramic_protocol.sha256a import Sha256a

LANES: Final = 8
"""Numbers of 32 bits in the hash of a key."""

_LANE_MASK: Final = 0xFFFF_FFFF
_FORM: Final = struct.Struct("<8I")


@dataclass(frozen=True, slots=True)
class RangeHash:
    """How many keys are in a range, and the sums of their eight lanes, not yet reduced to 32 bits."""

    count: int
    lanes: tuple[int, ...]

    @property
    def hash(self) -> Sha256a:
        """The hash of the keys, exact."""
        return _reduced(self.lanes)

    @property
    def rounded(self) -> Sha256a:
        """The hash that ceramic-one has for them: it adds in doubles, which shows beyond 4,000,000 keys."""
        return _reduced(int(float(lane)) for lane in self.lanes)

    def plus(self, other: RangeHash, sign: int = 1) -> RangeHash:
        """This and another one that has no key in common, or with -1 this without a part of it."""
        lanes = tuple(one + sign * two for one, two in zip(self.lanes, other.lanes, strict=True))
        return RangeHash(self.count + sign * other.count, lanes)


NO_KEYS: Final = RangeHash(0, (0,) * LANES)
"""The hash of an empty range."""


def lanes_of(key: bytes) -> tuple[int, ...]:
    """The eight numbers that a key hashes to."""
    return _FORM.unpack(sha256(key).digest())


def range_hash_of(keys: Iterable[bytes]) -> RangeHash:
    """The hash of these keys, each given once."""
    found = [lanes_of(key) for key in keys]
    return RangeHash(len(found), tuple(map(sum, zip(*found, strict=True)))) if found else NO_KEYS


def _reduced(lanes: Iterable[int]) -> Sha256a:
    return Sha256a(_FORM.pack(*(lane & _LANE_MASK for lane in lanes)))


class ReconKeys(Protocol):
    """The keys of one store. All calls but `keys` take time by the logarithm of how many there are.

    Calls may come from several threads, and raise `OutsideError` and `StoreCorruption` as the store does.
    """

    def range_hash(self, start: bytes, end: bytes) -> RangeHash:
        """How many keys are in a range, and what they hash to; nothing if it ends before it starts."""
        ...

    def keys(self, start: bytes, end: bytes, limit: int) -> list[EventId]:
        """The first keys of a range, in order.

        Args:
            start: the first one that may be among them.
            end: what all of them are before.
            limit: how many at most, from 1 to `MAX_STORE_PAGE`.

        Raises:
            UsageError: the limit is out of range.
        """
        ...

    def key_at(self, start: bytes, end: bytes, index: int) -> EventId | None:
        """The key before which a range has so many others; None if it has no more than that.

        Recon splits a range at the key that half of the others are before.
        """
        ...

    def split(self, start: bytes, end: bytes, parts: int) -> list[EventId]:
        """Keys at which a range falls into so many parts of the same size, or one more or less.

        Fewer, each with one key, if there are fewer keys.

        Args:
            start: where the range begins, and its first part.
            end: where it ends, and its last part.
            parts: how many, from 1 to `MAX_STORE_PAGE`.

        Raises:
            UsageError: the number of parts is out of range.
        """
        ...


def cuts(count: int, parts: int) -> list[int]:
    """The indexes of the keys at which `count` of them fall into parts, without the first one."""
    parts = min(parts, count)
    return [count * part // parts for part in range(1, parts)]
