"""What a transaction left open is ended as the coordinator meant it, before anything is read or written.

A commit is certain once the coordinator has it in its log (`PrepareCommit`); it then puts a marker into each
partition. A broker that dies in between does that when it is back, but Kafka 4.3 leaves partitions out whose
leader it doesn't know yet, as if they were deleted: `KRaftMetadataCache.getPartitionLeaderEndpoint` gives
nothing for them, `TransactionMarkerChannelManager.addTxnMarkersToBrokerQueue` then skips them, and the state
becomes `CompleteCommit` (KAFKA-20734, https://github.com/apache/kafka/pull/22680). Such a partition *hangs*:
its last stable offset stays before the transaction, for all readers, until the same producer ends its next
transaction there, and that one's outcome becomes the outcome of both. So a position that was committed can't
be read, and everything is written again; and if the next transaction is aborted, a committed record is lost
for good. With one broker of Kafka 4.3.1, 13 of 80 kills within 5 ms of a commit left it like that, and
without the rules below 84 of 1,332 records came twice in 53 such kills (`tests/support/kafka_kills.py`).

Two rules keep that from happening:

* a producer that is opened settles what its predecessor left: `settle`, before and after Kafka fences it;
* a producer begins no transaction before the last one is closed in all partitions: `wait_until_closed`.

By these rules only the last transaction of an id can hang, and the coordinator's state tells its outcome:
that of a commit or an abort that is complete; an abort if the id is `Empty`, as opening made it so, and
everything that was committed was settled before that. Partitions are closed by a transaction that has no
records, of the same producer id and epoch, before the id is opened anew.

What remains: a hanging partition that isn't named to the successor gets the outcome of a later transaction.
If the broker dies between the two requests that close partitions, and it or we stay away for longer than a
transaction may last, it aborts what was committed. An id that the broker has forgotten (it does after a week)
tells nothing; `Consumer.written_ends` still shows what hangs. Offsets of groups aren't looked at: those that
hang can't be read at all, rather than as old ones, until the id's next transaction with that group.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from ceramic_connectors.kafka.errors import (
    KafkaError,
    KafkaFencedError,
    KafkaTransactionError,
    KafkaUnreachableError,
)
from ceramic_connectors.kafka.port import Partition
from ceramic_protocol.limits import KAFKA_SETTLE_PAUSE_SECONDS, KAFKA_SETTLE_SECONDS, MAX_KAFKA_NAMED

EMPTY: Final = "Empty"
ONGOING: Final = "Ongoing"
COMMITTED: Final = "CompleteCommit"
ABORTED: Final = "CompleteAbort"

_ANYWHERE: Final = 2**63 - 1
_ENDED: Final = frozenset({EMPTY, COMMITTED, ABORTED})
_STEADY: Final = _ENDED | {ONGOING}
"""States that don't become others by themselves; while others last, markers are still being written."""

_PASSING: Final = (KafkaUnreachableError, KafkaTransactionError, KafkaFencedError)
"""What may be over when it is tried again; another producer that takes over changes the state we look at."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the coordinator says of a transactional id.

    Attributes:
        state: in Kafka's words.
        producer_id: of whoever opened it last.
        epoch: how often that was.
        started_ms: when its last transaction began, milliseconds since 1970; -1 if there was none.
    """

    state: str
    producer_id: int
    epoch: int
    started_ms: int


class Coordinator(Protocol):
    """Who keeps the state of one transactional id, and the leaders of partitions."""

    def described(self) -> Described | None:
        """The state; None if nobody has opened it, or not for a long time."""
        ...

    def open_in(self, partitions: Collection[Partition], producer_id: int) -> dict[Partition, int]:
        """Where that producer's open transaction begins, in those of the partitions that have one."""
        ...

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Where the first open transaction begins, whoever's it is, or else the end; only what is there."""
        ...

    def end(self, of: Described, partitions: Collection[Partition], *, commit: bool) -> None:
        """Begin a transaction in the partitions, write nothing, and end it."""
        ...


@dataclass(frozen=True, slots=True)
class _Repair:
    """Partitions that were found to hang, where, and how they are to end."""

    producer_id: int
    epoch: int
    starts: Mapping[Partition, int]
    commit: bool

    def is_of(self, hanging: Mapping[Partition, int]) -> bool:
        return all(self.starts.get(partition) == start for partition, start in hanging.items())

    def is_under_way(self, found: Described, hanging: Mapping[Partition, int]) -> bool:
        """Whether a transaction that is open is the one by which partitions are closed."""
        return (self.producer_id, self.epoch) == (found.producer_id, found.epoch) and self.is_of(hanging)


def settle(
    coordinator: Coordinator,
    touches: Collection[Partition],
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Close partitions that hang; what is still under way is left to whoever fences its producer.

    Args:
        coordinator: asked and told.
        touches: all partitions to which the id's last transactions may have written.
        pause: waits so many seconds.
        clock: seconds, from whenever.

    Raises:
        KafkaTransactionError: a transaction doesn't end in all partitions in time.
        KafkaUnreachableError: nobody answers in time.
        KafkaRefusedError: the broker doesn't allow to look or to end it.
    """
    if not touches:
        return
    until, last = clock() + KAFKA_SETTLE_SECONDS, KafkaError("it is still being ended")
    repair: _Repair | None = None
    while clock() < until:
        try:
            found = coordinator.described()
            hanging, is_done = _look(coordinator, touches, found, repair)
            if is_done or found is None:
                return
            if hanging:
                repair = _planned(found, hanging, repair)
                coordinator.end(found, hanging, commit=repair.commit)
        except _PASSING as error:
            last = error
        pause(KAFKA_SETTLE_PAUSE_SECONDS)
    if isinstance(last, KafkaUnreachableError):
        raise last
    raise KafkaTransactionError(f"what a former producer left open doesn't end: {last}")


def _look(
    coordinator: Coordinator, touches: Collection[Partition], found: Described | None, repair: _Repair | None
) -> tuple[dict[Partition, int], bool]:
    """Partitions that are to be closed, and whether nothing is left to be done."""
    if found is None:
        return {}, True
    if found.state not in _STEADY:
        return {}, False
    if found.state == ONGOING and repair is None:
        return {}, True
    found_open = coordinator.open_in(touches, found.producer_id)
    if found.state == ONGOING and repair is not None and not repair.is_under_way(found, found_open):
        return {}, True
    if not found_open and found.state != ONGOING:
        return {}, True
    if coordinator.described() != found:
        # Whoever is still alive may have begun another transaction while we looked.
        return {}, False
    return found_open, not found_open


def _planned(found: Described, hanging: Mapping[Partition, int], before: _Repair | None) -> _Repair:
    known = before is not None and before.is_of(hanging)
    commit = before.commit if before is not None and known else found.state == COMMITTED
    return _Repair(found.producer_id, found.epoch, dict(hanging), commit)


def wait_until_closed(
    coordinator: Coordinator,
    written: Mapping[Partition, int],
    pause: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Wait for the markers of a transaction that was committed.

    Args:
        coordinator: asked.
        written: the last offset of that transaction in each of its partitions; -1 if it isn't known.
        pause: waits so many seconds.
        clock: seconds, from whenever.

    Raises:
        KafkaTransactionError: a partition hangs, or stays open for too long; opening a producer settles it.
        KafkaUnreachableError: nobody answers in time.
    """
    until, last = clock() + KAFKA_SETTLE_SECONDS, KafkaError("too long")
    left = {partition: _ANYWHERE if at < 0 else at for partition, at in written.items()}
    while clock() < until:
        try:
            left = _unmarked(coordinator, left)
            if not left:
                return
            found = coordinator.described()
            if found is not None and found.state in _STEADY:
                left = _unmarked(coordinator, left)
                starts = coordinator.open_in(left, found.producer_id) if left else {}
                left = {each: at for each, at in left.items() if each in starts and starts[each] <= at}
                if not left:
                    return
                if found.state in _ENDED and coordinator.described() == found:
                    raise _open(left)
        except KafkaUnreachableError as error:
            last = error
        pause(KAFKA_SETTLE_PAUSE_SECONDS)
    if isinstance(last, KafkaUnreachableError):
        raise last
    raise _open(left)


def _open(partitions: Collection[Partition]) -> KafkaTransactionError:
    return KafkaTransactionError(f"the transaction before was committed, but is open in {named(partitions)}")


def _unmarked(coordinator: Coordinator, written: Mapping[Partition, int]) -> dict[Partition, int]:
    """Partitions in which something is open, whoever's it is, before what was written."""
    ends = coordinator.stable_ends(written)
    return {each: at for each, at in written.items() if each in ends and ends[each] <= at}


def named(partitions: Collection[Partition]) -> str:
    """Partitions in words, the first of them."""
    words = [f"{topic}-{number}" for topic, number in sorted(partitions)[:MAX_KAFKA_NAMED]]
    more = len(partitions) - len(words)
    return ", ".join(words) + (f" and {more} more" if more else "")
