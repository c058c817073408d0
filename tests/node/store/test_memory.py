"""The store in memory keeps what the port promises."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from hypothesis import given

from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.ports import Clock, EventStore
from ceramic_protocol.stored import NewEvent
from tests.node.store.feed_contract import BATCHES, FeedContract, keep_a_copy_up
from tests.node.store.pruning_contract import PruningContract
from tests.node.store.store_contract import MAX_WAITING, StoreContract
from tests.node.store.store_machine import Held, StoreMachine


class TestMemoryStore(StoreContract):
    def opened(self, folder: Path) -> AbstractContextManager[EventStore]:
        del folder
        return nullcontext(MemoryStore(max_waiting=MAX_WAITING))


class TestMemoryFeed(FeedContract):
    def opened_with(self, folder: Path, clock: Clock) -> AbstractContextManager[EventStore]:
        del folder
        return nullcontext(MemoryStore(clock=clock))


class TestMemoryPruning(PruningContract):
    def opened_with(self, folder: Path, clock: Clock) -> AbstractContextManager[EventStore]:
        del folder
        return nullcontext(MemoryStore(clock=clock))


@given(BATCHES)
def test_a_copy_that_is_kept_up(batches: list[list[NewEvent]]) -> None:
    keep_a_copy_up(MemoryStore(), batches)


class _Machine(StoreMachine):
    def hold(self, max_waiting: int) -> Held:
        store = MemoryStore(max_waiting=max_waiting)
        return Held(store, lambda: store)


TestMachine = _Machine.TestCase
