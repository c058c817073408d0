"""Made events as a store takes them, as if they had been verified: that is measured elsewhere."""

from __future__ import annotations

from typing import Final

from bench.streams import MadeEvent
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.events import InitEvent, InvalidEvent, TimeEvent
from ceramic_protocol.stored import NewEvent
from ceramic_protocol.verify import Verifier

_VERIFIER: Final = Verifier()


def stored(made: MadeEvent) -> NewEvent:
    """The event without its signature being looked at."""
    event = _VERIFIER.decode(made.raw)
    assert not isinstance(event, InvalidEvent | TimeEvent)
    assert event.envelope is not None
    is_init = isinstance(event, InitEvent)
    checked = CheckedEvent(
        event.cid,
        event.stream,
        Kind.INIT if is_init else Kind.DATA,
        event.prev,
        event.payload,
        signer=event.envelope.header.signer,
        model=event.header.model if isinstance(event, InitEvent) else None,
    )
    return NewEvent(made.raw.car, checked)
