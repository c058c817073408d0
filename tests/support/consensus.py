"""Conflict resolution against js-ceramic's answers: the same checks for the tests (short) and for acceptance.

What js-ceramic answered is in `consensus/scenarios.json` (whole, signed events) and `consensus/fuzz.json`
(trees without content). Each case is resolved from many views of the same events: shuffled, with duplicates,
and partitioned into sets that overlap and are merged in some order.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

from ceramic_protocol import car, dagcbor
from ceramic_protocol.anchors import ANCHOR_CONTRACT, ANCHOR_SELECTOR
from ceramic_protocol.checked import CheckedEvent, Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.evaluate import evaluate
from ceramic_protocol.events import InvalidEvent, TimeEvent, decode_event
from ceramic_protocol.eventset import EventSet
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ports import Transaction
from ceramic_protocol.reasons import Outcome, Reason
from ceramic_protocol.resolve import TieBreak
from ceramic_protocol.verify import Verifier
from tests.support import vectors
from tests.support.chains import KnownChain
from tests.support.judging import CONTEXT, RULES, rules

Evaluate: TypeAlias = Callable[[Cid, EventSet, TieBreak], StreamHistory]


def evaluate_set(stream: Cid, known: EventSet, tie_break: TieBreak) -> StreamHistory:
    """What is checked, unless a test plants a fault."""
    return evaluate(stream, known, rules(tie_break), CONTEXT)


@dataclass(frozen=True, slots=True)
class Result:
    """How a check went: cases, resolutions compared, cases with one answer by js-ceramic, what differs."""

    cases: int
    resolutions: int
    single: int
    mismatches: tuple[str, ...]

    def raise_if_wrong(self) -> None:
        """Fail with the first differences."""
        if self.mismatches:
            shown = "\n".join(self.mismatches[:10])
            msg = f"{len(self.mismatches)} resolutions differ, the first:\n{shown}"
            raise AssertionError(msg)


def views(events: Sequence[CheckedEvent], orders: int, random: Random) -> Iterator[tuple[str, EventSet]]:
    """The same events seen in `orders` random orders, as often with duplicates, as often in parts merged."""
    for number in range(orders):
        yield f"order {number}", EventSet.of(random.sample(events, len(events)))
    for number in range(orders):
        doubled = [*events, *random.choices(events, k=len(events))]
        random.shuffle(doubled)
        yield f"duplicates {number}", EventSet.of(doubled)
    for number in range(orders):
        yield f"parts {number}", merged(partition(events, random), random)


def partition(events: Sequence[CheckedEvent], random: Random) -> list[EventSet]:
    """Sets that have every event between them; some have it in common, some may be empty."""
    parts = [EventSet() for _ in range(random.randint(2, 5))]
    for event in random.sample(events, len(events)):
        for part in random.sample(parts, random.choice((1, 1, 2))):
            part.add(event)
    return parts


def merged(parts: list[EventSet], random: Random) -> EventSet:
    """The union of all parts, joined two by two in random order, so that merges are nested."""
    waiting = list(parts)
    while len(waiting) > 1:
        left, right = (waiting.pop(random.randrange(len(waiting))) for _ in range(2))
        waiting.append(left.merge(right))
    return waiting[0]


def check_scenarios(orders: int, seed: int, evaluate: Evaluate = evaluate_set) -> Result:
    """Every scenario against `resolver_winner` and, by byte order, `resolver_winner_byte_order`.

    Verdicts come out of real decoding and verification. In our own file nothing but three time events is
    invalid (`bad-anchor-*`): their proofs name transactions that the chain doesn't have.
    """
    mismatches: list[str] = []
    resolutions = single = 0
    scenarios = vectors.consensus("scenarios.json")["scenarios"]
    for scenario in scenarios:
        events = scenario_events(scenario)
        mismatches += _wrong_verdicts(scenario, events)
        labels = {Cid.parse(event["cid"]): event["label"] for event in scenario["events"]}
        single += not scenario["order_dependent"]
        wanted = {
            TieBreak.JS: {scenario["resolver_winner"]},
            TieBreak.BINARY: {scenario["resolver_winner_byte_order"]},
        }
        stream = Cid.parse(scenario["init_cid"])
        random = Random(f"{seed} {scenario['id']}")
        for view, known in views(list(events.values()), orders, random):
            for tie_break, winners in wanted.items():
                resolutions += 1
                tip = evaluate(stream, known, tie_break).tip
                found = labels.get(tip) if tip else None
                if found not in winners:
                    where = f"{scenario['id']}, {tie_break}, {view}"
                    mismatches.append(f"{where}: {found} instead of {sorted(winners)}")
    return Result(len(scenarios), resolutions, single, tuple(mismatches))


def scenario_events(scenario: Mapping[str, Any]) -> dict[str, CheckedEvent]:
    """The scenario's events by label, decoded and verified for real."""
    blocks = {Cid.parse(cid): base64.b64decode(block) for cid, block in scenario["blocks_base64"].items()}
    decoded = {}
    for event in scenario["events"]:
        found = decode_event(event_car(Cid.parse(event["cid"]), blocks))
        if isinstance(found, InvalidEvent):
            msg = f"{scenario['id']} {event['label']}: {found}"
            raise TypeError(msg)
        decoded[event["label"]] = found
    # Only proven time events have a timestamp in the file: these transactions are on the chain, no others.
    chain = KnownChain(chains={"inmemory:12345", "eip155:1", "eip155:100"})
    for event in scenario["events"]:
        time_event = decoded[event["label"]]
        if isinstance(time_event, TimeEvent) and event["anchor_timestamp"] is not None:
            proof = time_event.proof
            call = ANCHOR_SELECTOR + proof.root.digest
            known = Transaction(ANCHOR_CONTRACT, call, 20_000_000, event["anchor_timestamp"])
            chain.transactions[proof.chain_id, proof.tx_hash] = known
    return {label: Verifier(chain).verify(event) for label, event in decoded.items()}


def event_car(root: Cid, blocks: Mapping[Cid, bytes]) -> bytes:
    """The CAR of one event, from a store of blocks: the root and what belongs to it."""
    value = dagcbor.decode(blocks[root])
    parts = [(root, blocks[root])]
    if isinstance(value, dict):
        payload, proof = value.get("payload"), value.get("proof")
        if isinstance(payload, bytes):
            parts.insert(0, (Cid(payload), blocks[Cid(payload)]))
        if isinstance(proof, Cid):
            parts.append((proof, blocks[proof]))
            parts += _witnesses(proof, str(value["path"]), blocks)
    return car.encode([root], parts)


def _witnesses(proof: Cid, path: str, blocks: Mapping[Cid, bytes]) -> list[tuple[Cid, bytes]]:
    found = []
    value = dagcbor.decode(blocks[proof])
    at: Any = value["root"] if isinstance(value, dict) else None
    for step in path.split("/") if path else []:
        node: Any = dagcbor.decode(blocks[at])
        found.append((at, blocks[at]))
        at = node[int(step)]
    return found


def _wrong_verdicts(scenario: Mapping[str, Any], events: Mapping[str, CheckedEvent]) -> list[str]:
    wrong = []
    for event in scenario["events"]:
        found = events[event["label"]]
        is_right = found.reason is (None if event["valid"] else Reason.ANCHOR_TX_UNKNOWN)
        if vectors.is_named() and not event["valid"]:
            # Invalid for any reason, be it only in its place in the stream.
            assert found.stream is not None
            judged = evaluate(found.stream, EventSet.of(events.values()), RULES, CONTEXT).judged.get(
                found.cid
            )
            is_right = judged is not None and judged.outcome is not Outcome.VALID
        if not is_right or found.timestamp != event.get("anchor_timestamp"):
            wrong.append(f"{scenario['id']} {event['label']}: {found.reason} at {found.timestamp}")
    return wrong


def check_fuzz_trees(orders: int, seed: int, evaluate: Evaluate = evaluate_set) -> Result:
    """Every random tree: js-ceramic's winner where it has one, one of its winners where it has several.

    By byte order js-ceramic has no answer. Whatever the winner, it must be the same in every view.
    """
    mismatches: list[str] = []
    resolutions = single = 0
    trees = vectors.consensus("fuzz.json")["trees"]
    for number, tree in enumerate(trees):
        events = tree_events(tree)
        labels = {Cid.parse(event["cid"]): event["l"] for event in tree["events"]}
        winners = set(tree["js_winners"])
        single += len(winners) == 1
        tips: dict[TieBreak, set[str | None]] = {tie_break: set() for tie_break in TieBreak}
        for view, known in views(events, orders, Random(f"{seed} {number}")):
            for tie_break, seen in tips.items():
                resolutions += 1
                tip = evaluate(events[0].cid, known, tie_break).tip
                seen.add(labels.get(tip) if tip else None)
                if tie_break is TieBreak.JS and not seen <= winners:
                    mismatches.append(f"tree {number}, {view}: one of {seen} is not in {sorted(winners)}")
        mismatches += [
            f"tree {number}, {tie_break}: {seen} in different views"
            for tie_break, seen in tips.items()
            if orders and (len(seen) != 1 or None in seen)
        ]
    return Result(len(trees), resolutions, single, tuple(mismatches))


CONTROLLER = "did:key:z6MkrrKRFnFi7pC3rb7qQDo4HCr7K2BGWfAT6yRJPhmBuKiw"
INIT_PAYLOAD = dagcbor.encode({"data": None, "header": {"controllers": [CONTROLLER]}})
"""The init event of a stream whose content nobody folds."""

_PAYLOADS = {"init": INIT_PAYLOAD, "data": dagcbor.encode({}), "time": b""}

_KINDS = {"init": Kind.INIT, "data": Kind.DATA, "time": Kind.TIME}


def tree_events(tree: Mapping[str, Any]) -> list[CheckedEvent]:
    """A tree's events, the init first, as if they had been verified."""
    cids = {event["l"]: Cid.parse(event["cid"]) for event in tree["events"]}
    stream = next(cids[event["l"]] for event in tree["events"] if event["t"] == "init")
    return [
        CheckedEvent(
            cid=cids[event["l"]],
            stream=stream,
            kind=_KINDS[event["t"]],
            prev=cids[event["p"]] if event["p"] else None,
            payload=_PAYLOADS[event["t"]],
            signer=None if event["t"] == "time" else CONTROLLER,
            timestamp=event.get("ts"),
            chain_id="inmemory:12345" if event["t"] == "time" else None,
        )
        for event in sorted(tree["events"], key=lambda event: event["t"] != "init")
    ]


def outcomes(history: StreamHistory) -> dict[Cid, Outcome]:
    """The verdict on every event."""
    return {cid: item.outcome for cid, item in history.judged.items()}
