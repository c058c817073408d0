"""Answers of the JavaScript packages on models, recorded: see the README beside them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from tests.support import vectors

UNUSABLE: Final = {
    "regular expression that looks ahead": "lookaround",
    "a regular expression for names of properties that looks ahead": "lookaround",
    "regular expression that refers back": "lookaround",
    "unknown format 'regex'": "format-regex",
    "keyword '$dynamic": "dynamic-references",
    "'$id' or '$dynamicAnchor' within": "names-in-schemas",
    "'$async'": "async",
    "schemas that refer to one another without end": "endless-references",
    "references that go round": "endless-references",
    "property": "matching-patterns",
}
"""How our own words begin where a schema can be used in JavaScript, and the name of the difference."""


@cache
def recorded(name: str) -> list[Any]:
    """The lines of a file. Shared between tests: nobody may change them."""
    return vectors.read_ndjson_gz(vectors.folder("models") / f"{name}.ndjson.gz")


def difference(words: str) -> str | None:
    """The name of the difference that explains why a schema can't be used."""
    said = words.removeprefix("the model's schema can't be used: ")
    return next((name for start, name in UNUSABLE.items() if said.startswith(start)), None)
