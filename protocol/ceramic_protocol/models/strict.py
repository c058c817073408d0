"""What ajv 8 refuses in a schema when it compiles it in strict mode, as js-ceramic does (consensus.md 3.2).

A model with such a schema is a valid model, but none of its documents is. The walk follows ajv's own: only
what is compiled counts, so not what stands in `$defs` and is referred to by nothing; and `required` looks for
the properties that ajv has come across by then in schemas for the same value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ceramic_protocol.limits import MAX_SCHEMA_STEPS
from ceramic_protocol.models.engine import is_found
from ceramic_protocol.models.formats import COMPARABLE, HINTS, INTEGERS, TEXTS, UNCHECKED
from ceramic_protocol.models.keywords import (
    KINDS,
    KNOWN,
    LIMITS_OF_FORMATS,
    Schema,
    is_idle,
    is_reference,
    says_nothing,
)
from ceramic_protocol.models.patterns import translate
from ceramic_protocol.models.references import References, unusable
from ceramic_protocol.models.types import applies, narrowed, own_types

_UNSUPPORTED: Final = frozenset(("$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "id"))
_DATA: Final = frozenset(("default", "enum", "const", "examples"))
_SAME_VALUE: Final = frozenset(("allOf", "anyOf", "oneOf", "not", "dependentSchemas", "dependencies"))
_OTHERS: Final = frozenset(("additionalProperties", "items", "unevaluatedProperties", "unevaluatedItems"))
_FORMATS: Final = TEXTS | UNCHECKED | INTEGERS.keys()


def check_strict(root: Schema, references: References) -> None:
    """Refuse what ajv refuses.

    Raises:
        DecodeError: no document can be checked by this schema, and why.
    """
    _check_names(root)
    _Compilation(root, references).run()


class _Place:
    """A schema where it applies, with what the schemas around it say of the same value.

    `names` are the properties that ajv has come across: a set that is shared, and replaced, as ajv does it.
    """

    def __init__(self, schema: Schema, types: list[str], names: set[str]) -> None:
        self.schema = schema
        self.types = types
        self.names = names


class _Compilation:
    def __init__(self, root: Schema, references: References) -> None:
        self._root = root
        self._references = references
        self._waiting: list[Schema] = [root]
        self._seen = {id(root)}
        self._steps = 0

    def run(self) -> None:
        while self._waiting:
            self._enter(self._waiting.pop(), [], set())

    def _enter(self, schema: Schema | bool, types: list[str], names: set[str]) -> None:
        if isinstance(schema, bool):
            return
        self._steps += 1
        if self._steps > MAX_SCHEMA_STEPS:
            raise unusable(f"more than {MAX_SCHEMA_STEPS} schemas, counted with each reference to them")
        unknown = next((keyword for keyword in schema if keyword not in KNOWN), None)
        if unknown is not None:
            raise unusable(f"unknown keyword {unknown[:80]!r}")
        if schema.get("$async"):
            raise unusable("'$async'")
        if not says_nothing(schema):
            self._compile(_Place(schema, types, names))

    def _here(self, place: _Place, schema: Schema | bool) -> None:
        """A part that applies to the same value."""
        self._enter(schema, place.types, place.names)

    def _below(self, place: _Place, schema: Schema | bool, types: tuple[str, ...] = ()) -> None:
        """A part that applies to something in the value. One that says nothing leaves no trace."""
        if not says_nothing(schema):
            place.names = set()
        self._enter(schema, list(types), place.names)

    def _compile(self, place: _Place) -> None:
        own = own_types(place.schema)
        if is_reference(place.schema):
            self._refer(place, place.schema["$ref"])
            return
        _check_types(place, own)
        for keyword in KINDS:
            if keyword in place.schema:
                self._keyword(place, keyword, place.schema[keyword])

    def _refer(self, place: _Place, reference: object) -> None:
        target = self._references.target(reference)
        if not self._references.refers(target):
            # ajv inserts such a schema in place of the reference.
            self._enter(target, [], place.names)
        elif not isinstance(target, bool) and id(target) not in self._seen:
            self._seen.add(id(target))
            self._waiting.append(target)

    def _keyword(self, place: _Place, keyword: str, value: Any) -> None:
        if keyword in _UNSUPPORTED:
            raise unusable(f"keyword {keyword!r}")
        if keyword == "$ref":
            self._refer(place, value)
        elif keyword in _SAME_VALUE:
            for part in _parts(keyword, value):
                self._here(place, part)
        elif keyword in {"if", "then", "else"}:
            self._condition(place, keyword)
        elif keyword == "properties":
            self._properties(place, value)
        elif keyword == "patternProperties":
            self._patterns(place, value)
        elif keyword == "prefixItems":
            self._tuple(place, value)
        elif keyword == "contains":
            self._contains(place, value)
        elif keyword == "propertyNames":
            self._below(place, value, ("string",))
        elif keyword in _OTHERS:
            self._rest(place, keyword, value)
        else:
            _check_value(place, keyword, value)

    def _condition(self, place: _Place, keyword: str) -> None:
        schema = place.schema
        if keyword != "if":
            if "if" not in schema:
                raise unusable(f"{keyword!r} without 'if'")
            return
        parts = [schema[part] for part in ("then", "else") if part in schema]
        if not parts:
            raise unusable("'if' without 'then' and 'else'")
        if not is_idle(schema, "if"):
            self._here(place, schema["if"])
        for part in parts:
            self._here(place, part)

    def _properties(self, place: _Place, properties: Mapping[str, Any]) -> None:
        names = [name for name in properties if name != "__proto__"]
        place.names.update(names)
        for name in names:
            self._below(place, properties[name])
            if not says_nothing(properties[name]):
                place.names.add(name)

    def _patterns(self, place: _Place, patterns: Mapping[str, Any]) -> None:
        is_idle = all(map(says_nothing, patterns.values())) and "additionalProperties" in place.schema
        for source, part in patterns.items():
            pattern = translate(source)
            if len(pattern.found) != 1 or pattern.absent:
                raise unusable("a regular expression for names of properties that looks ahead")
            for name in place.schema.get("properties", ()) if not is_idle else ():
                if is_found(pattern.found[0], name):
                    raise unusable(f"property {name[:80]!r} matches the pattern {source[:80]!r}")
            self._below(place, part)

    def _tuple(self, place: _Place, parts: list[Any]) -> None:
        schema, length = place.schema, len(parts)
        if schema.get("minItems") != length:
            raise unusable("'prefixItems' without 'minItems' of the same number")
        if schema.get("maxItems") != length and schema.get("items") is not False:
            raise unusable("'prefixItems' without 'maxItems' of the same number")
        for part in parts:
            self._below(place, part)

    def _contains(self, place: _Place, value: Any) -> None:
        least, most = place.schema.get("minContains", 1), place.schema.get("maxContains")
        if most is None and least == 0:
            raise unusable("'minContains' of 0 without 'maxContains'")
        if most is not None and least > most:
            raise unusable("'minContains' greater than 'maxContains'")
        self._below(place, value)

    def _rest(self, place: _Place, keyword: str, value: Any) -> None:
        """Keywords for the properties or items that others leave."""
        if is_idle(place.schema, keyword):
            return
        if value is not False or (keyword == "items" and "prefixItems" not in place.schema):
            self._below(place, value)


def _check_names(root: Schema) -> None:
    """Refuse names for parts of a schema. ajv follows them, but confuses those of different models."""
    stack: list[Any] = [part for keyword, part in root.items() if keyword not in _DATA]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            if isinstance(item.get("$id"), str) or isinstance(item.get("$dynamicAnchor"), str):
                raise unusable("'$id' or '$dynamicAnchor' within the schema")
            stack += [part for keyword, part in item.items() if keyword not in _DATA]


def _parts(keyword: str, value: Any) -> list[Any]:
    """The schemas in the value of a keyword in `_SAME_VALUE`."""
    if keyword == "not":
        return [value]
    return (
        value if isinstance(value, list) else [part for part in value.values() if not isinstance(part, list)]
    )


def _check_types(place: _Place, own: list[str]) -> None:
    place.types = narrowed(place.types, own)
    if len(own) > 1 and not (len(own) == 2 and "null" in own):
        raise unusable(f"several types: {', '.join(own)}")
    for keyword in place.schema:
        kinds = KINDS.get(keyword)
        if kinds and not any(applies(place.types, kind) for kind in kinds):
            raise unusable(f"keyword {keyword!r} without the type {' or '.join(kinds)}")


def _check_value(place: _Place, keyword: str, value: Any) -> None:
    """Keywords without schemas in them."""
    if keyword == "required":
        known = place.schema.get("properties", {}).keys() | place.names
        lost = next((name for name in value if name not in known), None)
        if lost is not None:
            raise unusable(f"required property {lost[:80]!r} is not defined")
    elif keyword == "enum" and not value:
        raise unusable("'enum' without values")
    elif keyword == "nullable" and not isinstance(value, bool):
        raise unusable("'nullable' is neither true nor false")
    elif keyword == "uniqueItems" and value and isinstance(place.schema.get("items"), dict):
        own_types(place.schema["items"])
    elif keyword in {"minContains", "maxContains"} and "contains" not in place.schema:
        raise unusable(f"{keyword!r} without 'contains'")
    elif keyword == "format" and value not in _FORMATS:
        raise unusable(f"unknown format {value[:80]!r}")
    elif keyword in LIMITS_OF_FORMATS:
        _check_limit(place.schema, keyword)


def _check_limit(schema: Schema, keyword: str) -> None:
    name = schema.get("format")
    if name is None or not isinstance(schema[keyword], str):
        raise unusable(f"{keyword!r} without 'format', or no text")
    if name not in COMPARABLE | HINTS:
        raise unusable(f"{keyword!r} of a format without an order")
