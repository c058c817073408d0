"""The OpenAPI document is what is served: its examples run, and answers are as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from jsonschema import Draft202012Validator

from ceramic_node.http import legacy, one
from ceramic_node.http.v1.api.operations import Operation
from ceramic_node.http.v1.api.params import parameters_of
from ceramic_node.http.v1.operations import OPERATIONS, PREFIX
from tests.node.http.v1 import schemas
from tests.support.node import RunningNode, running_node


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        for operation in OPERATIONS:
            if operation.method == "POST":
                for example in operation.examples:
                    headers = {"Content-Type": example.media_type or ""}
                    assert (
                        running.ask("POST", path_of(operation, example), example.body, headers).status == 200
                    )
        running.settle()
        yield running


def path_of(operation: Operation[Any], example: Any) -> str:
    path = PREFIX + operation.path.format(**example.path)
    return f"{path}?{urlencode(example.query)}" if example.query else path


CASES = [
    pytest.param(operation, example, id=f"{operation.name}: {example.text}")
    for operation in OPERATIONS
    for example in operation.examples
]


@pytest.mark.parametrize(("operation", "example"), CASES)
def test_examples_give_what_is_described(node: RunningNode, operation: Operation[Any], example: Any) -> None:
    headers = {"Content-Type": example.media_type} if example.media_type else {}
    said = node.ask(operation.method, path_of(operation, example), example.body, headers)
    assert said.status == example.status, said.text
    schemas.check(operation.name, said)


def test_every_operation_has_an_example_unless_it_is_a_socket() -> None:
    without = {operation.name for operation in OPERATIONS if not operation.examples}
    assert without == {"followFeedBySocket", "followChangesBySocket"}


def test_the_document_is_served_and_its_schemas_are_schemas(node: RunningNode) -> None:
    said = node.get("/v1/openapi.json")
    document = said.json()
    assert (said.status, document["openapi"]) == (200, "3.1.0")
    others = [path for path in document["paths"] if not path.startswith(f"{PREFIX}/")]
    assert len(document["paths"]) - len(others) == len({operation.path for operation in OPERATIONS})
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
        assert "additionalProperties" not in schema
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


def test_endpoints_of_others_are_described_as_they_are_served(node: RunningNode) -> None:
    """Every route, and nothing else; its methods are those that aren't answered with 405."""
    served = {
        re.sub(r"\{(\w+)[^}]*\}", r"{\1}", route.resource.canonical)
        for route in node.app.router.routes()
        if route.resource is not None and "{rest" not in route.resource.canonical
    }
    described = {**one.PATHS, **legacy.PATHS}
    assert {path for path in served if path.startswith(("/ceramic/", "/api/"))} == set(described)
    for path, at in described.items():
        for method in ("GET", "POST", "PUT", "DELETE"):
            said = node.ask(method, path.replace("{", "").replace("}", ""))
            assert (said.status != 405) is (method.lower() in at), (method, path)


def test_every_parameter_of_a_path_is_one_of_its_operation() -> None:
    for operation in OPERATIONS:
        in_path = {bound.name for bound in parameters_of(operation.asked) if bound.parameter.where == "path"}
        assert in_path == {part[1:-1] for part in operation.path.split("/") if part.startswith("{")}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_bad_parameters_are_refused_by_name(node: RunningNode, operation: Operation[Any]) -> None:
    path = PREFIX + operation.path.replace("{cid}", "bafy").replace("{stream}", "k1")
    unknown = node.ask(operation.method, f"{path}?nonsense=1")
    assert (unknown.status, unknown.json()["code"]) == (400, "bad_parameter")
    schemas.check(operation.name, unknown)
    for bound in parameters_of(operation.asked):
        if bound.parameter.where == "query" and bound.name not in {"controller", "name"}:
            said = node.ask(operation.method, f"{operation_path(operation)}?{bound.name}=%00")
            assert (said.status, said.json()["code"]) == (400, "bad_parameter"), bound.name
            assert bound.name in said.json()["detail"]
            given = "&".join([f"{bound.name}=x"] * (bound.parameter.most + 1))
            assert node.ask(operation.method, f"{operation_path(operation)}?{given}").status == 400


def operation_path(operation: Operation[Any]) -> str:
    examples = [example.path for example in operation.examples] or [{}]
    return PREFIX + operation.path.format(**examples[0])


def test_what_is_served_nowhere_is_a_problem_too(node: RunningNode) -> None:
    for method, path, status, code in (
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/streams/", 404, "not_found"),
        ("DELETE", "/v1/feed", 405, "method_refused"),
        ("GET", "/v1/feed/ws", 426, "upgrade_required"),
    ):
        said = node.ask(method, path)
        assert (said.status, said.json()["code"]) == (status, code)
        assert said.headers["content-type"] == "application/problem+json"
    assert node.ask("DELETE", "/v1/feed").headers["allow"] == "GET,HEAD"


def test_browsers_of_other_origins_are_told_what_they_may(node: RunningNode) -> None:
    said = node.ask("OPTIONS", "/v1/events", headers={"Origin": "https://app.example"})
    assert (said.status, said.headers["access-control-allow-methods"]) == (204, "POST")
    assert "Authorization" in said.headers["access-control-allow-headers"]
    assert node.get("/v1/info", Origin="https://app.example").headers["access-control-allow-origin"] == "*"
