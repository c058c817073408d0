"""Checking documents by a model's schema, as ajv 8 with ajv-formats does in strict mode (consensus.md 3.2).

A `ModelSchema` is data, which travels between processes; what is compiled from it doesn't, and is made where
it is first needed and remembered there.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

import orjson

from ceramic_protocol.errors import DecodeError
from ceramic_protocol.limits import (
    MAX_CACHED_SCHEMA_BYTES,
    MAX_CACHED_SCHEMAS,
    MAX_SCHEMA_DEPTH,
    MAX_SCHEMA_WORK,
    MAX_WORDS_CHARS,
    MAX_WORDS_STACK,
    MAX_WORDS_WORK,
)
from ceramic_protocol.models import engine
from ceramic_protocol.models.graph import Graph
from ceramic_protocol.models.references import References, unusable
from ceramic_protocol.models.rewrite import rewrite
from ceramic_protocol.models.strict import check_strict
from ceramic_protocol.models.values import depth_of, json_value
from ceramic_protocol.models.work import Work

_BYTES_PER_BYTE: Final = 40


class CompiledSchema:
    """A schema ready for use. One that ajv refuses is `unusable`, and nothing fits it."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.size = len(orjson.dumps(schema)) * _BYTES_PER_BYTE
        self.unusable: str | None = None
        try:
            self._compile(schema)
        except DecodeError as error:
            self.unusable = f"the model's schema can't be used: {error.detail}"

    def _compile(self, schema: dict[str, Any]) -> None:
        if depth_of(schema) > MAX_SCHEMA_DEPTH:
            raise unusable(f"nested deeper than {MAX_SCHEMA_DEPTH}")
        references = References(schema)
        check_strict(schema, references)
        rewritten = rewrite(schema, references)
        self.size += rewritten.pattern_bytes
        self._labels = rewritten.labels
        graph = Graph(rewritten.nodes)
        self._chain, self._work = graph.chain, Work(graph)
        self._validator = engine.compile_schema(rewritten.schema)

    def check(self, content: object) -> str | None:
        """The first error in a document's content, with its place, in words; None if it fits."""
        if self.unusable is not None:
            return self.unusable
        try:
            return self._check(content)
        except DecodeError as error:
            return error.detail[:MAX_WORDS_CHARS]

    def _check(self, content: object) -> str | None:
        value, size = json_value(content)
        if not self._work.is_within(MAX_SCHEMA_WORK, value, size):
            return f"checking it takes more work than {MAX_SCHEMA_WORK}"
        if engine.is_valid(self._validator, value):
            return None
        error = engine.first_error(self._validator, value) if self._is_simple(value, size) else None
        return "the content does not fit" if error is None else self._words(error)

    def _is_simple(self, value: object, size: int) -> bool:
        """Whether there is enough time and stack to gather the errors of all alternatives."""
        is_flat = self._chain * depth_of(value) <= MAX_WORDS_STACK
        return is_flat and self._work.is_within(MAX_WORDS_WORK, value, size)

    def _words(self, error: engine.ValidationError) -> str:
        message = error.message
        if isinstance(error.kind, engine.PatternKind):
            message = f"the value does not match {self._labels.get(error.kind.pattern, 'a pattern')}"
        path = "".join(f"/{_escaped(step)}" for step in error.instance_path)
        return f"{path or 'the content'}: {message}"[:MAX_WORDS_CHARS]


@dataclass(frozen=True, slots=True)
class ModelSchema:
    """A model's schema as JSON text, and the hash that stands for it in memory.

    The order of its members is kept: in strict mode ajv's answer hangs on it.
    """

    text: bytes = field(repr=False)
    key: bytes

    @classmethod
    def of(cls, schema: dict[str, Any]) -> ModelSchema:
        """The schema of a JSON value."""
        text = orjson.dumps(schema)
        return cls(text, hashlib.sha256(text).digest())

    @property
    def value(self) -> dict[str, Any]:
        """The schema as a JSON value of its own."""
        value: dict[str, Any] = orjson.loads(self.text)
        return value

    def check(self, content: object) -> str | None:
        """The first error in a document's content, with its place, in words; None if it fits."""
        return self.compiled().check(content)

    def compiled(self) -> CompiledSchema:
        """The schema ready for use, made now or remembered."""
        found = _CACHE.get(self.key)
        if found is None:
            found = CompiledSchema(self.value)
            _CACHE.put(self.key, found)
        return found


class _Cache:
    """The compiled schemas that were used last, as many as there is memory for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._schemas: OrderedDict[bytes, CompiledSchema] = OrderedDict()
        self._size = 0

    def get(self, key: bytes) -> CompiledSchema | None:
        with self._lock:
            found = self._schemas.get(key)
            if found is not None:
                self._schemas.move_to_end(key)
            return found

    def put(self, key: bytes, schema: CompiledSchema) -> None:
        with self._lock:
            before = self._schemas.pop(key, None)
            self._size += schema.size - (before.size if before else 0)
            self._schemas[key] = schema
            while len(self._schemas) > MAX_CACHED_SCHEMAS or self._size > MAX_CACHED_SCHEMA_BYTES:
                _key, oldest = self._schemas.popitem(last=False)
                self._size -= oldest.size


_CACHE: Final = _Cache()


def _escaped(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
