"""Events on their way in: verified, kept together, and answered each for itself."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from ceramic_node import intake_queue
from ceramic_node.intake import Answer, Intake, MissingPrev, Overloaded, Stopping, Submitted
from ceramic_node.store.memory import MemoryStore
from ceramic_protocol.errors import OutsideError
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import NewEvent, PutOutcome, PutResult
from ceramic_protocol.verify import Verifier
from tests.support import signing
from tests.support.chains import KnownChain
from tests.support.signing import Made, ed25519

ME, CHAIN = ed25519(1), KnownChain()
INIT = signing.init(ME, {"a": 1})
FIRST = signing.data(ME, INIT, INIT, [])
SECOND = signing.data(ME, INIT, FIRST, [])
TIME = signing.time(INIT, INIT, CHAIN)


class Slow(MemoryStore):
    """A store that writes when it is told to, and notes in how large batches."""

    def __init__(self) -> None:
        super().__init__()
        self.may_write = threading.Event()
        self.batches: list[int] = []
        self.fails = False

    def put(self, events: Sequence[NewEvent], **conditions: Any) -> PutResult:
        self.may_write.wait(10)
        if self.fails:
            raise OutsideError("the disk is full")
        self.batches.append(len(events))
        return super().put(events, **conditions)


def with_intake(
    work: Callable[[Intake, MemoryStore], Awaitable[None]], store: MemoryStore | None = None
) -> None:
    async def run() -> None:
        kept = store or MemoryStore()
        intake = Intake(kept, Verifier(), lambda: None)
        await intake.start()
        try:
            await work(intake, kept)
        finally:
            await intake.stop()

    asyncio.run(run())


def submit(*events: Made | bytes, needs_prev: bool = False) -> list[Answer]:
    answers: list[Answer] = []

    async def work(intake: Intake, _store: MemoryStore) -> None:
        cars = [event if isinstance(event, bytes) else event.car for event in events]
        answers.extend(await intake.submit(cars, needs_prev=needs_prev))

    with_intake(work)
    return answers


def test_each_event_has_its_own_answer() -> None:
    forged = signing.data(ed25519(2), INIT, INIT, [])
    broken = forged.with_blocks([(cid, block[:-1] + b"\0") for cid, block in forged.blocks])
    answers = submit(INIT, b"junk", FIRST, INIT, broken, TIME)
    assert answers[0] == Submitted(INIT.cid, PutOutcome.NEW, None)
    assert isinstance(answers[1], Submitted)
    assert (answers[1].cid, answers[1].outcome) == (None, None)
    assert answers[1].finding is not None
    assert answers[2] == Submitted(FIRST.cid, PutOutcome.NEW, None)
    assert answers[3] == Submitted(INIT.cid, PutOutcome.KNOWN, None)
    assert isinstance(answers[4], Submitted)
    assert answers[4].outcome is None
    assert isinstance(answers[5], Submitted)
    assert answers[5].outcome is PutOutcome.NEW
    assert answers[5].finding is not None
    assert answers[5].finding.reason is Reason.ANCHOR_CHAIN_UNKNOWN


def test_what_an_event_builds_on_can_be_asked_for() -> None:
    assert submit(FIRST, needs_prev=True) == [MissingPrev(FIRST.cid, INIT.cid, is_init=True)]
    assert submit(INIT, SECOND, needs_prev=True)[1] == MissingPrev(SECOND.cid, FIRST.cid, is_init=False)
    kept = [Submitted(event.cid, PutOutcome.NEW, None) for event in (INIT, FIRST, SECOND)]
    assert submit(INIT, FIRST, SECOND, needs_prev=True) == kept
    assert submit(SECOND, FIRST, INIT) == kept[::-1]


def test_many_callers_share_a_transaction() -> None:
    store = Slow()

    async def work(intake: Intake, _store: MemoryStore) -> None:
        events = [signing.init(ME, {"a": number}) for number in range(40)]
        calls = [asyncio.create_task(intake.submit([event.car])) for event in events]
        await asyncio.sleep(0.05)
        store.may_write.set()
        answers = await asyncio.gather(*calls)
        assert [answer[0].cid for answer in answers] == [event.cid for event in events]

    with_intake(work, store)
    assert sum(store.batches) == 40
    assert len(store.batches) <= 2


def test_a_failing_disk_is_told_and_the_next_batch_may_fare_better() -> None:
    store = Slow()
    store.may_write.set()

    async def work(intake: Intake, _store: MemoryStore) -> None:
        store.fails = True
        with pytest.raises(OutsideError, match="the disk is full"):
            await intake.submit([INIT.car])
        store.fails = False
        assert (await intake.submit([INIT.car]))[0] == Submitted(INIT.cid, PutOutcome.NEW, None)

    with_intake(work, store)


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_queue, "MAX_INTAKE_BYTES", 3 * len(INIT.car))
    store = Slow()

    async def work(intake: Intake, _store: MemoryStore) -> None:
        first = asyncio.create_task(intake.submit([INIT.car]))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(intake.submit([INIT.car])) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded):
            await intake.submit([INIT.car])
        store.may_write.set()
        await asyncio.gather(first, *waiting)
        assert await intake.submit([INIT.car])

    with_intake(work, store)


def test_stopping_keeps_what_was_handed_in() -> None:
    async def run() -> None:
        store = Slow()
        intake = Intake(store, Verifier(), lambda: None)
        await intake.start()
        calls = [asyncio.create_task(intake.submit([event.car])) for event in (INIT, FIRST)]
        await asyncio.sleep(0.05)
        stopping = asyncio.create_task(intake.stop())
        await asyncio.sleep(0.05)
        with pytest.raises(Stopping):
            await intake.submit([SECOND.car])
        store.may_write.set()
        await stopping
        assert [answer[0].outcome for answer in await asyncio.gather(*calls)] == [PutOutcome.NEW] * 2  # type: ignore[union-attr]

    asyncio.run(run())


def test_a_caller_that_gives_up_disturbs_nobody() -> None:
    store = Slow()

    async def work(intake: Intake, _store: MemoryStore) -> None:
        first = asyncio.create_task(intake.submit([INIT.car]))
        second = asyncio.create_task(intake.submit([FIRST.car]))
        await asyncio.sleep(0.05)
        first.cancel()
        store.may_write.set()
        assert (await second)[0] == Submitted(FIRST.cid, PutOutcome.NEW, None)

    with_intake(work, store)


def test_what_was_refused_is_no_news() -> None:
    news: list[int] = []

    async def run() -> None:
        intake = Intake(MemoryStore(), Verifier(), lambda: news.append(1))
        await intake.start()
        await intake.submit([b"junk"])
        await intake.submit([FIRST.car], needs_prev=True)
        assert news == []
        await intake.submit([b"junk", INIT.car])
        await intake.stop()

    asyncio.run(run())
    assert news == [1]
