"""The OpenAPI document of operations."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, TypedDict

import orjson

from ceramic_node.http.v1.api.operations import Answer, Content, Operation
from ceramic_node.http.v1.api.params import Bound, parameters_of
from ceramic_node.http.v1.api.shapes import Shapes
from ceramic_node.http.v1.problems import ANYWHERE, PROBLEM_TYPE, Failing

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REFUSED: Final = {
    HTTPStatus.UNAUTHORIZED: "The node asks for a token.",
    HTTPStatus.FORBIDDEN: "The token or the page that asks may not do this.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests; `Retry-After` says when to go on.",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "The request line or a header is too long.",
}
"""Answered by what stands in front of all APIs."""


class ProblemDetails(TypedDict):
    """What went wrong (RFC 9457), with further members by its code."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class Refusal(TypedDict):
    """What went wrong before the request came to this API."""

    code: str
    message: str


def document(
    operations: Sequence[Operation[Any]],
    *,
    prefix: str,
    version: str,
    others: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    is_strict: bool = False,
) -> dict[str, Any]:
    """The OpenAPI 3.1 document.

    Args:
        operations: what it describes.
        prefix: of all paths.
        version: of the program.
        others: paths that are described elsewhere, in the form of OpenAPI.
        is_strict: whether answers have no members but those described, see `Shapes`.
    """
    shapes = Shapes(is_strict=is_strict)
    problem, refusal = Shapes().schema(ProblemDetails), shapes.schema(Refusal)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        at = paths.setdefault(prefix + operation.path, {})
        at[operation.method.lower()] = _operation(operation, shapes, problem, refusal)
    paths |= {path: _refusing(at, refusal) for path, at in others.items()}
    lax = Shapes()
    lax.schema(ProblemDetails)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": _DIALECT,
        "info": {
            "title": "ceramic-streams node",
            "version": version,
            "summary": "Signed event streams: feeds with filters that can be followed, states, explanations.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {**shapes.named, **lax.named},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def _refusing(at: Mapping[str, Any], refusal: dict[str, Any]) -> dict[str, Any]:
    """The operations of a path, with what may be answered before they are asked."""
    refused = {str(int(status)): _refusal(text, refusal) for status, text in _REFUSED.items()}
    return {
        method: {**operation, "responses": {**refused, **operation["responses"]}}
        for method, operation in at.items()
    }


def _operation(
    operation: Operation[Any], shapes: Shapes, problem: dict[str, Any], refusal: dict[str, Any]
) -> dict[str, Any]:
    summary, _, description = inspect.cleandoc(operation.text).partition("\n")
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": summary,
        "parameters": [_parameter(bound, operation) for bound in parameters_of(operation.asked)],
        "responses": {
            **{str(int(answer.status)): _answer(answer, shapes) for answer in operation.answers},
            **_problems((*operation.problems, *ANYWHERE), problem),
            **{str(int(status)): _refusal(text, refusal) for status, text in _REFUSED.items()},
        },
    }
    if description.strip():
        found["description"] = description.strip()
    if operation.bodies:
        found["requestBody"] = {"required": True, "content": _request(operation, shapes)}
    if operation.is_endless:
        found["x-endless"] = True
    return found


def _parameter(bound: Bound, operation: Operation[Any]) -> dict[str, Any]:
    parameter = bound.parameter
    schema = dict(parameter.kind.schema)
    if parameter.default not in {None, ()} and not parameter.is_required:
        schema["default"] = _plain(parameter.default)
    if parameter.most > 1:
        schema = {"type": "array", "items": schema, "maxItems": parameter.most, "minItems": 1}
    found: dict[str, Any] = {
        "name": bound.name,
        "in": parameter.where.value,
        "description": parameter.text,
        "required": parameter.is_required,
        "schema": schema,
    }
    if parameter.most > 1:
        found |= {"style": "form", "explode": True}
    for example in operation.examples:
        given = {**example.path, **example.query}.get(bound.name)
        if given is not None:
            found["example"] = [given] if parameter.most > 1 else _example(given, schema)
            break
    return found


def _example(given: str, schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if kind == "boolean":
        return given == "true"
    return {"integer": int, "number": float}[kind](given) if kind in {"integer", "number"} else given


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def _answer(answer: Answer, shapes: Shapes) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.text}
    if answer.contents:
        found["content"] = {content.media_type: _content(content, shapes) for content in answer.contents}
    return found


def _content(content: Content, shapes: Shapes) -> dict[str, Any]:
    if content.shape is not None:
        return {"schema": shapes.schema(content.shape)}
    return {"schema": {"type": "string"}} if content.media_type.startswith("text/") else {}


def _request(operation: Operation[Any], shapes: Shapes) -> dict[str, Any]:
    found = {content.media_type: _content(content, shapes) for content in operation.bodies}
    for example in reversed(operation.examples):
        if example.body is not None and example.media_type in found and example.media_type.endswith("json"):
            found[example.media_type]["example"] = _read(example.body)
    return found


def _read(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode()


def _problems(problems: Iterable[Failing], schema: dict[str, Any]) -> dict[str, Any]:
    by_status: dict[HTTPStatus, dict[str, str]] = {}
    for failing in problems:
        by_status.setdefault(failing.status, {})[failing.code] = failing.summary
    return {
        str(int(status)): {
            "description": "; ".join(f"`{code}`: {summary}" for code, summary in codes.items()),
            "content": {PROBLEM_TYPE: {"schema": schema}},
        }
        for status, codes in sorted(by_status.items())
    }


def _refusal(text: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}
