"""Filters of js-ceramic's collections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ceramic_node.http.legacy import documents
from ceramic_node.http.legacy.errors import LegacyError
from ceramic_node.http.legacy.filters import read_filters
from ceramic_protocol.limits import MAX_LEGACY_CONDITIONS
from tests.node.http.making import MODEL_EVENT, NUMBERS, change, document
from tests.support.node import RunningNode, running_node

COUNT = 10


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    """Numbers 0 to 9; each third says "to" as well; 4 has been changed to 40."""
    with running_node() as running:
        made = [
            document(number, **({"to": f"t{number}"} if number % 3 == 0 else {})) for number in range(COUNT)
        ]
        running.submit(MODEL_EVENT.car, *(event.car for event in made))
        running.submit(change(made[4], made[4], 40).car)
        yield running


def found(node: RunningNode, query: object = None, **asked: Any) -> list[int]:
    body = {"model": str(NUMBERS), "first": 100, "queryFilters": query, **asked}
    said = node.post("/api/v0/collection", body)
    assert said.status == 200, said.text
    counted = node.post("/api/v0/collection/count", body).json()
    numbers = [edge["node"]["content"]["n"] for edge in said.json()["edges"]]
    assert counted == {"count": len(numbers)}
    return numbers


def where(**conditions: Any) -> dict[str, Any]:
    return {"where": conditions}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (where(n={"equalTo": 3}), [3]),
        (where(n={"equalTo": "3"}), [3]),
        (where(n={"equalTo": 4}), []),
        (where(n={"notEqualTo": 3}), [0, 1, 2, 40, 5, 6, 7, 8, 9]),
        (where(n={"lessThan": 2}), [0, 1]),
        (where(n={"lessThanOrEqualTo": 2}), [0, 1, 2]),
        (where(n={"greaterThan": 8}), [40, 9]),
        (where(n={"greaterThanOrEqualTo": 8.5}), [40, 9]),
        (where(n={"in": [1, 7, 100]}), [1, 7]),
        (where(n={"notIn": [0, 1, 2, 3, 40, 5, 6]}), [7, 8, 9]),
        (where(to={"isNull": True}), [1, 2, 40, 5, 7, 8]),
        (where(to={"isNull": False}), [0, 3, 6, 9]),
        (where(to={"equalTo": "t6"}), [6]),
        # What a document doesn't say is neither equal nor unequal.
        (where(to={"notEqualTo": "t6"}), [0, 3, 9]),
        ({"not": where(to={"equalTo": "t6"})}, [0, 3, 9]),
        (where(to={"greaterThan": "t3"}), [6, 9]),
        (where(to={"equalTo": 6}), []),
        (where(n={"equalTo": True}), []),
        (where(n={"greaterThan": 2}, to={"lessThan": "t9"}), [3, 6]),
        ({"and": [where(n={"greaterThan": 2}), where(to={"isNull": False})]}, [3, 6, 9]),
        ({"or": [where(n={"equalTo": 1}), where(to={"equalTo": "t3"})]}, [1, 3]),
        ({"not": {"or": [where(n={"lessThan": 8}), where(n={"equalTo": 40})]}}, [8, 9]),
        ({"not": {"not": where(n={"equalTo": 5})}}, [5]),
    ],
)
def test_what_fits(node: RunningNode, query: dict[str, Any], wanted: list[int]) -> None:
    assert found(node, query) == wanted


def test_the_older_form(node: RunningNode) -> None:
    assert found(node, filter={"n": 5}) == [5]
    assert found(node, where(n={"greaterThan": 3}), filter={"to": "t6"}) == [6]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_go_on_behind_what_fits(node: RunningNode, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "COLLECTION_CHUNK", 2)
    for first, cursor, end, more in [
        ("first", "after", "endCursor", "hasNextPage"),
        ("last", "before", "startCursor", "hasPreviousPage"),
    ]:
        asked: dict[str, Any] = {
            "model": str(NUMBERS),
            first: size,
            "queryFilters": where(to={"isNull": False}),
        }
        pages: list[list[int]] = []
        while True:
            page = node.post("/api/v0/collection", asked).json()
            pages.append([edge["node"]["content"]["n"] for edge in page["edges"]])
            if not page["pageInfo"][more]:
                break
            asked[cursor] = page["pageInfo"][end]
        ordered = pages if first == "first" else pages[::-1]
        assert [number for part in ordered for number in part] == [0, 3, 6, 9]


@pytest.mark.parametrize(
    "query",
    [
        "x",
        5,
        [1],
        {"where": 5},
        {"where": {"n": 5}},
        {"where": {"n": {}}},
        {"where": {"n": {"equalTo": None}}},
        {"where": {"n": {"equalTo": [1]}}},
        {"where": {"n": {"like": "x"}}},
        {"where": {"n": {"equalTo": 1, "lessThan": 2}}},
        {"where": {"n": {"in": []}}},
        {"where": {"n": {"in": 5}}},
        {"where": {"n": {"isNull": 1}}},
        {"where": {"n": {"lessThan": True}}},
        {"and": []},
        {"and": {}},
        {"xor": [{"where": {}}]},
        {"where": {}, "and": []},
        {"or": [{"where": {f"m{number}": {"isNull": True} for number in range(MAX_LEGACY_CONDITIONS + 1)}}]},
        {"where": {"n": {"in": [1] * (MAX_LEGACY_CONDITIONS + 1)}}},
    ],
)
def test_what_makes_no_sense(node: RunningNode, query: object) -> None:
    said = node.post("/api/v0/collection", {"model": str(NUMBERS), "first": 1, "queryFilters": query})
    assert said.status == 400
    assert said.json()["error"]


def test_depth_is_bounded(node: RunningNode) -> None:
    query: dict[str, Any] = where(n={"equalTo": 1})
    for _ in range(MAX_LEGACY_CONDITIONS):
        query = {"not": query}
    said = node.post("/api/v0/collection", {"model": str(NUMBERS), "first": 1, "queryFilters": query})
    assert (said.status, "nested deeper" in said.json()["error"]) == (400, True)
    with pytest.raises(LegacyError, match="more than"):
        read_filters(query, None)


def test_sorting_is_for_sql(node: RunningNode) -> None:
    said = node.post("/api/v0/collection", {"model": str(NUMBERS), "first": 1, "sorting": {"n": "ASC"}})
    assert (said.status, "SQL" in said.json()["error"]) == (400, True)


def test_no_filters_are_no_test() -> None:
    assert read_filters(None, None) is None
    assert read_filters({}, "") is None
