"""New streams: models, and documents by the account relation of their model."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ceramic_protocol.build_init import deterministic_init
from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.built import BuiltEvent
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.history import StreamHistory
from ceramic_protocol.ids import StreamId
from ceramic_protocol.js_numbers import js_numbers
from ceramic_protocol.jsondiff import patch_between
from ceramic_protocol.lifecycle.errors import WriteRefused
from ceramic_protocol.lifecycle.writing import StreamWriter, Written
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import ModelDefinition
from ceramic_protocol.models.members import AccountKind
from ceramic_protocol.models.unique import unique_of
from ceramic_protocol.reasons import Finding, Reason


class NewDocument(NamedTuple):
    """What a document is to be like, see `Streams.create`."""

    model: StreamId
    content: object
    unique: bytes | None = None
    context: StreamId | None = None
    should_index: bool | None = None


def create_document(writer: StreamWriter, wanted: NewDocument, by: EventBuilder) -> Written:
    """A document as its model has them.

    Raises:
        WriteRefused, ConflictError, StreamBusy: see there; the model is unknown, for instance.
        EncodeError: the content can't be written.
        UsageError: `unique` or `context` is missing, or makes no sense for that model.
    """
    definition = _definition(writer.looker.now().context, wanted.model)
    if definition.account.kind.is_deterministic:
        return _Deterministic(wanted, by, _unique(definition, wanted)).create(writer)
    if definition.account.kind is AccountKind.LIST and wanted.unique is None:
        raise UsageError("a document of a list needs `unique`: 12 random bytes that tell it from others")
    return create_signed(
        writer,
        by.init(
            wanted.model,
            wanted.content,
            unique=wanted.unique,
            context=wanted.context,
            should_index=wanted.should_index,
        ),
    )


def create_signed(writer: StreamWriter, init: BuiltEvent) -> Written:
    """The stream of an init event that was built; what is there already stays as it is.

    Raises:
        WriteRefused, StreamBusy: see there.
    """
    return writer.write(init.cid, lambda history: [] if history.tip is not None else [init])


def _definition(context: Context, model: StreamId) -> ModelDefinition:
    found = context.models.get(model)
    if found is None:
        raise WriteRefused(Finding(Reason.MODEL_MISSING, f"model {model}"))
    if isinstance(found, Finding):
        raise WriteRefused(found)
    return found


def _unique(definition: ModelDefinition, wanted: NewDocument) -> bytes | None:
    """The `unique` that follows from the model, and for a set from the content."""
    if wanted.context is not None:
        raise UsageError("the document of a single or set has no context: it would be another stream")
    if wanted.content is None and wanted.should_index is not None:
        raise UsageError("`should_index` of a single or set is written with its content")
    if definition.account.kind is AccountKind.SINGLE:
        unique = None
    elif wanted.content is None:
        if wanted.unique is None:
            raise UsageError("which document of a set is meant follows from its content; or give `unique`")
        unique = wanted.unique
    else:
        unique = unique_of(definition.account.fields, js_numbers(wanted.content))
    if wanted.unique not in {None, unique}:
        raise UsageError("`unique` isn't what model and content make of it; leave it out")
    return unique


@dataclass(frozen=True, slots=True)
class _Deterministic:
    """A document whose init event follows from model, account and unique fields, and has no content."""

    wanted: NewDocument
    by: EventBuilder
    unique: bytes | None

    def create(self, writer: StreamWriter) -> Written:
        init = deterministic_init(self.by.controller, self.wanted.model, unique=self.unique)

        @cache  # so that nothing is signed twice
        def content_on(tip: Cid) -> list[BuiltEvent]:
            if self.wanted.content is None:
                return []
            patch = patch_between({}, js_numbers(self.wanted.content))
            return [self.by.data(init.cid, tip, patch, should_index=self.wanted.should_index)]

        def begin(history: StreamHistory) -> list[BuiltEvent]:
            if history.tip is not None:
                return []
            # What came before the init event may follow on it, and has to be seen first then.
            return [init] if history.judged else [init, *content_on(init.cid)]

        def fill(history: StreamHistory) -> list[BuiltEvent]:
            tip = history.tip
            return [] if tip is None or history.judged[tip].is_changed else content_on(tip)

        begun = writer.write(init.cid, begin)
        if begun.state.at.is_changed or self.wanted.content is None:
            return begun
        filled = writer.write(init.cid, fill)
        return Written(filled.state, is_new=begun.is_new or filled.is_new)
