"""Events in any order, time, little work at a time, restarts and crashes: states are what events make."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from ceramic_node.states.follower import StateFollower
from ceramic_node.states.live_cache import LiveCache
from ceramic_node.states.port import StateStore
from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.ports import EventStore
from ceramic_protocol.rules import Rules
from tests.node.states.oracle import check, check_changes
from tests.node.states.world import EVENTS

_READS: Final = {"event", "entry", "snapshot", "streams_of", "changed"}


class Failing:
    """A store that fails once, after so many reads."""

    def __init__(self, real: EventStore) -> None:
        self._real = real
        self.left = -1

    def __getattr__(self, name: str) -> Any:
        if name in _READS:
            self.left -= 1
            if self.left == 0:
                raise OutsideError("the disk has failed")
        return getattr(self._real, name)


class FollowerMachine(RuleBasedStateMachine):
    """Compares whenever there is nothing left to do."""

    def make_events(self) -> EventStore:
        """An empty store of events."""
        return MemoryStore()

    @abstractmethod
    def open(self) -> StateStore:
        """The store of states, empty at first and then opened anew."""

    @abstractmethod
    def close(self) -> None:
        """Close it, as if the process ended."""

    @initialize(
        unit=st.sampled_from([1, 2, 3, 100]),
        seconds=st.sampled_from([0.0, 10.0]),
        streams=st.sampled_from([1, 3, 1000]),
        skew=st.sampled_from([0, 1]),
    )
    def begin(self, unit: int, seconds: float, streams: int, skew: int) -> None:
        self.events = Failing(self.make_events())
        self.now, self.skew = 1, skew
        self.sizes = unit, seconds, streams
        self.states = self.open()
        self.follow()

    def rules_now(self) -> Rules:
        return Rules(self.now * 500, grace=0, skew=self.skew)

    def follow(self) -> None:
        unit, seconds, streams = self.sizes
        store: Any = self.events
        self.follower = StateFollower(
            store, self.states, self.rules_now, cache=LiveCache(streams), unit=unit, seconds=seconds
        )

    @rule(places=st.lists(st.integers(0, len(EVENTS) - 1), max_size=12))
    def put(self, places: list[int]) -> None:
        self.events.put([EVENTS[place] for place in places])

    @rule(random=st.randoms(use_true_random=False))
    def put_everything(self, random: Any) -> None:
        batch = list(EVENTS)
        random.shuffle(batch)
        self.events.put(batch)

    @rule(limit=st.integers(1, 9), times=st.integers(1, 6))
    def work(self, limit: int, times: int) -> None:
        for _ in range(times):
            self.follower.run_once(limit)

    @rule(seconds=st.integers(1, 4))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def restart(self) -> None:
        self.close()
        self.states = self.open()
        self.follow()

    @rule(reads=st.integers(1, 40))
    def fail(self, reads: int) -> None:
        self.events.left = reads
        try:
            for _ in range(20):
                self.follower.run_once(5)
        except OutsideError:
            pass
        self.events.left = -1

    @rule()
    def rebuild(self) -> None:
        self.follower.rebuild()

    @rule()
    def settle(self) -> None:
        steps = 0
        while self.follower.run_once(50):
            steps += 1
            assert steps < 3000, "it never ends"
        assert self.follower.lag == 0
        assert self.follower.failures == 0
        store: Any = self.events
        check(store, self.states, self.rules_now())
        check_changes(self.states)

    def teardown(self) -> None:
        if hasattr(self, "follower"):
            self.settle()
            self.close()


FollowerMachine.TestCase.settings = settings(stateful_step_count=20, max_examples=30)
