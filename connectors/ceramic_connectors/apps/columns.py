"""A model's table: our own columns and those that follow from the model's schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ceramic_connectors.apps.kinds import Kind
from ceramic_connectors.apps.naming import column_names, table_name
from ceramic_connectors.apps.schema_kinds import kind_of
from ceramic_protocol.limits import MAX_TABLE_FIELDS


class Column(NamedTuple):
    """A column; `field` is the property of the content it is filled from, None for our own columns."""

    name: str
    kind: Kind
    field: str | None = None


class Relation(NamedTuple):
    """What a property refers to: an account, or a document of `model` (StreamID; None: of any model)."""

    kind: str
    model: str | None = None


STREAM_ID: Final = Column("stream_id", Kind.TEXT)
CONTROLLER: Final = Column("controller", Kind.TEXT)
UNFIT: Final = Column("unfit", Kind.JSON)
CONTENT: Final = Column("content", Kind.DOCUMENT)
RECORD: Final = (
    STREAM_ID,
    CONTROLLER,
    Column("created_at", Kind.TIME),
    Column("updated_at", Kind.TIME),
    Column("anchored_at", Kind.TIME),
    Column("first_anchored_at", Kind.TIME),
    Column("last_anchored_at", Kind.TIME),
    Column("tip", Kind.TEXT),
    Column("height", Kind.BIGINT),
    Column("context", Kind.TEXT),
    Column("unique_base64", Kind.TEXT),
    Column("model_version", Kind.TEXT),
    CONTENT,
)
"""What is kept of a stream whatever its model; all typed columns follow from the last."""

_RELATIONS: Final = ["account", "document"]
"""No set: anything may stand where a type should, also what a set can't be asked for."""

OWN_NAMES: Final = frozenset(column.name for column in (*RECORD, UNFIT))


@dataclass(frozen=True, slots=True)
class ModelTable:
    """The table of a model.

    `fields` are the columns made from the schema, `relations` and `views` those of the definition, by
    property and by name.
    """

    model: str
    name: str
    model_name: str | None
    fields: tuple[Column, ...]
    relations: Mapping[str, Relation] = field(default_factory=dict)
    views: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns in the order in which a new table has them."""
        return (*RECORD[:2], *self.fields, UNFIT, *RECORD[2:])

    @property
    def label(self) -> str:
        """What to call it in a sentence."""
        return self.model_name or self.name


def plan_table(model: str, definition: object, taken: Collection[str] = ()) -> ModelTable:
    """The table that a model's definition asks for.

    Anything may stand where a definition should: what makes no sense gives no column.

    Args:
        model: StreamID of the model as text.
        definition: content of the model's stream, a JSON value.
        taken: names of other models' tables.
    """
    content = definition if isinstance(definition, dict) else {}
    name = content.get("name")
    return ModelTable(
        model=model,
        name=table_name(model, name, taken),
        model_name=name.replace("\0", "\ufffd") if isinstance(name, str) else None,
        fields=_fields(_map(content.get("schema"))),
        relations=relations_of(content),
        views=views_of(content),
    )


def _fields(schema: Mapping[str, Any]) -> tuple[Column, ...]:
    properties = _map(schema.get("properties"))
    named = column_names(sorted(properties)[:MAX_TABLE_FIELDS], OWN_NAMES)
    return tuple(Column(column, kind_of(properties[name], schema), name) for name, column in named.items())


def relations_of(definition: object) -> dict[str, Relation]:
    """The relations that a definition declares, by property."""
    found = {}
    for name, value in _map(_map(definition).get("relations")).items():
        relation = _map(value)
        target = relation.get("model")
        if relation.get("type") in _RELATIONS:
            found[name] = Relation(relation["type"], target if isinstance(target, str) else None)
    return found


def views_of(definition: object) -> dict[str, Mapping[str, Any]]:
    """The views that a definition declares, by name."""
    return {name: _map(value) for name, value in _map(_map(definition).get("views")).items()}


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
