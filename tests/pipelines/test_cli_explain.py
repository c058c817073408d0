"""`resolve` asked about one stream, one event, one time, and for reasons."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ceramic_connectors.chain import FileChain
from ceramic_pipelines.cli.judge import filled_ledger
from ceramic_pipelines.ledger import Ledger
from ceramic_protocol.audit import state_at_commit, state_at_time
from ceramic_protocol.choices import replay, stream_tree
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.drawing.as_json import tree_json
from ceramic_protocol.drawing.as_text import tree_text
from ceramic_protocol.ids import METAMODEL, MODEL, CommitId, StreamId
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.verify import Verifier
from tests.support import corpus
from tests.support.cli import SOURCES, lines, run
from tests.support.export import write_ndjson
from tests.support.judging import RULES, rules

CHAIN = ("--chain", str(corpus.CHAIN))
AT = ("--at", RULES.as_of_text)


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    with filled_ledger(SOURCES["ndjson"], Verifier(FileChain.load(corpus.CHAIN))) as found:
        yield found


@pytest.fixture(scope="module")
def forked() -> list[dict[str, Any]]:
    """The forked streams of the sample, the largest first."""
    found = [stream for stream in corpus.expected()["streams"] if stream["valid"] and stream["leaves"] > 1]
    return sorted(found, key=lambda stream: (-stream["events"], stream["stream_id"]))


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory, forked: list[dict[str, Any]]) -> str:
    """A source with ten of them, and all models."""
    names = {stream["stream_id"] for stream in forked[:10]} | models()
    path = tmp_path_factory.mktemp("few") / "few.ndjson"
    write_ndjson(path, cars_of(names))
    return f"ndjson:{path}"


def models() -> set[str]:
    """The StreamIDs of the sample's models."""
    found = corpus.expected()["streams"]
    return {stream["stream_id"] for stream in found if stream["model"] == str(METAMODEL)}


def cars_of(names: set[str]) -> list[tuple[str, bytes]]:
    """The events of these streams, in the sample's order."""
    events = corpus.expected()["events"]
    return [(cid, car) for cid, car in corpus.cars().items() if events[cid]["stream_id"] in names]


def resolve(source: str, *options: str, **kind: int) -> Any:
    result = run("resolve", source, *CHAIN, *AT, *options)
    assert result.exit_code == kind.get("code", 0), result.stderr
    return result


# All forked streams of the sample.


@pytest.mark.parametrize("tie_break", TieBreak)
def test_the_choices_lead_to_the_expected_logs(
    ledger: Ledger, forked: list[dict[str, Any]], tie_break: TieBreak
) -> None:
    compared = 0
    for stream in forked:
        init = StreamId.parse(stream["stream_id"]).cid
        tree = stream_tree(ledger.history(init, rules(tie_break)), tie_break)
        log = [str(cid) for cid in replay(tree)]
        assert log[-1] == (stream["tip"] if tie_break is TieBreak.JS else stream["tip_bytes"])
        assert log == tree_json(tree)["log"]
        if "log" in stream and (tie_break is TieBreak.JS or not stream["tips_differ"]):
            assert log == [cid for cid, _stamp in stream["log"]]
            compared += 1
        text = "\n".join(tree_text(tree, full=True))
        assert all(text.count(str(cid)) >= 1 for cid in tree.history.judged)
    assert compared > 100


def test_the_state_at_every_valid_event_is_the_expected_one(ledger: Ledger) -> None:
    histories = {}
    compared = 0
    for cid, entry in corpus.expected()["events"].items():
        if not entry["valid"]:
            continue
        init = StreamId.parse(entry["stream_id"]).cid
        if init not in histories:
            histories[init] = ledger.history(init, RULES)
        item = state_at_commit(histories[init], Cid.parse(cid))
        wanted = corpus.states()[cid]["content"]
        assert corpus.same_content(to_json(item.state.content) if item.state else None, wanted)
        compared += 1
    assert compared > 1500


def test_the_state_at_every_anchor_is_that_of_its_time_event(
    ledger: Ledger, forked: list[dict[str, Any]]
) -> None:
    events = corpus.expected()["events"]
    compared: Counter[str] = Counter()
    for stream in forked:
        if "log" not in stream:
            continue
        history = ledger.history(StreamId.parse(stream["stream_id"]).cid, RULES)
        times = [(cid, stamp) for cid, stamp in stream["log"] if events[cid]["kind"] == "time"]
        stamps = [stamp for _cid, stamp in times]
        if stamps != sorted(set(stamps)):
            continue
        for cid, stamp in times:
            found = state_at_time(history, stamp)
            before = state_at_time(history, stamp - 1)
            assert found is not None
            assert before is not None
            assert (str(found.event.cid), str(before.event.cid) == cid) == (cid, False)
            compared["anchors"] += 1
        first = state_at_time(history, 0)
        assert first is not None
        assert str(first.event.cid) == stream["log"][0][0]
    assert compared["anchors"] > 80


# The command.


def test_explain_prints_only_that_stream(few: str, forked: list[dict[str, Any]]) -> None:
    stream = forked[0]
    result = resolve(few, "--explain", stream["stream_id"])
    assert result.stdout.startswith(f"stream  {stream['stream_id']} ")
    assert f"tip     {stream['tip']}" in result.stdout
    assert "lost: " in result.stdout
    others = [other["init"] for other in forked[1:]]
    assert not any(init in result.stdout for init in others)
    found = json.loads(resolve(few, "--explain", stream["stream_id"], "--explain-format", "json").stdout)
    assert found["log"] == [cid for cid, _stamp in stream["log"]]
    chart = resolve(few, "--explain", stream["stream_id"], "--explain-format", "mermaid").stdout
    assert chart.startswith("flowchart TD\n")
    picture = resolve(
        few, "--explain", f"ceramic://{stream['stream_id']}", "--explain-format", "svg", "--full"
    )
    assert ET.fromstring(picture.stdout).tag == "{http://www.w3.org/2000/svg}svg"


def test_a_stream_can_be_named_by_any_of_its_events(few: str, forked: list[dict[str, Any]]) -> None:
    stream = forked[0]
    tip = Cid.parse(stream["tip"])
    commit = CommitId.of(StreamId.parse(stream["stream_id"]), tip)
    texts = {
        resolve(few, "--explain", name).stdout
        for name in (stream["stream_id"], stream["init"], stream["tip"], str(commit))
    }
    assert len(texts) == 1


def test_explain_goes_by_the_tie_break_that_is_asked_for(few: str, forked: list[dict[str, Any]]) -> None:
    stream = next(stream for stream in forked[:10] if stream["tips_differ"])
    for tie_break, tip in (("js", stream["tip"]), ("binary", stream["tip_bytes"])):
        options = ("--explain", stream["stream_id"], "--tie-break", tie_break)
        assert f"tip     {tip}\n" in resolve(few, *options).stdout


def test_one_stream_is_printed_as_with_all_others(few: str, forked: list[dict[str, Any]]) -> None:
    everything = {line["stream_id"]: line for line in lines(resolve(few))}
    assert len(everything) == 10 + len(models())
    for stream in forked[:3]:
        result = resolve(few, "--stream", stream["stream_id"])
        assert lines(result) == [everything[stream["stream_id"]]]


def test_a_commit_is_printed_with_its_state_and_log(few: str, forked: list[dict[str, Any]]) -> None:
    stream = forked[0]
    whole = json.loads(resolve(few, "--explain", stream["stream_id"], "--explain-format", "json").stdout)
    prev = {event["cid"]: event["prev"] for event in whole["events"]}
    lost = next(event for event in reversed(whole["events"]) if not event["canonical"])
    commit = str(CommitId.of(StreamId.parse(stream["stream_id"]), Cid.parse(lost["cid"])))
    (line,) = lines(resolve(few, "--commit", commit))
    assert lines(resolve(few, "--commit", lost["cid"])) == [line]
    assert (line["commit_id"], line["cid"], line["canonical"]) == (commit, lost["cid"], False)
    assert (line["stream_id"], line["tip"], line["height"]) == (
        stream["stream_id"],
        stream["tip"],
        lost["height"],
    )
    assert corpus.same_content(line["content"], corpus.states()[lost["cid"]]["content"])
    assert line["log"][-1] == lost["cid"]
    assert [prev[cid] for cid in line["log"]] == [None, *line["log"][:-1]]
    (at_init,) = lines(resolve(few, "--commit", f"/ceramic/{stream['stream_id']}?commit=0"))
    assert (at_init["cid"], at_init["canonical"]) == (stream["init"], True)
    (at_tip,) = lines(resolve(few, "--commit", stream["tip"]))
    assert at_tip["log"] == [cid for cid, _stamp in stream["log"]]
    assert corpus.same_content(at_tip["content"], stream["content"])


def test_as_of_prints_every_stream_or_one(few: str, forked: list[dict[str, Any]]) -> None:
    stream = next(stream for stream in forked[:10] if stream["anchor"]["first"] is not None)
    stamp = stream["anchor"]["first"]
    everything = {line["stream_id"]: line for line in lines(resolve(few, "--as-of", str(stamp)))}
    assert len(everything) == 10 + len(models())
    line = everything[stream["stream_id"]]
    kinds = corpus.expected()["events"]
    first = next(cid for cid, _stamp in stream["log"] if kinds[cid]["kind"] == "time")
    assert (line["cid"], line["kind"], line["canonical"], line["anchored_at"]) == (first, "time", True, stamp)
    assert corpus.same_content(line["content"], corpus.states()[first]["content"])
    options = ("--stream", stream["stream_id"], "--as-of", str(stamp))
    assert lines(resolve(few, *options)) == [line]
    (before,) = lines(resolve(few, "--stream", stream["stream_id"], "--as-of", "1970-01-01"))
    assert (before["cid"], before["height"], before["log"]) == (stream["init"], 0, [stream["init"]])


def test_a_reducer_folds_what_was_there(few: str, forked: list[dict[str, Any]]) -> None:
    reducer = ("--reducer", "examples.activity:Activity")
    stream = forked[0]
    now = lines(resolve(few, "--stream", stream["stream_id"], *reducer))
    then = lines(resolve(few, "--commit", stream["tip"], *reducer))
    assert then[0]["content"] == now[0]["content"]
    first = lines(resolve(few, "--commit", stream["init"], *reducer))
    assert first[0]["content"] != now[0]["content"]


def test_a_stream_without_valid_init_has_no_state_then_either(tmp_path: Path) -> None:
    bad = next(stream for stream in corpus.expected()["streams"] if not stream["valid"])
    write_ndjson(tmp_path / "bad.ndjson", cars_of({bad["stream_id"]}))
    (line,) = lines(resolve(f"ndjson:{tmp_path}/bad.ndjson", "--as-of", "2030-01-01"))
    assert (line["commit_id"], line["content"], line["log"], line["tip"]) == (None, None, [], None)
    assert line["reason"]


# Errors.

NOWHERE = StreamId.of(MODEL, Cid.of(b"nowhere", DAG_JOSE))


def test_an_unknown_stream_is_an_error_that_says_what_is_near(few: str, forked: list[dict[str, Any]]) -> None:
    stream_id = forked[0]["stream_id"]
    typo = stream_id[:-3] + ("a" if stream_id[-3] != "a" else "b") + stream_id[-2:]
    for option in ("--explain", "--stream"):
        result = resolve(few, option, typo, code=2)
        assert f"the source has no stream {typo}; nearest in spelling: " in result.stderr
        assert stream_id in result.stderr
        assert result.stdout == ""
    event = forked[0]["log"][1][0]
    as_stream = StreamId.of(3, Cid.parse(event))
    assert f"is that of an event of {stream_id}" in resolve(few, "--stream", str(as_stream), code=2).stderr
    as_model = StreamId.of(MODEL, Cid.parse(forked[0]["init"]))
    message = resolve(few, "--stream", str(as_model), code=2).stderr
    assert f"its init event is that of {stream_id}" in message


def test_unknown_and_invalid_events_are_errors(
    few: str, ledger: Ledger, forked: list[dict[str, Any]]
) -> None:
    stream_id = StreamId.parse(forked[0]["stream_id"])
    unknown = resolve(few, "--commit", str(CommitId.of(stream_id, NOWHERE.cid)), code=2).stderr
    assert f"{NOWHERE.cid} is no event of stream {stream_id}" in unknown
    assert f"the tip is {forked[0]['tip']}" in unknown
    assert f"has no event {NOWHERE.cid}" in resolve(few, "--commit", str(NOWHERE.cid), code=2).stderr
    rejected = next(
        cid
        for cid, entry in corpus.expected()["events"].items()
        if entry["reason"] == "signature_invalid" and ledger.stream_of(Cid.parse(cid))
    )
    message = resolve(SOURCES["ndjson"], "--commit", rejected, code=2).stderr
    assert "is rejected (signature_invalid: " in message
    assert "so it has no state" in message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--explain", "nonsense"), "'nonsense' is neither a StreamID nor a CommitID nor the CID"),
        (("--commit", str(NOWHERE)), "names a stream and no event of it"),
        (
            ("--commit", str(NOWHERE.cid), "--explain", str(NOWHERE)),
            "--commit and --explain can't be combined",
        ),
        (("--explain", str(NOWHERE), "--as-of", "1"), "--explain and --as-of can't be combined"),
        (("--commit", str(NOWHERE.cid), "--stream", str(NOWHERE)), "--commit and --stream can't be combined"),
        (("--explain-format", "svg"), "give that as well"),
        (("--full",), "give that as well"),
        (("--as-of", "yesterday"), "yesterday"),
        (("--explain", str(NOWHERE), "--explain-format", "png"), "png"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_read(options: tuple[str, ...], words: str) -> None:
    result = run("resolve", "car:/nowhere/x.car", *options)
    assert result.exit_code == 2
    assert words in result.stderr


def test_an_empty_source_has_nothing_near(tmp_path: Path) -> None:
    write_ndjson(tmp_path / "none.ndjson", [])
    result = run("resolve", f"ndjson:{tmp_path}/none.ndjson", "--stream", str(NOWHERE))
    assert result.exit_code == 2
    assert f"the source has no stream {NOWHERE}, nor any other" in result.stderr
