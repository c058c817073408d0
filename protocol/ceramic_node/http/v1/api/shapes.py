"""JSON Schemas of what is answered, from the `TypedDict`s that handlers make."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, NotRequired, Union, get_args, get_origin, get_type_hints

_PRIMITIVE: Final[Mapping[Any, Mapping[str, Any]]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    type(None): {"type": "null"},
    Any: {},
}


@dataclass(frozen=True, slots=True)
class Doc:
    """What a member means, in words, and the pattern of its text. Stands in `Annotated`."""

    text: str
    pattern: str | None = None


class Shapes:
    """Schemas, with those of `TypedDict`s by their names.

    Args:
        is_strict: whether members that aren't described are forbidden. The document lets them be, so that
            there may be more of them one day; tests don't.
    """

    def __init__(self, *, is_strict: bool = False) -> None:
        self._is_strict = is_strict
        self.named: dict[str, dict[str, Any]] = {}

    def schema(self, shape: Any) -> dict[str, Any]:
        """The schema of a type."""
        if shape in _PRIMITIVE:
            return dict(_PRIMITIVE[shape])
        origin, inner = get_origin(shape), get_args(shape)
        if origin is Annotated:
            return self._described(inner[0], inner[1:])
        if origin is Literal:
            return {"enum": list(inner)}
        if origin is list:
            return {"type": "array", "items": self.schema(inner[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self.schema(inner[1])}
        if origin in {Union, types.UnionType}:
            return {"anyOf": [self.schema(one) for one in inner]}
        if isinstance(shape, type) and issubclass(shape, StrEnum):
            return {"type": "string", "enum": [value.value for value in shape]}
        return self._record(shape)

    def _described(self, shape: Any, notes: tuple[Any, ...]) -> dict[str, Any]:
        found = self.schema(shape)
        for note in notes:
            if isinstance(note, Doc):
                if note.pattern is not None:
                    found["pattern"] = note.pattern
                if note.text:
                    found["description"] = note.text
        return found

    def _record(self, shape: Any) -> dict[str, Any]:
        name = shape.__name__
        if name not in self.named:
            self.named[name] = {}  # so that a shape may hold itself
            hints = get_type_hints(shape, include_extras=True)
            needed = [key for key, hint in hints.items() if get_origin(hint) is not NotRequired]
            members = {key: self.schema(_bare(hint)) for key, hint in hints.items()}
            found: dict[str, Any] = {"type": "object", "properties": members, "required": needed}
            if self._is_strict:
                found["additionalProperties"] = False
            if shape.__doc__:
                found["description"] = " ".join(shape.__doc__.split())
            self.named[name] = found
        return {"$ref": f"#/components/schemas/{name}"}


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is NotRequired else hint
