"""A compacted topic still gives the whole state once the cleaner has been through it."""

from __future__ import annotations

import os

import pytest

from ceramic_connectors.kafka.opening import Library, open_kafka
from ceramic_connectors.kafka.settings import KafkaSettings
from tests.connectors.kafka.test_kills import PACKAGES
from tests.support.kafka_compaction import DELETED, KEYS, compact
from tests.support.services import shared_broker


@pytest.mark.parametrize("library", Library, ids=str)
def test_the_whole_state_is_left(library: Library) -> None:
    pytest.importorskip(PACKAGES[library], reason=f"{library} is not installed")
    kafka = open_kafka(KafkaSettings(shared_broker().plain), library)
    found = compact(kafka, f"compacted.{library}.{os.getpid()}")
    assert found.readable == found.states == KEYS - DELETED, found.closing_line
    assert (found.wrong, found.tombstones) == (0, 0), found.closing_line
