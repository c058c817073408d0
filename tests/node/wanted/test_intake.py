"""Events from elsewhere and those of writers in one intake."""

from __future__ import annotations

import asyncio

from ceramic_node import metrics
from ceramic_node.intake import Answer, Intake, MissingPrev, Submitted
from ceramic_node.intake_watch import IntakeWatcher
from ceramic_node.store.memory import MemoryStore
from ceramic_node.wanted.events import WantedEvents
from ceramic_node.watching.intake_meter import IntakeMeter
from ceramic_node.watching.meter import Meter
from ceramic_node.watching.tracing import make_tracer
from ceramic_protocol.reasons import Reason
from ceramic_protocol.stored import PutOutcome
from ceramic_protocol.verify import Verifier
from tests.node.wanted.making import related
from tests.support import signing
from tests.support.signing import Made, ed25519

ME, YOU = ed25519(1), ed25519(2)
MINE, YOURS = signing.init(ME, {"a": 1}), signing.init(YOU, {"a": 2})
MINE_1, YOURS_1 = signing.data(ME, MINE, MINE, []), signing.data(YOU, YOURS, YOURS, [])
FORGED = signing.data(YOU, MINE, MINE, [1])
METER = Meter()


def handed_in(*calls: tuple[list[Made | bytes], bool]) -> tuple[list[list[Answer]], MemoryStore]:
    """The answers to calls at the same time, and the store behind them."""
    store = MemoryStore()
    watcher: IntakeWatcher = IntakeMeter(METER, make_tracer(None, "test"), lambda _error: None)

    async def run() -> list[list[Answer]]:
        intake = Intake(store, Verifier(), lambda: None, watcher)
        intake.wanted = WantedEvents(store, related(store, f"controller:{ME.did}"))
        await intake.start()
        try:
            return await asyncio.gather(
                *(
                    intake.submit(list(map(car_of, events)), by_interests=by_interests)
                    for events, by_interests in calls
                )
            )
        finally:
            await intake.stop()

    return asyncio.run(run()), store


def car_of(event: Made | bytes) -> bytes:
    return event if isinstance(event, bytes) else event.car


def kept(event: Made, outcome: PutOutcome = PutOutcome.NEW) -> Submitted:
    return Submitted(event.cid, outcome, None)


def unwanted(event: Made) -> Submitted:
    return Submitted(event.cid, None, None, is_unwanted=True)


def test_each_caller_is_told_of_its_own_events() -> None:
    before = METER.total(metrics.EVENTS).get(("not_wanted", "none"), 0)
    another = signing.init(YOU, {"b": 1})
    (first, second), store = handed_in(([YOURS_1, MINE, YOURS, MINE_1], True), ([another], False))
    assert first == [unwanted(YOURS_1), kept(MINE), unwanted(YOURS), kept(MINE_1)]
    assert second == [kept(another)]
    assert store.head().position == 3
    assert METER.total(metrics.EVENTS)["not_wanted", "none"] == before + 2


def test_what_a_writer_brings_in_the_same_batch_does_not_make_it_wanted() -> None:
    (_first, (second,)), store = handed_in(([YOURS], False), ([YOURS_1], True))
    assert second == unwanted(YOURS_1)
    assert store.head().position == 1


def test_what_waits_comes_in_with_the_init_event_of_a_writer() -> None:
    ((first,), (second,)), store = handed_in(([MINE_1], True), ([MINE], False))
    assert second == kept(MINE)
    assert first in (kept(MINE_1), MissingPrev(MINE_1.cid, MINE.cid, is_init=True))
    assert store.event(MINE_1.cid) is not None


def test_what_is_refused_is_refused_as_ever() -> None:
    broken = FORGED.with_blocks([(cid, block[:-1] + b"\0") for cid, block in FORGED.blocks])
    (answers,), _store = handed_in(([broken, MINE], True))
    assert isinstance(answers[0], Submitted)
    assert (answers[0].outcome, answers[0].is_unwanted) == (None, False)
    assert answers[0].finding is not None
    assert answers[0].finding.reason is not Reason.INIT_MISSING
    assert answers[1] == kept(MINE)
