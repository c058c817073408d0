"""Rows as Avro's binary encoding (Avro 1.12, binary encoding), for the few types that records have.

fastavro writes the same bytes, and takes twice as long: it looks for the branch of each union, and for fields
too many in each record. That is settled here by then (`rows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

from ceramic_connectors.records.rows import LIST, NESTED
from ceramic_protocol.records import SOURCE
from ceramic_protocol.tables import Field, Table

_Write = Callable[[Any], bytes]

_NULL: Final = b"\0"
_NOT_NULL: Final = b"\2"
"""The second branch of a union, as an integer."""


def avro_writer(table: Table) -> Callable[[Iterable[Any]], bytes]:
    """What makes a record of a row's values, which stand in the order of the fields and fit them.

    It raises `UnicodeEncodeError` for half of a surrogate pair.
    """
    writers = [_writer(field) for field in table.fields]
    join = b"".join

    def write(values: Iterable[Any]) -> bytes:
        return join([write(value) for write, value in zip(writers, values, strict=True)])

    return write


def _writer(field: Field) -> _Write:
    write = _nested() if field.type == NESTED else _WRITERS[field.type]
    return _or_null(write) if field.nullable else write


def _nested() -> _Write:
    inner, values = avro_writer(SOURCE), itemgetter(*SOURCE.names)
    return lambda row: inner(values(row))


def _or_null(write: _Write) -> _Write:
    return lambda value: _NULL if value is None else _NOT_NULL + write(value)


def _digits(number: int) -> bytes:
    """A number from 0 in groups of seven bits, the lowest first; all but the last have the eighth bit set."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


# Lengths are short, and times differ in their last digits: most is looked up.
_LENGTHS: Final = [_digits(number << 1) for number in range(1 << 12)]
_LOW: Final = [bytes([number & 127 | 128, number >> 7 | 128]) for number in range(1 << 14)]
_high = lru_cache(1024)(_digits)


def _long(value: int) -> bytes:
    """Zigzag: 0, -1, 1, -2 and so on become 0, 1, 2, 3."""
    number = (value << 1) ^ (value >> 63)
    return _LOW[number & 0x3FFF] + _high(number >> 14) if number > 0x3FFF else _digits(number)


def _binary(data: bytes) -> bytes:
    size = len(data)
    return (_LENGTHS[size] if size < 1 << 12 else _long(size)) + data


def _text(text: str) -> bytes:
    data = text.encode()
    size = len(data)
    return (_LENGTHS[size] if size < 1 << 12 else _long(size)) + data


def _bool(value: bool) -> bytes:
    return b"\1" if value else b"\0"


def _list(items: list[str]) -> bytes:
    """One block of items, unless there are none, and the end."""
    return _long(len(items)) + b"".join(map(_text, items)) + b"\0" if items else b"\0"


_WRITERS: Final[Mapping[str, _Write]] = {
    "utf8": _text,
    "binary": _binary,
    "bool": _bool,
    "int64": _long,
    LIST: _list,
}
