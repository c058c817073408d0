"""A local anchor run: many events in batches, each time event verified through endpoints that misbehave."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ceramic_connectors.dev_chain import DevChain
from ceramic_connectors.jsonrpc import JsonRpcClient
from ceramic_connectors.rpc_chain import RpcChain
from ceramic_node.anchoring import Anchored, AnchorService, Book, DevAnchorer, Leaf, State
from ceramic_node.anchoring.proofs import transaction_proof
from ceramic_protocol.anchors import Anchored as Proven
from ceramic_protocol.anchors import verify_anchor
from ceramic_protocol.cid import DAG_JOSE, Cid
from ceramic_protocol.events import TimeEvent, decode_event
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.limits import RPC_ENDPOINT_SECONDS
from ceramic_protocol.merkle import MerkleTree, Shape
from ceramic_protocol.reasons import Outcome
from tests.support.fickle_chain import MODES, Endpoint, Truth, endpoints

START: Final = 1_710_000_000
BLOCK_SECONDS: Final = 12
CONFIRMATIONS: Final = 3
ENDPOINTS: Final = 3
TIMEOUT_SECONDS: Final = 0.25
"""For an answer while endpoints stall. Afterwards nobody does, and nobody is too slow on any machine."""

PATIENT_SECONDS: Final = 30.0
BACKOFF_SECONDS: Final = 0.005
FORGED_SHARE: Final = 50

ALL: Final = tuple((mode,) * ENDPOINTS for mode in ("fails", "stalls"))
ONE: Final = tuple((mode, "honest", "honest") for mode in MODES)
"""One of three misbehaves: the others are a quorum, so that everything is still told."""
TWO: Final = tuple(
    (first, second, "honest")
    for first, second in (
        ("fails", "stalls"),
        ("fails", "tells a wrong status"),
        ("stalls", "tells of another fork"),
        ("tells a wrong root", "tells a wrong contract"),
        ("tells of another block", "tells of another fork"),
        ("tells a wrong status", "tells of another block"),
    )
)
"""Two misbehave, each in its own way: nobody may say the same wrong thing twice."""
ALONE: Final = tuple(
    (mode,)
    for mode in ("fails", "stalls", "tells a wrong root", "tells a wrong contract", "tells of another block")
)
"""The only one misbehaves, in ways that show."""


@dataclass
class Case:
    """A time event, and what has to become of it; `timestamp` is None for one that proves nothing."""

    event: TimeEvent
    timestamp: int | None


def check_anchor_run(folder: Path, count: int, limit: int = 100) -> str:
    """Anchor `count` events, verify their time events and forged ones, and say how that went."""
    start = time.monotonic()
    clock = (START + BLOCK_SECONDS * number for number in itertools.count()).__next__
    with DevChain(path=folder / "chain.json", clock=clock) as chain:
        anchored = _anchor(folder, chain, count, limit)
        took = time.monotonic() - start
        truth = Truth(chain)
        good = [_good(each, chain) for each in anchored]
        bad = list(_forged(truth, max(count // FORGED_SHARE, 4)))
        truth.grow(10)
        tally: Counter[str] = Counter()
        faults: Counter[str] = Counter()
        scenes = [*ONE, *TWO, *ALL, *ALONE]
        for number, modes in enumerate(scenes):
            faults += _scene(truth, [*good, *bad], modes, number, tally)
        batches = len(chain._anchors)
    missing = set(MODES) - faults.keys()
    assert not missing, f"never happened: {missing}"
    told = ", ".join(f"{faults[mode]} times {mode}" for mode in MODES)
    return (
        f"{count} tips in {batches} transactions in {took:.0f} s; {len(good)} time events and {len(bad)} "
        f"forged ones, each verified in {len(scenes)} scenes with {ENDPOINTS} endpoints or one, twice before "
        f"recovery and twice after: 0 wrongly accepted, 0 wrongly rejected, all verified afterwards; "
        f"meanwhile {tally['accepted']} accepted, {tally['rejected']} rejected, {tally['pending']} pending; "
        f"endpoints: {told}"
    )


def _anchor(folder: Path, chain: DevChain, count: int, limit: int) -> list[Anchored]:
    """Anchor events, each once."""
    kept: dict[Cid, Anchored] = {}

    def sink(events: Sequence[Anchored]) -> None:
        for each in events:
            assert each.tip not in kept, "an event came twice"
            kept[each.tip] = each

    wanted = [_leaf(b"honest", number) for number in range(count)]
    with Book(folder / "book.sqlite") as book:
        service = AnchorService(book, DevAnchorer(chain), sink, limit=limit)
        for part in range(0, count, limit * 3):
            book.request_all(wanted[part : part + limit * 3])
            service.step()
        while service.step():
            pass
        assert book.counts()[State.DONE] == count == len(kept)
    return [kept[each.tip] for each in wanted]


def _leaf(kind: bytes, number: int) -> Leaf:
    init, tip = (Cid.of(b"%b %b %d" % (kind, name, number), DAG_JOSE) for name in (b"init", b"tip"))
    return Leaf(StreamId.of(MODEL_INSTANCE, init), tip)


def _decoded(car: bytes) -> TimeEvent:
    event = decode_event(car)
    assert isinstance(event, TimeEvent)
    return event


def _good(each: Anchored, chain: DevChain) -> Case:
    event = _decoded(each.event.car)
    assert (event.prev, event.stream) == (each.tip, each.stream.cid)
    made = chain.find(event.proof.tx_hash)
    assert made is not None
    return Case(event, made.timestamp)


def _forged(truth: Truth, count: int) -> Iterator[Case]:
    """Time events that prove nothing, of each kind so many."""

    def other_root(root: Cid) -> bytes:
        tx_hash = truth.main._anchors[0].hash
        truth.wanted_root[f"0x{tx_hash.hex()}"] = root
        return tx_hash

    kinds: dict[bytes, Callable[[Cid], bytes]] = {
        b"other root": other_root,
        b"other contract": truth.elsewhere.anchor,
        b"reverted": truth.reverted.anchor,
        b"gone": truth.gone.anchor,
    }
    for kind, anchor in kinds.items():
        leaves = [_leaf(kind, number) for number in range(count)]
        tree = MerkleTree.build([leaf.tip for leaf in leaves], Shape.CAS)
        proof = transaction_proof(tree.root, anchor(tree.root), truth.main.chain_id)
        for index, leaf in enumerate(leaves):
            yield Case(_decoded(tree.time_event(index, leaf.stream.cid, proof).car), None)


def _scene(
    truth: Truth, cases: Sequence[Case], modes: Sequence[str], number: int, tally: Counter[str]
) -> Counter[str]:
    """Verify all while endpoints misbehave, then after they have recovered."""
    now = [0.0]
    with endpoints(truth, len(modes), 100 * number) as nodes:
        urls = [node.url for node in nodes]
        depths = {truth.main.chain_id: CONFIRMATIONS}
        port = RpcChain(urls, confirmations=depths, timeout=TIMEOUT_SECONDS, clock=lambda: now[0])
        for view, url in zip(port._views, urls, strict=True):
            view.client = JsonRpcClient(url, TIMEOUT_SECONDS, BACKOFF_SECONDS)
        with closing(port):
            for node, mode in zip(nodes, modes, strict=True):
                node.mode = mode
            for _again in range(2):
                tally.update(_verdict(case, port, modes) for case in cases)
                _later(truth, now)
            for node, view in zip(nodes, port._views, strict=True):
                node.mode = "honest"
                view.client.close()
                view.client = JsonRpcClient(node.url, PATIENT_SECONDS, BACKOFF_SECONDS)
            # Long enough for connections and rests to be forgotten, and for what is missing to be missing.
            for _again in range(2):
                seen = Counter(_verdict(case, port, modes) for case in cases)
                _later(truth, now)
            wanted = sum(case.timestamp is not None for case in cases)
            assert seen == Counter(accepted=wanted, rejected=len(cases) - wanted), f"{modes}: {seen}"
        return _faults(nodes)


def _later(truth: Truth, now: list[float]) -> None:
    now[0] += 2 * RPC_ENDPOINT_SECONDS
    truth.grow(2 * CONFIRMATIONS)


def _faults(nodes: Sequence[Endpoint]) -> Counter[str]:
    return sum((node.done for node in nodes), Counter())


def _verdict(case: Case, port: RpcChain, modes: Sequence[str]) -> str:
    found = verify_anchor(case.event, port)
    if isinstance(found, Proven):
        assert case.timestamp is not None, f"wrongly accepted while one {modes}: {case.event.cid}"
        assert found.timestamp == case.timestamp, f"at another time while one {modes}: {case.event.cid}"
        return "accepted"
    if found.reason.outcome is Outcome.REJECTED:
        assert case.timestamp is None, f"wrongly rejected while one {modes}: {found}"
        return "rejected"
    return "pending"
