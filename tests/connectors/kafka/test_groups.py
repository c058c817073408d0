"""A group of three through rebalances: every record once, in order per key."""

from __future__ import annotations

import os

import pytest

from ceramic_connectors.kafka.opening import Library
from tests.connectors.kafka.test_kills import PACKAGES
from tests.support.kafka_groups import copy_through_rebalances
from tests.support.services import shared_broker


@pytest.mark.parametrize("library", Library, ids=str)
def test_every_record_once_through_rebalances(library: Library) -> None:
    pytest.importorskip(PACKAGES[library], reason=f"{library} is not installed")
    found = copy_through_rebalances(shared_broker().plain, library, f"group.{library}.{os.getpid()}")
    assert found.is_exact, found.closing_line
    assert found.killed_while_writing
    assert all(found.by_member.values()), found.closing_line
