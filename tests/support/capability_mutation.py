"""Changed events under capabilities, judged as a whole: by themselves and within their stream.

Half are events of the sample, changed in any way. The other half are made here by a thief who has the key of
a session: the capability is changed, and the event signed again with the right key over the right hashes.
Nothing is accepted but what was granted, whichever way that is written (`same_grant` names the ways).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from hashlib import sha256
from random import Random
from typing import Any, Final, NamedTuple, TypeAlias

from multiformats import CID

from ceramic_protocol import multibase
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import Event, InvalidEvent, decode_event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import Judged
from ceramic_protocol.ports import RawEvent
from ceramic_protocol.profiles.profile import Profile
from ceramic_protocol.profiles.registry import ACCOUNT_RULES
from ceramic_protocol.rules import Rules
from ceramic_protocol.verify import Checked, Verifier
from tests.fuzz import capability_cases, capability_mutations, event_mutations
from tests.fuzz.capability_cases import DAY, Attempt, Case, MadeAttempt
from tests.fuzz.same_grant import differences
from tests.support import corpus, mutation
from tests.support.judging import CONTEXT
from tests.support.mutation import ACCEPTED, Real, Tally, Trial

_SECOND: Final = 1000
_SKEW: Final = 300

Answer: TypeAlias = tuple[Checked, Judged | None]
"""What an event is by itself, and then in its stream if it is an event."""


def check_capability_mutations(count: int, seed: int) -> str:
    """Verify that many changed events under capabilities; fails with the first that went wrong."""
    sample, made = Tally(), Tally()
    sample.run((_of_sample(Random(f"{seed} sample {n}")) for n in range(count // 2)), f"seed {seed}, sample")
    made.run((_made(Random(f"{seed} made {n}")) for n in range(count - count // 2)), f"seed {seed}, made")
    return (
        f"{count:,} changed events under capabilities: {_sentence('of the sample', sample)}; "
        f"{_sentence('signed again with the key of the session', made)}"
    )


def _sentence(name: str, tally: Tally) -> str:
    ways = ", ".join(f"{way} {number:,}" for way, number in sorted(tally.ways.items()))
    return f"{tally.answers.total():,} {name} in {len(tally.ways)} ways ({ways}): {tally.sentence}"


def _judge(
    checked: CheckedEvent, others: list[CheckedEvent], at: int, profile: Profile = Profile.STRICT
) -> Judged:
    assert checked.stream is not None
    history = evaluate(checked.stream, EventSet.of([*others, checked]), Rules(at, profile=profile), CONTEXT)
    return history.judged[checked.cid]


def _look_with_others(verifier: Verifier, data: bytes, others: list[CheckedEvent], at: int) -> None:
    """Judge it by the rules of the references too: they may accept it, but nothing else may come of it."""
    for profile in ACCOUNT_RULES.keys() - {Profile.STRICT}:
        found = replace(verifier, profile=profile).check(RawEvent(data, None, "", 0))
        if isinstance(found, InvalidEvent):
            mutation.explained(found.reason, found.detail)
        else:
            _refusal(_judge(found, others, at, profile))


class _Sample(NamedTuple):
    """The events of the sample that have a capability, when each is valid, and all events by CID."""

    real: Real
    moments: Mapping[Cid, int]
    checked: Mapping[Cid, CheckedEvent]

    def path(self, event: CheckedEvent) -> list[CheckedEvent]:
        """What an event builds on, as far as the sample has it."""
        found = []
        at = event.prev
        while at is not None and at in self.checked:
            found.append(self.checked[at])
            at = found[-1].prev
        return found


_VERIFIER: Final = Verifier(corpus.chain())


@cache
def _sample() -> _Sample:
    events = corpus.expected()["events"]
    cars = [data for cid, data in corpus.cars().items() if events[cid].get("cacao")]
    found = (_VERIFIER.check(RawEvent(data, None, "", 0)) for data in corpus.cars().values())
    checked = {event.cid: event for event in found if isinstance(event, CheckedEvent)}
    sample = _Sample(mutation.real_of(event_mutations.sample_of(cars)), {}, checked)
    roots = [whole.roots[0] for whole in sample.real.sample]
    return sample._replace(moments={root: _moment(checked.get(root), sample) for root in roots})


def _moment(event: CheckedEvent | None, sample: _Sample) -> int:
    """A time, in milliseconds, at which its capability and those of what it builds on have begun."""
    events = [] if event is None else [event, *sample.path(event)]
    starts = [event.grant.not_before for event in events if event.grant]
    return max(filter(None, starts), default=1_800_000_000 * _SECOND)


def valid_events_of_sample() -> tuple[int, int]:
    """How many events of the sample are changed, and how many of them are valid at the time that is taken."""
    sample = _sample()
    found = [sample.checked[cid] for cid in sample.moments if cid in sample.checked]
    judged = [_judge(event, sample.path(event), sample.moments[event.cid]) for event in found]
    return len(sample.moments), sum(item.reason is None for item in judged)


def _of_sample(draw: Random) -> Trial[Answer]:
    sample = _sample()
    whole = draw.choice(sample.real.sample)
    way, data = event_mutations.mutate(whole, sample.real.sample, draw)
    at = sample.moments[whole.roots[0]]

    def decide() -> Answer:
        checked = _VERIFIER.check(RawEvent(data, None, "", 0))
        if isinstance(checked, InvalidEvent):
            return checked, None
        return checked, _judge(checked, sample.path(checked), at)

    return Trial(way, data, decide, partial(_of_sample_answer, data, at))


def _of_sample_answer(data: bytes, at: int, found: Answer) -> str:
    checked, judged = found
    if isinstance(checked, InvalidEvent):
        _look_with_others(_VERIFIER, data, [], at)
        return mutation.judge(data, checked, None, _sample().real)
    _look_with_others(_VERIFIER, data, _sample().path(checked), at)
    event: Event | InvalidEvent = decode_event(data)
    answer = mutation.judge(data, event, checked, _sample().real)
    return _refusal(judged) or answer


def _refusal(judged: Judged | None) -> str | None:
    assert judged is not None
    return None if judged.reason is None else mutation.explained(judged.reason, judged.detail)


def _made(draw: Random) -> Trial[Answer]:
    cases = capability_cases.cases()
    case = draw.choice(cases)
    way, attempt, made = capability_mutations.mutate(case, cases, draw)
    return trial_of(way, case, attempt, made)


def trial_of(way: str, case: Case, attempt: Attempt, made: MadeAttempt) -> Trial[Answer]:
    """What is to be measured and judged of an attempt."""
    return Trial(way, made.car, partial(_decide, attempt, made), partial(_made_answer, case, attempt, made))


def _decide(attempt: Attempt, made: MadeAttempt) -> Answer:
    checked = capability_cases.VERIFIER.check(RawEvent(made.car, None, "", 0))
    if isinstance(checked, InvalidEvent):
        return checked, None
    return checked, _judge(checked, attempt.others, attempt.at * _SECOND)


def _made_answer(case: Case, attempt: Attempt, made: MadeAttempt, found: Answer) -> str:
    checked, judged = found
    _look_with_others(capability_cases.VERIFIER, made.car, attempt.others, attempt.at * _SECOND)
    if isinstance(checked, InvalidEvent):
        return mutation.explained(checked.reason, checked.detail)
    refusal = _refusal(judged)
    if refusal is not None:
        return refusal
    ground = ground_of(case, attempt, made)
    assert ground is not None, f"{case.account.kind}: not granted {case.value}, at {attempt.at}"
    return ACCEPTED + ground


def ground_of(case: Case, attempt: Attempt, made: MadeAttempt) -> str | None:
    """In words how an attempt may be written so that it is still what was granted; None if it is not."""
    envelope, header = _envelope_differences(made), _header_differences(attempt, made)
    if envelope is None or header is None:
        return None
    for granted in _granted(case):
        named = differences(granted.value, made.capability)
        if named is not None and _is_allowed(granted, attempt, made):
            other = [] if granted is case else ["another capability of the account"]
            return " and ".join([*other, *named, *header, *envelope]) or "granted"
    return None


def _granted(case: Case) -> Iterator[Case]:
    """The capability of the case, then all others that its account gave to somebody."""
    yield case
    controller = case.account.controller
    yield from (other for other in capability_cases.cases() if other.account.controller == controller)


def _header_differences(attempt: Attempt, made: MadeAttempt) -> list[str] | None:
    header = json.loads(made.protected)
    kid, cap = str(header.get("kid")), str(header.get("cap"))
    signer, *_rest = re.split("[#?/]", kid)
    if signer != attempt.signer.did or not cap.startswith("ipfs://"):
        return None
    named = CID.decode(cap.removeprefix("ipfs://"))
    if named.codec.name != "dag-cbor" or named.raw_digest != sha256(made.capability).digest():
        return None
    usual_kid = f"{signer}#{signer.removeprefix('did:key:')}"
    names = {
        "the key's fragment, path or query": kid != usual_kid,
        "the CID in another base": named.base.name != "base32",
        "unknown members of the header": bool(header.keys() - {"alg", "cap", "kid"}),
    }
    return [name for name, differs in names.items() if differs]


def _envelope_differences(made: MadeAttempt) -> list[str] | None:
    signatures = made.envelope["signatures"]
    if made.envelope["payload"] != bytes(made.payload) or len(signatures) != 1:
        return None
    (signature,) = signatures
    if signature["protected"] != made.protected:
        return None
    if signature["signature"] not in {made.signature, *mutation.twins(made.signature)}:
        return None
    names = {
        "the event's other S": signature["signature"] != made.signature,
        "an unprotected header": "header" in signature,
    }
    return [name for name, differs in names.items() if differs]


def _is_allowed(case: Case, attempt: Attempt, made: MadeAttempt) -> bool:
    """Whether what was granted covers what is attempted, whatever the changed capability says."""
    is_in_time = case.start - _SKEW <= attempt.at and (case.end is None or attempt.at <= case.end + DAY)
    if not is_in_time or attempt.signer.did != case.session.did:
        return False
    if attempt.target is None:
        header: Mapping[str, Any] = attempt.payload["header"]
        (controller,), model = header["controllers"], multibase.encode(header["model"], "k")
        scopes = {"ceramic://*", f"ceramic://*?model={model}"}
    else:
        controller, here = attempt.target.controller, f"ceramic://{attempt.target.stream_id}"
        scopes = {"ceramic://*", f"ceramic://*?model={attempt.target.model}", here}
        scopes.add(f"{here}?payload={made.payload}")
    return controller == case.account.controller and not scopes.isdisjoint(case.value["p"]["resources"])
