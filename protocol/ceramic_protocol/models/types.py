"""Types in schemas, as ajv reads them: `nullable` beside `type`, and what follows from schemas around one."""

from __future__ import annotations

from ceramic_protocol.models.keywords import TYPES, Schema
from ceramic_protocol.models.references import unusable


def own_types(schema: Schema) -> list[str]:
    """The types that a schema names itself.

    Raises:
        DecodeError: `type` names none, or `nullable` contradicts it.
    """
    named = schema.get("type", [])
    types = list(named) if isinstance(named, list) else [named]
    if not all(isinstance(name, str) and name in TYPES for name in types):
        raise unusable("'type' is not a type or a list of them")
    nullable = schema.get("nullable")
    if "null" in types and nullable is False:
        raise unusable("type null contradicts 'nullable' false")
    if not types and "nullable" in schema:
        raise unusable("'nullable' without 'type'")
    return [*types, "null"] if nullable is True and "null" not in types else types


def narrowed(around: list[str], own: list[str]) -> list[str]:
    """The types that are left for a value, of those that the schemas around and the schema itself name.

    Raises:
        DecodeError: the schema names one that is excluded by those around it.
    """
    if not own:
        return around
    if not around:
        return own
    for name in own:
        if not _includes(around, name):
            raise unusable(f"type {name!r} where {', '.join(around)} is demanded already")
    kept = []
    for name in around:
        if _includes(own, name):
            kept.append(name)
        elif name == "number" and "integer" in own:
            kept.append("integer")
    return kept


def applies(types: list[str], kind: str) -> bool:
    """Whether a keyword for values of a kind makes sense for these types."""
    return kind in types or (kind == "number" and "integer" in types)


def _includes(types: list[str], name: str) -> bool:
    return name in types or (name == "integer" and "number" in types)
