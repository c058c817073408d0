"""A broker for the benchmarks of sources, and how far a source has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Final

from bench.node_process import NodeProcess
from bench.source_process import SourceProcess
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Kafka, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_connectors.source.origin import Feed
from ceramic_connectors.source.position import Position
from ceramic_connectors.source.topics import positions_topic
from infra.services.broker import Broker

BATCH: Final = 1_000
"""Records of a transaction."""

PARTITIONS: Final = 3
"""Of a topic."""

_PATIENCE: Final = 1_800.0


@dataclass
class Site:
    """A broker, with a folder."""

    folder: Path
    broker: Broker

    @property
    def kafka(self) -> Kafka:
        """A client of it."""
        return open_kafka(KafkaSettings(self.broker.addresses.plain))

    @contextmanager
    def source(self, name: str, node: NodeProcess, *options: str) -> Iterator[SourceProcess]:
        """A source of that name, which begins to read."""
        source = SourceProcess(
            self.folder / f"{name}.log",
            *("--source", f"http://127.0.0.1:{node.port}", "--kafka", self.broker.addresses.plain),
            *("--prefix", name, "--name", name, "--batch", str(BATCH), "--partitions", str(PARTITIONS)),
            *("--form", "avro", "--schema-folder", str(self.folder / "schemas")),
            *options,
        )
        source.start()
        try:
            source.wait_until_said("reading ")
            yield source
        finally:
            source.stop()

    def wait(self, name: str, feed: Feed, position: int) -> int:
        """Wait until a source has committed a position, or one behind it, and say which.

        Raises:
            AssertionError: it hasn't, for half an hour.
        """
        until = monotonic() + _PATIENCE
        partition, found = Partition(positions_topic(name), 0), 0
        with self.kafka.consumer() as consumer:
            consumer.assign({partition: None})
            while found < position:
                for record in consumer.poll(0.05):
                    found = Position.from_json(record.value or b"").places[feed].position
                assert monotonic() < until, f"{name} doesn't come to {position}"
        return found


@contextmanager
def running_site() -> Iterator[Site]:
    """A broker until the block ends."""
    with TemporaryDirectory(prefix="ceramic-streams-bench-") as name:
        folder = Path(name)
        (folder / "broker").mkdir()
        broker = Broker(folder / "broker")
        broker.start()
        try:
            yield Site(folder, broker)
        finally:
            broker.stop()
