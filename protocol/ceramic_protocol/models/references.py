"""References within a model's schema: `#` and JSON pointers behind it, and nothing outside of the schema.

ajv also follows references by `$id` and into the schemas of other models that a node happens to have loaded;
none of these is followed here, and nothing is ever fetched.
"""

from __future__ import annotations

from typing import Final

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.models.json_pointers import at_reference
from ceramic_protocol.models.keywords import Schema, has_references, is_reference
from ceramic_protocol.reasons import Reason

_ROOT: Final = ("", "#", "#/")


def unusable(why: str) -> DecodeError:
    """The error for a schema by which no document can be checked."""
    return DecodeError(Reason.SCHEMA_VIOLATION, why)


class References:
    """Looks up the references of one schema, each once."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._found: dict[str, Schema | bool] = {}
        self._refers: dict[int, bool] = {}

    def target(self, reference: object) -> Schema | bool:
        """What a reference refers to; from one that only refers to another on to that other.

        Raises:
            DecodeError: there is no schema in that place.
        """
        if not isinstance(reference, str):
            raise unusable("a reference that is no text")
        if reference not in self._found:
            self._found[reference] = self._look_up(reference)
        return self._found[reference]

    def refers(self, schema: Schema | bool) -> bool:
        """Whether there are references in a schema."""
        if id(schema) not in self._refers:
            self._refers[id(schema)] = has_references(schema)
        return self._refers[id(schema)]

    def _look_up(self, reference: str) -> Schema | bool:
        passed: set[str] = set()
        found = self._at(reference)
        while isinstance(found, dict) and found is not self._root and is_reference(found):
            reference = found["$ref"]
            if reference in passed:
                raise unusable(f"references that go round in a circle: {reference[:80]}")
            passed.add(reference)
            if reference in _ROOT:
                return found
            found = self._at(reference)
        return found

    def _at(self, reference: str) -> Schema | bool:
        if reference in _ROOT:
            return self._root
        value = at_reference(self._root, reference)
        if not isinstance(value, dict | bool):
            raise unusable(f"a reference to something other than a part of the schema: {reference[:80]}")
        return value
