"""What the book promises: one request for one event, the newest one of a stream first, and its own file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ceramic_node.anchoring import Book, State, Trouble
from ceramic_node.anchoring.ports import Order, Settled
from ceramic_node.anchoring.schema import VERSION
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import IdentifierError, OutsideError, UsageError
from ceramic_protocol.events import Proof
from ceramic_protocol.ids import StreamId
from ceramic_protocol.merkle import Above, Shape
from tests.node.anchoring.making import Clock, leaf, leaves, stream, tip

SETTLED = Settled(
    Proof(tip(99), b"\x01" * 32, "f(bytes32)", "eip155:1337"), Above((1, 0), (b"node", b"another"))
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def book(tmp_path: Path, clock: Clock) -> Iterator[Book]:
    with Book(tmp_path / "book.sqlite", clock) as opened:
        yield opened


def test_a_request_is_made_once(book: Book) -> None:
    assert [book.request(*leaf(1)) for _ in range(3)] == [State.PENDING] * 3
    assert book.request_all([leaf(1), leaf(2), leaf(2)]) == 1
    assert book.counts()[State.PENDING] == 2


def test_an_event_belongs_to_one_stream(book: Book) -> None:
    book.request(*leaf(1))
    with pytest.raises(UsageError, match="requested as an event of"):
        book.request(stream(2), tip(1))


def test_what_is_no_identifier_is_refused_and_nothing_is_kept(book: Book) -> None:
    with pytest.raises(IdentifierError):
        book.request_all([leaf(1), leaf(2)._replace(tip=Cid(b"nonsense"))])
    with pytest.raises(IdentifierError):
        book.request(StreamId(tip(1)), tip(1))
    assert sum(book.counts().values()) == 0


def test_a_newer_event_of_a_stream_replaces_one_that_is_pending(book: Book) -> None:
    book.request(*leaf(1, 0))
    book.request(*leaf(1, 1))
    old = book.find(tip(1, 0))
    assert old is not None
    assert (old.state, old.code) == (State.REPLACED, "request_replaced")
    assert str(tip(1, 1)) in old.detail
    assert book.request(*leaf(1, 0)) == State.REPLACED, "asking again changes nothing"
    batch = book.gather(Shape.CAS, 10)
    assert batch is not None
    assert batch.only == leaf(1, 1)


def test_an_event_in_a_batch_is_not_replaced(book: Book) -> None:
    book.request(*leaf(1, 0))
    assert book.gather(Shape.CAS, 10) is not None
    book.request(*leaf(1, 1))
    assert [book.request(*leaf(1, version)) for version in (0, 1)] == [State.BATCHED, State.PENDING]


def test_what_was_given_up_can_be_asked_for_again(book: Book) -> None:
    book.request(*leaf(1, 0))
    book.request(*leaf(1, 1))
    assert book.retry(tip(1, 0))
    assert [book.request(*leaf(1, version)) for version in (0, 1)] == [State.PENDING, State.REPLACED]
    batch = book.gather(Shape.CAS, 10)
    assert batch is not None
    book.give_up(batch.number, Trouble.TOO_OLD, "said so")
    failed = book.find(tip(1, 0))
    assert failed is not None
    assert (failed.state, failed.code, failed.detail) == (State.FAILED, "too_old", "said so")
    assert book.under_way() == []
    assert book.retry(tip(1, 0))
    assert not book.retry(tip(1, 0)), "it is pending already"
    assert not book.retry(tip(7)), "it was never asked for"
    assert book.gather(Shape.CAS, 10) is not None


def test_batches_are_filled_with_the_oldest_first(book: Book) -> None:
    book.request_all(leaves(5))
    first, second, third = (book.gather(Shape.CAS, 3) for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is None
    held = [set(book.leaves(batch.number)) for batch in (first, second)]
    assert held == [{(each, False) for each in leaves(3)}, {(each, False) for each in leaves(5)[3:]}]


def test_a_batch_waits_for_others_for_a_while(book: Book, clock: Clock) -> None:
    book.request_all(leaves(2))
    assert book.gather(Shape.CAS, 3, patience=60.0) is None
    clock.sleep(59.0)
    book.request(*leaf(1, 1))
    assert book.gather(Shape.CAS, 3, patience=60.0) is None
    clock.sleep(1.0)
    assert book.gather(Shape.CAS, 3, patience=60.0) is not None
    book.request_all([leaf(number) for number in range(10, 13)])
    assert book.gather(Shape.CAS, 3, patience=60.0) is not None, "it is full"


def test_everything_is_there_after_opening_again(tmp_path: Path, clock: Clock) -> None:
    order = Order(b"key", b"body", clock(), {"nonce": 7})
    with Book(tmp_path / "other", clock) as book:
        book.own("me")
        book.request_all(leaves(3))
        batch = book.gather(Shape.MMR, 2)
        assert batch is not None
        book.add_order(batch.number, order)
    with Book(tmp_path / "other", clock) as book:
        (one,) = book.under_way()
        assert (one.batch, one.orders, one.unsent, one.settled) == (batch, [order], [order], None)
        book.mark_sent(batch.number, order)
        book.settle(batch.number, SETTLED)
    with Book(tmp_path / "other", clock) as book:
        (one,) = book.under_way()
        assert (one.orders, one.unsent, one.settled) == ([order], [], SETTLED)
        assert book.counts() == dict.fromkeys(State, 0) | {State.PENDING: 1, State.CONFIRMED: 2}
        with pytest.raises(UsageError, match="under way by me"):
            book.own("you")
        book.mark_done((each.tip, tip(50)) for each, _done in book.leaves(batch.number))
        book.finish(batch.number)
        book.own("you")
        done = book.find(leaf(0).tip)
        assert done is not None
        assert (done.state, done.event) == (State.DONE, tip(50))


def test_a_book_is_open_in_one_place(book: Book, tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="open elsewhere"):
        Book(tmp_path / "book.sqlite")
    book.close()
    book.close()
    Book(tmp_path / "book.sqlite").close()


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    text, other, later = (tmp_path / name for name in ("text", "other", "later"))
    text.write_bytes(b"not a database, and longer than the header of one would be" * 20)
    with pytest.raises(OutsideError):
        Book(text)
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE mine (number INTEGER)")
    db.close()
    with pytest.raises(UsageError, match="no book of anchor requests"):
        Book(other)
    Book(later).close()
    db = sqlite3.connect(later)
    db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.close()
    with pytest.raises(UsageError, match="later release"):
        Book(later)
    with pytest.raises(OutsideError):
        Book(tmp_path / "missing" / "book")
