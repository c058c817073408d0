"""Which other streams have to be known before a stream can be judged, for hosts that collect them first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.errors import IdentifierError
from ceramic_protocol.events import InitHeader
from ceramic_protocol.ids import MODEL, StreamId
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.models.relations import document_id, references


def needs(
    header: InitHeader, definition: ModelDefinition | None = None, contents: Iterable[IpldValue] = ()
) -> set[StreamId]:
    """The models and documents that a stream's verdicts may hang on.

    Args:
        header: the stream's init header.
        definition: its model's definition, if it is known by now.
        contents: what is known of its contents: whole ones, as of the init event, or patches.

    Returns:
        For a model the interfaces that it names. For a document its model, and with `definition` all that it
        may refer to; whose models matter as well shows `models_of_links`.
    """
    if header.stream_type == MODEL:
        return {stream for content in contents for stream in interfaces(content)}
    found = set() if header.model is None else {header.model}
    return found if definition is None else found | linked_documents(definition, contents)


def linked_documents(definition: ModelDefinition, contents: Iterable[IpldValue]) -> set[StreamId]:
    """The documents that documents of a model may refer to, given whole contents or patches."""
    found: set[StreamId] = set()
    if definition.has_links:
        for content in contents:
            values = _texts(content) if isinstance(content, list) else _values(definition, content)
            found |= {stream for value in values if (stream := document_id(value)) is not None}
    return found


def models_of_links(
    definition: ModelDefinition, contents: Iterable[IpldValue], context: Context
) -> set[StreamId]:
    """The models of documents that whole contents refer to, where the relation asks for another model.

    They may implement the one that is asked for.
    """
    found = set()
    for content in contents:
        for name, value in references(definition, content):
            stream = document_id(value)
            linked = context.streams.get(stream) if stream is not None else None
            wanted = definition.relations[name].model
            if linked is not None and linked.model is not None and wanted not in {None, linked.model}:
                found.add(linked.model)
    return found


def _values(definition: ModelDefinition, content: IpldValue) -> Iterator[object]:
    for _name, value in references(definition, content):
        yield value


def interfaces(content: IpldValue) -> Iterator[StreamId]:
    """The models that a model's content claims to implement."""
    named = content.get("implements") if isinstance(content, dict) else None
    for item in named if isinstance(named, list) else ():
        try:
            stream = StreamId.parse(item) if isinstance(item, str) else None
        except IdentifierError:
            continue
        if stream is not None and stream.stream_type == MODEL:
            yield stream


def _texts(patch: IpldValue) -> Iterator[str]:
    """All texts in a patch: any of them may get into a field that refers to something, by a move say."""
    stack: list[object] = [patch]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
