"""What a document refers to: fields that hold StreamIDs of other documents (consensus.md 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.ids import MODEL_INSTANCE, StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.models.members import Relation
from ceramic_protocol.reasons import Finding, Reason

LINK_PENDING: Final = Reason.RELATION_MISSING
"""The code for a document that waits for the stream it refers to."""


def check_relations(definition: ModelDefinition, content: object, context: Context) -> Finding | None:
    """What is wrong with the references in a content: what is certain before what may change.

    Returns:
        `relation_invalid`, or a pending finding while a stream or its model isn't known, or None.
    """
    if not definition.relations:
        return None
    pending = None
    for name, value in references(definition, content):
        found = _check(definition.relations[name], value, context)
        if found is not None and found.is_certain:
            return found._replace(detail=f"{name[:80]}: {found.detail}")
        pending = pending or found
    return pending


def references(definition: ModelDefinition, content: object) -> Iterator[tuple[str, object]]:
    """The fields of a content that have to refer to documents, and what is in them."""
    if isinstance(content, dict):
        for name, relation in definition.relations.items():
            if relation.is_document and content.get(name) is not None:
                yield name, content[name]


def _check(relation: Relation, value: object, context: Context) -> Finding | None:
    stream = document_id(value)
    if stream is None:
        return Finding(Reason.RELATION_INVALID, f"{str(value)[:80]!r} is no StreamID of a document")
    linked = context.streams.get(stream)
    if linked is None:
        return Finding(LINK_PENDING, f"{stream}, which is referred to, has not been seen")
    if linked.model is None:
        return Finding(Reason.RELATION_INVALID, f"{stream} is no document")
    if relation.model is None or linked.model == relation.model:
        return None
    return _check_interface(relation.model, linked.model, context)


def _check_interface(wanted: StreamId, found: StreamId, context: Context) -> Finding | None:
    """A document of another model will do if that model implements the one that is wanted."""
    model = context.models.get(found)
    if model is None:
        return Finding(Reason.MODEL_MISSING, f"{found}, the model of what is referred to")
    if isinstance(model, ModelDefinition) and model.version != "1.0" and wanted in model.implements:
        return None
    if isinstance(model, Finding) and not model.is_certain:
        return model
    return Finding(Reason.RELATION_INVALID, f"refers to a document of {found}, not of {wanted}")


def document_id(value: object) -> StreamId | None:
    """The StreamID of a document that a text holds."""
    try:
        stream = StreamId.parse(value) if isinstance(value, str) else None
    except IdentifierError:
        return None
    return stream if stream is not None and stream.stream_type == MODEL_INSTANCE else None
