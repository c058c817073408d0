"""Holding answers to the document that describes them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import jsonschema

from ceramic_node.http import legacy, one
from ceramic_node.http.v1.api.document import document
from ceramic_node.http.v1.operations import OPERATIONS, PREFIX
from tests.support.node import Reply


@cache
def strict_document() -> dict[str, Any]:
    """The document in which answers have no members that aren't described."""
    others = {**one.PATHS, **legacy.PATHS}
    return document(OPERATIONS, prefix=PREFIX, version="0", others=others, is_strict=True)


def check(name: str, said: Reply) -> None:
    """An answer is one that the document has for the operation of that name."""
    found = _operation(name)["responses"]
    assert str(said.status) in found, (name, said.status, said.text)
    contents = found[str(said.status)].get("content", {})
    media_type = said.headers.get("content-type", "").partition(";")[0]
    assert media_type in contents or not (contents or media_type), (name, said.status, media_type)
    schema = contents.get(media_type, {}).get("schema")
    if schema and re.search(r"[/+]json$", media_type):
        validate(schema, said.json())


def validate(schema: dict[str, Any], value: Any) -> None:
    """A value fits a schema of the document."""
    whole = {**schema, "components": strict_document()["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


def _operation(name: str) -> dict[str, Any]:
    for path in strict_document()["paths"].values():
        for operation in path.values():
            if operation["operationId"] == name:
                return dict(operation)
    raise KeyError(name)
