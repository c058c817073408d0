"""States that follow from a node's events: how many a second are kept up, and how soon one is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from time import perf_counter
from typing import Final

from bench.effort import Effort
from bench.figure import Figure, Series
from bench.measure import spread
from bench.stored import stored
from bench.streams import context, make_stream, model_event
from ceramic_node.clock import SystemClock
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.records import Backlog
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.limits import MAX_BATCH_EVENTS
from ceramic_protocol.stored import NewEvent, home_of
from ceramic_protocol.verify import Verifier
from tests.support.judging import RULES

_BEGUN: Final = 1000
_CHANGED: Final = 500
"""Events of a round: so many begin streams, and so many change streams that were there."""

_PROBES: Final = 20
_MICROS: Final = 1e6
_PATIENCE: Final = 30.0
_VERIFIER: Final = Verifier()
_CONTEXT: Final = context()


class _Filled:
    """A node's stores in a folder with so many streams of one event each, and more to come."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir()
        self.count = count
        self.events = open_store(folder, clock=SystemClock())
        self.states = SqliteStates(folder / "states.sqlite3")
        self.follower = StateFollower(self.events, self.states, lambda: RULES)
        self._next = 0
        self._unchanged = list(range(count))
        Random(count).shuffle(self._unchanged)
        self.events.put([stored(model_event())])
        for start in range(0, count, MAX_BATCH_EVENTS):
            self.events.put(self.begin(min(MAX_BATCH_EVENTS, count - start)))
            self.follow()

    def begin(self, number: int) -> list[NewEvent]:
        """The first events of new streams."""
        start, self._next = self._next, self._next + number
        return [stored(make_stream(place, ())[0]) for place in range(start, self._next)]

    def change(self, number: int) -> list[NewEvent]:
        """The second events of streams anywhere among those that were there."""
        places = [self._unchanged.pop() for _ in range(min(number, len(self._unchanged)))]
        return [stored(make_stream(place, (0,))[1]) for place in places]

    def follow(self) -> None:
        """Let all states be made."""
        while self.follower.run_once():
            pass

    def seen(self, event: CheckedEvent) -> bool:
        """Whether there is a state after an event."""
        return self.states.event(event.cid, home_of(event)) is not None

    def close(self) -> None:
        self.follower.stop()
        self.states.close()
        self.events.close()


def figures(effort: Effort) -> list[Figure]:
    """All of it, with few streams stored and with many in turn."""
    few, many = effort.state_sizes
    with TemporaryDirectory() as name, ExitStack() as stack:
        small, large = (_Filled(Path(name, str(size)), size) for size in (few, many))
        for filled in (small, large):
            stack.callback(filled.close)
        return [*_speeds(small, large, effort.state_rounds), _latency(small, large, effort.state_rounds)]


def _speeds(small: _Filled, large: _Filled, rounds: int) -> Iterator[Figure]:
    """States a second, beside bare evaluation of the same streams and beside fewer streams stored."""
    values: dict[str, list[float]] = {"small": [], "large": [], "bare": []}
    for _ in range(rounds + 1):
        for name, filled in (("small", small), ("large", large)):
            new = [*filled.begin(_BEGUN), *filled.change(_CHANGED)]
            filled.events.put(new)
            started = perf_counter()
            filled.follow()
            values[name].append(len(new) / (perf_counter() - started))
            assert all(filled.seen(event.checked) for event in new)
            assert filled.states.count(Backlog.FAILED) == 0
            if filled is small:
                values["bare"].append(_bare(filled, new))
    few, many, bare = (values[name][1:] for name in ("small", "large", "bare"))
    note = f"{rounds} × {_BEGUN + _CHANGED:,}"
    yield Figure.of(
        Series(f"states, {small.count:,} streams", few),
        Series("bare evaluation", bare),
        "events/s",
        f"{note}, {spread(few)}",
    )
    yield Figure.of(
        Series(f"states, {large.count:,} streams", many),
        Series(f"{small.count:,} streams", few),
        "events/s",
        f"{note}, {spread(many)}",
    )


def _bare(filled: _Filled, new: list[NewEvent]) -> float:
    streams = [home_of(event.checked) for event in new]
    started = perf_counter()
    for stream in streams:
        assert evaluate(stream, filled.events.snapshot(stream).known, RULES, _CONTEXT).tip is not None
    return len(new) / (perf_counter() - started)


def _latency(small: _Filled, large: _Filled, rounds: int) -> Figure:
    """µs from before an event is put until its state is seen, beside fewer streams stored."""
    values: dict[str, list[float]] = {"small": [], "large": []}
    for name, filled in (("small", small), ("large", large)):
        settled = Event()
        filled.follower.start(settled.set)
        for event in filled.begin(_PROBES * rounds):
            settled.clear()
            started = perf_counter()
            filled.events.put([event])
            filled.follower.wake()
            assert settled.wait(_PATIENCE)
            assert filled.seen(event.checked)
            values[name].append((perf_counter() - started) * _MICROS)
        filled.follower.stop()
    note = f"{rounds} × {_PROBES}, {spread(values['large'])}"
    beside = Series(f"{small.count:,} streams", values["small"])
    return Figure.of(Series(f"put to state, {large.count:,} streams", values["large"]), beside, "µs", note)
