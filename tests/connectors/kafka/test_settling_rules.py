"""How a hanging transaction is ended, against a coordinator that fails at every step, and us who die."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceramic_connectors.kafka.errors import KafkaFencedError, KafkaTransactionError, KafkaUnreachableError
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.kafka.settling import (
    ABORTED,
    COMMITTED,
    EMPTY,
    ONGOING,
    Described,
    settle,
    wait_until_closed,
)
from ceramic_protocol.limits import KAFKA_SETTLE_SECONDS

PARTITIONS = [Partition("data", 0), Partition("data", 1), Partition("positions", 0)]
START = 7


class Fault(Enum):
    """What happens at a question or an order."""

    NONE = auto()
    UNHEARD = auto()
    UNANSWERED = auto()
    SKIPPED = auto()
    HALF = auto()
    DEATH = auto()


class DiedError(Exception):
    """We did."""


@dataclass
class World:
    """A coordinator, and partitions with one transaction in which not all have their markers."""

    now: Described
    hanging: set[Partition]
    faults: list[Fault] = field(default_factory=list)
    outcomes: dict[Partition, bool] = field(default_factory=dict)
    seconds: float = 0.0

    def described(self) -> Described | None:
        self._fail()
        return self.now

    def open_in(self, partitions: Collection[Partition], producer_id: int) -> dict[Partition, int]:
        self._fail()
        assert producer_id == self.now.producer_id
        return {each: START for each in partitions if each in self.hanging}

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        self._fail()
        return {each: START if each in self.hanging else START + 10 for each in partitions}

    def end(self, of: Described, partitions: Collection[Partition], *, commit: bool) -> None:
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        if fault is Fault.UNHEARD:
            raise KafkaUnreachableError("unheard")
        if fault is Fault.DEATH:
            raise DiedError
        if (of.producer_id, of.epoch) != (self.now.producer_id, self.now.epoch):
            raise KafkaFencedError("another epoch")
        if fault is Fault.HALF:
            self.now = replace(self.now, state=ONGOING, started_ms=self.now.started_ms + 1)
            raise KafkaUnreachableError("half of it")
        self.mark(partitions if fault is not Fault.SKIPPED else sorted(partitions)[1:], commit=commit)
        self.now = replace(self.now, state=COMMITTED if commit else ABORTED)
        if fault is not Fault.NONE:
            raise KafkaUnreachableError("unanswered")

    def mark(self, partitions: Collection[Partition], *, commit: bool) -> None:
        for partition in self.hanging.intersection(partitions):
            self.outcomes[partition] = commit
        self.hanging.difference_update(partitions)

    def fence(self, skipped: Collection[Partition]) -> None:
        """What Kafka does when a producer is opened, if it leaves markers out."""
        if self.now.state == ONGOING:
            self.mark(self.hanging - set(skipped), commit=False)
        self.now = replace(self.now, state=EMPTY, epoch=self.now.epoch + 1)

    def pause(self, seconds: float) -> None:
        self.seconds += seconds

    def clock(self) -> float:
        return self.seconds

    def settle(self) -> None:
        settle(self, PARTITIONS, self.pause, self.clock)

    def _fail(self) -> None:
        fault = self.faults.pop(0) if self.faults else Fault.NONE
        if fault is Fault.DEATH:
            raise DiedError
        if fault is not Fault.NONE:
            raise KafkaUnreachableError("not now")


def world(state: str, hanging: Collection[Partition], faults: Sequence[Fault] = ()) -> World:
    return World(Described(state, 5, 3, 1000), set(hanging), list(faults))


hangings = st.sets(st.sampled_from(PARTITIONS))
passing = st.lists(st.sampled_from([each for each in Fault if each is not Fault.DEATH]), max_size=20)
deadly = st.lists(st.sampled_from([each for each in Fault if each is not Fault.HALF]), max_size=20)


@given(hanging=hangings, faults=passing, is_committed=st.booleans())
def test_as_the_coordinator_meant_it(
    hanging: set[Partition], faults: list[Fault], is_committed: bool
) -> None:
    found = world(COMMITTED if is_committed else ABORTED, hanging, faults)
    found.settle()
    assert found.hanging == set()
    assert found.outcomes == dict.fromkeys(hanging, is_committed)


@given(hanging=hangings, faults=deadly, is_committed=st.booleans())
def test_however_often_we_die(hanging: set[Partition], faults: list[Fault], is_committed: bool) -> None:
    found = world(COMMITTED if is_committed else ABORTED, hanging, faults)
    for _ in range(len(faults) + 1):
        try:
            found.settle()
            break
        except DiedError:
            continue
    found.fence([])
    found.settle()
    assert found.hanging == set()
    assert found.outcomes == dict.fromkeys(hanging, is_committed)


@given(hanging=hangings, skipped=hangings, faults=deadly)
def test_what_was_under_way_is_aborted(
    hanging: set[Partition], skipped: set[Partition], faults: list[Fault]
) -> None:
    found = world(ONGOING, hanging)
    found.settle()
    assert found.hanging == hanging
    found.fence(skipped)
    found.faults = faults
    for _ in range(len(faults) + 1):
        try:
            found.settle()
            break
        except DiedError:
            found.fence([])
    assert found.hanging == set()
    assert found.outcomes == dict.fromkeys(hanging, False)


def test_an_id_that_is_new() -> None:
    found = world(EMPTY, [])
    found.now = None  # type: ignore[assignment]
    found.settle()


def test_a_transaction_that_is_being_ended_is_waited_for() -> None:
    found = world("PrepareCommit", PARTITIONS)
    with pytest.raises(KafkaTransactionError, match="still being ended"):
        found.settle()
    assert found.seconds >= KAFKA_SETTLE_SECONDS
    assert found.hanging == set(PARTITIONS)


def test_a_broker_that_stays_away() -> None:
    found = world(COMMITTED, PARTITIONS, [Fault.UNHEARD] * 100_000)
    with pytest.raises(KafkaUnreachableError):
        found.settle()


def test_a_predecessor_that_is_alive_is_left_alone() -> None:
    """It begins a transaction between our two questions: that isn't one that hangs."""
    found = world(COMMITTED, [])
    opened = found.open_in

    def open_in(partitions: Collection[Partition], producer_id: int) -> dict[Partition, int]:
        found.hanging = set(PARTITIONS)
        found.now = replace(found.now, state=ONGOING, started_ms=2000)
        return opened(partitions, producer_id)

    found.open_in = open_in  # type: ignore[method-assign]
    found.settle()
    assert found.hanging == set(PARTITIONS)
    assert found.now.state == ONGOING


def test_no_transaction_begins_before_the_last_one_is_closed() -> None:
    written = dict.fromkeys(PARTITIONS, START + 3)
    found = world(COMMITTED, [])
    wait_until_closed(found, written, found.pause, found.clock)
    for unknown in (written, dict.fromkeys(PARTITIONS, -1)):
        found = world(COMMITTED, PARTITIONS[:1])
        with pytest.raises(KafkaTransactionError, match="open in data-0"):
            wait_until_closed(found, unknown, found.pause, found.clock)
        assert found.seconds == 0
        found = world("PrepareCommit", PARTITIONS[:1])
        with pytest.raises(KafkaTransactionError, match="open in data-0"):
            wait_until_closed(found, unknown, found.pause, found.clock)
        assert found.seconds >= KAFKA_SETTLE_SECONDS
