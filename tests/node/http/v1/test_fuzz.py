"""The API tried from its own description: whatever is sent, answers are among those described, never a fault.

`V1_FUZZ_EXAMPLES=1000` tries so many requests of each kind of each operation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from ceramic_node.http import legacy, one
from ceramic_node.http.v1 import examples
from ceramic_node.http.v1.api.operations import Operation
from ceramic_node.http.v1.operations import OPERATIONS, PREFIX
from tests.node.http.v1.schemas import strict_document
from tests.support.node import RunningNode, running_node

_EXAMPLES: Final = int(os.environ.get("V1_FUZZ_EXAMPLES", "12"))
_SECONDS: Final = 60
_LINE: Final = 8_000
_ALWAYS: Final = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
_KNOWN: Final = {"stream": examples.NOTE, "cid": examples.NOTE_UPDATE}

SCHEMA: Final = schemathesis.openapi.from_dict(strict_document())
ASKED: Final = [operation for operation in OPERATIONS if not operation.name.endswith("BySocket")]


@pytest.fixture(scope="module")
def node() -> Iterator[RunningNode]:
    with running_node() as running:
        for operation in OPERATIONS:
            if operation.method == "POST":
                example = operation.examples[0]
                path = PREFIX + operation.path.format(**example.path)
                query = "&".join(f"{name}={value}" for name, value in example.query.items())
                headers = {"Content-Type": example.media_type or ""}
                assert running.ask("POST", f"{path}?{query}", example.body, headers).status == 200
        running.settle()
        yield running


def _cases() -> Iterator[Any]:
    for operation in ASKED:
        described = SCHEMA[PREFIX + operation.path][operation.method]
        in_path = {name: value for name, value in _KNOWN.items() if f"{{{name}}}" in operation.path}
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or described.query or described.body or described.headers:
                yield pytest.param(operation, mode, None, id=f"{operation.name}: {mode.value}")
                if in_path:
                    yield pytest.param(
                        operation, mode, in_path, id=f"{operation.name}: {mode.value}, of a note"
                    )


@pytest.mark.parametrize(("operation", "mode", "in_path"), list(_cases()))
def test_whatever_is_sent(
    node: RunningNode, operation: Operation[Any], mode: GenerationMode, in_path: dict[str, str] | None
) -> None:
    described = SCHEMA[PREFIX + operation.path][operation.method]
    session = requests.Session()

    @settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(case=described.as_strategy(mode, path_parameters=in_path))
    def run(case: schemathesis.Case[Any]) -> None:
        if operation.is_endless:
            case.query.setdefault("seconds", 0.05)
        if "wait" in case.query and mode is GenerationMode.POSITIVE:
            case.query["wait"] = 0
        # Longer lines end in aiohttp, or in what stands before this API.
        made = requests.Request(**case.as_transport_kwargs(base_url=node.url)).prepare()
        assume(len(made.url or "") < _LINE)
        response = case.call(base_url=node.url, session=session, timeout=_SECONDS)
        also = [checks.negative_data_rejection] if mode is GenerationMode.NEGATIVE else []
        case.validate_response(response, checks=[*_ALWAYS, *also])

    run()
    session.close()


def _others() -> Iterator[Any]:
    for path, at in {**one.PATHS, **legacy.PATHS}.items():
        for method in at:
            for mode in GenerationMode:
                described = SCHEMA[path][method]
                if mode is GenerationMode.POSITIVE or described.query or described.body:
                    yield pytest.param(path, method, mode, id=f"{method} {path}: {mode.value}")


@pytest.mark.parametrize(("path", "method", "mode"), list(_others()))
def test_whatever_is_sent_to_the_apis_of_others(
    node: RunningNode, path: str, method: str, mode: GenerationMode
) -> None:
    described = SCHEMA[path][method]
    session = requests.Session()
    known = {"stream_id": examples.NOTE, "streamid": examples.NOTE, "event_id": examples.NOTE_UPDATE}
    in_path = {name: value for name, value in known.items() if f"{{{name}}}" in path} or None

    @settings(max_examples=_EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(
        case=described.as_strategy(mode)
        | (described.as_strategy(mode, path_parameters=in_path) if in_path else st.nothing())
    )
    def run(case: schemathesis.Case[Any]) -> None:
        made = requests.Request(**case.as_transport_kwargs(base_url=node.url)).prepare()
        assume(len(made.url or "") < _LINE)
        response = case.call(base_url=node.url, session=session, timeout=_SECONDS)
        case.validate_response(response, checks=_ALWAYS)

    run()
    session.close()


@pytest.mark.parametrize("operation", ASKED, ids=lambda operation: operation.name)
def test_methods_that_a_path_does_not_take(node: RunningNode, operation: Operation[Any]) -> None:
    path = PREFIX + operation.path.format(**_KNOWN)
    taken = {other.method for other in OPERATIONS if other.path == operation.path}
    for method in {"GET", "PUT", "PATCH", "POST", "DELETE", "TRACE"} - taken:
        said = node.ask(method, path)
        assert (said.status, said.headers["content-type"]) == (405, "application/problem+json"), method
        assert taken <= set(said.headers["allow"].split(","))
