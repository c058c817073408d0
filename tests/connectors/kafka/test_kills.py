"""A broker that is killed as soon as it has answered a commit: nothing is lost, nothing comes twice.

Without the repair some of these kills leave a committed transaction open; then its position can't be read
and its records are written again, or they go with the next transaction that is aborted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ceramic_connectors.kafka.opening import Library
from infra.services.broker import Broker
from tests.support.kafka_kills import kill_behind_commits
from tests.support.services import own_broker

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

KILLS = 3
PACKAGES = {Library.KAFKA_PYTHON: "kafka", Library.CONFLUENT: "confluent_kafka"}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with own_broker(tmp_path_factory.mktemp("broker")) as broker:
        yield broker


@pytest.mark.parametrize(
    ("library", "aborts", "reopens"),
    [
        (Library.KAFKA_PYTHON, False, True),
        (Library.KAFKA_PYTHON, True, True),
        (Library.KAFKA_PYTHON, True, False),
        (Library.CONFLUENT, True, False),
    ],
)
def test_once_through_kills_behind_a_commit(
    broker: Broker, library: Library, aborts: bool, reopens: bool
) -> None:
    pytest.importorskip(PACKAGES[library], reason=f"{library} is not installed")
    name = f"kills.{library}.{aborts}.{reopens}"
    found = kill_behind_commits(broker, library, name, KILLS, aborts=aborts, reopens=reopens)
    assert found.kills == KILLS
    assert found.is_exact, found.closing_line


def test_once_though_opening_meets_a_kill_too(broker: Broker) -> None:
    name = "kills.twice"
    found = kill_behind_commits(
        broker, Library.KAFKA_PYTHON, name, KILLS, aborts=True, reopens=True, hurts_opening=True
    )
    assert found.opening_kills
    assert found.is_exact, found.closing_line
