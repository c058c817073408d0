"""Commands on stores, most of them of nodes that are stopped."""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
from collections.abc import Sized
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.node.operation.posting import body, init
from tests.node.operation.process import Process, node_run, run
from tests.support.cli import run as run_here
from tests.support.waiting import wait_until

EVENTS = 20


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("node")
    with node_run(folder, "--store", str(folder / "store")) as node:
        for number in range(EVENTS):
            assert node.ask("/ceramic/events", "POST", body(init(number))).status == 204
        assert node.end() == 0
    return folder / "store"


def feed(folder: Path, store: Path) -> list[str]:
    with node_run(folder, "--store", str(store)) as node:
        found = [event["id"] for event in node.ask("/ceramic/feed/events?limit=1000").value["events"]]
        assert node.end() == 0
    return found


def test_a_backup_gives_a_store_with_the_same_events(store: Path, tmp_path: Path) -> None:
    backup, copy = tmp_path / "backup.sqlite", tmp_path / "copy"
    made = run_here("node", "backup", str(backup), "--store", str(store), "--network", "local-7")
    assert made.exit_code == 0, made.stderr
    assert f"position {EVENTS}" in made.stderr
    again = run_here("node", "backup", str(backup), "--store", str(store), "--network", "local-7")
    assert (again.exit_code, "is there already" in again.stderr) == (2, True)
    restored = run_here("node", "restore", str(backup), "--store", str(copy))
    assert restored.exit_code == 0, restored.stderr
    assert run_here("node", "restore", str(backup), "--store", str(copy)).exit_code == 2
    assert feed(tmp_path, copy) == [str(init(number).cid) for number in range(EVENTS)]


def more_than(found: Sized, count: int) -> bool:
    return len(found) > count


def test_a_backup_while_the_node_takes_events_in(tmp_path: Path) -> None:
    """Whatever the node had acknowledged before is in each copy, and nothing is wrong with it."""
    folder, stop = tmp_path / "store", threading.Event()
    acknowledged: list[str] = []

    def write(node: Process, first: int) -> None:
        for number in itertools.count(first, 4):
            if stop.is_set():
                return
            event = init(number)
            assert node.ask("/ceramic/events", "POST", body(event)).status == 204
            acknowledged.append(str(event.cid))

    with node_run(tmp_path, "--store", str(folder)) as node, ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write, node, first) for first in range(4)]
        copies = []
        try:
            for number in range(3):
                wait_until(partial(more_than, acknowledged, 40 * (number + 1)))
                before, copy = [*acknowledged], tmp_path / f"{number}.sqlite"
                made = run_here("node", "backup", str(copy), "--store", str(folder), "--network", "local-7")
                assert made.exit_code == 0, made.stderr
                copies.append((copy, before))
        finally:
            stop.set()
        assert [writer.result() for writer in writers] == [None] * 4
        other = run_here(
            "node", "backup", str(tmp_path / "x"), "--store", str(folder), "--network", "local-8"
        )
        assert (other.exit_code, "network" in other.stderr) == (2, True)
        assert node.end() == 0
    for copy, before in copies:
        restored = copy.with_suffix("")
        assert run_here("node", "restore", str(copy), "--store", str(restored)).exit_code == 0
        checked = run_here("node", "check", "--store", str(restored), "--network", "local-7")
        assert checked.exit_code == 0, checked.stdout
        found = feed(tmp_path, restored)
        assert len(found) == len(set(found))
        assert set(before) <= set(found) <= set(acknowledged)


def test_a_backup_of_nothing_or_from_nothing(tmp_path: Path) -> None:
    backup = str(tmp_path / "backup")
    for flags, code in (
        (("backup", backup, "--store", str(tmp_path / "none")), 2),
        (("backup", backup, "--store", "memory:"), 2),
        (("restore", backup, "--store", str(tmp_path / "none")), 3),
        (("check", "--store", str(tmp_path / "none")), 2),
        (("rebuild-states", "--network", "inmemory"), 2),
    ):
        assert run_here("node", *flags).exit_code == code, flags


def test_a_store_is_checked(store: Path, tmp_path: Path) -> None:
    checked = run_here("node", "check", "--store", str(store), "--network", "local-7", "--format", "json")
    assert (checked.exit_code, json.loads(checked.stdout)) == (0, [])
    assert "nothing is wrong" in checked.stderr
    broken = tmp_path / "broken"
    broken.mkdir()
    data = bytearray((store / "store.sqlite").read_bytes())
    page = len(data) // 2 // 4096 * 4096
    data[page : page + 4096] = b"\xaa" * 4096
    (broken / "store.sqlite").write_bytes(data)
    found = run_here("node", "check", "--store", str(broken), "--network", "local-7")
    assert found.exit_code == 1


def test_states_are_made_anew(store: Path) -> None:
    made = run_here("node", "rebuild-states", "--store", str(store), "--network", "local-7")
    assert made.exit_code == 0, made.stderr
    assert f"judged {EVENTS} streams" in made.stderr
    with closing(sqlite3.connect(store / "states.sqlite")) as db:
        assert db.execute("SELECT count(*) FROM stream").fetchone() == (EVENTS,)


def test_a_token_is_printed_once_and_its_line_has_the_hash_alone(tmp_path: Path) -> None:
    made = run("token", "new", "--scope", "write", "--scope", "read", "--name", "me", "--rate", "5")
    secret = made.stdout.strip()
    assert secret.startswith("cst_")
    assert secret not in made.stderr
    assert "me read,write sha256:" in made.stderr
    assert made.stderr.strip().endswith("rate=5")
    file = tmp_path / "tokens"
    for number in (1, 2):
        assert run_here("node", "token", "new", "--scope", "admin", "--append", str(file)).exit_code == 0
        assert len(file.read_text().splitlines()) == number
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("nonsense\n")
    assert run_here("node", "token", "new", "--scope", "admin", "--append", str(file)).exit_code == 2
    assert file.read_text() == "nonsense\n"
    for flags in (
        ("--scope", "all"),
        (),
        ("--scope", "read", "--name", "a b"),
        ("--scope", "read", "--expires", "x"),
    ):
        assert run_here("node", "token", "new", *flags).exit_code == 2
