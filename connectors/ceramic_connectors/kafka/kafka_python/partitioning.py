"""Partitions of keys as Java's client has them, remembered: streams come up again and again.

The library works each of them out in Python, which takes longer than anything else about sending a record.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ceramic_protocol.limits import MAX_REMEMBERED_STREAMS


def partitioner() -> Any:
    """What kafka-python takes as `partitioner`."""
    from kafka.partitioner import DefaultPartitioner

    class Remembering(DefaultPartitioner):  # type: ignore[misc]  # untyped
        """The library's own, but for records with keys."""

        def partition(self, topic: str, key: object, serialized_key: bytes | None, *values: object) -> Any:
            """The number of a partition of the topic."""
            cluster: Any = values[-1]
            count = len(cluster.partitions_for_topic(topic) or ())
            if serialized_key is None or not count:
                return super().partition(topic, key, serialized_key, *values)
            return _hash(serialized_key) % count

    return Remembering()


@lru_cache(MAX_REMEMBERED_STREAMS)
def _hash(key: bytes) -> int:
    from kafka.partitioner.default import murmur2

    return int(murmur2(key)) & 0x7FFFFFFF
