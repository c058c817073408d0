"""The sample of 3,000 events, whose verdicts, tips and states a correct reader knows.

Another folder of vectors may have another sample: its own numbers then stand in its files alone.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from ceramic_protocol.cid import Cid
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.reasons import Outcome
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.rows import anchor_range
from tests.support import corpus, pipeline, vectors
from tests.support.cli import SOURCES, lines, run
from tests.support.corpus import Resolved, Verdict, compare_streams, compare_verdicts

Histories = dict[Cid, StreamHistory]


@pytest.fixture(scope="module")
def decoded() -> pipeline.Decoded:
    return pipeline.read(corpus.cars(), corpus.chain())


@pytest.fixture(scope="module", params=list(TieBreak))
def judged(request: pytest.FixtureRequest, decoded: pipeline.Decoded) -> tuple[TieBreak, Histories]:
    return request.param, pipeline.histories(decoded, request.param)


@pytest.fixture(scope="module")
def verdicts(decoded: pipeline.Decoded) -> dict[str, Verdict]:
    return pipeline.verdicts(decoded, pipeline.histories(decoded))


def resolved(histories: Histories) -> dict[str, Resolved]:
    found = {}
    for history in histories.values():
        state = history.judged[history.tip].state if history.tip else None
        content = to_json(state.content) if state else None
        found[str(history.stream_id)] = Resolved(str(history.tip) if history.tip else None, content)
    return found


def test_every_verdict(verdicts: dict[str, Verdict]) -> None:
    result = compare_verdicts(verdicts)
    result.raise_if_wrong()
    assert result.given == result.total == len(corpus.expected()["events"])
    assert result.equal == 3000 or vectors.is_named()


def test_every_stream(judged: tuple[TieBreak, Histories]) -> None:
    tie_break, histories = judged
    result = compare_streams(resolved(histories), tie_break)
    result.raise_if_wrong()
    assert result.equal == 492 or vectors.is_named()


def test_the_other_tie_break_gives_other_tips(judged: tuple[TieBreak, Histories]) -> None:
    tie_break, histories = judged
    other = next(each for each in TieBreak if each is not tie_break)
    differing = {
        stream["stream_id"]
        for stream in corpus.expected()["streams"]
        if stream["valid"] and stream["tip"] != stream["tip_bytes"]
    }
    mismatches = compare_streams(resolved(histories), other).mismatches
    assert {line.split(":")[0] for line in mismatches} == differing
    assert differing or vectors.is_named()


def test_logs_heights_anchors_and_leaves_of_streams(judged: tuple[TieBreak, Histories]) -> None:
    tie_break, histories = judged
    count = logs = 0
    for stream in corpus.expected()["streams"]:
        if not stream["valid"]:
            continue
        history = histories[Cid.parse(stream["init"])]
        assert str(history.stream_id) == stream["stream_id"]
        assert history.header is not None
        assert history.header.controller == stream["controller"]
        assert str(history.header.model) == stream["model"]
        assert len(history.leaves) == stream["leaves"]
        valid = [item for item in history.judged.values() if item.outcome is Outcome.VALID]
        assert len(valid) == stream["valid_events"]
        by_rule = stream if tie_break is TieBreak.JS else stream.get("bytes_rule", stream)
        tip = history.judged[history.log[-1]]
        assert tip.height == by_rule["height"] == len(history.log) - 1
        anchor = by_rule["anchor"]
        assert anchor_range(history) == (anchor["first"], anchor["last"])
        assert history.anchored.get(tip.event.cid) == anchor["tip_anchored_at"]
        if tie_break is TieBreak.JS and "log" in stream:
            assert [str(cid) for cid in history.log] == [cid for cid, _stamp in stream["log"]]
            logs += 1
        count += 1
    if not vectors.is_named():
        assert count > 250
        assert logs > 50 or tie_break is not TieBreak.JS


def test_every_state(decoded: pipeline.Decoded) -> None:
    """Content and `should_index` after each valid event."""
    items = {
        str(cid): item
        for history in pipeline.histories(decoded).values()
        for cid, item in history.judged.items()
    }
    states = corpus.states()
    for cid, wanted in states.items():
        state = items[cid].state
        assert state is not None
        assert corpus.same_content(to_json(state.content), wanted["content"]), cid
        assert state.metadata["shouldIndex"] is wanted["should_index"], cid
        assert json.loads(state.json)["content"] == wanted["content"]
    assert states.keys() == {cid for cid, entry in corpus.expected()["events"].items() if entry["valid"]}
    assert len(states) == 2707 or vectors.is_named()


def test_anchors_that_cover_events(decoded: pipeline.Decoded) -> None:
    histories = pipeline.histories(decoded)
    anchored = {str(cid): stamp for history in histories.values() for cid, stamp in history.anchored.items()}
    count = 0
    for cid, entry in corpus.expected()["events"].items():
        if entry["valid"]:
            assert anchored.get(cid) == entry["anchored_at"], cid
            count += 1
    assert count > 1500 or vectors.is_named()


def test_heights_and_signers(decoded: pipeline.Decoded) -> None:
    for history in pipeline.histories(decoded).values():
        for cid, item in history.judged.items():
            entry = corpus.expected()["events"][str(cid)]
            if entry["valid"]:
                assert item.height == entry["height"]
                assert (item.event.signer is not None) == entry["signed"]
                assert item.event.kind.name.lower() == entry["kind"]
                assert item.event.chain_id == entry.get("chain")


WRONG: Verdict = ("rejected", "no such reason")


def test_a_planted_verdict_shows(verdicts: dict[str, Verdict]) -> None:
    cid = next(iter(verdicts))
    result = compare_verdicts({**verdicts, cid: WRONG})
    assert [line.split()[0] for line in result.mismatches] == [cid]
    with pytest.raises(AssertionError, match="1 verdicts are wrong"):
        result.raise_if_wrong()


def test_missing_and_unknown_events_show(verdicts: dict[str, Verdict]) -> None:
    cid = next(iter(verdicts))
    fewer = {key: verdict for key, verdict in verdicts.items() if key != cid}
    assert compare_verdicts(fewer).missing == [cid]
    more = compare_verdicts({**verdicts, "bafystrange": corpus.VALID})
    number = len(corpus.expected()["events"]) + 1
    assert (more.unknown, more.total, more.given) == (["bafystrange"], number, number)
    for result in (compare_verdicts(fewer), more):
        with pytest.raises(AssertionError):
            result.raise_if_wrong()


def test_a_planted_tip_and_content_show(decoded: pipeline.Decoded) -> None:
    streams = resolved(pipeline.histories(decoded))
    comparable = (stream["stream_id"] for stream in corpus.expected()["streams"] if stream["valid"])
    stream_id = next(comparable, None)
    if stream_id is None:
        assert vectors.is_named()
        pytest.skip("no stream of this sample can be compared")
    changes: list[Any] = [None, streams[stream_id]._replace(content={"x": 1}), Resolved("bafyother", {})]
    for change in changes:
        changed = (
            {**streams, stream_id: change} if change else {k: v for k, v in streams.items() if k != stream_id}
        )
        result = compare_streams(changed, TieBreak.JS)
        assert [line.split(":")[0] for line in result.mismatches] == [stream_id]


def test_json_values_of_different_types_differ() -> None:
    assert not corpus.same_content({"a": 1}, {"a": True})
    assert not corpus.same_content([1], [1.0])
    assert corpus.same_content({"a": 1, "b": 2}, {"b": 2, "a": 1})


CERAMIC_ONE = ("--chain", str(corpus.CHAIN), "--profile", Profile.CERAMIC_ONE.value)


def test_what_ceramic_one_was_seen_to_say_of_accounts() -> None:
    """Its answers to the sample, as far as they are about accounts; what it waits for is no matter here."""
    found = {line["cid"]: line for line in lines(run("verify", SOURCES["ndjson"], *CERAMIC_ONE))}
    asked = 0
    for cid, entry in corpus.expected()["events"].items():
        answer = entry.get("ceramic_one_http", "")
        is_about_accounts = "CACAO" in answer or "Capability" in answer or entry.get("layer") == "auth"
        if is_about_accounts and entry.get("layer") in {None, "auth"}:
            asked += 1
            wanted = answer == "accept" or (not answer and entry["valid"])
            assert (found[cid]["verdict"] == "valid") is wanted, (cid, answer, found[cid]["reason"])
    assert asked > 100 or vectors.is_named()
