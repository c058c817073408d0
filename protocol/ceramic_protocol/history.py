"""What a stream's events make together: verdicts, states, the canonical log (consensus.md 1.6, section 4).

`evaluate` is a function of the *set* of a stream's events and of what is said with it, of nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ceramic_protocol import dagcbor
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import DocumentState
from ceramic_protocol.events import DataEvent, InitEvent, InitHeader, decode_payload
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.reasons import Finding, Outcome, Reason
from ceramic_protocol.resolve import path_to, resolve_tip
from ceramic_protocol.rules import Rules
from ceramic_protocol.state_rules import StateRules
from ceramic_protocol.stream_types import stream_type
from ceramic_protocol.tree import children_of, covering_anchors, parents_first
from ceramic_protocol.writers import Writers

_NOTHING: Final[tuple[None, None]] = (None, None)


class Judged(NamedTuple):
    """An event within its stream: the final verdict, its height (None if unknown) and the state after it.

    `expires_at` (unix seconds) is when the event's capability runs out unless an anchor proves by then that
    it was used in time; None if that can't happen. `is_changed` says that a data event lies on the way to it.
    """

    event: CheckedEvent
    reason: Reason | None
    detail: str | None
    height: int | None
    state: DocumentState | None = None
    expires_at: int | None = None
    is_changed: bool = False

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
    rules: Rules,
    context: Context,
    foreign: Collection[bytes] = frozenset(),
) -> StreamHistory:
    """Judge every event of a stream, fold the states and resolve the tip.

    Args:
        stream: CID of the stream's init event.
        known: the events that name this stream as theirs.
        rules: the time that counts as now, and how to decide.
        context: what is known of models and other streams; what depends on more is pending.
        foreign: CIDs, among those that the set refers to, of events known to be of other streams.
    """
    walk = _Walk(stream, known.events, rules, context, foreign)
    walk.run()
    valid = [cid for cid, item in walk.judged.items() if item.reason is None]
    if not valid:
        return StreamHistory(stream, walk.header, walk.judged, (), (), {})
    children = children_of({cid: known.events[cid] for cid in valid})
    timestamps = {cid: stamp for cid in valid if (stamp := known.events[cid].timestamp) is not None}
    tip = resolve_tip(valid, children, timestamps, rules.tie_break)
    return StreamHistory(
        stream=stream,
        header=walk.header,
        judged=walk.judged,
        log=tuple(path_to(tip, {cid: known.events[cid].prev for cid in valid})),
        leaves=tuple(sorted(cid for cid in valid if cid not in children)),
        anchored=covering_anchors(valid, known.events),
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


class _Walk:
    """One pass over a stream's events, parents first; `judged` keeps that order."""

    def __init__(
        self,
        stream: Cid,
        events: Mapping[Cid, CheckedEvent],
        rules: Rules,
        context: Context,
        foreign: Collection[bytes],
    ) -> None:
        self._stream = stream
        self._events = events
        self._context = context
        self._foreign = foreign
        self._children = children_of(events)
        self._writers = Writers(rules)
        self.header: InitHeader | None = None
        self._rules: StateRules | None = None
        self.judged: dict[Cid, Judged] = {}

    def run(self) -> None:
        init = self._events.get(self._stream)
        if init is None:
            for cid in sorted(self._events):
                self.judged[cid] = self._judge_without_init(self._events[cid])
            return
        order = parents_first(self._stream, self._events, self._children)
        payload = _decode(init)
        if not isinstance(payload, InitEvent):
            msg = f"{init.cid} names itself as its stream and is no init event"
            raise TypeError(msg)
        self.header = payload.header
        self._writers.learn(init, payload.header, order, self._events)
        for cid in order:
            self.judged[cid] = self._judge(self._events[cid], payload)

    def _judge(self, event: CheckedEvent, init: InitEvent) -> Judged:
        parent = None if event.prev is None else self.judged.get(event.prev)
        if event.cid == self._stream:
            found = self._judge_init(event, init)
        elif parent is None:
            found = self._judge_orphan(event)
        else:
            found = self._judge_child(event, parent)
        if found.outcome is Outcome.REJECTED:
            return found
        return found._replace(expires_at=self._writers.expires_at(event))

    def _judge_without_init(self, event: CheckedEvent) -> Judged:
        if event.outcome is Outcome.REJECTED:
            return Judged(event, event.reason, event.detail, None)
        if self._stream in self._foreign:
            return Judged(event, Reason.INIT_INVALID, f"{self._stream} is no init event", None)
        return Judged(event, Reason.INIT_MISSING, f"init event {self._stream}", None)

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
        if parent.outcome is Outcome.REJECTED:
            reason = Reason.INIT_INVALID if parent.event.cid == self._stream else Reason.PREV_INVALID
            return Judged(event, reason, f"{parent.event.cid} was rejected", height)
        if finding is not None:
            return Judged(event, *finding, height)
        if parent.outcome is Outcome.PENDING:
            return Judged(event, Reason.PREV_PENDING, f"{parent.event.cid} is pending", height)
        return self._judge_state(event, parent, height)

    def _judge_state(self, event: CheckedEvent, parent: Judged, height: int | None) -> Judged:
        if event.kind is Kind.TIME or parent.state is None or self._rules is None:
            return Judged(event, None, None, height, parent.state, is_changed=parent.is_changed)
        payload = _decode(event)
        header = payload.header if isinstance(payload, DataEvent) else {}
        state, finding = self._rules.step(parent.state, header, payload.data, is_first=not parent.is_changed)
        reason, detail = finding or _NOTHING
        return Judged(event, reason, detail, height, state, is_changed=True)


def _decode(event: CheckedEvent) -> InitEvent | DataEvent:
    value = dagcbor.decode(event.payload)
    if not isinstance(value, dict):
        msg = f"payload of {event.cid} is not a map"
        raise TypeError(msg)
    return decode_payload(event.cid, value, event.payload, None)
