"""Real events changed at random: whatever comes of it is answered, in little time and memory, and rightly.

Right means that nothing is accepted but what nobody has changed: an event of the sample, byte for byte, or
one of the few that others may make of it, each with its ground (`_ground`).
"""

from __future__ import annotations

import time
import tracemalloc
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from random import Random
from typing import Any, Final, Generic, NamedTuple, TypeAlias, TypeVar

from ceramic_protocol import car, dagcbor
from ceramic_protocol.anchors import ANCHOR_SELECTOR
from ceramic_protocol.checked import CheckedEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Event, InitEvent, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import Verifier
from tests.fuzz import event_mutations
from tests.fuzz.event_mutations import P256_ORDER, SECP256K1_ORDER
from tests.support import corpus

MAX_SECONDS: Final = 0.5
"""Processor time for one event beside what its length accounts for; nearly all take a thousandth of that."""

MAX_SECONDS_PER_BYTE: Final = 3e-6
"""Processor time for each byte of a CAR: an empty list is one byte in CBOR and an object in Python."""

MAX_PEAK_BYTES: Final = 1024 * 1024
"""Memory for one event beside what its length accounts for."""

MAX_PEAK_PER_BYTE: Final = 100
"""Memory for each byte of a CAR: an empty map is one byte in CBOR and 64 in Python."""

ACCEPTED: Final = "accepted as "
"""What an answer starts with if the event was accepted."""

_MEASURED: Final = 50
_MAX_DETAIL: Final = 1000

_Found = TypeVar("_Found")
_TRIES: Final = 3

_Decided: TypeAlias = tuple[Event | InvalidEvent, CheckedEvent | None]


class Real(NamedTuple):
    """What a sample holds: the blocks that each valid event can't do without, and all that was signed."""

    sample: event_mutations.Sample
    needed: dict[Cid, list[bytes]]
    signatures: dict[tuple[Cid, bytes], bytes]


class Trial(NamedTuple, Generic[_Found]):
    """One changed event: the bytes, what is measured, and what says whether its answer may be given."""

    way: str
    data: bytes
    decide: Callable[[], _Found]
    judge: Callable[[_Found], str]


@dataclass(slots=True)
class Tally:
    """What comes of many changed events, in how many ways changed, and what the worst took."""

    answers: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    peak: int = 0

    def run(self, trials: Iterable[Trial[Any]], name: str) -> None:
        """Try each; fails with the bytes of the first that went wrong. `name` says how to draw it again."""
        for number, trial in enumerate(trials):
            try:
                self.answers[self._measure(trial) if number % _MEASURED == 0 else self._time(trial)] += 1
            except Exception as error:
                data = b64encode(trial.data).decode()
                msg = f"change {number} of {name} ({trial.way}): {error!r}; CAR: {data}"
                raise AssertionError(msg) from error
            self.ways[trial.way] += 1

    def _time(self, trial: Trial[Any]) -> str:
        answer, seconds = _timed(trial)
        self.slowest = max(self.slowest, seconds)
        return answer

    def _measure(self, trial: Trial[Any]) -> str:
        answer, used = _measured(trial)
        self.peak = max(self.peak, used)
        return answer

    @property
    def refused(self) -> int:
        """How many were not accepted."""
        return self.answers.total() - sum(self.accepted.values())

    @property
    def accepted(self) -> Counter[str]:
        """Those that were accepted, by their ground."""
        return Counter({answer: n for answer, n in self.answers.items() if answer.startswith(ACCEPTED)})

    @property
    def sentence(self) -> str:
        """The figures from the answers on."""
        accepted = ", ".join(f"{n:,} {answer}" for answer, n in self.accepted.most_common())
        return (
            f"{self.refused:,} refused for {len(self.answers)} reasons, {accepted}; "
            f"slowest {self.slowest * 1000:.1f} ms, largest peak {self.peak / 1024:,.0f} KiB"
        )


_Trial: TypeAlias = Trial[_Decided]


def check_mutations(count: int, seed: int) -> str:
    """Decode and verify that many changed events; fails with the bytes of the first that went wrong."""
    real = _real()
    tally = Tally()
    tally.run((_drawn(Random(f"{seed} {number}"), real) for number in range(count)), f"seed {seed}")
    return f"{count:,} changed events in {len(tally.ways)} ways: {tally.sentence}"


def _drawn(draw: Random, real: Real) -> _Trial:
    way, data = event_mutations.mutate(draw.choice(real.sample), real.sample, draw)
    return _trial(way, data, real)


def _trial(way: str, data: bytes, real: Real) -> _Trial:
    return Trial(way, data, partial(_decide, data), lambda found: judge(data, *found, real))


def check_limits(data: bytes) -> str:
    """Decode and verify one CAR within the limits of time and memory; gives the answer."""
    return check_trial(_trial("", data, _real()))


def check_trial(trial: Trial[_Found]) -> str:
    """Try one event within the limits of time and memory; gives the answer."""
    answer, _seconds = _timed(trial)
    assert _measured(trial)[0] == answer
    return answer


def _timed(trial: Trial[_Found]) -> tuple[str, float]:
    most = MAX_SECONDS + MAX_SECONDS_PER_BYTE * len(trial.data)
    # Whoever shares a core or its caches makes a call take longer now and then, but not each time.
    for _ in range(_TRIES):
        start = time.thread_time()
        found = trial.decide()
        seconds = time.thread_time() - start
        if seconds < most:
            return trial.judge(found), seconds
    raise AssertionError(f"took {seconds:.2f} s, {_TRIES} times over {most:.2f} s")


def _measured(trial: Trial[_Found]) -> tuple[str, int]:
    tracemalloc.start()
    try:
        found = trial.decide()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MAX_PEAK_BYTES + MAX_PEAK_PER_BYTE * len(trial.data), f"took {peak:,} bytes"
    return trial.judge(found), peak


def _decide(data: bytes) -> _Decided:
    event = decode_event(data)
    return event, None if isinstance(event, InvalidEvent) else Verifier(corpus.chain()).verify(event)


def judge(data: bytes, event: Event | InvalidEvent, checked: CheckedEvent | None, real: Real) -> str:
    """The answer in words, after a look at whether it may be given."""
    if isinstance(event, InvalidEvent):
        assert event.reason.outcome is Outcome.REJECTED
        return explained(event.reason, event.detail)
    assert checked is not None
    assert (checked.cid, checked.stream, checked.prev) == (event.cid, event.stream, event.prev)
    if checked.reason is None:
        return f"{ACCEPTED}{_ground(data, event, checked, real)}"
    return explained(checked.reason, checked.detail)


def explained(reason: Reason, detail: str | None) -> str:
    """The code of a refusal, which has to say more in words, and not too many."""
    assert detail
    assert len(detail.encode("utf-8")) < _MAX_DETAIL
    return reason.value


def _ground(data: bytes, event: Event, checked: CheckedEvent, real: Real) -> str:
    """Why an event may be accepted although it was changed."""
    needed = real.needed.get(event.cid)
    if needed is not None:
        assert all(block in data for block in needed), "a block of the event is not as it was"
        return "the event itself"
    if isinstance(event, TimeEvent):
        _check_time(event, checked)
        return "another time event for what the chain anchors"
    envelope = event.envelope
    if envelope is None:
        assert isinstance(event, InitEvent)
        assert event.data is None
        assert event.header.controller
        return "another init event that needs no signature"
    signature = real.signatures.get((envelope.payload, envelope.protected))
    assert signature is not None, "nobody has signed this payload with this header"
    assert envelope.payload == Cid.of(event.payload)
    assert envelope.signature in {signature, *twins(signature)}, "a signature out of nothing"
    return "the signed payload in another envelope"


def twins(signature: bytes) -> list[bytes]:
    """ECDSA has two signatures of one key on one message, and both references take either."""
    s = int.from_bytes(signature[32:], "big")
    return [
        signature[:32] + ((order - s) % (1 << 256)).to_bytes(32, "big")
        for order in (P256_ORDER, SECP256K1_ORDER)
    ]


def _check_time(event: TimeEvent, checked: CheckedEvent) -> None:
    transaction = corpus.chain().transactions[event.proof.chain_id, event.proof.tx_hash]
    assert transaction.input == ANCHOR_SELECTOR + event.proof.root.digest
    assert checked.timestamp == transaction.timestamp
    reached, todo = set(), [event.proof.root]
    while todo:
        at = todo.pop()
        reached.add(at)
        block = event.witnesses.get(at)
        node = dagcbor.decode(block) if block is not None else []
        todo += [item for item in (node if isinstance(node, list) else []) if isinstance(item, Cid)]
    assert event.prev in reached, "prev is not below the root that is anchored"


@cache
def _real() -> Real:
    return real_of(event_mutations.sample_of(corpus.cars().values()))


def real_of(sample: event_mutations.Sample) -> Real:
    """What a sample holds."""
    needed: dict[Cid, list[bytes]] = {}
    signatures: dict[tuple[Cid, bytes], bytes] = {}
    for whole in sample:
        event, checked = _decide(car.encode(whole.roots, whole.blocks))
        if isinstance(event, InvalidEvent) or checked is None or checked.reason is not None:
            continue
        needed[event.cid] = _needed(whole)
        if not isinstance(event, TimeEvent) and event.envelope is not None:
            envelope = event.envelope
            signatures[envelope.payload, envelope.protected] = envelope.signature
    return Real(sample, needed, signatures)


def _needed(whole: car.Car) -> list[bytes]:
    """The blocks without which the event is not valid any more."""
    found = []
    for left_out in whole.blocks:
        rest = [block for block in whole.blocks if block != left_out]
        _event, checked = _decide(car.encode(whole.roots, rest))
        if checked is None or checked.reason is not None:
            found.append(left_out[1])
    return found
