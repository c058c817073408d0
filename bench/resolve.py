"""µs per event to judge, fold and resolve a stream, beside the verification of the same events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import Timing, measure
from bench.streams import context, forked, linear, make_stream
from bench.verify import whole
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.ports import RawEvent
from tests.support.judging import RULES

_SHAPES: Final[dict[str, Callable[[int], Sequence[int]]]] = {"linear": linear, "forked": forked}
_EVALUATE: Final = "evaluate"
_VERIFY: Final = "verify"

_CONTEXT: Final = context()


def figures(effort: Effort) -> list[Figure]:
    """Streams of each shape and length."""
    return [
        _figure(shape, make_streams(shape, length, effort.events), effort.rounds)
        for shape in _SHAPES
        for length in effort.stream_lengths
    ]


def make_streams(shape: str, length: int, events: int) -> list[list[RawEvent]]:
    """Streams of one shape with so many events in all, and at least one."""
    parents = _SHAPES[shape](length)
    numbers = range(max(1, events // length))
    return [[event.raw for event in make_stream(number, parents)] for number in numbers]


def _figure(shape: str, streams: list[list[RawEvent]], rounds: int) -> Figure:
    known = [(_cid(stream), EventSet.of(map(checked, stream))) for stream in streams]
    for stream in known:
        _check_answer(*stream, shape)
    actions: dict[str, Callable[[Any], object]] = {_EVALUATE: _evaluate, _VERIFY: whole}
    inputs: dict[str, Sequence[Any]] = {
        _EVALUATE: known,
        _VERIFY: [raw for stream in streams for raw in stream],
    }
    found = measure(actions, inputs, rounds)
    length = len(streams[0])
    per_event = Timing(tuple(micros / length for micros in found[_EVALUATE].rounds), length * len(streams))
    name = f"evaluate, {shape} stream of {length:,}"
    beside = Series("whole verify, Ed25519", found[_VERIFY].rounds)
    return Figure.of(Series(name, per_event.rounds), beside, "µs", per_event.note)


def _evaluate(stream: tuple[Cid, EventSet]) -> object:
    return evaluate(*stream, RULES, _CONTEXT)


def _cid(stream: list[RawEvent]) -> Cid:
    assert stream[0].cid is not None
    return stream[0].cid


def checked(raw: RawEvent) -> CheckedEvent:
    """An event that passes its own checks."""
    found = whole(raw)
    assert isinstance(found, CheckedEvent)
    return found


def _check_answer(stream: Cid, known: EventSet, shape: str) -> None:
    history = evaluate(stream, known, RULES, _CONTEXT)
    assert all(item.reason is None for item in history.judged.values())
    assert len(history.judged) == len(known.events)
    assert (len(history.leaves) > 1) is (shape == "forked")
