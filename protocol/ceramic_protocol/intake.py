"""The first two steps for every host: bytes from a source, decoded and checked on their own."""

from __future__ import annotations

from ceramic_protocol.events import InvalidEvent, decode_event
from ceramic_protocol.ports import Chain, RawEvent
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import CheckedEvent, verify_event


def check_raw(raw: RawEvent, chain: Chain) -> CheckedEvent | InvalidEvent:
    """Decode and verify one event as a source holds it."""
    event = decode_event(raw.car)
    if isinstance(event, InvalidEvent):
        return InvalidEvent(event.reason, event.detail, event.cid or raw.cid, event.stream)
    if raw.cid is not None and raw.cid != event.cid:
        detail = f"the source says {raw.cid}, the CAR's root is {event.cid}"
        return InvalidEvent(Reason.EVENT_MALFORMED, detail, event.cid, event.stream)
    return verify_event(event, chain)
