"""Whether a schema only narrows what another one allows, as js-ceramic compares a model with its interface.

It compares keyword by keyword rather than what fits: types have to be equal, ranges to lie within, patterns
and titles to be the same, and lists of alternatives to match one another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from ceramic_protocol.limits import MAX_REFINEMENT_DEPTH, MAX_REFINEMENT_WORK
from ceramic_protocol.models.json_pointers import at_place

Schema: TypeAlias = Mapping[str, Any]

_MAXIMA: Final = ("maximum", "exclusiveMaximum")
_MINIMA: Final = ("minimum", "exclusiveMinimum")


def refinement_error(interface: Schema, model: Schema) -> str | None:
    """Where a model's schema is no narrowing of an interface's, in words; None if it is one everywhere."""
    try:
        return _Comparison(interface, model).differs(interface, model, "", 0)
    except _Impossible as error:
        return str(error)


class _Impossible(Exception):
    """What can't be compared at all, not even where another alternative would do."""


class _Comparison:
    def __init__(self, interface: Schema, model: Schema) -> None:
        self._interface = interface
        self._model = model
        self._work = 0

    def differs(self, wanted: Any, found: Any, path: str, depth: int) -> str | None:
        """The first difference between two schemas, after references, that is one."""
        self._work += 1
        if depth > MAX_REFINEMENT_DEPTH or self._work > MAX_REFINEMENT_WORK:
            raise _Impossible(f"{path[:80]} nests too deeply, or without end")
        if isinstance(wanted, bool) or isinstance(found, bool):
            return None if wanted is found else f"{path} is not the same"
        if not isinstance(wanted, dict) or not isinstance(found, dict):
            raise _Impossible(f"{path} refers to nothing")
        if wanted.get("title") is not None and found.get("title") != wanted["title"]:
            return f"title of {path} is not the same"
        for keyword in ("allOf", "anyOf", "oneOf"):
            if isinstance(wanted.get(keyword), list):
                return self._lists(keyword, wanted, found, path, depth)
        return self._types(wanted, found, path, depth)

    def _lists(self, keyword: str, wanted: Schema, found: Schema, path: str, depth: int) -> str | None:
        ours = found.get(keyword)
        place = f"{keyword} of {path}"
        if keyword == "anyOf":
            parts = ours if isinstance(ours, list) else [found]
            pairs = ((one, other) for one in wanted["anyOf"] for other in parts)
            if not wanted["anyOf"] or any(self._fits(one, other, depth) for one, other in pairs):
                return None
            return f"{place} has nothing in common"
        if not isinstance(ours, list) or len(ours) != len(wanted[keyword]):
            return f"{place} is missing, or of another length"
        for one in wanted[keyword]:
            if not any(self._fits(one, other, depth) for other in ours):
                return f"{place} lacks one"
        return None

    def _fits(self, wanted: Any, found: Any, depth: int) -> bool:
        return self.differs(wanted, found, "", depth + 1) is None

    def _types(self, wanted: Schema, found: Schema, path: str, depth: int) -> str | None:
        kind = wanted.get("type")
        if kind is None and found.get("type") is None:
            raise _Impossible(f"{path} has no type")
        if not isinstance(kind, str) or found.get("type") != kind:
            return f"{path} has another type, or several"
        if kind == "array":
            return self._array(wanted, found, path, depth)
        if kind == "object":
            return self._object(wanted, found, path, depth)
        if kind in {"integer", "number"}:
            return _constant(wanted, found, path) or _range(wanted, found, path)
        if kind == "string":
            return _constant(wanted, found, path) or _string(wanted, found, path)
        return _constant(wanted, found, path) if kind == "boolean" else None

    def _array(self, wanted: Schema, found: Schema, path: str, depth: int) -> str | None:
        if _exceeds(wanted, found, "maxItems") or _falls_short(wanted, found, "minItems"):
            return f"number of items of {path} is wider"
        if wanted.get("items") is None or found.get("items") is None:
            return f"{path} has no items"
        return self._below(wanted["items"], found["items"], f"{path}/items", depth)

    def _object(self, wanted: Schema, found: Schema, path: str, depth: int) -> str | None:
        missing = [name for name in wanted.get("required", ()) if name not in found.get("required", ())]
        if missing:
            return f"{path}/{missing[0][:80]} is not required"
        ours = found.get("properties", {})
        for name, part in wanted.get("properties", {}).items():
            if ours.get(name) is None:
                return f"{path}/{name[:80]} is missing"
            error = self._below(part, ours[name], f"{path}/{name[:80]}", depth)
            if error is not None:
                return error
        return None

    def _below(self, wanted: Any, found: Any, path: str, depth: int) -> str | None:
        one, other = _resolved(wanted, self._interface), _resolved(found, self._model)
        if path.endswith("/items") and (one is None or other is None):
            return f"{path} refers to nothing"
        return self.differs(one, other, path, depth + 1)


def _resolved(schema: Any, root: Schema) -> Any:
    if isinstance(schema, dict) and schema.get("$ref") is not None:
        return at_place(root, schema["$ref"])
    return schema


def _exceeds(wanted: Schema, found: Schema, keyword: str) -> bool:
    """Whether an upper limit is missing or above the one that is wanted."""
    return keyword in wanted and (keyword not in found or found[keyword] > wanted[keyword])


def _falls_short(wanted: Schema, found: Schema, keyword: str) -> bool:
    """Whether a lower limit is missing or below the one that is wanted."""
    return keyword in wanted and (keyword not in found or found[keyword] < wanted[keyword])


def _constant(wanted: Schema, found: Schema, path: str) -> str | None:
    value = wanted.get("const")
    if value is None or (not isinstance(value, dict | list) and _same(value, found.get("const"))):
        return None
    return f"const of {path} is not the same"


def _same(left: object, right: object) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _range(wanted: Schema, found: Schema, path: str) -> str | None:
    value = found.get("const")
    if value is None:
        wider = [key for key in _MAXIMA if _exceeds(wanted, found, key)]
        wider += [key for key in _MINIMA if _falls_short(wanted, found, key)]
    elif isinstance(value, int | float):
        # True and false count as 1 and 0 here.
        wider = [
            key for key in (*_MAXIMA, *_MINIMA) if key in wanted and _is_outside(value, key, wanted[key])
        ]
    else:
        wider = []
    return f"{wider[0]} of {path} is wider" if wider else None


def _is_outside(value: float, keyword: str, limit: float) -> bool:
    outside: bool = {
        "maximum": value > limit,
        "exclusiveMaximum": value >= limit,
        "minimum": value < limit,
        "exclusiveMinimum": value <= limit,
    }[keyword]
    return outside


def _string(wanted: Schema, found: Schema, path: str) -> str | None:
    if not _is_choice(wanted.get("enum"), found):
        return f"enum of {path} is wider"
    if wanted.get("pattern") is not None and found.get("pattern") != wanted["pattern"]:
        return f"pattern of {path} is not the same"
    value = found.get("const")
    if value is None:
        if _exceeds(wanted, found, "maxLength") or _falls_short(wanted, found, "minLength"):
            return f"length of {path} is wider"
    elif isinstance(value, str):
        length = len(value.encode("utf-16-le")) // 2
        if length > wanted.get("maxLength", length) or length < wanted.get("minLength", length):
            return f"length of {path} is wider"
    return None


def _is_choice(wanted: list[Any] | None, found: Schema) -> bool:
    if wanted is None:
        return True
    if found.get("const") is not None:
        return _holds(wanted, found["const"])
    ours: list[Any] = found.get("enum") or []
    # An empty one shares nothing with the interface's.
    return bool(ours) and all(_holds(wanted, value) for value in ours)


def _holds(values: list[Any], value: object) -> bool:
    return not isinstance(value, dict | list) and any(_same(each, value) for each in values)
