"""Model rules along the logs of the sample corpus, apart from the rest of the pipeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from ceramic_protocol.cid import Cid
from ceramic_protocol.documents import DocumentState, init_state, next_state
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import DataEvent, InitEvent, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.models.context import Context, Linked
from ceramic_protocol.models.definition import ModelDefinition, parse_model
from ceramic_protocol.models.implements import check_implements
from ceramic_protocol.models.instance import Change, InstanceRules, check_model_change
from ceramic_protocol.reasons import BY_CODE, Finding, Layer
from tests.support import corpus

Event = InitEvent | DataEvent | TimeEvent


class Judged(NamedTuple):
    """What the rules say of an event, and the state after it; None for the state of one they refuse."""

    finding: Finding | None
    state: DocumentState | None
    is_first: bool = False


@cache
def events() -> dict[str, Event]:
    """The events of the corpus that can be read, by CID."""
    decoded = {cid: decode_event(car) for cid, car in corpus.cars().items()}
    return {cid: event for cid, event in decoded.items() if not isinstance(event, InvalidEvent)}


def stream_id(event: InitEvent) -> StreamId:
    """The StreamID that follows from an init event."""
    return StreamId.of(event.header.stream_type, event.cid)


def model_of(event: InitEvent) -> ModelDefinition | Finding:
    """The definition in a model's init event, by itself."""
    try:
        return parse_model(event.data)
    except DecodeError as error:
        return Finding(error.reason, error.detail)


@cache
def context() -> Context:
    """All models and documents of the corpus."""
    inits = [event for event in events().values() if isinstance(event, InitEvent)]
    parsed = {stream_id(event): model_of(event) for event in inits if event.header.stream_type == MODEL}
    models: dict[StreamId, ModelDefinition | Finding] = {}
    for stream, model in parsed.items():
        found = None if isinstance(model, Finding) else check_implements(model, parsed)
        models[stream] = found or model
    streams = {
        stream_id(event): Linked(event.header.model if event.header.stream_type == MODEL_INSTANCE else None)
        for event in inits
    }
    return Context(models, streams)


def is_for_others(entry: dict[str, Any]) -> bool:
    """Whether an expected verdict comes from other rules than those of the state."""
    reason = BY_CODE.get(entry["reason"] or "")
    return reason is not None and reason.layer is not Layer.STATE


@dataclass(slots=True)
class Walk:
    """One pass over all streams of the corpus, parents first."""

    judged: dict[Cid, Judged] = field(default_factory=dict)

    def run(self) -> Iterator[tuple[str, Finding | None]]:
        """What the rules say of each event that stands by all other rules, on top of such."""
        expected = corpus.expected()["events"]
        waiting = [cid for cid in events() if not is_for_others(expected[cid])]
        while waiting:
            left = []
            for cid in waiting:
                event = events()[cid]
                if isinstance(event, InitEvent) or event.prev in self.judged:
                    yield cid, self._judge(event)
                else:
                    left.append(cid)
            if len(left) == len(waiting):
                return
            waiting = left

    def _judge(self, event: Event) -> Finding | None:
        try:
            found = self._init(event) if isinstance(event, InitEvent) else self._step(event)
        except DecodeError as error:
            return Finding(error.reason, error.detail)
        if found.finding is None:
            self.judged[event.cid] = found
        return found.finding

    def _init(self, event: InitEvent) -> Judged:
        state = init_state(event.header, event.data)
        if event.header.stream_type == MODEL:
            model = context().models[stream_id(event)]
            return Judged(model if isinstance(model, Finding) else None, state)
        rules = InstanceRules.of(event.header, context())
        return Judged(rules if isinstance(rules, Finding) else rules.check_init(event.data), state, True)

    def _step(self, event: DataEvent | TimeEvent) -> Judged:
        before = self.judged[event.prev]
        assert before.state is not None
        if isinstance(event, TimeEvent):
            return before
        init = events()[str(event.stream)]
        assert isinstance(init, InitEvent)
        if init.header.stream_type == MODEL:
            return Judged(check_model_change(), None)
        after = next_state(before.state, event.header, event.data)
        change = Change(event.header, event.data, before.state.content, after.content, before.is_first)
        rules = InstanceRules.of(init.header, context())
        return Judged(rules if isinstance(rules, Finding) else rules.check_data(change), after)
