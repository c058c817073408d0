"""Rows of records for tests."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st

from ceramic_connectors.records.schemas import Schemas
from ceramic_protocol.records import SOURCE
from ceramic_protocol.tables import Field, Table

MIN, MAX = -(1 << 63), (1 << 63) - 1
_YEARS: Final = st.integers(-62_135_596_800_000, 253_402_300_799_999)
"""Milliseconds that are in the years 1 to 9999."""

_SHOWN: Final = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=70)
_OF_CLOUD_EVENTS: Final = {"event_cid": _SHOWN, "stream_id": _SHOWN, "name": _SHOWN, "ts_ms": _YEARS}
_TYPES: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "utf8": st.text(max_size=70),
    "binary": st.binary(max_size=600),
    "bool": st.booleans(),
    "int64": st.integers(MIN, MAX) | st.sampled_from([MIN, -1, 0, 1 << 31, 1 << 53, MAX]),
    "list<utf8>": st.lists(st.text(max_size=70), max_size=5),
}


def rows(table: Table, *, of_cloud_events: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of a table; with values that CloudEvents can have where attributes are made of them."""

    def value(field: Field) -> st.SearchStrategy[Any]:
        if field.type == "source":
            return rows(SOURCE, of_cloud_events=of_cloud_events)
        special = _OF_CLOUD_EVENTS.get(field.name) if of_cloud_events else None
        found = _TYPES[field.type] if special is None else special
        return st.none() | found if field.nullable else found

    return st.fixed_dictionaries({field.name: value(field) for field in table.fields})


def without(table: Table, *names: str) -> Table:
    """The table as it was before these fields came."""
    return replace(table, fields=tuple(field for field in table.fields if field.name not in names))


def with_more(table: Table, *fields: Field) -> Table:
    """The table as it is when these fields have come, in the middle."""
    middle = len(table.fields) // 2
    return replace(table, fields=(*table.fields[:middle], *fields, *table.fields[middle:]))


def sample(table: Table, number: int = 0) -> dict[str, Any]:
    """A row as the source makes them, another one for each number; what may be null sometimes is."""
    chance = random.Random(f"{table.name} {number}")
    return {field.name: _sample(field, number, chance) for field in table.fields}


def _sample(field: Field, number: int, chance: random.Random) -> Any:
    if field.type == "source":
        return sample(SOURCE, number)
    if field.nullable and chance.random() < 0.3:
        return None
    if field.type == "int64":
        return chance.choice([number, 1_700_000_000_000 + number, 1 << 40])
    if field.type == "bool":
        return chance.random() < 0.5
    if field.type == "binary":
        return chance.randbytes(chance.choice([0, 36, 600, 5000]))
    if field.type == "list<utf8>":
        return [f"bafy{chance.getrandbits(200):050x}" for _ in range(chance.choice([0, 1, 7]))]
    return chance.choice(
        ["c", f"{field.name}-{number}", f"k2t6wy{chance.getrandbits(250):062x}", "Größe ✓ 🜁"]
    )


class InMemory(Schemas):
    """Schemas in a dict, for tests of what isn't about their store."""

    def __init__(self, *texts: str) -> None:
        self.texts = list(texts)
        self.asked: list[str] = []

    def id_of(self, subject: str, schema: str) -> int:
        self.asked.append(subject)
        if schema not in self.texts:
            self.texts.append(schema)
        return 1 + self.texts.index(schema)

    def schema_of(self, schema_id: int) -> str:
        from ceramic_connectors.records.errors import SchemaUnknownError

        if not 1 <= schema_id <= len(self.texts):
            raise SchemaUnknownError(f"no schema {schema_id}")
        return self.texts[schema_id - 1]
