"""Whatever is put and pruned in whatever order, the store on disk says what the one in memory says."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from ceramic_node.store.memory import MemoryStore
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.cid import Cid
from ceramic_protocol.ports import EventStore
from ceramic_protocol.stored import NewEvent, PutOutcome
from tests.node.store.feed_contract import HandClock
from tests.node.store.store_machine import ANY_COPY, COPIES, STREAMS

PUT = st.lists(ANY_COPY, min_size=1, max_size=8)
PRUNE = st.tuples(st.sets(st.sampled_from(STREAMS), min_size=1), st.integers(1, 6), st.integers(-3, 1))
ALL = [copies[0].checked.cid for copies in COPIES]


def said(store: EventStore) -> list[object]:
    return [
        store.feed(0, 100, with_cars=True),
        [store.event(cid) for cid in ALL],
        [store.snapshot(stream, since) for stream in STREAMS for since in (0, 4)],
        store.changed(0, 100),
        store.head(),
    ]


def prune(store: EventStore, streams: set[Cid], limit: int, before: int) -> list[object]:
    asked = {stream: store.snapshot(stream).version for stream in sorted(streams)}
    return [store.prune(asked, before, limit, is_trial=is_trial) for is_trial in (True, False)]


@given(st.lists(PUT | PRUNE, max_size=25))
def test_two_stores(steps: list[list[NewEvent] | tuple[set[Cid], int, int]]) -> None:
    clock, memory_clock = HandClock(), HandClock()
    memory = MemoryStore(clock=memory_clock, max_waiting=4)
    with (
        TemporaryDirectory() as folder,
        open_store(Path(folder), clock=clock, max_waiting=4) as store,
    ):
        for step in steps:
            clock.time = memory_clock.time = clock.time + 1
            if isinstance(step, list):
                done = [each.put(step) for each in (store, memory)]
                assert done[0] == done[1]
            else:
                streams, limit, age = step
                found = [prune(each, streams, limit, clock.time + age) for each in (store, memory)]
                assert found[0] == found[1]
            assert said(store) == said(memory)
        assert store.check(thorough=True) == []
        _restore(store)
        assert store.check() == []


def _restore(store: EventStore) -> None:
    """With every copy of each event nothing is missing any more."""
    for copies in COPIES:
        if store.event(copies[0].checked.cid) is not None:
            outcomes = store.put(copies).outcomes
            assert PutOutcome.NO_ROOM not in outcomes
    for stream in STREAMS:
        assert not store.snapshot(stream).is_pruned
