"""The first two steps for every host: what a source yields, decoded and checked on its own."""

from __future__ import annotations

from ceramic_protocol.events import Event, InvalidEvent, decode_event
from ceramic_protocol.ports import Chain, Damage, RawEvent, SourceItem
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import CheckedEvent, verify_event


def decode_item(item: SourceItem) -> Event | InvalidEvent:
    """The event that a source holds; a damaged stretch is none, nor is one under another CID than claimed."""
    if isinstance(item, Damage):
        return InvalidEvent(item.reason, item.detail)
    event = decode_event(item.car)
    if isinstance(event, InvalidEvent):
        return event if event.cid else event._replace(cid=item.cid)
    if item.cid is not None and item.cid != event.cid:
        detail = f"the source says {item.cid}, the CAR's root is {event.cid}"
        return InvalidEvent(Reason.EVENT_MALFORMED, detail, event.cid, event.stream)
    return event


def check_raw(raw: RawEvent, chain: Chain) -> CheckedEvent | InvalidEvent:
    """Decode and verify one event as a source holds it."""
    event = decode_item(raw)
    return event if isinstance(event, InvalidEvent) else verify_event(event, chain)
