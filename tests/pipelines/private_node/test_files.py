"""A source from files and folders: what a node has that was given the same events, and then it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.node_process import NodeProcess
from bench.source_process import SourceProcess
from tests.pipelines.private_node.running import (
    NETWORK,
    ends_of,
    flags,
    kafka,
    made,
    new_name,
    run_to_end,
    write_car,
    write_lines,
)
from tests.support.cli import lines, run
from tests.support.services import shared_broker
from tests.support.source_topics import Topics, read_topics

pytest.importorskip("kafka", reason="kafka-python is not installed: pip install 'ceramic-streams[kafka]'")

CORPUS = Path("tests/vectors/corpus")
STREAMS = 30
EVENTS = 1 + 4 * STREAMS


@pytest.fixture(scope="module", autouse=True)
def broker() -> None:
    shared_broker()


def topics_of(name: str, events: int, streams: int) -> Topics:
    """What stands in the topics of a source, as soon as it has all of this."""

    def is_enough(found: Topics) -> bool:
        return found.event_count >= events and len(found.states) >= streams

    return read_topics(kafka(), name, is_enough)


def test_an_archive_gives_what_a_node_gives_and_a_second_run_nothing(tmp_path: Path) -> None:
    events = made(STREAMS)
    archive = write_car(tmp_path / "events.car", events)
    node = NodeProcess(tmp_path / "node", "--network", NETWORK)
    from_node, from_file = new_name(), new_name()
    try:
        node.wait()
        url = f"http://127.0.0.1:{node.port}"
        assert run("node", "import", f"car:{archive}", "--node", url).exit_code == 0
        node.settle()
        source = SourceProcess(tmp_path / "node.log", *flags(url, from_node, tmp_path / "unused"))
        source.start()
        try:
            expected = topics_of(from_node, EVENTS, 1 + STREAMS)
        finally:
            source.stop()
    finally:
        node.end()
    assert not (tmp_path / "unused").exists()
    options = flags(f"car:{archive}", from_file, tmp_path / "work", "--network", NETWORK)
    said = run_to_end(tmp_path / "file.log", *options)
    assert f"events up to {EVENTS:,}" in said
    found = topics_of(from_file, EVENTS, 1 + STREAMS)
    assert {stream: sorted(cids) for stream, cids in found.events.items()} == {
        stream: sorted(cids) for stream, cids in expected.events.items()
    }
    assert found.tips() == expected.tips()
    assert (found.letters, expected.letters) == ([], [])
    ends = ends_of(from_file)
    run_to_end(tmp_path / "file.log", *options)
    assert ends_of(from_file) == ends


def test_more_events_in_the_file_are_written_by_the_next_run(tmp_path: Path) -> None:
    name, file = new_name(), tmp_path / "events.ndjson"
    options = flags(f"ndjson:{file}", name, tmp_path / "work", "--network", NETWORK)
    write_lines(file, made(2))
    run_to_end(tmp_path / "log", *options)
    events = made(4)
    write_lines(file, events)
    run_to_end(tmp_path / "log", *options)
    found = topics_of(name, len(events), 5)
    assert sorted(cid for cids in found.events.values() for cid in cids) == sorted(str(e.cid) for e in events)


def test_several_tasks_and_plain_paths(tmp_path: Path) -> None:
    name, events = new_name(), made(STREAMS)
    file = write_lines(tmp_path / "events.ndjson", events)
    run_to_end(
        tmp_path / "log", *flags(str(file), name, tmp_path / "work", "--network", NETWORK, "--tasks", "2")
    )
    found = topics_of(name, EVENTS, 1 + STREAMS)
    assert found.event_count == EVENTS


def test_what_is_rejected_is_a_dead_letter_once_and_anchors_are_judged(tmp_path: Path) -> None:
    name, sample = new_name(), CORPUS / "sample.ndjson.gz"
    chain = ("--chain", str(CORPUS / "chain.json"))
    rejected = tmp_path / "rejected.ndjson"
    store = ("--store", str(tmp_path / "store"), "--network", "inmemory")
    result = run("node", "import", f"ndjson:{sample}", *store, *chain, "--rejected", str(rejected))
    assert result.exit_code == 0, result.output
    refused = map(json.loads, rejected.read_bytes().splitlines())
    expected = {line["cid"]: line["reason"] for line in refused}
    options = flags(f"ndjson:{sample}", name, tmp_path / "work", "--network", "inmemory", *chain)
    for _ in range(2):
        said = run_to_end(tmp_path / "log", *options)
    assert "imported 3,000 events: 0 new, 2,852 there already (0 pending), 148 rejected" in said
    letters = topics_of(name, 2000, 400).letters
    reasons = {
        headers["ceramic.cid"].decode(): headers["ceramic.error.code"].decode()
        for headers in (dict(letter.headers) for letter in letters)
    }
    assert len(reasons) == len(letters)
    assert expected.items() <= reasons.items()
    assert "anchor_wrong_contract" in reasons.values()


def test_the_folder_of_a_node(tmp_path: Path) -> None:
    name, events, store = new_name(), made(5), tmp_path / "node"
    file = write_lines(tmp_path / "events.ndjson", events)
    result = run("node", "import", str(file), "--store", str(store), "--network", NETWORK)
    assert result.exit_code == 0, result.output
    options = flags(f"store:{store}", name, tmp_path / "work")
    assert "[default" not in run_to_end(tmp_path / "log", *options)
    assert topics_of(name, len(events), 6).event_count == len(events)
    ends = ends_of(name)
    run_to_end(tmp_path / "log", *options)
    assert ends_of(name) == ends
    node = NodeProcess(store, "--network", NETWORK)
    try:
        node.wait()
        checked = run("source", "check", *options[:2], "--kafka", shared_broker().plain, "--format", "ndjson")
        assert checked.exit_code == 3
        [folder] = [line for line in lines(checked) if line["check"] == "folder"]
        assert "give the address of its API as --source" in folder["detail"]
        assert "as --source" in run_to_end(tmp_path / "log", *options, code=3)
    finally:
        node.end()


def test_a_work_folder_that_is_lost_is_told(tmp_path: Path) -> None:
    name = new_name()
    file = write_lines(tmp_path / "events.ndjson", made(1))
    run_to_end(tmp_path / "log", *flags(str(file), name, tmp_path / "work", "--network", NETWORK))
    said = run_to_end(
        tmp_path / "log", *flags(str(file), name, tmp_path / "other", "--network", NETWORK), code=1
    )
    assert "belongs to another store" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("car:x.car",), "give --network NAME"),
        (("car:x.car", "--network", NETWORK, "--start", "now"), "--start now leaves out"),
        (("car:x.car", "--network", NETWORK, "--verify"), "--verify is for sources that are nodes"),
        (("store:/not/there",), "there is no store in /not/there"),
        (("ftp://x",), "a source is a node's address"),
        (("car:",), "a source is a node's address"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    result = run("source", "run", "--source", *options, "--work-dir", str(tmp_path / "work"))
    assert result.exit_code == 2, result.output
    assert message in result.stderr


def test_a_check_knows_files(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", made(1))
    options = ("--source", str(file), "--network", NETWORK, "--work-dir", str(tmp_path / "work"))
    result = run("source", "check", *options, "--kafka", shared_broker().plain, "--format", "ndjson")
    assert result.exit_code == 0, result.output
    found = [line["check"] for line in lines(result) if line["side"] == "node"]
    assert found == ["files", "work folder", "chain"]
    assert not (tmp_path / "work").exists()
