"""Whether a model implements the interfaces that it claims to implement (consensus.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping

from ceramic_protocol.ids import StreamId
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.models.refinement import refinement_error
from ceramic_protocol.reasons import Finding, Reason


def check_implements(
    definition: ModelDefinition, interfaces: Mapping[StreamId, ModelDefinition | Finding]
) -> Finding | None:
    """What is wrong with a model in the light of its interfaces.

    What one interface shows to be wrong is wrong, whatever others are missing. As in js-ceramic, any model
    may be named as an interface.

    Args:
        definition: the model's own definition.
        interfaces: other models' definitions, or what is wrong with them; a missing one isn't known yet.

    Returns:
        `model_invalid`, `model_missing` if an interface is not known yet, or None.
    """
    pending = None
    for stream in definition.implements:
        interface = interfaces.get(stream)
        if interface is None:
            pending = pending or Finding(Reason.MODEL_MISSING, f"interface {stream}")
        elif isinstance(interface, Finding) and not interface.is_certain:
            pending = pending or interface
        else:
            error = _error(interface, definition)
            if error is not None:
                return Finding(Reason.MODEL_INVALID, f"does not implement {stream}: {error}")
    return pending


def _error(interface: ModelDefinition | Finding, model: ModelDefinition) -> str | None:
    if isinstance(interface, Finding):
        return interface.detail
    error = refinement_error(interface.schema.value, model.schema.value)
    if error is not None:
        return error
    for name, relation in interface.relations.items():
        if model.relations.get(name) != relation:
            return f"relation {name[:80]!r} differs"
    for name, view in interface.views.items():
        if model.views.get(name) != view:
            return f"view {name[:80]!r} differs"
    for name in interface.immutable_fields:
        if name not in model.immutable_fields:
            return f"field {name[:80]!r} is not immutable"
    return None
