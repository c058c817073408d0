"""Running the command line in tests, and comparing what it says of the sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from click.testing import CliRunner, Result

from ceramic_pipelines.cli import main
from ceramic_protocol.resolve import TieBreak
from tests.support import corpus

CHAIN = ("--chain", str(corpus.CHAIN))
"""The option that brings the sample's transactions."""

SOURCES = {"ndjson": f"ndjson:{corpus.NDJSON}", "car": f"car:{corpus.CAR}"}


def run(*arguments: str) -> Result:
    """Run a command in this process; anything but an exit is raised."""
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def lines(result: Result) -> list[dict[str, Any]]:
    """The JSON lines of stdout."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def check_verify(source: str, chain: Sequence[str] = CHAIN) -> corpus.Comparison:
    """Verify the sample and compare every verdict.

    Raises:
        AssertionError: a verdict is wrong or missing, or the exit code is not 1.
    """
    result = run("verify", SOURCES[source], *chain)
    assert result.exit_code == 1, result.stderr
    found = {line["cid"]: (line["verdict"], line["reason"]) for line in lines(result)}
    comparison = corpus.compare_verdicts(found)
    if source == "car":
        events = corpus.expected()["events"]
        comparison.missing = [cid for cid in comparison.missing if events[cid].get("in_car") is not False]
    comparison.raise_if_wrong()
    return comparison


def check_resolve(source: str, tie_break: TieBreak, chain: Sequence[str] = CHAIN) -> corpus.StreamComparison:
    """Resolve the sample and compare tip and content of every stream.

    Raises:
        AssertionError: one of them is wrong, or the exit code is not 0.
    """
    result = run("resolve", SOURCES[source], *chain, "--tie-break", tie_break.value)
    assert result.exit_code == 0, result.stderr
    found = lines(result)
    expected = {stream["stream_id"]: stream for stream in corpus.expected()["streams"]}
    assert {line["stream_id"] for line in found} == set(expected)
    for line in found:
        assert (line["tip"] is None) == (line["reason"] is not None)
    resolved = {line["stream_id"]: corpus.Resolved(line["tip"], line["content"]) for line in found}
    comparison = corpus.compare_streams(resolved, tie_break)
    comparison.mismatches += _wrong_anchors(found, expected, tie_break)
    comparison.raise_if_wrong()
    return comparison


def _wrong_anchors(found: list[dict[str, Any]], expected: dict[str, Any], tie_break: TieBreak) -> list[str]:
    wrong = []
    for line in found:
        stream = expected[line["stream_id"]]
        if not stream["valid"]:
            continue
        if tie_break is TieBreak.BINARY and stream["tips_differ"]:
            continue
        if line["anchored_at"] != stream["anchor"]["tip_anchored_at"]:
            wrong.append(f"{line['stream_id']}: anchored_at {line['anchored_at']}")
        if "log" in stream and line["log"] != [cid for cid, _stamp in stream["log"]]:
            wrong.append(f"{line['stream_id']}: log differs")
    return wrong


def check_corpus(chain: Sequence[str] = CHAIN) -> str:
    """Verify and resolve the sample from every source under both tie-breaks; the figures in words.

    Raises:
        AssertionError: an answer is wrong.
    """
    verdicts = [f"verify {source}: {check_verify(source, chain)}" for source in SOURCES]
    streams = [
        f"resolve {source} {tie_break.value}: {check_resolve(source, tie_break, chain)}"
        for source in SOURCES
        for tie_break in TieBreak
    ]
    return "; ".join([*verdicts, *streams])
