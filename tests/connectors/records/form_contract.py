"""What every form promises."""

from __future__ import annotations

import datetime as dt
import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.records.errors import RecordError
from ceramic_connectors.records.form import Encoded, Form
from ceramic_protocol.records import EVENT, HEARTBEAT, RECORDS, STATE
from ceramic_protocol.tables import Field, Table
from tests.connectors.records.rows import MAX, MIN, rows, sample, with_more, without

TOPIC = "ceramic.test.events"
NEW = (
    Field("novel", "utf8", True, "a later version's"),
    Field("novelties", "list<utf8>", False, "a later version's"),
    Field("novel_bytes", "binary", True, "a later version's"),
)
_NAIVE = dt.datetime(2026, 1, 1)  # noqa: DTZ001  # which is the point
_AWARE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_HALF = "half \ud800"


class Text(str):
    """A text of a class of its own, as our identifiers are."""

    __slots__ = ()


def _put(table: Table, name: str, value: object) -> Callable[[], tuple[Table, Any]]:
    """A row of the table with this value; `source.x` is x within the source."""

    def make() -> tuple[Table, Any]:
        row = sample(table)
        outer, _, inner = name.partition(".")
        if inner:
            row[outer] = {**row[outer], inner: value}
        else:
            row[outer] = value
        return table, row

    return make


def _drop(table: Table, name: str) -> Callable[[], tuple[Table, Any]]:
    def make() -> tuple[Table, Any]:
        row = sample(table)
        outer, _, inner = name.partition(".")
        del (row[outer] if inner else row)[inner or outer]
        return table, row

    return make


_VALUES: list[tuple[Table, str, tuple[object, ...]]] = [
    (EVENT, "height", (MAX + 1, MIN - 1, 1 << 64, 1 << 100)),
    (EVENT, "ts_ms", (True, 1.0, "1", b"1", Decimal(1), None)),
    (EVENT, "timestamp", (_NAIVE, _AWARE, float("nan"))),
    (EVENT, "op", (b"c", None, 1, _HALF, ["c"], ("string", "c"))),
    (EVENT, "model", (b"k2t6", ("string", "k2t6"), _HALF, 0)),
    (EVENT, "car", ("car", bytearray(b"c"), memoryview(b"c"), [1])),
    (EVENT, "canonical", (None, 0, 1, "true")),
    (EVENT, "source", (None, "here", [], ("Source", {}))),
    (EVENT, "source.position", (None, MAX + 1, "1", False)),
    (EVENT, "source.network", (None, _HALF, b"mainnet")),
    (STATE, "applied", (None, "bafy", {"bafy"}, iter(()))),
    (STATE, "undone", (["a", None], ["a", b"a"], [1], [_HALF], [["a"]])),
    (HEARTBEAT, "name", (5,)),
]
UNFIT: list[tuple[str, Callable[[], tuple[Table, Any]]]] = [
    *(
        (f"{table.name}.{name}", _put(table, name, value))
        for table, name, values in _VALUES
        for value in values
    ),
    ("Event.source: has no field more", _put(EVENT, "source.more", 1)),
    ("Event: has no field more", _put(EVENT, "more", None)),
    ("Event.prev: is missing", _drop(EVENT, "prev")),
    ("Event.op: is missing", _drop(EVENT, "op")),
    ("Event.source.snapshot: is missing", _drop(EVENT, "source.snapshot")),
    ("State.applied: is missing", _drop(STATE, "applied")),
    ("Event: is of type", lambda: (EVENT, None)),
    ("Event: is of type", lambda: (EVENT, list(sample(EVENT).items()))),
    ("Event: is of type", lambda: (EVENT, "row")),
]
"""What must be refused: the field that the error names, and what makes the row."""


class FormContract(ABC):
    """The suite; a class for each form inherits it."""

    of_cloud_events = False

    @abstractmethod
    def opened(self) -> Form:
        """The form."""

    @pytest.fixture
    def form(self) -> Form:
        return self.opened()

    @pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.differing_executors])
    def test_what_was_written_is_read(self, table: Table, data: st.DataObject) -> None:
        form = self.opened()
        row = data.draw(rows(table, of_cloud_events=self.of_cloud_events))
        encoded = form.encode(table, TOPIC, row)
        found = form.decode(table, TOPIC, *encoded)
        assert found == row
        assert {name: type(value) for name, value in found.items()} == {
            name: type(value) for name, value in row.items()
        }
        assert form.encode(table, TOPIC, found) == encoded
        assert form.encode(table, TOPIC, dict(reversed(row.items()))) == encoded

    @pytest.mark.parametrize(("field", "make"), UNFIT)
    def test_what_doesn_t_fit_is_refused(
        self, form: Form, field: str, make: Callable[[], tuple[Table, Any]]
    ) -> None:
        table, row = make()
        for _ in range(2):  # shapes that were seen are checked in another way
            with pytest.raises(RecordError) as raised:
                form.encode(table, TOPIC, row)
            assert raised.value.code == "record_unfit"
            assert field in str(raised.value)
            assert len(str(raised.value)) < 300
            form.encode(table, TOPIC, sample(table))  # a fitting one in between

    def test_classes_of_their_own(self, form: Form) -> None:
        row = sample(STATE)
        odd = {**row, "tip": Text(row["tip"]), "applied": [Text("a"), "b"]}
        plain = {**row, "applied": ["a", "b"]}
        assert form.encode(STATE, TOPIC, odd) == form.encode(STATE, TOPIC, plain)
        assert form.encode(STATE, TOPIC, {**plain, "applied": ("a", "b")}) == form.encode(STATE, TOPIC, plain)

    @given(data=st.data())
    @settings(suppress_health_check=[HealthCheck.differing_executors])  # one for each form, which it asks
    def test_any_bytes(self, data: st.DataObject) -> None:
        form = self.opened()
        value = data.draw(st.binary(max_size=200))
        for headers in ((), form.encode(EVENT, TOPIC, sample(EVENT)).headers):
            try:
                form.decode(EVENT, TOPIC, value, headers)
            except RecordError as error:
                assert "Event" in str(error)  # noqa: PT017

    def test_damaged_bytes(self, form: Form) -> None:
        row = {**sample(STATE), "content": "c", "metadata": None}
        encoded = form.encode(STATE, TOPIC, row)
        for end in range(len(encoded.value)):
            with pytest.raises(RecordError):
                form.decode(STATE, TOPIC, encoded.value[:end], encoded.headers)
        with pytest.raises(RecordError):
            form.decode(STATE, TOPIC, encoded.value + b"\0", encoded.headers)
        for position in range(len(encoded.value)):
            for bit in (0, 6, 7):
                damaged = bytearray(encoded.value)
                damaged[position] ^= 1 << bit
                self.check(form, Encoded(bytes(damaged), encoded.headers))

    def check(self, form: Form, encoded: Encoded) -> None:
        """It is refused, or is a row that can be written."""
        try:
            row = form.decode(STATE, TOPIC, *encoded)
        except RecordError:
            return
        try:
            again = form.encode(STATE, TOPIC, row)
        except RecordError:
            assert self.of_cloud_events  # not every row is one
            return
        assert form.decode(STATE, TOPIC, *again) == row

    @pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
    def test_an_older_record(self, form: Form, table: Table) -> None:
        optional = [field.name for field in table.fields if field.nullable or field.type == "list<utf8>"]
        old = without(table, *optional)
        assert optional
        found = form.decode(table, TOPIC, *form.encode(old, TOPIC, sample(old)))
        missing: dict[str, list[str] | None] = {
            name: [] if name in ("undone", "applied") else None for name in optional
        }
        assert found == {**sample(old), **missing}
        for name, value in found.items():
            if value == [] and name in missing:
                value.append("of one row alone")
        again = form.decode(table, TOPIC, *form.encode(old, TOPIC, sample(old)))
        assert again == {**sample(old), **missing}

    @pytest.mark.parametrize("table", RECORDS, ids=lambda table: table.name)
    def test_a_newer_record(self, form: Form, table: Table) -> None:
        new = with_more(table, *NEW)
        row = {**sample(new), "novelties": ["a"], "novel": "b", "novel_bytes": None}
        found = form.decode(table, TOPIC, *form.encode(new, TOPIC, row))
        assert found == {name: row[name] for name in table.names}

    def test_a_record_without_what_has_to_be_there(self, form: Form) -> None:
        old = without(EVENT, "verdict")
        with pytest.raises(RecordError, match="verdict"):
            form.decode(EVENT, TOPIC, *form.encode(old, TOPIC, sample(old)))

    def test_a_record_of_another_kind(self, form: Form) -> None:
        with pytest.raises(RecordError):
            form.decode(STATE, TOPIC, *form.encode(EVENT, TOPIC, sample(EVENT)))

    def test_it_travels(self, form: Form) -> None:
        row = sample(EVENT)
        there = pickle.loads(pickle.dumps(form))
        assert there.encode(EVENT, TOPIC, row) == form.encode(EVENT, TOPIC, row)
