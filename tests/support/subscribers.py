"""Many who follow the feed while much is written: each sees what it wants exactly once, in order.

The node runs in this process, those who follow in another one.
"""

from __future__ import annotations

import multiprocessing
import resource
import statistics
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Self
from unittest.mock import patch

import orjson

from ceramic_node.http.v1.feed import sse
from ceramic_node.http.v1.keys import CONSUMERS
from ceramic_protocol.accounts.signers import Ed25519Signer
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.checked import Kind
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.multibase import encode
from ceramic_protocol.stored import Delivered, FeedFilter
from tests.node.store.reading import feed_of
from tests.support.node import RunningNode, running_node
from tests.support.subscriber import Plan, Seen, follow, hash_of

_MODELS = 4
_ACCOUNTS = 5
_UPDATES = 9
_POST_EVENTS = 100


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        consumers: who followed, and of them who took nothing for a while (`slow`).
        writes: events that were written, a third of them before anybody followed.
        delivered: entries that were sent, altogether.
        write_seconds: for the other two thirds.
        seconds: until everybody had everything.
        p50, p99: milliseconds from when an entry came into the feed until it was there, for those who
            followed live and weren't slow.
        connections: how often they connected; some left and came again.
        told: how many slow ones were told where to go on.
        most_waiting: the most bytes that waited for one of them in the node.
        grown: by how much the node's process grew while it was written, at most, in MB.
        cpu_seconds: that the node's process took, with writing into it.
    """

    consumers: int
    slow: int
    writes: int
    delivered: int
    write_seconds: float
    seconds: float
    p50: float
    p99: float
    connections: int
    told: int
    most_waiting: int
    grown: int
    cpu_seconds: float


def made(count: int, text: str = "") -> list[BuiltEvent]:
    """Models, and documents of several accounts that are updated a few times, each in order."""
    accounts = [EventBuilder(Ed25519Signer(number.to_bytes(32, "big"))) for number in range(1, _ACCOUNTS + 1)]
    models = [accounts[0].model(_definition(number)) for number in range(_MODELS)]
    events = list(models)
    number = 0
    while len(events) < count:
        account, model = accounts[number % _ACCOUNTS], models[number % _MODELS]
        init = account.init(
            StreamId.of(MODEL, model.cid), {"n": 0, "text": text}, unique=number.to_bytes(12, "big")
        )
        events.append(init)
        for update in range(_UPDATES):
            patch = [{"op": "replace", "path": "/n", "value": update + 1}]
            if text:
                patch.append({"op": "replace", "path": "/text", "value": text})
            events.append(account.data(init.cid, events[-1].cid, patch))
        number += 1
    return events[:count]


def _definition(number: int) -> dict[str, object]:
    properties = {"n": {"type": "integer"}, "text": {"type": "string"}}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"version": "1.0", "name": f"M{number}", "accountRelation": {"type": "list"}, "schema": schema}


def run(
    consumers: int,
    writes: int,
    *,
    folder: Path | None = None,
    slow: int = 2,
    stall_seconds: float = 10.0,
    seed: int = 1,
) -> Figures:
    """Let them follow while it is written.

    Args:
        consumers: how many, beside the slow ones.
        writes: how many events.
        folder: of the node's store; in memory without one.
        slow: how many take nothing until all is written.
        stall_seconds: after which these are told; the others' process has to be quicker than that.
        seed: of what is random.

    Raises:
        AssertionError: somebody missed an entry, or saw one twice or out of order; or a slow one wasn't told.
    """
    events = made(writes, text="x" * 600)
    with ExitStack() as stack:
        stack.enter_context(patch.object(sse, "PUSH_STALL_SECONDS", stall_seconds))
        stack.enter_context(patch.object(sse, "PUSH_LINGER_SECONDS", 120.0))
        node = stack.enter_context(running_node(folder))
        first = len(events) // 3
        _write(node, events[:first])
        stage = Stage(
            node, first, [StreamId.of(MODEL, event.cid) for event in events[:_MODELS]], Random(seed)
        )
        followers = [stage.follower() for _ in range(consumers)] + [stage.slow() for _ in range(slow)]
        return _measured(node, followers, events[first:], slow)


@dataclass(frozen=True)
class Follower:
    """One who follows, and what there is for it: entries behind a place that fit one of the filters."""

    plan: Plan
    filters: tuple[FeedFilter, ...]
    after: int

    def wanted(self, entries: Sequence[Delivered]) -> list[Delivered]:
        """What there is for it."""
        later = [entry for entry in entries if entry.position > self.after]
        return [entry for entry in later if any(one.fits(entry) for one in self.filters)]

    @property
    def is_live(self) -> bool:
        """Whether it sees only what comes, as soon as it comes."""
        return "since=now" in self.plan.path and not self.plan.leaves_after


class Stage:
    """A node with its first events, and those who may follow it."""

    def __init__(self, node: RunningNode, head: int, models: Sequence[StreamId], random: Random) -> None:
        self._head = head
        self._models = models
        self._random = random
        self._entries = node.node.events.feed(0, 10_000).entries
        self._epoch = node.get("/v1/info").json()["epoch"]

    def follower(self) -> Follower:
        """One with a filter, a beginning and habits by chance."""
        choice = self._random.choice
        filters, query = self._filter()
        position = choice(self._entries).position
        after, start = choice(
            [(0, ""), (self._head, "since=now"), (position, f"resume=f-{self._epoch}-{position}")]
        )
        parts = [query, choice(["includeData=none", "includeData=payload"]), start]
        path = "/v1/feed/stream?" + "&".join(filter(None, parts))
        return Follower(Plan(path, leaves_after=choice([0, 0, 0, 1000])), filters, after)

    def slow(self) -> Follower:
        """One who takes nothing for a while."""
        return Follower(Plan("/v1/feed/stream?includeData=full", sleeps=True), (FeedFilter(),), 0)

    def _filter(self) -> tuple[tuple[FeedFilter, ...], str]:
        facts = self._random.choice(self._entries).facts
        one, two = self._random.sample(self._models, 2)
        of_controller = f"controller={facts.controller}"
        choices: list[tuple[tuple[FeedFilter, ...], str]] = [
            ((FeedFilter(),), ""),
            ((FeedFilter(model=one),), f"model={one}"),
            ((FeedFilter(model=one), FeedFilter(model=two)), f"model={one}&model={two}"),
            ((FeedFilter(controller=facts.controller),), of_controller),
            (
                (FeedFilter(controller=facts.controller, kinds=frozenset({Kind.DATA})),),
                f"{of_controller}&kind=data",
            ),
            ((FeedFilter(model=one, kinds=frozenset({Kind.INIT})),), f"kind=init&model={one}"),
            ((FeedFilter(stream=facts.stream),), f"stream={facts.stream_id}"),
        ]
        return self._random.choice(choices)


def _write(node: RunningNode, events: Sequence[BuiltEvent]) -> None:
    for start in range(0, len(events), _POST_EVENTS):
        cars = [{"car": encode(event.car, "m")} for event in events[start : start + _POST_EVENTS]]
        body = b"".join(orjson.dumps(car) + b"\n" for car in cars)
        answer = node.post("/v1/events", body, **{"Content-Type": "application/x-ndjson"})
        assert answer.status == 200, answer.text
        outcomes = [orjson.loads(line)["outcome"] for line in answer.body.splitlines()]
        assert outcomes == ["new"] * len(cars), outcomes


def _measured(
    node: RunningNode, followers: list[Follower], events: Sequence[BuiltEvent], slow: int
) -> Figures:
    here, there = multiprocessing.Pipe()
    plans = [follower.plan for follower in followers]
    process = multiprocessing.get_context("spawn").Process(target=follow, args=(node.url, plans, there))
    process.start()
    try:
        assert here.poll(120), "they could not all connect"
        here.recv()
        start, cpu = time.perf_counter(), time.process_time()
        with Watch(node) as watch:
            _write(node, events)
            write_seconds = time.perf_counter() - start
            _wait_for_lagging(node, slow)
        entries = feed_of(node.node.events)
        wanted = [follower.wanted(entries) for follower in followers]
        here.send([found[-1].position if found else 0 for found in wanted])
        assert here.poll(400), "they didn't come to an end"
        cpu_seconds = time.process_time() - cpu
        seen, took, failed = here.recv()
    finally:
        process.join(10)
        if process.is_alive():
            process.kill()
            process.join()
    assert not failed, failed
    for follower, found, one in zip(followers, wanted, seen, strict=True):
        _check(follower.plan, found, one)
    quick = [
        delay
        for follower, one in zip(followers, seen, strict=True)
        if follower.is_live
        for delay in one.delays
    ]
    return Figures(
        consumers=len(plans) - slow,
        slow=slow,
        writes=len(entries),
        delivered=sum(len(one.positions) for one in seen),
        write_seconds=round(write_seconds, 2),
        seconds=round(took, 2),
        p50=round(statistics.median(quick), 1),
        p99=round(statistics.quantiles(quick, n=100)[98], 1),
        connections=sum(one.connections for one in seen),
        told=sum(one.told for one in seen),
        most_waiting=watch.most_waiting,
        grown=watch.grown // 2**20,
        cpu_seconds=round(cpu_seconds, 1),
    )


class Watch:
    """Looks at a node now and then."""

    def __init__(self, node: RunningNode) -> None:
        self._node = node
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._before = _resident()
        self.most_waiting = 0
        self.grown = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(0.05):
            self.most_waiting = max(self.most_waiting, self._node.call(self._waiting()))
            self.grown = max(self.grown, _resident() - self._before)

    async def _waiting(self) -> int:
        return max(self._node.app[CONSUMERS].waiting(), default=0)


def _resident() -> int:
    """Bytes of memory that this process has now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def _wait_for_lagging(node: RunningNode, slow: int) -> None:
    consumers, until = node.app[CONSUMERS], time.monotonic() + 60
    while consumers.lagging < slow and time.monotonic() < until:
        time.sleep(0.05)
    assert consumers.lagging == slow, f"{consumers.lagging} of {slow} slow ones were told"


def _check(plan: Plan, entries: Sequence[Delivered], seen: Seen) -> None:
    positions = [entry.position for entry in entries]
    assert list(seen.positions) == positions, f"{plan}: {len(seen.positions)} of {len(positions)}"
    assert list(seen.cids) == [hash_of(str(entry.checked.cid).encode()) for entry in entries], plan
    assert bool(seen.told) == plan.sleeps, plan


if __name__ == "__main__":
    import sys
    import tempfile

    with tempfile.TemporaryDirectory() as made_folder:
        print(run(int(sys.argv[1]), int(sys.argv[2]), folder=Path(made_folder)))  # noqa: T201
