"""A mirror beside a follower, both moved by hand, and what the mirror ought to hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ceramic_node.sql.database import Database
from ceramic_node.sql.ddl import FRONTIER
from ceramic_node.sql.mirror import Mirror
from ceramic_node.sql.schemas import TABLES
from ceramic_node.states.follower import StateFollower
from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.reading import StateReader, TablePage
from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.rules import Rules
from ceramic_protocol.store_port import EventStore

STORED = ("conclusion_events", "event_states", "stream_tips", "stream_states")


@dataclass
class Clock:
    """Tells the time that it is set to, in unix milliseconds."""

    at: int = 1_000

    def now(self) -> int:
        return self.at


@dataclass
class World:
    """Stores in memory unless others are given."""

    clock: Clock = field(default_factory=Clock)
    states: StateStore = field(default_factory=MemoryStates)
    profile: Profile = Profile.STRICT

    def __post_init__(self) -> None:
        self.events: EventStore = MemoryStore(clock=self.clock, network=IN_MEMORY)
        self.follower = StateFollower(self.events, self.states, self.rules, poll=0.01)

    def rules(self) -> Rules:
        return Rules(self.clock.at, profile=self.profile)

    def settle(self) -> None:
        """Let the states be those of all events."""
        while self.follower.run_once():
            pass

    def mirror(self, database: Database) -> Mirror:
        """A mirror of it."""
        return Mirror(database, self.events, self.states, lambda: self.profile)

    def wanted(self, name: str) -> list[tuple[Any, ...]]:
        """The rows of a table as the states give them."""
        reader = StateReader(self.events, self.states, self.rules)
        read = getattr(reader, name)
        rows: list[tuple[Any, ...]] = []
        after = 0
        while True:
            page: TablePage = read(after, 1_000)
            rows += page.rows
            if page.after == after:
                return sorted(map(plain, rows))
            after = page.after


def plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of values that compare."""
    return tuple(_plain(value) for value in row)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return bytes(value)
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [tuple(map(_plain, each)) if isinstance(each, tuple) else _plain(each) for each in value]
    return str(value) if isinstance(value, str) else value


def held(database: Database, name: str) -> list[tuple[Any, ...]]:
    """The rows of a table in the mirror."""
    connection = database.reader()
    try:
        frontier = database.head().frontier
        connection.execute(f"SET VARIABLE {FRONTIER} = {frontier}::UBIGINT")
        columns = ", ".join(TABLES[name].names)
        rows = connection.sql(f"SELECT {columns} FROM {name}").fetchall()
    finally:
        connection.close()
    return sorted(map(plain, rows))


def check(world: World, database: Database) -> None:
    """Compare all tables."""
    for name in STORED:
        assert held(database, name) == world.wanted(name), name
