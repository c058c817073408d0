"""What every implementation of the port `StateStore` promises."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from ceramic_node.states.port import StateStore, StateWriter
from ceramic_node.states.records import Backlog, Dimensions, EventRow, StateHead, StreamRow, StreamStateRow
from ceramic_node.states.waking import SLICE
from ceramic_protocol.checked import Kind
from ceramic_protocol.cid import Cid
from ceramic_protocol.corrections import Correction, CorrectionCause
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import MODEL, MODEL_INSTANCE, TILE, StreamId
from ceramic_protocol.limits import MAX_STORE_PAGE
from ceramic_protocol.reasons import Reason

NOTE = StreamId.of(MODEL, Cid.of(b"note"))
POST = StreamId.of(MODEL, Cid.of(b"post"))
A, B, C = (Cid.of(name) for name in (b"a", b"b", b"c"))
A1, A2, X, Y = (Cid.of(name) for name in (b"a1", b"a2", b"x", b"y"))


def dimensions(model: StreamId | None = NOTE, stream_type: int = MODEL_INSTANCE) -> Dimensions:
    return Dimensions(stream_type, "did:key:alice", model, None, b"unique")


def stream_row(writer: StateWriter, stream: Cid, **members: Any) -> StreamRow:
    return StreamRow(writer.draw(), stream, 7, dimensions())._replace(**members)


def event_row(writer: StateWriter, cid: Cid, stream: Cid = A, **members: Any) -> EventRow:
    found = EventRow(
        writer.draw(), cid, stream, Kind.DATA, stream, 5, 1, None, None, b"{}", None, None, "did:key:alice",
        None, None, True, None,
    )  # fmt: skip
    return found._replace(**members)


def keep(states: StateStore, *streams: Cid, model: StreamId = NOTE) -> None:
    with states.writing() as writer:
        for stream in streams:
            writer.put_stream(stream_row(writer, stream, dimensions=dimensions(model)))


def take_all(states: StateStore, limit: int) -> list[tuple[Cid, frozenset[Cid]]]:
    found: list[tuple[Cid, frozenset[Cid]]] = []
    while True:
        with states.writing() as writer:
            taken = writer.take_woken(limit)
        assert len(taken) <= limit
        if not taken:
            return found
        found += taken


class StatesContract(ABC):
    """The suite; a class that names an implementation inherits it."""

    @abstractmethod
    def opened(self, folder: Path) -> AbstractContextManager[StateStore]:
        """A store in a folder, empty at first."""

    @pytest.fixture
    def states(self, tmp_path: Path) -> Iterator[StateStore]:
        with self.opened(tmp_path) as states:
            yield states

    def test_an_empty_store(self, states: StateStore) -> None:
        head = states.head()
        assert head == StateHead(0, 0, 0, head.generation, "")
        assert (states.stream(A), states.event(A, A), states.events({A: A}), states.streams([A])) == (
            None,
            None,
            {},
            {},
        )
        assert (states.changes(0, 9), states.event_page(0, 9), states.stream_page(0, 9)) == ([], [], [])
        assert (states.failed(0, 9), states.valid_events(A)) == ([], [])
        assert [states.count(what) for what in Backlog] == [0, 0, 0]

    def test_what_is_kept_comes_back(self, states: StateStore) -> None:
        with states.writing() as writer:
            tip = event_row(
                writer,
                A1,
                kind=Kind.TIME,
                data=None,
                timestamp=5,
                chain_id="eip155:1",
                signer=None,
                capability=X,
                anchored_at=4,
                expires_at=9,
            )
            init = event_row(writer, A, prev=None, height=0, is_canonical=True)
            waits = event_row(
                writer,
                A2,
                position=None,
                height=None,
                reason=Reason.PREV_MISSING,
                detail="prev ✏",
                data=None,
                is_canonical=False,
            )
            row = stream_row(
                writer, A, tip=A1, length=2, valid=2, first_anchored=5, last_anchored=5, turns_at=8
            )
            writer.put_stream(row)
            writer.put_events([tip, init, waits])
            assert writer.stream(A) == row
            assert writer.events(dict.fromkeys([A, A1, A2, B], A)) == {A: init, A1: tip, A2: waits}
            assert (writer.stream(B), writer.events({})) == (None, {})
        assert states.stream(A) == StreamStateRow(row, tip)
        assert states.events({A2: A, B: A}) == {A2: waits}
        assert states.event(A, A) == init
        assert states.streams([A, B]) == {A: row}
        assert states.event_page(0, 9) == [(tip, row), (init, row)]
        assert states.stream_page(0, 9) == [StreamStateRow(row, tip)]
        assert states.valid_events(A) == [init._replace(data=None), tip]

    @pytest.mark.parametrize(
        ("reason", "waits"),
        [
            (None, False),
            (Reason.PREV_MISSING, True),
            (Reason.RELATION_MISSING, True),
            (Reason.PAYLOAD_PRUNED, False),
            (Reason.SIGNATURE_INVALID, False),
        ],
    )
    def test_whether_a_stream_waits(self, states: StateStore, reason: Reason | None, *, waits: bool) -> None:
        keep(states, A, B)
        with states.writing() as writer:
            rows = [event_row(writer, A1), event_row(writer, A2, reason=reason, position=None)]
            writer.put_events([*rows, event_row(writer, X, B)])
        assert states.waits(A) is waits
        assert not states.waits(B)
        assert not states.waits(C)

    def test_other_kinds_of_streams(self, states: StateStore) -> None:
        with states.writing() as writer:
            tile = stream_row(writer, A, dimensions=Dimensions(TILE, "", None, b"context", None))
            unknown = stream_row(writer, B, dimensions=None, version=0)
            writer.put_stream(tile)
            writer.put_stream(unknown)
        assert states.streams([A, B]) == {A: tile, B: unknown}
        assert states.stream(B) == StreamStateRow(unknown, None)
        assert states.stream_page(0, 9) == []

    def test_a_row_that_changes_is_there_once_under_its_latest_number(self, states: StateStore) -> None:
        with states.writing() as writer:
            writer.put_stream(stream_row(writer, A, tip=A))
            writer.put_events([event_row(writer, A), event_row(writer, A1)])
        seen = states.event_page(0, 9)[-1][0].number
        with states.writing() as writer:
            again = event_row(writer, A, height=3)
            row = stream_row(writer, A, tip=A1)
            writer.put_events([again])
            writer.put_stream(row)
        assert [event.cid for event, _row in states.event_page(0, 9)] == [A1, A]
        assert states.event_page(seen, 9) == [(again, row)]
        assert [found.row for found in states.stream_page(0, 9)] == [row]
        with states.writing() as writer:
            writer.put_events([event_row(writer, A, reason=Reason.CACAO_EXPIRED, position=None)])
            writer.put_stream(stream_row(writer, A, tip=None))
        assert [event.cid for event, _row in states.event_page(0, 9)] == [A1]
        assert states.stream_page(0, 9) == []

    def test_pages(self, states: StateStore) -> None:
        with states.writing() as writer:
            for number in range(7):
                stream = Cid.of(b"%d" % number)
                writer.put_stream(
                    stream_row(writer, stream, tip=stream, failed="why" if number % 2 else None)
                )
                writer.put_events([event_row(writer, stream, stream)])
                writer.add_change(stream, _moved(stream, None, stream))
        for read, number_of in (
            (states.event_page, lambda item: item[0].number),
            (states.stream_page, lambda item: item.row.number),
            (states.changes, lambda item: item.position),
            (states.failed, lambda item: item.number),
        ):
            assert callable(read)
            everything: list[Any] = list(read(0, 100))
            assert len(everything) == (3 if read == states.failed else 7)
            found: list[Any] = []
            while page := read(number_of(found[-1]) if found else 0, 2):
                found += page
            assert found == everything
            numbers = [number_of(item) for item in found]
            assert numbers == sorted(set(numbers))

    @pytest.mark.parametrize("limit", [-1, 0, MAX_STORE_PAGE + 1])
    def test_pages_have_a_size(self, states: StateStore, limit: int) -> None:
        for ask in (states.event_page, states.stream_page, states.changes, states.failed):
            with pytest.raises(UsageError, match="page"):
                ask(0, limit)

    def test_changes_come_back(self, states: StateStore) -> None:
        changes = [
            _moved(A, None, A, applied=(A,)),
            _moved(A, A, A2, applied=(A1, A2)),
            _moved(A, A2, A1, undone=(A2,), cause=CorrectionCause.VERDICT),
            _moved(A, A1, X, undone=(A1,), applied=(X,), cause=CorrectionCause.ANCHOR),
            _moved(A, X, None, undone=(X, A), cause=CorrectionCause.VERDICT),
        ]
        keep(states, A)
        with states.writing() as writer:
            for change in changes:
                writer.add_change(A, change)
        assert [change.correction for change in states.changes(0, 9)] == changes

    def test_what_is_read_ahead_is_what_there_is(self, states: StateStore) -> None:
        keep(states, A)
        with states.writing() as writer:
            writer.put_events([event_row(writer, A, A)])
        row, event = states.streams([A])[A], states.event(A, A)
        assert event is not None
        with states.writing() as writer:
            writer.read_ahead([A, B], {A: A, X: A})
            assert (writer.stream(A), writer.stream(B)) == (row, None)
            assert writer.events({A: A, X: A}) == {A: event}
            moved = row._replace(number=writer.draw(), length=7)
            writer.put_stream(moved)
            writer.read_ahead([A], {A: A})
            assert writer.stream(A) == moved
            changed = event._replace(number=writer.draw(), detail="otherwise")
            writer.put_events([changed])
            assert writer.events({A: A}) == {A: changed}
            # What asks for other rows sees these too.
            assert (writer.due(99, 9), writer.take_woken(9)) == ([], [])
            assert (writer.stream(A), writer.events({A: A})) == (moved, {A: changed})
        assert (states.streams([A]), states.event(A, A)) == ({A: moved}, changed)

    def test_whether_anything_is_awaited(self, states: StateStore) -> None:
        with states.writing() as writer:
            assert not writer.is_awaited()
        keep(states, A)
        with states.writing() as writer:
            writer.need(A, [X])
            assert writer.is_awaited()
        with states.writing() as writer:
            assert writer.is_awaited()
            assert writer.wake(X)
            assert [each.stream for each in writer.take_woken(9)] == [A]
        with states.writing() as writer:
            assert not writer.is_awaited()

    def test_nothing_is_kept_by_halves(self, states: StateStore) -> None:
        keep(states, A)
        before = states.head(), states.stream(A)
        with pytest.raises(ZeroDivisionError), states.writing() as writer:
            _write_everything_and_fail(writer)
        assert (states.head(), states.stream(A)) == before
        assert (states.stream(B), states.event(A, A), states.changes(0, 9)) == (None, None, [])
        assert (states.event_page(0, 9), states.stream_page(0, 9), states.failed(0, 9)) == ([], [], [])
        assert [states.count(what) for what in Backlog] == [0, 0, 0]
        with states.writing() as writer:
            assert (writer.due(99, 9), writer.deferred(), writer.wake(X)) == ([], [], False)

    def test_how_far_it_has_come(self, states: StateStore) -> None:
        with states.writing() as writer:
            writer.move_to(version=3)
            writer.move_to(at=4, rules="strict")
            number = writer.draw()
            assert writer.head == states.head()._replace(version=3, at=4, rules="strict", number=number)
        assert (states.head().version, states.head().at, states.head().number) == (3, 4, number)

    def test_numbers_go_on_when_all_else_is_forgotten(self, states: StateStore) -> None:
        keep(states, A, B)
        with states.writing() as writer:
            writer.add_change(A, _moved(A, None, A))
            writer.need(A, [X])
            writer.wake(X, NOTE)
            writer.defer(B)
            writer.move_to(version=9, at=9, rules="strict")
        head = states.head()
        with states.writing() as writer:
            writer.clear()
        assert states.head() == head._replace(version=0, at=0)
        assert (states.stream(A), states.changes(0, 9)) == (None, [])
        assert [states.count(what) for what in Backlog] == [0, 0, 0]
        with states.writing() as writer:
            assert writer.draw() > head.number

    def test_those_that_wait_are_woken_once(self, states: StateStore) -> None:
        keep(states, A, B, C)
        with states.writing() as writer:
            writer.need(A, [X, Y])
            writer.need(A, [X])
            writer.need(B, [X])
            writer.need(C, [Y])
            assert writer.wake(Cid.of(b"nobody")) is False
            assert writer.wake(X) is True
        assert states.count(Backlog.WOKEN) == 1
        assert sorted(take_all(states, 1)) == sorted([(A, frozenset({X})), (B, frozenset({X}))])
        assert take_all(states, 9) == []
        with states.writing() as writer:
            assert writer.wake(X) is False
            assert writer.wake(Y) is True
            assert {stream for stream, _targets in writer.take_woken(9)} == {A, C}

    def test_whoever_is_woken_and_waits_again_is_not_woken_twice(self, states: StateStore) -> None:
        keep(states, A, B)
        with states.writing() as writer:
            writer.need(A, [X])
            writer.need(B, [X])
            writer.wake(X)
        found = []
        for _ in range(10):
            with states.writing() as writer:
                for stream, _targets in writer.take_woken(1):
                    found.append(stream)
                    writer.need(stream, [X])
        assert sorted(found) == sorted([A, B])
        with states.writing() as writer:
            assert writer.wake(X) is True

    def test_one_stream_that_waits_for_two(self, states: StateStore) -> None:
        keep(states, A)
        with states.writing() as writer:
            writer.need(A, [X, Y])
            writer.wake(X)
            writer.wake(Y)
            assert writer.take_woken(9) == [(A, frozenset({X, Y}))]

    def test_documents_of_a_model_are_woken_page_by_page(self, states: StateStore) -> None:
        documents = [Cid.of(b"doc %d" % number) for number in range(150)]
        keep(states, *documents)
        keep(states, A, model=POST)
        with states.writing() as writer:
            writer.need(B, [NOTE.cid])
            writer.wake(NOTE.cid, NOTE)
        later = Cid.of(b"later")
        keep(states, later)
        found = take_all(states, 40)
        assert sorted(stream for stream, _targets in found) == sorted([*documents, B])
        assert {targets for _stream, targets in found} == {frozenset({NOTE.cid})}

    def test_models_are_no_documents(self, states: StateStore) -> None:
        with states.writing() as writer:
            writer.put_stream(stream_row(writer, A, dimensions=dimensions(NOTE, MODEL)))
            writer.wake(NOTE.cid, NOTE)
            assert writer.take_woken(9) == []

    def test_a_model_that_changes_again_begins_anew(self, states: StateStore) -> None:
        documents = [Cid.of(b"doc %d" % number) for number in range(10)]
        keep(states, *documents)
        with states.writing() as writer:
            writer.wake(NOTE.cid, NOTE)
        with states.writing() as writer:
            assert len(writer.take_woken(6)) == 6
            writer.wake(NOTE.cid, NOTE)
        assert len(take_all(states, 4)) == 10

    def test_few_are_not_held_up_by_many(self, states: StateStore) -> None:
        many = [Cid.of(b"doc %d" % number) for number in range(3 * SLICE)]
        keep(states, *many)
        with states.writing() as writer:
            writer.need(A, [X])
            writer.wake(NOTE.cid, NOTE)
            writer.wake(X)
            taken = writer.take_woken(SLICE + 1)
        assert A in {stream for stream, _targets in taken}
        assert len(take_all(states, 50)) + len(taken) == len(many) + 1

    def test_what_is_due(self, states: StateStore) -> None:
        with states.writing() as writer:
            for stream, at in ((A, 30), (B, 10), (C, None)):
                writer.put_stream(stream_row(writer, stream, turns_at=at))
            assert (writer.due(9, 9), writer.due(10, 9), writer.due(99, 9)) == ([], [B], [B, A])
            assert writer.due(99, 1) == [B]
            writer.put_stream(stream_row(writer, B, turns_at=40))
            assert (writer.due(30, 9), writer.due(99, 9)) == ([A], [A, B])

    def test_what_is_done_later(self, states: StateStore) -> None:
        with states.writing() as writer:
            for stream in (B, A, B):
                writer.defer(stream)
            assert writer.deferred() == [B, A]
            writer.settle(B)
            writer.settle(B)
        assert states.count(Backlog.LONG) == 1
        with states.writing() as writer:
            assert writer.deferred() == [A]

    def test_what_failed(self, states: StateStore) -> None:
        with states.writing() as writer:
            writer.put_stream(stream_row(writer, A, failed="ValueError: no"))
            writer.put_stream(stream_row(writer, B))
        assert [row.stream for row in states.failed(0, 9)] == [A]
        assert states.count(Backlog.FAILED) == 1
        with states.writing() as writer:
            writer.put_stream(stream_row(writer, A))
        assert (states.failed(0, 9), states.count(Backlog.FAILED)) == ([], 0)


def _write_everything_and_fail(writer: StateWriter) -> None:
    writer.put_stream(stream_row(writer, A, tip=A, turns_at=1, failed="why"))
    writer.put_stream(stream_row(writer, B))
    writer.put_events([event_row(writer, A)])
    writer.add_change(A, _moved(A, None, A))
    writer.need(A, [X])
    writer.wake(X, NOTE)
    writer.take_woken(1)
    writer.defer(A)
    writer.move_to(version=5, at=6, rules="other")
    writer.clear()
    raise ZeroDivisionError


def _moved(
    stream: Cid,
    old: Cid | None,
    new: Cid | None,
    *,
    undone: tuple[Cid, ...] = (),
    applied: tuple[Cid, ...] = (),
    cause: CorrectionCause = CorrectionCause.APPENDED,
) -> Correction:
    return Correction(StreamId.of(MODEL_INSTANCE, stream), old, new, undone, applied, cause)
