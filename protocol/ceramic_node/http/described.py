"""Endpoints of others' APIs in the form of OpenAPI, said beside what serves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

TEXT: Final[Schema] = {"type": "string"}
WORD: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[0-9A-Za-z:.]+$"}
"""A part of a path."""

WHOLE: Final[Schema] = {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1}
"""A number of 32 bits."""


def members(*needed: str, **properties: Schema) -> Schema:
    """An object with these members; those named first are always there."""
    return {"type": "object", "properties": dict(properties), "required": list(needed)}


def listed(schema: Schema) -> Schema:
    """A list of these."""
    return {"type": "array", "items": schema}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint.

    Attributes:
        method: of HTTP.
        path: below the API's prefix, with parameters in braces.
        name: what clients that are made from the document call it.
        text: what it does.
        answers: by status, in words and with the schema of JSON; None for any other body or none.
        query: parameters with their schemas.
        body: the schema of JSON that is sent; None if nothing is.
        media_type: of answers that have a schema.
    """

    method: str
    path: str
    name: str
    text: str
    answers: Mapping[int, tuple[str, Schema | None]]
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: Schema | None = None
    media_type: str = "application/json"

    def operation(self) -> dict[str, Any]:
        """In the form of OpenAPI."""
        in_path = [part[1:-1] for part in self.path.split("/") if part.startswith("{")]
        parameters = [_parameter(name, "path", WORD) for name in in_path]
        parameters += [_parameter(name, "query", schema) for name, schema in self.query.items()]
        found: dict[str, Any] = {
            "operationId": self.name,
            "summary": self.text,
            "parameters": parameters,
            "responses": {
                str(status): self._response(*answer) for status, answer in sorted(self.answers.items())
            },
        }
        if self.body is not None:
            found["requestBody"] = {"required": True, "content": {"application/json": {"schema": self.body}}}
        return found

    def _response(self, text: str, schema: Schema | None) -> dict[str, Any]:
        content = {} if schema is None else {"content": {self.media_type: {"schema": schema}}}
        return {"description": text, **content}


def _parameter(name: str, where: str, schema: Schema) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def paths(prefix: str, endpoints: Iterable[Endpoint]) -> dict[str, dict[str, Any]]:
    """What `paths` of a document is, for endpoints below a prefix."""
    found: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        at = found.setdefault(prefix + endpoint.path, {})
        at[endpoint.method.lower()] = endpoint.operation()
    return found
