"""A follower with its stores, for tests of one thing at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ceramic_node.states.follower import StateFollower
from ceramic_node.states.memory import MemoryStates
from ceramic_node.states.port import StateStore
from ceramic_node.states.reading import StateReader
from ceramic_node.states.records import StreamStateRow
from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.rules import Rules
from ceramic_protocol.stored import NewEvent
from tests.node.states.making import document, model, model_id
from tests.node.states.oracle import check, check_changes

NOTE: Final = model("Note")
NOTES: Final = model_id(NOTE)


def note(name: str, content: object = None) -> NewEvent:
    """A document of that model."""
    return document(NOTES, name, content)


class Meddled:
    """A store of events in which one method of one's choice does something else."""

    def __init__(self, real: MemoryStore) -> None:
        self.real = real
        self.instead: dict[str, Callable[..., Any]] = {}

    def __getattr__(self, name: str) -> Any:
        return self.instead.get(name) or getattr(self.real, name)


class Following:
    """Events, states, a clock in unix seconds, and the follower."""

    def __init__(self, states: StateStore | None = None, **options: Any) -> None:
        self.real = MemoryStore()
        self.meddled = Meddled(self.real)
        self.events: Any = self.meddled
        self.states = states or MemoryStates()
        self.now = 1_000
        self.options = options
        self.follow()

    def rules(self) -> Rules:
        return Rules(self.now * 1000, grace=0, skew=0)

    def follow(self) -> None:
        """Begin anew, as after a restart."""
        self.follower = StateFollower(self.events, self.states, self.rules, **self.options)
        self.reader = StateReader(self.events, self.states, self.rules)

    def put(self, *events: NewEvent) -> None:
        self.real.put(events)

    def settle(self) -> int:
        """Work until there is nothing left to do; gives how many transactions that took."""
        steps = 0
        while self.follower.run_once():
            steps += 1
            assert steps < 10_000
        return steps

    def check(self) -> None:
        """That the states are what all events make."""
        self.settle()
        check(self.real, self.states, self.rules())
        check_changes(self.states)

    def state(self, event: NewEvent) -> StreamStateRow:
        found = self.states.stream(event.checked.cid)
        assert found is not None
        return found
