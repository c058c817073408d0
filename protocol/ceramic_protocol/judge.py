"""The verdict on one event of a stream, given those on the events before it, and the state after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.events import DataEvent, InitEvent, InitHeader, decode_payload
from ceramic_protocol.history import Judged
from ceramic_protocol.models.context import Context
from ceramic_protocol.payloads import decode_payload_block
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.state_rules import StateRules
from ceramic_protocol.stream_types import stream_type
from ceramic_protocol.writers import Writers

_NOTHING: Final[tuple[None, None]] = (None, None)


class Judge:
    """Judges the events of one stream, each after the one it builds on."""

    def __init__(self, stream: Cid, writers: Writers, context: Context, foreign: Collection[bytes]) -> None:
        self._stream = stream
        self._writers = writers
        self._context = context
        self._foreign = foreign
        self._init: InitEvent | None = None
        self._is_pruned = False
        self._rules: StateRules | None = None

    def open(self, init: CheckedEvent) -> InitHeader | None:
        """Take note of the init event, without which nothing can be said of the others; gives its header.

        There is none if the payload was pruned: then all waits until that is handed in again.
        """
        self._is_pruned = init.is_hollow
        if self._is_pruned:
            return None
        payload = _decode(init)
        if not isinstance(payload, InitEvent):
            msg = f"{init.cid} names itself as its stream and is no init event"
            raise TypeError(msg)
        self._init = payload
        self._writers.open(init, payload.header)
        return payload.header

    def resume(self) -> None:
        """Take note that the init event was found to be valid before, so that it need not be judged again."""
        if self._init is not None:
            make = stream_type(self._init.header.stream_type).rules
            self._rules = None if make is None else make(self._init.header, self._context)

    def judge(self, event: CheckedEvent, judged: Mapping[Cid, Judged]) -> Judged:
        """The verdict on an event; `judged` has that on what it builds on, if that is known."""
        if self._init is None:
            return self._judge_without_init(event)
        parent = None if event.prev is None else judged.get(event.prev)
        if event.is_hollow:
            found = self._judge_hollow(event, parent)
        elif event.cid == self._stream:
            found = self._judge_init(event, self._init)
        elif parent is None:
            found = self._judge_orphan(event)
        else:
            found = self._judge_child(event, parent)
        if found.outcome is Outcome.REJECTED:
            return found
        expires_at = self._writers.expires_at(event)
        return found if expires_at is None else found._replace(expires_at=expires_at)

    def _judge_without_init(self, event: CheckedEvent) -> Judged:
        if event.outcome is Outcome.REJECTED:
            return Judged(event, event.reason, event.detail, None)
        if self._is_pruned:
            return Judged(event, Reason.PAYLOAD_PRUNED, f"init event {self._stream}", None)
        if self._stream in self._foreign:
            return Judged(event, Reason.INIT_INVALID, f"{self._stream} is no init event", None)
        return Judged(event, Reason.INIT_MISSING, f"init event {self._stream}", None)

    def _judge_hollow(self, event: CheckedEvent, parent: Judged | None) -> Judged:
        """An event whose payload is gone, though the one of the init event isn't."""
        height = None if parent is None or parent.height is None else parent.height + 1
        if event.outcome is Outcome.REJECTED:
            return Judged(event, event.reason, event.detail, height)
        return Judged(event, Reason.PAYLOAD_PRUNED, f"data event {event.cid}", height)

    def _judge_init(self, event: CheckedEvent, init: InitEvent) -> Judged:
        finding = self._writers.finding(event)
        if finding is not None:
            return Judged(event, *finding, 0)
        make = stream_type(init.header.stream_type).rules
        if make is None:
            return Judged(event, None, None, 0)
        self._rules = make(init.header, self._context)
        state, finding = self._rules.init(init.data)
        reason, detail = finding or _NOTHING
        return Judged(event, reason, detail, 0, state)

    def _judge_orphan(self, event: CheckedEvent) -> Judged:
        finding = self._writers.finding(event)
        if finding is not None and finding.is_certain:
            return Judged(event, *finding, None)
        if event.prev in self._foreign:
            detail = f"prev {event.prev} is of another stream"
            return Judged(event, Reason.PREV_OTHER_STREAM, detail, None)
        return Judged(event, *(finding or Finding(Reason.PREV_MISSING, f"prev {event.prev}")), None)

    def _judge_child(self, event: CheckedEvent, parent: Judged) -> Judged:
        height = None if parent.height is None else parent.height + 1
        finding = self._writers.finding(event)
        if finding is not None and finding.is_certain:
            return Judged(event, *finding, height)
        outcome = parent.outcome
        if outcome is Outcome.REJECTED:
            reason = Reason.INIT_INVALID if parent.event.cid == self._stream else Reason.PREV_INVALID
            return Judged(event, reason, f"{parent.event.cid} was rejected", height)
        if finding is not None:
            return Judged(event, *finding, height)
        if outcome is Outcome.PENDING:
            return Judged(event, Reason.PREV_PENDING, f"{parent.event.cid} is pending", height)
        return self._judge_state(event, parent, height)

    def _judge_state(self, event: CheckedEvent, parent: Judged, height: int | None) -> Judged:
        if event.kind is Kind.TIME or parent.state is None or self._rules is None:
            return Judged(event, None, None, height, parent.state, is_changed=parent.is_changed)
        payload = _decode_map(event)
        # Decoding the event itself has looked at its form.
        header: Any = payload.get("header", {})
        state, finding = self._rules.step(
            parent.state, header, payload.get("data"), is_first=not parent.is_changed
        )
        reason, detail = finding or _NOTHING
        return Judged(event, reason, detail, height, state, is_changed=True)


def _decode(event: CheckedEvent) -> InitEvent | DataEvent:
    return decode_payload(event.cid, _decode_map(event), event.payload, None)


def _decode_map(event: CheckedEvent) -> dict[str, IpldValue]:
    value = decode_payload_block(event.payload)
    if not isinstance(value, dict):
        msg = f"payload of {event.cid} is not a map"
        raise TypeError(msg)
    return value
