"""What the Kafka connectors need of a client, and what its calls take and return.

Every method raises `KafkaError` (`errors`), whose classes tell what to do next. A client, and whatever it
opened, belongs to one thread at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, Self

INTERNAL: Final = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})
"""Topics of Kafka's own."""


class Partition(NamedTuple):
    """A partition of a topic, by its number from 0."""

    topic: str
    number: int


class Message(NamedTuple):
    """What is to be written.

    Attributes:
        topic: its name.
        value: None is a tombstone.
        key: decides the partition (murmur2, as in Java's client) unless `partition` does.
        headers: any number, in this order; names may come twice.
        partition: number of the partition.
        timestamp_ms: milliseconds since 1970; the time of writing if None.
    """

    topic: str
    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
    timestamp_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What was read; fields as in `Message`."""

    partition: Partition
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class Member:
    """Who commits offsets for a group.

    Attributes:
        group: its name.
        handle: what the client needs to know of a member that has joined, so that brokers can fence it;
            None for a group whose partitions are assigned by hand.
    """

    group: str
    handle: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic.

    Attributes:
        name: of at most 249 characters of `A-Z a-z 0-9 . _ -`.
        partitions: how many.
        replication: copies of each; -1 leaves it to the broker.
        settings: such as `cleanup.policy`, by Kafka's names, those that aren't the broker's own.
        id: what the cluster calls it, which another topic of the same name won't have; of those that are
            there, but empty if the broker has none (before 2.8).
    """

    name: str
    partitions: int = 1
    replication: int = -1
    settings: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default="", compare=False)


class Producer(Protocol):
    """Writes transactions under one id; whoever opened it last under this id is the only one who can.

    It serves until the first failure: then it has closed itself, and every further call raises. What was
    committed is to be read anew from Kafka, as a commit may have succeeded without its answer arriving.
    """

    def write(
        self,
        messages: Iterable[Message],
        offsets: Mapping[Partition, int] | None = None,
        member: Member | None = None,
    ) -> None:
        """Write all messages and commit the offsets of a group in one transaction, or nothing.

        It is certain when this returns; readers see it a moment later, and the next transaction waits for
        that, as does a new producer to which its partitions are named.

        Args:
            messages: taken one by one while the transaction is open; if this raises, it is aborted.
            offsets: the position of the next record to read, by partition.
            member: whose offsets they are; goes with them.

        Raises:
            KafkaFencedError: another producer has been opened under this id; nothing was committed.
            KafkaTransactionError: it failed; it may nevertheless have been committed if `may_be_committed`.
            KafkaRefusedError: the broker doesn't take a message or an offset; nothing was committed.
        """
        ...

    def close(self) -> None:
        """End it; twice is as good as once."""
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(self, *raised: object) -> None:
        """Close it."""
        ...


class Consumer(Protocol):
    """Reads what was committed, in order within a partition; commits positions only when told to."""

    def assign(self, positions: Mapping[Partition, int | None]) -> None:
        """Read these partitions from these offsets; None stands for the first record that is there."""
        ...

    def subscribe(self, topics: Sequence[str]) -> None:
        """Read these topics as a member of the group, from its offsets or else from the first record."""
        ...

    def poll(self, seconds: float) -> list[Received]:
        """At most `limits.MAX_KAFKA_POLL` records; none if none come within so many seconds."""
        ...

    def position(self, partition: Partition) -> int:
        """The offset behind the last record that was read, and behind markers that were met there."""
        ...

    def ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Where what can be read now ends: all is read once `position` has come there.

        What was committed can be behind it, as long as a transaction is open; see `written_ends`.
        """
        ...

    def written_ends(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """Where what was written ends, in transactions that are open too.

        Where that is more than `ends`, something before it isn't decided, and the last record that can be
        read needn't be the last one that was committed.
        """
        ...

    def begins(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The first offset that wasn't deleted."""
        ...

    def offsets_at(self, partitions: Iterable[Partition], timestamp_ms: int) -> dict[Partition, int]:
        """The first offsets whose records have that time, in unix milliseconds, or a later one.

        Markers at the ends of transactions count as records. Partitions without any are left out.
        """
        ...

    def committed(self, partitions: Iterable[Partition]) -> dict[Partition, int]:
        """The group's offsets; those without one are left out. Waits for open transactions."""
        ...

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Keep the group's offsets, outside of any transaction."""
        ...

    def member(self) -> Member:
        """Who to commit as in a producer's transaction."""
        ...

    def close(self) -> None:
        """End it and leave the group; twice is as good as once."""
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(self, *raised: object) -> None:
        """Close it."""
        ...


class Admin(Protocol):
    """Makes, describes and changes topics."""

    def create(self, topics: Iterable[Topic]) -> set[str]:
        """Make those that aren't there, ready to be written; the names of those that were made."""
        ...

    def names(self) -> set[str]:
        """The names of all topics that may be seen, Kafka's own left out."""
        ...

    def cluster_id(self) -> str:
        """What the cluster calls itself, by whichever address it was reached."""
        ...

    def describe(self, names: Iterable[str]) -> dict[str, Topic]:
        """Those of the topics that are there."""
        ...

    def alter(self, name: str, settings: Mapping[str, str]) -> None:
        """Change these settings of a topic; others stay."""
        ...

    def delete_records(self, before: Mapping[Partition, int]) -> None:
        """Delete the records before these offsets."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Delete topics; those that aren't there are no error."""
        ...

    def close(self) -> None:
        """End it; twice is as good as once."""
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(self, *raised: object) -> None:
        """Close it."""
        ...


class Kafka(Protocol):
    """A cluster, through one of the libraries."""

    def producer(self, transactional_id: str, touches: Collection[Partition] = ()) -> Producer:
        """A new producer. Ends what an older one under this id left open, and fences it.

        Once it is there, everything in `touches` that was committed under this id can be read, and what
        wasn't is aborted (`settling`), even if the broker died in the middle of it.

        Args:
            transactional_id: the name under which it writes.
            touches: all partitions to which older ones may have written, above all that of positions. A
                committed transaction may hang in others, unseen, and may get lost there. Those that don't
                exist are passed over.

        Raises:
            KafkaTransactionError: what an older one left open doesn't end in time; try again.
            KafkaError: there is no way in (`KafkaUnreachableError` and its kin), or the id isn't allowed.
        """
        ...

    def sender(self) -> Producer:
        """A new producer without transactions, which shuts nobody out. See `producer` for errors.

        Its `write` sends the last message when all others are acknowledged, and returns when that one is.
        If it fails, any of them may be there. It takes no offsets.
        """
        ...

    def consumer(self, group: str | None = None) -> Consumer:
        """A new consumer, for a group if it commits or subscribes. See `producer` for errors."""
        ...

    def admin(self) -> Admin:
        """For topics. See `producer` for errors."""
        ...
