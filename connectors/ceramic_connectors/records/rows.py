"""Whether a row is one of its table: what every form asks before it writes, and after it has read.

Libraries write what they shouldn't: fastavro takes rows with a field too many, orjson integers of 64 bits
without a sign (kafka.md 6). The usual row costs a look-up of the types of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, Final

from ceramic_connectors.records.errors import RecordError
from ceramic_protocol.limits import MAX_KNOWN_ROW_SHAPES
from ceramic_protocol.plain_text import plain
from ceramic_protocol.records import SOURCE
from ceramic_protocol.tables import Field, Table

LIST: Final = "list<utf8>"
"""The type of a field that holds texts in order."""

NESTED: Final = "source"
"""The type of a field that holds a row of `SOURCE`."""

_MIN, _MAX = -(1 << 63), (1 << 63) - 1
_TEXTS: Final = frozenset({str})
_MAX_NAME = 60


class Rows:
    """The check of one table's rows; for several threads at once."""

    def __init__(self, table: Table, place: str | None = None) -> None:
        """Prepare it.

        Args:
            table: whose rows.
            place: what errors call such a row; the table's name if None.

        Raises:
            RecordError: the table has a type that records don't have.
        """
        self._table = table
        self._place = place or table.name
        self._values = _getter(table.names)
        self._shapes: set[tuple[type, ...]] = set()
        self._integers = _getter(_named(table, "int64"))
        self._lists = _getter(_named(table, LIST))
        self._nested = [(name, Rows(SOURCE, f"{self._place}.{name}")) for name in _named(table, NESTED)]
        for field in table.fields:
            if field.type not in _CHECKS and field.type != NESTED:
                raise RecordError(f"{table.name}.{field.name}: records have no type {field.type}")

    def values(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of a row in the order of the table's fields, after checking them.

        Texts may still hold half of a surrogate pair: writing them tells, at no cost. See `explain`.

        Raises:
            RecordError: it isn't a row of the table.
        """
        try:
            values = self._values(row)
            shape = tuple(map(type, values))
            if shape not in self._shapes or len(row) != len(shape) or not self._are_parts_fit(row):
                self._look_closely(row, shape)
        except (TypeError, LookupError, AttributeError):
            raise self.explain(row) from None
        for name, rows in self._nested:
            if row[name] is not None:
                rows.values(row[name])
        return values

    def explain(self, row: object) -> RecordError:
        """Why a row can't be written, after something refused to write it."""
        fault = _fault(self._place, self._table, row)
        return RecordError(fault or f"{self._place}: can't be written")

    def _are_parts_fit(self, row: Mapping[str, Any]) -> bool:
        """Whether integers have 64 bits and lists hold texts, in a row of fitting types."""
        for number in self._integers(row):
            if number is not None and not _MIN <= number <= _MAX:
                return False
        return all(_TEXTS.issuperset(map(type, items or ())) for items in self._lists(row))

    def _look_closely(self, row: Mapping[str, Any], shape: tuple[type, ...]) -> None:
        fault = _fault(self._place, self._table, row)
        if fault is not None:
            raise RecordError(fault)
        if len(self._shapes) < MAX_KNOWN_ROW_SHAPES:
            self._shapes.add(shape)


def _named(table: Table, kind: str) -> tuple[str, ...]:
    return tuple(field.name for field in table.fields if field.type == kind)


def _getter(names: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """What gives the values of these members; `itemgetter` gives a tuple only for two or more."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda row: tuple(row[name] for name in names)


def _fault(place: str, table: Table, row: object) -> str | None:
    """What is wrong with a row; None if nothing is."""
    if not isinstance(row, Mapping):
        return f"{place}: is {_kind(row)}, not a row"
    names = table.names
    missing = [name for name in names if name not in row]
    if missing:
        return f"{place}.{missing[0]}: is missing"
    if len(row) != len(names):
        more = next(name for name in row if name not in names)
        return f"{place}: has no field {plain(str(more), _MAX_NAME)}"
    faults = (_field_fault(f"{place}.{field.name}", field, row[field.name]) for field in table.fields)
    return next((fault for fault in faults if fault is not None), None)


def _field_fault(place: str, field: Field, value: object) -> str | None:
    if value is None:
        return None if field.nullable else f"{place}: is null"
    if field.type == NESTED:
        return _fault(place, SOURCE, value)
    fault = _CHECKS[field.type](value)
    return f"{place}: {fault}" if fault else None


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return f"is {_kind(value)}, not a text"
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return "has half of a surrogate pair, which has no UTF-8"
    return None


def _bytes(value: object) -> str | None:
    return None if isinstance(value, bytes) else f"is {_kind(value)}, not bytes"


def _bool(value: object) -> str | None:
    return None if isinstance(value, bool) else f"is {_kind(value)}, not true or false"


def _integer(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return f"is {_kind(value)}, not an integer"
    return None if _MIN <= value <= _MAX else "needs more than 64 bits"


def _list(value: object) -> str | None:
    if not isinstance(value, list | tuple):
        return f"is {_kind(value)}, not a list"
    return _first(_text(item) for item in value)


def _first(faults: Iterable[str | None]) -> str | None:
    return next((f"its item {number} {fault}" for number, fault in enumerate(faults) if fault), None)


def _kind(value: object) -> str:
    return f"of type {type(value).__name__[:_MAX_NAME]}"


_CHECKS: Final[Mapping[str, Callable[[object], str | None]]] = {
    "utf8": _text,
    "binary": _bytes,
    "bool": _bool,
    "int64": _integer,
    LIST: _list,
}
"""By the types of fields: what is wrong with a value that isn't null."""
