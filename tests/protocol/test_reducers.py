"""Applications' own folds of canonical logs."""

from __future__ import annotations

import pytest

from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import Json
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InitHeader
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.reducers import LogEvent, ReducerError, fold_log, log_events
from ceramic_protocol.stream_types import STREAM_TYPES, stream_type
from ceramic_protocol.verify import Verifier
from tests.support import corpus
from tests.support.judging import CONTEXT, RULES


class Kinds:
    """Keeps the kinds of the events of streams with a model."""

    def handles(self, stream: StreamId, header: InitHeader) -> bool:
        return stream.stream_type == 3 and header.model is not None

    def initial(self, stream: StreamId, header: InitHeader) -> Json:
        assert stream.stream_type == header.stream_type
        return []

    def apply(self, state: Json, event: LogEvent) -> Json:
        assert isinstance(state, list)
        return [*state, event.kind.name]


class Failing(Kinds):
    def apply(self, state: Json, event: LogEvent) -> Json:
        raise KeyError(state, event.height)


def _histories() -> list[StreamHistory]:
    known: dict[Cid, EventSet] = {}
    for car in corpus.cars().values():
        event = Verifier(corpus.chain()).check(RawEvent(car, None, "", 0))
        if isinstance(event, CheckedEvent) and event.stream is not None:
            known.setdefault(event.stream, EventSet()).add(event)
    return [evaluate(stream, events, RULES, CONTEXT) for stream, events in known.items()]


HISTORIES = _histories()


def test_a_reducer_sees_the_canonical_log_in_order() -> None:
    folded = 0
    for history in HISTORIES:
        state = fold_log(history, Kinds())
        if history.log and history.stream_id.stream_type == 3:
            assert state == [history.judged[cid].event.kind.name for cid in history.log]
            folded += 1
        else:
            assert state is None
    assert folded > 300


def test_events_say_what_they_say() -> None:
    for history in HISTORIES:
        for event in log_events(history):
            assert event.cid == history.log[event.height]
            assert (event.kind is Kind.TIME) <= (event.content is None)
            assert event.anchored_at == history.anchored.get(event.cid)


def test_a_failing_reducer_names_event_and_stream() -> None:
    history = next(item for item in HISTORIES if item.log and item.stream_id.stream_type == 3)
    with pytest.raises(ReducerError, match=f"{history.log[0]}.*{history.stream_id}.*KeyError"):
        fold_log(history, Failing())


def test_types_with_and_without_rules() -> None:
    assert [number for number, kind in STREAM_TYPES.items() if kind.rules] == [2, 3]
    assert stream_type(0).name == "tile"
    assert (stream_type(77).name, stream_type(77).rules) == ("77", None)
