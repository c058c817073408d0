"""`ceramic-streams reconcile`, as a user meets it; and one that is killed while it repairs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from bench.streams import MadeEvent
from ceramic_pipelines.store_events import StoreEvents
from ceramic_protocol.errors import CeramicError
from tests.node.operation.running import running
from tests.pipelines.private_node.running import NETWORK, made, write_car
from tests.pipelines.reconcile.making import lines_of, reconciled, store_of, tables_of
from tests.support.cli import lines, run
from tests.support.node import running_node

EVENTS = made(20)


def test_differences_are_lines_and_the_summary_has_numbers(tmp_path: Path) -> None:
    a, b = lines_of(tmp_path, "a", EVENTS[:60]), lines_of(tmp_path, "b", EVENTS[20:])
    file = tmp_path / "differences.ndjson"
    result = run("reconcile", a, b, "--differences", str(file), "--format", "ndjson")
    assert result.exit_code == 1
    [told] = lines(result)
    assert (told["equal"], told["a"]["missing"], told["b"]["missing"]) == (False, 21, 20)
    assert told["repairs"] == []
    written = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert Counter(line["side"] for line in written) == {"a": 21, "b": 20}
    assert {line["cid"] for line in written if line["side"] == "b"} == {str(e.cid) for e in EVENTS[:20]}
    assert set(written[0]) == {"difference", "side", "cid", "stream_id", "kind"}
    printed = run("reconcile", a, b, "--differences", "-")
    assert lines(printed) == written
    assert "A lacks 21 events" in printed.stderr
    table = run("reconcile", a, a)
    assert table.exit_code == 0
    assert "missing" in table.stdout
    assert table.stderr.splitlines()[-1] == "equal"


def test_damage_is_counted_and_is_no_event(tmp_path: Path) -> None:
    archive = write_car(tmp_path / "events.car", EVENTS)
    data = bytearray(archive.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 300] = bytes(300)
    archive.write_bytes(data)
    result, found = reconciled(f"car:{archive}", lines_of(tmp_path, "all", EVENTS))
    assert result.before.a.damaged + result.before.a.rejected > 0
    assert not result.before.b.missing
    assert len(found) + result.before.a.events.total() + result.before.a.rejected == len(EVENTS)


def test_a_node_takes_what_it_lacks_with_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = tmp_path / "tokens.txt"
    scopes = ("--scope", "write", "--scope", "read")
    secret = run("node", "token", "new", *scopes, "--append", str(tokens)).stdout.strip()
    monkeypatch.setenv("CERAMIC_TEST_TOKEN", secret)
    with running(tokens=str(tokens)) as node:
        command = ("reconcile", lines_of(tmp_path, "a", EVENTS), node.url, "--repair", "b")
        refused = run(*command)
        result = run(*command, "--token-b", "env:CERAMIC_TEST_TOKEN", "--format", "json")
    assert refused.exit_code == 3
    assert result.exit_code == 0, result.output
    [told] = json.loads(result.stdout)
    assert told["before"]["b"]["missing"] == told["b"]["events"] == len(EVENTS)
    assert told["repairs"] == [{"side": "b", "events": len(EVENTS), "refused": {}}]


def test_of_two_nodes_none_is_sent_the_token_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERAMIC_STREAMS_TOKEN", "secret")
    sent = set()

    @web.middleware
    async def look(request: web.Request, handler: Handler) -> web.StreamResponse:
        sent.add(request.headers.get("Authorization"))
        return await handler(request)

    with running_node(middlewares=[look]) as a, running_node(middlewares=[look]) as b:
        assert run("reconcile", a.url, b.url).exit_code == 0
        assert sent == {None}
        run("reconcile", a.url, "car:tests")
    assert "Bearer secret" in sent


@pytest.mark.parametrize(
    ("side", "words"),
    [
        ("archive", "is only read"),
        ("tables", "whole export without its events"),
        ("topic", "a topic is repaired by its source"),
    ],
)
def test_what_cant_be_repaired_is_told_before_anything_is_read(tmp_path: Path, side: str, words: str) -> None:
    a = lines_of(tmp_path, "a", EVENTS)
    if side == "archive":
        b = lines_of(tmp_path, "b", EVENTS[:3])
    elif side == "tables":
        b = tables_of(tmp_path, "b", EVENTS[:3])
    else:
        from ceramic_connectors.kafka.port import Message
        from tests.connectors.event_sources.test_topics import make_topic, new_name, write
        from tests.support.services import shared_broker

        name = new_name()
        make_topic(name)
        write([Message(name, EVENTS[0].raw.car)])
        b = f"kafka://{shared_broker().plain}/{name}"
    result = run("reconcile", a, b, "--repair", "b")
    assert result.exit_code == 2, result.output
    assert words in result.stderr


def test_tables_without_bytes_have_nothing_to_bring(tmp_path: Path) -> None:
    store, tables = store_of(tmp_path, "store", EVENTS[:1]), tables_of(tmp_path, "tables", EVENTS)
    result = run("reconcile", store, tables, "--repair", "a")
    assert result.exit_code == 2
    assert "without the bytes of events" in result.stderr
    found, differences = reconciled(store, tables)
    assert found.before.a.without_bytes == len(differences) == len(EVENTS) - 1


@pytest.mark.parametrize(
    ("a", "code"),
    [("nothing", 2), ("car:/not/there.car", 3), ("http://127.0.0.1:1", 3), ("parquet:/not/there", 3)],
)
def test_what_isnt_there_is_one_sentence(tmp_path: Path, a: str, code: int) -> None:
    result = run("reconcile", a, lines_of(tmp_path, "b", EVENTS[:3]))
    assert result.exit_code == code, result.output
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("target", ["store", "tables"])
def test_a_repair_that_was_killed_is_begun_again(tmp_path: Path, target: str) -> None:
    events = made(1500 if target == "store" else 300)
    source, side = lines_of(tmp_path, "all", events), _side(tmp_path, target, events[:5])
    command = [sys.executable, "-m", "ceramic_pipelines", "reconcile", source, side, "--repair", "b"]
    ends = []
    for pause in (0.0, 0.1, 0.3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_until_at_work(tmp_path / target, process, pause)
        finally:
            process.kill()
            ends.append(process.wait())
    assert set(ends) <= {-signal.SIGKILL, 0}
    assert ends[0] == -signal.SIGKILL
    result = run(*command[3:], "--format", "ndjson")
    assert result.exit_code == 0, result.output
    assert lines(result)[0]["b"]["events"] == len(events)
    found, _differences = reconciled(source, side)
    assert found.is_equal


def _side(folder: Path, target: str, events: list[MadeEvent]) -> str:
    if target == "store":
        return store_of(folder, target, events)
    return tables_of(folder, target, events, incremental=True)


def _wait_until_at_work(folder: Path, process: subprocess.Popen[bytes], pause: float) -> None:
    """Until the store has more than before, or the next version of the tables is being written."""
    until = time.monotonic() + 60
    before = _count(folder)
    while process.poll() is None and time.monotonic() < until:
        if _count(folder) > before or (folder / "versions" / ".partial").exists():
            time.sleep(pause)
            return
        time.sleep(0.01)


def _count(folder: Path) -> int:
    try:
        return StoreEvents.open(folder).count
    except CeramicError:
        return 0


def test_a_store_is_of_its_own_network(tmp_path: Path) -> None:
    side = store_of(tmp_path, "store", EVENTS[:1])
    result = run("reconcile", lines_of(tmp_path, "a", EVENTS), side, "--repair", "b", "--network", "mainnet")
    assert result.exit_code == 2
    assert f"is of network {NETWORK}, not mainnet" in result.stderr
