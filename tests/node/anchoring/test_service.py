"""The service on a development chain: what comes out, and what it does about failures."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ceramic_connectors.dev_chain import DevChain
from ceramic_node.anchoring import (
    Anchored,
    AnchorService,
    AnchorTroubleError,
    Book,
    DevAnchorer,
    State,
    Trouble,
)
from ceramic_node.anchoring.ports import Absent, Batch, Order, Pace, Progress, Refused, Stuck, Void, Waiting
from ceramic_node.anchoring.proofs import transaction_proof
from ceramic_protocol.errors import OutsideError, StoreCorruption, UsageError
from ceramic_protocol.merkle import Shape
from tests.node.anchoring.making import Clock, Collected, DevWorld, leaf, leaves, run, tip


@pytest.mark.parametrize("count", [1, 2, 4, 5, 9])
def test_every_event_gets_its_time_event(tmp_path: Path, count: int) -> None:
    world = DevWorld(tmp_path)
    with world.open_book() as book:
        book.request_all(leaves(count))
    world.finish()
    with world.open_chain() as chain:
        world.sink.check(chain, leaves(count))
    assert world.transactions() == -(-count // world.limit)
    world.finish()
    assert world.transactions() == -(-count // world.limit), "there is nothing left to do"


def test_events_that_come_while_others_are_anchored(tmp_path: Path) -> None:
    world = DevWorld(tmp_path)
    with world.open_chain() as chain, world.open_book() as book:
        service = world.service(book, chain)
        for number in range(30):
            service.request(*leaf(number % 10, number // 10))
            service.step()
        run(service)
        world.sink.check(chain, [leaf(n, v) for n in range(10) for v in range(3)])


def test_a_batch_of_another_book_does_no_harm(tmp_path: Path) -> None:
    with DevChain() as chain:
        sinks = [Collected(), Collected()]
        with Book(tmp_path / "a") as a, Book(tmp_path / "b") as b:
            services = [
                AnchorService(book, DevAnchorer(chain), sink, limit=1)
                for book, sink in zip((a, b), sinks, strict=True)
            ]
            for service in services:
                for number in range(3):
                    service.request(*leaf(number))
            for _ in range(60):
                for service in services:
                    service.step()
        for sink in sinks:
            sink.check(chain, leaves(3))


def test_a_chain_without_a_file_begins_anew(tmp_path: Path) -> None:
    sink = Collected()
    with Book(tmp_path / "book") as book:
        book.request_all(leaves(3))
        service = AnchorService(book, DevAnchorer(DevChain()), sink, limit=1)
        while book.counts()[State.SENT] == 0:
            service.step()
    with Book(tmp_path / "book") as book:
        chain = DevChain()
        run(AnchorService(book, DevAnchorer(chain), sink, limit=1))
        sink.check(chain, leaves(3))


def test_what_a_sink_refuses_comes_again(tmp_path: Path) -> None:
    world = DevWorld(tmp_path, limit=8)
    refusing = True

    def sink(events: Sequence[Anchored]) -> None:
        if refusing:
            raise ZeroDivisionError
        world.sink(events)

    with world.open_chain() as chain, world.open_book() as book:
        service = AnchorService(book, DevAnchorer(chain), sink)
        book.request_all(leaves(3))
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                run(service)
        assert book.counts()[State.CONFIRMED] == 3
        refusing = False
        run(service)
        world.sink.check(chain, leaves(3))
    assert world.transactions() == 1


def test_a_book_that_was_tampered_with_stops_the_service(tmp_path: Path) -> None:
    world = DevWorld(tmp_path)
    with world.open_chain() as chain, world.open_book() as book:
        service = world.service(book, chain)
        book.request_all(leaves(3))
        while book.counts()[State.CONFIRMED] == 0:
            service.step()
        with book._file.changing() as db:
            db.execute("UPDATE request SET tip = ? WHERE tip = ?", (bytes(tip(9)), bytes(tip(1))))
        with pytest.raises(StoreCorruption):
            run(service)
        with book._file.changing() as db:
            db.execute("UPDATE batch SET settled = x'80'")
        with pytest.raises(StoreCorruption):
            run(service)
    assert world.sink.events == {}


def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    world, stop = DevWorld(tmp_path), threading.Event()
    with world.open_chain() as chain, world.open_book() as book:
        service = world.service(book, chain)
        runner = threading.Thread(target=service.run, args=(stop,))
        runner.start()
        for each in leaves(10):
            service.request(*each)
        while book.counts()[State.DONE] < 10:
            assert not stop.wait(0.01)
        stop.set()
        runner.join()
        world.sink.check(chain, leaves(10))


def test_a_long_hand_over_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ceramic_node.anchoring.service.MAX_BATCH_EVENTS", 3)
    world, stop = DevWorld(tmp_path, limit=10), threading.Event()

    def sink(events: Sequence[Anchored]) -> None:
        world.sink(events)
        stop.set()

    with world.open_chain() as chain, world.open_book() as book:
        book.request_all(leaves(10))
        service = AnchorService(book, DevAnchorer(chain), sink)
        service.run(stop)
        assert (book.counts()[State.DONE], book.counts()[State.CONFIRMED]) == (3, 7)
    world.finish()
    with world.open_chain() as chain:
        world.sink.check(chain, leaves(10))
    assert world.transactions() == 1


def test_limits_make_sense(tmp_path: Path) -> None:
    with Book(tmp_path / "book") as book, pytest.raises(UsageError):
        AnchorService(book, DevAnchorer(DevChain()), Collected(), limit=0)


SLOW = Pace(Shape.CAS, 8, 4, pause=10.0, longest_pause=40.0, oldest=3600.0)


@dataclass
class Scripted:
    """An anchorer that does as it is told."""

    says: list[Progress | OutsideError]
    clock: Clock
    pace: Pace = SLOW
    name: str = "scripted"
    prepared: list[tuple[int, int]] = field(default_factory=list)
    submitted: list[tuple[float, bytes]] = field(default_factory=list)
    looked: list[float] = field(default_factory=list)
    unwilling: int = 0

    def prepare(self, batch: Batch, mine: Sequence[Order], others: Iterable[Order]) -> Order:
        number = len(self.prepared)
        self.prepared.append((len(mine), len(list(others))))
        return Order(b"%d" % number, bytes(batch.root), self.clock())

    def submit(self, order: Order) -> None:
        self.submitted.append((self.clock(), order.key))
        if len(self.submitted) <= self.unwilling:
            raise AnchorTroubleError(Trouble.NOT_ACCEPTED, "no")

    def look(self, batch: Batch, orders: Sequence[Order]) -> Progress:
        del batch, orders
        self.looked.append(self.clock())
        said = self.says.pop(0) if self.says else Waiting()
        if isinstance(said, OutsideError):
            raise said
        return said


def scripted(
    tmp_path: Path, *says: Progress | OutsideError, count: int = 1
) -> tuple[Scripted, Book, AnchorService]:
    clock = Clock()
    anchorer = Scripted(list(says), clock)
    book = Book(tmp_path / "book", clock)
    book.request_all(leaves(count))
    return anchorer, book, AnchorService(book, anchorer, Collected(), limit=1, clock=clock)


def ticks(service: AnchorService, clock: Clock, count: int) -> None:
    for _ in range(count):
        while service.step():
            pass
        clock.sleep(5.0)


def test_pauses_grow_to_the_longest(tmp_path: Path) -> None:
    anchorer, book, service = scripted(tmp_path)
    with book:
        ticks(service, anchorer.clock, 60)
        pauses = [b - a for a, b in zip(anchorer.looked, anchorer.looked[1:], strict=False)]
        assert anchorer.looked[0] - anchorer.submitted[0][0] == 10.0
        assert pauses[:4] == [20.0, 40.0, 40.0, 40.0]


def test_what_the_other_side_has_lost_is_sent_again_as_it_was(tmp_path: Path) -> None:
    anchorer, book, service = scripted(tmp_path, Waiting(), Absent("gone"), Absent("gone"))
    with book:
        ticks(service, anchorer.clock, 60)
        assert [key for _, key in anchorer.submitted] == [b"0"] * 3
        assert len(anchorer.prepared) == 1


def test_what_is_stuck_gets_company_and_what_is_void_a_successor(tmp_path: Path) -> None:
    anchorer, book, service = scripted(tmp_path, Stuck("slow"), Waiting(), Void("reverted"), Waiting())
    with book:
        ticks(service, anchorer.clock, 60)
        assert [mine for mine, _ in anchorer.prepared] == [0, 1, 0]
        assert [key for _, key in anchorer.submitted] == [b"0", b"1", b"2"]


def test_orders_know_of_those_for_other_batches(tmp_path: Path) -> None:
    anchorer, book, service = scripted(tmp_path, count=6)
    with book:
        ticks(service, anchorer.clock, 3)
        assert [others for _, others in anchorer.prepared] == [0, 1, 2, 3], "as many as may be under way"


@pytest.mark.parametrize(
    ("trouble", "state"),
    [(Trouble.REQUEST_FAILED, State.FAILED), (Trouble.REQUEST_REPLACED, State.REPLACED)],
)
def test_what_is_refused_for_good_is_given_up(tmp_path: Path, trouble: Trouble, state: State) -> None:
    anchorer, book, service = scripted(tmp_path, Refused(trouble, "no"))
    with book:
        ticks(service, anchorer.clock, 60)
        found = book.find(tip(0))
        assert found is not None
        assert (found.state, found.code, found.detail) == (state, trouble.value, "no")
        assert service.troubles == {}


def test_troubles_are_told_and_pass(tmp_path: Path) -> None:
    lie = AnchorTroubleError(Trouble.PROOF_REJECTED, "a lie")
    anchorer, book, service = scripted(tmp_path, lie, OutsideError("no network"), Waiting())
    with book:
        seen = []
        for _ in range(20):
            ticks(service, anchorer.clock, 1)
            seen += [said for said in service.troubles.values() if said not in seen]
        assert seen == [(Trouble.PROOF_REJECTED, "a lie"), (Trouble.OUTSIDE, "no network")]
        assert service.troubles == {}


def test_what_is_too_old_is_given_up_with_the_last_trouble(tmp_path: Path) -> None:
    anchorer, book, service = scripted(tmp_path, *[OutsideError("no network")] * 1000)
    with book:
        ticks(service, anchorer.clock, 1000)
        found = book.find(tip(0))
        assert found is not None
        assert (found.state, found.code) == (State.FAILED, "too_old")
        assert found.detail == "not anchored within 3600 s; last outside: no network"


def test_an_order_that_nobody_takes_is_sent_again_and_looked_for_all_the_same(tmp_path: Path) -> None:
    anchorer, book, service = scripted(tmp_path, Waiting())
    anchorer.unwilling = 3
    with book:
        ticks(service, anchorer.clock, 60)
        assert [key for _, key in anchorer.submitted] == [b"0"] * 4
        assert len(anchorer.looked) > 3
        assert book.counts()[State.SENT] == 1


def test_a_proof_names_the_contract_call() -> None:
    proof = transaction_proof(tip(1), b"\x01" * 32, "eip155:1")
    assert (proof.tx_type, proof.root) == ("f(bytes32)", tip(1))
