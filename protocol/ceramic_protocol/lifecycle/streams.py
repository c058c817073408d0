"""All that can be done with streams, as one object over a store, a verifier and a clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ceramic_protocol.builder import EventBuilder
from ceramic_protocol.cid import Cid
from ceramic_protocol.errors import UsageError
from ceramic_protocol.ids import CommitId, StreamId
from ceramic_protocol.jsondiff import Operation
from ceramic_protocol.lifecycle.creating import NewDocument, create_document, create_signed
from ceramic_protocol.lifecycle.looking import Looker
from ceramic_protocol.lifecycle.reading import Page, page_of, state_of, states_of
from ceramic_protocol.lifecycle.remote import RemoteStreams
from ceramic_protocol.lifecycle.state import StateAt
from ceramic_protocol.lifecycle.syncing import Synced, sync_stream
from ceramic_protocol.lifecycle.updating import change_to, update
from ceramic_protocol.lifecycle.writing import StreamWriter, Written
from ceramic_protocol.ports import Clock, EventStore
from ceramic_protocol.rules import Rules
from ceramic_protocol.stored import StreamFilter
from ceramic_protocol.verify import Verifier

_EVERYTHING: Final = StreamFilter()
_USUAL_PAGE: Final = 100
_USUAL_RULES: Final = Rules(0)


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams in a store: create, update, read, query, sync. For several threads if its ports are.

    Who writes is an `EventBuilder`: a key's own, or that of a session. Whatever the caller wrote itself is
    valid and the tip when a call returns, and nothing is kept if it raises. `rules` say how to decide; the
    time in them is not used, `clock` gives it.
    """

    store: EventStore
    verifier: Verifier
    clock: Clock
    rules: Rules = _USUAL_RULES

    def __post_init__(self) -> None:
        """Compare verifier and rules.

        Raises:
            UsageError: they go by different profiles.
        """
        if self.verifier.profile is not self.rules.profile:
            raise UsageError(
                f"verifier of {self.verifier.profile.value}, rules of {self.rules.profile.value}"
            )

    @property
    def _looker(self) -> Looker:
        return Looker(self.store, self.clock, self.rules)

    @property
    def _writer(self) -> StreamWriter:
        return StreamWriter(self._looker, self.verifier)

    def create_model(self, definition: object, by: EventBuilder) -> Written:
        """A model. The same definition by the same key is the same model, so that one may be there already.

        Raises:
            WriteRefused: the definition breaks a rule, or an interface isn't known.
            StreamBusy: see there.
            EncodeError: the definition can't be written.
        """
        return create_signed(self._writer, by.model(definition))

    def create(
        self,
        model: StreamId,
        content: object,
        by: EventBuilder,
        *,
        unique: bytes | None = None,
        context: StreamId | None = None,
        should_index: bool | None = None,
    ) -> Written:
        """A document, by the account relation of its model.

        For `list` and `none` it is a new stream with a signed init event. For `single` and `set` it is the
        one stream that the account has of this model, and for `set` with these values: if that has content
        already, it is left as it is and `is_new` is False; use `update` to change it.

        Args:
            model: its model, which has to be in the store.
            content: the content. For `single` and `set` None makes a stream without content.
            by: signs it; its controller owns the stream.
            unique: for `list`, bytes that tell the document from others, 12 random ones as a rule.
            context: StreamID that a document of a list is grouped under.
            should_index: hint to indexers; None leaves it out, which means True.

        Raises:
            WriteRefused: the content breaks a rule of the model; or the model, or a document that the content
                refers to, isn't known.
            ConflictError, StreamBusy: see there.
            EncodeError: the content can't be written.
            UsageError: an argument makes no sense for the model.
        """
        wanted = NewDocument(model, content, unique, context, should_index)
        return create_document(self._writer, wanted, by)

    def update(
        self,
        stream: StreamId,
        content: object,
        by: EventBuilder,
        *,
        expected_tip: Cid | CommitId | None,
        should_index: bool | None = None,
    ) -> Written:
        """Give a document a new content, by the JSON patch from that at the tip; the same writes nothing.

        Args:
            stream: the document.
            content: the whole content.
            by: signs it.
            expected_tip: `StateAt.event` (or `commit_id`) of the state that the caller has seen. None writes
                on whatever is the tip, and so over what others wrote in the meantime.
            should_index: new hint to indexers; None leaves it as it is.

        Raises:
            ConflictError: the tip is another one; the error has it as `tip`.
            WriteRefused: the new content breaks a rule, or `by` may not write to the stream.
            StreamUnknown: there is no such stream.
            StreamBusy: see there.
            EncodeError: the content can't be written.
            IdentifierError: `stream` has another type, or `expected_tip` is of another stream.
            UsageError: streams of that type have no states.
        """
        operations = change_to(content, should_index=should_index)
        return update(self._writer, stream, by, expected_tip, operations, should_index=should_index)

    def patch(
        self,
        stream: StreamId,
        operations: Sequence[Operation],
        by: EventBuilder,
        *,
        expected_tip: Cid | CommitId | None,
        should_index: bool | None = None,
    ) -> Written:
        """Change a document by a JSON patch (RFC 6902); without operations, its metadata alone.

        Arguments and errors are those of `update`. With `expected_tip=None` the operations apply to whatever
        the content is by then; a `test` among them makes sure of what matters.
        """
        return update(
            self._writer, stream, by, expected_tip, lambda _before: operations, should_index=should_index
        )

    def state(self, what: StreamId | CommitId, *, as_of: datetime | None = None) -> StateAt:
        """A stream at its tip; at one of its events, by a CommitID; or as anchors prove it of a time.

        Raises:
            StreamUnknown: there is no such stream.
            IdentifierError: it is of another type, or has no such event.
            UsageError: the event is rejected or pending, so there is no state after it; an event and a time
                at once; or a time without zone.
        """
        return state_of(self._looker, what, as_of)

    def query(self, wanted: StreamFilter = _EVERYTHING, *, page: int = _USUAL_PAGE) -> Iterator[StateAt]:
        """The states of streams by type, model and controller, in the order in which they came.

        A stream that is new comes at the end; each is as it is when its page is read. Streams without a valid
        init event are left out.

        Args:
            wanted: which ones.
            page: how many are looked up at once, from 1 to `MAX_STORE_PAGE`.
        """
        return states_of(self._looker, wanted, page)

    def page(self, wanted: StreamFilter = _EVERYTHING, *, after: int = 0, limit: int = _USUAL_PAGE) -> Page:
        """One page of a query: as many streams, less those without a tip; `Page.end` is the next `after`."""
        return page_of(self._looker, wanted, after, limit)

    def sync(self, stream: StreamId, remote: RemoteStreams) -> Synced:
        """Take over what somebody else has of a stream.

        A document's model, and what it refers to, are streams of their own: what needs them is pending until
        they are there too.

        Raises:
            OutsideError: the other side can't be asked.
        """
        return sync_stream(self._looker, self.verifier, stream, remote)
