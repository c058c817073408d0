"""Requests and answers of ceramic-one's API, written down, and ours beside them (tests/vectors/http)."""

from __future__ import annotations

import json
import re
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


ANSWERS = {
    "GET /liveness": {200},
    "GET /version": {200},
    "POST /version": {200},
    "GET /config/network": {200},
    "POST /events": {204, 400},
    "GET /events/{}": {200, 400, 404},
    "GET /feed/events": {200, 400},
    "GET /feed/resumeToken": {200},
    "GET /streams/{}": {200, 400, 404},
    "POST /interests": {204, 400},
    "POST /interests/{}/{}": {204, 400},
    "GET /experimental/interests": {200, 400},
    "GET /experimental/events/{}/{}": {200, 400},
    "GET /peers": {200},
    "POST /peers": {400, 403},
    "GET /debug/heap": {400},
}
"""What each endpoint may answer (api.md 1.2). A 204 to POST `/peers`, a failing store and a full queue
need more than a request: those are in test_one_limits.py."""


def endpoint(case: dict[str, Any]) -> str:
    """Method and path of a request, parameters as `{}`."""
    path = case["request"]["path"].partition("?")[0].removeprefix("/ceramic")
    for place in [place.partition(" ")[2] for place in ANSWERS if "{}" in place]:
        if re.fullmatch(place.replace("{}", "[^/]*"), path) and path != "/experimental/interests":
            return f"{case['request']['method']} {place}"
    return f"{case['request']['method']} {path}"


def test_there_is_a_pair_for_every_answer_of_every_endpoint() -> None:
    written: dict[str, set[int]] = {}
    for case in VECTORS["as_ceramic_one"] + VECTORS["ours"]:
        written.setdefault(endpoint(case), set()).add(case["response"]["status"])
    assert {place: written[place] for place in ANSWERS} == ANSWERS
    for place in ANSWERS:
        path = place.partition(" ")[2]
        assert written[f"OPTIONS {path}"] == {200}
        assert written[f"HEAD {path}"] == {405}
