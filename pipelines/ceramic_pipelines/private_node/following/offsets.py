"""How far topics have been read: offsets, and by what it shows whether the topics are still the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from ceramic_connectors.kafka.port import Partition
from ceramic_pipelines.private_node.following.port import Place


@dataclass(frozen=True, slots=True)
class Offsets:
    """Places in the topics of a cluster.

    Attributes:
        cluster: what the cluster calls itself; empty if nothing has been read yet.
        ids: what the cluster calls each topic, by its name.
        positions: the next offset to read of each partition.
    """

    cluster: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[Partition, int] = field(default_factory=dict)

    @classmethod
    def read(cls, place: Place | None) -> Self:
        """What `written` has made; nothing has been read if it makes no sense."""
        try:
            cluster, topics = place or ()
            positions = {
                Partition(str(name), int(number)): int(offset)
                for name, (_id, offsets) in topics.items()
                for number, offset in offsets.items()
            }
            return cls(
                str(cluster), {str(name): str(found) for name, (found, _) in topics.items()}, positions
            )
        except (ValueError, TypeError, AttributeError):
            return cls()

    def written(self) -> Place | None:
        """As it is kept; None if nothing has been read yet."""
        topics: dict[str, tuple[str, dict[str, int]]] = {
            name: (found, {}) for name, found in self.ids.items()
        }
        for (name, number), offset in self.positions.items():
            topics[name][1][str(number)] = offset
        return [self.cluster, topics] if self.cluster else None
