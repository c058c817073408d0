"""Schemas in a folder, for those who have no registry: `<subject>/v1.avsc`, `v2.avsc`, and an index of ids.

Several processes may use one folder. A schema is on the disk before its id is in the index, and the index is
replaced as a whole; who puts one there keeps others that do waiting.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

import orjson

from ceramic_connectors.outside import outside
from ceramic_connectors.records.compatible import fault
from ceramic_connectors.records.errors import (
    SchemaIncompatibleError,
    SchemaInvalidError,
    SchemasError,
    SchemaUnknownError,
)
from ceramic_connectors.records.schema_index import SUBJECT, Index
from ceramic_connectors.rename import sync
from ceramic_protocol.errors import UsageError
from ceramic_protocol.limits import MAX_AVRO_SCHEMA_BYTES, MAX_SCHEMA_INDEX_BYTES

_INDEX: Final = "ids.json"


class SchemaFolder:
    """See `schemas.Schemas`. Ids begin at 1; a schema has the same one under every subject."""

    def __init__(self, path: Path) -> None:
        """Name the folder, which is made when a schema is put there."""
        self._path = path
        self._lock = Lock()
        self._ids: dict[tuple[str, str], int] = {}
        self._schemas: dict[int, str] = {}

    def __reduce__(self) -> tuple[type[SchemaFolder], tuple[Path]]:
        return type(self), (self._path,)

    def __repr__(self) -> str:
        return f"SchemaFolder({str(self._path)!r})"

    def id_of(self, subject: str, schema: str) -> int:
        """See `schemas.Schemas.id_of`.

        Raises:
            UsageError: the subject can't be the name of a folder.
            OutsideError: the disk failed.
        """
        known = self._ids.get((subject, schema))
        if known is not None:
            return known
        if not SUBJECT.fullmatch(subject):
            raise UsageError(f"{subject!r} can't be a subject: it needs the name of a topic of Kafka")
        with self._lock:
            number = self._found(subject, schema) or self._put(subject, schema)
            self._ids[subject, schema] = number
            return number

    def schema_of(self, schema_id: int) -> str:
        """See `schemas.Schemas.schema_of`.

        Raises:
            OutsideError: the disk failed.
        """
        known = self._schemas.get(schema_id)
        if known is None:
            index = self._index()
            if schema_id not in index.files:
                raise SchemaUnknownError(f"{self._path} has no schema {schema_id}")
            known = self._text(index, schema_id)
        return known

    def _found(self, subject: str, schema: str) -> int | None:
        index = self._index()
        return next((number for number in index.of(subject) if self._text(index, number) == schema), None)

    def _put(self, subject: str, schema: str) -> int:
        with outside(f"keep a schema in {self._path}"):
            self._path.mkdir(parents=True, exist_ok=True)
            with _alone(self._path / ".lock"):
                number = self._found(subject, schema)  # another process may have been quicker
                return number or self._put_alone(subject, schema)

    def _put_alone(self, subject: str, schema: str) -> int:
        index = self._index()
        versions = index.of(subject)
        for version, number in enumerate(versions, 1):
            found = _fault(schema, self._text(index, number))
            if found is not None:
                raise SchemaIncompatibleError(
                    f"{subject} in {self._path} doesn't take this version's schema, as it couldn't read what "
                    f"version {version} wrote ({found}); write to other topics, or with the version before"
                )
        same = (number for number in index.files if self._text(index, number) == schema)
        number = next(same, None) or 1 + max(index.files, default=0)
        file = f"{subject}/v{len(versions) + 1}.avsc"
        (self._path / subject).mkdir(exist_ok=True)
        _write(self._path / file, schema.encode("utf-8"))
        files = {number: file, **index.files}
        index = Index(files, {**index.subjects, subject: (*versions, number)})
        _write(self._path / _INDEX, index.written)
        return number

    def _text(self, index: Index, number: int) -> str:
        known = self._schemas.get(number)
        if known is None:
            path = self._path / index.files[number]
            known = self._schemas[number] = _read(path, MAX_AVRO_SCHEMA_BYTES).decode("utf-8", "replace")
        return known

    def _index(self) -> Index:
        path = self._path / _INDEX
        if not path.exists():
            return Index({}, {})
        try:
            return Index.parse(_read(path, MAX_SCHEMA_INDEX_BYTES))
        except (ValueError, AttributeError, KeyError, TypeError):
            raise SchemasError(f"{path} is no index of schemas; take it from a backup") from None


def _fault(reader: str, writer: str) -> str | None:
    try:
        return fault(orjson.loads(reader), orjson.loads(writer))
    except (LookupError, TypeError, ValueError):
        raise SchemaInvalidError("what was to be kept is no Avro schema, or one before it isn't") from None


def _read(path: Path, limit: int) -> bytes:
    """What is in a file.

    Raises:
        SchemasError: it has more than `limit` bytes.
        OutsideError: it can't be read.
    """
    with outside(f"read {path}"), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise SchemasError(f"{path} has more than {limit} bytes, which is too much for schemas")
    return data


def _write(path: Path, data: bytes) -> None:
    """Put a file in its place as a whole; what is said to be there is on the disk."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(data)
    sync(new)
    new.replace(path)
    sync(path.parent)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Keep other processes that put schemas there waiting."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
