"""The command line, as a user meets it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ceramic_protocol import car as carv1
from ceramic_protocol.resolve import TieBreak
from tests.support import corpus
from tests.support.cli import SOURCES, check_resolve, check_verify, lines, run
from tests.support.export import write_ndjson

COMMANDS = ("export", "verify", "resolve", "inspect")


@pytest.mark.parametrize("source", SOURCES)
def test_verify_agrees_with_the_corpus(source: str) -> None:
    assert check_verify(source).equal > 2900


@pytest.mark.parametrize("tie_break", TieBreak)
@pytest.mark.parametrize("source", SOURCES)
def test_resolve_agrees_with_the_corpus(source: str, tie_break: TieBreak) -> None:
    assert check_resolve(source, tie_break).equal > 400


def test_verify_prints_the_members_of_the_contract_in_order_of_the_source() -> None:
    found = lines(run("verify", SOURCES["ndjson"], "--chain", str(corpus.CHAIN)))
    names = ("cid", "stream_id", "kind", "verdict", "reason", "signer", "controller", "capability", "height")
    assert tuple(found[0])[: len(names)] == names
    assert [line["cid"] for line in found] == list(corpus.cars())
    expected = corpus.expected()["events"]
    for line in found:
        if line["verdict"] == "valid":
            entry = expected[line["cid"]]
            assert (line["stream_id"], line["kind"], line["height"], line["controller"]) == (
                entry["stream_id"],
                entry["kind"],
                entry["height"],
                entry["controller"],
            )


def test_without_a_chain_anchors_are_pending_and_the_summary_says_what_to_do() -> None:
    result = run("verify", SOURCES["ndjson"])
    times = [
        line for line in lines(result) if line["kind"] == "time" and line["reason"] == "anchor_chain_unknown"
    ]
    assert len(times) > 300
    assert "--chain" in result.stderr


def test_pending_alone_is_exit_code_0(tmp_path: Path) -> None:
    waiting = [
        cid for cid, verdict in corpus.verdicts().items() if verdict[1] in ("prev_missing", "init_missing")
    ]
    write_ndjson(tmp_path / "waiting.ndjson", [(cid, corpus.cars()[cid]) for cid in waiting])
    result = run("verify", f"ndjson:{tmp_path}/waiting.ndjson")
    assert {line["verdict"] for line in lines(result)} == {"pending"}
    assert result.exit_code == 0


def test_duplicates_are_judged_once_and_counted(tmp_path: Path) -> None:
    first = list(corpus.cars().items())[:10]
    write_ndjson(tmp_path / "twice.ndjson", first * 2)
    result = run("verify", f"ndjson:{tmp_path}/twice.ndjson")
    assert [line["cid"] for line in lines(result)] == [cid for cid, _car in first]
    assert "10  duplicates" in result.stderr


def test_damage_is_reported_with_its_offset_and_the_rest_is_exported(tmp_path: Path) -> None:
    data = corpus.CAR.read_bytes()
    cut = tmp_path / "cut.car"
    cut.write_bytes(data[: len(data) // 2])
    result = run("verify", f"car:{cut}", "--chain", str(corpus.CHAIN))
    assert result.exit_code == 1
    (damage,) = [line for line in lines(result) if line["reason"] == "archive_damaged"]
    assert len(data) // 2 - 300_000 < damage["position"] < len(data) // 2
    assert damage["source"] == str(cut)
    exported = run("export", f"car:{cut}", "--chain", str(corpus.CHAIN), "--output", str(tmp_path / "out"))
    assert exported.exit_code == 0
    assert "warning: " in exported.stderr
    strict = ("--strict", "--overwrite")
    assert run("export", f"car:{cut}", "--output", str(tmp_path / "out"), *strict).exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("verify", "car:/nowhere/x.car"), 3, "/nowhere/x.car"),
        (("verify", "gopher:x"), 2, "gopher"),
        (("verify", "kafka://localhost/topic"), 2, "localhost"),
        (("verify", SOURCES["car"], "--chain", "/nowhere/chain.json"), 3, "chain.json"),
        (("verify", SOURCES["car"], "--at", "yesterday"), 2, "yesterday"),
        (("export", SOURCES["car"]), 2, "--output"),
        (("export", SOURCES["car"], "--output", "x", "--num-shards", "0"), 2, "num-shards"),
        (("export", SOURCES["car"], "--output", "x", "--runner", "NoRunner"), 2, "NoRunner"),
        (("inspect", "no-such-thing"), 2, "no-such-thing"),
        (("inspect", "/nowhere/x.car"), 3, "/nowhere/x.car"),
        (("frobnicate",), 2, "frobnicate"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence_with_the_right_code(
    arguments: tuple[str, ...], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"\n    ceramic-streams {command} " in re.split("Examples?:", result.stdout)[1]


def test_json_is_one_array_and_table_is_text() -> None:
    arguments = ("resolve", SOURCES["car"], "--chain", str(corpus.CHAIN), "--format")
    streams = json.loads(run(*arguments, "json").stdout)
    assert len(streams) == len(corpus.expected()["streams"])
    assert run(*arguments, "table").stdout.splitlines()[0].split() == [
        "stream_id",
        "tip",
        "anchored_at",
        "content",
        "reason",
    ]


def test_a_reader_that_leaves_is_no_error() -> None:
    command = f"{sys.executable} -m ceramic_pipelines verify {SOURCES['ndjson']} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["kind"] == "init"
    assert "Traceback" not in done.stderr
    assert "Broken" not in done.stderr


def test_export_without_beam_says_what_to_install(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "sys.modules['apache_beam'] = None\n"
        "from ceramic_pipelines.cli import main\n"
        f"main(['export', {SOURCES['car']!r}, '--output', {str(tmp_path / 'out')!r}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("pip install 'ceramic-streams[beam]'")
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback() -> None:
    with pytest.raises(Exception, match="nowhere"):
        run("--debug", "verify", "car:/nowhere/x.car")


def test_inspect_explains_identifiers_and_events(tmp_path: Path) -> None:
    cid, car = next(iter(corpus.cars().items()))
    entry = corpus.expected()["events"][cid]
    assert "dag-jose" in run("inspect", cid).stdout
    stream = run("inspect", f"ceramic://{entry['stream_id']}").stdout
    assert "type model (2)" in stream
    assert cid in stream
    (tmp_path / "event.car").write_bytes(car)
    event = json.loads(run("inspect", str(tmp_path / "event.car"), "--format", "json").stdout)
    assert event["what"] == "init event"
    assert event["signature"] == "good"
    assert event["content"]["name"] == "CorpusPost"
    assert entry["controller"] in event["controllers"]
    assert "data events" in run("inspect", str(corpus.CAR)).stdout


def test_inspect_explains_single_blocks_and_recon_keys(tmp_path: Path) -> None:
    blocks = carv1.decode(next(iter(corpus.cars().values()))).blocks
    for (_cid, block), words in zip(blocks, ("payload of an init event", "envelope"), strict=True):
        (tmp_path / "block").write_bytes(block)
        assert words in run("inspect", str(tmp_path / "block")).stdout
    assert "good" in run("inspect", str(tmp_path / "block")).stdout
    event_id = "fce010500ba25076d730241e745cc7c072ff729ea683b7517"
    assert "mainnet" in run("inspect", event_id).stdout
    interest = "zSeLpVyYXXyR6aowRRqCo76S7kDJkqeid8Mcg8v8DdHjBrNdCpB1kSMVvikk6AcgWg7rTgQ7ocLP"
    assert "interest" in run("inspect", interest).stdout
