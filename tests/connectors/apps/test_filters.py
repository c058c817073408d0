"""Filters, order and pages, beside the same in Python on the same rows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceramic_connectors.apps import AppStore, Condition, Order, Query, field
from ceramic_connectors.apps.conditions import AllOf, AnyOf, Compare, In, IsNull, Like, Not, Op
from ceramic_protocol.errors import UsageError
from tests.support.apps import ALICE, BOB, definition, document, model

TEXTS = (
    None,
    "",
    "a",
    "A",
    "b",
    "é",
    "e\u0301",
    "🦄",
    "a%b",
    "a_b",
    "a\\b",
    "z'; DROP TABLE x; --",
    "\uffff",
    '"',
)
INTEGERS = (None, 0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1)
NUMBERS = (None, 0.0, -0.0, 1.5, 0.1, 1e21, -1e300, 5e-324, 2.0**53)
TIMES = (None, 0, 1_700_000_000, 1_700_000_001, 253_402_300_799)
VALUES = {
    "text": TEXTS,
    "whole": INTEGERS,
    "number": NUMBERS,
    "flag": (None, True, False),
    "created_at": TIMES,
}
COLUMNS = tuple(VALUES)
MODEL = definition(
    "Thing",
    {
        "text": {"type": "string"},
        "whole": {"type": "integer"},
        "number": {"type": "number"},
        "flag": {"type": "boolean"},
        "list": {"type": "array"},
    },
)
EASY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def make_rows() -> dict[str, dict[str, Any]]:
    """Rows in which every value stands beside many others."""
    chance = random.Random(7)
    columns = {name: [chance.choice(values) for _ in range(60)] for name, values in VALUES.items()}
    for name, values in VALUES.items():
        columns[name][: len(values)] = values
        chance.shuffle(columns[name])
    return {f"row {number}": {name: columns[name][number] for name in VALUES} for number in range(60)}


ROWS = make_rows()


@pytest.fixture
def things(store: AppStore) -> AppStore:
    states = [model("thing", MODEL)]
    for name, row in ROWS.items():
        content = {key: value for key, value in row.items() if key != "created_at" and value is not None}
        controller = ALICE if len(name) % 2 else BOB
        states.append(
            document(name, "thing", content, first_anchored_at=row["created_at"], controller=controller)
        )
    store.apply(states)
    return store


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the oracle knows it, with its StreamID."""
    moment = row["created_at"]
    seconds = None if moment is None else int(moment.timestamp())
    return {name: row[name] for name in COLUMNS} | {"created_at": seconds, "stream_id": row["stream_id"]}


def everything(things: AppStore) -> list[dict[str, Any]]:
    return [plain(row) for row in things.rows("Thing")]


def holds(condition: Condition, row: dict[str, Any]) -> bool | None:
    """SQL's three-valued logic."""
    if isinstance(condition, Not):
        found = holds(condition.part, row)
        return None if found is None else not found
    if isinstance(condition, AllOf | AnyOf):
        parts = [holds(part, row) for part in condition.parts]
        decisive = isinstance(condition, AnyOf)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    assert isinstance(condition, IsNull | Compare | In | Like)
    value = row[condition.column]
    if isinstance(condition, IsNull):
        return value is None
    if isinstance(condition, In) and not condition.values:
        return False
    if value is None:
        return None
    if isinstance(condition, In):
        return value in condition.values
    if isinstance(condition, Like):
        return likes(value, condition.pattern)
    return compare(value, condition.op, condition.value)


def compare(left: Any, op: Op, right: Any) -> bool:
    if isinstance(left, str):
        left, right = left.encode(), right.encode()
    answers = {
        Op.EQ: left == right,
        Op.NE: left != right,
        Op.LT: left < right,
        Op.LE: left <= right,
        Op.GT: left > right,
        Op.GE: left >= right,
    }
    return bool(answers[op])


def likes(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(likes(text[start:], pattern[1:]) for start in range(len(text) + 1))
    escaped = pattern[0] == "\\"
    wanted, rest = pattern[escaped : escaped + 1], pattern[escaped + 1 :]
    if not text or (text[0] != wanted and (escaped or wanted != "_")):
        return False
    return likes(text[1:], rest)


def conditions() -> st.SearchStrategy[Condition]:
    def compared(column: str) -> st.SearchStrategy[Condition]:
        values = st.sampled_from([value for value in VALUES[column] if value is not None])
        return st.one_of(
            st.builds(Compare, st.just(column), st.sampled_from(Op), values),
            st.builds(In, st.just(column), st.lists(values, max_size=3).map(tuple)),
            st.builds(IsNull, st.just(column)),
        )

    pattern = st.text("%_ab🦄é", max_size=4) | st.sampled_from(["a\\%b", "a\\_b", "a\\\\b", "%'%", "\\a%"])
    leaf = st.sampled_from(COLUMNS).flatmap(compared) | st.builds(Like, st.just("text"), pattern)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(AllOf, st.lists(inner, max_size=3).map(tuple)),
            st.builds(AnyOf, st.lists(inner, max_size=3).map(tuple)),
        ),
        max_leaves=6,
    )


def in_order(rows: list[dict[str, Any]], orders: tuple[Order, ...]) -> list[dict[str, Any]]:
    def by(left: dict[str, Any], right: dict[str, Any]) -> int:
        for order in (*orders, Order("stream_id")):
            one, other = left[order.column], right[order.column]
            if one == other:
                continue
            if one is None or other is None:
                return 1 if one is None else -1
            if isinstance(one, str):
                one, other = one.encode(), other.encode()
            return (1 if one > other else -1) * (-1 if order.descending else 1)
        return 0

    return sorted(rows, key=cmp_to_key(by))


ORDERS = st.lists(st.builds(Order, st.sampled_from((*COLUMNS, "stream_id")), st.booleans()), max_size=3).map(
    tuple
)


def forward(store: AppStore, query: Query) -> Iterator[dict[str, Any]]:
    while True:
        page = store.find(query)
        assert len(page.rows) <= (query.first or 0)
        assert page.has_previous is (query.after is not None)
        yield from page.rows
        if not page.has_next:
            return
        query = replace(query, after=page.end)


def backward(store: AppStore, query: Query) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = store.find(query)
        assert page.has_next is (query.before is not None)
        found = page.rows + found
        if not page.has_previous:
            return found
        query = replace(query, before=page.start)


@EASY
@given(conditions(), ORDERS, st.integers(1, 25))
def test_pages_in_both_directions_are_what_python_says(
    things: AppStore, where: Condition, orders: tuple[Order, ...], size: int
) -> None:
    wanted = in_order([row for row in everything(things) if holds(where, row)], orders)
    query = Query("Thing", where=where, order_by=orders)
    found = [plain(row) for row in forward(things, replace(query, first=size))]
    assert found == wanted
    assert [plain(row) for row in backward(things, replace(query, last=size))] == wanted
    assert things.count(query) == len(wanted)


def test_values_come_back_as_they_went_in(things: AppStore) -> None:
    found = {row["content"].get("text"): row for row in things.rows("Thing") if row["content"].get("text")}
    assert set(found) == {text for text in TEXTS if text}
    wholes = {row["whole"] for row in things.rows("Thing")}
    assert wholes == set(INTEGERS)
    numbers = {row["number"] for row in things.rows("Thing")}
    assert {repr(number) for number in numbers if number} == {repr(number) for number in NUMBERS if number}
    signs = {math.copysign(1, row["number"]) for row in things.rows("Thing") if row["number"] == 0}
    assert signs == {1.0, -1.0}


def test_not_in_is_no_in(things: AppStore) -> None:
    """ComposeDB's `notIn` gives the rows that are in (consensus.md 5.1)."""
    inside = things.count(Query("Thing", where=field("text").is_in(["a", "b"])))
    outside = things.count(Query("Thing", where=field("text").not_in(["a", "b"])))
    null = things.count(Query("Thing", where=field("text").is_null()))
    assert inside + outside + null == len(ROWS)
    assert inside
    assert outside


def test_fields_say_it_in_words(things: AppStore) -> None:
    either = (field("whole").ge(0) & field("whole").lt(2)) | field("text").contains("_")
    rows = things.find(Query("Thing", where=either, first=1000)).rows
    assert rows
    assert all(row["whole"] in {0, 1} or "_" in row["text"] for row in rows)
    starting = things.find(Query("Thing", where=field("text").starts_with("a%"))).rows
    assert {row["text"] for row in starting} == {"a%b"}
    rest = things.find(Query("Thing", where=~field("flag").eq(value=True) & field("flag").not_null())).rows
    assert {row["flag"] for row in rest} == {False}
    rows = things.find(Query("Thing", where=field("number").gt(1) & field("number").le(2**53))).rows
    assert {row["number"] for row in rows} == {1.5, 2.0**53}
    assert things.count(Query("Thing", where=field("text").ne("a"))) < len(ROWS)


def test_times_are_compared_with_moments_or_seconds(things: AppStore) -> None:
    moment = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    late = Query("Thing", where=field("created_at").gt(moment))
    assert things.count(late) == things.count(Query("Thing", where=field("created_at").gt(1_700_000_000)))
    assert things.count(Query("Thing", where=field("created_at").is_in([moment, 0]))) > 0


@pytest.mark.parametrize("seconds", TIMES[1:])
def test_every_time_can_be_asked_for(things: AppStore, seconds: int) -> None:
    assert things.count(Query("Thing", where=field("created_at").eq(seconds))) > 0


def test_columns_that_are_asked_for(things: AppStore) -> None:
    page = things.find(Query("Thing", columns=("whole", "controller"), first=1))
    assert list(page.rows[0]) == ["whole", "controller"]


def test_a_page_without_rows(things: AppStore) -> None:
    page = things.find(Query("Thing", where=field("text").eq("nowhere")))
    assert (page.rows, page.start, page.end, page.has_next, page.has_previous) == (
        [],
        None,
        None,
        False,
        False,
    )


def test_cursors_stay_good_when_rows_come_and_go(things: AppStore) -> None:
    query = Query("Thing", order_by=(Order("stream_id"),), first=10)
    page = things.find(query)
    things.apply(
        [replace(document("row 0", "thing", {}), stream_id=page.rows[-1]["stream_id"], tip=None, version=9)]
    )
    behind = things.find(replace(query, after=page.end))
    assert behind.rows[0]["stream_id"] > page.rows[-1]["stream_id"]
    assert things.find(Query("Thing", order_by=(Order("stream_id"),), first=11)).rows[9:] == behind.rows[:2]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query("Thin"), "no model 'Thin'; did you mean 'Thing'"),
        (Query("Thing\0"), "no model"),
        (Query("Thing", where=field("txt").eq("a")), "Thing has no column 'txt'; did you mean 'text'"),
        (Query("Thing", order_by=(Order("numbr"),)), "did you mean 'number'"),
        (Query("Thing", columns=("qqq",)), "has no column 'qqq'; there are 'stream_id'"),
        (Query("Thing", where=field("text").eq(1)), "can't be compared with 1"),
        (Query("Thing", where=field("text").eq("a\0b")), "can't be compared"),
        (Query("Thing", where=field("text").eq("\ud800")), "can't be compared"),
        (Query("Thing", where=field("text").eq(None)), "is_null"),
        (Query("Thing", where=field("text").is_in(["a", None])), "is_null"),
        (Query("Thing", where=field("whole").eq(1.0)), "can't be compared with 1.0"),
        (Query("Thing", where=field("whole").eq(value=True)), "can't be compared with True"),
        (Query("Thing", where=field("whole").eq(2**63)), "can't be compared"),
        (Query("Thing", where=field("number").eq(math.nan)), "can't be compared with nan"),
        (Query("Thing", where=field("flag").eq("yes")), "can't be compared with 'yes'"),
        (Query("Thing", where=field("list").eq([])), "holds JSON"),
        (Query("Thing", order_by=(Order("content"),)), "holds JSON"),
        (Query("Thing", where=field("whole").like("1%")), "no text to be matched"),
        (Query("Thing", where=field("text").like("a\\")), "single backslash"),
        (Query("Thing", where=field("created_at").gt("2024")), "whole seconds"),
        (Query("Thing", where=field("created_at").gt(datetime(2024, 1, 1))), "time zone"),  # noqa: DTZ001
        (Query("Thing", where="text = 'a'"), "no condition"),  # type: ignore[arg-type]
        (Query("Thing", first=0), "1 to 1000 rows, not 0"),
        (Query("Thing", last=1001), "1 to 1000 rows, not 1001"),
        (Query("Thing", first=1, last=1), "not both"),
        (Query("Thing", after="x", before="x"), "not both"),
        (Query("Thing", after="x"), "no cursor of this query"),
        (Query("Thing", after="é" * 10), "no cursor of this query"),
        (Query("Thing", after="W10"), "no cursor of this query"),
        (Query("Thing", before="=" * 2_000_000), "no cursor of this query"),
    ],
)
def test_what_makes_no_sense_is_said_in_a_sentence(things: AppStore, query: Query, words: str) -> None:
    with pytest.raises(UsageError, match=words.replace("(", r"\(")):
        things.find(query)


def test_a_cursor_of_another_query_is_refused(things: AppStore) -> None:
    end = things.find(Query("Thing", first=1)).end
    assert end is not None
    for other in (
        Query("Thing", order_by=(Order("text"),), after=end),
        Query("Thing", order_by=(Order("created_at", descending=True),), after=end),
    ):
        with pytest.raises(UsageError, match="no cursor of this query"):
            things.find(other)
    assert things.find(Query("Thing", where=field("flag").not_null(), after=end)).rows
