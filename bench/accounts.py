"""What capabilities cost: µs per event under them beside the same without, and the first look at each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from bench.ceiling import call
from bench.effort import Effort
from bench.figure import Figure, Series
from bench.grants import LIBRARIES, bare_check, make_grants
from bench.measure import Timing, measure, time_batch
from bench.sessions import RULES, STREAM_EVENTS, Stream, in_turn, make_pair
from ceramic_protocol.accounts import capability
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ports import NoContracts, RawEvent
from ceramic_protocol.verify import Verifier
from tests.support.judging import CONTEXT

_VERIFIER: Final = Verifier()
_NOBODY: Final = NoContracts()
_GRANTED: Final = "under capabilities"
_PLAIN: Final = "without"
_LOOK: Final = "first look"
_BARE: Final = "bare"


def figures(effort: Effort) -> list[Figure]:
    """Events alone, then with their streams; then capabilities alone."""
    pair = make_pair(effort.sessions, effort.session_events)
    for stream in (*pair.granted[: effort.sessions], *pair.plain[: effort.sessions]):
        assert all(item.reason is None for item in _history(stream).judged.values())
    streams = {_GRANTED: pair.granted, _PLAIN: pair.plain}
    events = {name: in_turn(listed) for name, listed in streams.items()}
    return [
        _beside("verify", _VERIFIER.check, events, 1, effort.session_rounds),
        _beside("verify and evaluate", _history, streams, STREAM_EVENTS, effort.session_rounds),
        *(_first_look(kind, effort) for kind in LIBRARIES),
    ]


def _beside(
    what: str, action: Callable[[Any], object], inputs: dict[str, Any], events: int, rounds: int
) -> Figure:
    """The action under capabilities, none of which has been seen before, beside the same without.

    `events` are how many stand in one input.
    """
    found: dict[str, list[float]] = {name: [] for name in inputs}
    for number in range(rounds + 1):
        # Whoever comes first finds the machine as the other one has left it.
        for name in sorted(inputs, reverse=number % 2 == 0):
            capability.STRICT.forget()
            found[name].append(time_batch(action, inputs[name]) / events)
    timings = {name: Timing(tuple(times[1:]), len(inputs[name]) * events) for name, times in found.items()}
    under = Series(f"{what} {_GRANTED}", timings[_GRANTED].rounds)
    return Figure.of(under, Series(f"{what} {_PLAIN}", timings[_PLAIN].rounds), "µs", timings[_GRANTED].note)


def _history(stream: Stream) -> StreamHistory:
    known = EventSet.of([_checked(raw) for raw in stream])
    assert stream[0].cid is not None
    return evaluate(stream[0].cid, known, RULES, CONTEXT)


def _checked(raw: RawEvent) -> CheckedEvent:
    found = _VERIFIER.check(raw)
    assert isinstance(found, CheckedEvent)
    return found


def _first_look(kind: str, effort: Effort) -> Figure:
    grants = make_grants(kind, effort.events)
    blocks = [grant.encode() for grant in grants]
    looks = [(Cid.of(block), block) for block in blocks]
    checks = [bare_check(kind, grant) for grant in grants]
    assert all(_look(one) is None for one in looks)
    assert all(check() for check in checks)
    actions: dict[str, Callable[[Any], object]] = {_LOOK: _look, _BARE: call}
    inputs: dict[str, Sequence[Any]] = {_LOOK: looks, _BARE: checks}
    found = measure(actions, inputs, effort.rounds)
    look = Series(f"{_LOOK}, {kind}", found[_LOOK].rounds)
    return Figure.of(look, Series(_bare_name(kind), found[_BARE].rounds), "µs", found[_LOOK].note)


def _look(named: tuple[Cid, bytes]) -> object:
    capability.STRICT.forget()
    return capability.STRICT.look_at(*named, _NOBODY).finding


def _bare_name(kind: str) -> str:
    what = "recovery" if LIBRARIES[kind] == "coincurve" else "check"
    return f"bare {what}, {LIBRARIES[kind]}"
