"""Sources that are run as commands, on files of made events and topics of their own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

import orjson

from bench.source_process import SourceProcess
from bench.streams import MadeEvent, forked, make_stream, model_event
from ceramic_connectors.kafka.opening import open_kafka
from ceramic_connectors.kafka.port import Kafka, Partition
from ceramic_connectors.kafka.settings import KafkaSettings
from ceramic_protocol import car, multibase
from tests.support.services import shared_broker
from tests.support.waiting import wait_until

NETWORK = "local-7"
_LENGTH = 4
_NUMBERS = count()


def kafka() -> Kafka:
    """A client of the broker that tests share."""
    return open_kafka(KafkaSettings(shared_broker().plain))


def new_name() -> str:
    """For a source and its topics."""
    return f"test-private-{next(_NUMBERS)}-{os.getpid()}"


def made(streams: int, first: int = 0) -> list[MadeEvent]:
    """A model, and documents of it with forks."""
    documents = (make_stream(first + number, forked(_LENGTH)) for number in range(streams))
    return [model_event(), *(event for document in documents for event in document)]


def write_lines(path: Path, events: Iterable[MadeEvent]) -> Path:
    """A file of lines."""
    lines = ({"cid": str(each.cid), "car": multibase.encode(each.raw.car, "m")} for each in events)
    path.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    return path


def write_car(path: Path, events: Sequence[MadeEvent]) -> Path:
    """An archive."""
    blocks = [block for event in events for block in event.blocks]
    path.write_bytes(car.encode([event.cid for event in events], blocks))
    return path


def flags(source: str, name: str, work: Path, *others: str) -> list[str]:
    """Options of a source with topics of its own."""
    return [
        *("--source", source, "--work-dir", str(work), "--name", name, "--prefix", name),
        *("--kafka", shared_broker().plain, "--batch", "50", *others),
    ]


def run_to_end(log: Path, *options: str, code: int = 0) -> str:
    """All that a source has said that ends by itself."""
    source = SourceProcess(log, *options)
    source.start()
    try:
        wait_until(lambda: source.exit_code is not None)
        assert source.exit_code == code, source.log[-3000:]
    finally:
        source.stop()
    return source.log


def ends_of(prefix: str) -> dict[Partition, int]:
    """Where all topics of a source end, with its positions."""
    client = kafka()
    with client.admin() as admin, client.consumer() as consumer:
        names = [name for name in admin.names() if prefix in name.split(".")]
        topics = admin.describe(names).values()
        partitions = [Partition(topic.name, number) for topic in topics for number in range(topic.partitions)]
        return dict(consumer.ends(partitions))


def wait_until_gone(processes: Iterable[int]) -> None:
    """Wait until none of these is there any more."""
    paths = [Path(f"/proc/{number}") for number in processes]
    wait_until(lambda: not any(path.exists() for path in paths))
