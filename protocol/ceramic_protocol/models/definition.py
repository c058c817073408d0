"""Definitions of models, versions 1.0 and 2.0 (consensus.md 3.1; js-ceramic's model handler).

A definition is judged by itself here; whether it implements its interfaces is asked by `implements`. That its
schema fits the meta-schema does not mean that documents can be checked by it: see `schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.dagjson import to_json
from ceramic_protocol.errors import DecodeError, EncodeError
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.js_numbers import js_numbers
from ceramic_protocol.models.definition_checks import (
    check_closed,
    check_interface,
    check_set_fields,
    check_views,
)
from ceramic_protocol.models.members import (
    AccountRelation,
    Relation,
    View,
    account_relation,
    refuse,
    relations,
    stream_id,
    text,
    texts,
    views,
)
from ceramic_protocol.models.metaschema import schema_error
from ceramic_protocol.models.schema import ModelSchema
from ceramic_protocol.models.values import is_truthy, refuse_large_integers

_NAMES: Final = (
    "version name description schema accountRelation relations views interface implements immutableFields"
)
_MEMBERS: Final = frozenset(_NAMES.split())


@dataclass(frozen=True, slots=True)
class ModelDefinition:
    """What a model says of its documents. `implements` are the interfaces that it claims to implement."""

    version: str
    name: str
    description: str | None
    account: AccountRelation
    interface: bool
    implements: tuple[StreamId, ...]
    immutable_fields: tuple[str, ...]
    relations: Mapping[str, Relation]
    views: Mapping[str, View]
    schema: ModelSchema = field(repr=False)

    @property
    def has_links(self) -> bool:
        """Whether documents of this model may refer to other documents."""
        return any(relation.is_document for relation in self.relations.values())


def parse_model(content: IpldValue) -> ModelDefinition:
    """The definition in a model's content, which all rules hold for that need no other model.

    Raises:
        DecodeError: `model_invalid`, and why.
    """
    if not isinstance(content, dict):
        refuse("the content of a model is no map")
    strange = next((name for name in content if name not in _MEMBERS), None)
    if strange is not None:
        refuse(f"unknown member {strange[:80]!r}")
    version = text(content, "version")
    if version not in {"1.0", "2.0"}:
        refuse(f"version {version[:80]!r} is neither 1.0 nor 2.0")
    schema = _schema(content.get("schema"))
    definition = ModelDefinition(
        version=version,
        name=text(content, "name"),
        description=text(content, "description") if "description" in content else None,
        account=account_relation(content.get("accountRelation"), version),
        interface=version != "1.0" and _flag(content.get("interface")),
        implements=_interfaces(_claimed(content, version)),
        immutable_fields=_immutable(content, version),
        relations=relations(content.get("relations", {}), version),
        views=views(content.get("views", {}), version),
        schema=ModelSchema.of(schema),
    )
    _check_together(definition, schema, is_interface=is_truthy(content.get("interface")))
    return definition


def _check_together(definition: ModelDefinition, schema: Mapping[str, Any], *, is_interface: bool) -> None:
    check_closed(schema)
    if definition.account.kind == "set":
        check_set_fields(definition.account.fields, schema)
    check_views(definition.views, schema)
    # That holds in version 1.0 as well, where nothing else follows from the member.
    if is_interface:
        check_interface(definition.views, schema)


def _flag(value: object) -> bool:
    return value if isinstance(value, bool) else refuse("interface is neither true nor false")


def _claimed(content: Mapping[str, Any], version: str) -> object:
    """The interfaces that a model claims to implement. Version 1.0 has no such member, but may have one."""
    value = content.get("implements")
    if version == "1.0" and not (isinstance(value, list | str | bytes) and value):
        return []
    return value


def _immutable(content: Mapping[str, Any], version: str) -> tuple[str, ...]:
    return () if version == "1.0" else texts(content.get("immutableFields", []), "immutableFields")


def _interfaces(value: object) -> tuple[StreamId, ...]:
    found = tuple(stream_id(item, "implements") for item in texts(value, "implements"))
    other = next((item for item in found if item.stream_type != MODEL), None)
    if other is not None:
        refuse(f"implements {other}, which is no model")
    return found


def _schema(value: object) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("type") != "object":
        refuse("the schema is not of type object")
    try:
        json = to_json(value)
        refuse_large_integers(json)
        schema: dict[str, Any] = js_numbers(json)
        error = schema_error(schema)
    except EncodeError as problem:
        refuse(f"the schema is no JSON value: {problem}")
    except DecodeError as problem:
        refuse(problem.detail)
    return refuse(error) if error is not None else schema
