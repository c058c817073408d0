"""Processes that verify, shared by tests: they take a while to begin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ceramic_connectors.source.foreign.inspecting import Inspector
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_protocol.networks import IN_MEMORY
from ceramic_protocol.verify import Verifier

INSPECTOR = Inspector(Verifier(network=IN_MEMORY), has_payload=True)


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two processes."""
    with Workers(INSPECTOR) as found:
        yield found
