"""What is known of other streams when a stream is judged: an argument, so that the rules stay functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from ceramic_protocol.ids import METAMODEL, MODEL_INSTANCE, StreamId
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.reasons import Finding


class Linked(NamedTuple):
    """A stream that a document may refer to: the model in its init header, None for anything but a document.

    Only that header counts, which is fixed with the StreamID, not what else happened to the stream.
    """

    model: StreamId | None

    @classmethod
    def of(cls, stream: StreamId, model: bytes | None) -> Self:
        """What a host knows of a stream that is referred to as `stream`, by the `model` of its init header.

        Under a StreamID of another type than the header gives it is no document.
        """
        is_document = model is not None and model != METAMODEL and stream.stream_type == MODEL_INSTANCE
        return cls(StreamId(model) if model is not None and is_document else None)


@dataclass(frozen=True, slots=True)
class Context:
    """Other streams. What is missing isn't known yet, and makes a verdict pending.

    Attributes:
        models: models by StreamID, or what is wrong with them.
        streams: streams by StreamID, the StreamID with its type.
    """

    models: Mapping[StreamId, ModelDefinition | Finding] = field(default_factory=dict)
    streams: Mapping[StreamId, Linked] = field(default_factory=dict)
