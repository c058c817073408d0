"""The sample corpus: its events, its chain, what a correct reader concludes, and how far this stage can tell.

State rules other than the JSON patch aren't implemented yet. So some expected verdicts can't be compared, or
hang on such an event further up. `stand` says for each event which of these it is; nothing is left out
silently.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from ceramic_protocol import multibase
from ceramic_protocol.reasons import BY_CODE, Layer, Outcome, Reason
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


class Standing(Enum):
    """How an event's verdict is compared."""

    COMPARED = "with the expected verdict"
    UNCHECKED_STATE = "not at all: an event it builds on breaks a state rule that isn't checked yet"
    STATE_ONLY = "not at all: it breaks a state rule that isn't checked yet"


@dataclass(frozen=True, slots=True)
class Stand:
    """How an event is compared, the verdict it must have then, and what follows for the events on top of it.

    `verdict` of an event that isn't compared is the one it has by rule while its own case is unchecked.
    """

    standing: Standing
    verdict: Verdict

    @property
    def is_unchecked(self) -> bool:
        """Whether it counts as valid only because a state rule isn't checked yet."""
        return self.standing in {Standing.STATE_ONLY, Standing.UNCHECKED_STATE}


@cache
def stands() -> dict[str, Stand]:
    """How each event of the sample stands."""
    events: dict[str, Any] = expected()["events"]
    found: dict[str, Stand] = {}
    for cid in events:
        path = [cid]
        while path:
            prev = events[path[-1]]["prev"]
            if prev in events and prev not in found:
                path.append(prev)
            else:
                at = path.pop()
                found[at] = _stand(events[at], found.get(prev))
    return found


def _stand(entry: Mapping[str, Any], parent: Stand | None) -> Stand:
    wanted, reason = verdict_of(entry), BY_CODE.get(entry["reason"] or "")
    if _breaks_unchecked_rule(reason):
        return Stand(Standing.STATE_ONLY, VALID)
    if parent is not None and parent.is_unchecked and (reason is None or reason in _BY_PARENT):
        return Stand(Standing.UNCHECKED_STATE, VALID)
    if reason is Reason.PREV_OTHER_STREAM and parent is None:
        # A sample without that other stream can't tell.
        return Stand(Standing.COMPARED, PREV_MISSING)
    return Stand(Standing.COMPARED, wanted)


_BY_PARENT = {Reason.PREV_INVALID, Reason.INIT_INVALID}


def _breaks_unchecked_rule(reason: Reason | None) -> bool:
    return reason is not None and reason.layer is Layer.STATE and reason is not Reason.PATCH_FAILED


@dataclass(slots=True)
class Comparison:
    """How verdicts compare; `equal`, the counts after it, `mismatches` and `unknown` add up to all given."""

    given: int = 0
    equal: int = 0
    under_unchecked_state: int = 0
    state_only: int = 0
    mismatches: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def compared(self) -> int:
        """Events whose verdict was compared."""
        return self.equal + len(self.mismatches)

    @property
    def total(self) -> int:
        """All events that were given, by what became of them."""
        apart = self.under_unchecked_state + self.state_only
        return self.compared + apart + len(self.unknown)

    def raise_if_wrong(self) -> None:
        """Fail unless every event of the sample has a verdict, and the right one where that can be told."""
        assert self.total == self.given, f"{self.total} events counted, {self.given} given"
        wrong = [*self.mismatches, *(f"{cid}: not in the sample" for cid in self.unknown)]
        wrong += [f"{cid}: no verdict" for cid in self.missing]
        assert not wrong, "\n".join([f"{len(wrong)} verdicts are wrong, the first:", *wrong[:10]])

    def __str__(self) -> str:
        """The figures in words."""
        return (
            f"{self.equal} verdicts equal, {self.under_unchecked_state} under state rules not checked yet, "
            f"{self.state_only} that break them, {len(self.mismatches)} different"
        )


def compare_verdicts(verdicts: Mapping[str, Verdict]) -> Comparison:
    """Compare verdicts by CID with the expected ones."""
    result = Comparison(given=len(verdicts))
    all_stands = stands()
    for cid, verdict in verdicts.items():
        stand = all_stands.get(cid)
        if stand is None:
            result.unknown.append(cid)
        elif stand.standing is Standing.STATE_ONLY:
            result.state_only += 1
        elif stand.standing is Standing.UNCHECKED_STATE:
            result.under_unchecked_state += 1
        elif tuple(verdict) != stand.verdict:
            entry = expected()["events"][cid]
            result.mismatches.append(f"{cid} ({entry['kind']}): {verdict} instead of {stand.verdict}")
        else:
            result.equal += 1
    result.missing = [cid for cid in all_stands if cid not in verdicts]
    return result


class Resolved(NamedTuple):
    """A stream's tip as text, None without one, and its content as a JSON value."""

    tip: str | None
    content: object = None


@dataclass(slots=True)
class StreamComparison:
    """How resolved streams compare; `equal`, `left_out` and `mismatches` add up to all of the sample."""

    given: int = 0
    equal: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    mismatches: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All streams of the sample, by what became of them."""
        return self.equal + self.left_out.total() + len(self.mismatches)

    def raise_if_wrong(self) -> None:
        """Fail unless every stream that can be compared is right."""
        assert self.total == len(expected()["streams"])
        wrong = self.mismatches
        assert not wrong, "\n".join([f"{len(wrong)} streams are wrong, the first:", *wrong[:10]])

    def __str__(self) -> str:
        """The figures in words."""
        left_out = ", ".join(f"{count} {why}" for why, count in sorted(self.left_out.items()))
        return f"{self.equal} streams equal, left out: {left_out}; {len(self.mismatches)} different"


def incomparable_streams() -> dict[str, str]:
    """Streams that can't be compared at this stage, and why."""
    found: dict[str, str] = {}
    for entry in expected()["events"].values():
        stream = entry["stream_id"]
        if _breaks_unchecked_rule(BY_CODE.get(entry["reason"] or "")):
            found.setdefault(stream, "with state rules not checked yet")
    return found


def same_content(left: object, right: object) -> bool:
    """Equality of JSON values, where 1, 1.0 and true are three things."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


def compare_streams(resolved: Mapping[str, Resolved], tie_break: TieBreak) -> StreamComparison:
    """Compare streams by StreamID with the expected tips and contents; one that isn't there has no tip."""
    result = StreamComparison(given=len(resolved))
    incomparable = incomparable_streams()
    for stream in expected()["streams"]:
        stream_id = stream["stream_id"]
        if stream_id in incomparable:
            result.left_out[incomparable[stream_id]] += 1
            continue
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
