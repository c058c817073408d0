"""From a model's schema to one that means the same to the validator, and to the graph of its parts.

Formats and regular expressions become ones of the validator's engine, `nullable` and `dependencies` become
what JSON Schema 2020-12 has for them, references become numbers, and annotations are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from ceramic_protocol.js_numbers import MAX_SAFE_INTEGER
from ceramic_protocol.limits import MAX_PATTERN_BYTES
from ceramic_protocol.models.formats import COMPARABLE, INTEGERS, TEXTS, text_format
from ceramic_protocol.models.graph import Node
from ceramic_protocol.models.keywords import LIMITS_OF_FORMATS, Schema, is_idle
from ceramic_protocol.models.patterns import Pattern, translate
from ceramic_protocol.models.references import References, unusable
from ceramic_protocol.models.types import own_types

_KEPT_NAMES: Final = (
    "const enum maximum minimum exclusiveMaximum exclusiveMinimum multipleOf required uniqueItems "
    "dependentRequired"
)
_KEPT: Final = frozenset(_KEPT_NAMES.split())
_COUNT_NAMES: Final = (
    "maxLength minLength maxItems minItems maxProperties minProperties maxContains minContains"
)
_COUNTS: Final = frozenset(_COUNT_NAMES.split())
_BELOW: Final = {
    "items": "items",
    "contains": "items",
    "unevaluatedItems": "items",
    "propertyNames": "names",
    "additionalProperties": "other_keys",
    "unevaluatedProperties": "every_key",
}
_LEFTOVERS: Final = ("unevaluatedProperties", "unevaluatedItems")
_PER_KEY: Final = ("additionalProperties", "unevaluatedProperties", "propertyNames", "patternProperties")
_UNIQUE_WEIGHT: Final = 16
_LEFTOVERS_WEIGHT: Final = 20
_BYTES_PER_STEP: Final = 8


@dataclass(slots=True)
class Rewritten:
    """A schema for the validator, its graph, and what its regular expressions were before."""

    schema: dict[str, Any] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    pattern_bytes: int = 0


def rewrite(root: Schema, references: References) -> Rewritten:
    """Rewrite a schema that ajv's strict mode has nothing against.

    Raises:
        DecodeError: its regular expressions take too much memory, or one can't be translated.
    """
    return _Rewriting(root, references).run()


@dataclass(slots=True)
class _Draft:
    """A schema being written: `more` has to be fulfilled as well."""

    source: Schema
    node: Node
    out: dict[str, Any] = field(default_factory=dict)
    more: list[Any] = field(default_factory=list)

    @property
    def result(self) -> dict[str, Any]:
        # The validator looks again at what applies to the same value to see what is left, and keeps notes.
        self.node.here *= _LEFTOVERS_WEIGHT ** sum(keyword in self.out for keyword in _LEFTOVERS)
        if not self.out.keys().isdisjoint(_PER_KEY):
            self.node.per_key = 1
        return {**self.out, "allOf": self.more} if self.more else self.out


class _Rewriting:
    def __init__(self, root: Schema, references: References) -> None:
        self._references = references
        self._result = Rewritten()
        self._numbers: dict[int, int] = {}
        self._waiting: list[Schema] = []
        self._root = root

    def run(self) -> Rewritten:
        result, definitions = self._result, {}
        result.schema = self._schema(self._root, self._number(self._root))
        while self._waiting:
            target = self._waiting.pop()
            number = self._numbers[id(target)]
            definitions[str(number)] = self._schema(target, number)
        if definitions:
            result.schema["$defs"] = definitions
        return result

    def _number(self, schema: Schema) -> int:
        """The number of a schema that is referred to, or is the whole."""
        number = self._numbers.get(id(schema))
        if number is None:
            number = self._numbers[id(schema)] = self._new_node()
            if schema is not self._root:
                self._waiting.append(schema)
        return number

    def _new_node(self) -> int:
        self._result.nodes.append(Node())
        return len(self._result.nodes) - 1

    def _part(self, schema: Schema | bool, into: list[int]) -> Any:
        """A part of a schema, whose number goes `into` a list of the graph."""
        if isinstance(schema, bool):
            return schema
        number = self._new_node()
        into.append(number)
        return self._schema(schema, number)

    def _schema(self, schema: Schema, number: int) -> dict[str, Any]:
        draft = _Draft(schema, self._result.nodes[number])
        types = own_types(schema)
        if types:
            draft.out["type"] = types if len(types) > 1 else types[0]
        for keyword, value in schema.items():
            if not is_idle(schema, keyword):
                self._keyword(draft, keyword, value)
        self._texts(draft)
        return draft.result

    def _keyword(self, draft: _Draft, keyword: str, value: Any) -> None:
        if keyword in _KEPT:
            draft.out[keyword] = value
            draft.node.weight += _weight(keyword, value)
            draft.node.per_char += 1
        elif keyword in _COUNTS:
            draft.out[keyword] = int(min(value, MAX_SAFE_INTEGER))
            draft.node.per_char += 1
        elif keyword in LIMITS_OF_FORMATS and draft.source["format"] in COMPARABLE:
            draft.out[keyword] = [draft.source["format"], value]
            draft.node.per_char += 1
        elif keyword == "$ref":
            self._reference(draft, value)
        elif keyword in _BELOW:
            draft.out[keyword] = self._part(value, getattr(draft.node, _BELOW[keyword]))
        elif keyword in {"properties", "patternProperties", "prefixItems"}:
            self._by_place(draft, keyword, value)
        else:
            self._same_value(draft, keyword, value)

    def _same_value(self, draft: _Draft, keyword: str, value: Any) -> None:
        """Keywords with schemas for the same value."""
        here = draft.node.here
        if keyword == "allOf":
            draft.more += [self._part(part, here) for part in value]
        elif keyword in {"anyOf", "oneOf"}:
            draft.out[keyword] = [self._part(part, here) for part in value]
        elif keyword in {"not", "if", "then", "else"}:
            draft.out[keyword] = self._part(value, here)
        elif keyword == "dependentSchemas":
            draft.out[keyword] = {name: self._part(part, here) for name, part in value.items()}
        elif keyword == "dependencies":
            names = {name: part for name, part in value.items() if isinstance(part, list)}
            others = {name: self._part(part, here) for name, part in value.items() if name not in names}
            draft.node.weight += sum(map(len, names.values()))
            draft.more.append({"dependentSchemas": others, "dependentRequired": names})

    def _reference(self, draft: _Draft, reference: object) -> None:
        target = self._references.target(reference)
        if isinstance(target, bool):
            draft.more.append(target)
            return
        number = self._number(target)
        draft.node.here.append(number)
        draft.out["$ref"] = f"#/$defs/{number}" if number else "#"

    def _by_place(self, draft: _Draft, keyword: str, value: Any) -> None:
        """Keywords with schemas for certain properties or items."""
        if keyword == "prefixItems":
            draft.out[keyword] = [self._item(part, draft.node.first_items) for part in value]
        elif keyword == "patternProperties":
            draft.out[keyword] = self._patterns(draft, value)
        else:
            keys = draft.node.keys
            draft.out[keyword] = {
                name: self._part(part, keys.setdefault(name, []))
                for name, part in value.items()
                if name != "__proto__"
            }
            draft.node.weight += len(value)

    def _item(self, part: Schema | bool, into: list[int]) -> Any:
        if isinstance(part, bool):
            into.append(self._new_node())
        return self._part(part, into)

    def _patterns(self, draft: _Draft, patterns: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, list[Any]] = {}
        for source, part in patterns.items():
            pattern = translate(source)
            self._charge(draft, pattern, f"pattern {source!r}")
            out.setdefault(pattern.found[0], []).append(self._part(part, draft.node.every_key))
        return {found: parts[0] if len(parts) == 1 else {"allOf": parts} for found, parts in out.items()}

    def _texts(self, draft: _Draft) -> None:
        """What `pattern` and `format` say."""
        name, source = draft.source.get("format"), draft.source.get("pattern")
        found: list[str] = []
        if source is not None:
            pattern = translate(source)
            self._charge(draft, pattern, f"pattern {source!r}")
            found += pattern.found
            draft.more += [{"not": {"type": "string", "pattern": absent}} for absent in pattern.absent]
        if name in TEXTS:
            pattern = text_format(name)
            self._charge(draft, pattern, f"format {name!r}")
            found += pattern.found
        if name in INTEGERS:
            draft.more.append(
                {"if": {"type": "number"}, "then": {"type": "integer", **_range(INTEGERS[name])}}
            )
        if found:
            draft.out["pattern"] = found[0]
            draft.more += [{"pattern": each} for each in found[1:]]

    def _charge(self, draft: _Draft, pattern: Pattern, label: str) -> None:
        draft.node.per_char += 1 + pattern.places
        self._result.labels.update(dict.fromkeys(pattern.found, label))
        self._result.pattern_bytes += pattern.size
        if self._result.pattern_bytes > MAX_PATTERN_BYTES:
            raise unusable(f"regular expressions that take more than {MAX_PATTERN_BYTES} bytes")


def _range(limits: tuple[int, int] | None) -> dict[str, int]:
    return {} if limits is None else {"minimum": limits[0], "maximum": limits[1]}


def _weight(keyword: str, value: Any) -> int:
    if keyword == "uniqueItems":
        return _UNIQUE_WEIGHT
    if keyword in {"const", "enum", "required", "dependentRequired"}:
        return 1 + len(orjson.dumps(value)) // _BYTES_PER_STEP
    return 1
