"""Where topics can be read on that may have been cut or made anew since they were read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ceramic_connectors.kafka.port import Consumer, Partition
from ceramic_pipelines.private_node.following.offsets import Offsets
from ceramic_pipelines.private_node.following.port import Tell


class TopicsNow(NamedTuple):
    """Topics as they are.

    Attributes:
        cluster: what the cluster calls itself.
        topics: by name what the cluster calls each, and how many partitions it has.
    """

    cluster: str
    topics: Mapping[str, tuple[str, int]]


def go_on(before: Offsets, now: TopicsNow, consumer: Consumer, tell: Tell) -> Offsets:
    """Where to read on, as far as what was read is still there; else from the beginning.

    Args:
        before: how far it was read.
        now: the topics as they are.
        consumer: of their cluster.
        tell: is told in a sentence what isn't as it was.

    Raises:
        KafkaError: the cluster doesn't answer, or refuses.
    """
    partitions = [
        Partition(name, number) for name, (_id, count) in now.topics.items() for number in range(count)
    ]
    begins, ends = consumer.begins(partitions), consumer.ends(partitions)
    positions = {}
    known = _still_known(before, now, tell)
    for each in partitions:
        position, begin = known.get(each), begins[each]
        if position is None:
            position = begin
        elif begin > position:
            tell(deleted(each, position, begin))
            position = begin
        elif ends[each] < position and consumer.written_ends([each])[each] < position:
            # After a change of leaders the end may lie further back for a moment, but not what was written.
            tell(
                f"{each.topic}/{each.number} ends before {position:,}, up to which it was read, as records"
                " were lost there: it is read from its beginning, and what is known isn't written again"
            )
            position = begin
        positions[each] = position
    return Offsets(now.cluster, {name: found for name, (found, _count) in now.topics.items()}, positions)


def deleted(partition: Partition, position: int, begin: int) -> str:
    """The sentence on records that can't be read any more."""
    topic, number = partition
    return (
        f"{topic}/{number} begins with {begin:,} now: its records from {position:,} on were deleted before"
        " they were read, and it is read from there on"
    )


def _still_known(before: Offsets, now: TopicsNow, tell: Tell) -> Mapping[Partition, int]:
    """The offsets of topics that are still those that were read."""
    if before.cluster and before.cluster != now.cluster:
        tell(
            "the topics are in another cluster than before: they are read from their beginning, and what is"
            " known isn't written again"
        )
        return {}
    gone = before.ids.keys() - now.topics.keys()
    for name in sorted(gone):
        tell(f"the topic {name} isn't there any more")
    others = {name for name in before.ids.keys() - gone if before.ids[name] != now.topics[name][0]}
    for name in sorted(others):
        tell(
            f"the topic {name} was made anew: it is read from its beginning, and what is known isn't written"
            " again"
        )
    return {each: at for each, at in before.positions.items() if each.topic not in gone | others}
