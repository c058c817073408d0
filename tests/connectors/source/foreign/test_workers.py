"""Processes that verify: in order, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ceramic_connectors.source.foreign.client import Row
from ceramic_connectors.source.foreign.inspecting import Found, Inspector
from ceramic_connectors.source.foreign.workers import Workers
from ceramic_protocol.errors import OutsideError, UsageError
from ceramic_protocol.verify import Verifier
from tests.connectors.source.foreign.conftest import INSPECTOR
from tests.connectors.source.foreign.making import car_text
from tests.node.http.v1.making import chain
from tests.support.waiting import wait_until

ROWS = [Row(str(event.cid), car_text(event)) for number in range(60) for event in chain(5, number)]


@dataclass(frozen=True, slots=True)
class Deadly(Inspector):
    """Ends its process when it sees a certain event; raises at another one."""

    deadly: str = ""
    bad: str = ""

    def inspect(self, rows: Sequence[Row]) -> list[Found]:
        if any(row.cid == self.deadly for row in rows):
            os.kill(os.getpid(), signal.SIGKILL)
        if any(row.cid == self.bad for row in rows):
            raise ValueError("it has a flaw")
        return INSPECTOR.inspect(rows)


def pids_of(workers: Workers) -> list[int]:
    return [worker.pid or 0 for worker in workers.idle]


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_in_order(workers: Workers) -> None:
    for count in (0, 1, 2, 63, 300):
        found = workers.inspect(ROWS[:count])
        assert found == INSPECTOR.inspect(ROWS[:count])
    assert len(workers.idle) == 2


@pytest.mark.parametrize("moment", ["idle", "busy"])
def test_one_that_is_killed_is_replaced(moment: str) -> None:
    said: list[str] = []
    with Workers(INSPECTOR, 2, said.append) as workers:
        workers.inspect(ROWS)
        before = pids_of(workers)
        if moment == "idle":
            os.kill(before[0], signal.SIGKILL)
            wait_until(lambda: not workers.idle[0]._process.is_alive())
        else:
            os.kill(before[0], signal.SIGSTOP)
            threading.Timer(0.5, os.kill, (before[0], signal.SIGKILL)).start()
        assert workers.inspect(ROWS) == INSPECTOR.inspect(ROWS)
        after = pids_of(workers)
        assert before[0] not in after
        assert before[1] in after
    assert len(said) == 1
    assert "another one takes its place" in said[0]
    assert not any(map(is_there, [*before, *after]))


@pytest.mark.parametrize("count", [5, 300])
def test_one_that_hangs_is_replaced(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it doesn't even take what it is sent."""
    large = [Row("x", "m" + "A" * 100_000)] * count
    said: list[str] = []
    with Workers(INSPECTOR, 1, said.append) as workers:
        workers.inspect(ROWS[:1])
        monkeypatch.setattr("ceramic_connectors.source.foreign.worker.FOREIGN_CHUNK_SECONDS", 3.0)
        os.kill(pids_of(workers)[0], signal.SIGSTOP)
        assert workers.inspect(large) == INSPECTOR.inspect(large)
    assert said == ["a process that verifies took more than 3 s; another one takes its place"]


def test_an_event_that_ends_every_process_ends_the_source() -> None:
    deadly = Deadly(Verifier(), has_payload=True, deadly=ROWS[70].cid)
    with Workers(deadly, 2) as workers, pytest.raises(OutsideError, match="3 processes"):
        workers.inspect(ROWS)
    assert not workers.idle


def test_a_failure_of_ours_is_told_and_the_processes_go_on() -> None:
    with Workers(Deadly(Verifier(), has_payload=True, bad=ROWS[0].cid), 2) as workers:
        with pytest.raises(OutsideError, match="ValueError: it has a flaw"):
            workers.inspect(ROWS[:1])
        assert workers.inspect(ROWS[1:30]) == INSPECTOR.inspect(ROWS[1:30])


def test_closing_ends_who_waits() -> None:
    workers = Workers(INSPECTOR, 1)
    workers.inspect(ROWS[:1])
    [pid] = pids_of(workers)
    os.kill(pid, signal.SIGSTOP)
    failed: list[Exception] = []

    def inspect() -> None:
        try:
            workers.inspect(ROWS[:1])
        except OutsideError as error:
            failed.append(error)

    thread = threading.Thread(target=inspect)
    thread.start()
    time.sleep(0.3)
    workers.close()
    thread.join(20)
    assert failed
    assert not is_there(pid)
    workers.close()


def test_how_many() -> None:
    for count in (0, 65):
        with pytest.raises(UsageError, match="1 to 64"):
            Workers(INSPECTOR, count)


_PARENT = """
import sys
from tests.connectors.source.foreign.conftest import INSPECTOR
from tests.connectors.source.foreign.test_workers import ROWS, pids_of
from ceramic_connectors.source.foreign.workers import Workers

if __name__ == "__main__":
    workers = Workers(INSPECTOR, 2)
    workers.inspect(ROWS)
    print(*pids_of(workers), flush=True)
    sys.stdin.read()
"""


def test_they_end_with_a_source_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    root = str(Path(__file__).parents[4])
    paths = os.pathsep.join([root, *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        assert all(map(is_there, pids))
        parent.kill()
    wait_until(lambda: not any(map(is_running, pids)))


def is_running(pid: int) -> bool:
    """Whether it is there, and not only waiting for somebody to take note of its end."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
