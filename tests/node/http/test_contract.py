"""Requests and answers of ceramic-one's API, written down, and ours beside them (tests/vectors/http)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.node import Reply, RunningNode, running_node
from tests.support.vectors import COPY, read_json

VECTORS = read_json(COPY / "http" / "one.json")


@dataclass(frozen=True)
class Replayed:
    """A node after the requests to ceramic-one, and its answers to these."""

    node: RunningNode
    answers: list[Reply]


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def replayed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replayed]:
    """One after the other: what is written by one is read by those that follow."""
    folder = tmp_path_factory.mktemp("node") if request.param == "sqlite" else None
    with running_node(folder) as node:
        yield Replayed(node, [answer(node, case) for case in VECTORS["as_ceramic_one"]])


def answer(node: RunningNode, case: dict[str, Any]) -> Reply:
    asked = case["request"]
    return node.ask(asked["method"], asked["path"], asked.get("body"), asked.get("headers"))


def test_every_answer_is_ceramic_ones(replayed: Replayed) -> None:
    for case, said in zip(VECTORS["as_ceramic_one"], replayed.answers, strict=True):
        wanted = case["response"]
        found = {
            "status": said.status,
            "headers": {name: said.headers.get(name) for name in wanted["headers"]},
            "body": None if wanted["body"] is None else said.text,
        }
        assert found == wanted, case["name"]
        assert said.headers["x-span-id"], case["name"]


def test_where_we_differ_the_answer_says_why(replayed: Replayed) -> None:
    for case in VECTORS["ours"]:
        said, wanted = answer(replayed.node, case), case["response"]
        is_json = wanted["body"].startswith("{")
        begins = json.loads(wanted["body"])["message"] if is_json else wanted["body"]
        assert said.status == wanted["status"], case["name"]
        assert said.headers.get("content-type") == wanted["headers"]["content-type"], case["name"]
        assert (said.json()["message"] if is_json else said.text).startswith(begins), case["name"]
