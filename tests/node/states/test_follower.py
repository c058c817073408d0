"""States that are kept up are what evaluating anew makes, whatever comes in whatever order."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from ceramic_node.clock import SystemClock
from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.sqlite import SqliteStates
from ceramic_node.store.sqlite import open_store
from ceramic_protocol.ports import EventStore
from tests.node.states.follower_machine import FollowerMachine


class _Memory(FollowerMachine):
    def open(self) -> StateStore:
        self.kept = getattr(self, "kept", None) or MemoryStates()
        return self.kept

    def close(self) -> None:
        pass


class _Sqlite(FollowerMachine):
    def make_events(self) -> EventStore:
        self.folder = TemporaryDirectory()
        self.real = open_store(Path(self.folder.name), clock=SystemClock())
        return self.real

    def open(self) -> StateStore:
        return SqliteStates(Path(self.folder.name) / "states.sqlite3")

    def close(self) -> None:
        self.states.close()

    def teardown(self) -> None:
        super().teardown()
        if hasattr(self, "real"):
            self.real.close()
            self.folder.cleanup()


TestMemory = _Memory.TestCase
TestSqlite = _Sqlite.TestCase
