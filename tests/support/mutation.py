"""Real events changed at random: whatever comes of it is answered, in little time and memory, and rightly.

Right means that nothing is accepted but what nobody has changed: an event of the sample, byte for byte, or
one of the few that others may make of it, each with its ground (`_ground`).
"""

from __future__ import annotations

import time
import tracemalloc
from base64 import b64encode
from collections import Counter
from functools import cache
from random import Random
from typing import Final, NamedTuple

from ceramic_protocol import car, dagcbor
from ceramic_protocol.anchors import ANCHOR_SELECTOR
from ceramic_protocol.cid import Cid
from ceramic_protocol.events import Event, InitEvent, InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.verify import CheckedEvent, verify_event
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

_MEASURED: Final = 50
_MAX_DETAIL: Final = 1000


class _Real(NamedTuple):
    """What the sample holds: the blocks that each valid event can't do without, and all that was signed."""

    sample: event_mutations.Sample
    needed: dict[Cid, list[bytes]]
    signatures: dict[tuple[Cid, bytes], bytes]


def check_mutations(count: int, seed: int) -> str:
    """Decode and verify that many changed events; fails with the bytes of the first that went wrong."""
    real = _real()
    answers: Counter[str] = Counter()
    ways: Counter[str] = Counter()
    slowest, peak = 0.0, 0
    for number in range(count):
        draw = Random(f"{seed} {number}")
        way, data = event_mutations.mutate(draw.choice(real.sample), real.sample, draw)
        try:
            if number % _MEASURED:
                answer, seconds = _timed(data, real)
                slowest = max(slowest, seconds)
            else:
                answer, used = _measured(data, real)
                peak = max(peak, used)
        except Exception as error:
            msg = f"change {number} of seed {seed} ({way}): {error!r}; CAR: {b64encode(data).decode()}"
            raise AssertionError(msg) from error
        answers[answer] += 1
        ways[way] += 1
    refused = sum(count for answer, count in answers.items() if not answer.startswith("accepted"))
    accepted = ", ".join(
        f"{n:,} {answer}" for answer, n in answers.most_common() if answer.startswith("accepted")
    )
    return (
        f"{count:,} changed events in {len(ways)} ways: {refused:,} refused for {len(answers)} reasons, "
        f"{accepted}; slowest {slowest * 1000:.1f} ms, largest peak {peak / 1024:,.0f} KiB"
    )


def check_limits(data: bytes) -> str:
    """Decode and verify one CAR within the limits of time and memory; gives the answer."""
    answer, _seconds = _timed(data, _real())
    assert _measured(data, _real())[0] == answer
    return answer


def _timed(data: bytes, real: _Real) -> tuple[str, float]:
    start = time.thread_time()
    event, checked = _decide(data)
    seconds = time.thread_time() - start
    assert seconds < MAX_SECONDS + MAX_SECONDS_PER_BYTE * len(data), f"took {seconds:.2f} s"
    return _judge(data, event, checked, real), seconds


def _measured(data: bytes, real: _Real) -> tuple[str, int]:
    tracemalloc.start()
    try:
        event, checked = _decide(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MAX_PEAK_BYTES + MAX_PEAK_PER_BYTE * len(data), f"took {peak:,} bytes"
    return _judge(data, event, checked, real), peak


def _decide(data: bytes) -> tuple[Event | InvalidEvent, CheckedEvent | None]:
    event = decode_event(data)
    return event, None if isinstance(event, InvalidEvent) else verify_event(event, corpus.chain())


def _judge(data: bytes, event: Event | InvalidEvent, checked: CheckedEvent | None, real: _Real) -> str:
    """The answer in words, after a look at whether it may be given."""
    if isinstance(event, InvalidEvent):
        assert event.reason.outcome is Outcome.REJECTED
        return _explained(event.reason, event.detail)
    assert checked is not None
    assert (checked.cid, checked.stream, checked.prev) == (event.cid, event.stream, event.prev)
    if checked.reason is None:
        return f"accepted as {_ground(data, event, checked, real)}"
    return _explained(checked.reason, checked.detail)


def _explained(reason: Reason, detail: str | None) -> str:
    assert detail
    assert len(detail.encode("utf-8")) < _MAX_DETAIL
    return reason.value


def _ground(data: bytes, event: Event, checked: CheckedEvent, real: _Real) -> str:
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
    assert envelope.signature in {signature, *_twins(signature)}, "a signature out of nothing"
    return "the signed payload in another envelope"


def _twins(signature: bytes) -> list[bytes]:
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
def _real() -> _Real:
    needed: dict[Cid, list[bytes]] = {}
    signatures: dict[tuple[Cid, bytes], bytes] = {}
    sample = event_mutations.sample_of(corpus.cars().values())
    for whole in sample:
        event, checked = _decide(car.encode(whole.roots, whole.blocks))
        if isinstance(event, InvalidEvent) or checked is None or checked.reason is not None:
            continue
        needed[event.cid] = _needed(whole)
        if not isinstance(event, TimeEvent) and event.envelope is not None:
            envelope = event.envelope
            signatures[envelope.payload, envelope.protected] = envelope.signature
    return _Real(sample, needed, signatures)


def _needed(whole: car.Car) -> list[bytes]:
    """The blocks without which the event is not valid any more."""
    found = []
    for left_out in whole.blocks:
        rest = [block for block in whole.blocks if block != left_out]
        _event, checked = _decide(car.encode(whole.roots, rest))
        if checked is None or checked.reason is not None:
            found.append(left_out[1])
    return found
