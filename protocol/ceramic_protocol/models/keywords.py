"""The keywords that ajv 8 with ajv-formats knows for JSON Schema 2020-12, in the order of its rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any]
"""A schema that isn't simply true or false."""

_ANNOTATIONS: Final = (
    "$async $schema $id $defs $vocabulary definitions title description default deprecated readOnly "
    "writeOnly examples contentMediaType contentEncoding contentSchema"
)
_ANY: Final = (
    "$dynamicAnchor $dynamicRef $recursiveAnchor $recursiveRef $comment id $ref type nullable const enum "
    "not anyOf oneOf allOf if then else"
)
_NUMBER: Final = "maximum minimum exclusiveMaximum exclusiveMinimum multipleOf"
_STRING: Final = "maxLength minLength pattern"
_LIMITS: Final = "formatMaximum formatMinimum formatExclusiveMaximum formatExclusiveMinimum"
_ARRAY: Final = (
    "maxItems minItems prefixItems items contains uniqueItems maxContains minContains unevaluatedItems"
)
_OBJECT: Final = (
    "maxProperties minProperties required propertyNames additionalProperties dependencies properties "
    "patternProperties dependentRequired dependentSchemas unevaluatedProperties"
)

LIMITS_OF_FORMATS: Final = tuple(_LIMITS.split())
"""Keywords that ajv-formats adds."""

KINDS: Final[Mapping[str, Sequence[str]]] = {
    **dict.fromkeys(_ANY.split(), ()),
    **dict.fromkeys(_NUMBER.split(), ("number",)),
    "format": ("number", "string"),
    **dict.fromkeys(_STRING.split(), ("string",)),
    **dict.fromkeys(LIMITS_OF_FORMATS, ("string",)),
    **dict.fromkeys(_ARRAY.split(), ("array",)),
    **dict.fromkeys(_OBJECT.split(), ("object",)),
}
"""Keywords that say something, with the types of the values of which they say it; none means all."""

KNOWN: Final = frozenset(_ANNOTATIONS.split()) | KINDS.keys()

TYPES: Final = frozenset(("string", "number", "integer", "boolean", "null", "object", "array"))

_REFERENCES: Final = frozenset(("$ref", "$recursiveRef", "$recursiveAnchor", "$dynamicRef", "$dynamicAnchor"))


def says_nothing(schema: Schema | bool) -> bool:
    """Whether a schema allows everything, as far as one sees without looking into its parts."""
    return schema if isinstance(schema, bool) else KINDS.keys().isdisjoint(schema)


def is_reference(schema: Schema) -> bool:
    """Whether a reference is all that a schema says."""
    return bool(schema.get("$ref")) and not any(key in KINDS for key in schema if key != "$ref")


def has_references(value: object) -> bool:
    """Whether there are references in a schema, or anything that looks like one."""
    if isinstance(value, dict):
        return not _REFERENCES.isdisjoint(value) or any(map(has_references, value.values()))
    return isinstance(value, list) and any(map(has_references, value))


def is_idle(schema: Schema, keyword: str) -> bool:
    """Whether ajv passes over a keyword because of those beside it.

    So it does with what is left by `additionalProperties`, by `items` or, though they leave something, by
    `contains`; and with a condition on which nothing hangs.
    """
    if keyword == "unevaluatedProperties":
        return "additionalProperties" in schema
    if keyword == "unevaluatedItems":
        return "items" in schema or not says_nothing(schema.get("contains", True))
    if keyword in {"if", "then", "else"}:
        return says_nothing(schema.get("then", True)) and says_nothing(schema.get("else", True))
    return False
