"""What a stream's events make together: verdicts, states, the canonical log (consensus.md 1.6, section 4).

`evaluate` is a function of the *set* of a stream's events and of what is said with it, of nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ceramic_protocol import dagcbor
from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import DocumentState
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import DataEvent, InitEvent, InitHeader, decode_payload
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.resolve import TieBreak, path_to, resolve_tip
from ceramic_protocol.stream_types import Fold, stream_type
from ceramic_protocol.verify import CheckedEvent, Kind


class Judged(NamedTuple):
    """An event within its stream: the final verdict, its height (None if unknown) and the state after it."""

    event: CheckedEvent
    reason: Reason | None
    detail: str | None
    height: int | None
    state: DocumentState | None = None

    @property
    def outcome(self) -> Outcome:
        """The verdict."""
        return Outcome.VALID if self.reason is None else self.reason.outcome


@dataclass(frozen=True, slots=True)
class StreamHistory:
    """All that follows from a stream's events.

    `log` is the canonical log from init to tip, empty if the stream has no valid init; `leaves` are the valid
    events that nothing valid builds on; `anchored` is, for every valid event, the earliest proven anchor
    (unix seconds) that covers it, if any.
    """

    stream: Cid
    header: InitHeader | None
    judged: Mapping[Cid, Judged] = field(repr=False)
    log: tuple[Cid, ...]
    leaves: tuple[Cid, ...]
    anchored: Mapping[Cid, int] = field(repr=False)

    @property
    def tip(self) -> Cid | None:
        """The canonical tip."""
        return self.log[-1] if self.log else None

    @property
    def stream_id(self) -> StreamId:
        """The StreamID.

        While the init event, which tells the type, is unknown, it is taken for that of a model instance:
        other streams are not updated in practice.
        """
        return StreamId.of(self.header.stream_type if self.header else MODEL_INSTANCE, self.stream)

    @property
    def reason(self) -> Reason | None:
        """Why the stream has no tip; None if it has one."""
        if self.log:
            return None
        init = self.judged.get(self.stream)
        if init is not None:
            return init.reason
        return min(self.judged.values(), key=_doubt).reason if self.judged else Reason.INIT_MISSING

    @property
    def reverted(self) -> list[Cid]:
        """Valid events outside the canonical log, by height and CID."""
        inside = set(self.log)
        outside = [item for cid, item in self.judged.items() if item.reason is None and cid not in inside]
        return [item.event.cid for item in sorted(outside, key=lambda item: (item.height, item.event.cid))]


def _doubt(item: Judged) -> tuple[bool, Cid]:
    """Sort key without an init event: events that only miss it say more than those refused themselves."""
    return item.outcome is Outcome.REJECTED, item.event.cid


def evaluate(
    stream: Cid,
    known: EventSet,
    foreign: Collection[bytes] = frozenset(),
    tie_break: TieBreak = TieBreak.JS,
) -> StreamHistory:
    """Judge every event of a stream, fold the states and resolve the tip.

    Args:
        stream: CID of the stream's init event.
        known: the events that name this stream as theirs.
        foreign: CIDs, among those that the set refers to, of events known to be of other streams.
        tie_break: see `TieBreak`.
    """
    walk = _Walk(stream, known.events, foreign)
    walk.run()
    valid = [cid for cid, item in walk.judged.items() if item.reason is None]
    if not valid:
        return StreamHistory(stream, walk.header, walk.judged, (), (), {})
    children = _children({cid: known.events[cid] for cid in valid})
    timestamps = {cid: stamp for cid in valid if (stamp := known.events[cid].timestamp) is not None}
    tip = resolve_tip(valid, children, timestamps, tie_break)
    return StreamHistory(
        stream=stream,
        header=walk.header,
        judged=walk.judged,
        log=tuple(path_to(tip, {cid: known.events[cid].prev for cid in valid})),
        leaves=tuple(sorted(cid for cid in valid if cid not in children)),
        anchored=_covering_anchors(valid, known.events, timestamps),
    )


def unresolved(stream: bytes, links: Iterable[tuple[bytes, bytes | None]]) -> set[bytes]:
    """The events that a stream's events refer to without being there: ask for these to learn `foreign`.

    Args:
        stream: CID of the stream's init event.
        links: CID and prev of each event at hand.
    """
    pairs = list(links)
    wanted = {prev for _cid, prev in pairs if prev is not None} | {stream}
    return wanted - {cid for cid, _prev in pairs}


def _children(events: Mapping[Cid, CheckedEvent]) -> dict[Cid, list[Cid]]:
    children: dict[Cid, list[Cid]] = {}
    for cid in sorted(events):
        prev = events[cid].prev
        if prev is not None and prev in events:
            children.setdefault(prev, []).append(cid)
    return children


def _covering_anchors(
    order: list[Cid], events: Mapping[Cid, CheckedEvent], timestamps: Mapping[Cid, int]
) -> dict[Cid, int]:
    covering = dict(timestamps)
    for cid in reversed(order):
        stamp, prev = covering.get(cid), events[cid].prev
        if stamp is not None and prev is not None:
            covering[prev] = min(stamp, covering.get(prev, stamp))
    return covering


class _Walk:
    """One pass over a stream's events, parents first; `judged` keeps that order."""

    def __init__(self, stream: Cid, events: Mapping[Cid, CheckedEvent], foreign: Collection[bytes]) -> None:
        self._stream = stream
        self._events = events
        self._foreign = foreign
        self._children = _children(events)
        self._queue: deque[Cid] = deque()
        self.header: InitHeader | None = None
        self._fold: Fold | None = None
        self.judged: dict[Cid, Judged] = {}

    def run(self) -> None:
        init = self._events.get(self._stream)
        if init is None:
            for cid in sorted(self._events):
                self._judge_without_init(self._events[cid])
            return
        self._judge_init(init)
        self._queue.append(init.cid)
        orphans = [
            cid for cid, event in self._events.items() if event.prev and event.prev not in self._events
        ]
        for cid in sorted(orphans):
            self._judge_orphan(self._events[cid])
            self._queue.append(cid)
        while self._queue:
            parent = self.judged[self._queue.popleft()]
            for cid in self._children.get(parent.event.cid, ()):
                self.judged[cid] = self._judge_child(self._events[cid], parent)
                self._queue.append(cid)

    def _refuse(
        self, event: CheckedEvent, reason: Reason | None, detail: str | None, height: int | None
    ) -> None:
        self.judged[event.cid] = Judged(event, reason, detail, height)

    def _judge_without_init(self, event: CheckedEvent) -> None:
        if event.outcome is Outcome.REJECTED:
            self._refuse(event, event.reason, event.detail, None)
        elif self._stream in self._foreign:
            self._refuse(event, Reason.INIT_INVALID, f"{self._stream} is no init event", None)
        else:
            self._refuse(event, Reason.INIT_MISSING, f"init event {self._stream}", None)

    def _judge_init(self, event: CheckedEvent) -> None:
        payload = _decode(event)
        if not isinstance(payload, InitEvent):
            msg = f"{event.cid} names itself as its stream and is no init event"
            raise TypeError(msg)
        self.header = payload.header
        self._fold = stream_type(self.header.stream_type).fold
        finding = (event.reason, event.detail) if event.reason else self._check_controller(event)
        if finding is not None:
            self._refuse(event, *finding, 0)
        elif self._fold is None:
            self._refuse(event, None, None, 0)
        else:
            try:
                state = self._fold.init(payload.header, payload.data)
            except DecodeError as error:
                self._refuse(event, error.reason, error.detail, 0)
            else:
                self.judged[event.cid] = Judged(event, None, None, 0, state)

    def _check_controller(self, event: CheckedEvent) -> tuple[Reason, str] | None:
        controller = self.header.controller if self.header else ""
        if event.signer is None or event.capability is not None or event.signer == controller:
            return None
        return Reason.SIGNER_NOT_CONTROLLER, f"signed by {event.signer}, controller is {controller}"

    def _judge_orphan(self, event: CheckedEvent) -> None:
        finding = self._own_refusal(event)
        if finding is not None:
            self._refuse(event, *finding, None)
        elif event.prev in self._foreign:
            self._refuse(event, Reason.PREV_OTHER_STREAM, f"prev {event.prev} is of another stream", None)
        elif event.reason is not None:
            self._refuse(event, event.reason, event.detail, None)
        else:
            self._refuse(event, Reason.PREV_MISSING, f"prev {event.prev}", None)

    def _own_refusal(self, event: CheckedEvent) -> tuple[Reason, str | None] | None:
        if event.reason is not None and event.outcome is Outcome.REJECTED:
            return event.reason, event.detail
        return self._check_controller(event)

    def _judge_child(self, event: CheckedEvent, parent: Judged) -> Judged:
        height = None if parent.height is None else parent.height + 1
        finding = self._own_refusal(event)
        if finding is not None:
            return Judged(event, *finding, height)
        if parent.outcome is Outcome.REJECTED:
            reason = Reason.INIT_INVALID if parent.event.cid == self._stream else Reason.PREV_INVALID
            return Judged(event, reason, f"{parent.event.cid} was rejected", height)
        if event.reason is not None:
            return Judged(event, event.reason, event.detail, height)
        if parent.outcome is Outcome.PENDING:
            return Judged(event, Reason.PREV_PENDING, f"{parent.event.cid} is pending", height)
        return self._judge_state(event, parent, height)

    def _judge_state(self, event: CheckedEvent, parent: Judged, height: int | None) -> Judged:
        if event.kind is Kind.TIME or parent.state is None or self._fold is None:
            return Judged(event, None, None, height, parent.state)
        payload = _decode(event)
        header = payload.header if isinstance(payload, DataEvent) else {}
        try:
            state = self._fold.step(parent.state, header, payload.data)
        except DecodeError as error:
            return Judged(event, error.reason, error.detail, height)
        return Judged(event, None, None, height, state)


def _decode(event: CheckedEvent) -> InitEvent | DataEvent:
    value = dagcbor.decode(event.payload)
    if not isinstance(value, dict):
        msg = f"payload of {event.cid} is not a map"
        raise TypeError(msg)
    return decode_payload(event.cid, value, event.payload, None)
