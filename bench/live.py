"""µs to judge and resolve a long stream anew, beside what one new event costs that is added to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import Timing, measure
from bench.resolve import checked
from bench.streams import context, make_stream
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.live_stream import LiveStream
from tests.support.judging import RULES

_CONTEXT: Final = context()
_PER_ROUND: Final = 8
_LIVE: Final = "live"
_ANEW: Final = "anew"


def figures(effort: Effort) -> list[Figure]:
    """One long stream without forks, with few and with many on the way to the tip."""
    return [_figure(effort.live_length, forks, effort.live_rounds) for forks in effort.live_forks]


def with_forks(length: int, forks: int) -> tuple[list[int], int]:
    """Parents of a stream along which one event each stands aside at so many places; and the last event."""
    parents, main, every = list[int](), 0, length // (forks + 1)
    for index in range(1, length):
        parents.append(main)
        is_aside = index % every == 1 and 0 < index // every <= forks
        main = main if is_aside else index
    return parents, main


def _figure(length: int, forks: int, rounds: int) -> Figure:
    parents, tip = with_forks(length, forks)
    count = _PER_ROUND * (rounds + 1)
    parents += [tip, *range(length, length + count - 1)]
    events = [checked(event.raw) for event in make_stream(0, parents)]
    stream, known, new = events[0].cid, EventSet.of(events[:length]), iter(events[length:])
    live = LiveStream(stream, RULES, _CONTEXT, known=EventSet(dict(known.events)))
    found = measure(
        {_LIVE: lambda _: live.add([next(new)]), _ANEW: lambda _: evaluate(stream, known, RULES, _CONTEXT)},
        {_LIVE: range(_PER_ROUND), _ANEW: range(1)},
        rounds,
    )
    _check_answer(live, events, stream, forks)
    name = f"resolving {length:,} events with {forks:,} forks anew"
    per_event = Timing(found[_LIVE].rounds, _PER_ROUND)
    beside = Series("one new event", per_event.rounds)
    return Figure.of(Series(name, found[_ANEW].rounds), beside, "µs", per_event.note)


def _check_answer(live: LiveStream, events: Sequence[CheckedEvent], stream: Cid, forks: int) -> None:
    history = live.history()
    assert history == evaluate(stream, EventSet.of(events), RULES, _CONTEXT)
    assert history.tip == events[-1].cid
    assert len(history.leaves) == forks + 1
