"""The first two steps for every host: what a source yields, decoded and checked on its own."""

from __future__ import annotations

from typing import TypeAlias

from ceramic_protocol.events import Event, InvalidEvent, decode_event
from ceramic_protocol.ports import Chain, Damage, SourceItem
from ceramic_protocol.reasons import Reason
from ceramic_protocol.verify import CheckedEvent, verify_event

Checked: TypeAlias = CheckedEvent | InvalidEvent
"""An event after its own checks, or what is none."""


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


def check_item(item: SourceItem, chain: Chain) -> Checked:
    """Decode and verify what a source yields."""
    event = decode_item(item)
    return event if isinstance(event, InvalidEvent) else verify_event(event, chain)
