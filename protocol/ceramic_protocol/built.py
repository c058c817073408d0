"""An event that was built here, and the limits that all events keep (events.md 3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ceramic_protocol import car as carv1
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import EncodeError
from ceramic_protocol.events import Event, InvalidEvent, decode_event
from ceramic_protocol.limits import MAX_BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class BuiltEvent:
    """An event ready to be sent: its CID, and its CAR with the blocks in the references' order."""

    cid: Cid
    car: bytes = field(repr=False)

    @property
    def event(self) -> Event:
        """The event as anyone decodes it from the CAR.

        Raises:
            EncodeError: it is none, as with an envelope around something else.
        """
        found = decode_event(self.car)
        if isinstance(found, InvalidEvent):
            msg = f"this is no event: {found.reason.value}: {found.detail}"
            raise EncodeError(msg)
        return found


def checked_block(block: bytes) -> bytes:
    """`block` itself.

    Raises:
        EncodeError: it is larger than a block of an event may be.
    """
    if len(block) > MAX_BLOCK_BYTES:
        msg = f"block of {len(block)} bytes is over {MAX_BLOCK_BYTES}"
        raise EncodeError(msg)
    return block


def pack(root: Cid, blocks: Sequence[tuple[Cid, bytes]]) -> BuiltEvent:
    """The event with that root and these blocks, in that order.

    Raises:
        EncodeError: the blocks make no event.
    """
    for _cid, block in blocks:
        checked_block(block)
    built = BuiltEvent(root, carv1.encode([root], blocks))
    _ = built.event
    return built
