"""Questions about transactions, through kafka-python's client for administration.

confluent-kafka can't ask them: its producer is settled through this one too. They need no other rights than
to write under the id and to the topics; where something hangs, or others' transactions are open, also that to
read them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any, Self

from ceramic_connectors.kafka.errors import KafkaTransactionError
from ceramic_connectors.kafka.kafka_python.causes import asking, connecting
from ceramic_connectors.kafka.kafka_python.config import common
from ceramic_connectors.kafka.port import Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_connectors.kafka.settling import Described

_BEFORE_EPOCHS = 3
"""The newest version of requests by which a client ends a transaction without being given a new epoch."""


class KafkaPythonCoordinator:
    """See `settling.Coordinator`."""

    def __init__(self, settings: KafkaSettings, transactional_id: str) -> None:
        from kafka.admin import KafkaAdminClient

        self._servers = settings.servers
        self._id = transactional_id
        self._closed = False
        with connecting(settings):
            self._admin = KafkaAdminClient(**common(settings))

    def described(self) -> Described | None:
        """See `settling.Coordinator.described`."""
        from kafka.errors import TransactionalIdNotFoundError

        with asking(self._servers):
            self._forget_coordinator()
            try:
                found = self._admin.describe_transactions([self._id])[self._id]
            except TransactionalIdNotFoundError:
                return None
        return Described(
            found.state.value, found.producer_id, found.producer_epoch, found.transaction_start_time_ms
        )

    def stable_ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """See `settling.Coordinator.stable_ends`."""
        with asking(self._servers):
            found: dict[Partition, int] = self._run(self._ends, partitions, _committed())
        return found

    def open_in(self, partitions: Collection[Partition], producer_id: int) -> dict[Partition, int]:
        """See `settling.Coordinator.open_in`."""
        with asking(self._servers):
            # In this order: what is written in between isn't taken for something open.
            tops = self._run(self._ends, partitions, _uncommitted())
            stable = self._run(self._ends, partitions, _committed())
            asked = [each for each, top in tops.items() if each in stable and stable[each] < top]
            return self._run(self._starts, asked, producer_id) if asked else {}

    def end(self, of: Described, partitions: Collection[Partition], *, commit: bool) -> None:
        """See `settling.Coordinator.end`."""
        from kafka.errors import InvalidTxnStateError

        with asking(self._servers):
            try:
                self._run(self._end, of, partitions, commit)
            except InvalidTxnStateError as error:
                raise KafkaTransactionError(f"can't end a transaction of {self._id}: {error}") from error

    def close(self) -> None:
        """End it; twice is as good as once."""
        if not self._closed:
            self._closed = True
            self._admin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _run(self, ask: Callable[..., Any], *arguments: Any) -> Any:
        from kafka.errors import LeaderNotAvailableError, UnknownBrokerIdError

        manager = self._admin._manager  # noqa: SLF001
        try:
            return manager.run(ask, *arguments)
        except UnknownBrokerIdError as error:  # it leads a partition, and came after we got in
            manager.cluster.request_update()
            raise LeaderNotAvailableError(str(error)) from error

    def _forget_coordinator(self) -> None:
        """Have it looked up: the library remembers the first one for ever."""
        from kafka.protocol.metadata import CoordinatorType

        known = self._admin._manager.cluster._coordinators  # noqa: SLF001
        known.pop((CoordinatorType.TRANSACTION, self._id), None)

    async def _ends(self, partitions: Collection[Partition], isolation: int) -> dict[Partition, int]:
        from kafka.admin import OffsetSpec

        found: dict[Partition, int] = {}
        for leader, led in (await self._by_leader(partitions)).items():
            request = self._admin._list_partition_offsets_request(  # noqa: SLF001
                dict.fromkeys(map(_theirs, led), OffsetSpec.LATEST), isolation
            )
            answer = await self._admin._manager.send(request, node_id=leader)  # noqa: SLF001
            ends = self._admin._list_partition_offsets_process_response(answer)  # noqa: SLF001
            found.update({Partition(*each): end.offset for each, end in ends.items()})
        return found

    async def _starts(self, partitions: Collection[Partition], producer_id: int) -> dict[Partition, int]:
        found: dict[Partition, int] = {}
        for leader, led in (await self._by_leader(partitions)).items():
            request = self._admin._describe_producers_request(_by_topic(led))  # noqa: SLF001
            answer = await self._admin._manager.send(request, node_id=leader)  # noqa: SLF001
            states = self._admin._describe_producers_process_response(answer)  # noqa: SLF001
            for partition, state in states.items():
                for producer in state.active_producers:
                    if producer.producer_id == producer_id and producer.current_transaction_start_offset >= 0:
                        found[Partition(*partition)] = producer.current_transaction_start_offset
        return found

    async def _end(self, of: Described, partitions: Collection[Partition], commit: bool) -> None:
        from kafka import errors
        from kafka.protocol.metadata import CoordinatorType

        found = await self._admin._find_coordinator_ids(  # noqa: SLF001
            [self._id], key_type=CoordinatorType.TRANSACTION
        )
        begin, finish = self._requests(of, partitions, commit=commit)
        # Both are on their way before the first is answered: should we die, the broker still has both.
        send, node = self._admin._manager.send, found[self._id]  # noqa: SLF001
        begun, finished = send(begin, node_id=node), send(finish, node_id=node)
        topics = (await begun).results_by_topic_v3_and_below
        codes = [code for _, numbers in topics for _, code in numbers]
        for error in map(errors.for_code, [*codes, (await finished).error_code]):
            if error is not errors.NoError and error is not errors.OperationNotAttemptedError:
                raise error(f"to end a transaction of {self._id}")

    def _requests(self, of: Described, partitions: Collection[Partition], *, commit: bool) -> tuple[Any, Any]:
        from kafka.protocol.producer.transaction import AddPartitionsToTxnRequest, EndTxnRequest

        named = [
            AddPartitionsToTxnRequest.AddPartitionsToTxnTopic(name=topic, partitions=numbers)
            for topic, numbers in _by_topic(partitions).items()
        ]
        begin = AddPartitionsToTxnRequest(
            v3_and_below_transactional_id=self._id,
            v3_and_below_producer_id=of.producer_id,
            v3_and_below_producer_epoch=of.epoch,
            v3_and_below_topics=named,
            max_version=_BEFORE_EPOCHS,
        )
        finish = EndTxnRequest(
            transactional_id=self._id,
            producer_id=of.producer_id,
            producer_epoch=of.epoch,
            committed=commit,
            max_version=_BEFORE_EPOCHS,
        )
        return begin, finish

    async def _by_leader(self, partitions: Collection[Partition]) -> dict[int, list[Partition]]:
        """Those of the partitions that are there; none hangs that isn't."""
        from kafka.errors import LeaderNotAvailableError

        metadata = await self._admin._get_cluster_metadata(  # noqa: SLF001
            sorted({partition.topic for partition in partitions})
        )
        wanted, found = set(partitions), defaultdict(list)
        for topic in metadata["topics"]:
            for each in topic["partitions"]:
                partition = Partition(topic["name"], each["partition_index"])
                if partition not in wanted:
                    continue
                if each["leader_id"] < 0:
                    raise LeaderNotAvailableError(f"{partition.topic}-{partition.number} has no leader")
                found[each["leader_id"]].append(partition)
        return found


def _theirs(partition: Partition) -> Any:
    from kafka.structs import TopicPartition

    return TopicPartition(*partition)


def _by_topic(partitions: Collection[Partition]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for topic, number in partitions:
        found[topic].append(number)
    return found


def _committed() -> int:
    from kafka.protocol.consumer.offsets import IsolationLevel

    return int(IsolationLevel.READ_COMMITTED)


def _uncommitted() -> int:
    from kafka.protocol.consumer.offsets import IsolationLevel

    return int(IsolationLevel.READ_UNCOMMITTED)
