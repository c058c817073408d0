"""Services for tests: those of a whole run, however many processes run it, and brokers of one's own.

The first test that asks starts it. Its record lies in a folder of the run, which every process of the run
knows by `RUN`; the process that began the run stops it at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ceramic_protocol.errors import OutsideError
from infra.services import java
from infra.services.broker import Broker, BrokerAddresses
from infra.services.certificates import Certificates
from infra.services.jars import FetchError, alone
from infra.services.registry import Registry

RUN = "CERAMIC_TEST_RUN"
"""Environment variable that names the folder of this run."""

_STOP_SECONDS = 10.0
_STARTED: list[object] = []
"""What this process started: kept, as Python complains of a process that is forgotten while it runs."""


def begin_run() -> None:
    """Make the folder of the run, in the process that begins it."""
    os.environ[RUN] = tempfile.mkdtemp(prefix="ceramic-services-")


def end_run() -> None:
    """Stop what was started, and remove the folder."""
    folder = Path(os.environ.pop(RUN))
    for record in folder.glob("*.json"):
        _stop(json.loads(record.read_text(encoding="utf-8"))["pid"])
    shutil.rmtree(folder, ignore_errors=True)


def shared_broker() -> BrokerAddresses:
    """The addresses of the broker that all tests share; they use topics and names of their own.

    Skips where there is no Java. Where Maven can't fetch it that is a failure with CI=true, else a skip.
    """
    found = _shared("broker", _start_broker)
    found["certificates"] = Certificates(**{name: Path(path) for name, path in found["certificates"].items()})
    return BrokerAddresses(**found)


def shared_registry() -> str:
    """The address of the schema registry that all tests share; they use subjects of their own.

    Skips and fails as `shared_broker` does.
    """
    return str(_shared("registry", _start_registry)["url"])


@contextmanager
def own_broker(folder: Path) -> Iterator[Broker]:
    """A broker that a test may kill."""
    check()
    with telling():
        broker = Broker(folder)
        broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def check() -> None:
    """Skip the test, with the reason, where services can't run."""
    reason = java.missing()
    if reason is not None:
        pytest.skip(reason)


@contextmanager
def telling() -> Iterator[None]:
    """Skip the test where a service can't be fetched, unless all have to run; fail if it doesn't start."""
    try:
        yield
    except FetchError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    except OutsideError as error:
        pytest.fail(str(error))


def _shared(name: str, start: Callable[[Path], tuple[int, dict[str, Any]]]) -> dict[str, Any]:
    """What `start` says of a service, which only one process of the run starts."""
    check()
    folder = Path(os.environ[RUN])
    record = folder / f"{name}.json"
    with alone(folder / f".{name}"):
        if not record.exists():
            (folder / name).mkdir()
            with telling():
                pid, told = start(folder / name)
            record.write_text(json.dumps({"pid": pid, "told": told}, default=str), encoding="utf-8")
    answer: dict[str, Any] = json.loads(record.read_text(encoding="utf-8"))["told"]
    return answer


def _start_broker(folder: Path) -> tuple[int, dict[str, Any]]:
    broker = Broker(folder)
    broker.start()
    _STARTED.append(broker)
    return broker.pid, asdict(broker.addresses)


def _start_registry(folder: Path) -> tuple[int, dict[str, Any]]:
    registry = Registry(folder)
    registry.start()
    _STARTED.append(registry)
    return registry.pid, {"url": registry.url}


def _stop(pid: int) -> None:
    """End a process group: ask, and then don't."""
    with suppress(ProcessLookupError, ChildProcessError):
        os.killpg(pid, signal.SIGTERM)
        until = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < until:
            with suppress(ChildProcessError):  # not ours if another process of the run started it
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return
            os.killpg(pid, 0)
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)
