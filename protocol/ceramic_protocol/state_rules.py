"""What the events of a stream do to its state, and what is wrong with them, by the type of stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from ceramic_protocol.dagcbor import IpldValue
from ceramic_protocol.documents import DocumentState, init_state, next_state
from ceramic_protocol.errors import DecodeError
from ceramic_protocol.events import InitHeader
from ceramic_protocol.models.context import Context
from ceramic_protocol.models.definition import parse_model
from ceramic_protocol.models.implements import check_implements
from ceramic_protocol.models.instance import Change, InstanceRules, check_model_change
from ceramic_protocol.reasons import Finding


class Step(NamedTuple):
    """The state after an event, or what is wrong with the event."""

    state: DocumentState | None
    finding: Finding | None = None


class StateRules(Protocol):
    """The rules for one stream; made from its init header and what is known of other streams."""

    def init(self, data: IpldValue) -> Step:
        """The state after the init event."""
        ...

    def step(
        self, state: DocumentState, header: Mapping[str, IpldValue], patch: IpldValue, *, is_first: bool
    ) -> Step:
        """The state after a data event; `is_first` says that no other one lies before it."""
        ...


class ModelRules:
    """Models: a definition that never changes."""

    def __init__(self, header: InitHeader, context: Context) -> None:
        self._header = header
        self._context = context

    def init(self, data: IpldValue) -> Step:
        """The definition as content."""
        try:
            state = init_state(self._header, data)
            finding = check_implements(parse_model(data), self._context.models)
        except DecodeError as error:
            return _refused(error)
        return Step(state) if finding is None else Step(None, finding)

    def step(
        self, state: DocumentState, header: Mapping[str, IpldValue], patch: IpldValue, *, is_first: bool
    ) -> Step:
        """Refused, always."""
        del state, header, patch, is_first
        return Step(None, check_model_change())


class DocumentRules:
    """Model instance documents: JSON patches, held to the rules of their model."""

    def __init__(self, header: InitHeader, context: Context) -> None:
        self._header = header
        self._rules = InstanceRules.of(header, context)

    def init(self, data: IpldValue) -> Step:
        """The content that the init event brings, if any."""
        try:
            state = init_state(self._header, data)
        except DecodeError as error:
            return _refused(error)
        rules = self._rules
        finding = rules if isinstance(rules, Finding) else rules.check_init(data)
        return Step(state) if finding is None else Step(None, finding)

    def step(
        self, state: DocumentState, header: Mapping[str, IpldValue], patch: IpldValue, *, is_first: bool
    ) -> Step:
        """The content after a patch."""
        # js-ceramic looks at the header before it applies the patch.
        refused = None if isinstance(self._rules, Finding) else self._rules.check_header(header)
        if refused is not None:
            return Step(None, refused)
        try:
            after = next_state(state, header, patch)
        except DecodeError as error:
            return _refused(error)
        if isinstance(self._rules, Finding):
            return Step(None, self._rules)
        change = Change(header, patch, state.content, after.content, is_first)
        finding = self._rules.check_data(change)
        return Step(after) if finding is None else Step(None, finding)


def _refused(error: DecodeError) -> Step:
    return Step(None, Finding(error.reason, error.detail))
