"""The sample corpus: its events, its chain, and what a correct reader concludes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from ceramic_protocol import multibase
from ceramic_protocol.reasons import BY_CODE, Outcome, Reason
from ceramic_protocol.resolve import TieBreak
from tests.support import vectors
from tests.support.chains import KnownChain

Verdict: TypeAlias = tuple[str, str | None]
"""Outcome (`valid`, `rejected`, `pending`) and reason code."""

CAR = vectors.CORPUS / "sample.car"
NDJSON = vectors.CORPUS / "sample.ndjson.gz"
CHAIN = vectors.CORPUS / "chain.json"

VALID: Verdict = (Outcome.VALID.value, None)
PREV_MISSING: Verdict = (Outcome.PENDING.value, Reason.PREV_MISSING.value)


@cache
def expected() -> dict[str, Any]:
    """`sample.expected.json`; nobody may change it."""
    return vectors.read_json(vectors.CORPUS / "sample.expected.json")


@cache
def cars() -> dict[str, bytes]:
    """The CAR of every event by the CID's text, in order of arrival."""
    return {line["cid"]: multibase.decode(line["car"]) for line in vectors.read_ndjson_gz(NDJSON)}


@cache
def states() -> dict[str, Any]:
    """`{"cid", "content", "should_index"}` after every valid event, by CID."""
    lines = vectors.read_ndjson_gz(vectors.CORPUS / "sample.states.ndjson.gz")
    return {line["cid"]: line for line in lines}


@cache
def chain() -> KnownChain:
    """The chain that the sample's time events are anchored on."""
    return KnownChain.of_file(vectors.read_json(CHAIN))


def verdict_of(entry: Mapping[str, Any]) -> Verdict:
    """The expected verdict: what isn't valid is rejected, but for the reasons that more data could change."""
    if entry["valid"]:
        return VALID
    return BY_CODE[entry["reason"]].outcome.value, entry["reason"]


@cache
def verdicts() -> dict[str, Verdict]:
    """The verdict of each event of the sample, by CID."""
    events: dict[str, Any] = expected()["events"]
    return {cid: _verdict(entry, events) for cid, entry in events.items()}


def _verdict(entry: Mapping[str, Any], events: Mapping[str, Any]) -> Verdict:
    if entry["reason"] == Reason.PREV_OTHER_STREAM.value and entry["prev"] not in events:
        # A sample without that other stream can't tell.
        return PREV_MISSING
    return verdict_of(entry)


@dataclass(slots=True)
class Comparison:
    """How verdicts compare; `equal`, `mismatches` and `unknown` add up to all given."""

    given: int = 0
    equal: int = 0
    mismatches: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All events that were given, by what became of them."""
        return self.equal + len(self.mismatches) + len(self.unknown)

    def raise_if_wrong(self) -> None:
        """Fail unless every event of the sample has a verdict, and the right one."""
        assert self.total == self.given, f"{self.total} events counted, {self.given} given"
        wrong = [*self.mismatches, *(f"{cid}: not in the sample" for cid in self.unknown)]
        wrong += [f"{cid}: no verdict" for cid in self.missing]
        assert not wrong, "\n".join([f"{len(wrong)} verdicts are wrong, the first:", *wrong[:10]])

    def __str__(self) -> str:
        """The figures in words."""
        return f"{self.equal} verdicts equal, {len(self.mismatches)} different"


def compare_verdicts(given: Mapping[str, Verdict]) -> Comparison:
    """Compare verdicts by CID with the expected ones."""
    result = Comparison(given=len(given))
    wanted = verdicts()
    for cid, verdict in given.items():
        if cid not in wanted:
            result.unknown.append(cid)
        elif tuple(verdict) != wanted[cid]:
            kind = expected()["events"][cid]["kind"]
            result.mismatches.append(f"{cid} ({kind}): {verdict} instead of {wanted[cid]}")
        else:
            result.equal += 1
    result.missing = [cid for cid in wanted if cid not in given]
    return result


class Resolved(NamedTuple):
    """A stream's tip as text, None without one, and its content as a JSON value."""

    tip: str | None
    content: object = None


@dataclass(slots=True)
class StreamComparison:
    """How resolved streams compare; `equal` and `mismatches` add up to all of the sample."""

    given: int = 0
    equal: int = 0
    mismatches: list[str] = field(default_factory=list)

    def raise_if_wrong(self) -> None:
        """Fail unless every stream is right."""
        assert self.equal + len(self.mismatches) == len(expected()["streams"])
        wrong = self.mismatches
        assert not wrong, "\n".join([f"{len(wrong)} streams are wrong, the first:", *wrong[:10]])

    def __str__(self) -> str:
        """The figures in words."""
        return f"{self.equal} streams equal, {len(self.mismatches)} different"


def same_content(left: object, right: object) -> bool:
    """Equality of JSON values, where 1, 1.0 and true are three things."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def compare_streams(resolved: Mapping[str, Resolved], tie_break: TieBreak) -> StreamComparison:
    """Compare streams by StreamID with the expected tips and contents; one that isn't there has no tip."""
    result = StreamComparison(given=len(resolved))
    for stream in expected()["streams"]:
        stream_id = stream["stream_id"]
        found, wanted = resolved.get(stream_id, Resolved(None)), expected_stream(stream, tie_break)
        if found.tip != wanted.tip:
            result.mismatches.append(f"{stream_id}: tip {found.tip} instead of {wanted.tip}")
        elif wanted.tip is not None and not same_content(found.content, wanted.content):
            result.mismatches.append(f"{stream_id}: content {found.content} instead of {wanted.content}")
        else:
            result.equal += 1
    return result


def expected_stream(stream: Mapping[str, Any], tie_break: TieBreak) -> Resolved:
    """Tip and content of a stream of `expected`."""
    if not stream["valid"]:
        return Resolved(None)
    if tie_break is TieBreak.JS:
        return Resolved(stream["tip"], stream["content"])
    return Resolved(stream["tip_bytes"], stream.get("bytes_rule", stream)["content"])
