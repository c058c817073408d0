"""`ceramic-streams node import`: into stores and into nodes that run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ceramic_connectors.sources import open_source
from ceramic_node.config import NODE
from ceramic_pipelines.importing.importing import Watch, import_events
from ceramic_pipelines.importing.into_store import store_target
from ceramic_protocol.reasons import Reason
from tests.node.operation.running import running
from tests.pipelines.private_node.running import NETWORK, made, write_car, write_lines
from tests.support.cli import lines, run

CORPUS = Path("tests/vectors/corpus")
SAMPLE = f"ndjson:{CORPUS / 'sample.ndjson.gz'}"
CHAIN = ("--chain", str(CORPUS / "chain.json"))


def into(store: Path, network: str = NETWORK) -> tuple[str, ...]:
    return ("--store", str(store), "--network", network, "--format", "ndjson")


def imported(*options: str, code: int = 0) -> dict[str, Any]:
    result = run("node", "import", *options)
    assert result.exit_code == code, result.output
    [row] = lines(result)
    return dict(row)


def test_again_is_as_good_as_once(tmp_path: Path) -> None:
    archive = write_car(tmp_path / "events.car", made(10))
    first = imported(f"car:{archive}", *into(tmp_path / "store"))
    assert (first["events"], first["new"], first["known"], first["rejected"]) == (41, 41, 0, {})
    again = imported(str(archive), *into(tmp_path / "store"))
    assert (again["events"], again["new"], again["known"]) == (41, 0, 41)


def test_what_is_rejected_has_the_reasons_of_verify_and_its_file_is_a_source(tmp_path: Path) -> None:
    rejected = tmp_path / "rejected.ndjson"
    options = (*into(tmp_path / "store", "inmemory"), *CHAIN)
    found = imported(SAMPLE, *options, "--rejected", str(rejected), "--strict", code=1)
    assert found["events"] == 3000
    assert found["new"] == 3000 - sum(found["rejected"].values())
    by_cid = {line["cid"]: line for line in map(json.loads, rejected.read_bytes().splitlines())}
    result = run("verify", SAMPLE, *CHAIN, "--network", "inmemory")
    verdicts = {line["cid"]: line["reason"] for line in lines(result)}
    assert {cid: line["reason"] for cid, line in by_cid.items()}.items() <= verdicts.items()
    known = {reason.value for reason in Reason}
    own = {cid for cid, reason in verdicts.items() if reason in found["rejected"]}
    assert found["rejected"].keys() <= known
    assert own == by_cid.keys()
    again = imported(f"ndjson:{rejected}", *options, code=0)
    assert again["rejected"] == found["rejected"]


def test_without_a_chain_anchors_are_pending_and_later_better(tmp_path: Path) -> None:
    options = into(tmp_path / "store", "inmemory")
    assert imported(SAMPLE, *options)["pending"] > 0
    assert imported(SAMPLE, *options, *CHAIN)["pending"] == 0


def test_a_node_that_runs_takes_them_with_a_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, file = tmp_path / "tokens.txt", write_lines(tmp_path / "events.ndjson", made(400))
    secret = run("node", "token", "new", "--scope", "write", "--append", str(tokens)).stdout.strip()
    monkeypatch.setenv("CERAMIC_TEST_WRITE", secret)
    with running(tokens=str(tokens)) as node:
        options = (str(file), "--node", node.url, "--format", "ndjson")
        found = imported(*options, "--token", "env:CERAMIC_TEST_WRITE")
        again = imported(*options, "--token", "env:CERAMIC_TEST_WRITE")
        refused = run("node", "import", *options)
    assert (found["new"], found["known"]) == (1601, 0)
    assert (again["new"], again["known"]) == (0, 1601)
    assert refused.exit_code == 3
    assert "refuses" in refused.stderr


def test_a_body_that_is_too_large_is_sent_in_parts(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", made(100))
    with running(max_body="64KiB") as node:
        assert imported(str(file), "--node", node.url, "--format", "ndjson")["new"] == 401


def test_events_that_find_no_room_at_first_are_read_again(tmp_path: Path) -> None:
    """All streams without their beginnings, which come last: most of it has to wait, and can't."""
    model, *documents = made(600)
    events = [each for number, each in enumerate(documents) if number % 4] + documents[::4] + [model]
    source = open_source(str(write_lines(tmp_path / "events.ndjson", events)), tmp_path / "index")
    config = NODE.config(network=NODE.by_name["network"].value(NETWORK))
    with store_target(tmp_path / "store", config, max_waiting=20) as target:
        dealt: list[int] = []
        tally = import_events(source, target, Watch(done=dealt.append))
    assert sum(dealt) > len(events)
    assert (tally.new, tally.no_room) == (len(events), 0)


def test_damage_is_told_and_kept(tmp_path: Path) -> None:
    archive, rejected = write_car(tmp_path / "events.car", made(10)), tmp_path / "rejected.ndjson"
    data = bytearray(archive.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 300] = bytes(300)
    archive.write_bytes(data)
    found = imported(str(archive), *into(tmp_path / "store"), "--rejected", str(rejected))
    assert found["damaged"] + sum(found["rejected"].values()) > 0
    kept = rejected.read_bytes().splitlines()
    assert len(kept) == found["damaged"] + sum(found["rejected"].values())


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("car:/not/there.car", "--store", "{}"), 3, "there is no file /not/there.car"),
        (("nothing", "--store", "{}"), 2, "is no source of events"),
        ((SAMPLE, "--node", "http://127.0.0.1:1", "--store", "{}"), 2, "leave it out with --node"),
        ((SAMPLE, "--token", "env:X", "--store", "{}"), 2, "--token is for a node that runs"),
        ((SAMPLE, "--store", "memory:"), 2, "name one with --store"),
        ((SAMPLE, "--node", "no address"), 2, ""),
    ],
)
def test_what_makes_no_sense_is_told(
    tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    result = run("node", "import", *(each.replace("{}", str(tmp_path / "store")) for each in options))
    assert result.exit_code == code, result.output
    assert message in result.stderr


def test_the_store_of_a_node_that_runs_and_of_another_network(tmp_path: Path) -> None:
    file = write_lines(tmp_path / "events.ndjson", made(1))
    with running(store=str(tmp_path / "store"), network=NETWORK):
        result = run("node", "import", str(file), *into(tmp_path / "store"))
        assert (result.exit_code, "stop it first" in result.stderr) == (3, True), result.output
    result = run("node", "import", str(file), *into(tmp_path / "store", "mainnet"))
    assert result.exit_code == 2, result.output
