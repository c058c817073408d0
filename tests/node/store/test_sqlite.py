"""The store in a SQLite file keeps what the port promises."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given

from ceramic_node.clock import SystemClock
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.ports import Clock, EventStore
from ceramic_protocol.stored import NewEvent
from tests.node.store.feed_contract import BATCHES, FeedContract, keep_a_copy_up
from tests.node.store.pruning_contract import PruningContract
from tests.node.store.store_contract import MAX_WAITING, StoreContract
from tests.node.store.store_machine import Held, StoreMachine


class TestSqliteStore(StoreContract):
    def opened(self, folder: Path) -> AbstractContextManager[EventStore]:
        return open_store(folder, clock=SystemClock(), max_waiting=MAX_WAITING)


class TestSqliteFeed(FeedContract):
    def opened_with(self, folder: Path, clock: Clock) -> AbstractContextManager[EventStore]:
        return open_store(folder, clock=clock)


class TestSqlitePruning(PruningContract):
    def opened_with(self, folder: Path, clock: Clock) -> AbstractContextManager[EventStore]:
        return open_store(folder, clock=clock)


@given(BATCHES)
def test_a_copy_that_is_kept_up(batches: list[list[NewEvent]]) -> None:
    with TemporaryDirectory() as folder, open_store(Path(folder), clock=SystemClock()) as store:
        keep_a_copy_up(store, batches)


class _Machine(StoreMachine):
    def hold(self, max_waiting: int) -> Held:
        self.folder = TemporaryDirectory()
        path = Path(self.folder.name)
        self.opened = open_store(path, clock=SystemClock(), max_waiting=max_waiting)

        def reopen() -> EventStore:
            self.opened.close()
            self.opened = open_store(path, clock=SystemClock(), max_waiting=max_waiting)
            return self.opened

        return Held(self.opened, reopen)

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            findings = self.opened.check(thorough=True)
            self.opened.close()
            self.folder.cleanup()
            assert findings == []


TestMachine = _Machine.TestCase
