"""Settings for all tests: how hard hypothesis tries, the services of a run, and a summary of the vectors.

`ci` is quick and the same in every run; `HYPOTHESIS_PROFILE=thorough` takes minutes and differs each time.
"""

from __future__ import annotations

import gc
import os
import warnings

import pytest
from hypothesis import HealthCheck, settings

from tests.support import services

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "ci", max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=_SLOW
)
settings.register_profile("thorough", max_examples=3000, deadline=None, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_WITH_KAFKA = (
    "tests/bench/",
    "tests/connectors/event_sources/",
    "tests/connectors/kafka/",
    "tests/connectors/source/",
    "tests/interop/records/",
    "tests/pipelines/private_node/",
    "tests/pipelines/test_source",
    "tests/transforms/test_kafka_source",
)
PROPERTY = "vectors"
"""Name of the property by which a test hands its line to the summary."""


def pytest_configure(config: pytest.Config) -> None:
    """Prepare for services, where the run begins; its other processes have `workerinput`."""
    if not hasattr(config, "workerinput"):
        services.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services that tests of the run have started."""
    if not hasattr(config, "workerinput"):
        services.end_run()


def pytest_runtest_logfinish(nodeid: str) -> None:
    """Collect sockets that kafka-python has forgotten, rather than in a test of something else."""
    if nodeid.startswith(_WITH_KAFKA):
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            gc.collect()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many cases of each file ran, and for which subject others are left; nothing without the ledger."""
    lines = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if lines:
        terminalreporter.section("cases of the vectors")
        for line in sorted(lines):
            terminalreporter.write_line(line)
