"""A node that holds what its interests say, as a process and while it is stopped."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ceramic_protocol import multibase
from ceramic_protocol.built import BuiltEvent
from tests.node.http.v1.making import BOB, NOTE, NOTES, POST, POSTS, document, stream_of, update
from tests.node.operation.process import Process, node_run
from tests.support.cli import run as run_here

WANTED = document("wanted")
WANTED_1 = update(WANTED, WANTED, "more")
UNWANTED = document("unwanted", model=POST)
UNWANTED_1 = update(UNWANTED, UNWANTED, "more")
OWN = document("written here", BOB, POST)
OWN_1 = update(OWN, OWN, "more", BOB)
INTERESTED = ("--interests", f"model:{NOTE}")
PRUNING = (*INTERESTED, "--network", "local-7", "--retention", "0s")


def text(event: BuiltEvent) -> str:
    return multibase.encode(event.car, "m")


def offer(node: Process, *events: BuiltEvent, query: str = "?interests=apply") -> list[str]:
    cars = json.dumps({"cars": [text(event) for event in events]}).encode()
    found = node.ask(f"/v1/events{query}", "POST", cars, **{"content-type": "application/json"})
    assert found.status == 200, found
    return [event["outcome"] for event in found.value["events"]]


def write(node: Process, *events: BuiltEvent) -> list[int]:
    bodies = [json.dumps({"data": text(event)}).encode() for event in events]
    return [node.ask("/ceramic/events", "POST", body).status for body in bodies]


def prune(store: Path, *flags: str) -> tuple[int, str]:
    found = run_here("node", "prune", "--store", str(store), *flags)
    return found.exit_code, found.stderr


def bytes_left(store: Path) -> int:
    with closing(sqlite3.connect(store / "store.sqlite")) as db:
        found: int = db.execute("SELECT count(*) FROM event WHERE length(car) > 0").fetchone()[0]
        return found


def check(store: Path) -> None:
    checked = run_here("node", "check", "--store", str(store), "--network", "local-7")
    assert (checked.exit_code, checked.stdout) == (0, ""), checked.stdout


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Of a node with something in it that isn't wanted."""
    folder = tmp_path / "store"
    with node_run(tmp_path, "--store", str(folder), *INTERESTED) as node:
        assert write(node, NOTES, POSTS, WANTED, WANTED_1, OWN, OWN_1) == [204] * 6
        assert node.end() == 0
    return folder


def test_what_comes_from_elsewhere_is_kept_if_it_is_wanted(tmp_path: Path) -> None:
    with node_run(tmp_path, "--store", "memory:", *INTERESTED) as node:
        batch = (UNWANTED_1, UNWANTED, WANTED, NOTES, WANTED_1)
        assert offer(node, *batch) == ["not_wanted", "not_wanted", "new", "new", "new"]
        assert node.ask(f"/v1/events/{UNWANTED.cid}").status == 404
        alone = node.ask(
            "/v1/events?interests=apply", "POST", UNWANTED.car, **{"content-type": "application/vnd.ipld.car"}
        )
        assert (alone.status, alone.value["code"]) == (422, "event_not_wanted")
        assert write(node, OWN) == [204], "what is written here is kept"
        assert offer(node, UNWANTED, query="") == ["new"], "interests apply only if that is asked for"
        assert node.end() == 0


def test_an_event_before_its_init_event_is_not_kept_yet(tmp_path: Path) -> None:
    with node_run(tmp_path, "--store", "memory:", *INTERESTED) as node:
        assert offer(node, WANTED_1, UNWANTED_1) == ["missing", "missing"]
        assert offer(node, NOTES, WANTED, UNWANTED) == ["new", "new", "not_wanted"]
        assert node.ask(f"/v1/events/{WANTED_1.cid}").status == 200
        assert node.ask(f"/v1/events/{UNWANTED_1.cid}").status == 404
        assert node.end() == 0


def test_what_a_client_registers_is_wanted_too(tmp_path: Path) -> None:
    with node_run(tmp_path, "--store", "memory:", *INTERESTED) as node:
        assert offer(node, UNWANTED) == ["not_wanted"]
        body = json.dumps({"sep": "model", "sepValue": str(POST)}).encode()
        assert node.ask("/ceramic/interests", "POST", body).status == 204
        assert offer(node, UNWANTED, UNWANTED_1) == ["new", "new"]
        assert node.end() == 0


def test_without_interests_all_is_kept(tmp_path: Path) -> None:
    with node_run(tmp_path, "--store", "memory:") as node:
        body = json.dumps({"sep": "model", "sepValue": str(NOTE)}).encode()
        assert node.ask("/ceramic/interests", "POST", body).status == 204
        assert offer(node, UNWANTED_1, UNWANTED) == ["new", "new"]
        assert node.end() == 0


def test_pruning_a_store_that_is_stopped(store: Path, tmp_path: Path) -> None:
    size = sum(len(event.car) for event in (OWN, OWN_1))
    code, said = prune(store, *PRUNING, "--dry-run")
    assert code == 0, said
    assert f"would prune 2 events of 1 streams: {size:,} bytes" in said
    assert bytes_left(store) == 6
    code, said = prune(store, *PRUNING)
    assert code == 0, said
    assert f"pruned 2 events of 1 streams: {size:,} bytes" in said
    assert bytes_left(store) == 4
    assert "pruned 0 events" in prune(store, *PRUNING)[1]
    check(store)
    with node_run(tmp_path, "--store", str(store)) as node:
        _look(node)
        assert node.end() == 0
    backup, copy = tmp_path / "backup", tmp_path / "copy"
    for flags in (
        ("backup", str(backup), "--store", str(store)),
        ("restore", str(backup), "--store", str(copy)),
    ):
        assert run_here("node", *flags, "--network", "local-7").exit_code == 0
    check(copy)
    made = run_here("node", "rebuild-states", "--store", str(copy), "--network", "local-7")
    assert made.exit_code == 0, made.stderr
    with node_run(tmp_path, "--store", str(copy)) as node:
        kept = node.ask(f"/v1/streams/{stream_of(WANTED)}")
        assert (kept.status, kept.value["state"]["content"]) == (200, {"text": "more"})
        event = node.ask(f"/v1/events/{OWN.cid}?wait=20").value
        assert (event["pruned"], event["judged"]["reason"]) == (True, "payload_pruned")
        assert write(node, OWN) == [204], "all of it may come back"
        assert offer(node, OWN_1, query="") == ["better"]
        back = node.ask(f"/v1/streams/{stream_of(OWN)}?wait=20")
        assert (back.status, back.value["state"]["content"]) == (200, {"text": "late"})
        assert node.end() == 0


def _look(node: Process) -> None:
    """A node with a pruned stream tells what it has."""
    gone = stream_of(OWN)
    state = node.ask(f"/v1/streams/{gone}")
    assert (state.status, state.value["state"]["content"]) == (200, {"text": "more"})
    assert node.ask(f"/ceramic/events/{OWN.cid}").status == 404
    car = node.ask(f"/v1/events/{OWN.cid}?format=car")
    assert (car.status, car.value["code"]) == (410, "event_pruned")
    event = node.ask(f"/v1/events/{OWN.cid}?includeData=full").value
    assert (event["pruned"], event["payload"], "car" in event) == (True, None, False)
    assert event["judged"]["verdict"] == "valid"
    for include in ("none", "full"):
        feed = node.ask(f"/ceramic/feed/events?limit=100&includeData={include}").value["events"]
        assert [entry["id"] for entry in feed] == [
            str(event.cid) for event in (NOTES, POSTS, WANTED, WANTED_1, OWN, OWN_1)
        ]
        assert ["data" in entry for entry in feed] == [include == "full"] * 4 + [False] * 2
    ours = node.ask("/v1/feed?limit=100&includeData=full")
    assert ours.status == 200, ours
    commits = node.ask(f"/api/v0/commits/{gone}")
    assert (commits.status, node.ask(f"/api/v0/streams/{gone}").status) == (410, 200)
    explained = node.ask(f"/v1/streams/{gone}/explain")
    assert explained.status == 200, explained
    late = update(OWN, OWN_1, "late", BOB)
    refused = node.ask(
        f"/v1/streams/{gone}/events?expected_tip={OWN_1.cid}",
        "POST",
        late.car,
        **{"content-type": "application/vnd.ipld.car"},
    )
    assert 400 <= refused.status < 500, refused
    assert "payload_pruned" in refused.body.decode()
    assert write(node, late) == [204]
    assert node.ask(f"/v1/events/{late.cid}?wait=20").value["judged"]["reason"] == "payload_pruned"
    after = node.ask(f"/v1/streams/{gone}?wait=20")
    assert (after.status, after.value["state"]["content"]) == (200, {"text": "more"})


def test_what_was_registered_with_the_node_is_not_pruned(store: Path, tmp_path: Path) -> None:
    with node_run(tmp_path, "--store", str(store), *INTERESTED) as node:
        body = json.dumps({"sep": "model", "sepValue": str(POST)}).encode()
        assert node.ask("/ceramic/interests", "POST", body).status == 204
        assert node.end() == 0
    assert "would prune 0 events" in prune(store, *PRUNING, "--dry-run")[1]
    (store / "node.key").unlink()
    assert "would prune 0 events" in prune(store, *PRUNING, "--dry-run")[1], "nobody knows whose they are"


def test_a_node_prunes_by_itself(store: Path, tmp_path: Path) -> None:
    flags = ("--store", str(store), *INTERESTED, "--retention", "0s")
    with node_run(tmp_path, *flags) as node:
        for _try in range(200):
            if node.ask(f"/ceramic/events/{OWN_1.cid}").status == 404:
                break
        assert node.ask(f"/ceramic/events/{OWN_1.cid}").status == 404
        assert node.ask(f"/ceramic/events/{WANTED_1.cid}").status == 200
        assert node.end() == 0
    check(store)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--retention", "1d"), "without --interests"),
        (INTERESTED, "retention is forever"),
        ((*INTERESTED, "--retention", "soon"), "no retention"),
        (("--interests", "model:x", "--retention", "1d"), "no interest"),
    ],
)
def test_what_prune_refuses(store: Path, flags: Sequence[str], words: str) -> None:
    code, said = prune(store, "--network", "local-7", *flags)
    assert (code, words in said) == (2, True), said
    assert bytes_left(store) == 6
